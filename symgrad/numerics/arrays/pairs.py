"""Products of two arrays, each made once: `np.dot` where it is a matrix product, a batch being one
more index like any other (F.T @ H, never a loop)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from symgrad.calculus.nodes import Label
from symgrad.language.dimensions import ONE
from symgrad.numerics.arrays.listing import Array, Labels, Listing, Op, of_examples
from symgrad.numerics.arrays.systems import Systems

FEW = 4  # products that may be made for several terms, of which each is tried alone
LARGE = 10**6  # entries of a factor whose product is faster with few rows than few columns


@dataclass
class Pairs:
    """Multiplies two arrays, and sums over the indices that are not `needed` by anything else."""

    listing: Listing
    systems: Systems
    volume: Callable[[Labels], int]  # how many entries an array over these indices has
    made: dict[Hashable, tuple[Op, list[tuple[int, int]]]] = field(default_factory=dict)
    # the result for each key, and its axes
    left: dict[Hashable, object] = field(default_factory=dict)  # not chosen, by which term first
    shared: set[Hashable] = field(default_factory=set)  # not chosen by several terms

    def product(
        self, a: Array, b: Array, needed: Set[Hashable], order: Sequence[Hashable]
    ) -> Array:
        """The product, made once whichever way round it is asked for; its axes are in this order
        where that costs nothing."""
        a, b = self._turned(a, b), self._turned(b, a)
        key = _key(a, b, needed)
        pair = _ordered(a, b)
        if key in self.made:
            op, axes = self.made[key]
            return Array(op, tuple(pair[which].labels[axis] for which, axis in axes))
        result = self._made(a, b, needed, order)
        axes = [
            (which, pair[which].labels.index(x))
            for x in result.labels
            for which in ([0] if x in pair[0].labels else [1])
        ]
        self.made[key] = result.op, axes
        return result

    def key(self, a: Array, b: Array, needed: Set[Hashable]) -> Hashable:
        """What a product of two arrays is, whatever their indices are called."""
        return _key(self._turned(a, b), self._turned(b, a), needed)

    def between(self, key: Any) -> Hashable:
        """A product of two nodes, by these; None of others."""
        first, second, *how = key
        nodes = self.listing.nodes.get(first), self.listing.nodes.get(second)
        return None if None in nodes else (*nodes, *how)

    @property
    def regretted(self) -> Sequence[frozenset[Hashable]]:
        """The products of two nodes that one term passed by, and another one made; these, and those
        that several terms passed by; each of a few alone. Each where there are any."""
        made = frozenset({*map(self.between, self.left.keys() & self.made.keys())} - {None})
        both = made.union({*map(self.between, self.shared)} - {None})
        alone = [frozenset({x}) for x in both] if len(both) <= FEW else []
        return [x for x in dict.fromkeys((made, both, *alone)) if x]

    def pass_by(self, keys: Iterable[Hashable], term: object) -> None:
        """A term does not choose these products."""
        for key in keys:
            if not _grows(key) and self.left.setdefault(key, term) is not term:
                self.shared.add(key)

    def _turned(self, a: Array, other: Array) -> Array:
        """A symmetric matrix with the index that the other array has at the end: S_ij = S_ji, so
        that S b and b^T S are one product."""
        if a.op not in self.listing.symmetric or len(a.labels) != 2:
            return a
        first, last = a.labels
        turn = first in other.labels and last not in other.labels
        return Array(a.op, (last, first)) if turn else a

    def _made(self, a: Array, b: Array, needed: Set[Hashable], order: Sequence[Hashable]) -> Array:
        for inverse, other in ((a, b), (b, a)):
            if inverse.op in self.systems.unmade:
                solution = self.systems.solved(inverse, other, needed)
                if solution is not None:
                    return solution
        a, b = self._alone(a, b, needed), self._alone(b, a, needed)
        shared = [x for x in a.labels if x in b.labels]
        summed = tuple(x for x in shared if x not in needed)
        rank = {x: k for k, x in enumerate(order)}
        if not summed:
            every = dict.fromkeys((*a.labels, *b.labels))
            leads = {y.labels[:1] for y in (a, b)}
            rest = {x: -1 if leads == {(x,)} else len(rank) for x in every}  # examples stay first
            labels = tuple(sorted(every, key=lambda x: rank.get(x, rest[x])))
            return self.listing.ufunc("multiply", [a, b], labels)
        examples = tuple(x for x in shared if x in needed)
        rows = tuple(x for x in a.labels if x not in shared)
        columns = tuple(x for x in b.labels if x not in shared)
        if examples:
            if of_examples(columns) and not of_examples(rows):
                a, b, rows, columns = b, a, columns, rows
            return self._batched(a, b, examples, rows, columns, summed)
        if rows and columns and self._before(columns[0], rows[0], order, (a, b)):
            return self._plain(b, a, columns, rows, summed)
        return self._plain(a, b, rows, columns, summed)

    def _before(
        self, one: Hashable, other: Hashable, order: Sequence[Hashable], factors: Sequence[Array]
    ) -> bool:
        """Whether an index of a product stands before another: examples do, then the shorter one,
        where a factor is large and the product is summed over; then what comes first in the end."""
        large = any(self.volume(x.labels) >= LARGE for x in factors)
        shortest_first = large and not {one, other} <= {*order}

        def place(x: Hashable) -> tuple[bool, int, float]:
            length = self.volume((x,)) if shortest_first else 0
            return not of_examples((x,)), length, order.index(x) if x in order else 0.5

        return place(one) < place(other)

    def _alone(self, a: Array, other: Array, needed: Set[Hashable]) -> Array:
        """The array summed over the indices that it alone has."""
        alone = [x for x in a.labels if x not in needed and x not in other.labels]
        return self.listing.reduced("add", a, alone)

    def _plain(self, a: Array, b: Array, rows: Labels, columns: Labels, summed: Labels) -> Array:
        """sum_k a_ik b_kj."""
        product, permuted = self.listing.product, self.listing.permuted
        if not rows and not columns:
            name = "dot" if len(a.labels) == 1 else "vdot"
            return product(name, a.op, permuted(b, a.labels), (a.labels, a.labels, ()))
        out = (*rows, *columns)
        if len(summed) == len(out) == 1 and not (a.op.sparse or b.op.sparse):
            return self._vector(a, b, out, summed) if columns else self._vector(b, a, out, summed)
        if len(summed) == 1 and len(rows) <= 1 and len(columns) <= 1:
            left, right = (*rows, *summed), (*summed, *columns)
            return product("dot", permuted(a, left), permuted(b, right), (left, right, out))
        return product("tensordot", a.op, b.op, (a.labels, b.labels, out))

    def _vector(self, vector: Array, matrix: Array, out: Labels, summed: Labels) -> Array:
        """sum_k m_ik v_k, the vector on the side where the matrix is not transposed."""
        product, rows = self.listing.product, (*out, *summed)
        left = self.listing.permuted(matrix, rows)
        if left.kind != "permute":
            return product("dot", left, vector.op, (rows, summed, out))
        columns = (*summed, *out)
        return product(
            "dot", vector.op, self.listing.permuted(matrix, columns), (summed, columns, out)
        )

    def _batched(
        self, a: Array, b: Array, examples: Labels, rows: Labels, columns: Labels, summed: Labels
    ) -> Array:
        """A product with an index that both have and the result keeps: sum_k a_nik b_nkj."""
        listing, out = self.listing, (*examples, *rows, *columns)
        if not rows and not columns:
            order = a.labels if a.labels == b.labels else (*examples, *summed)
            product = listing.ufunc("multiply", [a, b], order)
            return listing.reduced("add", product, summed)
        if len(rows) > 1 or len(columns) > 1 or len(summed) > 1:
            return listing.product("einsum", a.op, b.op, (a.labels, b.labels, out))
        row, column = rows or (Label(ONE),), columns or (Label(ONE),)
        left = listing.permuted(a, (*examples, *rows, *summed))
        right = listing.permuted(b, (*examples, *summed, *columns))
        left = left if rows else listing.expanded(left, (len(examples),))
        right = right if columns else listing.expanded(right, (len(examples) + 1,))
        letters = (*examples, *row, *summed), (*examples, *summed, *column)
        op = listing.product("matmul", left, right, (*letters, (*examples, *row, *column))).op
        if not (rows and columns):
            op = listing.dropped(op, -2 if columns else -1)
        return Array(op, out)


def _ordered(a: Array, b: Array) -> tuple[Array, Array]:
    """Two arrays in the order in which they were made."""
    return (a, b) if a.op.serial <= b.op.serial else (b, a)


def _key(a: Array, b: Array, needed: Set[Hashable]) -> Hashable:
    """Two arrays as they are multiplied, whatever their indices are called."""
    first, second = _ordered(a, b)
    shared = tuple(
        (k, second.labels.index(x)) for k, x in enumerate(first.labels) if x in second.labels
    )
    open_axes = tuple(x in needed for y in (first, second) for x in y.labels)
    return first.op, second.op, shared, open_axes


def _grows(key: Any) -> bool:
    """Whether a product has more axes than either of its factors."""
    first, second, shared, open_axes = key
    count: int = sum(open_axes) - sum(open_axes[k] for k, _ in shared)
    return count > max(len(first.dims), len(second.dims))
