"""Several sums over one batch, and derivatives by what each example has of its own."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg

DECLARED = "W: Matrix(m, n)\nb: Vector(n)\nx: Vector(n)\nc: Scalar\n"
MEAN = "mu = mean(x for x in batch)\n"
GRADIENTS = [  # what is derived, by what, the result
    (
        "loss = norm2(sum(W @ x for x in batch))**2",
        "W",
        "2 * W @ sum(x for x in batch) @ sum(x for x in batch).T",
    ),
    (
        "loss = norm2(sum(W @ b for W in batch))**2",
        "b",
        "2 * sum(W for W in batch).T @ sum(W for W in batch) @ b",
    ),
    (
        "loss = mean(c**2 * b.T @ x for x, c in batch) * sum(exp(b.T @ x) for x in batch)",
        "x",
        "(exp(b.T @ x) * b.T @ sum(c**2 * x for x, c in batch) + "
        "c**2 * sum(exp(b.T @ x) for x, c in batch)) * b / size(batch)",
    ),
    (
        "loss = sum((c - b.T @ x)**2 for c, x in batch)",
        "b",
        "-2 * sum((c - b.T @ x) * x for c, x in batch)",
    ),
    (
        f"{MEAN}loss = mean(norm2(x - mu)**2 for x in batch)",
        "x",
        "2 * (x - mu) / size(batch)",
    ),
    (
        f"{MEAN}loss = mean((b.T @ (x - mu))**2 for x in batch)",
        "b",
        "2 * mean((b.T @ (x - mu)) * (x - mu) for x in batch)",
    ),
    (
        f"{MEAN}v = mean((x - mu)**2 for x in batch)\n"
        "loss = sum(sum(tanh(b * (x - mu) / sqrt(v + 1))) for x in batch)",
        "x",
        None,
    ),
]


@pytest.mark.parametrize(("text", "name", "result"), GRADIENTS)
def test_gradient(text: str, name: str, result: str | None) -> None:
    derivation = sg.derive(DECLARED + text, [name])
    if result is not None:
        assert derivation.results[name].expression == result
    assert derivation.verify().passed
    assert sg.check_gradient(DECLARED + text, [name]).passed
    assert derivation.text("full") and derivation.latex("full")


def test_a_jacobian_by_what_each_example_has() -> None:
    text = f"{DECLARED}f = sum(tanh(W @ x) for x in batch)"
    derivation = sg.jacobian(text, ["x"])
    assert derivation.results["x"].expression == "diag(1 - tanh(W @ x)**2) @ W"
    assert derivation.verify().passed
    rng = np.random.default_rng(0)
    given = {"W": rng.standard_normal((2, 3)), "x": rng.standard_normal((4, 3))}
    _, found = derivation.lambdify()(given)
    assert found["x"].shape == (2, 4, 3)
    slopes = 1 - np.tanh(given["x"] @ given["W"].T) ** 2
    np.testing.assert_allclose(found["x"], np.einsum("bm,mn->mbn", slopes, given["W"]))


def test_a_hessian_by_what_each_example_has_is_refused() -> None:
    text = f"{DECLARED}loss = sum((b.T @ x)**2 for x in batch)"
    with pytest.raises(sg.SymgradError, match="two indices of examples; take hvp"):
        sg.hessian(text, ["b", "x"])
    assert sg.hvp(text, ["b", "x"]).verify().passed
