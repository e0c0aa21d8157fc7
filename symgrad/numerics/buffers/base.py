"""A pass over the operations of a program: each is made again, in another listing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from symgrad.numerics.arrays.listing import Listing, Op
from symgrad.numerics.arrays.program import Program, needed


class ArrayPass:
    """What became of each operation, operands first."""

    def __init__(self) -> None:
        self.listing = Listing()
        self.done: dict[Op, Op] = {}

    def of(self, op: Op) -> Op:
        """An operation in the new program."""
        if op not in self.done:
            self.done[op] = self.made(op)
        return self.done[op]

    def made(self, op: Op) -> Op:
        """An operation as the pass makes it: as it was."""
        return self.listing.again(op, self.operands(op))

    def operands(self, op: Op) -> tuple[Op, ...]:
        """What became of its operands."""
        return tuple(map(self.of, op.operands))

    def over(self, program: Program, ops: Iterable[Op]) -> Program:
        """The program after the pass over these operations, and what is needed of it."""
        for op in ops:
            self.of(op)
        results = tuple((self.of(op), dims) for op, dims in program.results)
        made = needed(self.listing.ops, [op for op, _ in results])
        return replace(program, ops=made, results=results)
