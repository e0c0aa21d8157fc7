"""Functions that bend once: their two lines and their slope, by few operations."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg

X = np.array([-2.0, -0.5, 0.0, 0.25, 3.0, np.inf, -np.inf])
W = np.arange(1.0, 8.0)
LINES = {  # how it is written: the slopes before 0, behind it, and the one that is used at 0
    "leaky_relu(x)": (0.01, 1, 0.01),
    "0.2 * x + 0.8 * relu(x)": (0.2, 1, 0.2),
    "2 * x - 3 * relu(x)": (2, -1, 2),
    "relu(x) - 0.25 * relu(-x)": (0.25, 1, 0),
    "3 * x + abs(x)": (2, 4, 3),
    "maximum(x, 0) + minimum(x, 0) / 4 + x": (1.25, 2, 1),
    "x + abs(x)": (0, 2, 1),
    "x + relu(-x)": (0, 1, 1),
    "maximum(0.9 * x, -0.1 * x)": (-0.1, 0.9, 0.4),
    "minimum(2 * x, x / 4) + x": (3, 1.25, 2.125),
}


@pytest.mark.parametrize("reuse_buffers", [False, True])
@pytest.mark.parametrize("text", LINES)
def test_two_lines(text: str, reuse_buffers: bool) -> None:
    """Beside other terms, and times what comes back."""
    low, high, between = LINES[text]
    program = f"x: Vector(n)\nw: Vector(n)\nc: Vector(n)\nloss = sum(w * exp(c - ({text})))"
    function = sg.derive(program, ["x", "c"]).lambdify(reuse_buffers=reuse_buffers)
    x = X[:5]
    value, grads = function({"x": x, "w": W[:5], "c": W[:5] / 9})
    y = np.where(x > 0, high * x, low * x)
    parts = W[:5] * np.exp(W[:5] / 9 - y)
    slope = np.where(x > 0, high, np.where(x < 0, low, between))
    assert value == pytest.approx(parts.sum(), rel=1e-13)
    np.testing.assert_allclose(grads["c"], parts, rtol=1e-12)
    np.testing.assert_allclose(grads["x"], -slope * parts, rtol=1e-12)


@pytest.mark.parametrize(
    ("text", "multiplications", "additions"),
    [("leaky_relu(x)", 4, 1), ("0.5 * x - 0.1 * relu(x) + w", 5, 1)],
)
def test_few_operations(text: str, multiplications: int, additions: int) -> None:
    """The lines, a step that is scaled and shifted, and products with what comes back."""
    program = f"x: Vector(n)\nw: Vector(n)\nu = {text}\nloss = sum(w * exp(u))"
    source = sg.derive(program, "x").lambdify().source
    assert "np.maximum" in source or "np.minimum" in source
    lines = [line.partition("#")[0] for line in source.splitlines()]
    assert sum(" * " in line for line in lines) == multiplications, source
    assert sum(" + " in line for line in lines) == additions, source


def test_the_slope_is_one_factor_of_what_comes_back() -> None:
    program = """p: Vector(n)
q: Vector(n)
Y: Matrix(n, n)
A = softmax(leaky_relu(p @ ones(n).T + ones(n) @ q.T), axis=1)
loss = norm2(A @ Y - Y)**2"""
    source = sg.derive(program, "p").lambdify().source
    lines = [line.partition("#")[0] for line in source.splitlines()]
    assert sum(" * " in line for line in lines) == 6, source


@pytest.mark.parametrize("larger", ["maximum(0.9 * x, -0.1 * x)", "minimum(x, 3 * x)"])
def test_a_sign_that_is_needed_says_which_is_larger(larger: str) -> None:
    program = f"x: Vector(n)\nw: Vector(n)\nloss = w.T @ {larger}"
    for wrt, counts in {"x": (0, 1), "w": (1, 0)}.items():
        source = sg.derive(program, wrt).lambdify().source
        code = "".join(line.partition("#")[0] for line in source.splitlines())
        assert (code.count("imum("), code.count("sign(")) == counts, source


def test_infinite_numbers_stay() -> None:
    function = sg.derive("x: Vector(n)\nloss = sum(leaky_relu(x)**2)", "x").lambdify()
    with np.errstate(invalid="ignore"):
        _, grads = function({"x": X})
    assert grads["x"][-2:].tolist() == [np.inf, -np.inf]


def test_diagonals() -> None:
    function = sg.derive("A: Matrix(n, n)\nloss = sum(leaky_relu(diag(A))**2)", "A").lambdify()
    A = np.arange(-4.0, 5.0).reshape(3, 3)
    _, grads = function({"A": A})
    np.testing.assert_allclose(grads["A"], np.diag([-8e-4, 0, 8.0]))
