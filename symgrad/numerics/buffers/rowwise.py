"""A program cut in three: what has no rows, what is summed over the rows, what is made of the sums.

The gradient of a mean over a batch goes through its rows one by one until they are summed. Such a
program can go through a few rows at a time, and the sums of all parts are its sums:

    sum_i f(x_i) = sum_{i in first part} f(x_i) + sum_{i in second part} f(x_i) + ...

What is not so (the largest entry over all rows, a matrix of all rows by all rows) is not cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import sympy

from symgrad.calculus.nodes import Axis
from symgrad.language.dimensions import ZERO
from symgrad.language.operations.namespace import ROUTINES
from symgrad.numerics.arrays.listing import Dims, Listing, Op
from symgrad.numerics.arrays.program import Program

T = TypeVar("T")
VIEWED = {"permute", "expand", "drop"}
CONSTANT = {"number", "eye", "arange"}  # written again where they are needed
WHOLE, ROWS, SUMMED = range(3)  # without rows; with a row for each; of sums over all rows


@dataclass(frozen=True)
class Part:
    """A part of a program; `taken` are the operations of the whole that are its inputs, and
    `given` those that are its results, behind a value that says nothing."""

    program: Program
    taken: tuple[Op, ...]
    given: tuple[Op, ...]


@dataclass(frozen=True)
class Parts:
    """The parts of a program, and the axis of its rows."""

    axis: Axis
    first: Part
    rows: Part
    last: Part


class _WholeError(Exception):
    """The program does not go through the rows one by one."""


def parts(program: Program, axis: Axis) -> Parts | None:
    """The program cut along an axis; None where it cannot be."""
    results = [op for op, _ in program.results]
    try:
        kinds = _kinds(program, axis)
    except _WholeError:
        return None
    sums = tuple(op for op in kinds if _is_sum(op, axis) and kinds[op] == SUMMED)
    if not sums or any(kinds[op] == ROWS for op in results):
        return None
    # constants are made again, but not of the rows, whose number is that of a block
    last = _Builder({op for op in kinds if kinds[op] != SUMMED and not op.constant} | {*sums})
    ends = [(last.made(op), dims) for op, dims in program.results]
    rows = _Builder({op for op in kinds if kinds[op] == WHOLE})
    for op, kind in kinds.items():  # what is cut into blocks stands before what is not
        if op.kind == "input" and kind == ROWS:
            rows.made(op)
    totals = [rows.made(op) for op in sums]
    given = tuple(
        op
        for op in dict.fromkeys((*rows.taken, *last.taken))
        if kinds[op] == WHOLE and op.kind != "input"
    )
    first = _Builder(set())
    made = [first.made(op) for op in given]
    return Parts(
        axis,
        first.part(_named(made), given),
        rows.part(_named(totals), sums),
        last.part(ends, ()),
    )


def _named(ops: Iterable[Op]) -> list[tuple[Op, Dims]]:
    """Results behind a value of 0."""
    return [(Op("number", constant=True), ()), *((op, op.dims) for op in ops)]


def _kinds(program: Program, axis: Axis) -> dict[Op, int]:
    """Whether each operation has rows, operands first."""
    kinds: dict[Op, int] = {}
    stack = [op for op, _ in reversed(program.results)]
    while stack:
        op = stack[-1]
        if missing := [x for x in op.operands if x not in kinds]:
            stack += missing
            continue
        stack.pop()
        kinds[op] = _kind(op, axis, {kinds[x] for x in op.operands})
    return kinds


def _kind(op: Op, axis: Axis, operands: set[int]) -> int:
    """Whether an operation has rows. Raises where rows meet in another way than in a sum."""
    needs = SUMMED in operands and (ROWS in operands or axis in op.dims)
    if needs or _meets(op, axis):
        raise _WholeError
    if axis in op.dims:
        if not _by_rows(op, axis):
            raise _WholeError
        return ROWS
    if ROWS in operands:
        if not _is_sum(op, axis):
            raise _WholeError
        return SUMMED
    return max(operands, default=WHOLE)


def _meets(op: Op, axis: Axis) -> bool:
    """Whether the number of rows stands in the size of another axis, or in where a part begins."""
    placed = (a for each in op.axes for a in (each if isinstance(each, tuple) else (each,)))
    sizes = (*op.dims, *(placed if op.kind in ("slice", "arange", "pad") else ()))
    within = (a for a in sizes if isinstance(a, sympy.Expr) and a != axis)
    return not isinstance(axis, str) and any(a.has(axis) for a in within)


def _by_rows(op: Op, axis: Axis) -> bool:
    """Whether a row of the result is made of the same row of the operands."""
    if op.of_sparse or op.dims.count(axis) > 1:
        return False
    if op.kind not in ("take", "expand") and any(_is_number(x, axis) for x in op.operands):
        return False
    match op.kind:
        case "arange":
            return _is_number(op, axis)
        case "input":
            return op.dims[0] == axis
        case "ufunc" | "full" | "broadcast" | "reduce":
            return True
        case "diagonal" | "permute" | "expand" | "drop" | "slice":
            return axis in op.operands[0].dims
        case "onehot":
            return axis in op.operands[0].dims
        case "take":
            table, *labels = op.operands
            named = dict(zip(op.axes, labels, strict=True))
            dims = enumerate(table.dims)
            return all((dim == axis) == _is_number(named.get(k), axis) for k, dim in dims)
        case "product":
            return len(_letters(op.axes, op, axis)) == 1
        case "routine":
            return _is_apart(op, axis)
    return False


def _is_number(label: Op | None, axis: Axis) -> bool:
    """Whether a label is the number of its row, which says where that is among the rows."""
    if label is None or label.base.kind != "arange" or label.base.name:
        return False
    return label.base.dims == (axis,) and label.base.axes == ((1,), ZERO)


def _is_sum(op: Op, axis: Axis) -> bool:
    """Whether it is a sum over the rows of its operands."""
    if axis in op.dims or op.of_sparse:
        return False
    if op.kind == "look":
        return axis in op.operands[0].dims
    if op.kind == "reduce" and op.name == "add":
        return any(op.operands[0].dims[k] == axis for k in op.axes)
    return op.kind == "product" and len(_letters(op.axes, op, axis)) == 1


def _is_apart(op: Op, axis: Axis) -> bool:
    """Whether a routine makes each row of the result of the same row of its arguments."""
    routine = ROUTINES[op.name]
    inside, outside = routine.indices.split("->")
    count = len(op.dims) - len(outside)
    own: list[tuple[int | str, ...]] = []
    for x, each in zip((*op.operands, op), (*inside.split(","), outside), strict=True):
        if len(each) == 1:  # of vectors, along any axes
            each *= len(x.dims) - count
        if count + len(each) != len(x.dims):
            return False
        own.append((*range(count), *each))
    letters = _letters(own, op, axis)
    return len(letters) == 1 and letters <= {*range(count), *routine.apart}


def _letters(own: Iterable[Sequence[T]], op: Op, axis: Axis) -> set[T]:
    """The letters of a product, those of both arrays and of the result, that run along an axis."""
    pairs = zip(own, (*(x.dims for x in op.operands), op.dims), strict=True)
    return {k for letters, dims in pairs for k, d in zip(letters, dims, strict=True) if d == axis}


@dataclass
class _Builder:
    """Makes operations again, of `taken` inputs where they are `known`."""

    known: set[Op]
    listing: Listing = field(default_factory=Listing)
    done: dict[Op, Op] = field(default_factory=dict)
    taken: list[Op] = field(default_factory=list)

    def made(self, wanted: Op) -> Op:
        """The operation, in this part."""
        stack = [wanted]
        while stack:
            op = stack[-1]
            if op in self.done:
                stack.pop()
            elif self._is_input(op):
                self.done[op] = self._input(op)
            elif missing := [x for x in op.operands if x not in self.done]:
                stack += missing
            else:
                operands = tuple(self.done[x] for x in op.operands)
                self.done[op] = self.listing.again(op, operands)
        return self.done[wanted]

    def _is_input(self, op: Op) -> bool:
        return op.kind == "input" or (op in self.known and op.kind not in CONSTANT | VIEWED)

    def _input(self, op: Op) -> Op:
        self.taken.append(op)
        return self.listing.op("input", (), op.dims, name=f"p{len(self.taken) - 1}")

    def part(self, results: list[tuple[Op, Dims]], given: tuple[Op, ...]) -> Part:
        """The program of these results."""
        names = tuple(f"p{k}" for k in range(len(self.taken)))
        program = Program(names, tuple(self.listing.ops), tuple(results), "")
        return Part(program, tuple(self.taken), given)
