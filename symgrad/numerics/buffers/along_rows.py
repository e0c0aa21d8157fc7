"""Sums of products along rows, as products of rows.

    s_n = sum_k a_nk b_nk      one product of two vectors for each n

The products of the entries have no array of their own. A call of BLAS for each row pays where rows
are long.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from symgrad.calculus.nodes import Axis
from symgrad.numerics.arrays.listing import VIEWS, Op
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.buffers.base import ArrayPass
from symgrad.numerics.interpreter import size_of

LONG = 64  # entries of a row
KNOWN = hasattr(np, "vecdot")  # from NumPy 2.0 on


def by_rows(program: Program, sizes: Mapping[Axis, int]) -> Program:
    """The program without products of entries that are only summed along long rows."""
    sums = (op for op in program.ops if op.kind == "reduce" and op.name == "add")
    alone = [op for op in sums if _is_product(op, sizes) and program.uses[op.operands[0]] == 1]
    found = {op: op.operands[0].operands for op in alone}
    return _ByRows(found).over(program) if found and KNOWN else program


class _ByRows(ArrayPass):
    def otherwise(self, op: Op, found: tuple[Op, Op]) -> Op:
        """A sum along rows by their products."""
        one, other = map(self.of, found)
        letters = tuple(range(len(one.dims)))
        axes = (letters, letters, letters[:-1])
        return self.listing.op("product", (one, other), op.dims, name="vecdot", axes=axes)


def _is_product(op: Op, sizes: Mapping[Axis, int]) -> bool:
    """Whether it is a sum along long rows of the products of two arrays, entry by entry."""
    (of,) = op.operands
    if (of.kind, of.name) != ("ufunc", "multiply") or not op.dims or of.of_sparse:
        return False
    whole = all(x.dims == of.dims and x.kind not in VIEWS for x in of.operands)
    return whole and op.axes == (len(op.dims),) and size_of(of.dims[-1], sizes) >= LONG
