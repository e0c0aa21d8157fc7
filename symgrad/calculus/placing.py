"""Two places that meet under a sum: sum_r [r = i + a] [r = j + b] = [i + a = j + b].

Parts of an axis that begin alike are the same, parts without a common entry meet nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy

from symgrad.calculus.nodes import Factor, Label, place_of
from symgrad.calculus.terms import identity, place
from symgrad.language.dimensions import Dimension, reachable


def met(factors: list[Factor], summed: list[Label]) -> list[Factor] | None:
    """The factors without rows at which two places meet; None where one meets nowhere."""
    for row in [*summed]:
        own = [f for f in factors if row in f.labels]
        if len(own) != 2 or not all(is_part(f) and f.labels[-1] is row for f in own):
            continue
        where = _joined(*own)
        if where is None:
            continue
        summed.remove(row)
        factors = [f for f in factors if f not in own]
        if not where:
            return None
        factors += where
    return factors


def is_part(factor: Factor) -> bool:
    """Whether it is [r = i + a], with or without i."""
    place, labels = place_of(factor.node), factor.labels
    if place is None or factor.power != 1:
        return False
    return place.coefficients in ((), (1,)) and len({*labels}) == len(labels)


def _joined(one: Factor, other: Factor) -> Sequence[Factor] | None:
    """What two parts of an axis have in common, as a factor over their indices; none where they
    have nothing, None where it is not known."""
    (a, p, first), (b, q, second) = _ends(one), _ends(other)
    ahead = sympy.expand(b - a)  # where the second begins in the first
    if reachable(sympy.expand(ahead - p)) or reachable(sympy.expand(-ahead - q)):
        return ()
    if ahead == 0 and p == q:
        return [identity(i, j) for i, j in zip(first, second, strict=True)]
    if reachable(ahead) and reachable(sympy.expand(p - q - ahead)) and first:
        return [Factor(*place((1,) * len(second), ahead, second, first[0]))]
    if reachable(-ahead) and reachable(sympy.expand(q - p + ahead)) and second:
        return [Factor(*place((1,) * len(first), -ahead, first, second[0]))]
    return None


def _ends(factor: Factor) -> tuple[Dimension, Dimension, tuple[Label, ...]]:
    """Where a part of an axis begins, how long it is, and its index."""
    place, letters = place_of(factor.node), factor.labels[:-1]
    assert place is not None
    length: Dimension = letters[0].axis if letters else sympy.Integer(1)
    return place.offset, length, letters
