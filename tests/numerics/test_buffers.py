"""Functions with buffers compute what functions without them do, whatever is a view of what."""

from __future__ import annotations

import gc
import re
import warnings
import weakref
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.numerics.buffers.planned import buffered_source
from tests.drawn import random_inputs

VIEWS = {  # views that are alive over a buffer that is used again
    "a diagonal": """\
A: Matrix(n, n)
B: Matrix(n, n)
C: Matrix(n, n)
w: Vector(n)
M = A @ B
N = tanh(A @ C)
loss = sum(diag(M)**3 * (N @ w)) + sum(N**3)
""",
    "a diagonal of a function": """\
A: Matrix(n, n)
B: Matrix(n, n)
loss = sum(diag(tanh(A @ B)) * diag(exp(A + B))) + sum(tanh(A @ B)**2 * exp(A + B))
""",
    "a transpose": """\
A: Matrix(n, n)
B: Matrix(n, n)
M = sin(A @ B)
N = cos(A + M.T)
loss = sum(M * N.T) + sum(exp(N) * M)
""",
    "a broadcast": """\
A: Matrix(m, n)
w: Vector(n)
v: Vector(m)
s = tanh(A @ w)
loss = sum(exp(s @ w.T) * A) + v.T @ s + sum(s * v * s)
""",
    "a sum over an axis that no result has": """\
x: Vector(d)
b: Scalar
w: Vector(n)
loss = norm2(sum(x * b for x in batch))**2 + norm2(w)**2
""",
    "a look-up": """\
Z: Matrix(n, d)
v: Index(n)
x: Vector(d)
loss = sum(norm2(tanh(Z[v] + x))**2 * sum(exp(Z[v])) for x, v in batch)
""",
    "a batch": """\
A: Matrix(d, d)
x: Vector(d)
y: Vector(d)
loss = sum(trace(A @ diag(x)) * tanh(x.T @ A @ y) + sum(diag(A) * x * y) for x, y in batch)
""",
}
SIZES = {"m": 2, "n": 3, "d": 4}


def numbers(problem: sg.Problem, seed: int) -> dict[str, Any]:
    """Small numbers, so that nothing overflows."""
    return random_inputs(problem, SIZES, seed=seed, count=5, between=(-1.0, 1.0))


def agree(program: str, modules: str = "numpy") -> None:
    """Two calls with other numbers, then the first again: like a function that keeps nothing."""
    derivation = sg.derive(program)
    plain = derivation.lambdify()
    buffered = derivation.lambdify(reuse_buffers=True, modules=modules)
    for seed in (0, 1, 0):
        given = numbers(derivation.problem, seed)
        wanted, by_name = plain(given)
        value, derivatives = buffered(given)
        np.testing.assert_allclose(value, wanted, rtol=1e-10, atol=1e-12)
        for name, gradient in by_name.items():
            scale = 1 + np.abs(gradient).max()
            np.testing.assert_allclose(derivatives[name], gradient, rtol=0, atol=1e-10 * scale)


@pytest.mark.parametrize("modules", ["numpy", "numba"])
@pytest.mark.parametrize("program", VIEWS.values(), ids=VIEWS)
def test_a_view_keeps_its_buffer(program: str, modules: str) -> None:
    pytest.importorskip(modules)
    agree(program, modules)


@pytest.mark.parametrize("value", ["tanh(A).T", "diag(tanh(A @ A.T))", "sin(A).T @ A", "A.T", "A"])
def test_a_value_may_be_a_view_of_a_buffer(value: str) -> None:
    """Once a NameError: the view was met after the lines that make views were written."""
    derivation = sg.jacobian(f"A: Matrix(m, n)\nf = {value}", ["A"])
    plain, buffered = derivation.lambdify(), derivation.lambdify(reuse_buffers=True)
    for seed in (0, 1):
        given = {"A": np.random.default_rng(seed).normal(size=(2, 3))}
        wanted, by_name = plain(given)
        value_with_buffers, derivatives = buffered(given)
        np.testing.assert_allclose(value_with_buffers, wanted, rtol=1e-12)
        np.testing.assert_allclose(derivatives["A"], by_name["A"], rtol=1e-12, atol=1e-14)


NET = """\
x: Vector(m)
y: Vector(n, one_hot=True)
W: Matrix(d, m)
V: Matrix(n, d)
h = sigmoid(W @ x)
"""
LOSS = NET + "loss = mean(cross_entropy(y, softmax(V @ h)) for x, y in batch)"
SEEDED = {  # what is differentiated, and what it is given beside its inputs
    "hvp": (sg.hvp, LOSS, "direction"),
    "directional": (sg.directional, LOSS, "direction"),
    "pullback": (sg.pullback, "W: Matrix(n, m)\nf = tanh(W @ W.T)", "cotangent"),
    "hvp with a direction that no result has": (
        sg.hvp,
        "W: Matrix(n, m)\nV: Vector(m)\nloss = sum(W**3) + sum(V)",
        "direction",
    ),
}


def seeded(problem: sg.Problem, what: str, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Numbers for a problem, and a direction or cotangent."""
    given = numbers(problem, seed)
    if "y" in given:
        given["y"] = np.eye(SIZES["n"])[np.arange(len(given["x"])) % SIZES["n"]]
    other = {n: a for n, a in numbers(problem, seed + 10).items() if n in "WV"}
    square = np.random.default_rng(seed).normal(size=(SIZES["n"], SIZES["n"]))
    return given, {what: other if what == "direction" else square}


COMPILED = pytest.param(*SEEDED["pullback"], "numba", id="pullback with numba")


@pytest.mark.parametrize(
    ("derive", "program", "what", "modules"),
    [*(pytest.param(*each, "numpy", id=name) for name, each in SEEDED.items()), COMPILED],
)
def test_directions_and_cotangents_have_buffers(
    derive: Any, program: str, what: str, modules: str
) -> None:
    """Once the option was ignored: every call made its arrays, and flat_gradient was empty."""
    pytest.importorskip(modules)
    derivation = derive(program, [n for n in ("W", "V") if f"{n}:" in program])
    plain = derivation.lambdify()
    buffered = derivation.lambdify(reuse_buffers=True, modules=modules)
    for seed in (0, 1, 0):
        given, beside = seeded(derivation.problem, what, seed)
        wanted, by_name = plain(given, **beside)
        value, found = buffered(given, **beside)
        np.testing.assert_allclose(value, wanted, rtol=1e-10)
        for name, array in by_name.items():
            np.testing.assert_allclose(found[name], array, rtol=1e-10, atol=1e-12)
            assert np.shares_memory(found[name], buffered.flat_gradient)


def test_a_direction_is_looked_at_in_every_call() -> None:
    derivation = sg.hvp(LOSS, ["W", "V"])
    function = derivation.lambdify(reuse_buffers=True)
    given, beside = seeded(derivation.problem, "direction", 0)
    function(given, **beside)
    direction = beside["direction"]
    for wrong, told in (
        ({"W": direction["W"]}, "must give a direction for V"),
        (direction | {"x": 1.0}, "x is not what is differentiated by"),
        (direction | {"W": direction["W"].T}, "the direction of W has shape"),
        (None, "must give a direction for W"),
    ):
        with pytest.raises(sg.SymgradError, match=told):
            function(given, direction=wrong)
    for inputs in ([1.0], {"x": given["x"]}):
        with pytest.raises(sg.SymgradError, match=r"a mapping|no value is given"):
            function(inputs, **beside)


def test_a_gradient_takes_no_direction() -> None:
    """Once it was ignored where there are buffers."""
    function = sg.derive("w: Vector(n)\nloss = norm2(w)**2").lambdify(reuse_buffers=True)
    for _ in range(2):
        with pytest.raises(sg.SymgradError, match="a gradient takes no direction"):
            function({"w": np.ones(2)}, direction={"w": np.ones(2)})
        function({"w": np.ones(2)})


def test_sums_over_axes_of_a_buffer_are_products_with_ones() -> None:
    """Over the first or the last axes, one or several; NumPy's own sum is slower."""
    program = """\
x: Vector(d)
M: Matrix(n, d)
loss = mean(sum(exp(sum((M - x.T)**2, axis=1))) + sum(tanh(M - x.T))**2 for x in batch)
"""
    agree(program)
    source = buffered_source(sg.derive(program, ["M"]).lambdify().plan.program)
    assert "add.reduce" not in source and source.count(".reshape((") >= 3


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("turned", [False, True])
def test_sums_over_axes_of_an_input_are_products_with_ones(axis: int, turned: bool) -> None:
    """Also of one that does not lie in memory as its axes stand."""
    program = f"X: Tensor(n, c, s)\nt: Scalar\nloss = sum(tanh(t * sum(X, axis={axis})))"
    function = sg.derive(program, ["t"]).lambdify(reuse_buffers=True)
    assert "add.reduce(p" not in buffered_source(function.plan.program)
    X = np.random.default_rng(0).normal(size=(3, 4, 5))
    X = X.transpose(2, 0, 1) if turned else X
    sums = X.sum(axis)
    for _ in range(2):
        value, found = function({"X": X, "t": np.array(0.5)})
    assert value == pytest.approx(np.tanh(0.5 * sums).sum(), rel=1e-12)
    assert found["t"] == pytest.approx(((1 - np.tanh(0.5 * sums) ** 2) * sums).sum(), rel=1e-12)


LINE = """x: Vector(n)
t: Scalar
w: Vector(n)
loss = mean((w.T @ x - t)**2 for x, t in batch)"""


def line(rows: int, columns: int = 4, seed: int = 0) -> dict[str, np.ndarray]:
    """Numbers for it."""
    rng = np.random.default_rng(seed)
    given = {"x": rng.normal(size=(rows, columns)), "w": rng.normal(size=columns)}
    return given | {"t": rng.normal(size=rows)}


def test_what_is_known_again_is_read_again() -> None:
    """An array that was given before has other numbers, or another array takes its name."""
    derivation = sg.derive(LINE)
    buffered, plain = derivation.lambdify(reuse_buffers=True), derivation.lambdify()
    given = line(3)

    def same() -> None:
        value, found = buffered(given)
        wanted, gradients = plain(given)
        assert value == pytest.approx(wanted, rel=1e-12)
        for name, gradient in gradients.items():
            np.testing.assert_allclose(found[name], gradient, rtol=1e-12)

    for _ in range(2):
        same()
    for array in given.values():
        array *= 1.5
        same()
    for name in "xtw":
        given[name] = given[name] + 1.0
        same()
        given[name] = given[name][::-1]
        same()
        given[name] = given[name].astype("float32")
        same()
        given[name] = given[name].tolist()
        same()
    for rows in (5, 3, 3):
        given = line(rows)
        same()


def test_a_shape_that_is_set_in_place_is_seen() -> None:
    program = "A: Matrix(m, n)\nloss = sum(A.T @ A)"
    function = sg.derive(program).lambdify(reuse_buffers=True)
    A = np.arange(12.0).reshape(3, 4).copy()
    for shape in ((3, 4), (4, 3), (4, 3), (2, 6), (12, 1)):
        with warnings.catch_warnings(action="ignore"):  # NumPy's, that this is deprecated
            A.shape = shape
        value, gradients = function(A=A)
        assert value == pytest.approx((A.T @ A).sum())
        np.testing.assert_allclose(gradients["A"], 2 * np.repeat(A.sum(1)[:, None], shape[1], 1))


def test_no_large_array_and_no_view_is_held() -> None:
    function = sg.derive(LINE).lambdify(reuse_buffers=True)
    large, examples = line(5000), line(50)
    views = {"x": examples["x"][:8], "t": examples["t"][:8], "w": examples["w"]}
    for given in (large, views):
        for _ in range(2):
            function(given)
    gone = [weakref.ref(array) for array in (large["x"], examples["x"], examples["t"])]
    del large, examples, views, given
    gc.collect()
    assert all(array() is None for array in gone)


def test_a_derivative_may_be_a_view_of_what_is_computed_in_another_order() -> None:
    """Blocks of the Hessian have no second buffer; for training they are in their own order."""
    program = """V: Matrix(k, m)
W: Matrix(m, n)
x: Vector(n)
loss = mean(sum(tanh(V @ tanh(W @ x))) for x in batch)"""
    rng = np.random.default_rng(0)
    shapes = {"V": (2, 4), "W": (4, 3), "x": (5, 3)}
    inputs = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    hessian = sg.hessian(program, ["W"])
    function = hessian.lambdify(reuse_buffers=True)
    wanted = hessian.lambdify()(inputs)[1]["W", "W"]
    step = function.step(inputs)
    step.function(*(inputs[name] for name in step.shapes))
    for block, contiguous in (
        (function(inputs)[1]["W", "W"], False),
        (function({**inputs})[1]["W", "W"], False),
        (step.derivatives["W", "W"], True),
    ):
        assert block.flags.c_contiguous == contiguous
        np.testing.assert_allclose(block, wanted, rtol=1e-12)


def test_what_only_leads_to_a_derivative_is_in_its_place() -> None:
    program = """X: Matrix(n, m)
W: Matrix(m, k)
Y: Matrix(n, k)
loss = sum(tanh(X * exp(-X) + Y @ W.T))"""
    function = sg.derive(program, ["X"]).lambdify(reuse_buffers=True)
    made = buffered_source(function.plan.program).count("np.zeros")
    assert made == 3  # the flat vector and two buffers


def test_arrays_of_as_many_entries_have_one_memory() -> None:
    """tanh(X), and a product with as many rows as that has columns, where the sizes are known."""
    program = """X: Matrix(n, m)
C: Matrix(n, n)
E: Matrix(n, n)
t: Scalar
loss = t * sum(cos(sin(tanh(X).T @ C) @ E))"""
    function = sg.derive(program, ["t"]).lambdify(reuse_buffers=True)
    plain = function.plan.program
    sizes = {axis: {"n": 40, "m": 60}[str(axis)] for axis in plain.axes}
    assert ".reshape((n1, n0,))" not in buffered_source(plain)
    (shared,) = re.findall(r"b\d = b\d.reshape", buffered_source(plain, sizes=sizes))
    assert shared
    rng = np.random.default_rng(0)
    numbers = {"X": rng.normal(size=(40, 60)), "t": np.array(2.0)}
    numbers |= {name: rng.normal(size=(40, 40)) / 6 for name in "CE"}
    C, E = numbers["C"], numbers["E"]
    for _ in range(2):
        value, _ = function(numbers)
    wanted = 2 * np.cos(np.sin(np.tanh(numbers["X"]).T @ C) @ E).sum()
    assert value == pytest.approx(wanted, rel=1e-12)
