"""Sums of products along long rows, with buffers: products of rows, and the same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.buffers.along_rows import KNOWN, LONG, by_rows

# losses of X and Y, rows of so many entries, and how many sums are products of rows
PROGRAMS = [
    ("sum(exp(sum(X * Y, axis=1)))", LONG, 1),
    ("sum(exp(sum(X * Y, axis=1)))", LONG - 1, 0),
    ("sum(sum(X * Y, axis=1)**2)", LONG, 1),
    ("sum(exp(sum(X * Y, axis=0)))", LONG, 0),
    ("sum(tanh(sum(tanh(X) * tanh(Y), axis=1)))", LONG, 1),
    ("sum(exp(sum(X * w.T, axis=1)))", LONG, 0),
    ("norm2(softmax(X, axis=1) - Y)**2", LONG, 1),  # of the gradient of a softmax
    ("sum(exp(sum(X * Y, axis=1))) + sum(sin(X * Y))", LONG, 0),  # whose products are needed
]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("loss", "width", "count"), PROGRAMS)
def test_long_rows_are_multiplied(loss: str, width: int, count: int, dtype: str) -> None:
    program = f"X: Matrix(n, d)\nY: Matrix(n, d)\nw: Vector(d)\nloss = {loss}"
    rng = np.random.default_rng(0)
    exact = {"X": rng.normal(size=(20, width)) / 8, "Y": rng.normal(size=(20, width))}
    exact |= {"w": rng.normal(size=width)}
    derivation = sg.derive(program, ["X"])
    wanted, slopes = derivation.lambdify()(exact)
    numbers: dict[str, Any] = {name: array.astype(dtype) for name, array in exact.items()}
    function = derivation.lambdify(dtype=dtype, reuse_buffers=True)
    tolerance = 1e-10 if dtype == "float64" else 2e-4
    for _ in range(2):
        value, found = function(numbers)
        np.testing.assert_allclose(value, wanted, rtol=tolerance)
        np.testing.assert_allclose(found["X"], slopes["X"], rtol=tolerance, atol=tolerance)
    assert _products(function.plan.program, width) == (count if KNOWN else 0)


def _products(program: Program, width: int) -> int:
    sizes = {axis: width if str(axis) == "d" else 20 for axis in program.axes}
    return [op.name for op in by_rows(program, sizes).ops].count("vecdot")
