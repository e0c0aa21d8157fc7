"""Two programs of the same: one for moderate exponents, which takes less time, and one for all.

The first one looks at the exponents of its exponentials, and at what it divides by or takes a
logarithm of: where one is too large, or the other too small, its value is not finite, and wherever
a result is not finite the other one computes. An exponential may be 0 by rounding: nothing that it
is multiplied by makes much of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import inf, isfinite, nan, prod
from typing import Any, NamedTuple

import numpy as np

from symgrad.numerics.arrays.listing import Op
from symgrad.numerics.arrays.program import Program, needed
from symgrad.numerics.buffers.base import ArrayPass
from symgrad.numerics.buffers.logistic import of_moderate
from symgrad.numerics.interpreter import Sizes, size_of
from symgrad.numerics.passes.moderate import LEFT

# beside a sum, an entry
SLOW = {"exp": 4, "log": 5, "log1p": 6, "divide": 2, "power": 9, "look": 1}
STEEP = {"log", "divide", "power", "sqrt"}  # what may make much of a small number
CALL = 200  # entries, which take the time of a call
LOOK = """

def look(x, limit):  # 0, where every x is below the limit
    if not np.asarray(x).max(initial=0) < limit:
        raise OverflowError
    return 0.0


def least(x, limit):  # 0, where every log |x| is above minus the limit
    x, small = np.asarray(x), np.exp(-limit)
    if not (x.min(initial=1) > small or np.abs(x).min() > small):
        raise OverflowError
    return 0.0"""

Allocated = tuple[Callable[..., Any], Any, Sequence[Any], Any]


def looking(program: Program, share: float) -> Program:
    """The program whose value is not finite where an exponent is beyond this share of those of
    floats."""
    return _looked_at(program, [op for op in program.ops if _is_exp(op)], share)


def logistic(program: Program, sizes: Sizes) -> Program | None:
    """The program whose softplus are those of moderate numbers; None where it has none."""
    made, exponents = of_moderate(program, sizes)
    exps = [op for op in made.ops if _is_exp(op) and op.operands[0] in exponents]
    return _looked_at(made, exps, LEFT) if exps else None


def _looked_at(program: Program, exps: Sequence[Op], share: float) -> Program:
    found = _Looking(exps, share)
    made = found.over(program)
    (value, dims), *others = made.results
    for look in found.looks:
        value = found.ufunc(value, "add", value, look)
    ops = needed(found.listing.ops, [value, *(op for op, _ in others)])
    return replace(made, ops=ops, results=((value, dims), *others))


def _is_exp(op: Op) -> bool:
    return op.kind == "ufunc" and op.name == "exp"


class Bounds(NamedTuple):
    """Numbers that entries are not below, and not above."""

    low: float
    high: float

    @property
    def sign(self) -> int:
        """1 where none is below 0, -1 where none is above it, 0 where that is not known."""
        return 1 if self.low >= 0 else -1 if self.high <= 0 else 0


UNKNOWN = Bounds(-inf, inf)


class _Looking(ArrayPass):
    """Looks at the exponents of these exponentials, and at what is divided by or has a logarithm,
    where that is made of them; not at what is below 0, or above 1, by what it is made of."""

    def __init__(self, exps: Sequence[Op], share: float) -> None:
        super().__init__()
        self.exps, self.share = frozenset(exps), share
        self.looks: list[Op] = []
        self.reaching: set[Op] = set()  # made of exponentials
        self.bounds: dict[Op, Bounds] = {}

    def made(self, op: Op) -> Op:
        """The operation; behind a look where it needs one."""
        operands = self.operands(op)
        self.bounds[op] = _bounds(op, [self.bounds[x] for x in op.operands])
        name = op.name if op.kind == "ufunc" else ""
        if op in self.exps or (name != "log" and not self.reaching.isdisjoint(op.operands)):
            self.reaching.add(op)
        if op in self.exps and self.bounds[op.operands[0]].high > 0:
            self._look(op.operands[0])
        elif name in STEEP and not (name == "power" and op.operands[1].value >= 1):
            x = op.operands[name == "divide"]
            if x in self.reaching and self.bounds[x].low < 1:
                self._look(x, "least")
        return self.listing.again(op, operands)

    def _look(self, x: Op, name: str = "") -> None:
        while x.kind in ("expand", "permute"):
            (x,) = x.operands
        look = self.listing.op("look", (self.of(x),), name=name, value=self.share)
        if look not in self.looks:
            self.looks.append(look)


def _bounds(op: Op, own: Sequence[Bounds]) -> Bounds:
    """What is known of its entries, by what is known of its operands."""
    x, y = own[0] if own else UNKNOWN, own[-1] if own else UNKNOWN
    match op.kind, op.name:
        case "number", _:
            return Bounds(op.value, op.value)
        case "size", _:
            return Bounds(0.0, inf)
        case (("expand" | "permute" | "drop" | "reshape"), _) | ("reduce", "maximum"):
            return x
        case "reduce", "add":
            return _signed(x.sign)
        case "ufunc", "exp":
            return Bounds(0.0, 1.0 if x.high <= 0 else inf)
        case "ufunc", "add":
            return Bounds(x.low + y.low, x.high + y.high)
        case "ufunc", "subtract" if _is_largest(op.operands[1], op.operands[0]):
            return Bounds(-inf, 0.0)
        case (("ufunc" | "scalar"), "negative"):
            return Bounds(-x.high, -x.low)
        case (("ufunc" | "scalar"), ("multiply" | "divide")):
            return _signed(1 if op.operands[0] is op.operands[1] else x.sign * y.sign)
    return UNKNOWN


def _signed(sign: int) -> Bounds:
    return Bounds(0.0 if sign > 0 else -inf, 0.0 if sign < 0 else inf)


def _is_largest(op: Op, of: Op) -> bool:
    """Whether it is the largest of some entries of an array, beside each of them."""
    (op,) = op.operands if op.kind == "expand" else (op,)
    return (op.kind, op.name) == ("reduce", "maximum") and op.operands[0] is of


def time(program: Program, sizes: Sizes) -> int:
    """How long what it computes entry by entry takes, in entries of a sum."""
    return sum(_time(op, sizes) for op in program.ops)


def _time(op: Op, sizes: Sizes) -> int:
    if op.kind not in ("ufunc", "reduce", "look"):
        return 0
    count = max(prod(size_of(axis, sizes) for axis in x.dims) for x in (*op.operands, op))
    return SLOW.get(op.name or op.kind, 1) * count + CALL


def first(moderate: Allocated, otherwise: Callable[[], Allocated]) -> Allocated:
    """The function of moderate exponents; where it raises, or a result is not finite, the other
    one computes, which is made then."""
    function, flat, views, labels = moderate
    made: list[Allocated] = []
    least = np.finfo(flat.dtype).tiny ** 0.5  # what is smaller may be all that is left

    def either(*arrays: Any) -> Any:
        try:
            value = function(*arrays)
        except (ArithmeticError, np.linalg.LinAlgError):
            value = nan
        if value is None or (_is_finite(value) and least < flat.dot(flat) < inf):
            return value
        if not made:
            made.append(otherwise())
        again, _, others, _ = made[0]
        value = again(*arrays)
        for view, other in zip(views, others, strict=True):
            np.copyto(view, other)
        return value

    return either, flat, views, labels


def _is_finite(value: Any) -> bool:
    """Whether a number is, which NumPy takes five times as long for, or all entries of an array."""
    return bool(np.isfinite(value).all()) if getattr(value, "shape", ()) else isfinite(value)
