"""Functions without a formula in SymPy: f(x), and their derivatives, Derivative(f(x), x) or, where
the argument is no symbol, Subs(Derivative(f(t), t), t, x**2)."""

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


def _by(node: sympy.Derivative) -> By:
    """The numbers of the arguments that a function is differentiated by.

    Raises: NoRuleError where they are no arguments of one, each at one place."""
    places = node.expr.args if isinstance(node.expr, AppliedUndef) else ()
    inside = [x for place in places for x in place.free_symbols]
    if any(places.count(x) != 1 or inside.count(x) != 1 for x in node.variables):
        raise trees.refusal(node)
    return tuple(sorted(places.index(x) + 1 for x in node.variables))


def _slope(node: sympy.Derivative, *arguments: Expression) -> Expression:
    return _called(node.expr, *arguments, by=_by(node))


def _places(node: sympy.Derivative) -> Sequence[sympy.Basic]:
    _by(node)
    return tuple(node.expr.args)


def _filled_in(node: sympy.Subs) -> Sequence[sympy.Basic]:
    if not isinstance(node.expr, sympy.Derivative):
        raise trees.refusal(node)
    points = dict(zip(node.variables, node.point, strict=True))
    return [place.subs(points) for place in _places(node.expr)]


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
