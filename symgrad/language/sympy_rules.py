"""What SymPy's own classes mean in the language: one rule for each class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import reduce
from typing import Any

import sympy
from sympy.matrices.expressions.adjoint import Adjoint
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalMatrix, DiagonalOf
from sympy.matrices.expressions.dotproduct import DotProduct
from sympy.matrices.expressions.hadamard import HadamardPower, HadamardProduct
from sympy.matrices.expressions.matexpr import MatrixElement

from symgrad.errors import ProgramError, ShapeError, UnknownNameError
from symgrad.language.dimensions import SCALAR, Dimension, describe
from symgrad.language.expressions import (
    Call,
    Expression,
    Name,
    Number,
    Operation,
    Value,
    exact,
    fold,
    is_scalar,
)
from symgrad.language.names import check_name
from symgrad.language.operations import OPERATIONS
from symgrad.language.operations.constants import eye, filled, ones, zeros
from symgrad.language.operations.meanings import Composite, Elementwise, Linear, Monomial
from symgrad.language.problem import number_or_name
from symgrad.language.scope import function_named
from symgrad.language.sympy_trees import HINTS, RULES, Arguments, Operands, Rule, shown
from symgrad.language.unparse import unparse

LARGEST_NUMBER = 10**300
LARGEST_POWER = 64  # of a square matrix; it is written out as a product
# The number that a function of `applyfunc` is asked about: one entry of the matrix.
ENTRY = sympy.Dummy("entry", real=True)
_ENTRY = Name("entry", SCALAR)


def check_free(name: str) -> str:
    """The name itself where a symbol may have it: no function is called so."""
    if function_named(name) is not None:
        raise UnknownNameError(f"{name} is the name of a function; use another name")
    return check_name(name)


def dimension_of(d: str | int | sympy.Expr) -> Dimension:
    """A dimension as the language knows it, from a name, a number, or any symbol of SymPy.

    >>> dimension_of(sympy.Symbol("n")), dimension_of(3)
    (n, 3)
    """
    if isinstance(d, sympy.Symbol) and not isinstance(d, sympy.Dummy):
        return number_or_name(d.name)
    if isinstance(d, str | int | sympy.Integer) and not isinstance(d, bool):
        return number_or_name(d if isinstance(d, str) else int(d))
    raise ShapeError(f"{shown(d)} is no dimension: a name or a positive whole number is wanted")


def number(value: int | float | Fraction) -> Number:
    """A number of the language."""
    if not -LARGEST_NUMBER < value < LARGEST_NUMBER:
        raise ProgramError("the number is too large, or not finite")
    return Number(exact(value))


def times(left: Expression, right: Expression) -> Expression:
    """What * means in SymPy: the matrix product, or a product with a scalar."""
    if is_scalar(left) or is_scalar(right):
        return left * right
    return left @ right


def matrix_power(base: Expression, exponent: Expression) -> Expression:
    """What ** means in SymPy: of a square matrix the repeated product, -1 the inverse."""
    if is_scalar(base) and is_scalar(exponent):
        return base**exponent
    text = f"{unparse(base)}**{unparse(exponent)}"
    value = exponent.value if isinstance(exponent, Number) else None
    if base.shape[0] != base.shape[1] or not is_scalar(exponent):
        raise ShapeError(
            f"{text}: {unparse(base)} is {describe(base.shape)}; ** of a matrix is the power of a "
            "square one. Elementwise, write HadamardPower(x, p)."
        )
    if not isinstance(value, Fraction) or value.denominator != 1:
        raise ProgramError(f"{text}: the exponent of a matrix is a whole number")
    if abs(value) > LARGEST_POWER:
        raise ProgramError(f"{text}: powers of a matrix go up to {LARGEST_POWER}")
    if value == 0:
        return filled(eye, (base.shape[0],))
    factor = OPERATIONS["inv"](base) if value < 0 else base
    return reduce(lambda product, f: product @ f, [factor] * abs(int(value)))


# sums and products


def _opposite(term: Expression) -> Expression | None:
    """x for a term -x, else None."""
    if isinstance(term, Number) and term.value < 0:
        return -term
    if isinstance(term, Call) and term.operation is OPERATIONS["negative"]:
        return term.arguments[0]
    return None


def _sum(node: sympy.Basic, terms: Arguments) -> Expression:
    """a - b + c; a term without a minus comes first, where there is one."""
    first = next((k for k, term in enumerate(terms) if _opposite(term) is None), 0)
    total = terms[first]
    for term in (*terms[:first], *terms[first + 1 :]):
        taken = _opposite(term)
        total = total + term if taken is None else total - taken
    return total


def _factors(node: sympy.Basic) -> list[tuple[sympy.Basic, bool]]:
    """The factors of a product, and whether each stands in the denominator."""
    parts = [p for arg in node.args for p in (arg.args if arg.is_Mul else (arg,))]
    return [
        (sympy.Pow(p.base, -p.exp), True)
        if p.is_Pow and p.exp.is_number and p.exp.is_negative
        else (p, False)
        for p in parts
    ]


def _product(node: sympy.Basic, arguments: Arguments) -> Expression:
    """sign * scalars * matrices / denominators."""
    below = [under for _, under in _factors(node)]
    above = [a for a, under in zip(arguments, below, strict=True) if not under]
    denominators = [a for a, under in zip(arguments, below, strict=True) if under]
    negative = False
    for k, factor in enumerate(above):
        if isinstance(factor, Number) and factor.value < 0:
            negative = not negative
            above[k] = -factor
    above.sort(key=lambda a: not is_scalar(a))
    factors = [a for a in above if not (isinstance(a, Number) and a.value == 1)]
    result = reduce(times, factors) if factors else number(1)
    if denominators:
        result = result / reduce(times, denominators)
    return -result if negative else result


def _power(node: sympy.Basic, arguments: Arguments) -> Expression:
    base, exponent = arguments
    value: Value = exponent.value if isinstance(exponent, Number) else 1
    if isinstance(exponent, Number) and value == 1:
        return base
    if value < 0:
        return number(1) / _power(node, (base, -exponent))
    return OPERATIONS["sqrt"](base) if value == Fraction(1, 2) else base**exponent


RULES[sympy.Add] = RULES[sympy.MatAdd] = Rule(_sum)
RULES[sympy.Mul] = RULES[sympy.MatMul] = Rule(_product, lambda node: [f for f, _ in _factors(node)])
RULES[sympy.Pow] = Rule(_power)
RULES[sympy.MatPow] = Rule(lambda node, arguments: matrix_power(*arguments))


# numbers and constant matrices


def _rational(node: sympy.Rational, arguments: Arguments) -> Expression:
    if not node.is_finite:
        raise ProgramError(f"{node} is not a number of the language")
    return number(Fraction(int(node.p), int(node.q)))


def _leaf(node: sympy.Basic) -> Operands:
    return ()


def _filled(operation: Operation) -> Rule:
    return Rule(lambda node, _: filled(operation, tuple(map(dimension_of, node.args))), _leaf)


RULES[sympy.Rational] = Rule(_rational, _leaf)
RULES[sympy.Float] = Rule(lambda node, _: number(float(node)), _leaf)
RULES[sympy.NumberSymbol] = Rule(lambda node, _: Number(float(node)), _leaf)  # pi, E
RULES[sympy.Identity] = _filled(eye)
RULES[sympy.ZeroMatrix] = _filled(zeros)
RULES[sympy.OneMatrix] = _filled(ones)
RULES[type(ENTRY)] = Rule(lambda node, _: _entry(node), _leaf)


def _entry(node: sympy.Dummy) -> Expression:
    """The entry that a function of `applyfunc` is asked about; any other dummy is refused."""
    if node is not ENTRY:
        raise ProgramError(f"{shown(node)}: {HINTS[sympy.Dummy]}")
    return _ENTRY


# functions


def _operation(name: str, operands: Callable[[Any], Sequence[sympy.Basic]] | None = None) -> Rule:
    operation = OPERATIONS[name]
    build = Rule(lambda node, arguments: operation(*arguments))
    return build if operands is None else Rule(build.build, operands)


def _folded(name: str) -> Rule:
    """Of two arguments in the language, of any number in SymPy."""
    return Rule(lambda node, arguments: reduce(OPERATIONS[name], arguments))


def _scalar_functions() -> dict[type, Rule]:
    """The functions that SymPy has, too, as the records' definitions tell: exp, sin, tanh, ..."""
    definitions = {
        name: operation.meaning.definition
        for name, operation in OPERATIONS.items()
        if isinstance(operation.meaning, Elementwise) and operation.arity == (1, 1)
    }
    return {
        definition: _operation(name)
        for name, definition in definitions.items()
        if isinstance(definition, type)
    }


RULES |= _scalar_functions()
RULES |= {
    sympy.Abs: _operation("abs"),
    sympy.sign: _operation("sign"),
    sympy.Max: _folded("maximum"),
    sympy.Min: _folded("minimum"),
    sympy.Trace: _operation("trace"),
    sympy.Determinant: _operation("det"),
    sympy.Inverse: _operation("inv", lambda node: [node.arg]),
    sympy.Transpose: _operation("transpose"),
    Adjoint: _operation("transpose"),
    HadamardProduct: _folded("multiply"),
    HadamardPower: _operation("power"),
    DotProduct: _operation("dot"),
    sympy.KroneckerProduct: _folded("kron"),
    DiagMatrix: _operation("diag"),
    DiagonalOf: _operation("diag"),
    DiagonalMatrix: Rule(
        lambda node, arguments: arguments[0] * filled(eye, arguments[0].shape[:1])
    ),
}


def _element(node: MatrixElement, arguments: Arguments) -> Expression:
    if is_scalar(arguments[0]) and node.indices == (0, 0):
        return arguments[0]
    raise ProgramError(f"{shown(node)}: {HINTS[MatrixElement]}")


def _body(node: ElementwiseApplyFunction) -> Operands:
    """The matrix, and the function of one of its entries."""
    return (node.expr, node.function(ENTRY))


def _applied(node: ElementwiseApplyFunction, arguments: Arguments) -> Expression:
    """The function's expression with the matrix for its entry."""
    matrix, body = arguments
    scalar_functions = Linear | Monomial | Elementwise | Composite

    def visit(part: Expression, inside: Arguments) -> Expression:
        if part is _ENTRY:
            return matrix
        if not isinstance(part, Call) or inside == part.arguments:
            return part
        value = part.operation(*inside, **part.options)
        meaning = part.operation.meaning
        if value.shape != matrix.shape or not isinstance(meaning, scalar_functions):
            raise ProgramError(
                f"applyfunc: {part.operation.name} is no function of one entry; "
                "apply it to the matrix"
            )
        return value

    value = fold(body, visit)
    if value.shape != matrix.shape:
        raise ProgramError(f"applyfunc: {unparse(body)} does not depend on the entry")
    return value


RULES[MatrixElement] = Rule(_element, lambda node: [node.parent])
RULES[ElementwiseApplyFunction] = Rule(_applied, _body)
