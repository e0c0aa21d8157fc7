"""The largest entries of short rows, along the columns of a transposed copy.

NumPy goes along the last axis in a loop for each row. Where rows are short and many, as the scores
of a few classes, one copy and long loops take less time: of 128 x 10 numbers a third.
"""

from __future__ import annotations

from collections.abc import Mapping

from symgrad.calculus.nodes import Axis
from symgrad.numerics.arrays.listing import Array, Op
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.buffers.base import ArrayPass
from symgrad.numerics.buffers.layouts import COPY
from symgrad.numerics.interpreter import size_of

COLUMNS, ROWS = 48, 16  # at most, at least


def along_columns(program: Program, sizes: Mapping[Axis, int]) -> Program:
    """The program with maxima and products of short rows taken along columns."""
    narrow = {op: op.name for op in program.ops if _is_narrow(op, sizes)}
    return _Columns(narrow).over(program) if narrow else program


def _is_narrow(op: Op, sizes: Mapping[Axis, int]) -> bool:
    dims = op.operands[0].dims if op.kind == "reduce" else ()
    if len(dims) != 2 or op.name == "add" or op.axes != (1,) or op.of_sparse:
        return False
    rows, columns = (size_of(axis, sizes) for axis in dims)
    return columns <= COLUMNS and rows >= ROWS


class _Columns(ArrayPass):
    def otherwise(self, op: Op, found: str) -> Op:
        """What is taken of short rows, along columns."""
        columns = self._turned(*self.operands(op))
        return self.listing.op("reduce", (columns,), op.dims, name=found, axes=(0,))

    def _turned(self, a: Op) -> Op:
        """Columns by rows, in that order in memory."""
        turned = self.listing.permuted(Array(a, (0, 1)), (1, 0))
        if turned.kind != "permute":
            return turned
        return self.ufunc(turned, COPY, turned)
