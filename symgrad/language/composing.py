r"""How formulas are put together: the rules that every format shares.

A chain of an associative operation has no brackets; a product of scalars stands before the
matrices; a minus goes in front of a product. Fractions and numbers are put together in
`symgrad.language.quotients`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from symgrad.language import formula as fm
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
INVERSE = fm.Negative((ONE,))
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
    return (*left[:-1], raised(alone, _whole(one + two)), *right[1:])


def _whole(number: int) -> Formula:
    digits = fm.Number(digits=str(abs(number)))
    return digits if number >= 0 else negative(digits)


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
    """A product of scalars, equal ones as a power; 1 where there are none."""
    counts = Counter(factors)
    first, *rest = (_repeated(factor, counts[factor]) for factor in counts) if counts else (ONE,)
    for factor in rest:
        first = juxtaposed(first, factor, apart=apart)
    return first


def _repeated(factor: Formula, count: int) -> Formula:
    if count == 1:
        return factor
    if isinstance(factor, fm.Number) or (isinstance(factor, fm.Script) and "^" in factor.at):
        return fm.Row((factor,) * count, scalars=count)
    return raised(factor, _whole(count))


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


def magnitude(formula: Formula) -> Formula:
    """|formula|"""
    return fm.Fence((formula,), left="|", right="|")


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
    return fm.Fence((inside,), left="[", right="]")
