"""How a term, a sum and a new name are spelled, as books do."""

from __future__ import annotations

import pytest

import symgrad as sg

RESULTS = [
    # a name stands before a function
    ("x: Scalar\nloss = arctan(x) / (1 + x**2)", "x", "(1 - 2 * x * arctan(x)) / (1 + x**2)**2"),
    ("y: Vector(n)\nx: Vector(n)\nloss = sum(softplus(-y * x))", "x", "-y * sigmoid(-y * x)"),
    ("x: Scalar\nloss = sigmoid(x)**2", "x", "2 * sigmoid(x)**2 * (1 - sigmoid(x))"),
    # the roots of numbers are one
    (
        "x: Scalar\nloss = erf(x / sqrt(2))**2",
        "x",
        "4 / sqrt(2 * pi) * erf(x / sqrt(2)) * exp(-0.5 * x**2)",
    ),
    ("x: Scalar\nloss = x**2 / sqrt(2)", "x", "2 * x / sqrt(2)"),
    # a difference that is made on the way has the sign, one of the user's has not
    (
        "X: Matrix(n, d)\nw: Vector(d)\ny: Vector(n)\np = sigmoid(X @ w)\n"
        "loss = -sum(y * log(p) + (1 - y) * log(1 - p))",
        "w",
        "X.T @ (p - y)",
    ),
    (
        "X: Matrix(n, d)\nw: Vector(d)\ny: Vector(n)\nloss = norm2(y - X @ w)**2",
        "w",
        "-2 * X.T @ (y - X @ w)",
    ),
    # what is made entry by entry is summed, products of matrices have a diagonal
    (
        "X: Matrix(n, d)\nW: Matrix(d, h)\nb: Vector(h)\nV: Matrix(h, k)\nY: Matrix(n, k)\n"
        "H = tanh(X @ W + b.T)\nloss = norm2(H @ V - Y)**2 / 2",
        "b",
        "((1 - H**2) * ((H @ V - Y) @ V.T)).T @ ones(n)",
    ),
    ("A: Matrix(n, n)\nd: Vector(n)\nloss = trace(A @ diag(d) @ A)", "d", "diag(A @ A)"),
    # a definition is symmetric, and a sum with its transpose
    (
        "K: Matrix(n, n, symmetric=True)\ny: Vector(n)\ns: Scalar\nC = K + s**2 * eye(n)\n"
        "loss = y.T @ inv(C) @ y",
        "K",
        "-inv(C) @ y @ y.T @ inv(C)",
    ),
    (
        "A: Matrix(n, n)\nZ: Matrix(n, k)\nS = Z @ Z.T\nloss = sum(exp(S) - A * S)",
        "Z",
        "(2 * exp(S) - A - A.T) @ Z",
    ),
    # beside its argument a unit vector is written out, and scalars below have one fraction line
    (
        "T: Tensor(a, b, c)\nloss = norm2(T)**2 / (a * b)",
        "T",
        "tensor(2 * T[i, j, k] / (a * b) for i in range(a) for j in range(b) for k in range(c))",
    ),
    (
        "x: Vector(n)\ny: Vector(n)\nloss = x.T @ y / (norm2(x) * norm2(y))",
        "x",
        "(y - x.T @ y / norm2(x)**2 * x) / (norm2(x) * norm2(y))",
    ),
    # sums over the same examples are one
    (
        "A: Matrix(n, n)\nx: Vector(n)\nt: Scalar\nW: Matrix(n, n)\n"
        "loss = mean(x.T @ W @ x + t * x.T @ W.T @ A @ x for x, t in batch)",
        "W",
        "mean((x + t * A @ x) @ x.T for x, t in batch)",
    ),
    # indices are compared
    (
        "A: Matrix(n, n)\nloss = sum(A[i, j]**2 for i in range(n) for j in range(i))",
        "A",
        "matrix(2 * A[i, j] * (i > j) for i in range(n) for j in range(n))",
    ),
    (
        "A: Matrix(n, n)\nloss = sum(A[i, j]**2 for i in range(n) for j in range(i + 1))",
        "A",
        "matrix(2 * A[i, j] * (i >= j) for i in range(n) for j in range(n))",
    ),
    # rows and columns are written as such
    (
        "X: Matrix(n, d)\nC: Matrix(k, d)\n"
        "loss = sum(norm2(X[i] - 2 * C[j]) for i in range(n) for j in range(k))",
        "X",
        "matrix(sum(unit(X[i] - 2 * C[l])[j] for l in range(k)) "
        "for i in range(n) for j in range(d))",
    ),
    (
        "X: Matrix(d, n)\nC: Matrix(n, n)\n"
        "loss = sum(C[i, j] * norm2(X[:, i] - X[:, j]) for i in range(n) for j in range(n))",
        "C",
        "matrix(norm2(X[:, i] - X[:, j]) for i in range(n) for j in range(n))",
    ),
]
LINES = [
    # a short form of a long line, and a long part of a result once
    (
        "x: Vector(d)\nS: Matrix(d, d)\nloss = sqrt(x.T @ inv(S) @ x)",
        ["/ sqrt(x.T @ Y @ x) = 0.5 * (Y + Y.T) @ x / L square root"],
    ),
    (
        "X: Matrix(n, d)\nY: Matrix(m, d)\nloss = "
        "sum(exp(-norm2(X[i] - Y[j])**2) for i in range(n) for j in range(m)) / (n * m)",
        ["sum over indices (2)", "sum over indices, from (1)", "(E @ Y - diag(E @ ones(m)) @ X)"],
    ),
    # a short form by the names of the lines, and what makes it so
    (
        "x: Vector(d)\ny: Vector(k)\nW: Matrix(k, d)\nloss = -sum(y * log(softmax(W @ x)))",
        ["dL/dz = p * (dL/dp - (dL/dp).T @ p) = sum(y) * p - y softmax, from (2)"],
    ),
    (
        "x: Vector(n)\nA: Matrix(n, n, symmetric=True)\nloss = x.T @ A @ x",
        ["dL/dx = A @ x + A.T @ x = 2 * A @ x inner product, from (1); A is symmetric"],
    ),
    (
        "x: Vector(n)\nS: Matrix(n, n, symmetric=True)\nloss = x.T @ inv(S) @ x + logdet(S)",
        ["dL/dx = Y @ x + Y.T @ x = 2 * Y @ x inner product, from (3); Y is symmetric"],
    ),
    (
        "x: Vector(d)\ny: Scalar\nw: Vector(d)\nb: Scalar\nloss = "
        "mean(maximum(0, 1 - y * (w.T @ x + b)) for x, y in batch) + 0.1 * norm2(w)**2",
        ["dL/dw = 0.2 * w - mean(y * step(1 - y * (w.T @ x + b)) * x for x, y in batch)"],
    ),
    (
        "A: Matrix(n, n)\nloss = trace(tanh(A)**2)",
        ["dL/dA = 2 * diag(diag(tanh(A) * (1 - tanh(A)**2)))"],
    ),
    (
        "x: Vector(d)\ny: Scalar\nw: Vector(d)\n"
        "loss = mean(maximum(0, 1 - y * (w.T @ x)) for x, y in batch)",
        ["grad_w L = -mean(y * step(1 - y * w.T @ x) * x for x, y in batch)"],
    ),
    (
        "A: Matrix(m, n)\nB: Matrix(n, m)\nx: Vector(m)\n"
        "loss = sum(tanh(A @ B)**2) + norm2(A @ B @ x)",
        ["(1) Z = A @ B ", "(2) z = A @ B @ x ", "dL/dZ = "],
    ),
    (
        "x: Vector(n)\nloss = sum((x[i] * x[j])**2 for i in range(n) for j in range(n) if i != j)",
        ["for i in range(n) for j in range(n) if j != i)"],
    ),
]


@pytest.mark.parametrize(("program", "name", "expected"), RESULTS)
def test_a_result_is_spelled_so(program: str, name: str, expected: str) -> None:
    derivation = sg.derive(program, wrt=[name])
    assert derivation.verify().passed
    *definitions, text = derivation.results[name].expression.splitlines()
    assert text == expected
    before = program.rpartition("\n")[0]
    answer = sg.parse("\n".join([before, *definitions, f"f = {text}"]))
    assert answer.output.shape == derivation.problem.variables[name].shape


def test_a_unit_vector_beside_its_argument_is_written_out() -> None:
    derivation = sg.hessian("x: Vector(n)\nloss = norm2(x)**3")
    expected = "3 * (norm2(x) * eye(n) + x @ x.T / norm2(x))"
    assert derivation.results["x", "x"].expression == expected


@pytest.mark.parametrize(("program", "lines"), LINES)
def test_a_line_is_spelled_so(program: str, lines: list[str]) -> None:
    text = " ".join(sg.derive(program).text().split())
    assert [line for line in lines if line not in text] == []


def test_a_letter_that_is_no_other_one_is_below_its_sum() -> None:
    program = LINES[-1][0]
    assert r"\sum_{i} \sum_{j \neq i} " in sg.derive(program).latex()


def test_a_letter_has_one_kind_of_bound() -> None:
    """Once j <= i was forgotten where j was not i as well."""
    program = (
        "x: Vector(n)\nloss = sum(x[i] * x[j] * x[k] for i in range(n) for j in range(n) if i != j "
        "for k in range(j, n) if k != i)"
    )
    derivation = sg.derive(program)
    assert derivation.verify().passed
    assert r"\sum_{j \neq i} x_{j}^{2}" not in derivation.latex()
