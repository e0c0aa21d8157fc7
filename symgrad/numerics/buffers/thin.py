"""How many rows a block has whose thin products are small ones.

OpenBLAS copies the factors of a product into an order that its kernel reads, which pays where each
of them is used often. A product with a narrow factor takes half of the time without; kernels for
AVX-512 make small products so, and a product of many rows is cut into such. (Of x W^T, with a
transpose on the right, the result has to be small, too.) Where the program has no blocks, such a
product goes through strips of rows of its own.
"""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

from symgrad.calculus.nodes import Axis
from symgrad.numerics.arrays.listing import Op
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.interpreter import Sizes, entries, size_of
from symgrad.numerics.openblas import FEWEST, SMALL, STRIPED, without_copies

NARROW = {8: 64, 4: 16}  # the narrower factor, of numbers of so many bytes
TURNED = {8: 20, 4: 10}  # the same where the right factor is a transpose
ENTRIES = 1200  # and the most of its result then
WORTH = SMALL // 2  # multiplications, the fewest of a product in a block
LINE = 30_000  # bytes that are copied as fast as a line of code is called
PARTS = 20  # lines that take as long as going through blocks at all


def strips(program: Program, sizes: Sizes, unit: int) -> dict[Op, int]:
    """Of each product with a narrow matrix on the right how many rows of the left one make it
    small, where they are fewer than all; `unit` is the bytes of a number."""
    if not without_copies():
        return {}
    found = {op: _strip(op, sizes, unit) for op in program.ops if op.kind == "product"}
    return {op: rows for op, rows in found.items() if rows}


def _strip(op: Op, sizes: Sizes, unit: int) -> int:
    """The rows of a strip; 0 for other products."""
    left, right = op.operands
    if op.name != "dot" or op.of_sparse or not len(left.dims) == len(right.dims) == 2:
        return 0
    rows, summed, narrow = (size_of(axis, sizes) for axis in (*left.dims, right.dims[1]))
    if "permute" in (left.kind, right.kind) or not 1 < narrow <= STRIPED.get(unit, 0):
        return 0
    strip = SMALL // (summed * narrow)
    return strip if FEWEST <= strip < rows else 0


class Thin(NamedTuple):
    """A product of two matrices: of how many rows it is small, and the entries of its factors that
    belong to a row."""

    rows: int
    entries: int


def rows_without_copies(
    program: Program, axis: Axis, of_row: Sizes, count: int, most: int, unit: int, moved: int
) -> int:
    """How many of `count` rows make thin products small, where these take less time by more than
    blocks cost; else `most`. `of_row` are the sizes of one row, `unit` the bytes of a number, and
    `moved` those that stay in a cache with blocks alone."""
    every = {op: _thin(op, axis, of_row, unit) for op in program.ops}
    thin = [each for each in every.values() if each is not None and each.rows < most]
    if not thin or not without_copies():
        return most
    rows = min(each.rows for each in thin)
    blocks = ceil(count / rows) - ceil(count / most)
    lines = blocks * len(program.ops) + PARTS * (most == count)
    wide = [op for op, each in every.items() if op.kind == "product" and each is None]
    added = sum(entries(op.dims, of_row) for op, _ in program.results)
    again = sum(_whole(op, axis, of_row) for op in wide) + added
    saved = unit * (count * sum(each.entries for each in thin) - blocks * again)
    return rows if lines * LINE < saved + moved * (most == count) else most


def _thin(op: Op, axis: Axis, of_row: Sizes, unit: int) -> Thin | None:
    """A product of the rows with a matrix, or summed over the rows, that is narrow."""
    if op.kind != "product" or op.name not in ("dot", "tensordot") or op.of_sparse:
        return None
    shapes = [x.dims for x in (*op.operands, op)]
    if sum(axis in dims for dims in shapes) != 2:
        return None
    *_, result = counts = [entries(dims, of_row) for dims in shapes]
    narrow, wide, multiplications = sorted(counts)
    turned = axis in op.dims and op.operands[1].kind == "permute"
    if not 1 < narrow <= (TURNED if turned else NARROW).get(unit, 0):
        return None
    rows = SMALL // multiplications
    if turned:
        rows = min(rows, ENTRIES // result)
        if rows * multiplications < WORTH:
            return None
    return Thin(max(1, rows), narrow + wide)


def _whole(op: Op, axis: Axis, of_row: Sizes) -> int:
    """The entries that a product takes, or adds to, in each block again."""
    return sum(entries(x.dims, of_row) for x in (*op.operands, op) if axis not in x.dims)
