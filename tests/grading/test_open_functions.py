"""Answers with functions that the problem leaves open, in text and LaTeX; what we print of them
among them."""

from __future__ import annotations

import pytest

import symgrad as sg

NET = """phi: Function
ell: Function
W: Matrix(m, n)
x: Vector(n)
y: Vector(m)
loss = ell(y, phi(W @ x))"""
RIGHT = [
    "(ell_2(y, phi(W @ x)) * phi_1(W @ x)) @ x.T",
    "(ell_2(y, phi(W x)) * phi'(W x)) x^T",
    "z = W x\nf = phi(z)\ngrad = (ell_2(y, f) * dphi(z)) x^T",
    "(ell_2(y, φ(W x)) ⊙ φ'(W x)) xᵀ",
    r"\left(\nabla_{2}\ell(y, \phi(Wx)) \odot \phi'(Wx)\right) x^\top",
    r"\left(\nabla_{\phi(Wx)} \ell(y, \phi(Wx)) \odot \phi^{(1)}(Wx)\right) x^\top",
    r"(\partial_2 \ell(y, \phi(Wx)) \odot \phi_{1}(Wx)) x^\top",
    r"(\ell_2(y, \phi(Wx)) \odot \phi'(Wx)) x^\top",
]
WRONG = {
    "(ell_2(y, phi(W x)) * phi(W x)) x^T": "The function phi stands in the place of its derivative",
    "ell_2(y, phi(W x)) x^T": "The derivative of phi is forgotten",
    "2 (ell_2(y, phi(W x)) * phi'(W x)) x^T": "the factor 2 is too much",
    "(ell_1(y, phi(W x)) * phi'(W x)) x^T": "This is wrong",
    "(ell_2(y, phi(W x)) * phi''(W x)) x^T": "This is wrong",
    "(ell_2(phi(W x), y) * phi'(W x)) x^T": "This is wrong",
}
HEAD = """phi: Function
ell: Function
k: Function
g: Function(scalar=True)
a: Scalar
v: Vector(n)
w: Vector(n)
A: Matrix(m, n)
"""
PRINTED = {  # what is differentiated, by what
    "sum(phi(A)**2)": "A",
    "sum(1 / phi_11(A))": "A",
    "exp(ell(v, w))": "w",
    "phi(ell(A @ v, a))": "v",
    "sum(ell_12(A @ v, a) * (A @ w))": "v",
    "norm2(ell_1(A @ v, a))**2": "a",
    "norm2(g_1(v) - w)**2": "v",
    "norm2(g_11(v))**2": "v",
    "g(A @ v) / g(A @ w)": "A",
    "k(a, g(v))**3": "a",
    "sum(k(v[i], w[j]) * phi(a) for i in range(n) for j in range(n))": "v",
}


@pytest.mark.parametrize("answer", RIGHT)
def test_right(answer: str) -> None:
    """Each way to write a derivative of what has no formula."""
    assert sg.grade(NET, "W", answer).correct


@pytest.mark.parametrize(("answer", "diagnosis"), WRONG.items())
def test_wrong(answer: str, diagnosis: str) -> None:
    """A random function tells it from its derivatives, and its arguments apart."""
    verdict = sg.grade(NET, "W", answer)
    assert not verdict.correct
    assert diagnosis in verdict.diagnosis


def test_by_no_argument() -> None:
    """What is lowered beside nabla is an argument, or its number."""
    with pytest.raises(sg.SymgradError, match="dell/dW is not known here"):
        sg.parse_latex(r"\nabla_W \ell(y, \phi(Wx))", sg.parse(NET))


def test_derivation() -> None:
    """A derivation, line by line."""
    sheet = "z = W x\nf = phi(z)\ndL/df = ell_2(y, f)\ndL/dz = dL/df * phi'(z)\ndL/dW = dL/dz x^T"
    assert sg.grade_derivation(NET, "W", sheet).correct
    verdict = sg.grade_derivation(NET, "W", sheet.replace("phi'(z)", "phi'(f)"))
    assert (verdict.correct, verdict.line) == (False, 4)


def test_loss_of_an_example() -> None:
    r"""\ell before arguments is the function, else the loss of one example; our own pages say
    both."""
    one = "ell(y, phi(W @ x))"
    problem = sg.parse(NET.replace(one, f"sum({one} for x, y in batch)"))
    derivation = sg.derive(problem, "W")
    assert sg.grade_derivation(problem, "W", derivation.text()).correct
    assert sg.grade_derivation(problem, "W", derivation.latex()).correct
    sheet = r"""With $z = Wx$ and $f = \phi(z)$ for one example
    $\frac{\partial \ell}{\partial f} = \nabla_{2}\ell(y, f)$, and
    $\frac{\partial L}{\partial W}
      = \sum_{(x, y) \in B} (\nabla_{2} \ell(y, f) \odot \phi'(z)) x^\top$"""
    assert sg.grade_derivation(problem, "W", sheet).correct


@pytest.mark.parametrize(("output", "wrt"), PRINTED.items())
def test_printed(output: str, wrt: str) -> None:
    """What we print reads back, in text and LaTeX."""
    problem = sg.parse(f"{HEAD}loss = {output}")
    derivation = sg.derive(problem, wrt)
    assert derivation.verify().passed
    result = derivation.results[wrt]
    assert sg.grade(problem, wrt, result.expression).correct
    if r",\quad" not in result.latex:
        assert sg.grade(problem, wrt, result.latex).correct
    for why in ("index", "differential"):
        assert derivation.latex(level="full", why=why)
