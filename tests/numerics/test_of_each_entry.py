"""Functions of each entry that NumPy has not: SciPy's into buffers; without SciPy of a text of our
own, or Python's."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import pytest

import symgrad as sg

PROGRAM = """x: Vector(n)
t: Scalar
w: Vector(n)
z = w.T @ x
loss = mean(erf(z) + gammaln(t + 1 + z * z) for x, t in batch)"""
NAMES = ("erf", "gammaln", "psi")


def numbers(dtype: str) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    drawn = {"x": rng.normal(size=(50, 3)), "t": rng.random(50) + 0.5, "w": rng.normal(size=3)}
    return {name: array.astype(dtype) for name, array in drawn.items()}


def value_and_calls(
    monkeypatch: pytest.MonkeyPatch, dtype: str, installed: bool
) -> tuple[Any, dict[str, Any], list[str]]:
    calls: list[str] = []
    if installed:
        special = pytest.importorskip("scipy.special")
        for name in NAMES:
            own = getattr(special, name)
            spy = lambda x, out, own=own, name=name: (calls.append(name), own(x, out))  # noqa: E731
            monkeypatch.setattr(special, name, spy)
    else:
        monkeypatch.setitem(sys.modules, "scipy", None)
    function = sg.derive(PROGRAM, ["w"]).lambdify(reuse_buffers=True, dtype=dtype)
    value, gradient = function(numbers(dtype))
    return value, gradient, calls


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("installed", [True, False])
def test_values_are_those_of_math(
    monkeypatch: pytest.MonkeyPatch, dtype: str, installed: bool
) -> None:
    value, gradient, calls = value_and_calls(monkeypatch, dtype, installed)
    assert sorted(calls) == [*NAMES] * installed
    n = numbers(dtype)
    z = n["x"].astype(float) @ n["w"]
    entries = [math.erf(a) + math.lgamma(t + 1 + a * a) for a, t in zip(z, n["t"], strict=True)]
    near = 1e-12 if dtype == "float64" else 2e-4
    assert value == pytest.approx(np.mean(entries), rel=near)
    wanted = sg.derive(PROGRAM, ["w"]).lambdify()(numbers("float64"))[1]["w"]
    np.testing.assert_allclose(gradient["w"], wanted, rtol=near, atol=near)
    assert gradient["w"].dtype == dtype


@pytest.mark.parametrize("modules", ["numpy", "numba", "array_api"])
def test_log_gamma_is_infinite_at_its_poles(modules: str) -> None:
    pytest.importorskip({"array_api": "array_api_compat"}.get(modules, modules))
    program = "x: Vector(n)\nf = gammaln(x)"
    function = sg.jacobian(program, ["x"]).lambdify(modules=modules)
    value, _ = function(x=np.array([0.0, -2.0, 2.5]))
    np.testing.assert_allclose(value, [math.inf, math.inf, math.lgamma(2.5)], rtol=1e-14)


@pytest.mark.parametrize("modules", ["numpy", "numba", "array_api"])
@pytest.mark.parametrize(
    "name, at_3",
    [("erf", math.erf(3.0)), ("gammaln", math.log(2.0)), ("digamma", 1.5 - 0.5772156649015329)],
)
def test_of_a_size_it_is_no_whole_number(name: str, at_3: float, modules: str) -> None:
    pytest.importorskip({"array_api": "array_api_compat"}.get(modules, modules))
    function = sg.derive(f"x: Vector(n)\nloss = {name}(n) * sum(x)", ["x"]).lambdify(
        modules=modules
    )
    assert function(x=np.ones(3))[0] == pytest.approx(3.0 * at_3, rel=1e-13)
