"""Functions that a caller gives for those that a program leaves open."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.language.operations.unspecified import Unspecified
from symgrad.numerics.unspecified import DRAWS, smooth

OPEN = """phi: Function
ell: Function
W: Matrix(m, n)
V: Matrix(k, m)
x: Vector(n)
y: Vector(k)
loss = sum(ell(y, V @ phi(W @ x)) for x, y in batch)"""
TWIN = """W: Matrix(m, n)
V: Matrix(k, m)
x: Vector(n)
y: Vector(k)
loss = sum(norm2(y - V @ tanh(W @ x))**2 for x, y in batch)"""
ACTIVATION = (np.tanh, lambda z: 1 - np.tanh(z) ** 2)
LOSS = (lambda y, f: np.sum((y - f) ** 2, -1), (None, lambda y, f: 2 * (f - y)))
FACTS = ["positive", "increasing", "convex", "even"]


def inputs(**functions: Any) -> dict[str, Any]:
    """Arrays, and functions."""
    rng = np.random.default_rng(0)
    shapes = {"W": (4, 3), "V": (2, 4), "x": (5, 3), "y": (5, 2)}
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()} | functions


@pytest.mark.parametrize("options", [{}, {"reuse_buffers": True}, {"dtype": "float32"}])
def test_same_as_the_formula(options: dict[str, Any]) -> None:
    """With tanh and the squared distance given, what the program with these has."""
    function = sg.derive(OPEN, ["W", "V"]).lambdify(**options)
    value, gradients = sg.derive(TWIN, ["W", "V"]).lambdify()(inputs())
    again = pickle.loads(pickle.dumps(function))
    for f in (function, function, again):
        got, slopes = f(inputs(), phi=ACTIVATION, ell=LOSS)
        assert got == pytest.approx(value, rel=1e-5)
        for name, slope in gradients.items():
            np.testing.assert_allclose(slopes[name], slope, rtol=1e-4)


def test_buffers_know_their_functions() -> None:
    """Another function at the next call is another result, and what a function returns is copied:
    it may be its argument, or an array that it writes into again."""
    work = np.empty(2)
    square = (lambda z: np.square(z, work), lambda z: np.multiply(z, 2, work))
    program = "phi: Function\nx: Vector(n)\nloss = sum(phi(2 * x) * exp(2 * x))"
    function = sg.derive(program).lambdify(reuse_buffers=True)
    x = np.array([1.0, 2.0])
    for phi in (square, (lambda z: z, np.ones_like), ACTIVATION, square):
        value, gradient = function(x=x, phi=phi)
        h, slope, e = np.copy(phi[0](2 * x)), np.copy(phi[1](2 * x)), np.exp(2 * x)
        assert value == pytest.approx(np.sum(h * e))
        np.testing.assert_allclose(gradient["x"], 2 * (slope + h) * e)


def test_second_derivatives() -> None:
    """A Hessian takes them: of several arguments as a square of functions."""
    program = "ell: Function\nx: Vector(n)\ny: Vector(n)\nloss = ell(y, tanh(x))"
    hessian = sg.hessian(program, "x").lambdify()
    x, y = np.random.default_rng(0).standard_normal((2, 3))
    second = ((None, None), (None, lambda y, f: 2 * np.eye(len(f))))
    _, blocks = hessian(x=x, y=y, ell=(*LOSS, second))
    twin = "x: Vector(n)\ny: Vector(n)\nloss = norm2(y - tanh(x))**2"
    _, expected = sg.hessian(twin, "x").lambdify()(x=x, y=y)
    np.testing.assert_allclose(blocks["x", "x"], expected["x", "x"])


MESSAGES: list[tuple[dict[str, Any], str]] = [
    ({"ell": LOSS}, "phi is a function that the program leaves open: give phi=(f, df)"),
    ({"ell": LOSS, "phi": np.tanh}, "phi_1 is needed and not given: give phi=(f, df)"),
    (
        {"ell": LOSS, "phi": 3},
        "phi is a function that the program leaves open, and no int: give phi=(f, df)",
    ),
    (
        {"phi": ACTIVATION, "ell": LOSS[0]},
        "ell_2 is needed and not given: give ell=(f, (d1, d2))",
    ),
    (
        {"phi": (np.tanh, lambda z: 1.0), "ell": LOSS},
        "phi_1 returned the shape () at arguments of the shape (5, 4); (5, 4) is wanted",
    ),
    (
        {"phi": ACTIVATION, "ell": (lambda y, f: np.sum((y - f) ** 2), LOSS[1])},
        "ell returned the shape () at arguments of the shape (5, 2) and (5, 2); (5,) is wanted: "
        "ell is called for all examples at once, vectors along the last axis, so that sums go "
        "along axis=-1",
    ),
]


@pytest.mark.parametrize(("functions", "expected"), MESSAGES)
def test_message(functions: dict[str, Any], expected: str) -> None:
    """What is missing or does not fit is said."""
    with pytest.raises(sg.SymgradError) as caught:
        sg.derive(OPEN, ["W", "V"]).lambdify()(inputs(**functions))
    assert caught.value.message == expected


def test_what_is_declared_is_looked_at() -> None:
    """A function with a negative value is none that is declared positive."""
    program = "phi: Function(positive=True)\nx: Vector(n)\nloss = sum(abs(phi(x)))"
    with pytest.raises(sg.SymgradError, match="declared positive, but phi is -0.762"):
        sg.evaluate(program, {"x": [-1.0, 2.0], "phi": np.tanh})


@pytest.mark.parametrize(("slope", "verdict"), [(ACTIVATION[1], "passed"), (np.cos, "failed")])
def test_check_of_what_is_given(slope: Any, verdict: str) -> None:
    """A check at inputs compares the derivative that is given with the function."""
    functions = {"phi": (np.tanh, slope), "ell": LOSS}
    report = sg.check_gradient(OPEN, ["W", "V"], inputs(**functions))
    assert (report.verdict, report.method) == (verdict, "difference quotients")


def test_numba_says_no() -> None:
    """Compiled code calls no function of the caller's."""
    pytest.importorskip("numba")
    with pytest.raises(sg.SymgradError, match="leaves phi, ell open; use modules='numpy'"):
        sg.derive(OPEN, ["W", "V"]).lambdify(modules="numba")


@pytest.mark.parametrize("number", range(DRAWS))
@pytest.mark.parametrize("facts", [[], *([f] for f in FACTS), FACTS[:3], ["even", "convex"]])
def test_smooth_functions(facts: list[str], number: int) -> None:
    """Each derivative is that of the one before, along the imaginary axis too, and the facts
    hold."""
    function = smooth(Unspecified("phi", frozenset(facts), (0,)), number)
    x = np.linspace(-3, 3, 61)
    for order in range(3):
        by, more = (1,) * order, (1,) * (order + 1)
        slope = function(more, x)
        scale = np.abs(slope).max()
        np.testing.assert_allclose(
            function(by, x + 1e-100j).imag / 1e-100, slope, atol=1e-9 * scale
        )
        quotient = (function(by, x + 1e-5) - function(by, x - 1e-5)) / 2e-5
        np.testing.assert_allclose(quotient, slope, atol=1e-6 * scale)
        assert FACTS[order] not in facts or function(by, x).min() >= 0
    assert "even" not in facts or np.allclose(function((), x), function((), -x))


def test_smooth_functions_of_vectors() -> None:
    """Second derivatives of several arguments are those of the first ones."""
    function = smooth(Unspecified("ell", frozenset(), (1, 0)), 0)
    x, a, step = np.array([0.3, -0.2, 0.5]), 0.7, 1e-5
    mixed = (function((1,), x, a + step) - function((1,), x, a - step)) / (2 * step)
    np.testing.assert_allclose(mixed, function((1, 2), x, a), atol=1e-8)
    rows = [function((1,), x + d, a) - function((1,), x - d, a) for d in step * np.eye(3)]
    np.testing.assert_allclose(np.array(rows) / (2 * step), function((1, 1), x, a), atol=1e-8)
