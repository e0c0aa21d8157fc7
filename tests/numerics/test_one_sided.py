"""Exponents of one sign, -g |x - c|^2: what they are exponents of is not shifted, in either
direction there is nothing too small beside what is too large."""

from __future__ import annotations

import numpy as np
import pytest
from mpmath import exp, mp, mpf

import symgrad as sg

BASES = """x: Vector(n)
t: Scalar
C: Matrix(k, n)
w: Vector(k)
g: Scalar
h = exp(-g * sum((C - x.T)**2, axis=1))
loss = mean((w.T @ h - t)**2 for x, t in batch)"""


@pytest.mark.parametrize("g", [0.3, -0.3, 0.0, 40.0, -15.0])
def test_radial_bases_are_one_exponential_with_right_slopes(g: float) -> None:
    derivation = sg.derive(BASES, ("C", "w", "g"))
    assert derivation.lambdify().source.count("np.exp(") == 1
    rng = np.random.default_rng(0)
    x, C, w, t = rng.normal(size=(6, 2)), rng.normal(size=(3, 2)), rng.normal(size=3), np.ones(6)
    value, found = derivation.lambdify(reuse_buffers=True)(x=x, C=C, w=w, t=t, g=g)
    with mp.workdps(60):
        X, M, W = (np.frompyfunc(mpf, 1, 1)(each) for each in (x, C, w))
        D = ((X[:, None] - M) ** 2).sum(axis=-1)
        H = np.frompyfunc(exp, 1, 1)(-g * D)
        r = H @ W - 1
        E = 2 * r[:, None] * H * W / 6
        wanted = {"w": 2 * r @ H / 6, "g": -(E * D).sum()}
        wanted["C"] = 2 * g * (E.T @ X - E.sum(axis=0)[:, None] * M)
    assert value == pytest.approx(float(r @ r / 6), rel=1e-11)
    for name, slope in wanted.items():
        np.testing.assert_allclose(found[name], np.array(slope, float), rtol=1e-9, atol=1e-290)


def test_where_the_signs_may_differ_nothing_overflows_on_the_way() -> None:
    derivation = sg.derive("a: Scalar\nb: Scalar\ng: Scalar\nloss = exp(g * a**2) * exp(-g * b**2)")
    value, slopes = derivation.lambdify()(a=30.0, b=30.0, g=1.0)
    assert value == pytest.approx(1.0) and slopes["a"] == pytest.approx(60.0)
    quotient = sg.derive("a: Scalar\nb: Scalar\ng: Scalar\nloss = exp(g * a**2) / exp(g * b**2)")
    value, slopes = quotient.lambdify()(a=30.0, b=30.0, g=1.0)
    assert value == pytest.approx(1.0) and slopes["b"] == pytest.approx(-60.0)
    of_sums = sg.derive(
        "a: Vector(n)\nb: Vector(n)\ng: Scalar\nloss = sum(exp(g * a**2)) / sum(exp(g * b**2))"
    )
    value, _ = of_sums.lambdify()(a=np.array([30.0, 31.0]), b=np.array([31.0, 0.0]), g=1.0)
    assert value == pytest.approx(1.0)
