"""Programs for moderate exponents compute what those for all do, also where they raise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.numerics.buffers import blocks
from symgrad.numerics.buffers.moderate import Allocated
from symgrad.numerics.buffers.moderate import first as either
from symgrad.numerics.function import Function
from symgrad.numerics.passes.moderate import LEFT

COUNT = 1 << 12
NAMES = ("w", "k")
HEAD = """x: Vector(n)
t: Scalar
w: Vector(n)
k: Scalar
s = w.T @ x
p = sigmoid(k)
"""
LOSSES = {
    "zeros": """mean(-t * log(p + (1 - p) * exp(-exp(s))) - (1 - t) * (t * s - exp(s))
            for x, t in batch)""",
    "counts": "mean((t + k) * log(k + exp(s)) - t * s for x, t in batch)",
    "rates": "-mean(log(p * exp(s - exp(s) * t) + (1 - p) * exp(-t)) for x, t in batch)",
    "spread": """mean(-t * log(p + (1 - p) * (2 / (2 + exp(s)))**k) - (1 - t) * log(2 + exp(s))
            for x, t in batch)""",
    "labels": "mean((1 - t) * softplus(k * s) + t * softplus(-k * s) for x, t in batch)",
    "answers": "mean(softplus(t - s) + softplus(s - k) + sigmoid(t - s)**2 for x, t in batch)",
    "shares": "mean((exp(s) / (exp(s) + exp(t * k)) - t)**2 for x, t in batch)",
}
# predictors and k: near 0, where 1 - sigmoid(k) is rounded, and beyond the range of floats
NUMBERS = [(1, 1.5), (8, 1.5), (1, 40), (300, 1.5), (900, 1.5), (1, 800), (1, -800), (2, -0.5)]


def derived(name: str) -> sg.Derivation:
    return sg.derive(f"{HEAD}loss = {LOSSES[name]}", NAMES)


def drawn(size: float, k: float, dtype: str) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    numbers = {"t": rng.random(COUNT), "w": np.array([0.7, -0.2, 0.1]) * size, "k": np.array(k)}
    numbers["x"] = rng.uniform(-1, 1, (COUNT, 3))
    return {name: np.array(a, dtype) for name, a in numbers.items()}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", LOSSES)
def test_numbers_are_those_for_all_exponents(
    name: str, threads: int, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "LINE", 0)
    monkeypatch.setattr(blocks, "BLOCK", 1 << 12 if threads == 2 else blocks.BLOCK)
    monkeypatch.setattr(blocks, "NARROW", 1)
    function = derived(name).lambdify(dtype=dtype, reuse_buffers=True, threads=threads)
    same_for_all_exponents(name, dtype, function)


def same_for_all_exponents(name: str, dtype: str, function: Function) -> None:
    plain = derived(name).lambdify(dtype=dtype)
    near = 1e-10 if dtype == "float64" else 2e-4
    for size, k in NUMBERS:
        inputs = drawn(size, k, dtype)
        value, wanted = plain(inputs)
        for found, slopes in (function(inputs), function(inputs), function.bind(inputs)()):
            assert found == pytest.approx(value, rel=near, nan_ok=True)
            for each in NAMES:
                smallest = near * abs(wanted[each]).max()
                np.testing.assert_allclose(slopes[each], wanted[each], rtol=near, atol=smallest)


@pytest.mark.parametrize(
    "name, dtype", [("zeros", "float64"), ("counts", "float32"), ("spread", "float64")]
)
def test_compiled_numbers_are_those_for_all_exponents(name: str, dtype: str) -> None:
    pytest.importorskip("numba", exc_type=ImportError)
    pytest.importorskip("scipy")
    compiled = derived(name).lambdify(dtype=dtype, reuse_buffers=True, modules="numba")
    same_for_all_exponents(name, dtype, compiled)


@pytest.mark.parametrize(
    "name, most",
    [("zeros", 5), ("counts", 2), ("rates", 5), ("spread", 6), ("shares", 0), ("labels", 1)],
)
def test_exponents_are_moderate_by_what_is_multiplied(name: str, most: int) -> None:
    """A quotient of exponentials is faster as one of a difference."""
    plan = derived(name).lambdify(reuse_buffers=True).plan
    sizes = {axis: COUNT if axis == "batch" else 3 for axis in plan.program.axes}
    made = plan.moderate(sizes, by_calls=True)
    shares = {op.value for op in made.ops if op.kind == "look"} if made else {}
    assert {*shares} == ({LEFT / most} if most else set())


MASKED = """x: Vector(n)
s: Vector(k)
m: Vector(k)
W: Matrix(k, n)
loss = -mean(log(softmax(W @ x + m).T @ s) for x, s in batch)"""
LENGTHS = """X: Matrix(n, d)
y: Vector(n)
l: Vector(d)
Z = X * exp(-l).T
D = matrix(norm2(Z[i] - Z[j])**2 for i in range(n) for j in range(n))
K = exp(-D / 2) + eye(n)
loss = y.T @ solve(K, y) + logdet(K)"""
RNG = np.random.default_rng(0)
CHOSEN = {"x": RNG.normal(size=(600, 3)), "W": RNG.normal(size=(4, 3))}
FAR = {"X": 8 * RNG.normal(size=(30, 3)), "y": RNG.normal(size=30)}


@pytest.mark.parametrize(
    "program, wrt, inputs, again",
    [
        (MASKED, "W", {"m": [0, 0, -1e3, 0], "s": np.ones((600, 4)), **CHOSEN}, 0),
        (MASKED, "W", {"m": [0, 0, -1e3, 0], "s": [[0, 0, 1, 0]] * 600, **CHOSEN}, 1),
        (MASKED, "W", {"m": [0, 0, -300, 0], "s": [[0, 0, 1, 0]] * 600, **CHOSEN}, 1),
        (LENGTHS, "l", {"l": np.zeros(3), **FAR}, 0),
        (LENGTHS, "l", {"l": [-400, 0, 0], **FAR}, 1),
    ],
)
def test_what_is_small_is_computed_again_where_it_counts(
    program: str, wrt: str, inputs: Any, again: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once wherever an exponent was far below 0, in four times the time."""
    made = []

    def first(moderate: Allocated, otherwise: Callable[[], Allocated]) -> Allocated:
        def counted() -> Allocated:
            made.append(otherwise)
            return otherwise()

        return either(moderate, counted)

    monkeypatch.setattr("symgrad.numerics.bound.first", first)
    inputs = {name: np.array(array, float) for name, array in inputs.items()}
    derivation = sg.derive(program, wrt)
    value, slopes = derivation.lambdify()(inputs)
    found, others = derivation.lambdify(reuse_buffers=True)(inputs)
    assert len(made) == again
    assert found == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(others[wrt], slopes[wrt], rtol=1e-9, atol=1e-12)


def test_a_step_takes_what_one_for_all_takes() -> None:
    """Training far out, and near again."""
    derivation = derived("zeros")
    function = derivation.lambdify(reuse_buffers=True)
    step = function.step(drawn(1, 1.5, "float64"))
    for size in (1, 900, 2):
        inputs = drawn(size, 1.5, "float64")
        value, slopes = derivation.lambdify()(inputs)
        found = step.run(step.function, *(inputs[name] for name in step.shapes))
        assert found == pytest.approx(value)
        np.testing.assert_allclose(step.derivatives["w"], slopes["w"], rtol=1e-10)
