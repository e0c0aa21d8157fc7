"""Sums, products, powers, transposes: the operators."""

from __future__ import annotations

from fractions import Fraction

from symgrad.errors import ProgramError
from symgrad.language import composing
from symgrad.language.expressions import (
    ATOM,
    OPERATIONS,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    Call,
    Expression,
    Number,
    Operation,
    Spelling,
    is_scalar,
    register,
)
from symgrad.language.formula import Formula
from symgrad.language.operations.meanings import Contraction, Linear, Monomial
from symgrad.language.shapes import elementwise, matrix, matrix_product
from symgrad.language.typeset import infix, times
from symgrad.language.typeset import power as raised_to

LARGEST_EXPONENT = 10_000


def _over(call: Call, top: Formula, bottom: Formula) -> Formula:
    left, right = map(is_scalar, call.arguments)
    if left or right:
        return composing.quotient(top, bottom, left)
    return composing.chain(r"\oslash", top, bottom)


def _constant_power(base: Expression, exponent: Expression) -> Expression | None:
    if not isinstance(exponent, Number):
        return OPERATIONS["variable_power"](base, exponent)
    if abs(float(exponent.value)) > LARGEST_EXPONENT:
        raise ProgramError(f"the exponent {exponent.value} is too large (limit {LARGEST_EXPONENT})")
    if isinstance(base, Number):
        return _number_power(base, exponent)
    return None


def _number_power(base: Number, exponent: Number) -> Expression | None:
    if base.value == 0 and float(exponent.value) < 0:
        raise ProgramError("division by zero: 0 to a negative power")
    if isinstance(exponent.value, Fraction) and exponent.value.denominator == 1:
        try:
            if abs(float(base.value) ** int(exponent.value)) < 1e300:
                return Number(base.value ** int(exponent.value))
        except OverflowError:
            pass
        raise ProgramError(f"the number {base.value}**{exponent.value} is too large")
    if base.value < 0:
        raise ProgramError(f"{base.value}**{exponent.value} is not a real number")
    return None


def _exponent(call: Call) -> Fraction:
    exponent = call.arguments[1]
    assert isinstance(exponent, Number)
    return Fraction(exponent.value)


def _divide(left: Expression, right: Expression) -> Expression | None:
    if isinstance(right, Number) and right.value == 0:
        raise ProgramError("division by zero")
    return None


def _negative(argument: Expression) -> Expression | None:
    return Number(-argument.value) if isinstance(argument, Number) else None


add = register(
    Operation(
        name="add",
        called=False,
        meaning=Linear((1, 1)),
        shape=elementwise("add"),
        arity=(2, 2),
        rule="sum",
        sentence="A sum passes its gradient on to each term.",
        text=Spelling("{0} + {1}", SUM, (SUM, SUM)),
        notation=infix("+"),
        symbol="z",
    )
)
subtract = register(
    Operation(
        name="subtract",
        called=False,
        meaning=Linear((1, -1)),
        shape=elementwise("subtract"),
        arity=(2, 2),
        rule="difference",
        sentence="A difference passes its gradient to the first term, its negative to the second.",
        text=Spelling("{0} - {1}", SUM, (SUM, PRODUCT)),
        notation=infix("-"),
        symbol="r",
    )
)
negative = register(
    Operation(
        name="negative",
        called=False,
        meaning=Linear((-1,)),
        shape=elementwise("negative"),
        prepare=_negative,
        rule="constant factor",
        sentence="A constant factor stays as it is.",
        text=Spelling("-{0}", SIGN, (SIGN,)),
        notation=lambda call, x: composing.negative(x),
    )
)
multiply = register(
    Operation(
        name="multiply",
        called=False,
        meaning=Monomial(lambda call: (Fraction(1), Fraction(1))),
        shape=elementwise("multiply"),
        arity=(2, 2),
        rule="product",
        sentence="In a product each factor's gradient is the incoming one times the other factors.",
        text=Spelling("{0} * {1}", PRODUCT, (PRODUCT, SIGN)),
        notation=times,
        symbol="m",
    )
)
divide = register(
    Operation(
        name="divide",
        called=False,
        meaning=Monomial(lambda call: (Fraction(1), Fraction(-1))),
        shape=elementwise("divide"),
        prepare=_divide,
        arity=(2, 2),
        rule="quotient",
        sentence="A quotient is a product with the denominator to the power -1.",
        text=Spelling("{0} / {1}", PRODUCT, (PRODUCT, SIGN)),
        notation=_over,
        symbol="q",
    )
)
power = register(
    Operation(
        name="power",
        called=False,
        meaning=Monomial(lambda call: (_exponent(call),)),
        shape=elementwise("power"),
        prepare=_constant_power,
        arity=(2, 2),
        rule="power",
        sentence="The derivative of a power is the exponent times the power lowered by one.",
        text=Spelling("{0}**{1}", POWER, (ATOM, SIGN)),
        notation=raised_to,
        symbol="q",
    )
)
matmul = register(
    Operation(
        name="matmul",
        called=False,
        meaning=Contraction(lambda call: "ij,jk->ik"),
        shape=matrix_product,
        arity=(2, 2),
        rule="matrix product",
        sentence="The gradient of a factor is the incoming gradient times the other, transposed.",
        text=Spelling("{0} @ {1}", PRODUCT, (PRODUCT, SIGN)),
        notation=lambda call, x, y: composing.juxtaposed(x, y, (False, False)),
        symbol="z",
    )
)
transpose = register(
    Operation(
        name="transpose",
        called=False,
        meaning=Contraction(lambda call: "ij->ji"),
        shape=lambda arguments, options: matrix(".T", arguments[0])[::-1],
        rule="transpose",
        sentence="The gradient of a transpose is the transposed gradient.",
        text=Spelling("{0}.T", ATOM, (ATOM,)),
        notation=lambda call, x: composing.transposed(x),
    )
)
