"""Answers as they are typed, which only their entries or signs of sums make readable."""

from __future__ import annotations

import pytest

import symgrad as sg

RIDGE = """\
X: Matrix(N, n)
y: Vector(N)
w: Vector(n)
lam: Scalar(positive=True)
loss = norm2(X @ w - y)**2 + lam * norm2(w)**2"""
SQUARES = """\
A: Matrix(n, n)
x: Vector(n)
y: Vector(n)
b: Scalar
loss = x.T @ A @ x + b * sum(x * y)"""

READ = [
    (RIDGE, "w", "2 (X^T X + lam I) w - 2 X^T y", "lam * eye(n)"),
    (RIDGE, "w", "2 X^T (X w - y) + 2 lam I w", "lam * eye(n)"),
    (RIDGE, "lam", "∑ w_i w_i", "sum(w * w)"),
    (RIDGE, "lam", "Σ_i w_i²", "sum(w**2)"),
    (RIDGE, "lam", "∑ᵢ wᵢ²", "sum(w**2)"),
    (RIDGE, "lam", "sum_{i=1}^n w_i^2", "sum(w**2)"),
    (RIDGE, "lam", "⟨w, w⟩", "dot(w, w)"),
    (SQUARES, "b", "sum_i x_i y_i", "sum(x * y)"),
    (SQUARES, "x", "sum_j (A_ij + A_ji) x_j + b y_i", "A + einsum("),
    (SQUARES, "A", "x x^T", None),
]


@pytest.mark.parametrize(("program", "wrt", "answer", "read"), READ)
def test_an_answer_is_read_and_right(program: str, wrt: str, answer: str, read: str | None) -> None:
    verdict = sg.grade(program, wrt, answer)
    assert verdict.correct
    assert [read in remark for remark in verdict.remarks] == [True] if read else True


def test_the_sum_sign_is_no_sigmoid() -> None:
    program = "x: Vector(n)\nloss = sum(x)**2 / 2"
    assert not sg.grade(program, "x", "sigmoid(x)").correct
    with pytest.raises(sg.SymgradError):
        sg.parse_latex("Σ x", sg.parse(program))
    declared = "x: Vector(n)\nSigma: Matrix(n, n, symmetric=True)\nloss = x.T @ Sigma @ x / 2"
    assert sg.grade(declared, "x", "Σ x").correct


SQUARE = "A: Matrix(n, n)\nx: Vector(n)\nloss = x.T @ A @ x"
LEAST = "W: Matrix(m, n)\nx: Vector(n)\ny: Vector(m)\nloss = norm2(W @ x - y)**2"
NORMAL = """\
x: Scalar
mu: Scalar
sigma: Scalar(positive=True)
loss = sum((x - mu)**2 / (2 * sigma**2) + log(sigma) for x in batch)"""
SAMPLE = """\
x: Vector(n)
mu: Scalar
sigma: Scalar(positive=True)
loss = n * log(sigma) + sum((x - mu)**2) / (2 * sigma**2)"""
SIGMOID = "z: Vector(k)\ny: Vector(k)\np = sigmoid(z)\nloss = norm2(p - y)**2"
SHEETS = [
    (SQUARE, "x", r"$f(x) = x^\top A x$ so $\nabla f(x) = Ax + A^\top x$", "correct"),
    (SQUARE, "x", r"$f(x) = x^\top A x$ so $\nabla f(x) = Ax - A^\top x$", "sign_of_a_term"),
    (SQUARE, "x", "f(x) = x^T A x\n∇f(x) = (A + A^T) x", "correct"),
    (SQUARE, "x", "f(x) = x^T A x / 2\n∇f(x) = (A + A^T) x / 2", "incomplete"),
    (SQUARE, "x", r"$\nabla L(x) = (A + A^\top) x$", "correct"),
    (SQUARE, "x", r"$\nabla_x x^\top A x = (A + A^\top) x$", "correct"),
    (SQUARE, "x", "d/dx (x^T A x) = (A + A^T) x", "correct"),
    (SQUARE, "x", "dL/dx_k = sum_i A_ik x_i + sum_j A_kj x_j", "correct"),
    (SQUARE, "x", "dL/dx_k = 2 sum_i A_ik x_i", "transposed_factor"),
    (SQUARE, "x", r"$\frac{\partial L}{\partial x_k} = \sum_{i \ne k} (A_{ik} + A_{ki}) x_i"
     r" + 2 A_{kk} x_k$", "correct"),
    (LEAST, "x", "L = sum_i (sum_j W_ij x_j - y_i)^2\n"
     "dL/dx_k = sum_i 2 (sum_j W_ij x_j - y_i) W_ik", "correct"),
    (LEAST, "x", "L = sum_i (sum_j W_ij x_j - y_i)^2\n"
     "dL/dx_k = sum_i (sum_j W_ij x_j - y_i) W_ik", "factor"),
    (LEAST, "x", "r_i = sum_j W_ij x_j - y_i\nL = sum_i r_i^2\nso dL/dx = 2 W^T r", "correct"),
    (LEAST, "W", r"$\frac{\partial}{\partial W} \|Wx - y\|^2 = 2(Wx-y)x^\top$", "correct"),
    (NORMAL, "mu", "dL/dmu = -(1/sigma^2) sum_i (x_i - mu)", "correct"),
    (NORMAL, "mu", "dL/dmu = (1/sigma^2) sum_i (x_i - mu)", "sign"),
    (NORMAL, "mu", "∂L/∂μ = -1/σ^2 Σᵢ (xᵢ - μ)", "correct"),
    (NORMAL, "mu", "∂L/∂μ = -1/σ² Σᵢ (xᵢ - μ)²", "wrong_exponent"),
    (SAMPLE, "mu", "dL/dmu = -(1/sigma^2) sum (x - mu)", "correct"),
    (SAMPLE, "mu", "dL/dmu = (1/sigma^2) sum (x - mu) (the sum rule)", "sign"),
    (SAMPLE, "mu", "dL/dmu = -1/sigma**2 sum_i (x_i - mu)", "correct"),
    (SAMPLE, "mu", "dL/dmu = -1/sigma**10 sum_i (x_i - mu)", "unlisted"),
    (SAMPLE, "mu", "dL/dμ = 1/(2 σ²) Σᵢ (μ - xᵢ)", "factor"),
    (SAMPLE, "sigma", "dL/dsigma = n/sigma - 1/sigma^3 sum_i (x_i - mu)^2", "correct"),
    (SAMPLE, "sigma", "dL/dsigma = -1/sigma^3 sum_i (x_i - mu)^2", "missing_term"),
    (SIGMOID, "z", "dL/dp = 2 (p - y)\ndp/dz = p * (1 - p)", "diagonal_as_vector"),
    (SIGMOID, "z", "dL/dp = 2 (p - y)\ndp/dz = diag(p * (1 - p))\n"
     "dL/dz = 2 (p - y) * p * (1 - p)", "correct"),
    (NORMAL, "sigma", "dL/dsigma = N/sigma - sum_i (x_i - mu)^2/sigma^3", "correct"),
    (NORMAL, "mu", r"$\ell = \sum_i \left[\frac{(x_i - \mu)^2}{2\sigma^2} + \log \sigma\right]$, "
     r"$\frac{\partial \ell}{\partial \mu} = -\frac{1}{\sigma^2} \sum_i (x_i - \mu)$", "correct"),
    (SQUARE, "x", "f = x^T A x\ngrad f = (A + A^T) x", "correct"),
    (SQUARE, "x", "u = foo(x)\nL = x^T A x\ndL/dx = (A + A^T) x", "correct"),
    (SQUARE, "x", "u = foo(x)\nL = x^T A x\ndL/dx = 2 A x", "transposed_factor"),
    (LEAST, "x", "δ = 2 (W x - y)\ndL/dx = W^T delta", "correct"),
    (LEAST, "x", "delta = 2 (W x - y)\ndL/dx = W^T δ", "correct"),
    (SIGMOID, "z", "dp/dz = diag(p(1 - p))\ndL/dz = 2 (p - y) * p * (1 - p)", "correct"),
    (SIGMOID, "z", r"$\frac{\partial p_i}{\partial z_j} = 0$ for $i \ne j$, so "
     r"$\frac{\partial L}{\partial z} = 2 (p - y) \odot p \odot (1 - p)$", "correct"),
    (LEAST, "x", "r = W x - y\nL = 1/1 ||r||^2\ndL/dx = 2 W^T r", "correct"),
    (LEAST, "x", "L = 2/(2) ||W x - y||^2\ndL/dx = W^T (W x - y)", "factor"),
]  # fmt: skip


@pytest.mark.parametrize(("program", "wrt", "sheet", "kind"), SHEETS)
def test_a_sheet_with_entries_and_names_of_the_loss(
    program: str, wrt: str, sheet: str, kind: str
) -> None:
    assert sg.grade_derivation(program, wrt, sheet).kind == kind


def test_a_line_that_cannot_be_read_is_told_where_the_rest_is_graded() -> None:
    verdict = sg.grade_derivation(SQUARE, "x", "u = foo(x)\ndL/dx = (A + A^T) x")
    assert [line.correct for line in verdict.lines] == [None, True]
    assert "not read: unknown function foo" in str(verdict.lines[0])
    with pytest.raises(sg.UnknownNameError, match="line 1, column 5: unknown function foo"):
        sg.grade_derivation(SQUARE, "x", "u = foo(x)\nL = x^T A x")
