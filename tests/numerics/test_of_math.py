"""Functions of `math` of whole arrays, beside those of each entry."""

from __future__ import annotations

import math

import numpy as np
import pytest

import symgrad as sg
from symgrad.numerics.source.numpy import defined
from symgrad.numerics.source.of_math import OF_ARRAYS

EDGES = [0.0, -0.0, 5e-324, 1e-300, 1e-8, 5.91, 5.93, 7.0, 1e30, np.inf, np.nan]
DRAWN = np.random.default_rng(0).normal(0, 2, (60, 50, 7))


@pytest.mark.parametrize("name", OF_ARRAYS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    "x",
    [
        np.array([*EDGES, *(-x for x in EDGES)] * 20),
        np.array(EDGES),
        np.array(0.5),
        np.empty((0, 3)),
        DRAWN,
        DRAWN.transpose(2, 0, 1),
        DRAWN[::2, :, ::3],
        np.broadcast_to(DRAWN[:, :1], DRAWN.shape),
    ],
    ids=["edges", "few", "number", "empty", "drawn", "transposed", "strided", "repeated"],
)
def test_a_text_computes_what_math_does(name: str, dtype: str, x: np.ndarray) -> None:
    text, called = OF_ARRAYS[name], name.removeprefix("math.")
    x = np.asarray(x).astype(dtype)
    given = x.copy()
    found = np.asarray(defined(text, {"np": np, "math": math})[called](x))
    wanted = np.vectorize(getattr(math, called), otypes=[float])(x)
    assert found.dtype == dtype and found.shape == x.shape
    np.testing.assert_allclose(found, wanted, rtol=8 * np.finfo(dtype).eps, atol=1e-300)
    np.testing.assert_array_equal(x, given)
    assert not np.any(np.abs(found) > 1)


@pytest.mark.parametrize("count", [3, 300])
@pytest.mark.parametrize("reuse_buffers", [False, True])
def test_a_gelu_is_computed_whatever_its_size(count: int, reuse_buffers: bool) -> None:
    function = sg.derive("x: Vector(n)\nloss = sum(gelu(x)) + erf(1)", "x").lambdify(
        reuse_buffers=reuse_buffers
    )
    x = np.linspace(-4, 4, count)
    value, grads = function({"x": x})
    erf = np.vectorize(math.erf)(x / math.sqrt(2))
    assert value == pytest.approx(0.5 * float(x @ (1 + erf)) + math.erf(1), rel=1e-12)
    slope = 0.5 * (1 + erf) + x * np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    np.testing.assert_allclose(grads["x"], slope, rtol=1e-11, atol=1e-15)
