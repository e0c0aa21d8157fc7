r"""How formulas are put together: the rules that every format shares.

A chain of an associative operation has no brackets; a product of scalars stands before the
matrices; a fraction does not stand inside a fraction; a minus goes in front of a product or a
fraction; a scalar added to a matrix is written with its 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction as Rational

from symgrad.language.formula import (
    HADAMARD,
    KRONECKER,
    RELATION,
    SCRIPT,
    SUM,
    Applied,
    Big,
    Fence,
    Formula,
    Fraction,
    Infix,
    Listed,
    Negative,
    Number,
    Parts,
    Root,
    Row,
    Script,
    Spelled,
    Symbol,
)

ONES = Symbol(latex=r"\mathbf{1}", text="1")
PARTIAL = Symbol(latex=r"\partial")
DIFFERENTIAL = Symbol(latex=r"\mathrm{d}", text="d")
TOP = Symbol(latex=r"\top", text="T")
ALL = Symbol(latex=":")
BATCH = Symbol(latex="B", text="batch", instead=r"\mathcal{B}")
ONE, TWO = Number(digits="1"), Number(digits="2")
LEVELS = {r"\otimes": KRONECKER, r"\odot": HADAMARD, r"\oslash": HADAMARD, "+": SUM, "-": SUM}
ASSOCIATIVE = ("+", r"\odot", r"\otimes")


def opposite(formula: Formula) -> Formula | None:
    """What stands behind the minus of a formula; None where it has none."""
    return formula.parts[0] if isinstance(formula, Negative) else None


def negative(formula: Formula) -> Formula:
    """The formula with a minus in front."""
    return Negative((formula,))


def chain(sign: str, left: Formula, right: Formula) -> Formula:
    """left + right, and likewise of the other signs: without brackets where none are needed."""
    level = LEVELS.get(sign, RELATION)
    positive = opposite(left)
    if positive is not None and level in (HADAMARD, KRONECKER):
        return negative(chain(sign, positive, right))
    positive = opposite(right)
    if positive is not None and sign == "+":
        sign, right = "-", positive
    parts, signs = _links(left, level)
    more, others = _links(right, level) if sign in ASSOCIATIVE else ((right,), ())
    if opposite(more[0]) is not None:
        more, others = (right,), ()
    return Infix((*parts, *more), signs=(*signs, sign, *others), binds=level)


def _links(formula: Formula, level: int) -> tuple[Parts, tuple[str, ...]]:
    if isinstance(formula, Infix) and formula.binds == level:
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
    positives = (opposite(left), opposite(right))
    if any(p is not None for p in positives):
        product = juxtaposed(positives[0] or left, positives[1] or right, scalar, apart)
        return product if all(p is not None for p in positives) else negative(product)
    factors = (
        _factors(f, s, s and not all(scalar)) for f, s in zip((left, right), scalar, strict=True)
    )
    (numbers, matrices), (more, others) = factors
    parts = (*numbers, *more, *matrices, *others)
    return Row(parts, scalars=len(numbers) + len(more), apart=apart)


def _factors(formula: Formula, scalar: bool, closed: bool) -> tuple[Parts, Parts]:
    """The scalars and the matrices of a product; a `closed` chain of vectors is one scalar."""
    if not isinstance(formula, Row):
        return ((formula,), ()) if scalar else ((), (formula,))
    scalars, matrices = formula.parts[: formula.scalars], formula.parts[formula.scalars :]
    if not closed or not matrices:
        return scalars, matrices
    chained = matrices[0] if len(matrices) == 1 else Row(matrices)
    return (*scalars, chained), ()


def product(factors: Iterable[Formula], apart: bool = False) -> Formula:
    """A product of scalars; 1 where there are none."""
    first, *rest = (*factors,) or (ONE,)
    for factor in rest:
        first = juxtaposed(first, factor, apart=apart)
    return first


def quotient(top: Formula, bottom: Formula, scalar: bool = True) -> Formula:
    """A fraction, without fractions in it and with its minus in front; `scalar` is of its top."""
    positives = (opposite(top), opposite(bottom))
    if any(p is not None for p in positives):
        whole = quotient(positives[0] or top, positives[1] or bottom, scalar)
        return whole if all(p is not None for p in positives) else negative(whole)
    if any(isinstance(f, Spelled) and not _is_number(f) for f in (top, *_links_of(top))):
        return juxtaposed(quotient(ONE, bottom), top, (True, scalar))  # 1/n dL/dx
    (above, under), (below, over) = _halves(top), _halves(bottom)
    top, bottom = _times(over, above, scalar), _times(under, below, True)
    return top if bottom == ONE else Fraction((inlined(top), inlined(bottom)))


def _links_of(formula: Formula) -> Parts:
    return formula.parts if isinstance(formula, Row) else ()


def _is_number(formula: Formula) -> bool:
    return not isinstance(formula.parts[0], Fraction) or isinstance(
        formula.parts[0].parts[0], Number
    )


def _times(scalars: Parts, half: Formula, scalar: bool) -> Formula:
    """Scalars before what may be a matrix."""
    if not scalars or half == ONE:
        return product(scalars) if scalars else half
    return juxtaposed(product(scalars), half, (True, scalar))


def _halves(formula: Formula) -> tuple[Formula, Parts]:
    """A formula without the denominators of its factors, and these."""
    whole = formula.parts[0] if isinstance(formula, Spelled) and _is_number(formula) else formula
    if isinstance(whole, Fraction):
        return whole.parts[0], (whole.parts[1],)
    if not isinstance(whole, Row) or not any(_halves(p)[1] for p in whole.parts):
        return formula, ()
    halves = [_halves(p) for p in whole.parts]
    tops = [(k, top) for k, (top, _) in enumerate(halves) if top != ONE]
    below = tuple(b for _, bottoms in halves for b in bottoms)
    if not tops:
        return ONE, below
    parts = tuple(top for _, top in tops)
    scalars = sum(k < whole.scalars for k, _ in tops)
    return (parts[0] if len(parts) == 1 else replace(whole, parts=parts, scalars=scalars)), below


def inlined(formula: Formula) -> Formula:
    """The formula with each fraction in it written a / b."""
    return rebuilt(formula, lambda f: _inline(f) if isinstance(f, Fraction) else f)


def _inline(fraction: Formula) -> Formula:
    return Infix(fraction.parts, signs=("/",), binds=HADAMARD)


def rebuilt(root: Formula, change: Callable[[Formula], Formula]) -> Formula:
    """The formula with every node changed, from the leaves up."""
    done: dict[int, Formula] = {}
    stack = [root]
    while stack:
        node = stack[-1]
        waiting = [part for part in node.parts if id(part) not in done]
        if waiting:
            stack.extend(waiting)
            continue
        stack.pop()
        if id(node) not in done:
            parts = tuple(done[id(part)] for part in node.parts)
            same = all(a is b for a, b in zip(parts, node.parts, strict=True))
            done[id(node)] = change(node if same else replace(node, parts=parts))
    return done[id(root)]


def raised(base: Formula, above: Formula) -> Formula:
    """base to the power, or with another raised script."""
    above = inlined(above)
    if isinstance(base, Script) and base.at == "_":
        return Script((*base.parts, above), at="_^")
    return Script((base, above), at="^")


def lowered(base: Formula, below: Formula) -> Formula:
    """base with an index."""
    return Script((base, below), at="_")


def transposed(formula: Formula) -> Formula:
    """The transpose; of an inverse A^{-T}."""
    if isinstance(formula, Script) and formula.at == "^" and formula.parts[1] == INVERSE:
        return raised(formula.parts[0], negative(TOP))
    return raised(formula, TOP)


def inverted(formula: Formula) -> Formula:
    """The inverse; of a transpose A^{-T}."""
    if isinstance(formula, Script) and formula.at == "^" and formula.parts[1] == TOP:
        return raised(formula.parts[0], negative(TOP))
    return raised(formula, INVERSE)


def applied(function: Formula, *arguments: Formula) -> Formula:
    """function(arguments)"""
    return Applied((function, *arguments))


def listed(parts: Iterable[Formula], separator: str = ", ") -> Formula:
    """Formulas with commas, or one after the other; one alone is itself."""
    parts = tuple(parts)
    return parts[0] if len(parts) == 1 else Listed(parts, separator=separator)


def summed(over: Formula, body: Formula) -> Formula:
    """The sum of body over an index or a set; a minus goes before the sign."""
    positive = opposite(body)
    return Big((over, body)) if positive is None else negative(Big((over, positive)))


def magnitude(formula: Formula, tall: bool = True) -> Formula:
    """|formula|"""
    return Fence((formula,), left="|", right="|", tall=tall)


def norm(formula: Formula) -> Formula:
    r"""\left\lVert formula \right\rVert"""
    return Fence((formula,), left=r"\lVert", right=r"\rVert")


def derivative(top: Formula, bottom: Formula, text: str) -> Formula:
    """The fraction of partial derivatives, whose text is given."""
    parts = tuple(Listed((PARTIAL, f), separator=" ") for f in (top, bottom))
    return Spelled((Fraction(parts),), text=text)


def indicator(left: Formula, sign: str, right: Formula) -> Formula:
    """[left = right], as a number."""
    return Fence(
        (Infix((left, right), signs=(sign,), binds=RELATION),), left="[", right="]", tall=False
    )


def number(value: Rational | float) -> Formula:
    r"""A number: its decimal digits where they are few, else a fraction or a power of ten; halves,
    quarters and the like as fractions."""
    if value < 0:
        return negative(number(-value))
    if not isinstance(value, Rational):
        return constant(value) or power_of_ten(repr(float(value)))
    if value.denominator == 1:
        return Number(digits=str(value))
    digits = decimal(value)
    if value.denominator in (2, 4, 8, 16) or (digits is None and value.denominator < 10_000):
        parts = (Number(digits=str(n)) for n in (value.numerator, value.denominator))
        small = Fraction(tuple(parts), small=True)
        return small if digits is None else Spelled((small,), text=digits)
    return power_of_ten(digits or repr(float(value)))


def constant(value: float) -> Formula | None:
    """A multiple of the root of a number or of pi, where the value is one: 2 / sqrt(pi)."""
    pi = Symbol(latex=r"\pi", text="pi")
    roots = {math.pi: pi, 2 * math.pi: juxtaposed(TWO, pi), 2.0: TWO}
    for square, inside in roots.items():
        ratio = Rational(value * math.sqrt(square)).limit_denominator(1000)
        if ratio and abs(float(ratio) / math.sqrt(square) / value - 1) < 1e-15:
            top, bottom = (Number(digits=str(n)) for n in (ratio.numerator, ratio.denominator))
            below = Root((inside,))
            return quotient(top, below if bottom == ONE else juxtaposed(bottom, below))
    return None


def power_of_ten(text: str) -> Formula:
    r"""1e-5 as 10^{-5}, 2.5e-20 as 2.5 \cdot 10^{-20}; other digits as they are."""
    digits, _, exponent = text.partition("e")
    if not exponent:
        return Number(digits=text)
    power = raised(Number(digits="10"), number(Rational(int(exponent))))
    whole = power if digits == "1" else juxtaposed(Number(digits=digits), power)
    return Spelled((whole,), text=text, binds=SCRIPT)


def decimal(value: Rational) -> str | None:
    """The fraction in decimal digits, where at most six say it exactly, or ten of a number that no
    one would write in halves."""
    text = repr(float(value))
    most = 12 if value.denominator % 5 == 0 else 8
    return text if len(text.lstrip("-")) <= most and Rational(text) == value else None


INVERSE = number(Rational(-1))
