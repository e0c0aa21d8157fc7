"""Entries are taken, and derivatives made, of what is at hand, before it is written over."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

import symgrad as sg

M, K = 40, 70
rng = np.random.default_rng(0)
NUMBERS: dict[str, Any] = {
    "S": rng.normal(size=(M, M)),
    "T": rng.normal(size=(5, M, M)),
    "x": rng.normal(size=(M, 6)),
    "W": rng.normal(size=(K, 6)),
    "y": rng.integers(0, K, M),
}
LABELLED = "x: Vector(n)\ny: Index(k)\nW: Matrix(k, n)\n"
SQUARE = "S: Matrix(m, m)\n"


def softmax(z: np.ndarray, axis: int) -> np.ndarray:
    e = np.exp(z - z.max(axis, keepdims=True))
    return np.asarray(e / e.sum(axis, keepdims=True))


def by_rows(S: np.ndarray, axis: int) -> tuple[float, np.ndarray]:
    P = softmax(S, axis)
    return float(np.log(np.diag(P)).sum()), np.eye(len(S)) - P


def classes(power: int) -> tuple[float, np.ndarray]:
    x, W, y = (NUMBERS[name] for name in "xWy")
    P = softmax(x @ W.T, 1)
    logs, hot = np.log(P[np.arange(M), y]), np.eye(K)[y]
    slope = power * logs ** (power - 1)
    return float((logs**power).sum()), ((hot - P) * slope[:, None]).T @ x


def exponentials() -> tuple[float, np.ndarray]:
    S = NUMBERS["S"]
    E = np.exp(S)
    slope = E + np.diag(2 * np.diag(S) * np.diag(E) + np.diag(S) ** 2 * np.diag(E))
    return float(E.sum() + (np.diag(S) ** 2 * np.diag(E)).sum()), slope


PROGRAMS: dict[str, tuple[str, Any]] = {
    SQUARE + "loss = trace(log_softmax(S, axis=1))": ("S", by_rows(NUMBERS["S"], 1)),
    SQUARE + "loss = trace(log_softmax(S, axis=0))": ("S", by_rows(NUMBERS["S"], 0)),
    SQUARE + "loss = sum(exp(S)) + sum(S[i, i]**2 * exp(S)[i, i] for i in range(m))": (
        "S",
        exponentials(),
    ),
    LABELLED + "loss = sum(log_softmax(W @ x)[y] for x, y in batch)": ("W", classes(1)),
    LABELLED + "loss = sum(log_softmax(W @ x)[y]**2 for x, y in batch)": ("W", classes(2)),
}
BACKENDS: list[dict[str, Any]] = [{}, {"reuse_buffers": True}, {"modules": "numba"}]


@pytest.mark.parametrize("options", BACKENDS, ids=str)
@pytest.mark.parametrize("program", PROGRAMS)
def test_value_and_gradient(program: str, options: dict[str, Any]) -> None:
    if "modules" in options:
        pytest.importorskip("numba", exc_type=ImportError)
    name, (value, gradient) = PROGRAMS[program]
    function = sg.derive(program, [name]).lambdify(**options)
    given = {n: NUMBERS[n] for n in sg.parse(program).variables}
    for _ in range(2):  # the second time the buffers are full
        found, gradients = function(given)
        np.testing.assert_allclose(found, value, rtol=1e-12)
        np.testing.assert_allclose(gradients[name], gradient, rtol=1e-10, atol=1e-12)


def layers(function: str, penalty: str = "") -> str:
    """A perceptron of four layers, with a penalty of each matrix."""
    lines = ["x: Vector(n0)", "t: Vector(n4)", "h0 = x"]
    for k in range(1, 5):
        lines += [f"W{k}: Matrix(n{k}, n{k - 1})", f"h{k} = {function}(W{k} @ h{k - 1})"]
    loss = ["mean(norm2(h4 - t)**2 for x, t in batch)"]
    loss += [penalty.format(f"W{k}") for k in range(1, 5) if penalty]
    return "\n".join([*lines, "loss = " + " + ".join(loss)])


# how many arrays of all rows there are beside the derivatives
ARRAYS: dict[str, tuple[str, str, int]] = {
    "neither identity nor logarithms, exp over its argument": (
        "A: Matrix(m, n)\nB: Matrix(m, n)\nloss = trace(log_softmax(A @ B.T, axis=1))",
        "AB",
        1,
    ),
    "cotangents over what no derivative needs any more": (layers("sigmoid"), "xt", 6),
    "with penalties": (layers("sigmoid", "norm2({})**2"), "xt", 6),
    "relu over its argument": (layers("relu"), "xt", 5),
    "one derivative, after the value": (
        "x: Vector(n)\nt: Vector(n)\nW: Matrix(n, n)\nU: Matrix(n, n)\n"
        "loss = mean(norm2(sigmoid(W @ x) - t)**2 for x, t in batch) + norm2(U)**2",
        "xt",
        3,
    ),
    "sums before what is written over": (
        "X: Matrix(m, n)\nT: Matrix(m, n)\nW: Matrix(n, n)\nV: Matrix(n, n)\nS = X @ W\n"
        "R = X @ V\nloss = sum(T * S) + sum(T * R) + sum(log(3 + tanh(S + R)))",
        "XT",
        3,
    ),
}


@pytest.mark.parametrize("program, rows, count", ARRAYS.values(), ids=ARRAYS)
def test_arrays_of_all_rows(program: str, rows: str, count: int) -> None:
    derivation, of_arrays = sg.derive(program), np.lib.tracemalloc_domain
    names = derivation.problem.variables
    arrays = {name: rng.normal(size=(400, 8) if name in rows else (8, 8)) for name in names}
    tracemalloc.start()
    try:
        bound = derivation.lambdify(reuse_buffers=True).bind(arrays)
        bound()
        arrays_only = tracemalloc.DomainFilter(True, of_arrays)
        kept = tracemalloc.take_snapshot().filter_traces([arrays_only]).statistics("filename")
        size = sum(each.size for each in kept) - bound.flat_gradient.nbytes
        assert size < (count + 0.5) * 8 * 400 * (400 if rows == "AB" else 8)
    finally:
        tracemalloc.stop()


def test_entries_of_a_difference_are_taken_of_what_it_is_of() -> None:
    """The array of all logarithms is not made."""
    source = sg.derive(LABELLED + "loss = sum(log_softmax(W @ x)[y] for x, y in batch)", ["W"])
    lines = source.lambdify().source.splitlines()
    logarithm = next(line.split()[0] for line in lines if "np.log" in line)
    assert not [line for line in lines if f"{logarithm}[:, None]" in line]
