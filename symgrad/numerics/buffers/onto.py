"""Diagonal arrays as what is written onto diagonals, in programs with buffers.

    [i = j] c_ni             zeros, with c on the diagonals
    A_nij + [i = j] c_ni     A, to whose diagonals c is added
    A_ij - [i = j]           A, from whose diagonal 1 is subtracted
    [i = j] - A_ij           -A, to whose diagonal 1 is added

An operation `onto` has a value, spread over all axes, and the array that it is added to or
subtracted from, if any; its `axes` are the two along which the diagonal runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from string import ascii_letters

from symgrad.numerics.arrays.listing import SIGNS, Op
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.buffers.base import ArrayPass

Diagonal = tuple[Op, tuple[int, int]]  # the value, and the two axes


def on_diagonals(program: Program) -> Program:
    """The program without products with an identity entry by entry."""
    found = {op: diagonal for op in program.ops if (diagonal := _diagonal(op)) is not None}
    if not found and not any(_axes(op) for op in program.ops):
        return program
    uses = Counter(x for op in program.ops for y in op.operands for x in _inside(y))
    uses.update(x for op, _ in program.results for x in _inside(op))
    alone = frozenset(op for op in found if uses[op] == 1)
    return _Onto(found, alone).over(program, [op for op in program.ops if op not in alone])


class _Onto(ArrayPass):
    """Of the diagonals that are `found`, those that are `alone` are added to another operation, if
    that is possible where they stand."""

    def __init__(self, found: Mapping[Op, Diagonal], alone: frozenset[Op]) -> None:
        super().__init__(found)
        self.alone = alone

    def made(self, op: Op) -> Op:
        """The operation, with diagonals written onto it."""
        if op.kind == "ufunc" and op.name in SIGNS and len(op.operands) == 2:
            first, second = op.operands
            for array, added in ((first, second), (second, first)):
                diagonal = self._added(added, op) if array.dims == op.dims else None
                if diagonal is not None:
                    minus = op.name == "subtract" and added is first
                    return self._onto(op, array, diagonal, minus)
        return super().made(op)

    def otherwise(self, op: Op, found: Diagonal) -> Op:
        """A diagonal in a matrix of its own."""
        value, axes = found
        return self.listing.op("onto", (self.of(value),), op.dims, name="add", axes=axes)

    def _onto(self, op: Op, array: Op, diagonal: Diagonal, minus: bool) -> Op:
        """An array, or minus it, with what is added on its diagonals."""
        (value, axes), below, name = diagonal, self.of(array), op.name
        if minus:
            below, name = self.ufunc(op, "negative", below), "add"
        return self.listing.op("onto", (self.of(value), below), op.dims, name=name, axes=axes)

    def _added(self, op: Op, total: Op) -> Diagonal | None:
        """What stands on the diagonals of an operand that need not be made, and where in the sum,
        which may have axes before those of the operand."""
        if op in self.alone:
            value, (i, j) = self.found[op]
            before = len(total.dims) - len(op.dims)
            return value, (before + i, before + j)
        own = _axes(op)
        return None if own is None else (self.listing.number(1.0), _places(own, len(total.dims)))


def onto_lines(
    op: Op, out: str, texts: Sequence[str], shape: str, view: Callable[[str], str], fixed: bool
) -> list[str]:
    """The lines that write it into `out`, by the texts of its operands; `view(text)` is a view that
    is made once, as that of the value can be where it is `fixed`."""
    i, j = op.axes
    letters = [*ascii_letters[: len(op.dims)]]
    letters[j] = letters[i]
    how = f"'{''.join(letters)}->{''.join(dict.fromkeys(letters))}'"
    place = view(f"np.einsum({how}, {out})")
    value = texts[0]
    if op.operands[0].dims:
        value = f"np.einsum({how}, np.broadcast_to({value}, {shape}))"
        value = view(value) if fixed else value
    if len(texts) == 1:
        return [f"{out}.fill(0.0)", f"np.copyto({place}, {value})"]
    begun = [] if texts[1] == out else [f"np.copyto({out}, {texts[1]})"]
    return [*begun, f"np.{op.name}({place}, {value}, {place})"]


def _diagonal(op: Op) -> Diagonal | None:
    """The value on a diagonal, and its axes, where one of two factors is an identity."""
    if op.kind != "ufunc" or op.name != "multiply" or len(op.operands) != 2:
        return None
    for identity, value in (op.operands, op.operands[::-1]):
        axes = _axes(identity)
        if axes is not None and not value.sparse:
            return value, _places(axes, len(op.dims))
    return None


def _places(own: Sequence[int | None], rank: int) -> tuple[int, int]:
    """Where the axes of an identity stand among those of an array."""
    i, j = (rank - len(own) + k for k, axis in enumerate(own) if axis is not None)
    return i, j


def _axes(op: Op) -> list[int | None] | None:
    """Which axis of an identity each of an array's is; None of what is no view of one."""
    if op.kind == "eye" and not op.sparse:
        return [0, 1]
    if op.kind not in ("permute", "expand") or (own := _axes(op.operands[0])) is None:
        return None
    if op.kind == "permute":
        return [own[k] for k in op.axes]
    rest = iter(own)
    return [None if k in op.axes else next(rest) for k in range(len(op.dims))]


def _inside(op: Op) -> list[Op]:
    """An operand, and what is written inside of it."""
    return [op, *(x for y in op.operands for x in _inside(y))] if op.inline else [op]
