"""The gradient of a determinant is the matrix of cofactors, also where the matrix is singular, on
every back end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg

SINGULAR = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.0, 1.0, 5.0]])
MATRICES = {
    "rank 2": SINGULAR,
    "rank 1": np.outer([1.0, 2.0, 3.0], [1.0, 0.0, 1.0]),
    "zero": np.zeros((3, 3)),
    "regular": SINGULAR + np.eye(3),
    "reflected": np.diag([1.0, 2.0, -3.0]),
    "nearly singular": SINGULAR + 1e-15 * np.eye(3),
}
OPTIONS: dict[str, dict[str, Any]] = {
    "numpy": {},
    "buffers": {"reuse_buffers": True},
    "numba": {"modules": "numba"},
    "array_api": {"modules": "array_api"},
    "float32": {"dtype": "float32"},
}


def cofactors(x: np.ndarray) -> np.ndarray:
    """By minors."""
    rows = range(len(x))
    minors = [[np.linalg.det(np.delete(np.delete(x, i, 0), j, 1)) for j in rows] for i in rows]
    signs = [[(-1) ** (i + j) for j in rows] for i in rows]
    return np.array(minors) * signs


@pytest.mark.parametrize("matrix", MATRICES)
@pytest.mark.parametrize("backend", OPTIONS)
def test_gradient_of_a_determinant(backend: str, matrix: str) -> None:
    if backend in ("numba", "array_api"):
        pytest.importorskip({"numba": "numba"}.get(backend, "array_api_compat"))
    if backend == "numba" and matrix != "rank 2":
        pytest.skip("compiled once")
    x = MATRICES[matrix]
    tolerance = 1e-3 if backend == "float32" else 1e-9
    wanted = cofactors(x)
    losses = (
        ("det(X)", wanted),
        ("det(X.T) + sum(X)", wanted + 1),
        ("det(X)**2", 2 * np.linalg.det(x) * wanted),
        ("det(2 * X) / 8", wanted),
    )
    for loss, gradient in losses[: 1 if backend == "numba" else None]:
        derivation = sg.derive(f"X: Matrix(n, n)\nloss = {loss}")
        found = derivation.lambdify(**OPTIONS[backend])({"X": x})[1]["X"]
        np.testing.assert_allclose(found, gradient, rtol=tolerance, atol=10 * tolerance)


def test_determinants_of_a_batch_and_the_printed_form() -> None:
    derivation = sg.derive("X: Matrix(n, n)\nt: Scalar\nloss = sum(det(t * X) for t in batch)", "X")
    value, gradient = derivation.lambdify()({"X": SINGULAR, "t": [1.0, 2.0]})
    assert abs(value) < 1e-12
    np.testing.assert_allclose(gradient["X"], 9 * cofactors(SINGULAR), atol=1e-9)
    printed = sg.derive("X: Matrix(n, n)\nloss = det(X)").results["X"].expression
    assert printed == "det(X) * inv(X).T"
    text = f"X: Matrix(n, n)\nf = {printed}"
    np.testing.assert_allclose(sg.evaluate(text, {"X": SINGULAR}), cofactors(SINGULAR), atol=1e-9)


def test_an_inverse_beside_another_determinant_stays_one() -> None:
    program = "X: Matrix(n, n)\nY: Matrix(n, n)\nf = det(Y) * inv(X)"
    with pytest.raises(sg.SymgradError, match="no inverse"):
        sg.evaluate(program, {"X": SINGULAR, "Y": np.eye(3)})
