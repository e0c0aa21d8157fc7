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
