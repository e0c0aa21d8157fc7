"""The largest entries of short rows, along the columns of a transposed copy.

NumPy goes along the last axis in a loop for each row. Where rows are short and many, as the scores
of a few classes, one copy and long loops take less time: of 128 x 10 numbers a third.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symgrad.calculus.nodes import Axis
from symgrad.numerics.arrays.listing import Array, Listing, Op
from symgrad.numerics.buffers.layouts import COPY
from symgrad.numerics.interpreter import size_of
from symgrad.numerics.source.numpy import Program

COLUMNS, ROWS = 32, 16  # at most, at least


def along_columns(program: Program, sizes: Mapping[Axis, int]) -> Program:
    """The program with maxima and products of short rows taken along columns."""
    narrow = frozenset(op for op in program.ops if _is_narrow(op, sizes))
    if not narrow:
        return program
    made = _Columns(narrow)
    for op in program.ops:
        made.of(op)
    results = tuple((made.of(op), dims) for op, dims in program.results)
    return Program(program.inputs, tuple(made.listing.ops), results, program.floats)


def _is_narrow(op: Op, sizes: Mapping[Axis, int]) -> bool:
    dims = op.operands[0].dims if op.kind == "reduce" else ()
    if len(dims) != 2 or op.name == "add" or op.axes != (1,) or op.of_sparse:
        return False
    rows, columns = (size_of(axis, sizes) for axis in dims)
    return columns <= COLUMNS and rows >= ROWS


@dataclass
class _Columns:
    """What became of each operation."""

    narrow: frozenset[Op]
    listing: Listing = field(default_factory=Listing)
    done: dict[Op, Op] = field(default_factory=dict)

    def of(self, op: Op) -> Op:
        """An operation in the new program."""
        if op not in self.done:
            operands = tuple(map(self.of, op.operands))
            if op in self.narrow:
                operands = (self._turned(*operands),)
                made = self.listing.op("reduce", operands, op.dims, name=op.name, axes=(0,))
            else:
                made = self.listing.again(op, operands)
            self.done[op] = made
        return self.done[op]

    def _turned(self, a: Op) -> Op:
        """Columns by rows, in that order in memory."""
        turned = self.listing.permuted(Array(a, (0, 1)), (1, 0))
        if turned.kind != "permute":
            return turned
        return self.listing.op("ufunc", (turned,), turned.dims, name=COPY)
