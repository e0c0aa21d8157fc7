"""Lines in vectorised form are graded: by vec, the Kronecker product and K."""

from __future__ import annotations

import pytest

import symgrad as sg

PRODUCT = "A: Matrix(p, m)\nX: Matrix(m, n)\nB: Matrix(n, q)\nf = A @ X @ B"
TURNED = "X: Matrix(m, n)\nA: Matrix(m, p)\nf = X.T @ A"
EXP = "X: Matrix(m, n)\nf = exp(X)"
OUTER = "x: Vector(m)\ny: Vector(n)\nf = outer(x, y)"
SQUARE = "K: Matrix(k, k)\nf = K + K.T"
QUADRATIC = "X: Matrix(m, n)\nS: Matrix(m, m)\nloss = trace(X.T @ S @ X)"
BY_X = r"\frac{\partial \operatorname{vec}(f)}{\partial \operatorname{vec}(X)^\top} = "
RIGHT = [
    (PRODUCT, "X", "d vec(f) / d vec(X).T = kron(B.T, A)"),
    (PRODUCT, "X", "d vec(f)/d vec(X).T = kron(B.T, eye(p)) @ kron(eye(n), A)"),
    (PRODUCT, "X", BY_X + r"B^\top \otimes A"),
    (PRODUCT, "X", "C = B.T\nd vec(f) / d vec(X).T = kron(C, A) = kron(B.T, A)"),
    (TURNED, "X", "d vec(f) / d vec(X).T = kron(A.T, eye(n)) @ K"),
    (TURNED, "X", BY_X + r"(A^\top \otimes I_n) K"),
    (EXP, "X", "d vec(f) / d vec(X).T = diag(vec(exp(X)))"),
    (OUTER, "x", "d vec(f) / d x.T = kron(y, eye(m))"),
    (SQUARE, "K", "d vec(f) / d vec(K).T = eye(k**2) + K2"),
]
WRONG = [
    (PRODUCT, "X", "d vec(f) / d vec(X).T = 2 * kron(B.T, A)", "another matrix"),
    (PRODUCT, "X", "d vec(f) / d vec(X).T = kron(A, B.T)", "another matrix"),
    (PRODUCT, "X", "d vec(f) / d vec(X).T = kron(B, A)", "kron(B, A) is n*p x m*q"),
    (TURNED, "X", "d vec(f) / d vec(X).T = kron(A.T, eye(n))", "another matrix"),
    (TURNED, "X", BY_X + r"A^\top \otimes I_n", "another matrix"),
    (OUTER, "x", "d vec(f) / d x.T = kron(eye(m), y)", "another matrix"),
]


@pytest.mark.parametrize(("program", "wrt", "line"), RIGHT)
def test_what_is_right(program: str, wrt: str, line: str) -> None:
    verdict = sg.grade_derivation(program, wrt, line)
    assert verdict.correct, verdict
    assert verdict.lines[-1].remark == "right, in vectorised form"


@pytest.mark.parametrize(("program", "wrt", "line", "said"), WRONG)
def test_what_is_wrong(program: str, wrt: str, line: str, said: str) -> None:
    verdict = sg.grade_derivation(program, wrt, line)
    assert verdict.correct is False
    assert said in str(verdict)


def test_a_hessian() -> None:
    line = "d2L / d vec(X) d vec(X).T = kron(eye(n), S + S.T)"
    assert sg.grade_derivation(QUADRATIC, "X", line, kind="hessian").correct
    wrong = line.replace("S + S.T", "2 * S")
    assert not sg.grade_derivation(QUADRATIC, "X", wrong, kind="hessian").correct


def test_programs_have_none_of_these_signs() -> None:
    for line in ("vec(A)", "kron(A, A[k])"):
        with pytest.raises(sg.SymgradError):
            sg.parse(f"A: Matrix(m, n)\nk: Index(m)\nf = {line}")
