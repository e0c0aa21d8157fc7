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


@pytest.mark.parametrize("rows", [False, True])
@pytest.mark.parametrize(("size", "whole"), [(5, True), (MANY, False)])
def test_a_small_table_is_scaled_instead_of_rows(size: int, whole: bool, rows: bool) -> None:
    """But where the rows are what is asked for."""
    text = (
        "s: Vector(m)\nu: Index(m)\nv: Index(m)\nloss = mean(tanh(s[u] - s[v]) for u, v in batch)"
    )
    rng = np.random.default_rng(0)
    labels = {name: rng.integers(0, size, MANY) for name in "uv"}
    plan = with_buffers(text, ["s"], labels | {"s": rng.normal(size=size)}).plan
    sizes = {axis: MANY if str(axis) == "batch" else size for axis in plan.program.axes}
    program = plan.of_sizes(sizes, by_calls=True, rows=rows)
    assert (program.results[1][0].kind != "scatter") == (whole and not rows)


@pytest.mark.parametrize("count", [MANY, 40])
@pytest.mark.parametrize(("loss", "wrt", "scaled"), LOSSES)
def test_large_arrays_are_not_scaled(loss: str, wrt: list[str], scaled: int, count: int) -> None:
    plan = _numbers(f"{DECLARED}loss = {loss}", wrt, count).plan
    sizes = {axis: count if str(axis) == "batch" else 3 for axis in plan.program.axes}
    ops = [op for op in plan.of_sizes(sizes).ops if op.kind == "ufunc" and "batch" in op.dims]
    found = sum(any(x.kind in ("scalar", "size") for x in op.operands) for op in ops)
    assert found == scaled if count == MANY else found >= scaled


def test_sums_have_the_sign_of_large_arrays() -> None:
    loss = "mean(maximum(0, 1 - t * s)**2 for x, t in batch)"
    plan = _numbers(f"{DECLARED}loss = {loss}", ["w"], MANY).plan
    sizes = {axis: MANY if str(axis) == "batch" else 3 for axis in plan.program.axes}
    assert "negative" not in [op.name for op in plan.of_sizes(sizes).ops if "batch" in op.dims]
