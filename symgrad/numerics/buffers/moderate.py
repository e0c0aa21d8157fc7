"""Two programs of the same: one for moderate exponents, which takes less time, and one for all.

The first one looks at the exponents of its exponentials. Where one of them is too far from 0 its
value is not finite, and wherever a result is not finite the other one computes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import isfinite, nan, prod
from typing import Any

import numpy as np

from symgrad.numerics.arrays.listing import Op
from symgrad.numerics.arrays.program import Program, needed
from symgrad.numerics.buffers.base import ArrayPass
from symgrad.numerics.buffers.logistic import of_moderate
from symgrad.numerics.interpreter import Sizes, size_of
from symgrad.numerics.passes.moderate import LEFT

# beside a sum, an entry
SLOW = {"exp": 4, "log": 5, "log1p": 6, "divide": 2, "power": 9, "look": 2}
CALL = 200  # entries, which take the time of a call
LOOK = """

def look(x, limit):  # 0, where every |x| is within the limit
    x = np.asarray(x)
    if not (-limit < x.min(initial=0) and x.max(initial=0) < limit):
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
    made = found.over(program, program.ops)
    (value, dims), *others = made.results
    for look in found.looks:
        value = found.listing.op("ufunc", (value, look), value.dims, name="add")
    ops = needed(found.listing.ops, [value, *(op for op, _ in others)])
    return replace(made, ops=ops, results=((value, dims), *others))


def _is_exp(op: Op) -> bool:
    return op.kind == "ufunc" and op.name == "exp"


class _Looking(ArrayPass):
    """Looks at the exponents, before each of these exponentials."""

    def __init__(self, exps: Sequence[Op], share: float) -> None:
        super().__init__()
        self.exps, self.share = frozenset(exps), share
        self.looks: list[Op] = []

    def made(self, op: Op) -> Op:
        """The operation; of an exponential behind a look."""
        if op in self.exps:
            self.looks.append(self.listing.op("look", self.operands(op), value=self.share))
        return super().made(op)


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

    def either(*arrays: Any) -> Any:
        try:
            value = function(*arrays)
        except (ArithmeticError, np.linalg.LinAlgError):
            value = nan
        if value is None or (_is_finite(value) and isfinite(flat.dot(flat))):
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
