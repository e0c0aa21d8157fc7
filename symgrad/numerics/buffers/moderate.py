"""Two programs of the same: one for moderate exponents, which takes less time, and one for all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from symgrad.numerics.arrays.listing import Op
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.interpreter import Sizes, size_of

SLOW = {"exp": 4, "log": 5, "log1p": 6, "divide": 2, "power": 9}  # beside a sum, an entry
LOOK = 2  # the same, at the exponents of an exponential
CALL = 200  # entries, which take the time of a call
MODERATE = """

def moderate(x, limit, out=None):  # exp(x), where every x is within the limit
    x = np.asarray(x)
    if not (-limit < x.min(initial=0) and x.max(initial=0) < limit):
        raise OverflowError
    return np.exp(x, out)"""

Allocated = tuple[Callable[..., Any], Any, Sequence[Any], Any]


def time(program: Program, sizes: Sizes) -> int:
    """How long what it computes entry by entry takes, in entries of a sum."""
    return sum(_time(op, sizes, bool(program.share)) for op in program.ops if op.kind != "input")


def _time(op: Op, sizes: Sizes, looks: bool) -> int:
    if op.kind not in ("ufunc", "reduce"):
        return 0
    read = [*op.operands, op] if op.kind == "reduce" else [op]
    count = max(prod(size_of(axis, sizes) for axis in x.dims) for x in read)
    look = looks and op.name == "exp"
    return SLOW.get(op.name, 1) * count + CALL + look * (LOOK * count + 2 * CALL)


def first(moderate: Allocated, otherwise: Callable[[], Allocated]) -> Allocated:
    """The function of moderate exponents; where it raises, or a result is not finite, the other
    one computes, which is made then."""
    function, flat, views, labels = moderate
    made: list[Allocated] = []

    def either(*arrays: Any) -> Any:
        try:
            value = function(*arrays)
        except OverflowError:
            value = np.nan
        if value is None or (np.isfinite(value).all() and np.isfinite(flat.dot(flat))):
            return value
        if not made:
            made.append(otherwise())
        again, _, others, _ = made[0]
        value = again(*arrays)
        for view, other in zip(views, others, strict=True):
            np.copyto(view, other)
        return value

    return either, flat, views, labels
