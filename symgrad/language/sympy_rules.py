"""What SymPy's own classes mean in the language: one rule for each class."""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from functools import reduce

import sympy
from sympy.matrices.expressions.adjoint import Adjoint
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.diagonal import DiagonalMatrix
from sympy.matrices.expressions.dotproduct import DotProduct
from sympy.matrices.expressions.hadamard import HadamardPower, HadamardProduct

from symgrad.errors import ProgramError, ShapeError, UnknownNameError
from symgrad.language import expressions as ex
from symgrad.language import sympy_trees as trees
from symgrad.language.dimensions import SCALAR, Dimension, describe, size_of
from symgrad.language.names import check_name, name_of
from symgrad.language.operations import signs
from symgrad.language.operations.arithmetic import divide, negative
from symgrad.language.operations.constants import eye, filled, ones, zeros
from symgrad.language.operations.matrix_functions import LARGEST_POWER, repeated
from symgrad.language.operations.meanings import Composite, Elementwise, Linear, Monomial
from symgrad.language.operations.places import as_place
from symgrad.language.operations.smooth import sqrt
from symgrad.language.problem import number_or_name
from symgrad.language.scope import function_named
from symgrad.language.unparse import unparse

LARGEST_NUMBER = 10**300
# The number that a function of `applyfunc` is asked about: one entry of the matrix.
ENTRY_SYMBOL = sympy.Dummy("entry", real=True)
_ENTRY = ex.Name("entry", SCALAR)


def check_free(name: str) -> str:
    """The name itself where a symbol may have it: no function is called so."""
    if function_named(name) is not None:
        raise UnknownNameError(f"{name} is the name of a function; use another name")
    return check_name(name)


def dimension_of(d: str | int | sympy.Expr) -> Dimension:
    """A dimension as the language knows it, from a name, a number, any symbol of SymPy, or a
    polynomial of these.

    >>> n = sympy.Symbol("n")
    >>> dimension_of(n), dimension_of(3), dimension_of(2 * n - 1)
    (n, 3, 2*n - 1)
    """
    if isinstance(d, sympy.Symbol) and not isinstance(d, sympy.Dummy):
        return number_or_name(d.name)
    if isinstance(d, str | int | sympy.Integer) and not isinstance(d, bool):
        return number_or_name(d if isinstance(d, str) else int(d))
    names = d.free_symbols if isinstance(d, sympy.Add | sympy.Mul | sympy.Pow) else ()
    if names and d.is_polynomial(*names) and sympy.Poly(d, *names).domain.is_ZZ:
        return size_of(d.xreplace({name: dimension_of(name) for name in names}))
    raise ShapeError(
        f"{trees.shown(d)} is no dimension: a name or a positive whole number is wanted"
    )


def exact_number(value: int | float | Fraction) -> ex.Number:
    """A number of the language."""
    if not -LARGEST_NUMBER < value < LARGEST_NUMBER:
        raise ProgramError("the number is too large, or not finite")
    return ex.Number(ex.exact(value))


def sympy_product(left: ex.Expression, right: ex.Expression) -> ex.Expression:
    """What * means in SymPy: the matrix product, or a product with a scalar."""
    if ex.is_scalar(left) or ex.is_scalar(right):
        return left * right
    return left @ right


def matrix_power(base: ex.Expression, exponent: ex.Expression) -> ex.Expression:
    """What ** means in SymPy: of a square matrix the repeated product, -1 the inverse; X**k with a
    dimension k is a power of that length."""
    if ex.is_scalar(base) and ex.is_scalar(exponent):
        return base**exponent
    text = f"{unparse(base)}**{unparse(exponent)}"
    if base.shape[0] != base.shape[1] or not ex.is_scalar(exponent):
        raise ShapeError(
            f"{text}: {unparse(base)} is {describe(base.shape)}; ** of a matrix is the power of a "
            "square one. Elementwise, write HadamardPower(x, p)."
        )
    if ex.is_number(exponent, Fraction(1, 2)):
        return signs.MATRIX_ROOT(base)
    where = as_place(exponent)
    if where is None:
        raise ProgramError(
            f"{text}: the exponent of a matrix is a whole number, or a symbol that is one, "
            "sympy.Symbol('k', integer=True)"
        )
    if where.letters or not where.offset.is_Integer:
        return signs.MATRIX_POWER(base, exponent)
    if abs(where.offset) > LARGEST_POWER:
        raise ProgramError(f"{text}: powers of a matrix go up to {LARGEST_POWER}")
    return repeated(base, power=int(where.offset))


# sums and products


def _opposite(term: ex.Expression) -> ex.Expression | None:
    """x for a term -x, else None."""
    if isinstance(term, ex.Number) and term.value < 0:
        return -term
    if ex.is_call(term, negative):
        return term.arguments[0]
    return None


def _sum(node: sympy.Basic, *terms: ex.Expression) -> ex.Expression:
    """a - b + c; a term without a minus comes first, where there is one."""
    first = next((k for k, term in enumerate(terms) if _opposite(term) is None), 0)
    total = terms[first]
    for term in (*terms[:first], *terms[first + 1 :]):
        opposite = _opposite(term)
        total = total + term if opposite is None else total - opposite
    return total


def _product(node: sympy.Basic, *arguments: ex.Expression) -> ex.Expression:
    """sign * scalars * matrices / denominators."""
    minus = False
    above: list[ex.Expression] = []
    below: list[ex.Expression] = []
    for argument in arguments:
        opposite = _opposite(argument)
        minus ^= opposite is not None
        factor = argument if opposite is None else opposite
        if ex.is_call(factor, divide):
            numerator, denominator = factor.arguments
            if ex.is_scalar(denominator):  # else it is a quotient of entries
                factor = numerator
                below.append(denominator)
        if not ex.is_number(factor, 1):
            above.append(factor)
    above.sort(key=lambda factor: not ex.is_scalar(factor))
    result = reduce(sympy_product, above) if above else exact_number(1)
    if below:
        result = result / reduce(sympy_product, below)
    return -result if minus else result


def _flat(node: sympy.Basic) -> list[sympy.Basic]:
    """The factors of a product, those of products in it, too."""
    return [factor for arg in node.args for factor in (arg.args if arg.is_Mul else (arg,))]


def _base_and_exponent(node: sympy.Pow) -> tuple[sympy.Basic, ...]:
    """All numbers are real: |x|^2 = x^2."""
    base, exponent = node.args
    return (base.args[0] if isinstance(base, sympy.Abs) and exponent.is_even else base, exponent)


def _power(node: sympy.Basic, base: ex.Expression, exponent: ex.Expression) -> ex.Expression:
    if ex.is_number(exponent, 1):
        return base
    if isinstance(exponent, ex.Number) and exponent.value < 0:
        return exact_number(1) / _power(node, base, -exponent)
    return sqrt(base) if ex.is_number(exponent, Fraction(1, 2)) else base**exponent


# numbers and constant matrices


def _rational(node: sympy.Rational) -> ex.Expression:
    if not node.is_finite:
        raise ProgramError(f"{node} is not a number of the language")
    return exact_number(Fraction(int(node.p), int(node.q)))


def _filled(operation: ex.Operation) -> trees.ClassRule:
    return lambda node: filled(operation, tuple(map(dimension_of, node.args)))


# functions of a matrix, and of its entries


def _of_number(node: sympy.Function, x: ex.Expression) -> ex.Expression:
    """exp(x), log(x); of a square matrix SymPy has another function by that name."""
    if not ex.is_scalar(x) and x.shape[0] == x.shape[1]:
        name, matrix = type(node).__name__, unparse(x)
        own = f", or sg.{name}m({matrix}), of the whole" if f"{name}m" in ex.OPERATIONS else ""
        raise ProgramError(
            f"{trees.shown(node)} is not clear, {matrix} is {describe(x.shape)}: write "
            f"{matrix}.applyfunc({name}), of each entry{own}"
        )
    return trees.operations()[type(node)](x)


def _applied(
    node: ElementwiseApplyFunction, matrix: ex.Expression, body: ex.Expression
) -> ex.Expression:
    """The function's expression with the matrix for its entry."""
    scalar_functions = Linear | Monomial | Elementwise | Composite

    def visit(part: ex.Expression, inside: trees.Arguments) -> ex.Expression:
        if part is _ENTRY:
            return matrix
        if not isinstance(part, ex.Call) or inside == part.arguments:
            return part
        value = part.operation(*inside, **part.options)
        meaning = part.operation.meaning
        if value.shape != matrix.shape or not isinstance(meaning, scalar_functions):
            raise ProgramError(
                f"applyfunc: {part.operation.name} is no function of one entry; "
                "apply it to the matrix"
            )
        return value

    value = ex.fold(body, visit)
    if value.shape != matrix.shape:
        raise ProgramError(f"applyfunc: {unparse(body)} does not depend on the entry")
    return value


def _gamma_by_logarithm(x: sympy.Expr) -> sympy.Expr:
    """Gamma(x) by the logarithm of its magnitude; below 0 it has the sign of sin(pi x)."""
    magnitude = sympy.exp(sympy.loggamma(x, evaluate=False), evaluate=False)
    if x.is_positive or x.is_integer:
        return magnitude
    return magnitude * sympy.Piecewise((1, x > 0), (sympy.sign(sympy.sin(sympy.pi * x)), True))


# SymPy's functions that are others' quotients, differences, products
BY_OTHERS: dict[type, Callable[..., sympy.Expr]] = {
    sympy.erfc: lambda x: 1 - sympy.erf(x),
    sympy.sinc: lambda x: sympy.Piecewise((sympy.sin(x) / x, sympy.Abs(x) > 0), (1, True)),
    sympy.acot: lambda x: sympy.atan(1 / x),
    sympy.asec: lambda x: sympy.acos(1 / x),
    sympy.acsc: lambda x: sympy.asin(1 / x),
    sympy.acoth: lambda x: sympy.atanh(1 / x),
    sympy.asech: lambda x: sympy.acosh(1 / x),
    sympy.acsch: lambda x: sympy.asinh(1 / x),
    sympy.UnevaluatedExpr: lambda x: x,
    sympy.factorial: lambda n: sympy.gamma(n + 1),
    sympy.binomial: lambda n, k: sympy.gamma(n + 1) / sympy.gamma(k + 1) / sympy.gamma(n - k + 1),
    sympy.beta: lambda x, y, *_: sympy.gamma(x) * sympy.gamma(y) / sympy.gamma(x + y),
    sympy.gamma: _gamma_by_logarithm,
}


LEAVES: dict[type, trees.ClassRule] = {
    sympy.Rational: _rational,
    sympy.Float: lambda node: exact_number(float(node)),
    sympy.NumberSymbol: lambda node: ex.Number(float(node)),  # pi, E
    sympy.Identity: _filled(eye),
    sympy.ZeroMatrix: _filled(zeros),
    sympy.OneMatrix: _filled(ones),
    sympy.Dummy: lambda node: _ENTRY if node is ENTRY_SYMBOL else ex.Name(node.name, SCALAR),
}
trees.RULES |= LEAVES | {
    sympy.Add: _sum,
    sympy.MatAdd: _sum,
    sympy.Mul: _product,
    sympy.MatMul: _product,
    sympy.Pow: _power,
    sympy.Transpose: lambda node, matrix: matrix.T,
    Adjoint: lambda node, matrix: matrix.T,
    HadamardProduct: lambda node, *factors: reduce(operator.mul, factors),
    HadamardPower: lambda node, base, exponent: base**exponent,
    DiagonalMatrix: lambda node, matrix: matrix * filled(eye, matrix.shape[:1]),
    sympy.exp: _of_number,
    sympy.log: _of_number,
    ElementwiseApplyFunction: _applied,
}
trees.BY_OTHERS |= dict.fromkeys(BY_OTHERS, lambda node: BY_OTHERS[node.func](*node.args))
trees.OPERANDS |= dict.fromkeys(LEAVES, lambda node: ())
trees.OPERANDS |= dict.fromkeys((sympy.Mul, sympy.MatMul), _flat)
trees.OPERANDS |= {
    sympy.Pow: _base_and_exponent,
    sympy.Inverse: lambda node: (node.arg,),
    DotProduct: lambda node: [x if x.shape[1] == 1 else x.T for x in node.args],
    ElementwiseApplyFunction: lambda node: (node.expr, node.function(ENTRY_SYMBOL)),
}


# what any node means, as far as it is known before the batch is


def expression_of(node: sympy.Basic, again: bool = False) -> ex.Expression:
    """The expression of a node; shapes are checked on the way. With `again` what nodes of ours mean
    is made again of their operands.

    >>> expression_of(sympy.Trace(sympy.MatrixSymbol("A", 3, 3))).shape
    (1, 1)
    """

    def known(part: sympy.Basic) -> ex.Expression | None:
        return None if again and getattr(part, "remade", False) else _declared(part)

    def visit(part: sympy.Basic, arguments: trees.Arguments) -> ex.Expression:
        return known(part) or trees.meaning_of(part, arguments)

    return trees.folded(node, visit, lambda part: known(part) is not None)


def is_symbol(node: sympy.Basic) -> bool:
    """Whether it stands for a variable or dimension."""
    return isinstance(node, sympy.Symbol | sympy.MatrixSymbol) and not isinstance(node, sympy.Dummy)


def _declared(node: sympy.Basic) -> ex.Expression | None:
    """The expression of one of our nodes, or of a symbol."""
    value: ex.Expression | None = getattr(node, "expression", None)
    if value is not None:
        return value
    if not is_symbol(node):
        return None
    if isinstance(node, sympy.MatrixSymbol):
        rows, columns = map(dimension_of, node.shape)
        return ex.Name(name_of(node), (rows, columns))
    if node.is_integer and node.is_positive:
        return ex.Size(node)
    return ex.Name(name_of(node), SCALAR)
