"""The differential of a formula as it is written: of a sum term by term, of a product factor by
factor, each in its place.

    d(A B) = dA B + A dB       d tr(A X) = tr(A dX)       d(a / b) = da / b - a db / b^2
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import reduce

from symgrad.calculus.algebra import negated, over, power, product, scaled, times, transposed
from symgrad.calculus.sums import signed_sum
from symgrad.language.dimensions import ONE
from symgrad.language.expressions import Call, Expression, Name, Number, fold, is_call, is_scalar
from symgrad.language.operations import arithmetic as op
from symgrad.language.operations.contractions import total
from symgrad.language.operations.meanings import Contraction, Linear, Total
from symgrad.language.operations.norms import squared_norm


class NoProductRule(Exception):
    """A formula with something in it that is neither a sum nor a product."""


def differential_of(formula: Expression, moving: Mapping[str, Expression]) -> Expression | None:
    """The differential of a formula by the names that move, None where none of them is in it.

    Raises: NoProductRule."""

    def visit(e: Expression, moved: tuple[Expression | None, ...]) -> Expression | None:
        if isinstance(e, Name):
            return moving.get(e.name)
        if not isinstance(e, Call) or all(m is None for m in moved):
            return None
        return _of_call(e, moved)

    return fold(formula, visit)


def _of_call(e: Call, moved: tuple[Expression | None, ...]) -> Expression:
    meaning = e.operation.meaning
    if e.operation is op.divide:
        return _sum(e, _of_quotient(e, *moved))
    if e.operation is op.power:
        return _of_power(e, moved[0])
    if e.operation is squared_norm:
        return _of_squared_norm(e.arguments[0], moved[0])
    if isinstance(meaning, Linear):
        parts = zip(meaning.coefficients, moved, strict=True)
        return _sum(e, (scaled(Fraction(c), m) for c, m in parts if m is not None))
    if isinstance(meaning, Contraction):
        each = ((k, t) for k, m in enumerate(moved) if m is not None for t in _terms(m))
        return _sum(e, (_with(e, k, term) for k, term in each))
    if isinstance(meaning, Total) or e.operation is op.multiply:
        return _sum(e, (_with(e, k, m) for k, m in enumerate(moved) if m is not None))
    raise NoProductRule(e.operation.name)


def _sum(e: Call, parts: Iterable[Expression]) -> Expression:
    """The sum, each part in the shape of the whole."""
    terms = list(parts)
    if any(t.shape != e.shape for t in terms):
        raise NoProductRule(e.operation.name)  # a scalar in every entry
    return signed_sum(terms)


def _terms(moved: Expression) -> list[Expression]:
    """The terms of a sum, with their signs."""
    if is_call(moved, op.add, op.subtract) and moved.arguments[1].shape == moved.shape:
        one, other = map(_terms, moved.arguments)
        return [*one, *(map(negated, other) if moved.operation is op.subtract else other)]
    return [moved]


def _with(e: Call, k: int, moved: Expression) -> Expression:
    """A product with another factor in the k-th place."""
    arguments = (*e.arguments[:k], moved, *e.arguments[k + 1 :])
    if e.operation is op.matmul:
        return reduce(product, arguments)
    if e.operation is op.transpose:
        return transposed(*arguments)
    if e.operation is op.multiply and is_scalar(arguments[0]):
        return times(*arguments)
    if is_call(moved, op.negative) and isinstance(e.operation.meaning, Contraction):
        return negated(_with(e, k, moved.arguments[0]))
    return replace(e, arguments=arguments)


def _of_quotient(
    e: Call, above: Expression | None, below: Expression | None
) -> Iterable[Expression]:
    top, bottom = e.arguments
    divided = over if is_scalar(bottom) else op.divide
    if above is not None:
        yield divided(above, bottom)
    if below is not None:
        whole = times(below, top) if is_scalar(below) else below * top
        yield negated(divided(whole, power(bottom, Fraction(2))))


def _of_power(e: Call, moved: Expression | None) -> Expression:
    base, exponent = e.arguments
    if moved is None or not isinstance(exponent, Number):
        raise NoProductRule(e.operation.name)
    lower = exponent.value - 1
    front = scaled(exponent.value, base if lower == 1 else op.power(base, Number(lower)))
    return times(front, moved) if is_scalar(base) else front * moved


def _of_squared_norm(x: Expression, moved: Expression | None) -> Expression:
    assert moved is not None
    if x.shape[1] == ONE:
        return scaled(Fraction(2), product(transposed(x), moved))
    return scaled(Fraction(2), total(x * moved))
