"""Numbers in front of large arrays: given to what is small, and the same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from symgrad.numerics.function import Function
from symgrad.numerics.passes.fronts import MANY
from tests.numerics.common import with_buffers

DECLARED = "x: Vector(n)\nt: Scalar\nw: Vector(n)\nc: Scalar\ns = c * w.T @ x\n"
# losses, by what, and how many lines scale an array over all examples by what is no array
LOSSES = [
    ("mean((s - t)**3 for x, t in batch)", ["w"], 0),
    ("mean((1 + t) * softplus(s) - t * s for x, t in batch)", ["w", "c"], 0),
    ("mean(log_cosh(s - t) * tanh(s) for x, t in batch)", ["w", "c"], 0),
    ("mean(exp(s) * t**2 + sin(s * t) for x, t in batch)", ["w", "c"], 0),
    ("mean((s - t)**3 for x, t in batch)", ["w", "t"], 1),  # a result of all examples
]


def _numbers(text: str, wrt: list[str], count: int) -> Function:
    rng = np.random.default_rng(0)
    inputs: dict[str, Any] = {"x": rng.normal(size=(count, 3)), "t": rng.normal(size=count)}
    inputs |= {"w": rng.normal(size=3), "c": np.array(0.7)}
    return with_buffers(text, wrt, inputs)


@pytest.mark.parametrize("count", [MANY, 40])
@pytest.mark.parametrize(("loss", "wrt", "scaled"), LOSSES)
def test_large_arrays_are_not_scaled(loss: str, wrt: list[str], scaled: int, count: int) -> None:
    plan = _numbers(f"{DECLARED}loss = {loss}", wrt, count).plan
    sizes = {axis: count if str(axis) == "batch" else 3 for axis in plan.program.axes}
    ops = [op for op in plan.of_sizes(sizes).ops if op.kind == "ufunc" and "batch" in op.dims]
    found = sum(any(x.kind in ("scalar", "size") for x in op.operands) for op in ops)
    assert found == scaled if count == MANY else found >= scaled
