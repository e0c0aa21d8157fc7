"""Functions of rows that are looked up: of the table, where that is smaller."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.numerics.buffers.tables import SHORT, in_tables
from tests.numerics.common import with_buffers

DECLARED = "u: Index(m)\nv: Index(m)\nt: Scalar\na: Vector(m)\nb: Vector(m)\nT: Matrix(m, k)\n"
# losses, and how many functions that take long are left of each example
LOSSES = [
    ("t * exp(a[u])", 0),
    ("t * exp(-a[u] / 2) + sin(a[v])", 0),
    ("exp(a[u] * b[u])", 0),
    ("sum(tanh(T[u])) * t + sin(exp(a[u]))", 0),
    ("exp(a[u] + b[v])", 1),  # of two labels
    ("exp(t * a[u])", 1),
    ("sum(sin(t * T[u]))", 2),  # and its derivative
]


@pytest.mark.parametrize(("loss", "left"), LOSSES)
@pytest.mark.parametrize("count", [4, 300])
def test_functions_of_rows_are_functions_of_tables(loss: str, left: int, count: int) -> None:
    rng = np.random.default_rng(0)
    given: dict[str, Any] = {"u": rng.integers(0, 9, count), "v": rng.integers(0, 9, count)}
    given |= {"t": rng.normal(size=count), "a": rng.normal(size=9), "b": rng.normal(size=9)}
    given["T"] = rng.normal(size=(9, 2))
    text = f"{DECLARED}loss = mean({loss} for u, v, t in batch)"
    buffered = with_buffers(text, ["a", "b", "T"], given)
    sizes = {
        axis: {"batch": count, "m": 9}.get(str(axis), 2) for axis in buffered.plan.program.axes
    }
    program = in_tables(buffered.plan.of_sizes(sizes, by_calls=True), sizes)
    lines = [op for op in program.ops if op.kind == "ufunc" and "batch" in op.dims]
    functions = sum(op.name not in SHORT for op in lines)
    assert functions == left if count == 300 else functions >= left


def test_a_row_that_no_label_names_does_not_matter() -> None:
    function = sg.derive("u: Index(m)\na: Vector(m)\nloss = mean(exp(a[u]) for u in batch)", ["a"])
    with np.errstate(all="raise"):
        value, slopes = function.lambdify(reuse_buffers=True)(
            {"u": np.array([0, 1] * 20), "a": np.array([0.0, 0.0, 1e4, np.nan])}
        )
    assert value == 1
    np.testing.assert_allclose(slopes["a"], [0.5, 0.5, 0, 0], rtol=1e-12)
