"""Entries, sums and arrays over index letters: each program beside one without indices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.language.dimensions import dims
from symgrad.language.operations.entries import entry
from symgrad.language.problem import Problem, Variable
from symgrad.language.unparse import unparse
from tests.drawn import random_inputs
from tests.typesetting.read_back import misread

VECTORS = "x: Vector(n)\ny: Vector(n)\n"
MATRICES = "A: Matrix(m, n)\nB: Matrix(m, n)\nC: Matrix(n, p)\nx: Vector(n)\nz: Vector(m)\n"
SQUARE = "S: Matrix(n, n)\nR: Matrix(n, n)\nx: Vector(n)\n"
ROWS = "X: Matrix(n, d)\nw: Vector(d)\ny: Vector(n)\nk: Index(n)\nl: Index(d)\n"
OF_N, AND, OF_M = "for i in range(n)", "for j in range(n)", "for i in range(m)"
TWINS = [
    (VECTORS, f"sum(x[i] * y[i] {OF_N})", "x.T @ y"),
    (VECTORS, f"sum((x[i] - y[i])**2 {OF_N}) / n", "norm2(x - y)**2 / n"),
    (VECTORS, f"mean((x[i] - y[i])**2 {OF_N})", "mean((x - y)**2)"),
    (VECTORS, f"log(sum(exp(x[i]) {OF_N}))", "logsumexp(x)"),
    (VECTORS, f"sum(x[i] {OF_N}) * sum(y[i] {OF_N})", "sum(x) * sum(y)"),
    (VECTORS, f"sum(x[i] * y[j] {OF_N} {AND})", "sum(x) * sum(y)"),
    (VECTORS, f"sum(x[i] * y[j] {OF_N} {AND} if i != j)", "sum(x) * sum(y) - x.T @ y"),
    (VECTORS, f"sum((x[i] - x[j])**2 {OF_N} {AND})", "2 * n * norm2(x)**2 - 2 * sum(x)**2"),
    (VECTORS, f"sum(3 {OF_N}) * sum(x)", "3 * n * sum(x)"),
    (VECTORS, f"norm2(vector(x[i] * sin(y[i]) {OF_N}))**2", "norm2(x * sin(y))**2"),
    (VECTORS, f"sum(log(matrix(exp(x[i] + y[j]) {OF_N} {AND})))", "n * (sum(x) + sum(y))"),
    (MATRICES, f"sum(A[i, j] * B[i, j] {OF_M} {AND})", "trace(A.T @ B)"),
    (MATRICES, f"sum(z[i] * A[i, j] * x[j] {OF_M} {AND})", "z.T @ A @ x"),
    (MATRICES, f"sum(z[i] * sum(A[i, j] * x[j] {AND})**2 {OF_M})", "z.T @ (A @ x)**2"),
    (MATRICES, f"sum(A[i, j]**2 {OF_M} {AND})**0.5", "norm2(A)"),
    (
        MATRICES,
        f"norm2(matrix(sum(A[i, j] * C[j, l] {AND}) {OF_M} for l in range(p)))**2",
        "norm2(A @ C)**2",
    ),
    (MATRICES, f"sum(norm2(A[i] - x)**2 {OF_M})", "norm2(A - ones(m) @ x.T)**2"),
    (MATRICES, f"sum(relu(sum(A[i, j] * x[j] {AND}) + z[i]) {OF_M})", "sum(relu(A @ x + z))"),
    (MATRICES, f"sum(logsumexp(A[i]) {OF_M})", "sum(logsumexp(A, axis=1))"),
    (MATRICES, f"sum(softmax(A[i])[j] * B[i, j] {OF_M} {AND})", "sum(softmax(A, axis=1) * B)"),
    (SQUARE, f"sum(S[i, i] {OF_N})", "trace(S)"),
    (SQUARE, f"sum(S[i, j] * (i == j) * x[i] {OF_N} {AND})", "x.T @ diag(S)"),
    (SQUARE, f"sum(S[i, j] * R[j, i] {OF_N} {AND})", "trace(S @ R)"),
    (
        SQUARE,
        f"sum(x[i] * S[i, j] * R[j, k] * x[k] {OF_N} {AND} for k in range(n))",
        "x.T @ S @ R @ x",
    ),
    (
        SQUARE,
        f"sum(S[i, j] * (x[i] - x[j])**2 {OF_N} {AND})",
        "x.T**2 @ S @ ones(n) + ones(n).T @ S @ x**2 - 2 * x.T @ S @ x",
    ),
    (
        "X: Matrix(n, d)\nS: Matrix(n, n)\n",
        f"sum(S[i, j] * norm2(X[i] - X[j])**2 {OF_N} {AND})",
        "trace(X.T @ (diag((S + S.T) @ ones(n)) - 2 * S) @ X)",
    ),
    (
        ROWS,
        "mean((y[i] - sum(X[i, j] * w[j] for j in range(d)))**2 for i in range(n))",
        "norm2(y - X @ w)**2 / n",
    ),
    (
        ROWS,
        f"sum(norm2(X[i] - X[j])**2 {OF_N} {AND})",
        "2 * n * norm2(X)**2 - 2 * norm2(X.T @ ones(n))**2",
    ),
    (ROWS, "X[k, l]**2 * y[k]", "(X[k].T @ onehot(l))**2 * y[k]"),
    (ROWS, f"sum((i == k) * y[i]**3 {OF_N})", "y[k]**3"),
    (ROWS, f"sum(exp(X[i].T @ w) {OF_N})", "sum(exp(X @ w))"),
]


SIZES = {"m": 3, "n": 4, "p": 2, "d": 5}


def point(problem: sg.Problem) -> dict[str, Any]:
    return random_inputs(problem, SIZES, between=(0.2, 1.0))


@pytest.mark.parametrize(("names", "indexed", "plain"), TWINS)
def test_a_program_with_indices_is_the_one_without(names: str, indexed: str, plain: str) -> None:
    derived = [sg.derive(sg.parse(f"{names}loss = {text}")) for text in (indexed, plain)]
    problem = derived[0].problem
    given = point(problem)
    (value, gradient), (wanted, slopes) = (d.lambdify()(given) for d in derived)
    assert value == pytest.approx(wanted, rel=1e-12)
    for name, slope in slopes.items():
        np.testing.assert_allclose(gradient[name], slope, rtol=1e-10, atol=1e-12)
        result = derived[0].results[name]
        assert result.notation == "matrix"
        again = sg.parse(f"{names}f = {result.expression.splitlines()[-1]}")
        if len(result.expression.splitlines()) == 1:
            read = np.reshape(sg.evaluate(again, given), np.shape(slope))
            np.testing.assert_allclose(read, slope, rtol=1e-10, atol=1e-12)
    assert derived[0].verify().passed
    assert list(misread(derived[0])) == []


@pytest.mark.parametrize(("names", "indexed", "plain"), TWINS)
def test_what_is_said_with_indices_reads_back(names: str, indexed: str, plain: str) -> None:
    problem = sg.parse(f"{names}loss = {indexed}")
    text = unparse(problem.output)
    again = sg.parse(f"{names}loss = {text}")
    assert unparse(again.output) == text
    assert sg.evaluate(again, point(problem)) == pytest.approx(
        sg.evaluate(problem, point(problem)), rel=1e-12
    )


def test_tensors_are_said_entry_by_entry() -> None:
    jacobian = sg.jacobian("W: Matrix(m, n)\nx: Vector(n)\nf = W @ x", ["W"])
    assert jacobian.results["W"].expression == (
        "tensor(x[k] * (i == j) for i in range(m) for j in range(m) for k in range(n))"
    )
    assert jacobian.results["W"].latex == r"x_{k} [i = j]"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("sum(x[i] for i in range(m))", "the dimension m is not declared"),
        ("sum(x[i] for x in range(n))", "x has a meaning already; use another letter"),
        ("sum(x[i] * x[i] for i in range(n) for i in range(n))", "i stands twice"),
        ("sum(S[i] * z for i in range(n))", "shapes differ"),
        ("sum(S[i, j, k] for i in range(n))", "j is not declared"),
        ("sum(x[i] for i in range(0, n, 2))", "from 0 to below a dimension"),
        ("sum(x[i + 1] for i in range(n))", r"i \+ 1 is from 1 to n; there are 0 to n - 1"),
        ("sum(x[i - 1] for i in range(n))", "i - 1 is from -1 to n - 2"),
        ("sum(x[i] for i in range(n, 1))", "has no numbers that are indices"),
        ("sum(x[i] for i in range(2, 3))", "has one number only"),
        ("S[0]", "must be a scalar"),
        ("S[0, 1, 2]", "3 indices are written"),
        ("sum(x[i] for i in n)", r"n is a dimension; write range\(n\)"),
        (
            "sum(u * z for u in z)",
            r"z is no batch.*z\[i\] for i in range\(d\), examples are those of a batch",
        ),
        ("sum(norm2(s) for s in S)", r"S is no batch.*S\[i\] for i in range\(n\)"),
        ("max(x[i] for i in range(n))", "a generator stands only inside"),
        ("norm2(matrix(x[i] for i in range(n)))", r"1 index makes a vector; write vector\(...\)"),
        (
            "sum(S[i, j] for i in range(n) for j in range(d))",
            "j is from 0 to d - 1; there are 0 to",
        ),
        ("x[j]", "j is not declared"),
        ("sum((i == z) * x[i] for i in range(n))", "i is an integer label|== compares indices"),
    ],
)
def test_what_is_no_sum_over_indices(line: str, message: str) -> None:
    names = "x: Vector(n)\nS: Matrix(n, n)\nz: Vector(d)\n"
    with pytest.raises(sg.SymgradError, match=message):
        sg.parse(f"{names}loss = {line}")


def test_an_entry_of_a_row_is_that_of_its_column() -> None:
    x, k = Variable("x", "Vector", dims("n")), Variable("k", "Index", dims("n"))
    row = entry(x.expression().T, k.expression())
    problem = Problem({"x": x, "k": k}, {}, row)
    assert sg.evaluate(problem, {"x": np.array([1.0, 2.0, 3.0]), "k": 1}) == 2.0
    assert sg.derive(problem, ["x"]).results["x"].expression == "onehot(k)"
