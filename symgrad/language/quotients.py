"""Fractions as formulas, and numbers, which may be fractions.

A fraction does not stand inside a fraction, and its minus goes in front of it.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

from symgrad.language import formula as fm
from symgrad.language.composing import (
    ONE,
    TWO,
    juxtaposed,
    negative,
    product,
    raised,
    spelled,
    unsigned,
)
from symgrad.language.constants import multiple
from symgrad.language.formula import Formula, Parts

PI = fm.Symbol(latex=r"\pi", text="pi")
SIGNS_OF = {
    "pi": PI,
    "pi**2": raised(PI, TWO),
    "sqrt(pi)": fm.Root((PI,)),
    "sqrt(2 * pi)": fm.Root((juxtaposed(TWO, PI),)),
    "sqrt(2)": fm.Root((TWO,)),
}


def quotient(top: Formula, bottom: Formula, scalar: bool = True, by_entry: bool = False) -> Formula:
    """A fraction, without fractions in it and with its minus in front; `scalar` is of its top;
    `by_entry` says that its bottom is none."""
    minus, (top, bottom) = unsigned(top, bottom)
    if minus:
        return negative(quotient(top, bottom, scalar, by_entry))
    if any(_is_slope(f) for f in (top, *_factors_of(top))):
        if by_entry:
            return juxtaposed(top, quotient(ONE, bottom, by_entry=True), (True, False))
        number, rest = number_before(top)
        return juxtaposed(quotient(number, bottom), rest, (True, scalar))  # 2/n dL/dx
    if not (scalar or by_entry) and _has_fraction(top):
        front, rest = _scalars_before(top)
        return juxtaposed(quotient(front, bottom), rest, (True, False))  # 2/|x|^2 (A x - r/s x)
    (above, under), (below, over) = _halves(top), _halves(bottom)
    top, bottom = _times(over, above, scalar), _times(under, below, not by_entry)
    return top if bottom == ONE else fm.Fraction((top, bottom), by_entry=by_entry)


def number_before(product: Formula) -> tuple[Formula, Formula]:
    """The number at the front of a product, 1 where there is none, and what it multiplies."""
    if not isinstance(product, fm.Row) or not isinstance(product.parts[0], fm.Number):
        return ONE, product
    number, *rest = product.parts
    left = replace(product, parts=(*rest,), scalars=product.scalars - 1)
    return number, left if len(rest) > 1 else rest[0]


def _scalars_before(product: Formula) -> tuple[Formula, Formula]:
    """The scalars at the front of a product, 1 where there are none, and what they multiply."""
    if not isinstance(product, fm.Row) or not 0 < product.scalars < len(product.parts):
        return ONE, product
    front, rest = product.parts[: product.scalars], product.parts[product.scalars :]
    before = front[0] if len(front) == 1 else replace(product, parts=front)
    return before, rest[0] if len(rest) == 1 else replace(product, parts=rest, scalars=0)


def _factors_of(formula: Formula) -> Parts:
    return formula.parts if isinstance(formula, fm.Row) else ()


def _is_slope(formula: Formula) -> bool:
    """Whether it is a fraction that stays one: dL/dW."""
    whole = formula.parts[0] if isinstance(formula, fm.Either) else None
    number = isinstance(whole, fm.Fraction) and isinstance(whole.parts[0], fm.Number)
    return isinstance(whole, fm.Fraction | fm.Slope) and not number


def _has_fraction(formula: Formula) -> bool:
    """Whether there is a fraction in a sum, alone or at the end of a product."""
    last = _factors_of(formula)[-1:] or (formula,)
    sums = last[0].parts if isinstance(last[0], fm.Infix) and last[0].binds == fm.SUM else ()
    return any(
        isinstance(f, fm.Fraction) and not f.small for p in sums for f in _factors_of(p) or (p,)
    )


def _times(scalars: Parts, half: Formula, scalar: bool) -> Formula:
    """Scalars before what may be a matrix."""
    if not scalars or half == ONE:
        return product(scalars) if scalars else half
    return juxtaposed(product(scalars), half, (True, scalar))


def _halves(formula: Formula) -> tuple[Formula, Parts]:
    """A formula without the denominators of its factors, and these."""
    whole = formula
    if isinstance(formula, fm.Either) and not _is_slope(formula):
        whole = formula.parts[0]
    if isinstance(whole, fm.Fraction):  # a vector below stays there
        return (formula, ()) if whole.by_entry else (whole.parts[0], (whole.parts[1],))
    if isinstance(whole, fm.Infix) and {*whole.signs} == {r"\odot"}:
        top, below = _halves(whole.parts[0])
        return (replace(whole, parts=(top, *whole.parts[1:])), below) if below else (formula, ())
    if not isinstance(whole, fm.Row) or not any(_halves(p)[1] for p in whole.parts):
        return formula, ()
    halves = [_halves(p) for p in whole.parts]
    tops = [(k, top) for k, (top, _) in enumerate(halves) if top != ONE]
    below = tuple(b for _, bottoms in halves for b in bottoms)
    if not tops:
        return ONE, below
    parts = tuple(top for _, top in tops)
    scalars = sum(k < whole.scalars for k, _ in tops)
    return (parts[0] if len(parts) == 1 else replace(whole, parts=parts, scalars=scalars)), below


def number(value: Fraction | float, digits: str = "") -> Formula:
    r"""A number as it was typed, or else: its decimal digits where they are few, or a fraction or a
    power of ten; halves, quarters and the like as fractions."""
    if value < 0:
        return negative(number(-value, digits))
    if " / " in digits:
        return fm.Fraction(tuple(fm.Number(digits=n) for n in digits.split(" / ")), small=True)
    if digits:
        return power_of_ten(digits)
    if not isinstance(value, Fraction):
        return constant(value) or power_of_ten(repr(float(value)))
    if value.denominator == 1:
        return fm.Number(digits=str(value))
    few = decimal(value)
    if value.denominator in (2, 4, 8, 16) or (few is None and value.denominator < 10_000):
        parts = (fm.Number(digits=str(n)) for n in (value.numerator, value.denominator))
        small = fm.Fraction(tuple(parts), small=True)
        return small if few is None else fm.Either((small, fm.Number(digits=few)))
    return power_of_ten(few or repr(float(value)))


def constant(value: float) -> Formula | None:
    """A multiple of the root of a number or of pi, where the value is one: 2 / sqrt(pi)."""
    if value == math.e:
        return fm.Symbol(latex=r"\mathrm{e}", text="e")
    found = multiple(value)
    if found is None:
        return None
    top, bottom, unit = (
        *(fm.Number(digits=str(n)) for n in (found.top, found.bottom)),
        SIGNS_OF[found.unit],
    )
    if found.below:
        return quotient(top, unit if bottom == ONE else juxtaposed(bottom, unit))
    return quotient(unit if top == ONE else juxtaposed(top, unit), bottom)


def power_of_ten(text: str) -> Formula:
    r"""1e-5 as 10^{-5}, 2.5e-20 as 2.5 \cdot 10^{-20}; other digits as they are."""
    digits, _, exponent = text.lower().partition("e")
    if not exponent:
        return fm.Number(digits=text)
    power = raised(fm.Number(digits="10"), number(Fraction(int(exponent))))
    parts = (fm.Number(digits=digits), fm.Symbol(latex=r"\cdot"), power)
    whole = power if digits == "1" else fm.Listed(parts, separator=" ")
    return spelled(whole, text)


def decimal(value: Fraction) -> str | None:
    """The fraction in decimal digits, where at most six say it exactly, or ten of a number that no
    one would write in halves."""
    text = repr(float(value)).replace("e-0", "e-")
    most = 12 if value.denominator % 5 == 0 else 8
    return text if len(text.lstrip("-")) <= most and Fraction(text) == value else None
