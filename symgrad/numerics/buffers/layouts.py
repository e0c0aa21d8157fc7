"""The order of axes in memory: of a program with buffers, which writes each array where it says.

A sum of products of tensors is a product of matrices, of rows and columns that are several axes
each. An array whose axes do not stand so is copied once, for all products that need it. What is
computed entry by entry of such a product, or summed, has its order, and so meets the next product
as it is; what is made of smaller arrays alone has the order in which it is read (orders.py).
Where factors share an index with their product, as heads of attention do, there are many products
of matrices:

    c_hij = sum_nk a_nhik b_nhkj        sum_n of the matrices a_nh b_nh

A transposed matrix is copied, once, before it is gone through entry by entry, which takes several
times as long along its columns. The copy takes a strip of its rows at a time: a line of memory has
several entries of a row, and is still in the cache when the next column needs it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from math import prod
from typing import Any, TypeAlias

from symgrad.calculus.nodes import Axis
from symgrad.language.dimensions import ONE
from symgrad.numerics.arrays.listing import Array, Op
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.buffers.base import ArrayPass
from symgrad.numerics.buffers.orders import inverse, wanted_orders
from symgrad.numerics.interpreter import size_of

COPY = "positive"  # the ufunc that changes nothing, into a buffer with its axes in their order
SMALL = 512  # multiplications of a product of matrices that take as long as its call
STRIP = 64  # rows of a matrix that is transposed, of which a cache holds a line each
EVEN, LINES = 128, 16  # where rows are a multiple of so many entries, it holds so few of them
STRIPS = 1 << 14  # entries, below which a cache holds all lines
Letters: TypeAlias = tuple[Any, ...]


def laid_out(program: Program, sizes: Mapping[Axis, int]) -> Program:
    """The program with the axes of tensors in the order in which products need them."""
    if not any(_of_tensors(op) or _has_turned(op) for op in program.ops):
        return program
    results = frozenset(op for op, _ in program.results)
    return _Layouts(sizes, results, wanted_orders(program)).over(program)


def _of_tensors(op: Op) -> bool:
    return op.name in ("tensordot", "einsum") and not op.of_sparse


def _has_turned(op: Op) -> bool:
    """Whether it reads tensors in another order of axes, or entries of transposed matrices."""
    tensors = (x for x in op.operands if x.kind == "permute" and len(x.dims) > 2)
    return any(tensors) or bool(_turned(op, op.operands))


def _turned(op: Op, operands: Sequence[Op]) -> list[Op]:
    """The operands that are transposed matrices, where it goes through them entry by entry."""
    if op.of_sparse or not (op.kind == "ufunc" or op.name == "vdot"):
        return []
    return [x for x in operands if x.kind == "permute" and len(x.dims) == 2]


class _Layouts(ArrayPass):
    def __init__(
        self, sizes: Mapping[Axis, int], results: frozenset[Op], wanted: Mapping[Op, Letters]
    ) -> None:
        super().__init__()
        self.sizes, self.results, self.wanted = sizes, results, wanted

    def made(self, op: Op) -> Op:
        """The operation with the axes that it had: a view of it where they stand in another order
        in memory."""
        operands = self.operands(op)
        if op.kind == "ufunc" and op not in self.results:
            whole = [x for x in operands if x.dims == op.dims]
            turned = [x for x in whole if x.kind == "permute"]
            alone = turned == whole and not any(map(self._is_copied, turned))
            if turned and (len(op.dims) > 2 or alone):
                return self._in_order(op, operands, inverse(turned[0].axes))
            if op in self.wanted:
                return self._in_order(op, operands, self.wanted[op])
        if op.kind == "reduce" and operands[0].kind == "permute":
            return self._reduced(op, *operands)
        if _of_tensors(op):
            arrays = [_base(x, own) for x, own in zip(operands, op.axes[:2], strict=True)]
            made = self._of_one if op.name == "tensordot" else self._of_many
            return made(op, arrays) or self._again(op, operands)
        return self._again(op, operands)

    def _again(self, op: Op, operands: tuple[Op, ...]) -> Op:
        if op.kind == "permute":
            (own,) = operands
            return self.listing.permuted(Array(own, (*range(len(op.dims)),)), op.axes)
        turned = [x.axes for x in operands if x.kind == "permute"]
        if op.name == "vdot" and len(turned) == 2 and turned[0] == turned[1]:
            operands = tuple(x.operands[0] for x in operands)  # alike, in whatever order
        return self.listing.again(op, self._straight(op, operands))

    def _straight(self, op: Op, operands: tuple[Op, ...]) -> tuple[Op, ...]:
        """The operands, of transposed matrices their copies."""
        turned = _turned(op, operands)
        return tuple(self._copy_of(x) if x in turned else x for x in operands)

    def _in_order(self, op: Op, operands: Sequence[Op], places: Letters) -> Op:
        """A ufunc with its axes in this order in memory."""
        count = len(op.dims)
        spread = tuple(
            self.listing.permuted(
                Array(self.listing.expanded(x, (*range(count - len(x.dims)),)), (*range(count),)),
                places,
            )
            if x.dims
            else x
            for x in operands
        )
        dims = tuple(op.dims[k] for k in places)
        made = self.listing.op("ufunc", spread, dims, name=op.name)
        return self.listing.permuted(Array(made, places), (*range(count),))

    def _reduced(self, op: Op, turned: Op) -> Op:
        """A sum or maximum, of an array in the order of its memory."""
        (own,), order = turned.operands, turned.axes
        summed = tuple(sorted(order[k] for k in op.axes))
        rest = tuple(k for k in range(len(order)) if k not in summed)
        dims = tuple(own.dims[k] for k in rest)
        made = self.listing.op("reduce", (own,), dims, name=op.name, axes=summed)
        return self.listing.permuted(Array(made, rest), [k for k in order if k in rest])

    def _of_one(self, op: Op, arrays: Sequence[Array]) -> Op:
        """A product of tensors as one of matrices."""
        out = op.axes[2]
        summed = {k for k in op.axes[0] if k not in out}
        ready = [_summed(a.labels, summed) for a in arrays]
        order = next((s for s in ready if s), tuple(k for k in arrays[0].labels if k in summed))
        a, b = (
            x if own == order else self._copied(x, order)
            for x, own in zip(arrays, ready, strict=True)
        )
        found = (*(k for k in a.labels if k in out), *(k for k in b.labels if k in out))
        axes = {k: axis for x in (a, b) for k, axis in zip(x.labels, x.op.dims, strict=True)}
        made = self.listing.op(
            "product",
            (a.op, b.op),
            tuple(axes[k] for k in found),
            name=op.name,
            axes=(a.labels, b.labels, found),
        )
        return self.listing.permuted(Array(made, found), out)

    def _of_many(self, op: Op, arrays: Sequence[Array]) -> Op | None:
        """A product of tensors as a sum of products of matrices; None where these are small, or
        none."""
        left, right, out = op.axes
        axes: dict[Any, Axis] = {
            k: d for x in arrays for k, d in zip(x.labels, x.op.dims, strict=True)
        }
        lengths = {k: size_of(axis, self.sizes) for k, axis in axes.items()}
        rows, columns = (
            [k for k in own if k not in other] for own, other in ((left, right), (right, left))
        )
        ends = [max(x, key=lengths.__getitem__, default=None) for x in (rows, columns)]
        inner = max((k for k in left if k not in out), key=lengths.__getitem__, default=None)
        if inner is None or prod(lengths[k] for k in (*ends, inner) if k is not None) < SMALL:
            return None
        new = count(max(axes) + 1)  # letters of axes of length 1
        row, column = (next(new) if k is None else k for k in ends)
        leading = tuple(k for k in dict.fromkeys((*out, *left)) if k not in (row, column, inner))
        a = self._aligned(arrays[0], (*leading, row, inner), new)
        b = self._aligned(arrays[1], (*leading, inner, column), new)
        dims = tuple(axes.get(k, ONE) for k in (*leading, row, column))
        letters = a.labels, b.labels, (*leading, row, column)
        made = self.listing.op("product", (a.op, b.op), dims, name="matmul", axes=letters)
        if not columns:
            made = self.listing.dropped(made, -1)
        if not rows:
            made = self.listing.dropped(made, -2 if columns else -1)
        found = tuple(k for k in (*leading, row, column) if k in axes)
        summed = tuple(k for k, x in enumerate(found) if x not in out)
        rest = tuple(k for k in found if k in out)
        if summed:
            dims = tuple(axes[k] for k in rest)
            made = self.listing.op("reduce", (made,), dims, name="add", axes=summed)
        return self.listing.permuted(Array(made, rest), out)

    def _aligned(self, a: Array, labels: Letters, new: Iterator[int]) -> Array:
        """A factor with the axes of its matrices last; a copy where their entries lie apart."""
        if a.labels[-1] not in labels[-2:]:
            a = self._copy(a, tuple(k for k in labels if k in a.labels))
        op = self.listing.aligned(a, labels)
        letters = labels[len(labels) - len(op.dims) :]
        return Array(op, tuple(k if k in a.labels else next(new) for k in letters))

    def _copied(self, a: Array, order: Letters) -> Array:
        """A copy with these axes last; one with them first, if it is there."""
        rest = tuple(k for k in a.labels if k not in order)
        for labels in ((*order, *rest), (*rest, *order)):
            if self._is_copied(self.listing.permuted(a, labels)):
                break
        return self._copy(a, labels)

    def _copy(self, a: Array, labels: Letters) -> Array:
        return Array(self._copy_of(self.listing.permuted(a, labels)), labels)

    def _copy_of(self, op: Op) -> Op:
        axes = _strips(op, self.sizes)
        return self.listing.op("ufunc", (op,), op.dims, name=COPY, axes=axes)

    def _is_copied(self, op: Op) -> bool:
        axes = _strips(op, self.sizes)
        return ("ufunc", COPY, (op,), axes, op.dims, 0.0) in self.listing.table


def _strips(op: Op, sizes: Mapping[Axis, int]) -> tuple[int, ...]:
    """How many columns of a transposed matrix are copied at a time; nothing if all of them."""
    if op.kind != "permute" or len(op.dims) != 2:
        return ()
    length, count = (size_of(axis, sizes) for axis in op.dims)
    width = STRIP if length % EVEN else LINES
    return (width,) if length >= STRIP and count > width and length * count >= STRIPS else ()


def _base(op: Op, letters: Letters) -> Array:
    """An array in the order of its memory."""
    if op.kind != "permute":
        return Array(op, letters)
    return Array(op.operands[0], tuple(letters[op.axes.index(k)] for k in range(len(letters))))


def _summed(labels: Letters, summed: set[int]) -> Letters:
    """The order of what is summed over, where that stands first or last; else nothing."""
    places = [k for k, x in enumerate(labels) if x in summed]
    count = len(places)
    ends = (range(count), range(len(labels) - count, len(labels)))
    return tuple(labels[k] for k in places) if any([*end] == places for end in ends) else ()
