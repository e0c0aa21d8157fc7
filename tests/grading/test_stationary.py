"""Sheets that set a derivative to zero, and say what holds there."""

from __future__ import annotations

import pytest

import symgrad as sg

NORMAL = """\
x: Vector(n)
mu: Scalar
sigma: Scalar(positive=True)
loss = n * log(sigma) + sum((x - mu)**2) / (2 * sigma**2)"""
RIDGE = """\
X: Matrix(n, d)
w: Vector(d)
y: Vector(n)
lam: Scalar
loss = norm2(X @ w - y)**2 + lam * norm2(w)**2"""
LEAST = "X: Matrix(n, d)\nY: Matrix(n, k)\nW: Matrix(d, k)\nloss = norm2(X @ W - Y)**2"
COINS = "x: Scalar\np: Scalar\nloss = sum(-x * log(p) - (1 - x) * log(1 - p) for x in batch)"
WELLS = "w: Scalar\na: Scalar(positive=True)\nloss = w**4 / 4 - a * w**2 / 2"
AXIS = """\
C: Matrix(d, d, symmetric=True)
w: Vector(d)
lam: Scalar
loss = w.T @ C @ w - lam * (w.T @ w - 1)"""
GAUSS = """\
x: Vector(d)
mu: Vector(d)
S: Matrix(d, d, symmetric=True)
loss = sum((x - mu).T @ inv(S) @ (x - mu) / 2 + logdet(S) / 2 for x in batch)"""
MEAN = "dL/dmu = -1/sigma^2 sum_i (x_i - mu) = 0\n"
SCALE = "dL/dsigma = n/sigma - 1/sigma^3 sum_i (x_i - mu)^2 = 0\n"
SLOPE = "dL/dw = 2 X^T (X w - y) + 2 lam w = 0\n"
UNSET = "dL/dw = 2 X^T (X w - y) + 2 lam w\n"
TIED = """\
x: Vector(n)
A: Matrix(m, n)
b: Vector(m)
nu: Vector(m)
loss = norm2(x)**2 / 2 + nu.T @ (A @ x - b)"""
LATEX_SLOPE = r"\[\nabla_w L = 2X^\top(Xw-y) + 2\lambda w \overset{!}{=} 0"
SHEETS = [  # how many lines are right, or the line that is wrong first
    (NORMAL, "mu", f"{MEAN}mu = mean(x)", 2, None),
    (NORMAL, "mu", f"{MEAN}mu_hat = 1/n sum_i x_i = x_bar", 2, None),
    (NORMAL, "mu", f"{MEAN}=> μ* = mean(x)", 2, None),
    (NORMAL, "mu", f"{MEAN}mu = sum(x)", None, 2),
    (NORMAL, ["mu", "sigma"],
     f"{MEAN}mu_hat = mean(x)\n{SCALE}sigma_hat^2 = 1/n sum_i (x_i - mu_hat)^2", 4, None),
    (NORMAL, ["mu", "sigma"],
     f"{MEAN}mu_hat = mean(x)\n{SCALE}sigma^2 = 1/(n-1) sum_i (x_i - mu_hat)^2", None, 4),
    (NORMAL, ["mu", "sigma"],
     f"{MEAN}mu_hat = mean(x)\n{SCALE}sigma = sqrt(mean((x - mu_hat)**2))", 4, None),
    (RIDGE, "w", f"{SLOPE}(X^T X + lam I) w = X^T y\nw = (X^T X + lam I)^-1 X^T y", 3, None),
    (RIDGE, "w", f"{SLOPE}(X^T X + 2 lam I) w = X^T y", None, 2),
    (RIDGE, "w", f"{SLOPE}w = (X^T X - lam I)^-1 X^T y", None, 2),
    (RIDGE, "w", "dL/dw = 0", None, 1),
    (RIDGE, "w", rf"{LATEX_SLOPE} \implies (X^\top X + \lambda I) w = X^\top y\]"
     r" so $w^* = (X^\top X + \lambda I)^{-1} X^\top y$", 3, None),
    (RIDGE, "w", rf"{LATEX_SLOPE}\] so $w^\star = (X^\top X)^{{-1}} X^\top y$", None, 1),
    (LEAST, "W", "dL/dW = 2 X^T (X W - Y) = 0\nW = pinv(X) Y", 2, None),
    (LEAST, "W", "dL/dW = 2 X^T (X W - Y)\nX^T X W - X^T Y = 0\nX^T X W = X^T Y", 2, None),
    (LEAST, "W", "dL/dW = 2 X^T (X W - Y) = 0\nW = X^T Y", None, 2),
    (LEAST, "W", "dL/dW = 2 X^T (X W - Y) = 0\nW = 3", None, 2),
    (COINS, "p", "dL/dp = sum(-x/p + (1-x)/(1-p) for x in batch) = 0\n"
     "p = mean(x for x in batch)", 2, None),
    (WELLS, "w", "dL/dw = w^3 - a w = 0\nw = sqrt(a)", 2, None),
    (WELLS, "w", "dL/dw = w^3 - a w = 0\nw^2 = a", 1, None),  # but for w = 0
    (WELLS, "w", "dL/dw = w^3 - a w = 0\nw = a", None, 2),
    (AXIS, "w", "dL/dw = 2 C w - 2 lam w = 0\nC w = lam w", 2, None),
    (AXIS, "w", "dL/dw = 2 C w - 2 lam w = 0\nC w = 3 lam w", None, 2),  # but for w = 0
    (AXIS, "w", "dL/dw = 2 C w - 2 lam w = 0\nC w = lam w\nlam = w^T C w", 2, None),
    (AXIS, "w", "dL/dw = 2 C w - 2 lam w = 0, so C w = lam w", 2, None),
    (AXIS, "w", "dL/dw = 2 C w - 2 lam w = 0: C w = 3 lam w", None, 1),
    (AXIS, "w", r"$\nabla_w L = 2Cw - 2\lambda w = 0: Cw = \lambda w$", 2, None),
    (RIDGE, "w", f"{SLOPE}0 = X^T X w + lam w - X^T y", 2, None),
    (RIDGE, "w", f"{SLOPE}0 = X^T X w + 2 lam w - X^T y", None, 2),
    (RIDGE, "w", f"{UNSET}grad = 0 iff X^T X w + lam w = X^T y", 2, None),
    (RIDGE, "w", f"{UNSET}Setting it to zero: w = (X^T X + lam I)^-1 X^T y", 2, None),
    (RIDGE, "w", f"{UNSET}Set to 0:\nw = (X^T X)^-1 X^T y", None, 3),
    (TIED, ["x", "nu"], r"$\nabla_x L = x + A^\top \nu$ and $\nabla_\nu L = Ax - b$. Setting both"
     r" to zero gives $x = -A^\top \nu$ and $\nu = -(AA^\top)^{-1} b$.", 4, None),
    (TIED, ["x", "nu"], r"$\nabla_x L = x + A^\top \nu$ and $\nabla_\nu L = Ax - b$. Setting both"
     r" to zero gives $x = -A^\top \nu$ and $\nu = (AA^\top)^{-1} b$.", None, 1),
    (GAUSS, ["mu", "S"], r"$\nabla_\mu L = -\sum_i S^{-1}(x_i - \mu) = 0 \implies"
     r" \hat\mu = \frac1N\sum_i x_i$, and $\nabla_S L = \frac{N}{2} S^{-1} - \frac12 S^{-1}"
     r" \sum_i (x_i - \mu)(x_i - \mu)^\top S^{-1} = 0$, so"
     r" $\hat S = \frac1N \sum_i (x_i - \hat\mu)(x_i-\hat\mu)^\top$", 4, None),
    (GAUSS, ["mu", "S"], r"$\nabla_\mu L = -\sum_i S^{-1}(x_i - \mu) = 0 \implies"
     r" \hat\mu = \frac1N\sum_i x_i$, and $\nabla_S L = \frac{N}{2} S^{-1} - \frac12 S^{-1}"
     r" \sum_i (x_i - \mu)(x_i - \mu)^\top S^{-1} = 0$, so"
     r" $\hat S = \frac{1}{N-1} \sum_i (x_i - \hat\mu)(x_i-\hat\mu)^\top$", None, 1),
]  # fmt: skip


@pytest.mark.parametrize(("program", "wrt", "sheet", "right", "wrong"), SHEETS)
def test_what_holds_where_a_derivative_is_zero(
    program: str, wrt: str | list[str], sheet: str, right: int | None, wrong: int | None
) -> None:
    verdict = sg.grade_derivation(program, wrt, sheet)
    assert verdict.line == wrong, verdict
    if wrong is None:
        assert verdict.correct, verdict
        assert sum(line.correct is True for line in verdict.lines) == right, verdict.lines


@pytest.mark.parametrize("form", ["text", "latex"])
def test_what_is_printed_of_a_solution_is_right(form: str) -> None:
    derivation = sg.stationary(RIDGE, "w")
    verdict = sg.grade_derivation(RIDGE, "w", getattr(derivation, form)())
    assert verdict.correct, verdict
    assert "right: there dL/dw is 0" in [line.remark for line in verdict.lines]


def test_a_value_before_anything_is_set_to_zero() -> None:
    with pytest.raises(sg.ProgramError, match=r"after a line that sets it so, dL/dw = ... = 0"):
        sg.grade_derivation(RIDGE, "w", "w = inv(X.T @ X) @ X.T @ y")
