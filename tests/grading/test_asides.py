"""What a derivation says beside its derivatives: of formulas, of functions, under conditions."""

from __future__ import annotations

import pytest

from symgrad.grading import grade_derivation

PROGRAM = """\
A: Matrix(n, n, symmetric=True)
b: Vector(n)
x: Vector(n)
loss = x.T @ A @ x / 2 - b.T @ x
"""

# each line's verdict: right, wrong, or not graded
SAID = [
    ("∇(x^T A x) = 2 A x", [True]),
    ("∇(x^T A x) = A x", [False]),
    ("∇_x (b^T x) = b", [True]),
    ("∇ b^T x = b", [True]),
    ("grad_x tr(x b^T) = 2 b", [False]),
    ("∇_x ||x||^2 = 2 x", [True]),
    ("∇(x^T A x) = 2Ax, ∇(b^T x) = b, so ∇L = Ax - b", [True, True, True]),
    ("∇_xL = Ax - b", [True]),
    ("∇_x L - A x + b = 0", [True]),
    ("r = Ax - b, so d/dx (x^T A x) = 2 A x and d(b^T x)/dx = 2 b", [None, True, False]),
    ("∇L = ∇(x^T A x)/2 - ∇(b^T x) = Ax - b", [None, True]),
    ("dL/dx = d/dx (x^T A x / 2 - b^T x) = A x", [None, False]),
    # functions
    ("f(x) = x^T A x\nf(0) = 0\nf(b) = b^T A b\n∇f(x) = 2 A x", [None, None, None, True]),
    ("h(x, b) = x^T b\n∇h = b", [None, True]),
    ("h(x, b) = x^T b\n∇h = 2 b", [None, False]),
    ("d(x, b) = x^T b\n∇L = Ax - b", [None, True]),
    (r"$d(x, b) = x^T b$, $\nabla L = Ax - b$", [None, True]),
    (r"$f(x) = x^T A x$, $f(b) = b^T A b$, $\nabla L = Ax - b$", [None, None, True]),
    ("dL/dx = A x - b. L(0) = 0. L(x + b) = 3", [True, None, None]),
    ("L(x + b) - L(x) = b^T A x\n∇L = Ax - b", [None, True]),
    # conditions
    ("At x = 0 we have ∇L = -b.\nIn general ∇L = Ax - b", [None, None, True]),
    ("If b = 0, L = x^T A x/2.\nL = x^T A x", [None, None, False]),
    (r"If $b = 0$ then $\nabla L = Ax$. In general, $\nabla L = 2 Ax$.", [None, None, False]),
    ("With r = A x, L = r^T x/2 - b^T x, so ∇L = r - b", [None, True, True]),
    # determinants
    ("d log|A| = tr(A^{-1} dA)\nL + log|A| = 0", [True, False]),
]


@pytest.mark.parametrize(("text", "verdicts"), SAID)
def test_each_line_has_its_verdict(text: str, verdicts: list[bool | None]) -> None:
    graded = grade_derivation(PROGRAM, "x", text)
    assert [line.correct for line in graded.lines] == verdicts, graded.lines


def test_no_letter_of_the_grader_is_named() -> None:
    verdict = grade_derivation(PROGRAM, "x", "L = 0")
    assert verdict.diagnosis == "L: The answer is 0 everywhere, but the loss is not."


POISSON = """\
x: Vector(d)
t: Scalar
w: Vector(d)
loss = sum(exp(w.T @ x) - t * w.T @ x for x, t in batch)
"""


@pytest.mark.parametrize(("sign", "remark"), [("-", "a new name: not"), ("+", "not one example's")])
def test_lines_of_one_example_have_its_number(sign: str, remark: str) -> None:
    text = rf"""
\lambda_i = \exp(w^\top x_i)
\ell_i = \lambda_i {sign} t_i \log \lambda_i
\nabla_w L = \sum_i (\lambda_i - t_i) x_i"""
    verdict = grade_derivation(POISSON, "w", text)
    assert verdict.correct
    assert [line.correct for line in verdict.lines] == [None, None, True]
    assert remark in verdict.lines[1].remark
