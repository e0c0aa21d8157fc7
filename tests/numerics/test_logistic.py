"""Sigmoids by an exponential that is there, with buffers: all of their digits, however far out."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.numerics.buffers.layouts import laid_out
from symgrad.numerics.buffers.logistic import by_one_exponential

DECLARED = "x: Vector(n)\na: Vector(n)\n"
# losses, and how many exponentials their values and derivatives take
LOSSES = [
    ("sum(softplus(x))", 1),
    ("sum(softplus(-x))", 1),
    ("sum(softplus(x) + a * sigmoid(x))", 1),
    ("sum(a * sigmoid(x) + sigmoid(-x)**2)", 1),
    ("sum(a * softplus(x) + (1 - a) * softplus(-x))", 2),
    ("sum(exp(minimum(x, 3)) + a * sigmoid(x))", 2),
    ("sum(a * log(1 + exp(-abs(x))) + a * maximum(a, 0))", 1),
]
FAR = [
    -1e4,
    -800,
    -745,
    -709.5,
    -100,
    -90,
    -40,
    -1,
    -1e-9,
    0,
    1e-9,
    1,
    40,
    90,
    100,
    709.5,
    800,
    1e4,
]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("loss", "count"), LOSSES)
def test_one_exponential_gives_the_same_numbers(loss: str, count: int, dtype: str) -> None:
    derivation = sg.derive(f"{DECLARED}loss = {loss}", ["x"])
    exact = {"x": np.array(FAR), "a": np.linspace(-1, 1, len(FAR))}
    inputs = {name: array.astype(dtype) for name, array in exact.items()}
    plain, buffered = (derivation.lambdify(dtype=dtype, reuse_buffers=r) for r in (False, True))
    inputs = {name: inputs[name] for name in derivation.problem.variables if name in inputs}
    (value, slopes), (found, own) = plain(inputs), buffered(inputs)
    exact_to = 1e-13 if dtype == "float64" else 1e-5
    np.testing.assert_allclose(found, value, rtol=exact_to)
    tiny = float(np.finfo(dtype).smallest_normal)
    np.testing.assert_allclose(own["x"], slopes["x"], rtol=exact_to, atol=4 * tiny)
    plan = buffered.plan
    (axis,) = plan.program.axes
    sizes = {axis: len(FAR)}
    program = by_one_exponential(laid_out(plan.of_sizes(sizes), sizes), dtype)
    names = [op.name for op in program.ops]
    assert names.count("exp") == count and names.count("log1p") <= 1


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_all_digits_are_right(sign: str, dtype: str) -> None:
    x = np.array([*FAR, np.nan], dtype)
    program = f"{DECLARED}loss = a.T @ softplus({sign}x)"
    function = sg.derive(program, ["a", "x"]).lambdify(dtype=dtype, reuse_buffers=True)
    slopes = function({"x": x, "a": np.ones_like(x)})[1]
    exact = -x.astype("float64") if sign else x.astype("float64")
    near = 1e-6 if dtype == "float32" else 1e-15
    tiny = float(np.finfo(dtype).smallest_normal)
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(slopes["a"], np.logaddexp(0, exact), rtol=near, atol=tiny)
    sigmoid = np.exp(np.minimum(exact, 0)) / (1 + np.exp(-abs(exact)))
    np.testing.assert_allclose(abs(slopes["x"]), sigmoid, rtol=4 * near, atol=tiny)
