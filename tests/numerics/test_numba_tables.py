"""Long programs, whose loops are called by a table: the same numbers, and few functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from tests.drawn import random_inputs
from tests.results import same

pytest.importorskip("numba", exc_type=ImportError)
pytest.importorskip("scipy")


def recurrent(steps: int) -> str:
    """A network of steps that look words up, with numbers and labels beside."""
    lines = ["W: Matrix(h, h)", "E: Matrix(5, h)", "s: Scalar", "k: Index(4)", "z: Vector(4)"]
    lines += ["h0: Vector(h)", *(f"v{t}: Index(5)" for t in range(1, steps + 1))]
    lines += [f"h{t} = tanh(s * (W @ h{t - 1}) + E[v{t}])" for t in range(1, steps + 1)]
    names = ", ".join(f"v{t}" for t in range(1, steps + 1))
    error = f"mean(norm2(h{steps})**2 for {names} in batch)"
    return "\n".join([*lines, f"loss = {error} + exp(z[k]) + s**2"])


def inputs_of(steps: int, labels: str, dtype: str) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    words = {f"v{t}": rng.integers(0, 5, 6).astype(labels) for t in range(1, steps + 1)}
    numbers = {"W": rng.normal(size=(3, 3)), "E": rng.normal(size=(5, 3)), "s": np.array(0.7)}
    numbers |= {"h0": rng.normal(size=3), "z": rng.normal(size=4)}
    return words | {n: a.astype(dtype) for n, a in numbers.items()} | {"k": np.array(2)}


@pytest.mark.parametrize(
    ("labels", "dtype", "tolerance"), [("int64", "float64", 1e-12), ("int32", "float32", 2e-5)]
)
def test_the_numbers_are_numpy_s(labels: str, dtype: str, tolerance: float) -> None:
    steps = 6
    derivation = sg.derive(recurrent(steps), ["W", "E", "s", "z"])
    inputs = inputs_of(steps, labels, dtype)
    compiled = derivation.lambdify(dtype, modules="numba", reuse_buffers=dtype == "float64")
    plain = derivation.lambdify(dtype)
    same(compiled(inputs), plain(inputs), tolerance)
    inputs["s"] += 0.5  # the next call has other numbers, and nothing left of the last one
    inputs["W"] = inputs["W"].T.copy()
    same(compiled(inputs), plain(inputs), tolerance)
    with pytest.raises(sg.SymgradError, match="v6"):
        compiled(inputs | {"v6": inputs["v6"] + 5})


def test_more_steps_make_no_more_functions() -> None:
    from symgrad.numerics.compiled.source import written

    def functions(steps: int) -> int:
        function = sg.derive(recurrent(steps), ["W", "E"]).lambdify()
        axes = [function.signature.axes[name] for name in function.inputs]
        kinds = ["int64" if name[0] in "vk" else "" for name in function.inputs]
        return written(function.plan.program, axes, kinds).core.count("@compiled")

    assert 0 < functions(12) == functions(24)


SHAPES = {"n": 5, "m": 4, "k": 3}
KINDS = (
    "x: Vector(n)\nloss = sum((x[1:] - x[:-1])**2) + x[0] * x[n - 1]",
    "A: Matrix(n, m)\nB: Matrix(m, k)\nloss = sum(softmax(A @ B, axis=1)**2) + max(A)",
    "A: Matrix(n, m)\nloss = logdet(A.T @ A + eye(m)) + trace(A @ A.T)",
    "X: Tensor(n, m, k)\nU: Matrix(k, m)\nloss = sum(einsum('nmk,kp->nmp', X, U)**3)",
    "A: Matrix(n, m)\nB: Matrix(m, n)\nloss = trace(A @ B)**2 + sum(tanh(A - B.T) * A)",
    "x: Vector(n)\nx0: Scalar\nloss = sum(exp(x * x0)) * norm2(x) + prod(x)",
    "A: Matrix(n, m)\nloss = sum(A[1:, :]**3) + sum(A[2:, 1:]**2)",
)


@pytest.mark.parametrize("program", KINDS)
def test_a_table_calls_every_kind_of_loop(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from symgrad.numerics.compiled import source

    monkeypatch.setattr(source, "LONGEST", 0)
    derivation = sg.derive(program)
    inputs = random_inputs(derivation.problem, SHAPES, between=(0.5, 1.5))
    function = derivation.lambdify(modules="numba", reuse_buffers=True)
    same(function(inputs), derivation.lambdify()(inputs), 1e-12)
    compiled, _ = function.compiled(inputs)
    assert "@compiled" in compiled.source
