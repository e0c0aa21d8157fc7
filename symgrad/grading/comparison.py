"""Two results at a point, and whether they agree within what rounding may change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from symgrad.calculus.nodes import Entry, Label, Node
from symgrad.grading.points import Point
from symgrad.language.dimensions import ONE

Arrays: TypeAlias = Iterable[np.ndarray]
RELATIVE = 1e-9  # by how much an entry may differ
NOISE = 64.0  # times what the entries move by when every result on the way is off by rounding
SHAKES = 2
SMALLEST = 1e-290  # what is below may have lost its digits by underflow
SHARP = 1e-9  # of the largest entry
LARGEST_NOISE = 1e-6  # of the largest entry: from there on a claim's noise hides nothing
LOOSER = 4  # times the noise that a right answer may have: for what is only computed to compare
MORE_NOISE = 1e4  # by which a claim may be noisier than a right result that cancels


@dataclass(frozen=True, eq=False)
class Result:
    """An entry over all these labels; each point is computed once, being asked for many times."""

    entry: Entry
    labels: tuple[Label, ...]
    _arrays: dict[Point, np.ndarray] = field(default_factory=dict, init=False, repr=False)
    _rounding: dict[tuple[Point, int], float] = field(default_factory=dict, init=False, repr=False)

    def at(self, point: Point) -> np.ndarray:
        """Its array: the batch first, no axis of length 1 that is declared so."""
        if point not in self._arrays:
            self._arrays[point] = self._array(point)
        return self._arrays[point]

    def rounding(self, point: Point, seed: int) -> float:
        """What rounding may change in it."""
        if (point, seed) not in self._rounding:
            rng, value = np.random.default_rng(seed), self.at(point)
            moved = max(largest_entry(self._array(point, rng) - value) for _ in range(SHAKES))
            self._rounding[point, seed] = NOISE * moved
        return self._rounding[point, seed]

    def is_sharp(self, point: Point, seed: int) -> bool:
        """Whether it is well above what rounding may change."""
        return self.rounding(point, seed) <= SHARP * largest_entry(self.at(point))

    def _array(self, point: Point, rng: np.random.Generator | None = None) -> np.ndarray:
        array = point.array(self.entry, self.labels, rng=rng)
        axes = zip(array.shape, self.labels, strict=True)
        return array.reshape([n for n, x in axes if x.axis != ONE])


@dataclass(frozen=True)
class Comparison:
    """A claim beside the right result."""

    claimed: Result
    right: Result
    seed: int

    @property
    def roots(self) -> list[Node]:
        """The nodes of both."""
        return [self.right.entry.node, self.claimed.entry.node]

    def noise(self, point: Point) -> float:
        """What rounding may change at a point, in the claim and in the right result."""
        right = self.right.rounding(point, self.seed)
        size = largest_entry(self.right.at(point)) or 1.0
        most = max(LARGEST_NOISE * size, MORE_NOISE * right)
        return max(right, min(self.claimed.rounding(point, self.seed), most))

    def agree(self, point: Point) -> bool:
        """Whether the claim is right at a point."""
        return close(self.claimed.at(point), self.right.at(point), self.noise(point))

    def is_sharp(self, point: Point) -> bool:
        """Whether the right result is well above what rounding may change."""
        return self.right.is_sharp(point, self.seed)

    def is_telling(self, point: Point) -> bool:
        """Whether the claim can be judged at a point, however far it was moved."""
        got, want = self.claimed.at(point), self.right.at(point)
        noise = self.claimed.rounding(point, self.seed)
        if noise > LARGEST_NOISE * max(largest_entry(want), largest_entry(got)):
            return False
        node = self.claimed.entry.node
        lost = not np.all(np.isfinite(got)) and point.saturates(node)  # 0 times infinity
        return close(got, want, noise) or not (lost or point.overflows(node))


def close(one: np.ndarray, other: np.ndarray, noise: float) -> bool:
    """Whether all entries are finite and agree, each relative to its own size."""
    if one.shape != other.shape:
        return False
    if not (np.all(np.isfinite(one)) and np.all(np.isfinite(other))):
        return False
    size = np.maximum(np.abs(one), np.abs(other))
    return bool(np.all(np.abs(one - other) <= RELATIVE * size + noise + SMALLEST))


def largest_entry(array: np.ndarray) -> float:
    """The largest magnitude of an entry; 0 where there is none that is finite."""
    finite = np.abs(array[np.isfinite(array)])
    return float(finite.max()) if finite.size else 0.0


def all_close(got: Arrays, want: Arrays, noise: Iterable[float]) -> bool:
    """Whether arrays that are only computed to compare agree at all points."""
    return all(map(close, got, want, [LOOSER * level for level in noise]))


def vanish(arrays: Sequence[np.ndarray], noise: Iterable[float]) -> bool:
    """Whether all entries are 0, but for rounding."""
    return all_close(arrays, [np.zeros_like(a) for a in arrays], noise)
