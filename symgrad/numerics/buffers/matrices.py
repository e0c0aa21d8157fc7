"""A product of tensors as one of matrices, where the indices that are summed stand together at the
beginning or the end of both: sum_nk a_ink b_nkj is (i x nk) times (nk x j), and nothing is copied.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from symgrad.numerics.arrays.listing import Dims, Op


class AsMatrix(NamedTuple):
    """How an operand is read: the axes that it keeps, those that are summed, and which of them come
    first."""

    kept: Dims
    summed: Dims
    summed_first: bool

    @property
    def axes(self) -> tuple[Dims, ...]:
        """What its one or two axes stand for."""
        order = (self.summed, self.kept) if self.summed_first else (self.kept, self.summed)
        return tuple(dims for dims in order if dims)


def as_matrices(op: Op) -> tuple[AsMatrix, AsMatrix] | None:
    """How the operands of a tensordot are read as matrices; None where that needs copies, and of
    any other operation."""
    if op.kind != "product" or op.name != "tensordot" or op.of_sparse:
        return None
    *both, out = op.axes
    summed = tuple(x for x in both[0] if x not in out)
    matrices = [
        _read(x.dims, letters, summed) for x, letters in zip(op.operands, both, strict=True)
    ]
    left, right = matrices
    return None if left is None or right is None else (left, right)


def matrix_texts(op: Op, shaped: Callable[[Op, Sequence[Dims], bool], str]) -> list[str]:
    """Both matrices and their product, none where `as_matrices` has none: `shaped(op, axes,
    turned)` is the text of an array with so many axes, each for some of its own, transposed where
    it is turned."""
    read = as_matrices(op)
    if read is None:
        return []
    left, right = read
    return [
        shaped(op.operands[0], left.axes, left.summed_first),
        shaped(op.operands[1], right.axes, not right.summed_first),
        shaped(op, tuple(dims for dims in (left.kept, right.kept) if dims), False),
    ]


def _read(dims: Dims, letters: tuple[int, ...], summed: tuple[int, ...]) -> AsMatrix | None:
    count, kept = len(summed), len(letters) - len(summed)
    if letters[kept:] == summed:
        return AsMatrix(dims[:kept], dims[kept:], False)
    return AsMatrix(dims[count:], dims[:count], True) if letters[:count] == summed else None
