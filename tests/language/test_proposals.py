"""A line that a message proposes works when it is typed: it is taken out of the message, put where
the message points, and read."""

from __future__ import annotations

import re

import pytest

import symgrad as sg
from symgrad.language.inference import parse_expression
from symgrad.language.operations.advice import ADVICE, advice

HEAD = """\
X: Matrix(n, d)
W: Matrix(d, k)
A: Matrix(d, d)
b: Vector(k)
c: Vector(n)
x: Vector(d)
y: Vector(d)
z: Vector(k)
q: Vector(k, one_hot=True)
s: Scalar
t: Scalar
i: Index(d)
j: Index(d)
"""
SLIPS = [
    # shapes
    ("loss = norm2(X @ W + b)**2", "X @ W + ones(n) @ b.T"),
    ("loss = norm2(X @ W + c)**2", "X @ W + c @ ones(k).T"),
    ("loss = norm2(b + X @ W)**2", "ones(n) @ b.T + X @ W"),
    ("loss = sum(X * x)", "loss = sum(X @ x)"),
    ("loss = sum(x * X)", "(ones(n) @ x.T) * X"),
    ("loss = sum(X / c)", "X / (c @ ones(d).T)"),
    ("loss = sum(maximum(X, x))", "maximum(X, ones(n) @ x.T)"),
    ("loss = sum(x + y.T)", "x + y"),
    ("loss = sum(X + W.T @ A)", ""),
    ("loss = sum(s @ A)", "s * A"),
    ("loss = norm2(X @ x - c.T)", "X @ x - c"),
    ("loss = x * y", "loss = sum(x * y)"),
    ("loss = A @ x", "loss = sum(A @ x)"),
    ("loss = norm2(x @ y)", ""),
    # other people's language
    ("loss = x.T * x", "loss = x.T @ x"),
    ("loss = x.T*A*x", "loss = x.T @ A @ x"),
    ("loss = max(0, 1 - t * (x.T @ y))", "loss = maximum(0, 1 - t * (x.T @ y))"),
    ("loss = sum(min(x, 1))", "loss = sum(minimum(x, 1))"),
    ("loss = ln(t)", "loss = log(t)"),
    ("loss = log2(t)", "log(t) / log(2)"),
    ("loss = t^2", "loss = t**2"),
    ("loss = sum(x .^ 2)", "loss = sum(x**2)"),
    ("loss = 2 t", "loss = 2 * t"),
    ("loss = x' A x", "loss = x.T @ A @ x"),
    ("loss = x^T x", "loss = x.T @ x"),
    ("loss = np.exp(t)", "loss = exp(t)"),
    ("loss = np.linalg.norm(x)**2", "loss = norm2(x)**2"),
    ("loss = x.dot(y)", "loss = dot(x, y)"),
    ("loss = sum(X.sum(axis=0))", "loss = sum(sum(X, axis=0).T)"),
    ("loss = sum(norm2(x, 2))", "loss = sum(norm2(x))"),
    ("loss = np.linalg.norm(X, 'fro')", "loss = norm2(X)"),
    ("loss = max(x[l] for l in range(d))", "max(vector(x[l] for l in range(d)))"),
    ("loss = sum(X.T() @ c)", "loss = sum(X.T @ c)"),
    ("loss = trace(inverse(A))", "loss = trace(inv(A))"),
    ("loss = trace(A^-1)", "loss = trace(inv(A))"),
    ("loss = Sum(x)", "loss = sum(x)"),
    ("loss = mse(x, y)", "mean((x - y)**2)"),
    ("loss = float32(t)", "loss = t"),
    ("loss = t if t > 0 else -t", "loss = where(t > 0, t, -t)"),
    ("loss = x.shape[0] * t", "loss = d * t"),
    ("loss = len(x) * t", "loss = d * t"),
    ("loss = sum(sum(x) for x in batch) / len(batch)",
     "loss = sum(sum(x) for x in batch) / size(batch)"),
    ("loss = cross_entropy(softmax(z), q)", "cross_entropy(q, softmax(z))"),
    ("loss = sum(Ax)", "loss = sum(A @ x)"),
    ("loss = log t", "loss = log(t)"),
    ("loss = log det A", "loss = log(det(A))"),
    ("loss = log s * t", "log(s) * t"),
    # lines
    ("L = norm2(x)**2", "loss = norm2(x)**2"),
    ("g = A @ x", "f = A @ x"),
    ("norm2(x)**2", "loss = norm2(x)**2"),
    ("loss := t", "loss = t"),
    ("loss == t", "loss = t"),
    ("loss : norm2(x)**2", "loss = norm2(x)**2"),
    ("loss: norm2(x)", "loss = norm2(x)"),
    ("minimize norm2(x)**2", "loss = norm2(x)**2"),
    ("maximize norm2(x)**2", "loss = -(norm2(x)**2)"),
    ("return t", "loss = t"),
    ("    loss = t", "loss = t"),
    ("loss = sigmoid(x.T @ y + t", "loss = sigmoid(x.T @ y + t)"),
    ("loss = sum(norm2(x)) for x in batch", "loss = sum(norm2(x) for x in batch)"),
    ("loss = mean(norm2(x), for x in batch)", "loss = mean(norm2(x) for x in batch)"),
    ("loss = x.T @ y for x in batch", ""),
    ("loss = norm2(x for x in batch)", ""),
    # declarations
    ("p: vector(n)\nloss = sum(p)", "p: Vector(n)"),
    ("p: R^n\nloss = sum(p)", "p: Vector(n)"),
    ("P: R^(n x d)\nloss = sum(P)", "P: Matrix(n, d)"),
    ("P ∈ ℝ^{n×d}\nloss = sum(P)", "P: Matrix(n, d)"),
    ("p = Vector(n)\nloss = sum(p)", "p: Vector(n)"),
    ("Vector p(n)\nloss = sum(p)", "p: Vector(n)"),
    ("Vector(n): p\nloss = sum(p)", "p: Vector(n)"),
    ("p, r: Vector(n)\nloss = sum(p)", "p: Vector(n); r: Vector(n)"),
    ("P: Matrix(n x d)\nloss = sum(P)", "P: Matrix(n, d)"),
    ("P: Matrix n x d\nloss = sum(P)", "P: Matrix(n, d)"),
    ("p: float\nloss = p", "p: Scalar"),
    ("P: Matrix(d, d).symmetric\nloss = sum(P)", "P: Matrix(d, d, symmetric=True)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "proposed"), SLIPS, ids=[text for text, _ in SLIPS])
def test_what_is_proposed_works(text: str, proposed: str) -> None:
    with pytest.raises(sg.SymgradError) as caught:
        sg.parse(HEAD + text)
    error = caught.value
    found = re.search(r"; write (.*?)(?:, or .*)?$", error.message)
    assert (found[1] if found else "") == proposed
    if proposed:
        assert error.line is not None and error.column is not None
        lines = (HEAD + text).split("\n")
        line, start = lines[error.line - 1], error.column - 1
        whole = re.match(r"\w+\s*[=:]", proposed)
        after = "" if whole else line[start + error.width :]
        lines[error.line - 1] = proposed if whole else line[:start] + proposed + after
        sg.parse("\n".join(lines))


ARGUMENTS = ("sts", "xys", "xyA", "xAy", "AAA", "Ax")  # some of them fit


@pytest.mark.parametrize("name", [name for name in ADVICE if ADVICE[name].startswith("write ")])
def test_what_is_advised_can_be_written(name: str) -> None:
    lines = {
        f"f = {text}"
        for letters in ARGUMENTS
        if (text := advice(name, list(letters)).removeprefix("; write ").split(", or ")[0])
    }
    head = HEAD.replace("W: Matrix(d, k)", "W: Matrix(k, d)")
    assert any(reads(head + line) for line in lines)


def reads(text: str) -> bool:
    try:
        sg.parse(text)
    except sg.SymgradError:
        return False
    return True


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("x.T*A*x", "x.T @ A @ x"),
        ("norm2(A*x-y)**2", "norm2(A @ x - y)**2"),
        ("norm2(X @ W + ones(n) @ b.T)**2", "norm2(X @ W + ones(n) @ b.T)**2"),
    ],
)
def test_an_expression_is_read_as_its_remark_says(text: str, same: str) -> None:
    from symgrad.language.unparse import unparse

    assert unparse(parse_expression(text).output) == unparse(parse_expression(same).output) == same
