"""A program of array operations: what it takes, does and returns, and the sizes that it needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import sympy

from symgrad.calculus.nodes import Axis
from symgrad.errors import DataError
from symgrad.language.operations.unspecified import By, Unspecified
from symgrad.numerics.arrays.listing import Dims, Op, below

FILLED = {"scatter", "pad", "onehot"}  # zeros at first
SIZED = {"full", "eye", "broadcast", "reshape", "arange", *FILLED}  # their text has sizes


@dataclass(frozen=True)
class Program:
    """A function of arrays (in the order of `inputs`) and of sizes.

    `ops` are its steps, `results` what it returns: operations and their shapes. `floats` is the
    argument whose type the function computes in, if there is one. It is `shifted` where
    formulas are written otherwise to keep to the range of floats.
    """

    inputs: tuple[str, ...]
    ops: tuple[Op, ...]
    results: tuple[tuple[Op, Dims], ...]
    floats: str
    shifted: bool = False

    @cached_property
    def uses(self) -> Counter[Op]:
        """How often each operation is needed."""
        uses = Counter(x for op in self.ops for x in op.operands)
        uses.update(op for op, _ in self.results)
        return uses

    @cached_property
    def used(self) -> tuple[Axis, ...]:
        """The axes whose sizes stand in plain source."""
        return _symbolic(axis for op in self._all for axis in _sized(op))

    def check_counts(self, sizes: Mapping[Axis, int]) -> None:
        """Raises: DataError where it counts the examples of a batch that has none."""
        for axis in self._counted:
            if sizes.get(axis) == 0:
                raise DataError(f"there is no example of {axis}, and a mean over it has no value")

    @cached_property
    def _counted(self) -> tuple[Axis, ...]:
        """The batches whose number of examples it computes with."""
        return tuple(a for op in self._all for a in _of_size(op) if isinstance(a, str))

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        """The axes that it meets: those used, then the others; `n0` is the size of the first."""
        shapes = (*(op.dims for op in self.ops), *(dims for _, dims in self.results))
        shapes += tuple(op.dims for op in self._all if op.kind == "input")
        return _symbolic((*self.used, *(axis for dims in shapes for axis in dims)))

    @cached_property
    def _places(self) -> dict[Axis, int]:
        return {axis: k for k, axis in enumerate(self.axes)}

    @cached_property
    def names(self) -> dict[Op, str]:
        """What each operation with a line is called."""
        return {op: f"v{k}" for k, op in enumerate(self.ops)}

    @property
    def _all(self) -> list[Op]:
        """The operations, each behind those without lines that only it needs."""
        return [x for op in (*self.ops, *(r for r, _ in self.results)) for x in (*_inside(op), op)]

    @cached_property
    def functions(self) -> tuple[tuple[Unspecified, By], ...]:
        """The functions of the caller's that it calls, f0, f1, ..., and what each is by."""
        return tuple(dict.fromkeys(op.axes for op in self.ops if op.kind == "call"))

    @cached_property
    def read(self) -> dict[int, Op]:
        """The inputs that it reads, by their places."""
        named = {op.name: op for op in self._all if op.kind == "input"}
        return {k: named[f"p{k}"] for k in range(len(self.inputs)) if f"p{k}" in named}

    @cached_property
    def sparse(self) -> frozenset[int]:
        """The places of the inputs that are sparse matrices."""
        return frozenset(k for k, op in self.read.items() if op.sparse)

    @property
    def callables(self) -> tuple[str, ...]:
        """What these are called."""
        return tuple(f"f{k}" for k in range(len(self.functions)))

    def called(self, op: Op) -> str:
        """What the function that an operation calls is called."""
        return self.callables[self.functions.index(op.axes)]

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of its arguments: p0, p1, ..., sizes, and functions."""
        inputs = (f"p{k}" for k in range(len(self.inputs)))
        return (*inputs, *map(self.size, self.used), *self.callables)

    def size(self, axis: Axis) -> str:
        """An axis's size: a number, or an argument of the function."""
        if isinstance(axis, sympy.Integer):
            return str(int(axis))
        return f"n{self._places[axis]}"


def _sized(op: Op) -> Dims:
    """The axes whose sizes stand in an operation's line."""
    if op.kind == "arange":
        return (*op.dims, op.axes[1])
    if op.kind == "slice":
        return op.axes[1:]
    if op.kind == "pad":
        return (*op.dims, *(end for part in op.axes for end in part))
    if op.kind == "take" and len(op.operands) > 2:
        return (*op.dims, *op.operands[0].dims)
    several = op.kind == "take" and len(op.operands[1].dims) > 1  # looked up in one row of labels
    return op.dims if op.kind in SIZED or several else _of_size(op)


def _of_size(op: Op) -> Dims:
    return op.axes if op.kind == "size" else ()


def _symbolic(axes: Iterable[Axis]) -> tuple[Axis, ...]:
    """Each axis once, without those that are numbers."""
    return tuple(dict.fromkeys(a for a in axes if not isinstance(a, sympy.Integer)))


def _inside(op: Op) -> list[Op]:
    """What is written inside of an operation's text."""
    inner = [x for x in op.operands if x.inline]
    return [each for x in inner for each in (*_inside(x), x)]


def needed(ops: Iterable[Op], results: Iterable[Op]) -> tuple[Op, ...]:
    """The operations that results need: none of what was made and then written in another way."""
    found = {*below(results)}
    return tuple(op for op in ops if op in found)
