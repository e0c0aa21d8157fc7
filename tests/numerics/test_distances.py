"""Sums of squared differences of all pairs of rows, without an array of the differences."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import symgrad as sg
from symgrad.numerics.buffers.rowwise import parts
from symgrad.numerics.passes.distances import DISTANCES
from symgrad.numerics.source.numpy import defined

MIXTURE = """x: Vector(d)
M: Matrix(k, d)
loss = -mean(logsumexp(-sum((M - x.T)**2, axis=1) / 2) for x in batch)"""
KERNEL = """X: Matrix(n, d)
y: Vector(n)
l: Scalar
loss = sum(y[i] * y[j] * exp(-sum((X[i, e] - X[j, e])**2 for e in range(d)) / l**2)
           for i in range(n) for j in range(n))"""
SHIFTED = """X: Matrix(n, m)
W: Matrix(d, m)
C: Matrix(k, d)
c: Vector(d)
Z = X @ W.T
loss = sum(sqrt(1 + sum((Z[i, e] + c[e] - 2 * C[j, e])**2 for e in range(d)))
           for i in range(n) for j in range(k))"""
PROJECTED = """X: Matrix(n, m)
W: Matrix(d, m)
C: Matrix(k, d)
loss = sum(sum((sum(X[i, a] * W[e, a] for a in range(m)) - C[j, e])**2 for e in range(d))**2
           for i in range(n) for j in range(k))"""
HEADS = """X: Tensor(h, n, d)
C: Tensor(h, k, d)
loss = sum(exp(-sum((X[a, i, e] - C[a, j, e])**2 for e in range(d)))
           for a in range(h) for i in range(n) for j in range(k))"""
GAPS = """X: Matrix(n, d)
C: Matrix(k, d)
G: Matrix(n, k)
v: Vector(d)
loss = sum(G[i, j] * v[e] * (X[i, e] - C[j, e])
           for i in range(n) for j in range(k) for e in range(d))"""
PAIRS = {
    "mixture": (MIXTURE, ("M",)),
    "kernel": (KERNEL, ("X", "l")),
    "shifted": (SHIFTED, ("W", "C", "c")),
    "projected": (PROJECTED, ("W", "C")),
    "heads": (HEADS, ("X", "C")),
}
squared_distances = defined(DISTANCES.source, {})["squared_distances"]


def by_differences(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    wide = x.astype(np.longdouble)[..., :, None, :] - y.astype(np.longdouble)[..., None, :, :]
    return (wide**2).sum(-1)


@pytest.mark.parametrize("name", PAIRS)
def test_the_differences_are_not_made(name):
    derivation = sg.derive(*PAIRS[name])
    program = derivation.lambdify().plan.program
    assert [op.name for op in program.ops if op.kind == "routine"] == ["squared_distances"]
    assert max(len(op.dims) for op in program.ops) <= (3 if name == "heads" else 2)
    assert derivation.verify().passed


@pytest.mark.parametrize("modules", ["numpy", "numba"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_mixture_has_the_gradient_of_its_formula(modules, dtype):
    if modules == "numba":
        pytest.importorskip("numba")
    rng = np.random.default_rng(1)
    x, M = (rng.normal(size=shape).astype(dtype) for shape in [(50, 6), (3, 6)])
    function = sg.derive(*PAIRS["mixture"]).lambdify(dtype=dtype, modules=modules)
    value, slopes = function(x=x, M=M)
    powers = np.exp(-by_differences(x, M) / 2)
    shares = powers / powers.sum(1, keepdims=True)
    wanted = shares.sum(0)[:, None] * M.astype(np.longdouble) - shares.T @ x
    close = 1e-12 if dtype == "float64" else 2e-5
    assert value == pytest.approx(float(-np.log(powers.sum(1)).mean()), rel=close)
    np.testing.assert_allclose(slopes["M"], (wanted / len(x)).astype(dtype), rtol=0, atol=close)


def test_sums_of_differences_are_sums_of_what_is_on_either_side():
    derivation = sg.derive(GAPS, ("G", "v"))
    program = derivation.lambdify().plan.program
    assert max(len(op.dims) for op in program.ops) == 3  # G's gradient needs them
    derivation = sg.derive(GAPS, "v")
    assert max(len(op.dims) for op in derivation.lambdify().plan.program.ops) < 3
    assert derivation.verify().passed


def test_differences_that_something_else_needs_stay():
    square, other = (
        f"sum({each} for e in range(d))"
        for each in ("(X[i, e] - C[j, e])**2", "tanh(X[i, e] - C[j, e])")
    )
    program = f"""X: Matrix(n, d)
C: Matrix(k, d)
loss = sum(exp(-{square}) * {other} for i in range(n) for j in range(k))"""
    derivation = sg.derive(program, "C")
    made = derivation.lambdify().plan.program
    assert not any(op.name == "squared_distances" for op in made.ops)
    assert derivation.verify().passed


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("middle", [0.0, 1e3, 1e8])
@pytest.mark.parametrize("width", [1, 3, 40])
def test_distances_are_exact_wherever_the_points_are(dtype, middle, width):
    rng = np.random.default_rng(2)
    x, y = ((middle + rng.normal(size=(n, width))).astype(dtype) for n in (70, 30))
    y[:5] = x[:5]
    y[5:10] = x[5:10] * (1 + 4 * np.finfo(dtype).eps)
    y[10] = 1e5  # far away, so that the middle is none
    wanted = by_differences(x, y)
    found = squared_distances(np, x, y)
    assert (found[range(5), range(5)] == 0).all() and (found >= 0).all()
    np.testing.assert_allclose(found, wanted.astype(dtype), rtol=300 * np.finfo(dtype).eps)


def test_distances_of_many_near_points_are_found_in_parts():
    x = (
        1e6
        + np.random.default_rng(3).normal(size=(2, 90, 1000)) * np.array([1, 1e-6])[:, None, None]
    )
    x[0, 0] = 0
    x[1, 0] = 0
    found = squared_distances(np, x, x)
    np.testing.assert_allclose(found, by_differences(x, x).astype(float), rtol=1e-12)
    assert (found == found.swapaxes(1, 2)).all()


@pytest.mark.parametrize("width", [2, 3])
def test_what_is_not_finite_is_as_by_differences(width):
    x, y = (
        np.array([[1e200, 1.0, 0.0], [np.inf, 0.0, 0.0], [0.0, 1.0, 0.0]])[:, :width],
        np.array([[0.0, 1.0, 0.0], [np.nan, 0.0, 0.0]])[:, :width],
    )
    with np.errstate(all="ignore"):
        found = squared_distances(np, x, y)
        wanted = ((x[:, None] - y) ** 2).sum(-1)
    np.testing.assert_array_equal(found, wanted)
    assert squared_distances(np, x, y[:0]).shape == (3, 0)


@pytest.mark.parametrize("width", [2, 5])
def test_a_call_makes_no_array_of_all_pairs(width):
    """Once four of them, in new memory each time."""
    points = np.random.default_rng(4).normal(size=(600, width))
    function = sg.derive(KERNEL, "l").lambdify(reuse_buffers=True)
    inputs = {"X": points, "y": points[:, 0], "l": np.array(2.0)}
    value, slopes = sg.derive(KERNEL, "l").lambdify()(inputs)
    found, others = function(inputs)
    assert (found, others["l"]) == pytest.approx((value, slopes["l"]), rel=1e-11)
    tracemalloc.start()
    function(inputs)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 600 * 600 * 8


def test_the_kernel_of_one_set_of_points_is_known_to_be_symmetric():
    square = "sum((X[i, e] - X[j, e])**2 for e in range(d))"
    kernel = f"matrix(exp(-{square}) for i in range(n) for j in range(n))"
    derivation = sg.derive(f"X: Matrix(n, d)\nloss = logdet({kernel} + eye(n))", "X")
    made = {op.name for op in derivation.lambdify().plan.program.ops if op.kind == "routine"}
    assert "squared_distances" in made and len(made) > 1
    assert derivation.verify().passed


def test_examples_go_through_in_blocks():
    program = sg.derive(*PAIRS["mixture"]).lambdify().plan.program
    made = parts(program, "batch")
    assert made is not None
    assert any(op.name == "squared_distances" for op in made.rows.program.ops)
    kernel = sg.derive(*PAIRS["kernel"]).lambdify().plan.program
    assert all(parts(kernel, axis) is None for axis in kernel.axes)
