"""Norms and unit vectors, of numbers whose squares are too large or too small, too."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.numerics.buffers import blocks

ROWS = "X: Matrix(n, d)\nloss = sum(norm2(X, axis=1))"
COLUMNS = "X: Matrix(n, d)\nloss = sum(norm2(X, axis=0))"
WHOLE = "X: Matrix(n, d)\nloss = norm2(X)"
BACK_ENDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "buffers": {"reuse_buffers": True},
    "numba": {"modules": "numba"},
    "array_api": {"modules": "array_api"},
}

MODULES = {"numba": "numba", "array_api": "array_api_compat"}


@cache
def derived(program: str, name: str) -> Any:
    if name in MODULES:
        pytest.importorskip(MODULES[name], exc_type=ImportError)
    return sg.derive(program, ["X"]).lambdify(**BACK_ENDS[name])


def numbers() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(5, 70))


def wanted(x: np.ndarray, axis: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Norms and unit vectors of vectors that are not 0, by powers of 2."""
    _, exponent = np.frexp(np.abs(x).max(axis, keepdims=True))
    x = np.ldexp(x, -exponent)
    r = np.sqrt((x**2).sum(axis, keepdims=True))
    return np.ldexp(r, exponent), x / r


@pytest.mark.parametrize("scale", [1.0, 1e200, 1e-200, 1e-310, [1e-300, 1e-100, 1.0, 1e90, 1e290]])
@pytest.mark.parametrize(("program", "axis"), [(ROWS, 1), (COLUMNS, 0), (WHOLE, None)])
@pytest.mark.parametrize("name", BACK_ENDS)
def test_no_square_is_too_large_or_too_small(
    name: str, program: str, axis: int | None, scale: Any
) -> None:
    X = numbers() * np.reshape(scale, (-1, 1))
    norms, units = wanted(X, axis)
    function = derived(program, name)
    for _ in range(2):
        value, gradients = function(X=X)
        np.testing.assert_allclose(value, norms.sum(), rtol=1e-12)
        np.testing.assert_allclose(gradients["X"], units, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("name", BACK_ENDS)
def test_a_row_of_zeros_has_a_gradient_of_zeros(name: str) -> None:
    X = numbers()
    X[2] = 0
    value, gradients = derived(ROWS, name)(X=X)
    assert value == pytest.approx(np.linalg.norm(X, axis=1).sum())
    assert not gradients["X"][2].any() and np.isfinite(gradients["X"]).all()


def test_norms_of_examples_are_taken_by_blocks() -> None:
    """Those of one thread are those of all rows at once."""
    program = "x: Vector(d)\nw: Vector(d)\nloss = mean(norm2(tanh(w * x)) for x in batch)"
    derivation = sg.derive(program, ["w"])
    x = np.random.default_rng(1).normal(size=(20_000, 70))
    x[7] *= 1e-200
    given = {"x": x, "w": np.linspace(0.1, 1, 70)}
    function = derivation.lambdify(reuse_buffers=True)
    sizes = {a: {"d": 70}.get(str(a), len(x)) for a in function.plan.program.axes}
    assert blocks.planned(function.plan.of_sizes(sizes), sizes, "float64", 1, blocks.LINE)
    value, gradients = function(given)
    plain = derivation.lambdify()(given)
    np.testing.assert_allclose(value, plain[0], rtol=1e-12)
    np.testing.assert_allclose(gradients["w"], plain[1]["w"], rtol=1e-10)
