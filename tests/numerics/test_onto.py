"""What stands on diagonals is written there, in functions with buffers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.numerics.buffers.onto import on_diagonals
from symgrad.numerics.buffers.planned import buffered_source

FACTORS = "X: Matrix(m, r)\nY: Matrix(n, r)\nM: Matrix(m, n)\nloss = norm2(X @ Y.T - M)**2"
DECLARED = "x: Vector(n)\nA: Matrix(n, n)\nB: Matrix(n, n)\n"
PROGRAMS = {
    "blocks": sg.hessian(FACTORS, ["X", "Y"]),
    "a diagonal": sg.hessian(DECLARED + "loss = sum(exp(x) * sin(x))", ["x"]),
    "added": sg.hessian(DECLARED + "loss = x.T @ A @ x + sum(x**4) + sum(tanh(x))", ["x"]),
    "subtracted": sg.hessian(DECLARED + "loss = norm2(A @ x)**2 - sum(x**4)", ["x"]),
    "of rows": sg.jacobian(DECLARED + "f = tanh(A @ x) * x - x**2", ["x", "A"]),
    "alike": sg.jacobian(DECLARED + "f = (A + x.T @ x * eye(n)) @ exp(x) + diag(x) @ x", ["x"]),
    "for all rows": sg.jacobian("A: Matrix(m, n)\nf = cumsum(A, axis=0)", ["A"]),
    "tensors": sg.hessian(DECLARED + "loss = sum(tanh(A @ B @ A))", ["A", "B"]),
    "examples": sg.hessian(
        "u: Vector(n)\nW: Matrix(m, n)\nV: Matrix(k, m)\n"
        "loss = mean(logsumexp(V @ sigmoid(W @ u)) for u in batch)",
        ["W", "V"],
    ),
}
SIZES = {"n": 4, "m": 3, "k": 2, "r": 2, "batch": 7}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_values_are_those_of_products_with_identities(name: str, dtype: str) -> None:
    derivation = PROGRAMS[name]
    plain = derivation.lambdify(dtype=dtype)
    buffered = derivation.lambdify(dtype=dtype, reuse_buffers=True)
    rng = np.random.default_rng(5)
    for _ in range(3):
        given: dict[str, Any] = {
            name: rng.normal(size=[SIZES[str(axis)] for axis in axes]).astype(dtype)
            for name, axes in buffered.plan.axes.items()
        }
        wanted, found = plain(given), buffered(given)
        off = 1e-12 if dtype == "float64" else 2e-5
        for key, expected in wanted[1].items():
            np.testing.assert_allclose(found[1][key], expected, rtol=off, atol=off)
            found[1][key] += 1.0  # the next call writes all of it again


@pytest.mark.parametrize("name", ["blocks", "a diagonal", "added", "subtracted", "examples"])
def test_no_array_is_multiplied_by_an_identity(name: str) -> None:
    program = PROGRAMS[name].lambdify().plan.program
    assert "eye(" in buffered_source(program)
    assert "eye(" not in buffered_source(on_diagonals(program))
