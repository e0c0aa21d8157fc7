"""In which order a product of several arrays is contracted: two at a time, the cheapest first."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from math import prod

import sympy

NOMINAL = 32  # what an unknown dimension counts as

Labels = tuple[Hashable, ...]


def size(label: Hashable) -> int:
    """How long an index is taken to be."""
    axis = getattr(label, "axis", None)
    return int(axis) if isinstance(axis, sympy.Integer) else NOMINAL


def cheapest_pair(items: Sequence[Labels], out: Iterable[Hashable]) -> tuple[int, int]:
    """The two items to contract first: the fewest operations, then the smallest result."""
    out = set(out)
    best: tuple[tuple[int, int, int, int], tuple[int, int]] | None = None
    for i in range(len(items)):
        for j in range(i + 1, len(items)):
            rest = out.union(*(items[k] for k in range(len(items)) if k not in (i, j)))
            union = set(items[i]) | set(items[j])
            result = prod(size(x) for x in union & rest)
            work = prod(size(x) for x in union)
            apart = int(not set(items[i]) & set(items[j]))
            cost = (result if apart else 0, work, result, i + j)
            if best is None or cost < best[0]:
                best = cost, (i, j)
    assert best is not None
    return best[1]
