"""Entries at sums of letters, dimensions and numbers: each program beside NumPy's."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from tests.drawn import random_inputs
from tests.typesetting.read_back import misread

DECLARED = {
    "x": "Vector(n)",
    "y": "Vector(n)",
    "k": "Vector(m)",
    "A": "Matrix(m, n)",
    "B": "Matrix(n, n)",
    "K": "Matrix(r, s)",
    "X": "Matrix(p, q)",
    "T": "Tensor(m, n, p)",
}
SIZES = {"n": 6, "m": 3, "p": 5, "q": 4, "r": 2, "s": 2}


def convolved(X: np.ndarray, K: np.ndarray) -> np.ndarray:
    """The products of a kernel with all windows of its size."""
    windows = np.lib.stride_tricks.sliding_window_view(X, K.shape)
    return np.tensordot(windows, K, K.ndim)


PROGRAMS: list[tuple[str, Callable[..., Any]]] = [
    ("sum((x[i + 1] - x[i])**2 for i in range(n - 1))", lambda x: np.sum(np.diff(x) ** 2)),
    ("x[0]**2 + x[-1] * x[1]", lambda x: x[0] ** 2 + x[-1] * x[1]),
    (
        "norm2(vector(sum(k[j] * x[i + j] for j in range(m)) for i in range(n - m + 1)))**2",
        lambda k, x: np.sum(convolved(x, k) ** 2),
    ),
    (
        "sum(matrix(sum(K[a, b] * X[i + a, j + b] for a in range(r) for b in range(s)) "
        "for i in range(p - r + 1) for j in range(q - s + 1))**2)",
        lambda K, X: np.sum(convolved(X, K) ** 2),
    ),
    ("sum(x[i] * x[n - 1 - i] for i in range(n))", lambda x: x @ x[::-1]),
    ("sum(B[i, i + 1]**3 for i in range(n - 1))", lambda B: np.sum(np.diag(B, 1) ** 3)),
    ("sum(A[i, 0]**2 for i in range(m)) + A[0, 1]", lambda A: np.sum(A[:, 0] ** 2) + A[0, 1]),
    ("sum(softmax(A[0]) * y)", lambda y, A: np.exp(A[0]) @ y / np.sum(np.exp(A[0]))),
    ("sum(exp(x[i - 1] * x[i]) for i in range(1, n))", lambda x: np.sum(np.exp(x[1:] * x[:-1]))),
    (
        "sum((i == j + 1) * x[i] * y[j] for i in range(n) for j in range(n))",
        lambda x, y: x[1:] @ y[:-1],
    ),
    ("sum(x[i - 1] * x[i + 1] for i in range(1, n - 1))", lambda x: x[2:] @ x[:-2]),
    (
        "sum(T[0, j, l] * A[1, j] * X[l, 0] for j in range(n) for l in range(p))",
        lambda A, X, T: A[1] @ T[0] @ X[:, 0],
    ),
    ("sum(i * x[i]**2 for i in range(n))", lambda x: np.arange(len(x)) @ x**2),
    (
        "sum(x[i] * y[j] * cos(i - j) for i in range(n) for j in range(i))",
        lambda x, y: x @ np.tril(np.cos(np.subtract.outer(*[np.arange(len(x))] * 2)), -1) @ y,
    ),
    (
        "sum(sum(x[j] for j in range(i, n))**2 for i in range(1, n))",
        lambda x: np.sum(np.cumsum(x[::-1])[:-1] ** 2),
    ),
    ("sum(x[i] / (i + 1) for i in range(n))", lambda x: np.sum(x / np.arange(1, len(x) + 1))),
    ("norm2(B[0] - B[-1])**2", lambda B: np.sum((B[0] - B[-1]) ** 2)),
    ("B[0, 0] * B[1, 1] - B[0, 1] * B[1, 0]", lambda B: np.linalg.det(B[:2, :2])),
]


NO_MATRIX = {  # with a sum of letters at one place, a letter as a number, or a tensor
    **dict.fromkeys((2, 3), "windows"),
    4: "backwards",
    **dict.fromkeys((12, 13, 14, 15), "letters as numbers"),
    11: "three indices",
}


def parsed(text: str) -> sg.Problem:
    names = [name for name in DECLARED if f"{name}[" in text or f"* {name})" in text]
    return sg.parse("".join(f"{n}: {DECLARED[n]}\n" for n in names) + f"loss = {text}")


def point(problem: sg.Problem) -> dict[str, Any]:
    return random_inputs(problem, SIZES, between=(0.3, 1.2))


@pytest.mark.parametrize(("text", "by_hand"), PROGRAMS, ids=[text for text, _ in PROGRAMS])
def test_a_program_with_places_is_numpys(text: str, by_hand: Callable[..., Any]) -> None:
    problem = parsed(text)
    given = point(problem)
    derived = sg.derive(problem)
    value, gradient = derived.lambdify()(given)
    assert value == pytest.approx(by_hand(**given), rel=1e-12)
    assert sg.check_gradient(problem, None, given).verdict == "passed"
    assert derived.verify().passed
    found = {result.notation for result in derived.results.values()}
    k = [row[0] for row in PROGRAMS].index(text)
    assert found == {"index" if k in NO_MATRIX else "matrix"}
    declarations = "".join(f"{v.name}: {DECLARED[v.name]}\n" for v in problem.variables.values())
    for name, result in derived.results.items():
        again = sg.parse(f"{declarations}{'f = '.join(result.expression.rpartition(chr(10))[::2])}")
        read = np.reshape(sg.evaluate(again, given), np.shape(gradient[name]))
        np.testing.assert_allclose(read, gradient[name], rtol=1e-12)
    assert list(misread(derived)) == []


def test_every_back_end_has_places() -> None:
    pytest.importorskip("numba")
    pytest.importorskip("array_api_compat")
    for text in (PROGRAMS[1][0], PROGRAMS[5][0]):
        problem = parsed(text)
        derived, given = sg.derive(problem), point(problem)
        wanted = derived.lambdify()(given)[1]
        for options in ({"reuse_buffers": True}, {"modules": "numba"}, {"modules": "array_api"}):
            for name, slope in derived.lambdify(**options)(given)[1].items():  # type: ignore[arg-type]
                np.testing.assert_allclose(slope, wanted[name], rtol=1e-12)
    with pytest.raises(sg.SymgradError, match="added up in NumPy only"):
        sg.derive(parsed(PROGRAMS[2][0])).lambdify(modules="array_api")(
            point(parsed(PROGRAMS[2][0]))
        )


def test_an_entry_that_is_not_there_is_told() -> None:
    short = {"x": np.ones(1)}
    with pytest.raises(sg.SymgradError, match="the index 1: there is no such index where n = 1"):
        sg.evaluate("x: Vector(n)\nloss = x[1]", short)
    with pytest.raises(sg.SymgradError, match=r"range\(n - 1\): there is no such index"):
        sg.evaluate("x: Vector(n)\nloss = sum(x[i + 1] for i in range(n - 1))", short)


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\sum_{i=1}^{n-1} (x_{i+1} - x_i)^2", PROGRAMS[0][0]),
        (r"\sum_{0 \leq i < n - 1} (x_{i+1} - x_i)^2", PROGRAMS[0][0]),
        (r"\sum_{i=1}^{n} x_i x_{n+1-i}", PROGRAMS[4][0]),
        (r"\sum_{i=0}^{n-1} x_i x_{n-1-i}", PROGRAMS[4][0]),
        (r"[x]_0^2 + [x]_{n-1} [x]_1", PROGRAMS[1][0]),
        (r"\sum_{i=1}^{n-m+1} \left(\sum_{j=1}^m k_j x_{i+j-1}\right)^2", PROGRAMS[2][0]),
        (r"\sum_{i} \sum_{j} [i = j + 1] x_i y_j", PROGRAMS[9][0]),
    ],
)
def test_latex_counts_from_where_its_sums_begin(latex: str, text: str) -> None:
    problem = parsed(text)
    given = point(problem)
    names = "".join(f"{v.name}: {DECLARED[v.name]}\n" for v in problem.variables.values())
    read = sg.parse(f"{names}loss = {sg.parse_latex(latex, problem)}")
    assert sg.evaluate(read, given) == pytest.approx(sg.evaluate(problem, given), rel=1e-12)


def test_latex_with_a_number_says_where_it_counts_from() -> None:
    with pytest.raises(sg.SymgradError, match="numbers count from 0"):
        sg.parse_latex("x_1^2", parsed(PROGRAMS[1][0]))


def test_what_was_derived_before_changes_no_letter() -> None:
    text = PROGRAMS[13][0]
    alone = sg.derive(parsed(text)).text()
    gc.collect()
    kept = sg.derive(parsed(PROGRAMS[0][0]))  # has [i = j] first
    assert sg.derive(parsed(text)).text() == alone
    assert kept.results
