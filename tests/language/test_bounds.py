"""Sums whose letters bound each other are printed with their bounds, and read back."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from tests.typesetting.read_back import misread

N = 5
DECLARED = "x: Vector(n)\nA: Matrix(n, n)\n"
A = np.random.default_rng(0).normal(size=(N, N))
X = np.random.default_rng(1).normal(size=N)

PRINTED = [  # a sum, and what its gradient by x says
    (
        "sum(A[i, j] * sin(x[i]) * x[j] for i in range(n) for j in range(i))",
        ["for j in range(i)", "for j in range(i + 1, n)"],
        [r"\sum_{j < i}", r"\sum_{j > i}"],
    ),
    (
        "sum(A[i, j] * sin(x[i]) * x[j] for i in range(n) for j in range(i, n))",
        ["for j in range(i, n)", "for j in range(i + 1)"],
        [r"\sum_{j \geq i}", r"\sum_{j \leq i}"],
    ),
    (
        "sum(A[i, j] * x[j]**2 * x[i] for i in range(n) for j in range(n) if i < j)",
        ["for j in range(i + 1, n)", "for j in range(i)"],
        [r"\sum_{j > i}", r"\sum_{j < i}"],
    ),
    (
        "sum(exp(x[i]) * x[j] * A[i, j] for i in range(n) for j in range(n) if i >= j)",
        ["for j in range(i + 1)", "for j in range(i, n)"],
        [r"\sum_{j \leq i}", r"\sum_{j \geq i}"],
    ),
]


@pytest.mark.parametrize(("line", "text", "latex"), PRINTED)
def test_bounds_are_printed_as_bounds(line: str, text: list[str], latex: list[str]) -> None:
    derived = sg.derive(f"{DECLARED}loss = {line}", "x")
    result = derived.results["x"].expression
    assert all(part in result for part in text) and "step" not in result
    assert all(part in derived.latex() for part in latex) and not list(misread(derived))
    again = sg.parse(f"{DECLARED}f = {result}")
    _, gradient = derived.lambdify()({"x": X, "A": A})
    np.testing.assert_allclose(sg.evaluate(again, {"x": X, "A": A}), gradient["x"], rtol=1e-12)
    report = derived.verify()
    assert report.passed


def test_a_mean_over_a_part_of_the_numbers_is_refused() -> None:
    """Once it was divided by n - 1, whatever i is."""
    with pytest.raises(sg.ProgramError, match="a mean goes over all numbers"):
        sg.parse(f"{DECLARED}loss = sum(mean(x[j] for j in range(i)) for i in range(1, n))")
