"""Functions of the differences of all pairs of entries: what is even, odd, and named."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.language.expressions import OPERATIONS
from symgrad.language.operations.meanings import Elementwise

DECLARED = "x: Vector(n)\nW: Matrix(n, n, data=True)\nB: Matrix(n, n)\n"
R = "(x @ ones(n).T - ones(n) @ x.T)"
JOINED = [
    ("sum(cos(x[i] - x[j]) for i in range(n) for j in range(n))", "x", f"-2 * sin{R} @ ones(n)"),
    (
        "sum(W[i, j] * abs(x[i] - x[j]) for i in range(n) for j in range(n))",
        "x",
        f"(sign{R} * (W + W.T)) @ ones(n)",
    ),
    (
        "sum(exp(-(x[i] - x[j])**2) for i in range(n) for j in range(n))",
        "x",
        f"-4 * (exp(-{R}**2) * {R}) @ ones(n)",
    ),
    ("sum(cos(B - B.T))", "B", "-2 * sin(B - B.T)"),
    ("x.T @ (B - B.T) @ x", "B", "zeros(n, n)"),
]


@pytest.mark.parametrize(("line", "name", "expected"), JOINED)
def test_what_turns_its_sign_with_its_indices_is_joined(
    line: str, name: str, expected: str
) -> None:
    derived = sg.derive(f"{DECLARED}loss = {line}", name)
    assert derived.results[name].expression == expected
    assert derived.verify().passed and sg.check_gradient(f"{DECLARED}loss = {line}").passed


def test_differences_of_pairs_are_a_line() -> None:
    """Once they were written out six times in one step."""
    program = (
        f"{DECLARED}loss = -sum(W[i, j] * log(sigmoid(x[i] - x[j])) "
        "for i in range(n) for j in range(n) if i != j)"
    )
    text = sg.derive(program, "x").text()
    assert text.count("x @ ones(n).T - ones(n) @ x.T") == 1
    assert "dL/dx = dL/dR @ ones(n) - (dL/dR).T @ ones(n)" in text


DECLARED_PARITY = [
    operation
    for operation in OPERATIONS.values()
    if isinstance(operation.meaning, Elementwise) and operation.meaning.parity
]


@pytest.mark.parametrize("operation", DECLARED_PARITY, ids=lambda operation: operation.name)
def test_a_function_has_the_parity_that_is_declared(operation) -> None:
    x = np.array([0.1, 0.4, 0.9])
    program = f"x: Vector(3)\nf = {operation.name}(x)"
    values = [sg.evaluate(program, {"x": at}) for at in (x, -x)]
    np.testing.assert_allclose(values[1], operation.meaning.parity * values[0], rtol=1e-14)
