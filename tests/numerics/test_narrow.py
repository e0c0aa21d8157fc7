"""Maxima of short rows, with buffers: along the columns of a copy, and the same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.numerics.buffers import narrow
from symgrad.numerics.buffers.layouts import laid_out
from symgrad.numerics.buffers.narrow import along_columns

SOFTMAX = "X: Matrix(n, c)\nY: Matrix(n, c)\nloss = -sum(Y * log_softmax(X, axis=1)) / n"
PROGRAMS = {
    "softmax": SOFTMAX,
    "sums of exponentials": "X: Matrix(n, c)\nloss = sum(logsumexp(X, axis=1)**2)",
    "of a transpose": "X: Matrix(c, n)\nloss = sum(logsumexp(X.T, axis=1)**2)",
    "the largest": "X: Matrix(n, c)\nloss = norm2(max(X, axis=1))**2",
    "columns": "X: Matrix(c, n)\nloss = sum(logsumexp(X, axis=0)**2)",
    "of examples": "x: Vector(c)\nt: Index(c)\nb: Vector(c)\n"
    "loss = mean(cross_entropy(t, softmax(x + b)) for x, t in batch)",
}
SIZES = [(40, 7), (16, 32), (16, 33), (15, 7), (16, 1), (3000, 5)]
EXACT = {"float64": 1e-12, "float32": 2e-4}


def numbers(text: str, count: int, classes: int, dtype: str) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    shape = (classes, count) if "X: Matrix(c, n)" in text else (count, classes)
    drawn = {
        "X": rng.normal(size=shape) * 50,
        "Y": rng.uniform(size=shape),
        "x": rng.normal(size=shape) * 50,
        "t": rng.integers(0, classes, count),
        "b": rng.normal(size=classes),
    }
    names = {line.split(":")[0] for line in text.splitlines()}
    return {n: a if n == "t" else a.astype(dtype) for n, a in drawn.items() if n in names}


@pytest.mark.parametrize("dtype", EXACT)
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_numbers_are_those_without_buffers(
    name: str, size: tuple[int, int], dtype: str
) -> None:
    text = PROGRAMS[name]
    inputs = numbers(text, *size, dtype)
    derivation = sg.derive(text, "b" if "b" in inputs else "X")
    plain, buffered = (derivation.lambdify(dtype=dtype, reuse_buffers=r) for r in (False, True))
    for _ in range(2):
        value, derivatives = plain(inputs)
        found, own = buffered(inputs)
        np.testing.assert_allclose(found, value, rtol=EXACT[dtype])
        for key, array in derivatives.items():
            np.testing.assert_allclose(own[key], array, rtol=EXACT[dtype], atol=EXACT[dtype])


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_short_rows_are_copied_where_they_are_many(size: tuple[int, int]) -> None:
    program = sg.derive(SOFTMAX, "X").lambdify(reuse_buffers=True).plan.program
    sizes = dict(zip(program.axes, size, strict=True))
    laid = laid_out(program, sizes)
    axes = [op.axes for op in along_columns(laid, sizes).ops if op.name == "maximum"]
    many = size[0] >= narrow.ROWS and size[1] <= narrow.COLUMNS
    assert axes == [(0,) if many else (1,)]


def test_maxima_in_tensors_are_those_without_buffers() -> None:
    derivation = sg.jacobian("X: Tensor(m, n, p)\nf = max(X, axis=1)")
    inputs = {"X": np.random.default_rng(1).normal(size=(20, 4, 3))}
    plain, buffered = (derivation.lambdify(reuse_buffers=r)(inputs) for r in (False, True))
    np.testing.assert_array_equal(buffered[0], plain[0])
    np.testing.assert_array_equal(buffered[1]["X"], plain[1]["X"])
