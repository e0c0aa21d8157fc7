"""How the shapes of a product fit: which factor is transposed, and where it stands."""

from __future__ import annotations

from typing import NamedTuple

from symgrad.calculus.algebra import matrix_factors
from symgrad.calculus.step_rules import without_factors
from symgrad.language.dimensions import SCALAR, Dimension, core
from symgrad.language.expressions import Expression, is_call, names_in
from symgrad.language.operations import arithmetic as op
from symgrad.language.operations.batches import batch_mean, batch_sum
from symgrad.language.phrases import joined


class Fits(NamedTuple):
    """The shapes of the factors of a product, and what is said of them."""

    shapes: tuple[tuple[Dimension, ...], ...]
    said: str


def fitting(e: Expression, upstream: str) -> Fits | None:
    """Why a product with the upstream gradient of this name is as it is: that of a sum in which the
    name stands. Nothing of what is no product."""
    e = _term(e, upstream)
    if is_call(e, op.multiply):
        if e.shape == SCALAR:
            return Fits((), "a product of numbers")
        by_number = any(a.shape == SCALAR for a in e.arguments)
        return Fits((core(e.shape),), "times a number" if by_number else "entry by entry")
    factors = matrix_factors(e)
    own = [k for k, part in enumerate(factors) if upstream in names_in(part)]
    if len(factors) == 1 or len(own) != 1:
        return None
    places = [(factors[: own[0]], "in front"), (factors[own[0] + 1 :], "behind")]
    turned = (all(is_call(f, op.transpose) for f in part) for part, _ in places)
    said = (
        f"transposed {place}" if each else place
        for each, (part, place) in zip(turned, places, strict=True)
        if part
    )
    return Fits(tuple(part.shape for part in factors), joined("; ", said))


def _term(e: Expression, upstream: str) -> Expression:
    """The term of a sum with this name, without numbers before it, of one example."""
    while True:
        own = without_factors(e)
        if is_call(own, batch_sum, batch_mean):
            (own,) = own.arguments
        if is_call(own, op.add, op.subtract):
            with_name = [a for a in own.arguments if upstream in names_in(a)]
            own = with_name[0] if len(with_name) == 1 else own
        if own is e:
            return e
        e = own
