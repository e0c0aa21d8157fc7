"""In which order a product of several arrays is contracted: two at a time, the cheapest first."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import prod

import sympy

from symgrad.calculus.nodes import Axis

NOMINAL = 32  # what an unknown dimension counts as
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
        """The two items to contract first: what is known already, else the fewest operations, then
        the smallest result."""
        kept = set(out)

        def cost(pair: tuple[int, int]) -> tuple[int, ...]:
            i, j = pair
            others = (items[k] for k in range(len(items)) if k not in pair)
            union = set(items[i]) | set(items[j])
            result = self.volume(union & kept.union(*others))
            apart = not set(items[i]) & set(items[j])
            if known(i, j):
                return (-1, 0, result, i + j)
            return (result if apart else 0, self.volume(union), result, i + j)

        return min(combinations(range(len(items)), 2), key=cost)
