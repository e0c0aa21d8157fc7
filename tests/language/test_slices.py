"""Slices: each program beside NumPy's, and beside the same one with index letters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy

import symgrad as sg
from symgrad.language.unparse import unparse
from tests.typesetting.read_back import misread

from .test_places import point

DECLARED = {"x": "Vector(n)", "y": "Vector(m)", "X": "Matrix(p, q)", "v": "Vector(q)"}
N, P = "for i in range(n - 1)", "for i in range(p - 1)"
PROGRAMS: list[tuple[str, str, Callable[..., Any]]] = [
    ("sum((x[1:] - x[:-1])**2)", f"sum((x[i + 1] - x[i])**2 {N})", lambda x: sum(np.diff(x) ** 2)),
    ("x[:m].T @ y", "", lambda x, y: x[: len(y)] @ y),
    ("x[-m:].T @ y", "", lambda x, y: x[-len(y) :] @ y),
    (
        "norm2(x[2:5] * x[:3])**2 + x[-1:]",
        "sum((x[i + 2] * x[i])**2 for i in range(3)) + x[-1]",
        lambda x: np.sum((x[2:5] * x[:3]) ** 2) + x[-1],
    ),
    (
        "sum(norm2(x[i:i + m] - y)**2 for i in range(n - m + 1))",
        "",
        lambda x, y: np.sum((np.lib.stride_tricks.sliding_window_view(x, len(y)) - y) ** 2),
    ),
    (
        "norm2(X[1:, :] - X[:-1, :])**2",
        f"sum((X[i + 1, j] - X[i, j])**2 {P} for j in range(q))",
        lambda X: np.sum(np.diff(X, axis=0) ** 2),
    ),
    ("logsumexp(X[:, 0])", "log(sum(exp(X[i, 0]) for i in range(p)))", lambda X: lse(X[:, 0])),
    (
        "sum(exp(X[1:, :-1]) @ v[1:])",
        f"sum(exp(X[i + 1, j]) * v[j + 1] {P} for j in range(q - 1))",
        lambda X, v: np.sum(np.exp(X[1:, :-1]) @ v[1:]),
    ),
    (
        "tanh(X @ v)[1:].T @ X[1:, 0]",
        f"sum(tanh(X @ v)[i + 1] * X[i + 1, 0] {P})",
        lambda X, v: np.tanh(X @ v)[1:] @ X[1:, 0],
    ),
    (
        "sum(X[:, j].T @ X[:, -1] * v[j] for j in range(q))",
        "sum(X[i, j] * X[i, -1] * v[j] for j in range(q) for i in range(p))",
        lambda X, v: X[:, -1] @ X @ v,
    ),
    (
        "sum(X.T[1:, :2]**3)",
        "sum(X[j, i + 1]**3 for i in range(q - 1) for j in range(2))",
        lambda X: np.sum(X.T[1:, :2] ** 3),
    ),
    (
        "x[1:][:-1].T @ x[1:-1]",
        "sum(x[i + 1]**2 for i in range(n - 2))",
        lambda x: x[1:-1] @ x[1:-1],
    ),
]


def lse(x: np.ndarray) -> Any:
    return np.log(np.sum(np.exp(x)))


def parsed(text: str) -> sg.Problem:
    names = [n for n in DECLARED if n in text.replace("exp", "").replace("max", "")]
    return sg.parse("".join(f"{n}: {DECLARED[n]}\n" for n in names) + f"loss = {text}")


each = pytest.mark.parametrize(
    ("text", "indexed", "by_hand"), PROGRAMS, ids=[p[0] for p in PROGRAMS]
)


@each
def test_a_slice_is_numpys(text: str, indexed: str, by_hand: Callable[..., Any]) -> None:
    problem = parsed(text)
    given, derived = point(problem), sg.derive(problem)
    value, gradient = derived.lambdify()(given)
    assert value == pytest.approx(by_hand(**given), rel=1e-12)
    assert sg.check_gradient(problem, None, given).verdict == "passed"
    assert derived.verify().passed
    declared = "".join(f"{v.name}: {DECLARED[v.name]}\n" for v in problem.variables.values())
    for name, result in derived.results.items():
        again = sg.parse(f"{declared}f = {result.expression}")
        read = np.reshape(sg.evaluate(again, given), np.shape(gradient[name]))
        np.testing.assert_allclose(read, gradient[name], rtol=1e-12)
    assert list(misread(derived)) == []


@each
def test_a_slice_is_one_with_letters(text: str, indexed: str, by_hand: Callable[..., Any]) -> None:
    if not indexed:
        return  # a letter of range(m) is none of x, and letters are called in the order of sums
    sliced, lettered = (sg.derive(parsed(t)) for t in (text, indexed))
    for name, result in sliced.results.items():
        other = lettered.results[name]
        assert (result.expression, result.latex) == (other.expression, other.latex)


@each
def test_a_slice_reads_back(text: str, indexed: str, by_hand: Callable[..., Any]) -> None:
    said = unparse(parsed(text).output)
    assert unparse(parsed(said).output) == said


def test_a_difference_is_a_part_of_the_identity_twice() -> None:
    result = sg.derive(parsed(PROGRAMS[0][0])).results["x"]
    assert result.expression == "2 * (eye(n)[:, 1:] - eye(n)[:, :-1]) @ (x[1:] - x[:-1])"
    assert result.notation == "matrix"
    assert r"(x_{2 : n} - x_{1 : n - 1})" in result.latex


def test_every_back_end_has_slices() -> None:
    pytest.importorskip("numba")
    pytest.importorskip("array_api_compat")
    for k in (5, 3, 7):
        problem = parsed(PROGRAMS[k][0])
        derived, given = sg.derive(problem), point(problem)
        wanted = derived.lambdify()(given)[1]
        for options in ({"reuse_buffers": True}, {"modules": "numba"}, {"modules": "array_api"}):
            if k != 5 and "numba" in options.values():
                continue  # compiling takes its time
            function = derived.lambdify(**options)  # type: ignore[arg-type]
            function(given)
            for name, slope in function(given)[1].items():
                np.testing.assert_allclose(slope, wanted[name], rtol=1e-12)


def test_code_has_views_and_assignments() -> None:
    source = sg.derive(parsed(PROGRAMS[0][0])).lambdify().source
    assert "v0 = p0[1:n0]" in source
    assert "v4[1:n0] = v2" in source
    assert "add.at" not in source
    assert "take" not in source


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("x[::2]", r"with steps write vector\(x\[2 \* i\] for i in range\(m\)\)"),
        ("x[3:2]", "there is nothing from 3 to before 2"),
        ("x[:n + 1]", r"to before n \+ 1: there are n along this axis"),
        ("x[1.5:]", "1.5 is no place"),
        ("sum(sum(x[:i]) for i in range(n))", "how long a slice is depends on an index"),
        ("X[1:, 1:, 1:]", "a slice is one of a vector or a matrix"),
        ("X[1:, v]", "v is no place"),
        ("X[:, q]", r"q is outside; there are 0 to q - 1"),
        ("sum(x[1:] - x)", "shapes differ"),
        ("sum(ones(n - n))", "0 is no dimension"),
    ],
)
def test_what_is_no_slice(line: str, message: str) -> None:
    names = "x: Vector(n)\nX: Matrix(p, q)\nv: Vector(q)\n"
    with pytest.raises(sg.SymgradError, match=message):
        sg.parse(f"{names}loss = {line}")


def test_arrays_that_are_too_short_are_told() -> None:
    with pytest.raises(sg.SymgradError, match="where n = 1"):
        sg.evaluate("x: Vector(n)\nloss = sum(x[1:])", {"x": np.ones(1)})
    with pytest.raises(sg.SymgradError, match="where k = 3, n = 2"):
        sg.evaluate(
            "x: Vector(n)\ny: Vector(k)\nloss = x[:k].T @ y", {"x": np.ones(2), "y": np.ones(3)}
        )


def test_sympy_slices() -> None:
    n, m = sympy.symbols("n m", integer=True, positive=True)
    A = sympy.MatrixSymbol("A", m, n)
    loss = sympy.Trace(A[1:, :] * A[1:, :].T)
    result = sg.derive(loss, [A]).results["A"]
    assert result.expression == "2 * eye(m)[:, 1:] @ A[1:, :]"
    assert result.sympy() == 2 * sympy.Identity(m)[:, 1:m] * A[1:m, :]
    assert sg.parse_latex("x_{2:n}", sg.parse("x: Vector(n)\nloss = x[0]")) == "x[1:]"
