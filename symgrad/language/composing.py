r"""How formulas are put together: the rules that every format shares.

A chain of an associative operation has no brackets; a product of scalars stands before the
matrices; a fraction does not stand inside a fraction; a minus goes in front of a product or a
fraction; a scalar added to a matrix is written with its 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from symgrad.language import formula as fm
from symgrad.language.constants import multiple
from symgrad.language.formula import Formula, Parts

ONES = fm.Symbol(latex=r"\mathbf{1}", text="1")
PARTIAL = fm.Symbol(latex=r"\partial")
DIFFERENTIAL = fm.Symbol(latex=r"\mathrm{d}", text="d")
NABLA = fm.Symbol(latex=r"\nabla")
DOTS = fm.Symbol(latex=r"\dots", text="...")
DAGGER = fm.Symbol(latex=r"\dagger")
TOP = fm.Symbol(latex=r"\top", text="T")
ALL = fm.Symbol(latex=":")
BATCH = fm.Symbol(latex="B", text="batch", instead=r"\mathcal{B}")
ONE, TWO = fm.Number(digits="1"), fm.Number(digits="2")
LEVELS = {r"\otimes": fm.KRONECKER, r"\odot": fm.HADAMARD, r"\oslash": fm.HADAMARD}
LEVELS |= {"+": fm.SUM, "-": fm.SUM}
ASSOCIATIVE = ("+", r"\odot", r"\otimes")


def spelled(formula: Formula, text: str, binds: int = fm.SCRIPT) -> Formula:
    """A formula that text writes in its own way: dL/dW."""
    return fm.Either((formula, fm.Named(name=text, binds=binds)))


def opposite(formula: Formula) -> Formula | None:
    """What stands behind the minus of a formula; None where it has none."""
    return formula.parts[0] if isinstance(formula, fm.Negative) else None


def unsigned(*factors: Formula) -> tuple[bool, list[Formula]]:
    """Whether a product has a minus; its factors without theirs."""
    minus = sum(isinstance(f, fm.Negative) for f in factors) % 2 == 1
    return minus, [opposite(f) or f for f in factors]


def negative(formula: Formula) -> Formula:
    """The formula with a minus in front."""
    return fm.Negative((formula,))


def chain(sign: str, left: Formula, right: Formula) -> Formula:
    """left + right, and likewise of the other signs: without brackets where none are needed."""
    level = LEVELS.get(sign, fm.RELATION)
    positive = opposite(left)
    if positive is not None and level in (fm.HADAMARD, fm.KRONECKER):
        return negative(chain(sign, positive, right))
    positive = opposite(right)
    if positive is not None and sign == "+":
        sign, right = "-", positive
    parts, signs = _links(left, level)
    more, others = _links(right, level) if sign in ASSOCIATIVE else ((right,), ())
    if opposite(more[0]) is not None:
        more, others = (right,), ()
    return fm.Infix((*parts, *more), signs=(*signs, sign, *others), binds=level)


def _links(formula: Formula, level: int) -> tuple[Parts, tuple[str, ...]]:
    if isinstance(formula, fm.Infix) and formula.binds == level:
        return formula.parts, formula.signs
    return (formula,), ()


def total(terms: Iterable[Formula]) -> Formula:
    """A sum; a term with a minus is taken away."""
    first, *rest = terms
    for term in rest:
        first = chain("+", first, term)
    return first


def juxtaposed(
    left: Formula, right: Formula, scalar: tuple[bool, bool] = (True, True), apart: bool = False
) -> Formula:
    """The product without a sign, of a scalar with anything or of matrices; `scalar` says which of
    the two are scalars."""
    minus, (left, right) = unsigned(left, right)
    if minus:
        return negative(juxtaposed(left, right, scalar, apart))
    factors = (
        _factors(f, s, s and not all(scalar)) for f, s in zip((left, right), scalar, strict=True)
    )
    (numbers, matrices), (more, others) = factors
    parts = (*numbers, *more, *_chained(matrices, others))
    return fm.Row(parts, scalars=len(numbers) + len(more), apart=apart)


def _chained(left: Parts, right: Parts) -> Parts:
    """Matrices in a row, those of the same name that meet as a power: S S as S^2."""
    if not left or not right:
        return (*left, *right)
    (base, one), (other, two) = _power(left[-1]), _power(right[0])
    named = base.parts[0] if isinstance(base, fm.Script) and base.parts[-1] == TOP else base
    if base != other or not isinstance(named, fm.Named) or (one > 0) != (two > 0):
        return (*left, *right)
    alone = base if base is named else fm.Fence((base,))
    return (*left[:-1], raised(alone, number(Fraction(one + two))), *right[1:])


def _power(matrix: Formula) -> tuple[Formula, int]:
    """A matrix and its power: of (S^T)^2 S^T and 2."""
    if not isinstance(matrix, fm.Script) or matrix.at != "^":
        return matrix, 1
    base, above = matrix.parts
    digits = opposite(above) or above
    if not isinstance(digits, fm.Number) or not digits.digits.isdecimal():
        return matrix, 1
    base = base.parts[0] if isinstance(base, fm.Fence) else base
    return base, int(digits.digits) * (1 if digits is above else -1)


def _factors(formula: Formula, scalar: bool, closed: bool) -> tuple[Parts, Parts]:
    """The scalars and the matrices of a product; a `closed` chain of vectors is one scalar."""
    if not isinstance(formula, fm.Row):
        return ((formula,), ()) if scalar else ((), (formula,))
    scalars, matrices = formula.parts[: formula.scalars], formula.parts[formula.scalars :]
    if not closed or not matrices:
        return scalars, matrices
    chained = matrices[0] if len(matrices) == 1 else fm.Row(matrices)
    return (*scalars, chained), ()


def product(factors: Iterable[Formula], apart: bool = False) -> Formula:
    """A product of scalars; 1 where there are none."""
    first, *rest = (*factors,) or (ONE,)
    for factor in rest:
        first = juxtaposed(first, factor, apart=apart)
    return first


def quotient(top: Formula, bottom: Formula, scalar: bool = True, by_entry: bool = False) -> Formula:
    """A fraction, without fractions in it and with its minus in front; `scalar` is of its top;
    `by_entry` says that its bottom is none."""
    minus, (top, bottom) = unsigned(top, bottom)
    if minus:
        return negative(quotient(top, bottom, scalar, by_entry))
    if any(_is_slope(f) for f in (top, *_factors_of(top))):
        if by_entry:
            return juxtaposed(top, quotient(ONE, bottom, by_entry=True), (True, False))
        number, rest = _number_before(top)
        return juxtaposed(quotient(number, bottom), rest, (True, scalar))  # 2/n dL/dx
    if not (scalar or by_entry) and _has_fraction(top):
        front, rest = _scalars_before(top)
        return juxtaposed(quotient(front, bottom), rest, (True, False))  # 2/|x|^2 (A x - r/s x)
    (above, under), (below, over) = _halves(top), _halves(bottom)
    top, bottom = _times(over, above, scalar), _times(under, below, not by_entry)
    return top if bottom == ONE else fm.Fraction((top, bottom), by_entry=by_entry)


def _number_before(product: Formula) -> tuple[Formula, Formula]:
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


def raised(base: Formula, above: Formula) -> Formula:
    """base to the power, or with another raised script."""
    if isinstance(base, fm.Script) and base.at == "_":
        return fm.Script((*base.parts, above), at="_^")
    return fm.Script((base, above), at="^")


def lowered(base: Formula, below: Formula) -> Formula:
    """base with an index."""
    return fm.Script((base, below), at="_")


def transposed(formula: Formula) -> Formula:
    """The transpose; of an inverse A^{-T}, of a fraction over a scalar that of its top."""
    if isinstance(formula, fm.Fraction) and not formula.by_entry:
        return replace(formula, parts=(transposed(formula.parts[0]), formula.parts[1]))
    if isinstance(formula, fm.Script) and formula.at == "^" and formula.parts[1] == INVERSE:
        return raised(formula.parts[0], negative(TOP))
    return raised(formula, TOP)


def inverted(formula: Formula) -> Formula:
    """The inverse; of a transpose A^{-T}."""
    if isinstance(formula, fm.Script) and formula.at == "^" and formula.parts[1] == TOP:
        return raised(formula.parts[0], negative(TOP))
    return raised(formula, INVERSE)


def applied(function: Formula, *arguments: Formula) -> Formula:
    """function(arguments)"""
    return fm.Applied((function, *arguments))


def listed(parts: Iterable[Formula], separator: str = ", ") -> Formula:
    """Formulas with commas, or one after the other; one alone is itself."""
    parts = tuple(parts)
    return parts[0] if len(parts) == 1 else fm.Listed(parts, separator=separator)


def summed(over: Formula, body: Formula, upto: Formula | None = None) -> Formula:
    """The sum of body over an index or a set, or up to a number; a minus goes before the sign."""
    positive = opposite(body)
    last = () if upto is None else (upto,)
    if positive is None:
        return fm.Big((over, body, *last))
    return negative(fm.Big((over, positive, *last)))


def magnitude(formula: Formula, tall: bool = True) -> Formula:
    """|formula|"""
    return fm.Fence((formula,), left="|", right="|", tall=tall)


def norm(formula: Formula) -> Formula:
    r"""\left\lVert formula \right\rVert"""
    return fm.Fence((formula,), left=r"\lVert", right=r"\rVert")


def equal(left: Formula, right: Formula) -> Formula:
    """left = right"""
    return fm.Infix((left, right), signs=("=",), binds=fm.RELATION)


def derivative(both: Parts) -> Formula:
    """The fraction of partial derivatives, of the first by the second."""
    return fm.Fraction(tuple(map(partial, both)))


def gradient(of: Formula, by: Formula) -> Formula:
    r"""\nabla_{by} of, a sign with what it is of: in brackets before other factors."""
    return fm.Listed((lowered(NABLA, by), of), separator=" ", binds=fm.BIG)


def partial(formula: Formula) -> Formula:
    r"""\partial formula; of a product in brackets."""
    return _behind(PARTIAL, formula)


def second(formula: Formula) -> Formula:
    r"""\partial^2 formula"""
    return _behind(raised(PARTIAL, TWO), formula)


def _behind(sign: Formula, formula: Formula) -> Formula:
    product = fm.bracketed(fm.levels(formula, flat=False)[0], fm.SCRIPT)
    return fm.Listed((sign, fm.Fence((formula,)) if product else formula), separator=" ")


def indicator(left: Formula, sign: str, right: Formula) -> Formula:
    """[left = right], as a number."""
    inside = fm.Infix((left, right), signs=(sign,), binds=fm.RELATION)
    return fm.Fence((inside,), left="[", right="]", tall=False)


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


PI = fm.Symbol(latex=r"\pi", text="pi")
SIGNS_OF = {
    "pi": PI,
    "pi**2": raised(PI, TWO),
    "sqrt(pi)": fm.Root((PI,)),
    "sqrt(2 * pi)": fm.Root((juxtaposed(TWO, PI),)),
    "sqrt(2)": fm.Root((TWO,)),
}
INVERSE = number(Fraction(-1))
