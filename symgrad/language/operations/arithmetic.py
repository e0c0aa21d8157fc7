"""Sums, products, powers, transposes: the operators."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from symgrad.errors import ProgramError
from symgrad.language import composing
from symgrad.language import expressions as ex
from symgrad.language.formula import Formula
from symgrad.language.operations.meanings import Contraction, Linear, Monomial, declare
from symgrad.language.quotients import quotient
from symgrad.language.shapes import elementwise, matrix, matrix_product
from symgrad.language.typeset import infix, times
from symgrad.language.typeset import power as raised_to

LARGEST_EXPONENT = 10_000
ARITHMETIC: dict[str, Callable[..., ex.Value]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "negative": operator.neg,
    "multiply": operator.mul,
    "divide": operator.truediv,
}


def _over(call: ex.Call, top: Formula, bottom: Formula) -> Formula:
    left, right = map(ex.is_scalar, call.arguments)
    if left or right:
        return quotient(top, bottom, left, by_entry=not right)
    return composing.chain(r"\oslash", top, bottom)


def _constant_power(base: ex.Expression, exponent: ex.Expression) -> ex.Expression | None:
    if not isinstance(exponent, ex.Number):
        number = constant_value(exponent)
        if number is None and ex.is_number(base, math.e):
            return ex.OPERATIONS["exp"](exponent)
        if number is None:
            return ex.OPERATIONS["variable_power"](base, exponent)
        return power(base, ex.Number(number, digits=_as_quotient(number)))
    if abs(float(exponent.value)) > LARGEST_EXPONENT:
        raise ProgramError(f"the exponent {exponent.value} is too large (limit {LARGEST_EXPONENT})")
    if exponent.value < 0 and constant_value(base) == 0:
        raise ProgramError("division by zero: 0 to a negative power")
    if isinstance(base, ex.Number):
        return _number_power(base, exponent)
    return None


def constant_value(root: ex.Expression) -> ex.Value | None:
    """The number that a sum, product or quotient of numbers is, None for anything else.

    >>> half = ex.Number(Fraction(1)) / ex.Number(Fraction(2))
    >>> constant_value(half), constant_value(-half * half)
    (Fraction(1, 2), Fraction(-1, 4))
    """

    def inside(node: ex.Expression) -> tuple[ex.Expression, ...]:
        arithmetic = isinstance(node, ex.Call) and node.operation.name in ARITHMETIC
        return ex.operands(node) if arithmetic else ()

    def visit(node: ex.Expression, values: tuple[ex.Value | None, ...]) -> ex.Value | None:
        if isinstance(node, ex.Number):
            return node.value
        known = [value for value in values if value is not None]
        if not isinstance(node, ex.Call) or not known or len(known) < len(values):
            return None
        return ex.exact(ARITHMETIC[node.operation.name](*known))

    return ex.fold(root, visit, inside)


def _as_quotient(number: ex.Value) -> str:
    """1 / 2 of a half, which is 0.5 otherwise."""
    if not isinstance(number, Fraction) or number.denominator == 1:
        return ""
    return f"{abs(number.numerator)} / {number.denominator}"


def _number_power(base: ex.Number, exponent: ex.Number) -> ex.Expression | None:
    if isinstance(exponent.value, Fraction) and exponent.value.denominator == 1:
        try:
            if abs(float(base.value) ** int(exponent.value)) < 1e300:
                value = base.value ** int(exponent.value)
                return ex.Number(value) if isinstance(base.value, Fraction) else None  # pi**2
        except OverflowError:
            pass
        raise ProgramError(f"the number {base.value}**{exponent.value} is too large")
    if base.value < 0:
        raise ProgramError(f"{base.value}**{exponent.value} is not a real number")
    return None


def _exponent(call: ex.Call) -> Fraction:
    exponent = call.arguments[1]
    assert isinstance(exponent, ex.Number)
    return Fraction(exponent.value)


def _divide(left: ex.Expression, right: ex.Expression) -> ex.Expression | None:
    if constant_value(right) == 0:
        raise ProgramError("division by zero")
    return None


def _negative(argument: ex.Expression) -> ex.Expression | None:
    if not isinstance(argument, ex.Number):
        return None
    return ex.Number(-argument.value, digits=argument.digits)


def _behind_matrices(call: ex.Call) -> bool:
    """Whether an array multiplies a product of matrices entry by entry: (A @ B) * C, where Python
    needs no brackets; A @ B / 2 has none."""
    first, second = call.arguments
    return not ex.is_scalar(second) and _is(first, Contraction)


def _behind_entries(call: ex.Call) -> bool:
    """Whether a product of matrices begins with one entry by entry: (A * B) @ C, where Python needs
    no brackets; 2 * A @ B has none."""
    first = call.arguments[0]
    if not _is(first, Monomial):
        return False
    assert isinstance(first, ex.Call)
    return first.operation is divide or not ex.is_scalar(first.arguments[0])


def _is(e: ex.Expression, meaning: type) -> bool:
    """Whether it is a product or quotient of that kind."""
    if not isinstance(e, ex.Call) or e.operation.precedence != ex.PRODUCT:
        return False
    return isinstance(e.operation.meaning, meaning)


def _operator(name: str, meaning: type, **columns: Any) -> ex.Operation:
    """Declare an operator, elementwise if nothing else is said, of as many operands as its spelling
    has."""
    count = len(columns["text"].places)
    record = {"shape": elementwise(name), "arity": (count, count), "called": False}
    return declare(name, meaning, **record | columns)


add = _operator(
    "add",
    Linear,
    coefficients=(1, 1),
    rule="sum",
    sentence="A sum passes its gradient on to each term.",
    text=ex.Spelling("{0} + {1}", ex.SUM, (ex.SUM, ex.SUM)),
    notation=infix("+"),
    symbol="z",
)
subtract = _operator(
    "subtract",
    Linear,
    coefficients=(1, -1),
    rule="difference",
    sentence="A difference passes its gradient to the first term, its negative to the second.",
    text=ex.Spelling("{0} - {1}", ex.SUM, (ex.SUM, ex.PRODUCT)),
    notation=infix("-"),
    symbol="r",
)
negative = _operator(
    "negative",
    Linear,
    coefficients=(-1,),
    prepare=_negative,
    rule="constant factor",
    sentence="A constant factor stays as it is.",
    text=ex.Spelling("-{0}", ex.SIGN, (ex.SIGN,)),
    notation=lambda call, x: composing.negative(x),
)
multiply = _operator(
    "multiply",
    Monomial,
    powers=lambda call: (Fraction(1), Fraction(1)),
    rule="product",
    sentence="In a product each factor's gradient is the incoming one times the other factors.",
    text=ex.Spelling("{0} * {1}", ex.PRODUCT, (ex.PRODUCT, ex.SIGN), _behind_matrices),
    notation=times,
    symbol="m",
)
divide = _operator(
    "divide",
    Monomial,
    powers=lambda call: (Fraction(1), Fraction(-1)),
    prepare=_divide,
    rule="quotient",
    sentence="A quotient is a product with the denominator to the power -1.",
    text=ex.Spelling("{0} / {1}", ex.PRODUCT, (ex.PRODUCT, ex.SIGN), _behind_matrices),
    notation=_over,
    symbol="q",
)
power = _operator(
    "power",
    Monomial,
    powers=lambda call: (_exponent(call),),
    prepare=_constant_power,
    rule="power",
    sentence="The derivative of a power is the exponent times the power lowered by one.",
    text=ex.Spelling("{0}**{1}", ex.POWER, (ex.ATOM, ex.SIGN)),
    notation=raised_to,
    symbol="q",
)
matmul = _operator(
    "matmul",
    Contraction,
    indices=lambda call: "ij,jk->ik",
    shape=matrix_product,
    rule="matrix product",
    sentence="The gradient of a factor is the incoming gradient times the other, transposed.",
    text=ex.Spelling("{0} @ {1}", ex.PRODUCT, (ex.PRODUCT, ex.SIGN), _behind_entries),
    notation=lambda call, x, y: composing.juxtaposed(x, y, (False, False)),
    symbol="z",
)
transpose = _operator(
    "transpose",
    Contraction,
    indices=lambda call: "ij->ji",
    shape=lambda arguments, options: matrix(".T", arguments[0])[::-1],
    rule="transpose",
    sentence="The gradient of a transpose is the transposed gradient.",
    text=ex.Spelling("{0}.T", ex.ATOM, (ex.ATOM,)),
    notation=lambda call, x: composing.transposed(x),
)
