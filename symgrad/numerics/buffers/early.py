"""What little waits for stands early, in programs with buffers.

What takes a few entries of an array stands right behind it, and so does a sum over them: what is
made of the array entry by entry later on can be written over it then.

    S = A B^T, P = exp(S), S_ii or S_iy        the entries come before P, which has the memory of S

What leads to one derivative alone stands right behind what it is made of, which is in the cache
there, and whose memory is free for what follows.

    D = E W, dL/dW = E^T H      the derivative comes before D, which can be where H is
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from symgrad.numerics.arrays.listing import Op
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.buffers.base import ArrayPass
from symgrad.numerics.buffers.layouts import COPY

Group = tuple[Op, ...]


def early(program: Program) -> Program:
    """The program with look-ups of entries, copies of diagonals, sums, and what leads to one
    derivative alone as early as they can be."""
    few = _of_few_entries(program)
    alone = few | {op for op in program.ops if _sums(op)}
    groups = [*((op,) for op in program.ops if op in alone), *_of_one_result(program)]
    found = {op: op.operands for op in few if op.kind == "diagonal"}
    return _Early(found).over(program, _ordered(program.ops, groups))


class _Early(ArrayPass):
    def otherwise(self, op: Op, found: tuple[Op, ...]) -> Op:
        """A copy of a diagonal that was early."""
        return self.ufunc(op, COPY, self.listing.again(op, tuple(map(self.of, found))))


def _of_few_entries(program: Program) -> set[Op]:
    """What takes a few entries of an array that something is written over before."""
    place = {op: k for k, op in enumerate(program.ops)}
    read: dict[Op, int] = {}  # the last line that needs an operation itself
    over: dict[Op, int] = {}  # the first one that could be written over it
    for op, k in place.items():
        for x in op.reads():
            read[x] = k
            if op.kind == "ufunc" and op.dims == x.dims and x in op.operands:
                over.setdefault(x, k)
    read |= dict.fromkeys((x for op, _ in program.results for x in (op, *op.reads())), len(place))
    return {
        op
        for op, k in place.items()
        if _takes(op) and over.get(op.operands[0], k) < (k if op.kind == "take" else read[op])
    }


def _takes(op: Op) -> bool:
    """Whether it is a few entries of an array that was computed, or says something of them."""
    if op.kind not in ("take", "diagonal", "look") or op.of_sparse:
        return False
    of = op.operands[0]
    return not of.inline and len(op.dims) < len(of.dims)


def _sums(op: Op) -> bool:
    """Whether it has fewer axes than an array that was computed, over which it sums."""
    most = max((len(x.dims) for x in op.operands if not x.inline), default=0)
    return op.kind in ("product", "reduce") and not op.inline and len(op.dims) < most


def _of_one_result(program: Program) -> list[Group]:
    """The lines that lead to one result and to nothing else: of the value, which needs what the
    derivatives write over, then of each derivative, short ones first."""
    results = [op for op, _ in program.results]
    leads: dict[Op, set[int]] = {op: set() for op in program.ops}
    for k, op in enumerate(results):
        for x in _lines((op,)):
            leads[x].add(k)
    groups: dict[int, list[Op]] = {k: [] for k in range(len(results))}
    for op in reversed(program.ops):
        for x in _lines(op.operands):
            leads[x] |= leads[op] if len(leads[x]) < 2 else set()
        if len(leads[op]) == 1:
            groups[min(leads[op])].append(op)
    value, *others = ((*reversed(group),) for group in groups.values())
    return [value, *sorted(others, key=len)]


def _ordered(ops: Sequence[Op], groups: Sequence[Group]) -> Iterator[Op]:
    """The operations, each group as soon as what it needs is there, the first ones first; those
    that need nothing, numbers in order, stand before all others."""
    waiting: dict[Op, list[Group]] = defaultdict(list)
    needed: dict[Group, set[Op]] = {}
    for group in groups:
        needs = {x for op in group for x in _lines(op.operands)} - {*group}
        if needs:
            needed[group] = needs
            for x in needs:
                waiting[x].append(group)
    grouped = {op for group in needed for op in group}
    done: set[Op] = set()

    def with_groups(op: Op) -> Iterator[Op]:
        if op in done:  # what has few entries may lead to one derivative, too
            return
        done.add(op)
        yield op
        for group in waiting[op]:
            needed[group].discard(op)
            if not needed[group]:
                for each in group:
                    yield from with_groups(each)

    for op in sorted(ops, key=lambda op: bool(op.operands)):
        if op not in grouped:
            yield from with_groups(op)


def _lines(operands: Sequence[Op]) -> Iterator[Op]:
    """The operations with lines that operands are, or are written of."""
    for op in operands:
        if op.inline:
            yield from _lines(op.operands)
        else:
            yield op
