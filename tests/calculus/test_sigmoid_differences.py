"""log(sigmoid(x) - sigmoid(y)), as in ordered regression: nothing cancels, nothing underflows."""

from __future__ import annotations

import numpy as np
import pytest
from mpmath import exp, log, mp, mpf

import symgrad as sg

ORDERED = """x: Vector(n)
low: Scalar
high: Scalar
w: Vector(n)
s = w.T @ x
loss = mean(-log(sigmoid(high - s) - sigmoid(low - s)) for x, low, high in batch)"""
POINTS = [
    (1.0, 0.0), (700.0, -700.0), (45.0, 40.0), (-40.0, -45.0), (701.0, 700.0), (-700.0, -701.0),
    (1e-9, 0.0), (30.0 + 2**-20, 30.0), (0.0, -800.0), (800.0, 0.0),
]  # fmt: skip


def _sigmoid(x: float) -> mpf:
    return 1 / (1 + exp(-mpf(x)))


@pytest.mark.parametrize(("x", "y"), POINTS)
def test_value_and_slopes_are_right_at_the_ends(x: float, y: float) -> None:
    function = sg.derive("x: Scalar\ny: Scalar\nloss = log(sigmoid(x) - sigmoid(y))").lambdify()
    value, slopes = function(x=x, y=y)
    with mp.workdps(1000):
        f, g = _sigmoid(x), _sigmoid(y)
        wanted = float(log(f - g))
        by_x, by_y = float(f * (1 - f) / (f - g)), float(-g * (1 - g) / (f - g))
    assert value == pytest.approx(wanted, rel=1e-12, abs=1e-16)
    assert slopes["x"] == pytest.approx(by_x, rel=1e-12)
    assert slopes["y"] == pytest.approx(by_y, rel=1e-12)


def test_the_gradient_of_ordered_regression_is_a_sum_of_two_sigmoids() -> None:
    derivation = sg.derive(ORDERED, ("w",))
    expected = "mean((sigmoid(s - high) - sigmoid(low - s)) * x for x, low, high in batch)"
    assert derivation.results["w"].expression == expected
    source = derivation.lambdify().source
    assert source.count("np.expm1(") == 1  # by w it is not needed again
    rng = np.random.default_rng(0)
    low = rng.normal(size=30)
    given = {"x": rng.normal(size=(30, 4)), "low": low, "high": low + 0.7, "w": rng.normal(size=4)}
    s = given["x"] @ given["w"]
    f, g = (1 / (1 + np.exp(s - given[name])) for name in ("high", "low"))
    value, gradients = derivation.lambdify(reuse_buffers=True)(given)
    assert value == pytest.approx(-np.log(f - g).mean(), rel=1e-12)
    np.testing.assert_allclose(gradients["w"], (1 - f - g) @ given["x"] / 30, rtol=1e-12)


def test_what_cancels_between_sums_is_not_computed() -> None:
    text = "a: Vector(n)\nb: Vector(n)\ns: Vector(n)\n"
    text += "p = a - s\nq = b - s\nloss = sum(tanh(p - q)) + sum(sin(p)) + sum(cos(q))"
    source = sg.derive(text).lambdify().source
    assert "= p0 - p1" in source
