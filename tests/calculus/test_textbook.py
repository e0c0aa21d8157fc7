"""Derivatives as a textbook writes them: the exact text of the closed form, in matrix notation.

Most are in Petersen and Pedersen, The Matrix Cookbook, or Magnus and Neudecker, Matrix Differential
Calculus.
"""

from __future__ import annotations

import re

import pytest

import symgrad as sg
from symgrad.language.unparse import unparse
from tests.derived import KINDS

DECLARED = {
    **dict.fromkeys("ax", "Vector(n)"),
    **dict.fromkeys("by", "Vector(m)"),
    "A": "Matrix(m, n)",
    "S": "Matrix(n, n, symmetric=True)",
    **dict.fromkeys("BCX", "Matrix(n, n)"),
    "p": "Vector(n, simplex=True)",
    "s": "Scalar",
    "k": "Index(n)",
    "w": "Vector(n, positive=True)",
    "u": "Scalar",
    "v": "Scalar",
}
SOLVED = "A.T @ inv(A @ diag(x) @ A.T) @ y"
PROJECTED = "(eye(m) - unit(r) @ unit(r).T)"
TEXTBOOK = [
    ("gradient", "loss = a.T @ x", "x", "a"),
    ("gradient", "loss = x.T @ x", "x", "2 * x"),
    ("gradient", "loss = x.T @ B[k]", "x", "B[k]"),
    (
        "gradient",
        "loss = y.T @ (ones(m) @ x.T - A)**2 @ ones(n)",
        "A",
        "-2 * diag(y) @ (ones(m) @ x.T - A)",
    ),
    (
        "gradient",
        "loss = y.T @ (ones(m) @ x.T - A)**2 @ ones(n)",
        "x",
        "2 * (ones(m) @ x.T - A).T @ y",
    ),
    (
        "gradient",
        "loss = sum(where(i == j, 0, x[i] * B[i, j]) for i in range(n) for j in range(n))",
        "B",
        "x @ ones(n).T - diag(x)",
    ),
    ("gradient", "loss = x.T @ B @ onehot(k)", "x", "B @ onehot(k)"),
    ("gradient", "loss = x.T @ B @ x", "x", "(B + B.T) @ x"),
    ("gradient", "loss = x.T @ S @ x", "x", "2 * S @ x"),
    ("gradient", "loss = x.T @ B @ x", "B", "x @ x.T"),
    ("gradient", "loss = -(x - a).T @ B @ (x - a) / 2", "x", "-0.5 * (B + B.T) @ (x - a)"),
    (
        "gradient",
        "loss = x.T @ S @ x / norm2(x)**2",
        "x",
        "2 * (S @ x - x.T @ S @ x / norm2(x)**2 * x) / norm2(x)**2",
    ),
    (
        "gradient",
        "loss = x.T @ a / (norm2(x) * norm2(a))",
        "x",
        "(a - x.T @ a / norm2(x)**2 * x) / (norm2(x) * norm2(a))",
    ),
    (
        "gradient",
        "loss = x.T @ a / sqrt(norm2(x)**2 * norm2(a)**2)",
        "x",
        "(a - x.T @ a / norm2(x)**2 * x) / (norm2(a) * norm2(x))",
    ),
    (
        "gradient",
        "c = x - mean(x)\nd = a - mean(a)\nloss = c.T @ d / sqrt(norm2(c)**2 * norm2(d)**2)",
        "x",
        "(d - c.T @ d / norm2(c)**2 * c) / (norm2(d) * norm2(c))",
    ),
    ("gradient", "loss = y.T @ A @ x", "A", "y @ x.T"),
    ("gradient", "loss = norm2(A @ x - y)**2", "x", "2 * A.T @ (A @ x - y)"),
    ("gradient", "loss = norm2(A @ x - y)**2", "A", "2 * (A @ x - y) @ x.T"),
    ("gradient", "loss = norm2(A @ x - y)**2", "y", "-2 * (A @ x - y)"),
    ("gradient", "loss = norm2(A @ x - y)", "x", "A.T @ unit(A @ x - y)"),
    (
        "gradient",
        "loss = 0.5 * norm2(A @ x - y)**2 + 0.5 * s * norm2(x)**2",
        "x",
        "s * x + A.T @ (A @ x - y)",
    ),
    (
        "gradient",
        "loss = s * norm2(x)**2 / 2 + s * exp(x).T @ a + a.T @ x",
        "x",
        "s * (x + a * exp(x)) + a",
    ),
    (
        "gradient",
        "loss = (x.T @ B @ x) / (x.T @ C @ x)",
        "x",
        "g = x.T @ C @ x\ng2 = -x.T @ B @ x / g**2\n((B + B.T) / g + g2 * (C + C.T)) @ x",
    ),
    ("gradient", "loss = norm2(x - a)", "x", "unit(x - a)"),
    ("gradient", "loss = log(mean((x - a)**2))", "x", "2 * (x - a) / norm2(x - a)**2"),
    ("gradient", "loss = s * log(1 - a.T @ x)", "s", "log(1 - a.T @ x)"),
    ("gradient", "loss = sum(s * log(1 + x))", "s", "sum(log(1 + x))"),
    ("gradient", "loss = trace(B @ diag(x) @ C)", "x", "diag(C @ B)"),
    ("gradient", "loss = logdet(B @ diag(x) @ B.T)", "x", "diag(B.T @ inv(B @ diag(x) @ B.T) @ B)"),
    ("gradient", "loss = y.T @ inv(A @ diag(x) @ A.T) @ y", "x", f"-({SOLVED})**2"),
    ("gradient", "loss = sum(a * sum(x)**2)", "a", "sum(x)**2 * ones(n)"),
    (
        "hessian",
        "q = softmax(A @ x)\nloss = logsumexp(A @ x)",
        "x",
        "A.T @ (diag(q) - q @ q.T) @ A",
    ),
    ("hessian", "r = A @ x - y\nloss = norm2(r)", "x", f"A.T @ {PROJECTED} @ A / norm2(r)"),
    ("gradient", "loss = sqrt(mean(x**2))", "x", "x / (sqrt(n) * norm2(x))"),
    ("gradient", "loss = sqrt(var(x))", "x", "(x - mean(x)) / (std(x) * n)"),
    ("gradient", "loss = s**(1/3)", "s", "1 / (3 * s**(2 / 3))"),
    ("gradient", "loss = -s**(2/3)", "s", "-2 / (3 * s**(1 / 3))"),
    ("gradient", "loss = trace(X.T @ B @ X)**2", "X", "2 * trace(X.T @ B @ X) * (B + B.T) @ X"),
    ("gradient", "loss = trace(relu(B) @ C)", "B", "C.T * step(B)"),
    ("gradient", "loss = sqrt(trace((B - C).T @ (B - C)))", "B", "unit(B - C)"),
    (
        "gradient",
        "loss = (x.T @ B @ x) * norm2(x)**2",
        "x",
        "2 * (x.T @ B @ x) * x + norm2(x)**2 * (B + B.T) @ x",
    ),
    (
        "gradient",
        "loss = trace(X.T @ B @ X) * trace(X.T @ X)",
        "X",
        "norm2(X)**2 * (B + B.T) @ X + 2 * trace(X.T @ B @ X) * X",
    ),
    ("gradient", "loss = trace(X)", "X", "eye(n)"),
    ("gradient", "loss = trace(X)**2", "X", "2 * trace(X) * eye(n)"),
    ("gradient", "loss = trace(B @ X)", "X", "B.T"),
    ("gradient", "loss = trace(X.T @ B)", "X", "B"),
    ("gradient", "loss = trace(B @ X @ C)", "X", "B.T @ C.T"),
    ("gradient", "loss = trace(X.T @ X)", "X", "2 * X"),
    ("gradient", "loss = trace(X.T @ B @ X)", "X", "(B + B.T) @ X"),
    ("gradient", "loss = trace(X @ X)", "X", "2 * X.T"),
    ("gradient", "loss = trace(X.T @ B @ X @ C)", "X", "B @ X @ C + B.T @ X @ C.T"),
    ("gradient", "loss = trace(B @ inv(X) @ C)", "X", "-(inv(X) @ C @ B @ inv(X)).T"),
    ("gradient", "loss = s**2 / (1 + s**2)", "s", "2 * s / (1 + s**2)**2"),
    ("gradient", "loss = a.T @ B @ inv(B) @ x", "x", "a"),
    ("gradient", "loss = norm2(A)**2", "A", "2 * A"),
    ("gradient", "loss = std(x)", "x", "(x - mean(x)) / (std(x) * n)"),
    ("gradient", "loss = a.T @ B @ x - a.T @ diag(B @ a) @ x", "x", "(B.T - diag(a) @ B) @ a"),
    ("gradient", "loss = trace(B.T @ X.T @ C @ X @ B)", "X", "(C + C.T) @ X @ B @ B.T"),
    ("gradient", "loss = trace(X.T @ B @ C @ (S + C.T))", "X", "B @ C @ (S + C.T)"),
    ("gradient", "loss = trace(X.T @ B @ C) + trace(X.T @ B @ S @ C)", "X", "B @ (eye(n) + S) @ C"),
    (
        "gradient",
        "loss = norm2(B - X.T @ X @ B)**2",
        "X",
        "-2 * X @ (2 * B @ B.T - X.T @ X @ B @ B.T - B @ B.T @ X.T @ X)",
    ),
    ("gradient", "loss = det(X)", "X", "det(X) * inv(X).T"),
    ("gradient", "loss = logdet(X)", "X", "inv(X).T"),
    ("gradient", "loss = log(det(X))", "X", "inv(X).T"),
    ("gradient", "loss = det(B @ X @ C)", "X", "det(B @ X @ C) * inv(X).T"),
    ("gradient", "loss = a.T @ inv(X) @ x", "X", "-inv(X).T @ a @ x.T @ inv(X).T"),
    ("gradient", "loss = sum(A)", "A", "ones(m, n)"),
    ("gradient", "loss = sum(exp(x))", "x", "exp(x)"),
    ("gradient", "loss = sum(x * a)", "x", "a"),
    ("gradient", "loss = logsumexp(x)", "x", "softmax(x)"),
    ("gradient", "loss = log(sum(exp(x)))", "x", "softmax(x)"),
    ("gradient", "loss = max(x)", "x", "hardmax(x)"),
    ("gradient", "loss = min(A @ x)", "x", "A.T @ hardmax(-A @ x)"),
    ("gradient", "loss = a.T @ max(X, axis=1)", "X", "diag(a) @ hardmax(X, axis=1)"),
    ("gradient", "loss = sum(hardmax(A) @ x)", "x", "hardmax(A).T @ ones(m)"),
    ("gradient", "loss = s * sum(hardmax(A))", "s", "1"),
    ("gradient", "loss = norm1(x)", "x", "sign(x)"),
    ("gradient", "loss = sum(relu(A @ x))", "A", "step(A @ x) @ x.T"),
    ("gradient", "loss = softplus(a.T @ x)", "x", "sigmoid(a.T @ x) * a"),
    ("gradient", "loss = log(1 + exp(-s * a.T @ x))", "x", "-s * sigmoid(-s * a.T @ x) * a"),
    (
        "gradient",
        "loss = sum(sigmoid(A @ x + b))",
        "A",
        "(sigmoid(A @ x + b) * (1 - sigmoid(A @ x + b))) @ x.T",
    ),
    ("gradient", "loss = cross_entropy(p, softmax(x))", "x", "softmax(x) - p"),
    ("gradient", "loss = -sum(a * log(softmax(x)))", "x", "sum(a) * softmax(x) - a"),
    (
        "gradient",
        "loss = dot(C, softmax(X, axis=0))",
        "X",
        "softmax(X, axis=0) * (C - ones(n) @ ones(n).T @ (C * softmax(X, axis=0)))",
    ),
    ("gradient", "loss = var(x)", "x", "2 * (x - mean(x)) / n"),
    (
        "gradient",
        "loss = a.T @ var(X, axis=1)",
        "X",
        "2 * diag(a) @ (X - mean(X, axis=1) @ ones(n).T) / n",
    ),
    ("gradient", "loss = sum(max(B @ X, axis=0))", "X", "B.T @ hardmax(B @ X, axis=0)"),
    ("gradient", "loss = sum(logsumexp(X, axis=0))", "X", "softmax(X, axis=0)"),
    ("gradient", "loss = dot(x, x) / s", "x", "2 * x / s"),
    ("gradient", "loss = 0.5 * (x - a).T @ inv(S) @ (x - a)", "a", "-inv(S) @ (x - a)"),
    ("gradient", "loss = trace(A.T @ diag(y) @ A)", "y", "A**2 @ ones(n)"),
    ("jacobian", "f = A @ x", "x", "A"),
    ("jacobian", "f = x * a", "x", "diag(a)"),
    ("jacobian", "f = exp(x)", "x", "diag(exp(x))"),
    ("jacobian", "f = softmax(x)", "x", "diag(softmax(x)) - softmax(x) @ softmax(x).T"),
    ("jacobian", "f = tanh(A @ x)", "x", "diag(1 - tanh(A @ x)**2) @ A"),
    ("jacobian", "f = unit(x)", "x", "(eye(n) - unit(x) @ unit(x).T) / norm2(x)"),
    ("jacobian", "f = x.T @ a", "x", "a"),
    ("jacobian", "f = s * x", "s", "x"),
    ("hessian", "loss = x.T @ B @ x", "x", "B + B.T"),
    ("hessian", "loss = 0.5 * x.T @ S @ x - a.T @ x", "x", "S"),
    ("hessian", "loss = logsumexp(x)", "x", "diag(softmax(x)) - softmax(x) @ softmax(x).T"),
    ("hessian", "loss = norm2(A @ x - y)**2", "x", "2 * A.T @ A"),
    ("hessian", "loss = sum(exp(x))", "x", "diag(exp(x))"),
    (
        "hessian",
        "loss = sin(x.T @ B @ x)",
        "x",
        "cos(x.T @ B @ x) * (B + B.T) - sin(x.T @ B @ x) * (B + B.T) @ x @ x.T @ (B + B.T)",
    ),
    ("jacobian", "f = (x.T @ B @ x) * x", "x", "x @ x.T @ (B + B.T) + (x.T @ B @ x) * eye(n)"),
    ("hessian", "loss = prod(w)", "w", "prod(w) * ((1 / w) @ (1 / w).T - diag(1 / w**2))"),
    ("gradient", "loss = prod(w)**(1 / n)", "w", "prod(w)**(1 / n) / w / n"),
    ("gradient", "loss = s**u * s", "s", "s**u * (u + 1)"),
    ("gradient", "loss = s**u * s", "u", "s**(u + 1) * log(s)"),
    ("gradient", "loss = s**u / s**3", "s", "s**(u - 4) * (u - 3)"),
    ("gradient", "loss = s**u * v**(1 - u)", "u", "s**u * v**(1 - u) * (log(s) - log(v))"),
    ("gradient", "loss = s**u * s**v", "s", "s**(u + v - 1) * (u + v)"),
    ("gradient", "loss = trace(expm(X))", "X", "expm(X.T)"),
    ("gradient", "loss = trace(sqrtm(X))", "X", "0.5 * inv(sqrtm(X).T)"),
    ("hvp", "loss = norm2(A @ x - y)**2", "x", "2 * A.T @ A @ dx"),
    ("directional", "loss = logdet(X)", "X", "trace(inv(X) @ dX)"),
    ("directional", "f = inv(X)", "X", "-inv(X) @ dX @ inv(X)"),
    ("directional", "f = A @ x", "x", "A @ dx"),
    ("directional", "loss = x.T @ S @ x", "x", "2 * x.T @ S @ dx"),
    ("directional", "loss = x.T @ B @ x", "x", "x.T @ (B + B.T) @ dx"),
    ("directional", "loss = logsumexp(x)", "x", "softmax(x).T @ dx"),
    ("hvp", "loss = norm2(x)", "x", "(dx - (unit(x).T @ dx) * unit(x)) / norm2(x)"),
    ("directional", "loss = logdet(A.T @ A)", "A", "2 * trace(inv(A.T @ A) @ A.T @ dA)"),
    ("directional", "loss = log(det(X.T @ X))", "X", "2 * trace(inv(X) @ dX)"),
    ("pullback", "f = A @ x", "x", "A.T @ G"),
    ("pullback", "f = A @ B", "A", "G @ B.T"),
    ("pullback", "f = softmax(x)", "x", "softmax(x) * (G - G.T @ softmax(x))"),
]


def program(text: str) -> str:
    names = [name for name in DECLARED if re.search(rf"\b{name}\b", text)]
    return "\n".join([*(f"{name}: {DECLARED[name]}" for name in names), text])


@pytest.mark.parametrize(
    ("kind", "text", "wrt", "expected"), TEXTBOOK, ids=[f"{t} by {w}" for _, t, w, _ in TEXTBOOK]
)
def test_closed_form(kind: str, text: str, wrt: str, expected: str) -> None:
    derivation = KINDS[kind](program(text), [wrt])
    (result,) = derivation.results.values()
    assert (result.expression, result.notation) == (expected, "matrix")
    assert derivation.verify().failed == ()


POWERS = [  # whose exponents add up, with the last step where it had a sum of numbers
    (
        "s: Scalar(positive=True)\nx: Vector(n)\nloss = sum(log(s**x * (1 - s)**(1 - x)))",
        "s",
        "sum(x) / s - sum(1 - x) / (1 - s)",
        "sum(dL/dm * (1 - s)**(1 - x) * x * s**(x - 1))"
        " - sum(dL/dm * s**x * (1 - x) * (1 - s)**-x)",
    ),
    ("s: Scalar\nx: Vector(n)\nloss = sum(s**x * s**(1 - x) * x)", "x", "s * ones(n)", ""),
    ("s: Scalar\nx: Vector(n)\nloss = sum(log(s**(1 - x)))", "s", "sum(1 - x) / s", ""),
    (
        "u: Vector(n, positive=True)\np: Scalar\nloss = sum(u**(2 - p) / (2 - p))",
        "u",
        "u**(1 - p)",
        "u**(1 - p)",
    ),
]


@pytest.mark.parametrize(("source", "wrt", "expected", "last"), POWERS)
def test_exponents_add_up(source: str, wrt: str, expected: str, last: str) -> None:
    derivation = sg.derive(source, [wrt])
    assert derivation.results[wrt].expression == expected
    assert not last or unparse(derivation.data.steps[-1].right) == last
    assert derivation.verify().failed == ()


@pytest.mark.parametrize(
    ("text", "wrt"), [("f = A @ B", "A"), ("f = inv(X)", "X"), ("f = S @ X @ S", "X")]
)
def test_what_has_four_indices_is_written_in_index_notation(text: str, wrt: str) -> None:
    derivation = sg.jacobian(program(text), [wrt])
    assert derivation.results[wrt].notation == "index"
    assert f"{derivation.results[wrt].expression}" in derivation.text("result", width=200)
