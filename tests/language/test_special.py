"""Functions of each entry that NumPy has not, as text for arrays, beside mpmath."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

import symgrad as sg
from symgrad.language.operations.namespace import ROUTINES
from symgrad.numerics.namespaces import NUMPY
from symgrad.numerics.source.numpy import defined

EDGES = [0.0, -0.0, 5e-324, 1e-300, 1e-8, 5.91, 5.93, 7.0, 9.99, 10.0, 1e30, np.inf, np.nan]
DRAWN = np.random.default_rng(0).normal(0, 2, (30, 20, 7))
WANTED = {
    "erf": math.erf,
    "log_gamma": lambda x: np.inf if _is_pole(x) else math.lgamma(x),
    "digamma": lambda x: -np.inf if _is_pole(x) else float(mpmath.digamma(x)),
}


def _is_pole(x: np.ndarray) -> np.ndarray:
    return (x <= 0) & (x == np.floor(x))


def test_each_function_is_compared() -> None:
    assert WANTED.keys() == {name for name, each in ROUTINES.items() if each.scipy}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", WANTED)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    "x",
    [
        np.array([*EDGES, *(-x for x in EDGES if x < 10)] * 20),
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
def test_a_text_computes_what_is_meant(name: str, dtype: str, x: np.ndarray) -> None:
    called = defined(NUMPY.texts(ROUTINES[name]), {})[name]
    x = np.asarray(x).astype(dtype)
    given = x.copy()
    found = np.asarray(called(np, x))
    wanted = np.vectorize(WANTED[name], otypes=[float])(x)
    assert found.dtype == dtype and found.shape == x.shape
    if name == "digamma":  # infinite at its poles, of either sign
        found = np.where(_is_pole(x), -np.inf, found)
    near = np.finfo(dtype).eps
    np.testing.assert_allclose(found, wanted, rtol=8 * near, atol=8 * near * (name != "erf"))
    np.testing.assert_array_equal(x, given)
    assert name != "erf" or not np.any(np.abs(found) > 1)


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
