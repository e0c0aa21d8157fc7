"""SymPy as people write it, each expression beside the program in text that means the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy
from sympy import (
    HadamardProduct,
    IndexedBase,
    KroneckerDelta,
    MatrixSymbol,
    OneMatrix,
    Product,
    Sum,
    Trace,
)
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalMatrix

import symgrad as sg
from symgrad.language.sympy_input import problem_from_sympy
from symgrad.language.unparse import unparse
from tests.drawn import random_inputs

m, n, k = sympy.symbols("m n k", integer=True, positive=True)
i, j, r = sympy.symbols("i j r", integer=True)
a, b = sympy.symbols("a b", real=True)
x, y, z = (MatrixSymbol(name, n, 1) for name in "xyz")
A, B = MatrixSymbol("A", n, n), MatrixSymbol("B", n, n)
u, v, w, G, H, T = map(IndexedBase, "uvwGHT")
s = IndexedBase("s", shape=(n,))
V, M = sg.Vector("V", "n"), sg.Matrix("M", "m", "n")
OF_N, AND, OF_M = (i, 0, n - 1), (j, 0, n - 1), (i, 1, m)
ez = z.applyfunc(sympy.exp)

SUMS = [
    (Sum((u[i] - (a * v[i] + b)) ** 2, (i, 0, m - 1)), "norm2(u - a * v - b)**2", "u v: m"),
    (sympy.log(Sum(sympy.exp(u[i]), OF_N)), "logsumexp(u)", "u: n"),
    (Sum(u[i] * v[i], (i, 1, n)), "u.T @ v", "u v: n"),
    (Sum(u[i], OF_N) * Sum(v[i], OF_M), "sum(u) * sum(v)", "u: n, v: m"),
    (Sum(u[i] * G[i, j] * v[j], OF_M, AND), "u.T @ G @ v", "u: m, v: n, G: m n"),
    (Sum(u[i] * Sum(G[i, j] * v[j], AND) ** 2, OF_M), "u.T @ (G @ v)**2", "u: m, v: n, G: m n"),
    (Sum(G[i, j] ** 2, OF_M, AND), "norm2(G)**2", "G: m n"),
    (Sum(G[i, j] * H[j, i], OF_N, AND), "trace(G @ H)", "G H: n n"),
    (Sum(G[i, i], OF_N), "trace(G)", "G: n n"),
    (Sum(KroneckerDelta(i, j) * G[i, j] * u[i], OF_N, AND), "diag(G).T @ u", "G: n n, u: n"),
    (Sum((u[i] - u[j]) ** 2, OF_N, AND), "2 * n * norm2(u)**2 - 2 * sum(u)**2", "u: n"),
    (Sum(3 * u[i], OF_N) / n, "3 * mean(u)", "u: n"),
    (
        Sum(T[i, j, r] * u[i] * u[j] * v[r], OF_N, AND, (r, 0, k - 1)),
        'einsum("ijl,i,j,l->", T, u, u, v)',
        "T: n n k, u: n, v: k",
    ),
    (Sum(s[i] ** 3, OF_N), "sum(s**3)", "s: n"),
    (sympy.log(Product(s[i] ** 2, (i, 1, n))), "sum(log(s**2))", "s: n"),
    (Product(sympy.exp(u[i] * v[i]), OF_N), "exp(u.T @ v)", "u v: n"),
    (Sum(Sum(u[i], OF_N) * v[i], OF_N), "sum(u) * sum(v)", "u v: n"),
    (Sum(u[i], (i, 0, 4)), "sum(u)", "u: 5"),
    (Sum(V[i] * M[j, i], OF_N, (j, 1, m)), "ones(m).T @ M @ V", "V: n, M: m n"),
    (Sum(sg.relu(u[i] - V[i]), OF_N), "sum(relu(u - V))", "u V: n"),
    (
        Sum(sg.huber(u[i], 2) * M[j, i], OF_N, (j, 1, m)),
        "ones(m).T @ M @ huber(u, 2)",
        "u: n, M: m n",
    ),
    (Sum(sympy.tanh(u[i]) * A[i, j] * x[j, 0], OF_N, AND), "tanh(u).T @ A @ x", "u x: n, A: n n"),
]
ENTRIES = [
    ((x.T * A * x)[0, 0], "x.T @ A @ x", "x: n, A: n n"),
    (sympy.sqrt((x.T * x)[0]), "norm2(x)", "x: n"),
    (((x - A * y).T * (x - A * y))[0, 0], "norm2(x - A @ y)**2", "x y: n, A: n n"),
    ((x.T * A**2 * y)[0, 0], "x.T @ A @ A @ y", "x y: n, A: n n"),
    (sympy.exp(-(x.T * B.T * A * x)[0]) + a, "exp(-(x.T @ B.T @ A @ x)) + a", "x: n, A B: n n"),
    (sympy.log((OneMatrix(1, n) * ez)[0, 0]), "logsumexp(z)", "z: n"),
    (
        -(y.T * (ez / (OneMatrix(1, n) * ez)[0, 0]).applyfunc(sympy.log)),
        "-(y.T @ log(softmax(z)))",
        "y z: n",
    ),
    ((x.T * A.I * x)[0, 0], "x.T @ inv(A) @ x", "x: n, A: n n"),
    (Sum(A[i, i] ** 2, OF_N), "sum(diag(A)**2)", "A: n n"),
    (Sum((A * x)[i, 0] ** 2, OF_N), "norm2(A @ x)**2", "x: n, A: n n"),
    (Sum((M * V)[i] ** 2, OF_M), "norm2(M @ V)**2", "V: n, M: m n"),
    ((V.T * V)[0, 0] / Trace(A), "norm2(V)**2 / trace(A)", "V: n, A: n n"),
]
leaky = sympy.Piecewise((a, a > 0), (b * a, True))
R = MatrixSymbol("R", 1, n)
row = IndexedBase("q", shape=(1, n))
o = sympy.Symbol("o", integer=True)
LABELS = [
    (Sum(R[0, i] * x[i, 0] ** 2, OF_N), "R @ x**2", "R: 1 n, x: n"),
    (Sum(row[0, i] * x[i, 0], OF_N), "q @ x", "q: 1 n, x: n"),
    (
        -sympy.log(sympy.exp(u[o]) / Sum(sympy.exp(u[j]), AND)),
        "-log(softmax(u)[o])",
        "u: n, o: Index(n)",
    ),
    (-Sum(KroneckerDelta(i, o) * sympy.log(u[i]), OF_N), "-log(u[o])", "u: n, o: Index(n)"),
    (x[o, 0] ** 2 * Sum(x[o, 0], (o, 1, n)), "x[o]**2 * sum(x)", "x: n, o: Index(n)"),
    (G[o, i].subs(i, o) * Sum(G[i, j], OF_N, AND), "G[o, o] * sum(G)", "G: n n, o: Index(n)"),
]
CASES = [
    (sympy.Max(0, a) * b, "relu(a) * b", ""),
    (sympy.Piecewise((a, a >= 0), (0, True)) * b, "relu(a) * b", ""),
    (sympy.Piecewise((0, a < b), (a - b, True)), "relu(a - b)", ""),
    (sympy.Piecewise((-a, a < 0), (a, True)) + b, "abs(a) + b", ""),
    (sympy.Piecewise((a, a > b), (b, True)) * a, "maximum(a, b) * a", ""),
    (sympy.Piecewise((a, a < b), (b, True)) * a, "minimum(a, b) * a", ""),
    (sympy.Heaviside(a - b) * a**2, "step(a - b) * a**2", ""),
    (leaky, "a * step(a) + b * a * (1 - step(a))", ""),
    (
        sympy.Piecewise((a**2 / 2, abs(a) <= b), (b * (abs(a) - b / 2), True)),
        "(a**2 / 2 * (1 - step(abs(a) - b)) + b * (abs(a) - b / 2) * step(abs(a) - b))",
        "",
    ),
    (
        sympy.Piecewise((a**2, (a > b) & (a < 1)), (b**2, (a > 1) | (b > 1)), (a * b, True)),
        "a**2 * step(a - b) * step(1 - a) + (1 - step(a - b) * step(1 - a))"
        " * (b**2 * (1 - (1 - step(a - 1)) * (1 - step(b - 1)))"
        " + a * b * (1 - step(a - 1)) * (1 - step(b - 1)))",
        "",
    ),
    (Sum(sympy.Max(0, u[i] - 1) ** 2, OF_N), "norm2(relu(u - 1))**2", "u: n"),
    (Sum(abs(u[i] - v[i]), OF_N), "norm1(u - v)", "u v: n"),
    (
        Sum(sympy.Piecewise((u[i] * u[j], sympy.Ne(i, j)), (0, True)), OF_N, AND),
        "sum(u)**2 - norm2(u)**2",
        "u: n",
    ),
    (x.T * x.applyfunc(lambda e: sympy.Max(e - 1, 0)), "x.T @ relu(x - 1)", "x: n"),
    (
        x.T * x.applyfunc(lambda e: sympy.Piecewise((e, e > 1), (a * e**2, True))),
        "x.T @ (x * step(x - 1) + a * x**2 * (1 - step(x - 1)))",
        "x: n",
    ),
]
E = sympy.Matrix([[a, b], [b, a * b]])
e = sympy.Matrix([a, b])
EXPLICIT = [
    (
        Trace(A.applyfunc(lambda e: 1 / (1 + sympy.exp(-e))) * B),
        "trace(sigmoid(A) @ B)",
        "A B: n n",
    ),
    (e.T * E * e, "a**3 + 2 * a * b**2 + a * b**3", ""),
    (E.det(), "a**2 * b - b**2", ""),
    (e.norm(), "sqrt(a**2 + b**2)", ""),
    (E.norm() ** 2, "a**2 + 2 * b**2 + a**2 * b**2", ""),
    (sympy.log((E * E).trace()), "log(a**2 + 2 * b**2 + a**2 * b**2)", ""),
    ((E.inv() * e)[0] + b, "(b * a**2 - b**2) / (a**2 * b - b**2) + b", ""),
    (V.norm() * M.norm(), "norm2(V) * norm2(M)", "V: n, M: m n"),
    (Trace(sympy.MatMul(A, A, evaluate=False)), "trace(A @ A)", "A: n n"),
    (Trace(sympy.MatAdd(A, A, B, evaluate=False) * A), "trace((2 * A + B) @ A)", "A B: n n"),
    (Trace(DiagonalMatrix(A) * B), "diag(A).T @ diag(B)", "A B: n n"),
    (x.T * DiagMatrix(x) * x, "sum(x**3)", "x: n"),
    (Trace(A**3 + a * A**-1), "trace(A @ A @ A) + a * trace(inv(A))", "A: n n"),
    (
        Trace(HadamardProduct(B, A - x * y.T) * HadamardProduct(B, A - x * y.T).T),
        "norm2(B * (A - x @ y.T))**2",
        "x y: n, A B: n n",
    ),
]
N = MatrixSymbol("N", 2, 2)
t = MatrixSymbol("t", 3, 1)
C = MatrixSymbol("C", n, m)
FIRST = sympy.Matrix([[1, 2, 0], [0, -1, 3], [4, 0, 1]])
W = sympy.BlockMatrix([[A, B], [B, A]])
PLACES = [
    (
        Sum((u[i + 1] - u[i]) ** 2, (i, 0, n - 2)),
        "sum((u[i + 1] - u[i])**2 for i in range(n - 1))",
        "u: n",
    ),
    (
        Sum((u[i + 1] - u[i]) ** 2, (i, 1, n - 1)),
        "sum((u[i + 1] - u[i])**2 for i in range(n - 1))",
        "u: n",
    ),
    (
        Sum(x[i, 0] * x[i - 1, 0], (i, 1, n - 1)),
        "sum(x[i] * x[i - 1] for i in range(1, n))",
        "x: n",
    ),
    (Sum(x[i, 0] * x[n - 1 - i, 0], OF_N), "sum(x[i] * x[n - 1 - i] for i in range(n))", "x: n"),
    (
        Sum(Sum(v[j] * u[i + j], (j, 0, m - 1)) ** 2, (i, 0, n - m)),
        "sum(sum(v[j] * u[i + j] for j in range(m))**2 for i in range(n - m + 1))",
        "u: n, v: m",
    ),
    (
        Sum(Sum(v[j] * u[i + j - 1], (j, 1, m)) ** 2, (i, 1, n - m + 1)),
        "sum(sum(v[j] * u[i + j] for j in range(m))**2 for i in range(n - m + 1))",
        "u: n, v: m",
    ),
    (x[0, 0] ** 2 * x[n - 1, 0], "x[0]**2 * x[-1]", "x: n"),
    (N[0, 0] * N[1, 1] - N[0, 1] * N[1, 0], "det(N)", "N: 2 2"),
    (
        sum((t[r + 1, 0] - t[r, 0]) ** 2 for r in range(2)),
        "(t[1] - t[0])**2 + (t[2] - t[1])**2",
        "t: 3",
    ),
    (
        Sum(sg.relu(V[i + 1] - V[i]), (i, 0, n - 2)),
        "sum(relu(V[i + 1] - V[i]) for i in range(n - 1))",
        "V: n",
    ),
    (Sum(C[i, 0] * C[i, m - 1], OF_N), "sum(C[i, 0] * C[i, -1] for i in range(n))", "C: n m"),
    (Sum(u[sympy.Idx(i, n)] ** 2, OF_N), "norm2(u)**2", "u: n"),
    (Sum(A[i, i + 1], (i, 0, n - 2)), "sum(A[i, i + 1] for i in range(n - 1))", "A: n n"),
    (
        Sum(KroneckerDelta(i + 1, j) * u[i] * v[j], OF_N, AND),
        "sum((i + 1 == j) * u[i] * v[j] for i in range(n) for j in range(n))",
        "u v: n",
    ),
]
NUMBERED = [
    (Sum(i * u[i], OF_N), "sum(i * u[i] for i in range(n))", "u: n"),
    (Sum(i * u[i], (i, 1, n)), "sum((i + 1) * u[i] for i in range(n))", "u: n"),
    (
        Sum(u[i] * sympy.cos(2 * sympy.pi * i / n), OF_N),
        "sum(u[i] * cos(2 * pi * i / n) for i in range(n))",
        "u: n",
    ),
    (
        Sum(u[i] * u[j], (j, 0, i), OF_N),
        "sum(u[i] * u[j] for i in range(n) for j in range(i + 1))",
        "u: n",
    ),
    (
        Sum(Sum(v[j], (j, 0, i)) ** 2 * u[i], OF_N),
        "sum(u[i] * sum(v[j] for j in range(i + 1))**2 for i in range(n))",
        "u v: n",
    ),
    (
        Trace(sympy.FunctionMatrix(n, n, sympy.Lambda((i, j), i + j)) * A),
        "sum((i + j) * A[i, j] for i in range(n) for j in range(n))",
        "A: n n",
    ),
]
PARTS = [
    (
        W.det(),
        "det(matrix(A[i, j] for i in range(n) for j in range(n)) + B) * det(A - B)",
        "A B: n n",
    ),
    (Trace(W * W), "2 * trace(A @ A) + 2 * trace(B @ B)", "A B: n n"),
    (
        (sympy.BlockMatrix([[x], [y]]).T * W * sympy.BlockMatrix([[x], [y]]))[0, 0],
        "x.T @ A @ x + y.T @ A @ y + x.T @ B @ y + y.T @ B @ x",
        "x y: n, A B: n n",
    ),
    (Trace(sympy.BlockDiagMatrix(A, B) ** 2), "trace(A @ A) + trace(B @ B)", "A B: n n"),
    (
        (t.T * FIRST * t)[0, 0],
        "t[0]**2 - t[1]**2 + t[2]**2 + 2 * t[0] * t[1] + 3 * t[1] * t[2] + 4 * t[0] * t[2]",
        "t: 3",
    ),
    (sympy.ones(1, 2) * N * sympy.ones(2, 1), "sum(N)", "N: 2 2"),
    (Trace(E * N), "a * N[0, 0] + b * N[0, 1] + b * N[1, 0] + a * b * N[1, 1]", "N: 2 2"),
    (Trace((N + sympy.eye(2)).T * (N + sympy.eye(2))), "norm2(N + eye(2))**2", "N: 2 2"),
    (sympy.log((N.T * N).as_explicit().trace()), "log(norm2(N)**2)", "N: 2 2"),
    ((t[1:3, 0].T * t[0:2, 0])[0, 0], "t[0] * t[1] + t[1] * t[2]", "t: 3"),
]
c = sympy.Symbol("c", integer=True)
POWERS = [
    (Trace(B * A**c), "trace(B @ matrix_power(A, c))", "A B: n n, c"),
    (Trace(A**m * B.T), "trace(matrix_power(A, m) @ B.T)", "A B: n n, m"),
    ((x.T * A ** (c - 1) * x)[0, 0], "x.T @ matrix_power(A, c - 1) @ x", "x: n, A: n n, c"),
    (Trace(B * A**-c), "trace(B @ matrix_power(inv(A), c))", "A B: n n, c"),
    (Trace(A ** (2 * c)), "trace(matrix_power(A @ A, c))", "A: n n, c"),
    (Trace((A + x * x.T) ** n), "trace(matrix_power(A + x @ x.T, n))", "x: n, A: n n"),
    (Trace(A**3 * A**c), "trace(matrix_power(A, 3) @ matrix_power(A, c))", "A: n n, c"),
    (
        Trace((A.T * A + sympy.Identity(n)) ** sympy.Rational(1, 2)),
        "trace(sqrtm(A.T @ A + eye(n)))",
        "A: n n",
    ),
]
SIZES = {"m": 3, "n": 4, "k": 2, "c": 3}


def declared(names: str) -> str:
    """The declarations of a program: "x y: n, A: n n" for two vectors and a matrix."""
    lines = []
    for group in filter(None, names.split(", ")):
        variables, _, dims = group.partition(":")
        if not dims:
            lines.append(f"{group}: Dimension")
            continue
        if dims.startswith(" Index"):
            lines.append(group)
            continue
        kind = ("Scalar", "Vector", "Matrix", "Tensor")[len(dims.split())]
        inside = f"({', '.join(dims.split())})" if dims else ""
        lines += [f"{name}: {kind}{inside}" for name in variables.split()]
    return "".join(f"{line}\n" for line in lines)


def point(problem: sg.Problem) -> dict[str, Any]:
    """Random numbers, and the sizes that no array tells."""
    counts = {str(d): SIZES[str(d)] for d in problem.counts}
    return random_inputs(problem, SIZES, between=(0.3, 1.5)) | counts


@pytest.mark.parametrize(
    ("expression", "formula", "names"),
    [*SUMS, *ENTRIES, *LABELS, *CASES, *EXPLICIT, *PLACES, *NUMBERED, *PARTS, *POWERS],
)
def test_an_expression_is_the_program_beside_it(expression: Any, formula: str, names: str) -> None:
    problem = problem_from_sympy(expression)
    kinds = {v.name: (v.kind, tuple(map(str, v.dims))) for v in problem.variables.values()}
    scalars = "".join(f"{name}: Scalar\n" for name, (kind, _) in kinds.items() if kind == "Scalar")
    twin = sg.parse(f"{scalars}{declared(names)}loss = {formula}")
    assert kinds == {v.name: (v.kind, tuple(map(str, v.dims))) for v in twin.variables.values()}
    given = point(problem)
    (value, gradient), (wanted, slopes) = (sg.derive(p).lambdify()(given) for p in (problem, twin))
    assert value == pytest.approx(wanted, rel=1e-12)
    for name, slope in slopes.items():
        np.testing.assert_allclose(gradient[name], slope, rtol=1e-10, atol=1e-12)
    assert sg.check_gradient(problem, None, given).verdict == "passed"
    lines = "".join(f"{name} = {unparse(e)}\n" for name, e in problem.definitions.items())
    again = sg.parse(f"{scalars}{declared(names)}{lines}loss = {unparse(problem.output)}")
    assert sg.evaluate(again, given) == pytest.approx(wanted, rel=1e-12)


RESULTS = [
    ((x.T * A * x)[0, 0], "x", "(A + A.T) @ x"),
    (sympy.sqrt((x.T * x)[0]), "x", "unit(x)"),
    (SUMS[0][0], "a", "-2 * v.T @ (u - b - a * v)"),
    (SUMS[1][0], "u", "softmax(u)"),
    (ENTRIES[6][0], "z", "sum(y) * softmax(z) - y"),
    (LABELS[2][0], "u", "softmax(u) - onehot(o)"),
    (Trace(A**c), "A", "c * matrix_power(A.T, c - 1)"),
    (
        Trace(B * A**c),
        "A",
        "sum(matrix_power(A.T, i) @ B.T @ matrix_power(A.T, c - i - 1) for i in range(c))",
    ),
]


@pytest.mark.parametrize(("expression", "name", "result"), RESULTS)
def test_the_gradient_is_in_matrix_notation(expression: Any, name: str, result: str) -> None:
    assert sg.derive(expression, [name]).results[name].expression == result


def test_a_matrix_of_symbols_says_what_is_differentiated_by() -> None:
    for wrt in (e, sympy.ImmutableMatrix(e), E[0, :]):
        assert sg.derive(e.T * E * e, wrt).wrt == ("a", "b")
    assert sg.derive(SUMS[0][0], [u, a]).wrt == ("u", "a")
