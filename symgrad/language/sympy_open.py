"""Functions without a formula in SymPy: f(x), and their derivatives, Derivative(f(x), x) or, where
the argument is no symbol, Subs(Derivative(f(t), t), t, x**2). The derivative of a formula by
numbers is the formula that SymPy makes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sympy
from sympy.core.function import AppliedUndef

from symgrad.errors import ProgramError
from symgrad.language import sympy_trees as trees
from symgrad.language.expressions import Expression
from symgrad.language.names import check_name
from symgrad.language.operations.unspecified import By, Derivative, Unspecified, derivative
from symgrad.language.scope import function_named


def _called(node: AppliedUndef, *arguments: Expression, by: By = ()) -> Expression:
    name = node.func.__name__
    if function_named(name) is not None:
        raise ProgramError(f"{name} is a function of the language; call symgrad's own {name}")
    function = Unspecified(check_name(name)).first_called(arguments)
    return derivative(function, by)(*arguments)


def _by(node: sympy.Basic) -> By:
    """The numbers of the arguments that a function is differentiated by; none where they are no
    arguments of one, each at one place."""
    applied = isinstance(node, sympy.Derivative) and isinstance(node.expr, AppliedUndef)
    places = node.expr.args if applied else ()
    inside = [x for place in places for x in place.free_symbols]
    if not applied or any(places.count(x) != 1 or inside.count(x) != 1 for x in node.variables):
        return ()
    return tuple(sorted(places.index(x) + 1 for x in node.variables))


def left_undone(root: sympy.Basic) -> bool:
    """Whether it is a derivative, or a substitution, of a formula."""
    inner = root.expr if isinstance(root, sympy.Subs) else root
    return isinstance(root, sympy.Derivative | sympy.Subs) and not _by(inner)


def _slope(node: sympy.Basic, *arguments: Expression) -> Expression:
    by = _by(node)
    return _called(node.expr, *arguments, by=by) if by else arguments[0]


def _places(node: sympy.Derivative) -> Sequence[sympy.Basic]:
    return tuple(node.expr.args) if _by(node) else (_done(node),)


def _filled_in(node: sympy.Subs) -> Sequence[sympy.Basic]:
    if not _by(node.expr):
        return (_done(node),)
    points = dict(zip(node.variables, node.point, strict=True))
    return [place.subs(points) for place in node.expr.expr.args]


def _done(node: sympy.Derivative | sympy.Subs) -> sympy.Expr:
    """What SymPy makes of it, by numbers.

    Raises: NoRuleError where it stays as it is, or where it is by a vector or a matrix."""
    value = node.doit() if all(isinstance(x, sympy.Symbol) for x in node.variables) else node
    if value == node:
        raise trees.refusal(node)
    return value


RULES: dict[type, trees.ClassRule] = {
    AppliedUndef: _called,
    sympy.Derivative: _slope,
    sympy.Subs: lambda node, *arguments: _slope(node.expr, *arguments),
}
OPERANDS = {sympy.Derivative: _places, sympy.Subs: _filled_in}


def written(operation: Derivative) -> Callable[..., sympy.Expr]:
    """The function of numbers that it is in SymPy.

    Raises: ProgramError of one of vectors."""
    if any(operation.function.ranks):
        raise ProgramError(f"{operation.name} of vectors is no function of SymPy")

    def of(*arguments: sympy.Expr) -> sympy.Expr:
        function = sympy.Function(operation.function.name)
        slots = [sympy.Dummy(f"t{k}", real=True) for k, _ in enumerate(arguments)]
        inside = sympy.Tuple(*arguments).free_symbols
        if len(inside) == len(arguments) and inside == {*arguments}:
            slots = [*arguments]  # symbols, all different
        by = [slots[k - 1] for k in operation.by]
        value = function(*slots).diff(*by) if by else function(*slots)
        return value.subs(dict(zip(slots, arguments, strict=True)), simultaneous=True)

    return of
