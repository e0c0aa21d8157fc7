"""Functions of what is looked up, of the table: exp(s)[u] for exp(s[u]), where fewer entries are in
the table.

What takes little time in an entry, as a multiple, is done in the table where it leads to a function
that takes long.
"""

from __future__ import annotations

from symgrad.numerics.arrays.listing import Op
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.buffers.base import ArrayPass
from symgrad.numerics.interpreter import Sizes, entries

SHORT = {"add", "subtract", "multiply", "divide", "negative", "maximum", "minimum"}
FEWER = 2  # times as many entries as the table


def in_tables(program: Program, sizes: Sizes) -> Program:
    """The program with such functions of tables, which are looked up then."""
    if not any(op.kind == "take" for op in program.ops):
        return program
    return _InTables(sizes).over(program)


class _InTables(ArrayPass):
    """`looked_up` has of each operation that can be the look-up of one."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.looked_up: dict[Op, Op] = {}

    def made(self, op: Op) -> Op:
        """The operation, or a look-up of what it is of the table."""
        if op.kind == "look" and (rows := self.looked_up.get(self.of(op.operands[0]))) is not None:
            return self.listing.again(op, rows.operands[:1])
        done = super().made(op)
        if _names_rows(op):
            table = done.operands[0]
            if FEWER * entries(table.dims, self.sizes) <= entries(done.dims, self.sizes):
                self.looked_up[done] = done
        elif op.kind == "ufunc" and op.dims and (found := self._of_tables(done)) is not None:
            self.looked_up |= {done: found, found: found}
            return done if op.name in SHORT else found
        return done

    def _of_tables(self, op: Op) -> Op | None:
        """An operation on rows that the same labels name, as rows of that on the tables."""
        arrays = [x for x in op.operands if x.dims]
        rows = [self.looked_up.get(x) for x in arrays]
        if any(x is None or x.dims != op.dims for x in rows):
            return None
        first, *others = (x for x in rows if x is not None)
        if any(x.operands[1] is not first.operands[1] for x in others):
            return None
        tables = iter(x.operands[0] for x in rows if x is not None)
        dims = first.operands[0].dims
        operands = tuple(next(tables) if x.dims else x for x in op.operands)
        of_table = self.listing.op("ufunc", operands, dims, name=op.name)
        return self.listing.op("take", (of_table, first.operands[1]), op.dims, axes=(0,))


def _names_rows(op: Op) -> bool:
    """Whether it is rows of a table that labels name."""
    return op.kind == "take" and len(op.operands) == 2 and op.axes == (0,) and not op.of_sparse
