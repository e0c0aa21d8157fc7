"""Functions by others that NumPy has in vectors, with buffers: the same numbers."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.numerics.buffers import vectors
from symgrad.numerics.buffers.layouts import laid_out
from symgrad.numerics.buffers.vectors import MANY, in_vectors

PROGRAM = "x: Vector(n)\na: Vector(n)\nb: Vector(n)\nloss = a.T @ cos(x) + b.T @ sin(x)"
MEASURED = vectors._is_faster


@pytest.fixture(autouse=True)
def the_others_are_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "_is_faster", lambda name, dtype: True)


@pytest.mark.parametrize("scale", [0, 1e-300, 1e-9, 1, 40, 1e5, 1e12, 1e300])
@pytest.mark.parametrize(("dtype", "exact"), [("float64", 1e-15), ("float32", 5e-7)])
def test_cosines_and_sines_are_those_of_numpy(scale: float, dtype: str, exact: float) -> None:
    x = np.random.default_rng(0).normal(size=MANY) * min(scale, float(np.finfo(dtype).max) / 8)
    inputs = {"x": x.astype(dtype), "a": np.ones(MANY, dtype), "b": np.ones(MANY, dtype)}
    found = sg.derive(PROGRAM, ["a", "b"]).lambdify(dtype=dtype, reuse_buffers=True)(inputs)[1]
    np.testing.assert_allclose(found["a"], np.cos(inputs["x"]), rtol=0, atol=exact)
    np.testing.assert_allclose(found["b"], np.sin(inputs["x"]), rtol=exact, atol=exact * 1e-3)


def test_around_multiples_of_a_right_angle() -> None:
    x = np.arange(-MANY, MANY) * (np.pi / 2)
    found = sg.derive(PROGRAM, ["a", "b"]).lambdify(reuse_buffers=True)
    slopes = found({"x": x, "a": np.ones_like(x), "b": np.ones_like(x)})[1]
    np.testing.assert_allclose(slopes["a"], np.cos(x), rtol=0, atol=3e-16)
    np.testing.assert_allclose(slopes["b"], np.sin(x), rtol=0, atol=3e-16)


def test_what_is_no_angle_has_no_cosine() -> None:
    x = np.full(MANY, 1.0)
    x[:3] = np.inf, -np.inf, np.nan
    found = sg.derive(PROGRAM, ["a", "b"]).lambdify(reuse_buffers=True)
    slopes = found({"x": x, "a": np.ones_like(x), "b": np.ones_like(x)})[1]
    for key in "ab":
        assert np.isnan(slopes[key][:3]).all() and np.isfinite(slopes[key][3:]).all()


@pytest.mark.parametrize(("count", "names"), [(MANY, {"tan"}), (MANY - 1, {"cos", "sin"})])
def test_few_are_computed_as_they_are(count: int, names: set[str]) -> None:
    plan = sg.derive(PROGRAM, ["x"]).lambdify().plan
    (axis,) = plan.program.axes
    sizes = {axis: count}
    program = in_vectors(laid_out(plan.of_sizes(sizes), sizes), sizes, np.dtype("float64"))
    assert {op.name for op in program.ops} & {"cos", "sin", "tan"} == names


def test_what_is_faster_is_measured() -> None:
    assert MEASURED("cos", np.dtype("float64")) in (True, False)
