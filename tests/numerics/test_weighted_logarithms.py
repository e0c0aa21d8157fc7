"""sum_c p_c log_softmax(z)_c, of weights that sum to 1: no matrix of logarithms is made."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg

Z = np.random.default_rng(0).normal(size=(5, 4)) * 30
SHIFTED = Z - Z.max(axis=1, keepdims=True)
LOGARITHMS = SHIFTED - np.log(np.exp(SHIFTED).sum(axis=1, keepdims=True))
P = np.exp(Z[::-1] / 40) / np.exp(Z[::-1] / 40).sum(axis=1, keepdims=True)
LABELS = np.array([1, 0, 3, 3, 2])
Y = np.eye(4)[LABELS]
# declarations and loss, the arrays, the value, its derivative by z
PROGRAMS: dict[str, tuple[str, dict[str, Any], float, Any]] = {
    "one-hot": (
        "y: Vector(c, one_hot=True)\nloss = mean(cross_entropy(y, softmax(z)) for y, z in batch)",
        {"y": Y},
        -(Y * LOGARITHMS).sum() / 5,
        (np.exp(LOGARITHMS) - Y) / 5,
    ),
    "probabilities": (
        "p: Vector(c, simplex=True)\nloss = sum(p.T @ log_softmax(z) for p, z in batch)",
        {"p": P},
        (P * LOGARITHMS).sum(),
        P - np.exp(LOGARITHMS),
    ),
    "the same for all": (
        "p: Vector(c, simplex=True)\nloss = sum(p.T @ log_softmax(z) for z in batch)",
        {"p": P[0]},
        (P[0] * LOGARITHMS).sum(),
        P[0] - np.exp(LOGARITHMS),
    ),
    "squares of them": (
        "p: Vector(c, simplex=True)\nloss = sum((p.T @ log_softmax(z))**2 for p, z in batch)",
        {"p": P},
        ((P * LOGARITHMS).sum(axis=1) ** 2).sum(),
        2 * (P * LOGARITHMS).sum(axis=1, keepdims=True) * (P - np.exp(LOGARITHMS)),
    ),
    "any weights": (
        "p: Vector(c)\nloss = sum(p.T @ log_softmax(z) for p, z in batch)",
        {"p": 3 * P},
        3 * (P * LOGARITHMS).sum(),
        3 * (P - np.exp(LOGARITHMS)),
    ),
    "weighted examples": (
        "p: Vector(c, simplex=True)\na: Scalar\n"
        "loss = sum(a * (p.T @ log_softmax(z)) for p, z, a in batch)",
        {"p": P, "a": np.arange(5.0)},
        (np.arange(5.0) * (P * LOGARITHMS).sum(axis=1)).sum(),
        np.arange(5.0)[:, None] * (P - np.exp(LOGARITHMS)),
    ),
    "labels": (
        "t: Index(c)\nloss = mean(cross_entropy(t, softmax(z)) for t, z in batch)",
        {"t": LABELS},
        -(Y * LOGARITHMS).sum() / 5,
        (np.exp(LOGARITHMS) - Y) / 5,
    ),
}


@pytest.mark.parametrize("buffers", [False, True])
@pytest.mark.parametrize("name", PROGRAMS)
def test_value_and_derivative(name: str, buffers: bool) -> None:
    text, arrays, value, slope = PROGRAMS[name]
    function = sg.derive(f"z: Vector(c)\n{text}", "z").lambdify(reuse_buffers=buffers)
    found, derivatives = function({"z": Z, **arrays})
    assert np.isclose(found, value, rtol=1e-13)
    assert np.allclose(derivatives["z"], slope, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", ["one-hot", "labels"])
def test_a_small_loss_keeps_its_digits(name: str) -> None:
    text, arrays, _, _ = PROGRAMS[name]
    function = sg.derive(f"z: Vector(c)\n{text}", "z").lambdify()
    found, _ = function({"z": 1e3 + 20 * Y, **arrays})
    assert np.isclose(found, np.log1p(3 * np.exp(-20)), rtol=1e-7, atol=0)  # as 1 + 6e-9 has them


@pytest.mark.parametrize("name", [n for n in PROGRAMS if n not in ("any weights",)])
def test_no_matrix_of_logarithms_is_made(name: str) -> None:
    text, _, _, _ = PROGRAMS[name]
    lines = sg.derive(f"z: Vector(c)\n{text}", "z").lambdify().source.splitlines()
    (logarithm,) = [line.split()[0] for line in lines if "np.log(" in line]
    assert not any(f"{logarithm}[:, None]" in line for line in lines)
