"""d vec(f) / d vec(X)^T by Kronecker products: the text, and its value beside the Jacobian's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.calculus import stacking
from symgrad.language.expressions import Expression
from symgrad.language.plain import plain_text
from symgrad.language.tex import latex
from symgrad.numerics.checks.vectorized import commutation
from tests.drawn import random_inputs

DECLARED = {
    "A": "Matrix(p, m)",
    "B": "Matrix(n, q)",
    **dict.fromkeys(("X", "K"), "Matrix(m, n)"),
    **dict.fromkeys("CDS", "Matrix(k, k)"),
    "x": "Vector(n)",
    "y": "Vector(m)",
}
SIZES = {"m": 2, "n": 3, "p": 4, "q": 5, "k": 3}
inv, kron, eye = np.linalg.inv, np.kron, np.eye
K_mn, K_kk = commutation(2, 3), commutation(3, 3)


def vec(matrix: Any) -> Any:
    return np.reshape(matrix, (-1, 1), order="F")


def diag(vector: Any) -> Any:
    return np.diag(np.ravel(vector))


def rows(matrix: Any) -> Any:
    """The softmax of each row."""
    return np.exp(matrix) / np.exp(matrix).sum(axis=1, keepdims=True)


Matrix = Callable[..., Any]
JACOBIANS: list[tuple[str, str, str, Matrix]] = [
    # matrix by matrix
    ("A @ X @ B", "X", "kron(B.T, A)", lambda A, X, B: kron(B.T, A)),
    ("X", "X", "eye(m*n)", lambda X: eye(6)),
    ("X.T", "X", "K", lambda X: K_mn),
    ("A @ K", "K", "kron(eye(n), A)", lambda A, K: kron(eye(3), A)),
    ("K.T @ A.T", "K", "kron(A, eye(n)) @ K2", lambda K, A: kron(A, eye(3)) @ K_mn),
    ("C + C.T", "C", "eye(k**2) + K", lambda C: eye(9) + K_kk),
    ("X * X", "X", "2 * diag(vec(X))", lambda X: 2 * diag(vec(X))),
    ("X * K", "X", "diag(vec(K))", lambda X, K: diag(vec(K))),
    ("exp(X)", "X", "diag(vec(exp(X)))", lambda X: diag(vec(np.exp(X)))),
    (
        "exp(X.T)",
        "X",
        "diag(vec(exp(X).T)) @ K",
        lambda X: diag(vec(np.exp(X).T)) @ K_mn,
    ),
    ("C.T * D", "C", "diag(vec(D)) @ K", lambda C, D: diag(vec(D)) @ K_kk),
    (
        "diag(y) @ X @ diag(x)",
        "X",
        "kron(diag(x), diag(y))",
        lambda X, x, y: kron(diag(x), diag(y)),
    ),
    ("inv(C)", "C", "-kron(inv(C).T, inv(C))", lambda C: -kron(inv(C).T, inv(C))),
    (
        "C @ inv(D) @ C",
        "D",
        "-kron(C.T @ inv(D).T, C @ inv(D))",
        lambda C, D: -kron(C.T @ inv(D).T, C @ inv(D)),
    ),
    (
        "X.T @ X",
        "X",
        "kron(X.T, eye(n)) @ K + kron(eye(n), X.T)",
        lambda X: kron(X.T, eye(3)) @ K_mn + kron(eye(3), X.T),
    ),
    (
        "C @ C",
        "C",
        "kron(C.T, eye(k)) + kron(eye(k), C)",
        lambda C: kron(C.T, eye(3)) + kron(eye(3), C),
    ),
    (
        "trace(C) * C",
        "C",
        "vec(C) @ vec(eye(k)).T + trace(C) * eye(k**2)",
        lambda C: vec(C) @ vec(eye(3)).T + np.trace(C) * eye(9),
    ),
    (
        "sum(X) * K",
        "X",
        "vec(K) @ vec(ones(m, n)).T",
        lambda X, K: vec(K) @ np.ones((1, 6)),
    ),
    (
        "-sum(X) * K / norm2(y)",
        "X",
        "-vec(K) @ vec(ones(m, n)).T / norm2(y)",
        lambda X, K, y: -vec(K) @ np.ones((1, 6)) / np.linalg.norm(y),
    ),
    (
        "X / norm2(X)",
        "X",
        "eye(m*n) / norm2(X) - vec(X) @ vec(unit(X)).T / norm2(X)**2",
        lambda X: eye(6) / np.linalg.norm(X) - vec(X) @ vec(X).T / np.linalg.norm(X) ** 3,
    ),
    (
        "tanh(A @ X @ B)",
        "X",
        "diag(vec(1 - tanh(A @ X @ B)**2)) @ kron(B.T, A)",
        lambda A, X, B: diag(vec(1 - np.tanh(A @ X @ B) ** 2)) @ kron(B.T, A),
    ),
    (
        "A @ exp(X)",
        "X",
        "kron(eye(n), A) @ diag(vec(exp(X)))",
        lambda A, X: kron(eye(3), A) @ diag(vec(np.exp(X))),
    ),
    (
        "(A @ X) * (A @ X)",
        "X",
        "2 * diag(vec(A @ X)) @ kron(eye(n), A)",
        lambda A, X: 2 * diag(vec(A @ X)) @ kron(eye(3), A),
    ),
    (
        "exp(X.T @ A.T)",
        "X",
        "diag(vec(exp(X.T @ A.T))) @ kron(A, eye(n)) @ K",
        lambda X, A: diag(vec(np.exp(X.T @ A.T))) @ kron(A, eye(3)) @ K_mn,
    ),
    (
        "softmax(X, axis=1)",
        "X",
        "diag(vec(softmax(X, axis=1))) - diag(vec(softmax(X, axis=1))) "
        "@ kron(ones(n, n), eye(m)) @ diag(vec(softmax(X, axis=1)))",
        lambda X: (
            diag(vec(rows(X))) @ (eye(6) - kron(np.ones((3, 3)), eye(2)) @ diag(vec(rows(X))))
        ),
    ),
    # matrix by vector, vector or row by matrix
    (
        "X @ diag(x)",
        "x",
        "diag(vec(X)) @ kron(eye(n), ones(m))",
        lambda X, x: diag(vec(X)) @ kron(eye(3), np.ones((2, 1))),
    ),
    ("outer(x, y)", "x", "kron(y, eye(n))", lambda x, y: kron(y, eye(3))),
    ("outer(x, y)", "y", "kron(eye(m), x)", lambda x, y: kron(eye(2), x)),
    (
        "outer(x, x)",
        "x",
        "kron(x, eye(n)) + kron(eye(n), x)",
        lambda x: kron(x, eye(3)) + kron(eye(3), x),
    ),
    ("(y.T @ X @ x) * X", "x", "vec(X) @ y.T @ X", lambda X, x, y: vec(X) @ y.T @ X),
    ("X @ x", "X", "kron(x.T, eye(m))", lambda X, x: kron(x.T, eye(2))),
    ("X.T @ y", "X", "kron(eye(n), y.T)", lambda X, y: kron(eye(3), y.T)),
    ("y.T @ X", "X", "kron(eye(n), y.T)", lambda X, y: kron(eye(3), y.T)),
    ("sum(X, axis=1)", "X", "kron(ones(n).T, eye(m))", lambda X: kron(np.ones((1, 3)), eye(2))),
    (
        "tanh(X @ x)",
        "X",
        "kron(x.T, diag(1 - tanh(X @ x)**2))",
        lambda X, x: kron(x.T, diag(1 - np.tanh(X @ x) ** 2)),
    ),
]
HESSIANS: list[tuple[str, tuple[str, str], str, Matrix]] = [
    (
        "logdet(C)",
        ("C", "C"),
        "-kron(inv(C), inv(C).T) @ K",
        lambda C: -kron(inv(C), inv(C).T) @ K_kk,
    ),
    ("trace(C @ C)", ("C", "C"), "2 * K", lambda C: 2 * K_kk),
    (
        "trace(C @ D @ C @ S)",
        ("C", "C"),
        "kron(D, S.T) @ K + kron(S, D.T) @ K",
        lambda C, D, S: (kron(D, S.T) + kron(S, D.T)) @ K_kk,
    ),
    ("trace(X @ K.T)", ("X", "K"), "eye(m*n)", lambda X, K: eye(6)),
    ("trace(X @ K.T)", ("X", "X"), "zeros(m*n, m*n)", lambda X, K: np.zeros((6, 6))),
    ("sum(exp(X))", ("X", "X"), "diag(vec(exp(X)))", lambda X: diag(vec(np.exp(X)))),
    (
        "norm2(X @ x - y)**2",
        ("X", "X"),
        "2 * kron(x @ x.T, eye(m))",
        lambda X, x, y: 2 * kron(x @ x.T, eye(2)),
    ),
    (
        "norm2(X @ x - y)**2",
        ("X", "x"),
        "2 * kron(eye(n), X @ x - y) + 2 * kron(x, X)",
        lambda X, x, y: 2 * kron(eye(3), X @ x - y) + 2 * kron(x, X),
    ),
]
NOTHING = [
    ("softmax(A @ X, axis=1)", "X"),  # p_ij p_il a_ik: no pair of indices of its own for p_il
    ("kron(A, X)", "X"),
    ("exp(sin(X) + cos(X)) * exp(sin(X) - cos(X)) * (sin(X) + cos(X) + X)**2", "X"),  # long
]


def program(of: str, name: str) -> str:
    used = [n for n in DECLARED if n in "".join(c if c.isalpha() else " " for c in of).split()]
    return "\n".join([*(f"{n}: {DECLARED[n]}" for n in used), f"{name} = {of}"])


def agrees(derivation: sg.Derivation, key: Any, matrix: Matrix) -> bool:
    """Whether the matrix is the derivative with its indices stacked, the first fastest."""
    inputs = random_inputs(derivation.problem, SIZES)
    derivative = derivation.lambdify()(**inputs)[1][key]
    columns = {n: a.reshape(-1, 1) if a.ndim == 1 else a for n, a in inputs.items()}
    wanted = matrix(**columns)
    return np.allclose(derivative.reshape(wanted.shape, order="F"), wanted)


@pytest.mark.parametrize(("of", "by", "text", "matrix"), JACOBIANS)
def test_a_jacobian(of: str, by: str, text: str, matrix: Matrix) -> None:
    derivation = sg.jacobian(program(of, "f"), by)
    form = derivation.results[by].vectorized
    assert form is not None and form.text == text
    assert agrees(derivation, by, matrix)
    assert derivation.verify().passed


@pytest.mark.parametrize(("of", "by", "text", "matrix"), HESSIANS)
def test_a_hessian(of: str, by: tuple[str, str], text: str, matrix: Matrix) -> None:
    derivation = sg.hessian(program(of, "loss"), dict.fromkeys(by))
    form = derivation.results[by].vectorized
    assert form is not None and form.text == text
    assert agrees(derivation, by, matrix)
    assert derivation.verify().passed


@pytest.mark.parametrize(("of", "by"), NOTHING)
def test_what_has_no_such_form(of: str, by: str) -> None:
    assert sg.jacobian(program(of, "f"), by).results[by].vectorized is None


def test_only_more_than_two_indices_have_one() -> None:
    assert sg.jacobian(program("X @ x", "f"), "x").results["x"].vectorized is None
    assert sg.pullback(program("X @ x", "f"), "X").results["X"].vectorized is None


def test_a_sum_over_a_batch_stands_inside() -> None:
    declared = "W: Matrix(m, n)\nx: Vector(n)\ny: Vector(m)\n"
    derivation = sg.hessian(declared + "loss = sum(norm2(W @ x - y)**2 for x, y in batch)", "W")
    form = derivation.results["W", "W"].vectorized
    assert str(form) == "2 * kron(sum(x @ x.T for x, y in batch), eye(m))"
    assert derivation.verify().passed


@pytest.mark.parametrize("body", ["x @ x.T", "exp(x)"])
def test_nothing_is_offered_of_one_example(body: str) -> None:
    derivation = sg.jacobian(f"x: Vector(n)\nf = sum({body} for x in batch)", "x")
    assert derivation.results["x"].vectorized is None


def test_the_left_side_and_what_the_signs_mean() -> None:
    form = sg.jacobian(program("X.T", "f"), "X").results["X"].vectorized
    assert form is not None
    assert (plain_text(form.left), latex(form.left)) == (
        "d vec(f) / d vec(X).T",
        r"\frac{\partial \operatorname{vec}(f)}"
        r"{\partial \operatorname{vec}(X)^{\top}}",
    )
    assert form.sentences == (
        "vec stacks the columns of a matrix.",
        "K is the commutation matrix, K vec(X) = vec(X^T).",
    )
    form = sg.hessian(program("norm2(X @ x)**2", "loss"), ["X", "x"]).results["X", "x"].vectorized
    assert form is not None
    assert (plain_text(form.left), latex(form.left)) == (
        "d2L / d vec(X) d x.T",
        r"\frac{\partial^{2} L}{\partial \operatorname{vec}(X) \, \partial x^{\top}}",
    )
    assert form.latex == r"2 (I_{n} \otimes (X x)) + 2 (x \otimes X)"


def test_the_texts_say_it() -> None:
    derivation = sg.jacobian(program("A @ X @ B", "f"), "X")
    assert "          d vec(f) / d vec(X).T = kron(B.T, A)   " in derivation.text()
    for printed in (derivation.latex(), derivation.markdown(), derivation.html()):
        assert r"B^{\top} \otimes A" in printed
        assert "vec stacks the columns of a matrix." in printed
    assert '"expression": "kron(B.T, A)"' in derivation.json()


def test_a_wrong_form_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right: Callable[[Expression, Expression], Expression] = stacking._kron
    monkeypatch.setattr(stacking, "_kron", lambda fast, slow: right(slow, fast))
    assert not sg.jacobian(program("C @ D @ S", "f"), "D").verify().passed


def test_none_is_offered_in_denominator_layout() -> None:
    text = "A: Matrix(m, n)\nX: Matrix(n, p)\nf = A @ X"
    assert sg.jacobian(text, ["X"]).results["X"].vectorized is not None
    assert sg.jacobian(text, ["X"], layout="denominator").results["X"].vectorized is None
