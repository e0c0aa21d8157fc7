"""Products of arrays with more than two axes as products of matrices, which BLAS does.

    c[n, i, j] = sum_k a[n, i, k] b[n, k, j]

for each n, where each of these letters stands for several axes: n for those that both factors and
the product have, i and j for the others of the product, k for those that are summed over. A factor
is read where it stands if its axes have such an order there, (n, i, k) or (n, k, i); else a copy
of it is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from symgrad.calculus.nodes import Axis
from symgrad.language.dimensions import ONE
from symgrad.numerics.arrays.listing import Dims, Op
from symgrad.numerics.compiled.entries import STORED, indices
from symgrad.numerics.compiled.products import product_text

Letters = tuple[int, ...]


@dataclass(frozen=True)
class Factor:
    """An array to multiply: `order` are the letters of its axes as it has to stand, after those of
    the examples its own and then those summed over, or these first where it is `turned`."""

    op: Op
    letters: Letters
    order: Letters
    turned: bool

    @property
    def stands(self) -> bool:
        """Whether it has this order already."""
        return self.op.kind in STORED and _long(self.op, self.letters) == self.order

    @property
    def dims(self) -> Dims:
        """Its shape in this order."""
        size = dict(zip(self.letters, self.op.dims, strict=True))
        return tuple(size[x] for x in self.order)

    @property
    def at(self) -> list[str]:
        """Where its entry is, at the indices of this order."""
        at = dict(zip(self.order, indices(self.order), strict=True))
        return [at.get(x, "0") for x in self.letters]


@dataclass(frozen=True)
class Batch:
    """Products of matrices; each of the sizes are those of the axes that make one."""

    left: Factor
    right: Factor
    examples: Dims
    rows: Dims
    summed: Dims
    columns: Dims

    @property
    def parts(self) -> tuple[Dims, ...]:
        """The axes of examples, rows, what is summed over, and columns."""
        return self.examples, self.rows, self.summed, self.columns

    def text(self, arrays: Sequence[str], count: str, sizes: Sequence[str]) -> str:
        """The call that multiplies the matrices of example i0, of this many, of arrays: the
        factors and their product."""
        (m, k, n), (left, right, out) = sizes, arrays
        left = matrix(left, count, (m, k), self.left.turned)
        right = matrix(right, count, (k, n), not self.right.turned)
        out = matrix(out, count, (m, n), False)
        return product_text(left, right, out, [m or "1", k, n or "1"])


def batch(op: Op) -> Batch | None:
    """A product of two arrays as products of matrices, if it is that: not where only examples are
    left, nor where an axis of length 1 stands for another."""
    (a, b), (left, right, out) = op.operands, op.axes
    pairs = [*zip(left, a.dims, strict=True), *zip(right, b.dims, strict=True)]
    size: dict[int, Axis] = dict(pairs)
    if any(size[k] != d for k, d in pairs):
        return None
    long = [k for k in out if size[k] != ONE]
    examples = tuple(k for k in long if k in left and k in right)
    rows = tuple(k for k in long if k not in right)
    columns = tuple(k for k in long if k not in left)
    a, left = _base(a, left)
    b, right = _base(b, right)
    summed = tuple(k for k in left if k not in out and size[k] != ONE)
    if not summed or not (rows or columns) or [*examples, *rows, *columns] != long:
        return None
    return Batch(
        _factor(a, left, examples, rows, summed),
        _factor(b, right, examples, columns, summed),
        *(tuple(size[k] for k in part) for part in (examples, rows, summed, columns)),
    )


def _base(op: Op, letters: Letters) -> tuple[Op, Letters]:
    """What an array with its axes in another order is made of."""
    if op.kind == "permute":
        order = dict(zip(op.axes, letters, strict=True))
        return op.operands[0], tuple(order[k] for k in range(len(letters)))
    return op, letters


def _long(op: Op, letters: Letters) -> Letters:
    """The letters of the axes that are not of length 1."""
    return tuple(k for k, d in zip(letters, op.dims, strict=True) if d != ONE)


def _factor(op: Op, letters: Letters, examples: Letters, own: Letters, summed: Letters) -> Factor:
    """Turned where that is how it stands, or where its last axis is one of its own."""
    plain, turned = (*examples, *own, *summed), (*examples, *summed, *own)
    stands = _long(op, letters)
    other = stands == turned or (stands != plain and stands[-1] in own)
    return Factor(op, letters, turned if other else plain, other)


def matrix(array: str, batches: str, sizes: Sequence[str], turned: bool) -> str:
    """The text of the address of the matrix, or vector, of example i0, which has these sizes after
    it is turned."""
    lengths = [batches, *(reversed(sizes) if turned else sizes)]
    shape = ", ".join(filter(None, lengths))
    text = f"{array}.reshape(({shape},)){'[i0]' if batches else ''}"
    return f"{text}.ctypes{'.T' if turned and all(sizes) else ''}"
