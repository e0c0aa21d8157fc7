"""A pass over the operations of a program: each is made again, in another listing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from symgrad.numerics.arrays.listing import Listing, Op
from symgrad.numerics.arrays.program import Program, needed


class ArrayPass:
    """What became of each operation, operands first: of those that are `found` what is made of
    them `otherwise`, with what is known of each."""

    def __init__(self, found: Mapping[Op, Any] = MappingProxyType({})) -> None:
        self.found = found
        self.listing = Listing()
        self.done: dict[Op, Op] = {}

    def of(self, op: Op) -> Op:
        """An operation in the new program."""
        if op not in self.done:
            self.done[op] = self.made(op)
        return self.done[op]

    def made(self, op: Op) -> Op:
        """An operation as the pass makes it: as it was, unless it is one of those found."""
        if op in self.found:
            return self.otherwise(op, self.found[op])
        return self.listing.again(op, self.operands(op))

    def otherwise(self, op: Op, found: Any) -> Op:
        """One that was found, in another way."""
        raise NotImplementedError

    def ufunc(self, op: Op, name: str, *operands: Op) -> Op:
        """A function of each entry, in the shape of an operation."""
        return self.listing.op("ufunc", operands, op.dims, name=name)

    def operands(self, op: Op) -> tuple[Op, ...]:
        """What became of its operands."""
        return tuple(map(self.of, op.operands))

    def over(self, program: Program, ops: Iterable[Op] | None = None) -> Program:
        """The program after the pass over these operations, or all, and what is needed of it."""
        for op in program.ops if ops is None else ops:
            self.of(op)
        results = tuple((self.of(op), dims) for op, dims in program.results)
        made = needed(self.listing.ops, [op for op, _ in results])
        return replace(program, ops=made, results=results)
