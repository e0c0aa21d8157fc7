"""A row beside a matrix is repeated, as NumPy repeats an axis of length 1."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg

NAMES = "X: Matrix(n, d)\nW: Matrix(d, k)\nY: Matrix(n, d)\nb: Vector(k)\ng: Vector(d)\n"
TWINS = [
    ("norm2(X @ W + b.T)**2", "norm2(X @ W + ones(n) @ b.T)**2"),
    ("norm2(b.T - X @ W)**2", "norm2(ones(n) @ b.T - X @ W)**2"),
    ("sum((g.T * X)**2)", "sum((X @ diag(g))**2)"),
    ("sum(X / (1 + g.T**2))", "sum(X @ diag(1 / (1 + g**2)))"),
    ("sum(Y * (X - mean(X, axis=0)))", "sum(Y * (X - ones(n) @ ones(n).T @ X / n))"),
    ("sum(maximum(X, g.T))", "sum(maximum(X, ones(n) @ g.T))"),
    ("sum(sigmoid(X @ W + b.T))", "sum(sigmoid(X @ W + ones(n) @ b.T))"),
    (
        "sum(Y * (g.T * (X - mean(X, axis=0)) / sqrt(var(X, axis=0) + 1e-5)))",
        "sum(Y * ((X - ones(n) @ mean(X, axis=0)) @ diag(g / sqrt(var(X, axis=0).T + 1e-5))))",
    ),
]
GIVEN = {
    name: np.random.default_rng(3).uniform(0.2, 1, shape)
    for name, shape in {"X": (4, 3), "W": (3, 2), "Y": (4, 3), "b": 2, "g": 3}.items()
}


@pytest.mark.parametrize(("row", "repeated"), TWINS)
def test_a_row_is_repeated(row: str, repeated: str) -> None:
    derived = [sg.derive(f"{NAMES}loss = {text}") for text in (row, repeated)]
    (value, gradient), (wanted, slopes) = (d.lambdify()(GIVEN) for d in derived)
    assert value == pytest.approx(wanted, rel=1e-12)
    for name, slope in slopes.items():
        np.testing.assert_allclose(gradient[name], slope, rtol=1e-10, atol=1e-12)
    assert derived[0].verify().passed


@pytest.mark.parametrize("text", ["X @ W + b", "X * g", "X - sum(X, axis=1)", "b + b.T", "g.T + W"])
def test_what_is_no_row_is_not_repeated(text: str) -> None:
    with pytest.raises(sg.SymgradError, match="shapes differ|the matrix product is @"):
        sg.parse(f"{NAMES}loss = sum({text})")
