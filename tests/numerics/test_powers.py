"""Exponentials and powers by what is there already, with buffers: the same numbers at all ends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.numerics.buffers.layouts import laid_out
from symgrad.numerics.buffers.powers import MANY, by_exponentials

DECLARED = "x: Vector(n)\na: Vector(n)\nk: Scalar\n"
# losses, by what, and how many exponentials, powers, logarithms and quotients they are made of
LOSSES = [
    ("sum(exp(x) + a * exp(-x))", ["x"], {"exp": 1, "divide": 1}),
    ("sum(exp(2 * x) + exp(-2 * x))", ["x"], {"exp": 1, "divide": 1}),
    ("sum(exp(2 * x) + exp(-3 * x))", ["x"], {"exp": 2, "divide": 0}),
    ("sum(a * x**k)", ["k"], {"power": 0, "raised": 1, "log": 1, "bounded": 1}),
    ("sum(a * x**k)", ["a"], {"power": 1, "raised": 0, "log": 0}),
    ("sum(x**k + a * x**(k + 1))", ["a"], {"power": 0, "raised": 2, "log": 1}),
    ("sum(a * log(x) + x**k)", ["a"], {"power": 0, "raised": 1, "log": 1}),
    ("sum((x / exp(a))**k + log(x) - a)", ["k"], {"power": 0, "raised": 1, "log": 1}),
]
ENDS = [0.0, 5e-324, 1e-310, 1e-300, 1e-9, 1 - 1e-9, 1.0, 1 + 1e-9, 7.0, 1e9, 1e300]
BEYOND = [-np.inf, -2.0, np.inf, np.nan]
OF_ARRAYS = {"far": ENDS, "beyond": ENDS + BEYOND, "positive": ENDS[4:10], "one": [1.0]}


# not 0.5: as a root, which some versions of NumPy take, -inf has no such power
@pytest.mark.parametrize("k", [2.0, 0.75, 0.0, -1.5, 3.0])
@pytest.mark.parametrize("numbers", OF_ARRAYS)
@pytest.mark.parametrize(("loss", "wrt"), [(loss, wrt) for loss, wrt, _ in LOSSES])
def test_the_numbers_are_those_without_buffers(
    loss: str, wrt: list[str], numbers: str, k: float
) -> None:
    x = np.resize(np.array(OF_ARRAYS[numbers]), MANY)
    drawn = {"x": x, "a": np.linspace(-1, 2, MANY) * (np.arange(MANY) % 5 > 0), "k": np.array(k)}
    derivation = sg.derive(f"{DECLARED}loss = {loss}", wrt)
    inputs = {name: drawn[name] for name in derivation.problem.variables}
    plain, buffered = (derivation.lambdify(reuse_buffers=r) for r in (False, True))
    with np.errstate(all="ignore"):
        (value, slopes), (found, own) = plain(inputs), buffered(inputs)
    np.testing.assert_allclose(found, value, rtol=1e-12)
    for key, slope in slopes.items():
        near = 1e-15 if "-2 * x" in loss else 1e-300  # a difference
        np.testing.assert_allclose(own[key], slope, rtol=1e-12, atol=near)


@pytest.mark.parametrize(("loss", "wrt", "counts"), LOSSES)
def test_what_they_are_made_of(loss: str, wrt: list[str], counts: dict[str, int]) -> None:
    plan = sg.derive(f"{DECLARED}loss = {loss}", wrt).lambdify().plan
    sizes = dict.fromkeys(plan.program.axes, MANY)
    names = [op.name for op in by_exponentials(laid_out(plan.of_sizes(sizes), sizes), sizes).ops]
    assert {name: names.count(name) for name in counts} == counts


# losses, how many powers they and their derivatives by s are made of, and these derivatives
MERGED = [
    ("(t / exp(s))**k", 1, lambda t, s, k: -k * (t / np.exp(s)) ** k),
    ("(3 * t * exp(s))**k", 1, lambda t, s, k: k * (3 * t * np.exp(s)) ** k),
    ("(t * s**2)**k", 2, lambda t, s, k: k * (t * s**2) ** (k - 1) * 2 * t * s),
    ("(t + s**2)**k", 2, lambda t, s, k: k * (t + s**2) ** (k - 1) * 2 * s),
]
POSITIVE = np.linspace(0.1, 2, 2 * MANY)


@pytest.mark.parametrize(
    "t", [POSITIVE, POSITIVE - 0.1, -POSITIVE], ids=["above", "with 0", "below"]
)
@pytest.mark.parametrize(("loss", "count", "slope"), MERGED)
def test_a_power_takes_in_what_is_raised(loss: str, count: int, slope: Any, t: np.ndarray) -> None:
    declared = "x: Vector(n)\nt: Scalar\nw: Vector(n)\nk: Scalar\ns = w.T @ x\n"
    program = f"{declared}loss = mean({loss} for x, t in batch)"
    function = sg.derive(program, ["w"]).lambdify(reuse_buffers=True)
    ops = function.plan.program.ops
    assert [op.name for op in ops].count("power") == count
    x, w = np.random.default_rng(0).normal(size=(len(t), 2)), np.array([0.3, -0.2])
    x[0] = 0
    found = function({"x": x, "t": t, "w": w, "k": np.array(2.0)})[1]["w"]
    np.testing.assert_allclose(found, x.T @ slope(t, x @ w, 2) / len(t), rtol=1e-11)


@pytest.mark.parametrize("modules", ["numpy", "numba", "array_api"])
def test_a_negative_number_is_raised(modules: Any) -> None:
    """Python reads -2 ** x as -(2 ** x)."""
    entry = "(-2)**i * x[i] + sum((-1)**j for j in range(n))"
    program = f"x: Vector(n)\nf = vector({entry} for i in range(n))"
    pytest.importorskip({"array_api": "array_api_compat"}.get(modules, modules))
    values, slopes = sg.jacobian(program).lambdify(modules=modules)(x=np.array([1.0, 10.0, 100.0]))
    np.testing.assert_array_equal(values, [2, -19, 401])
    np.testing.assert_array_equal(slopes["x"], np.diag([1, -2, 4]))
