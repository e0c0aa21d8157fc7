"""In which order a product of several arrays is contracted: two at a time, the cheapest first."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import prod

import sympy

from symgrad.calculus.nodes import Axis

NOMINAL = 32  # what an unknown dimension counts as
LOOK_AHEAD = 4  # with more factors only the next product is looked at
BATCH = 24  # and a batch: a vector of each example meets a matrix before two matrices meet

Labels = tuple[Hashable, ...]


@dataclass(frozen=True)
class Costs:
    """How long each index is taken to be: as known, else nominal."""

    sizes: Mapping[Axis, int] = field(default_factory=dict)

    def size(self, label: Hashable) -> int:
        """The length of an index."""
        axis = getattr(label, "axis", None)
        if isinstance(axis, sympy.Integer):
            return int(axis)
        if axis in self.sizes:
            return self.sizes[axis]
        return BATCH if isinstance(axis, str) else NOMINAL

    def volume(self, labels: Iterable[Hashable]) -> int:
        """How many entries an array over these indices has."""
        return prod(self.size(x) for x in labels)

    def cheapest_pair(
        self, items: Sequence[Labels], out: Iterable[Hashable], known: Callable[[int, int], bool]
    ) -> tuple[int, int]:
        """The two items to contract first, on the way with the fewest operations; what is `known`
        already costs nothing."""
        kept = set(out)
        pairs = list(combinations(range(len(items)), 2))
        return min(
            pairs, key=lambda pair: (self._total(items, kept, pair, known(*pair)), sum(pair))
        )

    def _total(
        self, items: Sequence[Labels], kept: set[Hashable], pair: tuple[int, int], known: bool
    ) -> int:
        """How many operations it takes when this pair is contracted first."""
        i, j = pair
        rest = [own for k, own in enumerate(items) if k not in pair]
        union = set(items[i]) | set(items[j])
        result = tuple(union & kept.union(*rest))
        cost = 0 if known else self.volume(union) + self.volume(result)
        if not rest:
            return cost
        left = [*rest, result]
        pairs = list(combinations(range(len(left)), 2))
        if len(left) > LOOK_AHEAD:
            return cost + min(self.volume({*left[a], *left[b]}) for a, b in pairs)
        return cost + min(self._total(left, kept, p, False) for p in pairs)
