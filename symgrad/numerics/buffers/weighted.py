"""Rows that are weighted and added where labels say, as products with a sparse matrix.

    G_rk = sum_n [r = u_n] e_n V[v_n]_k      G = S V, with e_n at the places (u_n, v_n) of S

Neither the rows that were looked up nor their multiples are made for it. The value of such a
scatter is an operation `weighted`, without a line: the weights, a table, and the labels of its
rows, where these were looked up.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from symgrad.calculus.nodes import Axis
from symgrad.numerics.arrays.listing import Op, additions
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.buffers.base import ArrayPass
from symgrad.numerics.interpreter import entries, size_of
from symgrad.numerics.source.scatters import MANY, of_rows


def by_weights(program: Program, sizes: Mapping[Axis, int]) -> Program:
    """The program without the weighted rows that are only added up, where these are many."""
    found: dict[Op, tuple[Op, ...]] = {}
    for op in program.ops:
        for _, value, _ in additions(op) if _is_large(op, sizes) else ():
            if program.uses[value] == 1 and (parts := _parts(value)):
                found[value] = parts
    return _Weighted(found).over(program) if found else program


class _Weighted(ArrayPass):
    def otherwise(self, op: Op, found: tuple[Op, ...]) -> Op:
        """Of weighted rows the weights and rows."""
        return self.listing.op("weighted", tuple(map(self.of, found)), op.dims)


def _is_large(op: Op, sizes: Mapping[Axis, int]) -> bool:
    """Whether a product with a sparse matrix takes less time than NumPy's additions."""
    if not of_rows(op):
        return False
    rows, *others = (size_of(axis, sizes) for axis in op.dims)
    counts = [entries(x.labels[0].dims, sizes) for x in additions(op)]
    return all(rows <= 2 * count and count * prod(others) >= MANY for count in counts)


def _parts(value: Op) -> tuple[Op, ...] | None:
    """The weights and what they multiply: rows, or a table and the labels of its rows."""
    if value.kind != "ufunc" or value.name != "multiply":
        return None
    for spread, rows in (value.operands, value.operands[::-1]):
        weights = spread.operands[0] if spread.kind == "expand" else spread
        behind = tuple(range(len(weights.dims), len(value.dims)))
        if rows.dims == value.dims and spread.kind == "expand" and spread.axes == behind:
            looked_up = rows.kind == "take" and len(rows.operands) == 2 and rows.axes == (0,)
            if looked_up and rows.operands[1].dims == weights.dims:
                return (weights, *rows.operands)
            return weights, rows
    return None
