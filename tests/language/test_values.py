"""What each operation computes, against NumPy written by hand; every operation is in the table.

Scalar functions are not: their definition is SymPy's (see test_meanings).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

import symgrad as sg
from symgrad.language.expressions import OPERATIONS, Call, fold
from symgrad.language.operations.meanings import Elementwise

DECLARED = {
    "a": "Scalar",
    "b": "Scalar",
    "p": "Vector(n)",
    "x": "Vector(n)",
    "y": "Vector(n)",
    "A": "Matrix(m, n)",
    "B": "Matrix(m, n)",
    "S": "Matrix(n, n)",
    "k": "Index(n)",
}
INPUTS: dict[str, Any] = {
    "a": 1.7,
    "b": 0.6,
    "p": np.array([0.2, 0.5, 0.3]),
    "x": np.array([0.4, -1.2, 2.5]),
    "y": np.array([1.0, 0.3, 0.8]),
    "A": np.array([[1.0, -2.0, 0.5], [3.0, 0.1, -0.7]]),
    "B": np.array([[0.3, 1.1, -0.4], [2.0, -0.9, 0.6]]),
    "S": np.array([[2.0, 0.3, -0.5], [0.1, 1.5, 0.4], [0.7, -0.2, 1.8]]),
    "k": 1,
}
erf = np.vectorize(math.erf, otypes=[float])


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def softmax(x: Any) -> Any:
    return np.exp(x) / np.exp(x).sum(-1, keepdims=True)


def blocks(K: Any) -> Any:
    """The blocks of kron(A, S): [row of A, row of S, column of A, column of S]."""
    return K.reshape(2, 3, 3, 3)


def polar_factor(A: Any) -> Any:
    values, Q = np.linalg.eigh(A @ A.T)
    return Q @ np.diag(values**-0.5) @ Q.T @ A


def exponential(S: Any) -> Any:
    term, total = np.eye(3), np.eye(3)
    for k in range(1, 60):
        term = term @ S / k
        total = total + term
    return total


VALUES: list[tuple[str, Callable[..., Any]]] = [
    ("S[k, k]", lambda S, k: S[k, k]),
    ("(k == k)", lambda k: 1.0),
    ("sum(x[i] * y[i] for i in range(n))", lambda x, y: x @ y),
    ("vector(x[i] + S[i, i] for i in range(n))", lambda x, S: x + np.diag(S)),
    ("mean(x[i] * S[i, i] for i in range(n))", lambda x, S: np.mean(x * np.diag(S))),
    ("sum(i * x[i] for i in range(n))", lambda x: np.arange(len(x)) @ x),
    ("vector(x[i + 1] - x[i] for i in range(n - 1))", lambda x: np.diff(x)),
    ("matrix(A[j, i] for i in range(n) for j in range(m))", lambda A: A.T),
    (
        "tensor(A[i, j] * (j == l) for j in range(n) for i in range(m) for l in range(n))",
        lambda A: np.einsum("ij,jl->jil", A, np.eye(3)),
    ),
    ("a + b", lambda a, b: a + b),
    ("x - y", lambda x, y: x - y),
    ("-x", lambda x: -x),
    ("a * x", lambda a, x: a * x),
    ("x / y", lambda x, y: x / y),
    ("x**3", lambda x: x**3),
    ("y**-0.5", lambda y: y**-0.5),
    ("sqrt(y)", lambda y: np.sqrt(y)),
    ("A @ x", lambda A, x: A @ x),
    ("A.T", lambda A: A.T),
    ("x.T @ y", lambda x, y: x @ y),
    ("x @ y.T", lambda x, y: np.outer(x, y)),
    ("sum(A)", lambda A: A.sum()),
    ("sum(A, axis=1)", lambda A: A.sum(1)),
    ("sum(A, axis=0)", lambda A: A.sum(0)),
    ("mean(A)", lambda A: A.mean()),
    ("mean(x)", lambda x: x.mean()),
    ("mean(A, axis=1)", lambda A: A.mean(1)),
    ("mean(A, axis=0)", lambda A: A.mean(0)),
    ("var(x)", lambda x: x.var()),
    ("std(x)", lambda x: x.std()),
    ("max(x)", lambda x: x.max()),
    ("max(A, axis=1)", lambda A: A.max(1)),
    ("min(A)", lambda A: A.min()),
    ("trace(S)", lambda S: np.trace(S)),
    ("dot(x, y)", lambda x, y: x @ y),
    ("dot(A, B)", lambda A, B: np.sum(A * B)),
    ("outer(x, y)", lambda x, y: np.outer(x, y)),
    ("diag(x)", lambda x: np.diag(x)),
    ("diag(S)", lambda S: np.diag(S)),
    ("S[k]", lambda S, k: S[k]),
    ("x[1:n]", lambda x: x[1:]),
    ("A[:, 1:n]", lambda A: A[:, 1:]),
    ("eigvalsh(S)", lambda S: np.linalg.eigvalsh((S + S.T) / 2)),
    ("eigenvectors(S)", lambda S: np.linalg.eigh((S + S.T) / 2)[1]),
    ("polar_factor(A)", polar_factor),
    ("nuclear_norm(A)", lambda A: np.trace(polar_factor(A).T @ A)),
    ("x[k]", lambda x, k: x[k]),
    ("x * onehot(k)", lambda x, k: x * np.eye(3)[k]),
    ('einsum("ij,kj->ik", A, S)', lambda A, S: A @ S.T),
    ("ones(2, 3)", lambda: np.ones((2, 3))),
    ("zeros(2)", lambda: np.zeros(2)),
    ("eye(2)", lambda: np.eye(2)),
    ("inv(S)", lambda S: np.linalg.inv(S)),
    ("solve(S, x)", lambda S, x: np.linalg.solve(S, x)),
    ("det(S)", lambda S: np.linalg.det(S)),
    ("logdet(S)", lambda S: np.log(np.abs(np.linalg.det(S)))),
    ("logdet(-S)", lambda S: np.log(np.abs(np.linalg.det(S)))),
    ("kron(A, S)", lambda A, S: np.kron(A, S)),
    (
        "kron_left(kron(A, S), S)",
        lambda A, S: np.einsum("ijkl,jl->ik", blocks(np.kron(A, S)), S),
    ),
    (
        "kron_right(kron(A, S), A)",
        lambda A, S: np.einsum("ijkl,ik->jl", blocks(np.kron(A, S)), A),
    ),
    ("norm2(x)", lambda x: np.sqrt(np.sum(x * x))),
    ("norm2(A)", lambda A: np.sqrt(np.sum(A * A))),
    ("norm2(A, axis=1)", lambda A: np.sqrt(np.sum(A * A, 1))),
    ("norm1(A)", lambda A: np.abs(A).sum()),
    ("norm1(A, axis=0)", lambda A: np.abs(A).sum(0)),
    ("norm2(x - y)**2", lambda x, y: np.sum((x - y) ** 2)),
    ("unit(x)", lambda x: x / np.sqrt(x @ x)),
    ("softmax(A, axis=1)", softmax),
    ("softmax(A, axis=0)", lambda A: softmax(A.T).T),
    ("var(A, axis=0)", lambda A: A.var(0)),
    ("var(A, axis=1)", lambda A: A.var(1)),
    ("std(A, axis=1)", lambda A: A.std(1)),
    ("var(x, axis=0)", lambda x: x.var()),
    ("hardmax(A)", lambda A: 1.0 * np.equal(A, A.max())),
    ("hardmax(A - A)", lambda A: np.full(A.shape, 1 / A.size)),
    ("hardmax(A, axis=0)", lambda A: 1.0 * np.equal(A, A.max(0))),
    ("log_softmax(x)", lambda x: np.log(softmax(x))),
    ("logsumexp(A, axis=1)", lambda A: np.log(np.exp(A).sum(1))),
    ("gelu(x)", lambda x: x * (1 + erf(x / np.sqrt(2))) / 2),
    ("silu(x)", lambda x: x * sigmoid(x)),
    ("leaky_relu(x)", lambda x: np.where(x > 0, x, 0.01 * x)),
    ("elu(x)", lambda x: np.where(x > 0, x, np.exp(x) - 1)),
    ("cross_entropy(p, y)", lambda p, y: -np.sum(p * np.log(y))),
    ("cross_entropy(k, p)", lambda k, p: -np.log(p[k])),
    ("squared_error(x, y)", lambda x, y: np.sum((x - y) ** 2)),
    ("absolute_error(x, y)", lambda x, y: np.sum(np.abs(x - y))),
    ("binary_cross_entropy(b, 0.3)", lambda b: -b * np.log(0.3) - (1 - b) * np.log(0.7)),
    (
        "binary_cross_entropy(y, p)",
        lambda y, p: -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p)),
    ),
    ("matrix_power(S, 3)", lambda S: S @ S @ S),
    ("matrix_power(S, -2)", lambda S: np.linalg.inv(S) @ np.linalg.inv(S)),
    ("pinv(A)", lambda A: A.T @ np.linalg.inv(A @ A.T)),
    ("sqrtm(S) @ sqrtm(S)", lambda S: S),
    ("S @ sylvester(S, S.T, S @ S) + sylvester(S, S.T, S @ S) @ S.T", lambda S: S @ S),
    ("expm(S)", exponential),
    ("expm_frechet(S, eye(n))", exponential),
    ("prod(x)", lambda x: np.prod(x)),
    ("prod(A, axis=1)", lambda A: A.prod(1)),
    ("prod(A, axis=0).T", lambda A: A.prod(0)),
    ("other_products(x)", lambda x: np.prod(x) / x),
    ("other_products(A, axis=0)", lambda A: A.prod(0) / A),
    ("cumsum(x)", lambda x: np.cumsum(x)),
    ("cumsum(A, axis=0)", lambda A: np.cumsum(A, axis=0)),
    ("tril(S, -1)", lambda S: np.tril(S, -1)),
    ("triu(S)", lambda S: np.triu(S)),
    ("cholesky(S @ S.T)", lambda S: np.linalg.cholesky(S @ S.T)),
    ("polygamma(p, order=2)", lambda p: [float(mpmath.polygamma(2, t)) for t in p]),
    ("where(x > y, x**2, a)", lambda x, y, a: np.where(x > y, x**2, a)),
    ("where(A <= 0, A * B, a)", lambda A, B, a: np.where(A <= 0, A * B, a)),
    ("where(0 < x < 1, x, where(x >= 1, 1, 0))", lambda x: np.clip(x, 0, 1)),
    ("huber(x)", lambda x: np.where(np.abs(x) < 1, x**2 / 2, np.abs(x) - 0.5)),
    ("huber(x, b)", lambda x, b: np.where(np.abs(x) < b, x**2 / 2, b * (np.abs(x) - b / 2))),
    ("hinge(x)", lambda x: np.maximum(0, 1 - x)),
    ("logistic(x)", lambda x: np.log(1 + np.exp(-x))),
]


def arguments(text: str) -> list[str]:
    return [name for name in DECLARED if re.search(rf"(?<![\w.\"]){name}(?![\w(])", text)]


def parsed(text: str) -> sg.Problem:
    names = arguments(text)
    return sg.parse("\n".join([*(f"{n}: {DECLARED[n]}" for n in names), f"f = {text}"]))


@pytest.mark.parametrize(("text", "by_hand"), VALUES, ids=[text for text, _ in VALUES])
def test_value(text: str, by_hand: Callable[..., Any]) -> None:
    given = {name: INPUTS[name] for name in arguments(text)}
    order = by_hand.__code__.co_varnames[: by_hand.__code__.co_argcount]
    named = order if set(order) == set(given) else tuple(given)
    wanted = by_hand(*(given[name] for name in named))
    np.testing.assert_allclose(sg.evaluate(parsed(text), given), wanted, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize(
    ("total", "by_hand"), [("sum", lambda r: r.sum()), ("mean", lambda r: r.mean())]
)
def test_value_over_a_batch(total: str, by_hand: Callable[..., Any]) -> None:
    X, w = np.arange(12.0).reshape(4, 3), INPUTS["x"]
    program = f"x: Vector(n)\nw: Vector(n)\nf = {total}((w.T @ x)**2 for x in batch)"
    assert sg.evaluate(program, {"x": X, "w": w}) == pytest.approx(by_hand((X @ w) ** 2))


def test_every_operation_is_in_the_table() -> None:
    written = {"batch_sum", "batch_mean", "squared_norm"}  # a norm's square, by its rewrite rule
    for text, _ in VALUES:
        fold(
            parsed(text).output, lambda e, _: isinstance(e, Call) and written.add(e.operation.name)
        )
    others = {o.name for o in OPERATIONS.values() if not isinstance(o.meaning, Elementwise)}
    assert others - written == set()
