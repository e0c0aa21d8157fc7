"""Exponentials and powers by what is there already, in programs with buffers and in compiled ones.

    exp(-x) = 1 / exp(x)             a quotient takes half of the time
    x^k = exp(k log(x))              where log(x) is needed anyway, or several powers of x
    log(x / exp(s)) = log(x) - s

A power of a number that is not positive is NumPy's. A logarithm that is guarded, where its weight
is 0, is the same logarithm, looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from symgrad.numerics.arrays.listing import Op
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.buffers.base import ArrayPass
from symgrad.numerics.interpreter import Sizes, entries

MANY = 1 << 9  # entries, from which on the lines take less time than the functions
BY_LOGARITHMS = {
    "raised": """

def raised(logs, k, x, out):  # x ** k by log(x), where every x is positive
    if 0 < x.min() and x.max() < np.inf:
        np.multiply(logs, k, out)
        np.exp(out, out)
    else:
        np.power(x, k, out)""",
    "bounded": """

def bounded(logs, weight, out):  # log(guarded(x, weight, 1)) by log(x)
    near = 13.815509557963774  # -log(1e-6)
    if not (-near < logs.min() and logs.max() < near):
        logs = np.where((weight == 0) & ~(np.abs(logs) < near), 0.0, logs)
    if logs is not out:
        np.copyto(out, logs)""",
}


class Multiple(NamedTuple):
    """A number times an array."""

    factor: float
    x: Op


def by_exponentials(program: Program, sizes: Sizes) -> Program:
    """The program with exponentials and powers by others, where arrays are large."""
    return shared(program, [op for op in program.ops if _is_large(op, sizes)], ByLogarithms)


def shared(program: Program, ops: Sequence[Op], made: type[ByLogarithms]) -> Program:
    """The program with exponentials and powers, those of `ops`, by others."""
    first: dict[Multiple, Op] = {}
    opposite: dict[Op, Op] = {}
    for op in ops:
        if _is(op, "exp"):
            by, x = _multiple(op.operands[0])
            if (other := first.get(Multiple(-by, x))) and other.dims == op.dims:
                opposite[op] = other
            else:
                first.setdefault(Multiple(by, x), op)
    known = Counter(x for op in ops for x in _bases(op))
    bases = {x for x, count in known.items() if count > 1}
    if not opposite and not bases:
        return program
    once = {op for op in opposite if program.uses[op] == 1}
    return made(opposite, once, bases).over(program)


class ByLogarithms(ArrayPass):
    """Of exponentials with their `opposite` ones, some of which are needed `once`, and of powers
    and logarithms of the `bases`."""

    def __init__(self, opposite: Mapping[Op, Op], once: set[Op], bases: set[Op]) -> None:
        super().__init__(opposite)
        self.once, self.bases = once, bases

    def made(self, op: Op) -> Op:
        """The operation, by others."""
        if _is(op, "multiply"):
            for one, other in (op.operands, op.operands[::-1]):
                if other in self.once and other.dims == op.dims:
                    return self.ufunc(op, "divide", self.of(one), self.of(self.found[other]))
        for x in _bases(op):
            if x in self.bases:
                return self._by_logarithm(op, x)
        return super().made(op)

    def otherwise(self, op: Op, found: Op) -> Op:
        """An exponential by the opposite one."""
        return self.ufunc(op, "divide", self.listing.number(1.0), self.of(found))

    def _by_logarithm(self, op: Op, x: Op) -> Op:
        logs, inner = self._logarithm(x), op.operands[0]
        if _is(op, "power"):
            return self.ufunc(op, "raised", logs, self.of(op.operands[1]), self.of(x))
        weight = None if inner is x else self.of(inner.operands[1])
        return self.logarithm_of(op, logs, self.of(x), weight)

    def logarithm_of(self, op: Op, logs: Op, x: Op, weight: Op | None) -> Op:
        """log(x) by the shared logarithm; with a weight log(guarded(x, weight, 1))."""
        return logs if weight is None else self.ufunc(op, "bounded", logs, weight)

    def _logarithm(self, x: Op) -> Op:
        if _is(x, "divide") and _is(x.operands[1], "exp") and x.operands[0].dims == x.dims:
            above, below = x.operands
            return self.ufunc(x, "subtract", self._logarithm(above), self.of(below.operands[0]))
        return self.shared_logarithm(x)

    def shared_logarithm(self, x: Op) -> Op:
        """The logarithm by which powers are."""
        return self.ufunc(x, "log", self.of(x))


def _bases(op: Op) -> Iterator[Op]:
    """What it is a power or the logarithm of."""
    if _is(op, "power") or _is(op, "log"):
        x = op.operands[0]
        guarded = _is(x, "guarded") and _is(op, "log") and x.operands[2].value == 1
        x = x.operands[0] if guarded else x
        if x.dims == op.dims:
            yield x


def _multiple(x: Op) -> Multiple:
    if _is(x, "negative"):
        return Multiple(-1.0, x.operands[0])
    if _is(x, "multiply") and x.operands[0].kind == "number":
        return Multiple(x.operands[0].value, x.operands[1])
    return Multiple(1.0, x)


def _is_large(op: Op, sizes: Sizes) -> bool:
    return entries(op.dims, sizes) >= MANY


def _is(op: Op, name: str) -> bool:
    return op.kind == "ufunc" and op.name == name
