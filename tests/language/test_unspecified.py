"""Functions that a program leaves open: how they are written, and every way to misuse them."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
import sympy

import symgrad as sg
from symgrad.language.operations.unspecified import Unspecified, derivative

HEAD = "x: Vector(n)\ny: Vector(n)\nA: Matrix(n, n)\n"
RESULTS = {  # of x, after HEAD
    "phi: Function\nloss = sum(phi(A @ x))": "A.T @ phi_1(A @ x)",
    "phi: Function\nloss = sum(phi(phi(x)))": "phi_1(phi(x)) * phi_1(x)",
    "phi: Function\nloss = phi(norm2(x - y)**2)": "2 * phi_1(norm2(x - y)**2) * (x - y)",
    "phi: Function\nloss = sum(phi_1(x))": "phi_11(x)",
    "ell: Function\nloss = ell(y, A @ x)": "A.T @ ell_2(y, A @ x)",
    "ell: Function\nloss = ell(x, A @ x)": "ell_1(x, A @ x) + A.T @ ell_2(x, A @ x)",
    "ell: Function\nloss = ell(sum(x), 2)": "ell_1(sum(x), 2) * ones(n)",
    "g: Function(scalar=True)\nloss = g(A @ x)": "A.T @ g_1(A @ x)",
    "sigma: Function\nloss = sum(sigma(x) + exp(x))": "exp(x) + sigma_1(x)",
    "f: Function\nloss = sum(f(x))": "f_1(x)",
    "phi: Function\nloss = \\sum_i \\phi(x_i)": "phi_1(x)",
    "ell: Function\nloss = \\ell(y, A x)": "A.T @ ell_2(y, A @ x)",
    "phi: Function(positive=True)\nloss = sum(abs(phi(x)))": "phi_1(x)",
    "phi: Function(even=True)\nloss = sum(phi(x - y) + phi(y - x))": "2 * phi_1(x - y)",
    "phi: Function(even=True)\nloss = sum(phi_1(-x))": "-phi_11(x)",
    "phi: Function(increasing=True)\nloss = sum(log(phi_1(x)**2))": "2 * phi_11(x) / phi_1(x)",
    "phi: Function\nphi_1: Vector(n)\nloss = phi_1.T @ phi(x)": "phi_1 * phi_1(x)",
}
HESSIANS = {
    "phi: Function\nloss = sum(phi(A @ x))": "A.T @ diag(phi_11(A @ x)) @ A",
    "ell: Function\nloss = ell(y, A @ x)": "A.T @ ell_22(y, A @ x) @ A",
    "g: Function(scalar=True)\nloss = g(x)": "g_11(x)",
}
MESSAGES = {
    "phi: Function\nloss = sum(phi(x)) + phi": "phi is a function; write phi(...)",
    "phi: Function\nloss = sum(phi'(x))": "phi' is no function; write loss = sum(phi_1(x))",
    "phi: Function\nloss = phi(x, y) + phi(x)": "phi takes 2 arguments, 1 given",
    "phi: Function\nloss = phi(x, y) + phi(sum(x), y)": "phi: argument 1 is a vector where it is "
    "called first; sum(x) is a scalar",
    "phi: Function\nloss = phi(x, A)": "phi: a function of several arguments, or with scalar=True, "
    "is of numbers and vectors; A is n x n",
    "phi: Function\nloss = phi(x, y.T)": "phi: a function of several arguments, or with "
    "scalar=True, is of numbers and vectors; y.T is 1 x n; turn it with .T",
    "phi: Function\nloss = sum(phi())": "phi takes 1 to 9 arguments, 0 given",
    "phi: Function(n)\nloss = sum(phi(x))": "phi: write phi: Function; the first call tells of "
    "what it is a function",
    "phi: Function(convx=True)\nloss = sum(phi(x))": "unknown fact convx; did you mean convex?",
    "phi: Function(convex=True)\nloss = phi(x, y)": "phi is declared convex, which is said of a "
    "function of one number",
    "phi: Function(even=True, increasing=True)\nloss = sum(phi(x))": "phi: a function that is even "
    "and increasing is constant",
    "relu: Function\nloss = sum(relu(x))": "relu is the name of a function; use another name",
    "phi: Function\nphi: Vector(n)\nloss = sum(phi)": "phi is the name of a function; use another "
    "name",
    "phi: Vector(n)\nphi: Function\nloss = sum(phi)": "phi is given twice; each name has one "
    "meaning, use another name",
    "phi: Function\nphi_1: Function\nloss = sum(phi(x))": "phi_1 is the derivative of phi; use "
    "another name for one of them",
    "loss = sum(phi(x))": "unknown function phi; declare it above, as in phi: Function",
    "phi: Function\nloss = sum(phi_2(x))": "phi_2: phi has 1 argument; phi_1 is phi', phi_11 is "
    "phi''",
    "ell: Function\nloss = ell(x, y) + ell_3(x, y)": "ell_3: ell has 2 arguments; ell_1 is its "
    "derivative by the first, ell_12 by the first and second",
    "ell: Function\nloss = ell(x, y) + sum(ell_21(x, y))": "ell_21 is the transpose of ell_12; "
    "write ell_12",
    "phi: Function\no: Index(n)\nloss = phi(o, x)": "phi: o is an integer label; write Z[o] or "
    "onehot(o)",
}


@pytest.mark.parametrize(("program", "expected"), RESULTS.items())
def test_gradient(program: str, expected: str) -> None:
    """What is printed has a name for each derivative, and is true for five random functions."""
    derivation = sg.derive(HEAD + program, "x")
    assert derivation.results["x"].expression == expected
    assert derivation.verify().passed


@pytest.mark.parametrize(("program", "expected"), HESSIANS.items())
def test_hessian(program: str, expected: str) -> None:
    """Second derivatives are phi'' and matrices."""
    derivation = sg.hessian(HEAD + program, "x")
    assert derivation.results["x", "x"].expression == expected
    assert derivation.verify().passed


@pytest.mark.parametrize(("program", "expected"), MESSAGES.items())
def test_message(program: str, expected: str) -> None:
    """What cannot be is refused in the user's words."""
    with pytest.raises(sg.SymgradError) as caught:
        sg.derive(HEAD + program)
    assert caught.value.message == expected


def test_no_derivative_by_a_function() -> None:
    """A function is nothing to differentiate by."""
    with pytest.raises(sg.SymgradError, match="wrt: phi is a function that is left open"):
        sg.derive(HEAD + "phi: Function\nloss = sum(phi(x))", "phi")


@pytest.mark.parametrize("by", [(), (1,), (1, 1)])
def test_pickle(by: tuple[int, ...]) -> None:
    """An operation stays one object."""
    operation = derivative(Unspecified("phi", frozenset(), (0,)), by)
    assert pickle.loads(pickle.dumps(operation)) is operation


s, t = sympy.symbols("s t", real=True)
n, m = sympy.symbols("n m", integer=True, positive=True)
i = sympy.Symbol("i", integer=True)
x, y = sympy.MatrixSymbol("x", n, 1), sympy.MatrixSymbol("y", m, 1)
W = sympy.MatrixSymbol("W", m, n)
u = sympy.IndexedBase("u")
phi, ell = sympy.Function("phi"), sympy.Function("ell")
SYMPY = [
    (phi(s * t), "s", "t * phi_1(s * t)"),
    (phi(s, t) ** 2, "t", "2 * phi(s, t) * phi_2(s, t)"),
    (sympy.Trace(y.T * (W * x).applyfunc(phi)), "W", "(y * phi_1(W @ x)) @ x.T"),
    (ell(y, W * x), "W", "ell_2(y, W @ x) @ x.T"),
    (sympy.Sum(phi(u[i] * s), (i, 0, n - 1)), "s", "u.T @ phi_1(s * u)"),
    (phi((x.T * x)[0, 0]), "x", "2 * phi_1(norm2(x)**2) * x"),
]
REFUSED = [
    (phi(s) + phi(s, t), "phi is called as a function of a number, and of a number and a number"),
    (phi(s) + sympy.Symbol("phi", real=True), "phi is a symbol and a function"),
    (sympy.Function("f")(W), "f is the name of the result and a function"),
    (sympy.Function("relu")(s), "relu is a function of the language"),
]


@pytest.mark.parametrize(("expression", "wrt", "expected"), SYMPY)
def test_sympy(expression: Any, wrt: str, expected: str) -> None:
    """SymPy's undefined functions are such, of scalars, of entries, of vectors."""
    derivation = sg.derive(expression, wrt)
    assert derivation.results[wrt].expression == expected
    assert derivation.verify().passed


@pytest.mark.parametrize(("expression", "expected"), REFUSED)
def test_sympy_refused(expression: Any, expected: str) -> None:
    """One name means one thing."""
    with pytest.raises(sg.SymgradError, match=expected):
        sg.pullback(expression)


NET = """phi: Function
ell: Function
W: Matrix(m, n)
b: Vector(m)
V: Matrix(k, m)
c: Vector(k)
x: Vector(n)
y: Vector(k)
loss = mean(ell(y, phi(V @ phi(W @ x + b) + c)) for x, y in batch)"""
GLM = """g: Function(increasing=True)
ell: Function
w: Vector(d)
x: Vector(d)
t: Scalar
loss = mean(ell(t, g(w.T @ x)) for x, t in batch)"""
KERNEL = """phi: Function
X: Matrix(n, d)
a: Vector(n)
loss = sum(a[i] * a[j] * phi(norm2(X[i] - X[j])**2) for i in range(n) for j in range(n))"""
INDICES = KERNEL.replace("norm2(X[i] - X[j])**2", "sum((X[i, k] - X[j, k])**2 for k in range(d))")
DISTANCE = "phi: Function\nx: Vector(d)\ny: Vector(d)\nloss = phi(norm2(x - y)**2)"
LEARNED = """k: Function
X: Matrix(n, d)
a: Vector(n)
loss = sum(a[i] * a[j] * k(X[i], X[j]) for i in range(n) for j in range(n))"""
MODELS = [(NET, ["W", "c"]), (GLM, ["w"]), (KERNEL, ["X"]), (INDICES, ["X"]), (DISTANCE, ["x"])]


@pytest.mark.parametrize(("program", "wrt"), [*MODELS, (LEARNED, ["X"])])
@pytest.mark.parametrize("of", [sg.derive, sg.hessian, sg.hvp])
def test_models(program: str, wrt: list[str], of: Any) -> None:
    """A net with any activation and loss, a generalised linear model with any link, kernels with
    any function of the distance or of both points."""
    derivation = of(program, wrt)
    assert derivation.verify().passed


def test_symmetric() -> None:
    """A second derivative by one argument is its own transpose, for each example too."""
    derivation = sg.hvp(NET, ["c"])
    assert ".T" not in derivation.results["c"].expression
    assert "ell_22" in derivation.results["c"].expression
