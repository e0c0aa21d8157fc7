"""What takes a few entries of an array stands right behind it, in programs with buffers: what is
made of the array entry by entry later on can be written over it then.

    S = A B^T, P = exp(S), S_ii or S_iy        the entries come before P, which has the memory of S
"""

from __future__ import annotations

from collections.abc import Iterator

from symgrad.numerics.arrays.listing import GIVEN, Op
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.buffers.base import ArrayPass
from symgrad.numerics.buffers.layouts import COPY


def entries_early(program: Program) -> Program:
    """The program with look-ups of entries, and copies of diagonals, as early as they can be."""
    place = {op: k for k, op in enumerate(program.ops)}
    read: dict[Op, int] = {}  # the last line that needs an operation itself
    over: dict[Op, int] = {}  # the first one that could be written over it
    for op, k in place.items():
        for x in op.reads():
            read[x] = k
            if op.kind == "ufunc" and op.dims == x.dims and x in op.operands:
                over.setdefault(x, k)
    read |= dict.fromkeys((x for op, _ in program.results for x in (op, *op.reads())), len(place))
    few = {
        op
        for op, k in place.items()
        if _takes(op) and over.get(op.operands[0], k) < (k if op.kind == "take" else read[op])
    }
    if not few:
        return program
    return _Early(few).over(program, _ordered(program.ops, few))


class _Early(ArrayPass):
    def __init__(self, few: set[Op]) -> None:
        super().__init__()
        self.few = few

    def made(self, op: Op) -> Op:
        """The operation; a copy of a diagonal that was early."""
        again = super().made(op)
        if op not in self.few or op.kind != "diagonal":
            return again
        return self.listing.op("ufunc", (again,), op.dims, name=COPY)


def _takes(op: Op) -> bool:
    """Whether it is a few entries of an array that was computed."""
    if op.kind not in ("take", "diagonal") or op.of_sparse:
        return False
    of = op.operands[0]
    return not of.inline and len(op.dims) < len(of.dims)


def _ordered(ops: tuple[Op, ...], few: set[Op]) -> Iterator[Op]:
    """The operations, with these as soon as what they need is there."""
    done: set[Op] = set()
    waiting = [op for op in ops if op in few]
    for op in ops:
        if op in done:
            continue
        done.add(op)
        yield op
        for each in [x for x in waiting if x.operands[0] is op]:
            needed = [x for x in each.reads() if x not in done and x.kind not in GIVEN]
            if all(x.kind == "arange" for x in needed):
                done.update((*needed, each))
                yield from (*needed, each)
