"""In which order a product of several arrays is contracted: two at a time, the cheapest first."""

from __future__ import annotations

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import combinations

import sympy

from symgrad.calculus.nodes import Axis
from symgrad.numerics.arrays.listing import Array, Labels, Op, of_examples
from symgrad.numerics.arrays.pairs import Pairs
from symgrad.numerics.arrays.sparse import next_pair

NOMINAL = 32  # what an unknown dimension counts as
BATCH = 24  # and a batch: a vector of each example meets a matrix before two matrices meet
SHORT = 64  # an axis whose identity matrix is kept
READ = 12  # multiplications that take as long as to read an entry from memory
SYSTEMS = ("linalg", "routine")  # solutions, inverses and factors of matrices
LOOK_AHEAD = 4  # with more factors only the next product is looked at
FEW = 8  # with more only the product itself, and only pairs that share an index


@dataclass(frozen=True)
class Costs:
    """How long each index is taken to be: as known, else nominal. What is `promised` another term
    makes anyway."""

    sizes: Mapping[Axis, int] = field(default_factory=dict)
    promised: Set[Hashable] = frozenset()
    lengths: dict[Hashable, int] = field(default_factory=dict)  # of the indices met so far

    def length(self, label: Hashable) -> int:
        """The length of an index."""
        return self.extent(getattr(label, "axis", None))

    def extent(self, axis: Axis | None) -> int:
        """How long an axis is."""
        if isinstance(axis, sympy.Integer):
            return int(axis)
        if axis in self.sizes:
            return self.sizes[axis]
        return BATCH if isinstance(axis, str) else NOMINAL

    def short(self, axis: Axis) -> bool:
        """Whether an axis is known to be short."""
        known = isinstance(axis, sympy.Integer) or axis in self.sizes
        return known and self.extent(axis) <= SHORT

    def of(self, ops: Iterable[Op]) -> int:
        """How many multiplications the products and systems of a program take."""
        total = 0
        for op in ops:
            if op.kind == "product":
                dims = (x for operand in op.operands for x in operand.dims)
                axes = dict(zip((*op.axes[0], *op.axes[1]), dims, strict=True))
                total += math.prod(map(self.extent, axes.values()))
            elif op.kind in SYSTEMS:
                total += math.prod(map(self.extent, (*op.dims, *op.operands[0].dims[-1:])))
        return total

    def time(self, ops: Sequence[Op]) -> int:
        """How long they take, in multiplications: each reads its operands, too."""
        counted = (op for op in ops if op.kind in ("product", *SYSTEMS))
        read = (x.dims for op in counted for x in op.operands)
        return self.of(ops) + READ * sum(math.prod(map(self.extent, dims)) for dims in read)

    def volume(self, labels: Iterable[Hashable]) -> int:
        """How many entries an array over these indices has."""
        volume, lengths = 1, self.lengths
        for label in labels:
            if label not in lengths:
                lengths[label] = self.length(label)
            volume *= lengths[label]
        return volume

    def step(
        self, items: Sequence[Labels], free: Set[Hashable], pair: tuple[int, int]
    ) -> tuple[int, list[Labels]]:
        """How many operations the product of two items takes, and what is left then."""
        rest = [labels for k, labels in enumerate(items) if k not in pair]
        union = {*items[pair[0]], *items[pair[1]]}
        result = tuple(x for x in union if x in free or any(x in labels for labels in rest))
        return self.volume(union) + self.volume(result), [*rest, result]

    def cheapest(self, items: Sequence[Labels], free: Set[Hashable]) -> int:
        """How many operations it takes from here, on the cheapest way."""
        if len(items) < 2:
            return 0
        pairs = list(combinations(range(len(items)), 2))
        if len(items) > LOOK_AHEAD:
            return min(self.volume({*items[a], *items[b]}) for a, b in pairs)
        steps = (self.step(items, free, pair) for pair in pairs)
        return min(cost + self.cheapest(rest, free) for cost, rest in steps)


class Order:
    """Arrays that are to be multiplied, by number; `free` are the indices of their product; the
    products that `pairs` has made already cost nothing."""

    def __init__(
        self, costs: Costs, arrays: Sequence[Array], free: Iterable[Hashable], pairs: Pairs
    ) -> None:
        self.costs = costs
        self.free = set(free)
        self.pairs = pairs
        self.items: dict[int, Array] = {}
        self.count = 0
        self.uses: Counter[Hashable] = Counter(self.free)  # of each index
        self.carriers: dict[Hashable, list[int]] = defaultdict(list)  # index -> what has it
        self.waiting: list[tuple[int, int, int]] = []  # a heap of pairs: cost and numbers
        self.alike: dict[Hashable, list[tuple[int, int]]] = defaultdict(list)  # pairs of one key
        self.many = len(arrays) > FEW
        self.sparse = any(a.op.sparse for a in arrays)
        for array in arrays:
            self.add(array)

    @property
    def arrays(self) -> list[Array]:
        """What is left."""
        return list(self.items.values())

    def add(self, array: Array) -> None:
        """One array more."""
        self.items[self.count] = array
        self.uses.update(array.labels)
        if self.many:
            near = {k for x in array.labels for k in self.carriers[x] if k in self.items}
            for label in array.labels:
                self.carriers[label].append(self.count)
            for k in sorted(near):
                self._wait(k, self.count)
        self.count += 1

    def replace(self, place: int, array: Array) -> None:
        """Another array with the same indices, where the one at this place was."""
        self.items[list(self.items)[place]] = array

    def shared(self) -> bool:
        """Whether the product that comes next is made already, or another term makes it, too."""
        if len(self.items) > FEW:
            return False
        a, b = (self.items[k] for k in self._pair())
        return self._is_free(self.pairs.key(a, b, self._needed(a, b)))

    def take(self) -> tuple[Array, Array, set[Hashable]]:
        """The two to multiply next, and the indices of theirs that are needed afterwards."""
        i, j = self._pair()
        a, b = self.items.pop(i), self.items.pop(j)
        needed = self._needed(a, b)
        self.uses.subtract((*a.labels, *b.labels))
        for pair in self.alike.pop(self.pairs.key(a, b, needed), ()):  # cost nothing from now on
            heapq.heappush(self.waiting, (0, *pair))
        return a, b, needed

    def _pair(self) -> tuple[int, int]:
        pair = self._of_sparse() if self.sparse else None
        return pair or (self._nearest() if len(self.items) > FEW else self._best())

    def _of_sparse(self) -> tuple[int, int] | None:
        """The pair that keeps a sparse matrix from being filled, if there is one."""
        numbers, arrays = list(self.items), self.arrays
        flags = [a.op.sparse for a in arrays]
        pair = next_pair([a.labels for a in arrays], flags, self.free)
        return pair and (numbers[pair[0]], numbers[pair[1]])

    def _is_free(self, key: Hashable) -> bool:
        """Whether a product costs nothing: it is made already, or anyway."""
        return key in self.pairs.made or self.pairs.between(key) in self.costs.promised

    def _needed(self, a: Array, b: Array) -> set[Hashable]:
        mine = Counter((*a.labels, *b.labels))
        return {x for x, count in mine.items() if self.uses[x] > count}

    def _wait(self, i: int, j: int) -> None:
        a, b = self.items[i], self.items[j]
        needed = self._needed(a, b)
        key = self.pairs.key(a, b, needed)
        volume = self.costs.volume
        cost = 0 if key in self.pairs.made else volume({*a.labels, *b.labels}) + volume(needed)
        self.alike[key].append((i, j))
        heapq.heappush(self.waiting, (cost, i, j))

    def _nearest(self) -> tuple[int, int]:
        """Of many: the cheapest pair that shares an index, else the two smallest."""
        while self.waiting:
            _, i, j = heapq.heappop(self.waiting)
            if i in self.items and j in self.items:
                return i, j
        i, j = sorted(self.items, key=lambda k: self.costs.volume(self.items[k].labels))[:2]
        return i, j

    def _best(self) -> tuple[int, int]:
        """Of few: the pair on the way with the fewest operations; of equal ones that with a batch,
        in one term as in the next, so that both share it."""
        numbers, arrays = list(self.items), self.arrays
        labels = [a.labels for a in arrays]

        pairs = list(combinations(range(len(numbers)), 2))
        keys = {
            (i, j): self.pairs.key(arrays[i], arrays[j], self._needed(arrays[i], arrays[j]))
            for i, j in pairs
        }

        def cost(pair: tuple[int, int]) -> tuple[int, bool, int]:
            first, rest = self.costs.step(labels, self.free, pair)
            total = (0 if self._is_free(keys[pair]) else first) + self.costs.cheapest(
                rest, self.free
            )
            return total, not of_examples(labels[pair[0]] + labels[pair[1]]), sum(pair)

        i, j = min(pairs, key=cost)
        self.pairs.pass_by((key for pair, key in keys.items() if pair != (i, j)), self)
        return numbers[i], numbers[j]
