"""Formulas as people write them: what each notation is read as, which ones are refused and why,
and that the places of errors are those of the typed text."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from random import Random

import pytest

import symgrad as sg
from symgrad.language.handwriting.tokens import tokens
from symgrad.language.inference import parse_expression
from symgrad.language.parser import parse_within
from symgrad.language.syntax import notes_of, program_tree, syntax_tree
from symgrad.language.unparse import unparse

from ..properties.programs import program

PROBLEM = sg.parse("""\
A: Matrix(n, n)
W: Matrix(m, n)
X: Matrix(m, n)
x: Vector(n)
y: Vector(n)
z: Vector(m)
b: Vector(m)
W_1: Matrix(m, n)
y_hat: Vector(m)
a: Scalar
lam: Scalar
alpha: Scalar
t: Scalar
k: Index(n)
loss = norm2(W @ x - b)**2
""")
NAMES = {*PROBLEM.variables, "n", "m", "L", "loss"}


def read(text: str) -> tuple[str, tuple[str, ...]]:
    """What a text says among the names of the problem, and what is remarked."""
    problem, expression = parse_within(PROBLEM, syntax_tree(text, NAMES).body)
    return unparse(expression), problem.remarks


READ = [
    # transposes
    ("x^T", "x.T"),
    ("x^{T}", "x.T"),
    ("x^(T) y", "x.T @ y"),
    ("xᵀ", "x.T"),
    ("x⊤ y", "x.T @ y"),
    ("x^⊤ y", "x.T @ y"),
    ("x**T", "x.T"),
    ("x'", "x.T"),
    ("x’y", "x.T @ y"),
    ("(W x - b)'(W x - b)", "(W @ x - b).T @ (W @ x - b)"),
    ("W.'b", "W.T @ b"),
    ("x.t()", "x.T"),
    ("W.T()", "W.T"),
    ("x.transpose()", "x.T"),
    ("transpose(W)", "W.T"),
    ("np.transpose(W)", "W.T"),
    ("torch.transpose(W, 0, 1)", "W.T"),
    ("x^TAy", "x.T @ A @ y"),
    ("-x^T y", "-x.T @ y"),
    # powers and inverses
    ("a^2", "a**2"),
    ("a²", "a**2"),
    ("x^2", "x**2"),
    ("x.^2", "x**2"),
    ("a^{-2}", "a**-2"),
    ("a^{2 t}", "a**(2 * t)"),
    ("a⁻¹", "a**-1"),
    ("a^-1 x", "a**-1 * x"),
    ("A^{-1}", "inv(A)"),
    ("A^-1 x", "inv(A) @ x"),
    ("A⁻¹x", "inv(A) @ x"),
    ("A^{-T} x", "inv(A).T @ x"),
    ("A^-T", "inv(A).T"),
    ("A⁻ᵀ", "inv(A).T"),
    ("(A^-1)^T", "inv(A).T"),
    ("e^{-a}", "exp(-a)"),
    ("e^x", "exp(x)"),
    ("sin^2(a)", "sin(a)**2"),
    ("2 sin a cos a", "2 * sin(a) * cos(a)"),
    ("sin 2a cos a / tan 3t", "sin(2 * a) * cos(a) / tan(3 * t)"),
    ("sin^2 2a", "sin(2 * a)**2"),
    ("sin a * cos t / exp a", "sin(a) * cos(t) / exp(a)"),
    ("1 - tanh^2 a", "1 - tanh(a)**2"),
    ("a sin^2 t cos a", "a * sin(t)**2 * cos(a)"),
    ("1 - tanh²(z)", "1 - tanh(z)**2"),
    ("sin² a + cos² a", "sin(a)**2 + cos(a)**2"),
    ("ln a + ReLU z", "log(a) + relu(z)"),
    ("2π a", "2 * pi * a"),
    ("1 - tanh^2(z)", "1 - tanh(z)**2"),
    ("log a + t", "log(a) + t"),
    ("½ log det A", "1 / 2 * log(det(A))"),
    ("½ log|A| + ln |a| t", "1 / 2 * logdet(A) + log(abs(a)) * t"),
    ("log ||x|| / 2", "log(norm2(x)) / 2"),
    # products that are not written
    ("2 x", "2 * x"),
    ("2x", "2 * x"),
    ("2 A x", "2 * A @ x"),
    ("2Ax", "2 * A @ x"),
    ("2(W x - b)", "2 * (W @ x - b)"),
    ("2 (Wx - b)x^T", "2 * (W @ x - b) @ x.T"),
    ("A(x - y)", "A @ (x - y)"),
    ("(a + t)(a - t)", "(a + t) * (a - t)"),
    ("W.T (W x - b)", "W.T @ (W @ x - b)"),
    ("λ W", "lam * W"),
    ("2λW", "2 * lam * W"),
    ("½ x", "1 / 2 * x"),
    ("1/2 x", "1 / 2 * x"),
    ("1/n X^T(X x - b)", "1 / n * X.T @ (X @ x - b)"),
    ("a x y^T", "a * x @ y.T"),
    ("3 sum(x) x", "3 * sum(x) * x"),
    ("x a", "x * a"),
    ("X^T 1", "X.T @ ones(m)"),
    ("X 1", "X @ ones(n)"),
    ("1^T X", "ones(m).T @ X"),
    ("1ᵀ(W x - b)", "ones(m).T @ (W @ x - b)"),
    ("X.T @ 1", "X.T @ ones(m)"),
    ("𝟏ᵀ X 𝟏", "ones(m).T @ X @ ones(n)"),
    ("W x + X x - b", "W @ x + X @ x - b"),
    ("X + 1 x^T", "X + ones(m) @ x.T"),
    ("𝟏xᵀ − X", "ones(m) @ x.T - X"),
    ("X + x^T", "X + ones(m) @ x.T"),
    ("np.dot(X, A) + x", "X @ A + ones(m) @ x.T"),
    ("= 2 x", "2 * x"),
    ("2 x.", "2 * x"),
    ("grad := 2 x", "2 * x"),
    # other signs for products, minus, quotients
    ("2·a", "2 * a"),
    ("a × x", "a * x"),
    ("2 · A · x", "2 * A @ x"),
    ("W × x", "W @ x"),
    ("x ⊙ y", "x * y"),
    ("x ∘ y", "x * y"),
    ("x .* y", "x * y"),
    ("x ./ y", "x / y"),
    ("A ⊗ W", "kron(A, W)"),
    ("a − t", "a - t"),
    ("a – t", "a - t"),
    ("x ÷ a", "x / a"),
    ("（a＋t）＊2", "(a + t) * 2"),
    # bars, roots, norms
    ("|a|", "abs(a)"),
    ("sum(|x|)", "sum(abs(x))"),
    ("2|a|", "2 * abs(a)"),
    ("|a||t|", "abs(a) * abs(t)"),
    ("‖x‖", "norm2(x)"),
    ("‖x‖²", "norm2(x)**2"),
    ("||x||^2", "norm2(x)**2"),
    ("||W x - b||^2", "norm2(W @ x - b)**2"),
    ("‖x‖_2^2", "norm2(x)**2"),
    ("‖x‖₂", "norm2(x)"),
    ("‖x‖_1", "norm1(x)"),
    ("|x|_1", "norm1(x)"),
    ("‖W‖_F^2", "norm2(W)**2"),
    ("‖W‖_{F}", "norm2(W)"),
    ("2‖x‖x", "2 * norm2(x) * x"),
    ("√a", "sqrt(a)"),
    ("√(a + t)", "sqrt(a + t)"),
    ("2√a x", "2 * sqrt(a) * x"),
    # conditions
    ("(z > 0)", "step(z)"),
    ("(z > 0) * b", "step(z) * b"),
    ("b ⊙ (z > 0)", "b * step(z)"),
    ("1[z > 0]", "step(z)"),
    ("1{z>0} ⊙ b", "step(z) * b"),
    ("𝟙[z > 0]", "step(z)"),
    ("I(z > 0)", "step(z)"),
    ("I[z > 0]", "step(z)"),
    ("(z < 0)", "step(-z)"),
    ("(z ≥ 0)", "1 - step(-z)"),
    ("(z <= b)", "1 - step(z - b)"),
    ("(0 < z < 1)", "step(z) * step(1 - z)"),
    ("(z > 0).astype(float)", "step(z)"),
    ("np.where(z > 0, 1, 0)", "where(z > 0, 1, 0)"),
    ("np.where(z > 0, b, 0)", "where(z > 0, b, 0)"),
    ("np.heaviside(z, 0)", "step(z)"),
    # array code
    ("np.dot(W, x)", "W @ x"),
    ("np.dot(x, y)", "dot(x, y)"),
    ("W.dot(x)", "W @ x"),
    ("W.T.dot(W.dot(x) - b)", "W.T @ (W @ x - b)"),
    ("np.matmul(W, x)", "W @ x"),
    ("torch.mm(W.t(), W)", "W.T @ W"),
    ("np.outer(b, x)", "outer(b, x)"),
    ("np.exp(x)", "exp(x)"),
    ("torch.relu(z)", "relu(z)"),
    ("torch.nn.functional.softmax(z, dim=0)", "softmax(z)"),
    ("F.softmax(X, dim=1)", "softmax(X, axis=1)"),
    ("np.sum(x)", "sum(x)"),
    ("x.sum()", "sum(x)"),
    ("X.sum(axis=1)", "sum(X, axis=1)"),
    ("np.sum(X, axis=0)", "sum(X, axis=0).T"),
    ("np.sum(X, axis=0, keepdims=True)", "sum(X, axis=0)"),
    ("sum(X, axis=0) + x", "sum(X, axis=0).T + x"),
    ("x - 2 * mean(X, axis=0) / m", "x - (2 * mean(X, axis=0) / m).T"),
    ("x * exp(sum(X, axis=0))", "x * exp(sum(X, axis=0)).T"),
    ("W @ sum(X, axis=0)", "W @ sum(X, axis=0).T"),
    ("np.sum(X, axis=0) @ W.T + b.T", "sum(X, axis=0) @ W.T + b.T"),
    ("np.sum(X, axis=0) @ x", "sum(X, axis=0) @ x"),
    ("x.T @ sum(X, axis=0)", "x.T @ sum(X, axis=0).T"),
    ("X - np.mean(X, axis=0)", "X - ones(m) @ mean(X, axis=0)"),
    ("A - np.mean(A, axis=0)", "A - ones(n) @ mean(A, axis=0)"),
    ("A - A.mean(axis=1, keepdims=True)", "A - mean(A, axis=1) @ ones(n).T"),
    ("X * -np.sum(X, 1, keepdims=True)", "X * (-sum(X, axis=1) @ ones(n).T)"),
    ("X / torch.norm(X, dim=1, keepdim=True)", "X / (norm2(X, axis=1) @ ones(n).T)"),
    ("A @ A.mean(axis=1, keepdims=True)", "A @ mean(A, axis=1)"),
    ("A @ (X.T * X.T.sum(1, keepdims=True))", "A @ (X.T * (sum(X.T, axis=1) @ ones(m).T))"),
    ("X.mean(0)", "mean(X, axis=0).T"),
    ("np.linalg.inv(A) @ x", "inv(A) @ x"),
    ("np.linalg.norm(x)", "norm2(x)"),
    ("np.linalg.norm(x, 1)", "norm1(x)"),
    ("np.linalg.norm(x, ord=1)", "norm1(x)"),
    ("np.linalg.norm(X, 'fro')", "norm2(X)"),
    ("torch.norm(X, p='nuc')", "nuclear_norm(X)"),
    ("np.multiply(x, y)", "x * y"),
    ("np.square(x)", "x**2"),
    ("torch.pow(x, 3)", "x**3"),
    ("np.ones((n, 1)) * a", "ones(n, 1) * a"),
    ("np.zeros_like(W)", "zeros(m, n)"),
    ("np.eye(n)", "eye(n)"),
    ("x / X.shape[0]", "x / m"),
    ("x / len(x)", "x / n"),
    ("ln(a)", "log(a)"),
    ("ReLU(z)", "relu(z)"),
    ("Tr(A)", "trace(A)"),
    ("inverse(A)", "inv(A)"),
    # names
    ("λ x", "lam * x"),
    ("lambda * x", "lam * x"),
    ("α x", "alpha * x"),
    ("W₁ x", "W_1 @ x"),
    ("W1 x", "W_1 @ x"),
    ("W_{1} x", "W_1 @ x"),
    ("ŷ - b", "y_hat - b"),
    ("σ(z)", "sigmoid(z)"),
    ("σ'(z) ⊙ b", "sigmoid(z) * (1 - sigmoid(z)) * b"),
    ("tanh'(z)", "1 - tanh(z)**2"),
    ("relu'(z)", "step(z)"),
    ("Σ(x)", "sum(x)"),
    ("∑(x)", "sum(x)"),
    ("W * x", "W @ x"),
    ("x.T * x", "x.T @ x"),
    ("2*(W*x - b)*x.T", "2 * (W @ x - b) @ x.T"),
    ("∇_W L = 2 W", "2 * W"),
    ("∇W = W", "W"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "same"), READ, ids=[text for text, _ in READ])
def test_a_notation_is_read(text: str, same: str) -> None:
    assert read(text)[0] == same
    assert read(same)[0] == same  # which is the language's


REMARKED = [
    ("2*W*x", "read 2*W*x as 2 * W @ x"),
    ("A^-1 x", "read A^-1 as inv(A)"),
    ("x · y", "read x · y as dot(x, y)"),
    ("‖W‖", "read ‖W‖ as the Frobenius norm, norm2(W)"),
    ("|x|", "read |x| as abs(x), entry by entry; the norm is norm2(x)"),
    ("X.sum(axis=0)", "read X.sum(axis=0) as sum(X, axis=0).T, a vector"),
    ("W^2", "read W^2 as W**2, entry by entry"),
    ("Ax", "read Ax as A x"),
    ("X + x^T", "read X + x^T as a sum with each row, ones(m) @ x.T"),
    ("σ(z)", "read σ as sigmoid"),
    ("1/2 (a - t)^2", "read 1/2 (a - t)^2 as (1 / 2) * ((a - t)^2)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "remark"), REMARKED, ids=[text for text, _ in REMARKED])
def test_what_could_be_meant_otherwise_is_told(text: str, remark: str) -> None:
    assert read(text)[1] == (remark,)


@pytest.mark.parametrize("text", ["2 * W @ x", "W.T", "x**2", "2 A x", "‖x‖²", "x^T y", "a²"])
def test_what_has_one_meaning_is_not_remarked(text: str) -> None:
    assert read(text)[1] == ()


REFUSED = [
    ("A^2", 1, "has two readings: write A**2, entry by entry, or A @ A"),
    ("A^-2", 1, "write A**-2, entry by entry, or inv(A) @ inv(A)"),
    ("A^(1/2)", 1, "write A**(1 / 2), entry by entry, or sqrtm(A)"),
    ("(A + A.T)^3", 1, "write (A + A.T)**3, entry by entry, or matrix_power(A + A.T, 3)"),
    ("x (1 - y)", 1, "write x * (1 - y), entry by entry, or x.T @ (1 - y)"),
    ("1/(2 n) sum(x)", 1, "write (1 / (2 n)) * (sum(x)) or 1 / ((2 n) * (sum(x)))"),
    ("A²", 1, "write A**2, entry by entry, or A @ A"),
    ("x y", 1, "write x * y, entry by entry, or x.T @ y"),
    ("x × y", 1, "write x * y, entry by entry, or x.T @ y"),
    ("A · A", 1, "write A * A, entry by entry, or A @ A"),
    ("A + x", 1, "shapes differ"),  # x could be a row or a column
    ("X + z", 1, "write X + z @ ones(n).T"),
    ("x^-1", 1, "write 1 / x for the reciprocal of each entry"),
    ("1/a t", 1, "write (1 / a) * t or 1 / (a * t)"),
    ("x^T y / x^T x", 1, "write (x^T y / x^T) * x or x^T y / (x^T * x)"),
    ("alpha'(a)", 1, "a number has no transpose"),
    ("sin 2 a", 1, "sin is a function; write sin(2) a, or sin(2 a)"),
    ("|x|^2 x", 1, "write abs(x)**2 * x, entry by entry, or (abs(x)**2).T @ x"),
    ("log|a|^2", 7, "Write log(|x|^2) or log(|x|)^2"),
    ("log a / t + a", 1, "write log(a) / t, or log(a / t)"),
    ("log det A A", 1, "write log(det(A)) A, or log(det(A A))"),
    ("1/2a", 1, "write (1 / 2) * a or 1 / (2 * a)"),
    ("|W|", 1, "write abs(W), entry by entry, or det(W)"),
    ("‖W‖_2", 1, "the operator norm"),
    ("‖W‖_1", 1, "the operator norm"),
    ("‖x‖_inf", 1, "the largest entry is written max(abs(x))"),
    ("‖x‖_3", 1, "there are norm1(x) and norm2(x)"),
    ("x ⊗ y", 1, "x ⊗ y has two readings"),
    ("A^-1^T", 5, "Write (A^-1)^T or A^-T"),
    ("a + x**2.T", 10, "Write (A**2).T"),
    ("log a t", 1, "log is a function; write log(a)"),
    ("2 log det A A", 3, "log is a function; write log(det(A))"),
    ("log a / t", 1, "log is a function; write log(a)"),
    ("sin a * -t", 1, "sin is a function; write sin(a)"),
    ("sin^2 a t", 1, "sin is a function; write sin(a)"),
    ("sin 2a t", 1, "sin is a function; write sin(2a)"),
    ("log det 2A A", 1, "log is a function; write log(det(2A))"),
    ("sin^a(t)", 1, "write the power after its argument"),
    ("W^-1", 1, "inv needs a square matrix"),
    ("gelu'(z)", 1, "gelu' is not read; write the derivative of gelu out"),
    ("|x", 1, "| stands alone"),
    ("a | t", 3, "| stands alone"),
    ("‖x + y", 1, "‖ stands alone"),
    ("a → t", 3, "the sign → (U+2192) is not part of the language"),
    ("a ⊕ t", 3, "the sign ⊕"),
    ("a % t", 3, "% is not part of the language"),
    ("a // t", 3, "write /"),
    ("a == t", 1, "== compares indices alone"),
    ("(z ≠ 0)", 2, "!= compares indices alone"),
    ("^2", 1, "nothing stands before ^"),
    ("√-a", 1, "√ is read before a name, a number or a bracket"),
    ("foo(x)", 1, "unknown function foo"),
    ("np.foo(x)", 1, "np.foo is no function of the language"),
    ("x.foo()", 1, "x.foo is no function of the language"),
    ("np.dot(x, A)", 1, "write A.T @ x for a column, x.T @ A for a row"),
    ("x.reshape(n, 1)", 1, "x.reshape is no function of the language"),
    ("2 x₁", 3, "x1 is not declared; an entry of x is x[0]"),
    ("x 1", 1, "how many ones are meant is not known; write ones(n)"),
    ("x 1^T", 1, "how many ones are meant is not known; write ones(n)"),
    ("a²ᵀ", 2, "the power ²ᵀ is not read"),
    ("a (", 3, "syntax"),
    ("x.sum(axis=1)", 1, "x is a vector (n x 1), with one entry along axis 1"),
    ("x.mean(axis=3)", 1, "x is a vector (n x 1), without an axis 3"),
    ("np.exp(x, x)", 1, "exp takes 1 argument, 2 given"),
    ("W x + x", 1, "shapes differ"),
    ("x W", 1, "inner dimensions differ"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "column", "message"), REFUSED, ids=[r[0] for r in REFUSED])
def test_what_is_not_read_is_refused_with_the_reason(text: str, column: int, message: str) -> None:
    with pytest.raises(sg.SymgradError) as caught:
        read(text)
    assert message in caught.value.message
    assert (caught.value.line, caught.value.column) == (1, column)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("½ ‖x‖² + q", (1, 10)),
        ("x^T y +\n q", (1, 8)),
        ("(x^T y +\n 2 ‖q‖)", (2, 5)),
        ("λ·W₁·q", (1, 6)),
        ("2(W x − b)xᵀ q", (1, 14)),
        ("1{z>0} ⊙ q", (1, 10)),
        ("Ax + q", (1, 6)),
    ],
)
def test_places_are_those_of_the_typed_text(text: str, place: tuple[int, int]) -> None:
    with pytest.raises(sg.SymgradError) as caught:
        read(text)
    assert (caught.value.line, caught.value.column) == place


def test_a_module_is_no_product_of_dimensions() -> None:
    problem = sg.parse("P: Matrix(n, p)\nx: Vector(p)\nloss = sum(sin(P @ x))")
    names = {*problem.variables, "n", "p", "L", "loss"}
    expression = parse_within(problem, syntax_tree("np.cos(P @ x)", names).body)[1]
    assert unparse(expression) == "cos(P @ x)"


def test_where_t_is_a_name_a_power_of_it_is_no_transpose() -> None:
    problem = sg.parse("x: Scalar\nT: Scalar\nloss = x**T")
    with pytest.raises(sg.ProgramError, match="two readings, as T is declared"):
        parse_within(problem, syntax_tree("x^T", {"x", "T"}).body)
    _, value = parse_within(problem, syntax_tree("x**T", {"x", "T"}).body)
    assert unparse(value) == "x**T"


EXPRESSIONS = [
    ("x.T*A*x", "x.T @ A @ x"),
    ("norm2(A*x-y)**2", "norm2(A @ x - y)**2"),
    ("x^T A x", "x.T @ A @ x"),
    ("‖A x − y‖²", "norm2(A @ x - y)**2"),
    ("(A x - b)'(A x - b)", "(A @ x - b).T @ (A @ x - b)"),
    ("½ x^T Σ⁻¹ x", "1 / 2 * x.T @ inv(Σ) @ x"),
    ("np.sum(np.exp(x))", "sum(exp(x))"),
    ("tf.reduce_mean(tf.square(X @ w - y))", "mean((X @ w - y)**2)"),
    ("e^{-a^T x}", "exp(-a.T @ x)"),
    ("A(x - b)", "A @ (x - b)"),
    ("σ(w^T x)", "sigmoid(w.T @ x)"),
    ("log(|a^T x|)", "log(abs(a.T @ x))"),
    ("mean(‖W x - y‖² for x, y in batch)", "mean(norm2(W @ x - y)**2 for x, y in batch)"),
]


@pytest.mark.parametrize(("text", "same"), EXPRESSIONS, ids=[text for text, _ in EXPRESSIONS])
def test_an_expression_without_declarations(text: str, same: str) -> None:
    assert unparse(parse_expression(text).output) == same


PROGRAMS = [
    ("x^T x", "^T is no transpose", "x.T @ x"),
    ("x' @ x", "' is no transpose", "x.T @ x"),
    ("sum(x ^ 2)", "^ is no power", "sum(x**2)"),
    ("2 sum(x)", "an operator is missing after 2", "2 * sum(x)"),
    ("sum(x .* x)", ".* is MATLAB's", "sum(x * x)"),
    ("np.sum(x)", "np.sum is array code", "sum(x)"),
    ("x.sum()", "x.sum is array code", "sum(x)"),
    ("x.T * x", "* multiplies entry by entry, the matrix product is @", "x.T @ x"),
    ("sum(ln(x))", "ln is called log", "sum(log(x))"),
    ("x.T() @ x", "T is no method", "x.T @ x"),
    ("sum(Ax)", "Ax is not declared", "sum(A @ x)"),
]


@pytest.mark.parametrize(("text", "reason", "line"), PROGRAMS, ids=[p[0] for p in PROGRAMS])
def test_a_program_is_told_the_line_that_it_means(text: str, reason: str, line: str) -> None:
    head = "x: Vector(n)\nA: Matrix(m, n)\n"
    with pytest.raises(sg.ProgramError) as caught:
        sg.parse(f"{head}loss = {text}")
    assert caught.value.message == f"{reason}; write loss = {line}"
    assert caught.value.line == 3
    assert unparse(sg.parse(f"{head}loss = {line}").output) == line


SIGNS = [
    ("‖W @ x‖²", "norm2(W @ x)**2"),
    ("sum(|x| ⊙ (x > 0))", "sum(abs(x) * step(x))"),
    ("½ * xᵀ @ x − λ * a²", "1 / 2 * x.T @ x - λ * a**2"),
    ("√a · sum(x)", "sqrt(a) * sum(x)"),
]


@pytest.mark.parametrize(("text", "same"), SIGNS, ids=[text for text, _ in SIGNS])
def test_signs_of_mathematics_are_read_in_programs(text: str, same: str) -> None:
    head = "x: Vector(n)\nW: Matrix(m, n)\na: Scalar\nλ: Scalar\n"
    assert unparse(sg.parse(f"{head}loss = {text}").output) == same


CASES = Path(__file__).parents[1] / "cases" / "cases.json"


def test_the_language_itself_stays_as_it_is() -> None:
    for case in json.loads(CASES.read_text(encoding="utf-8"))["cases"]:
        text = case["program"]
        tree = program_tree(text)
        assert ast.dump(tree) == ast.dump(ast.parse(text))
        assert [note for line in tree.body for note in notes_of(line)] == []


PYTHON = [
    "loss = sum(softmax(x, axis=0)) + 1.e5 * 2.*a + 1./a + 2.**a + 1.",  # an option, numbers
    "S: Scalar\nc: Scalar\nl: Scalar\nr: Scalar\nb: Scalar\nloss = a",  # kinds
    "t: Scalar\nc: Scalar\nb: Scalar\nh: Scalar\nloss = sum(s * a for s in batch)",
    "t: Scalar\nc: Scalar\nb: Scalar\nh: Scalar\nloss = sum(s for s in batch) * (1 / size(batch))",
    "loss = sum(x[xa] * x[si] for xa in range(n) for si in range(n))",
    "loss = a if a else s",
    "loss = (a and s) or not a",
]


@pytest.mark.parametrize("lines", PYTHON)
def test_what_python_reads_is_not_touched(lines: str) -> None:
    text = f"a: Scalar\nx: Vector(n)\ni: Index(n)\ns: Scalar\n{lines}"
    assert ast.dump(program_tree(text)) == ast.dump(ast.parse(text))


@pytest.mark.parametrize("seed", range(150))
def test_a_random_program_stays_as_it_is(seed: int) -> None:
    text = program(Random(seed)).text
    tree = program_tree(text)
    assert ast.dump(tree) == ast.dump(ast.parse(text))
    assert [note for line in tree.body for note in notes_of(line)] == []


def test_tokens_are_the_text() -> None:
    for text, *_ in (*READ, *REFUSED, *EXPRESSIONS):
        found = list(tokens(text))
        assert "".join(text[t.start : t.end] for t in found) == text


LATEX = "W: Matrix(m, n)\nx: Vector(n)\ny: Vector(m)\nlam: Scalar\n"


def test_a_program_may_have_lines_of_latex() -> None:
    text = r"""r = \hat{y} - y
\hat{y} = \tanh(W x)  # a guess
r = \hat{y} - y
loss = \frac{1}{2} \|r\|^2 + \lambda \|W\|_F^2"""
    problem = sg.parse(LATEX + text.partition("\n")[2])
    same = "y_hat = tanh(W @ x)\nr = y_hat - y\nloss = 1 / 2 * norm2(r)**2 + lam * norm2(W)**2"
    said = {**problem.definitions, "loss": problem.output}
    assert "\n".join(f"{name} = {unparse(e)}" for name, e in said.items()) == same
    assert problem.remarks[0] == r"read \hat{y} = \tanh(W x) as tanh(W @ x)"
    with pytest.raises(sg.SymgradError, match=r"line 5, column 5: \\hat\{y\} is not declared"):
        sg.parse(LATEX + text)


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        (r"loss = \|W x - q\|", 16, "q is not declared"),
        (r"loss = \|W x - x\|", 10, "shapes differ"),
        (r"loss = L + \|x\|", 8, "L is not declared"),
        (r"\|x\|^2", 1, r"write loss = \|x\|^2"),
        (r"x = \tanh(y)", 1, "x is given twice"),
        (r"b \in \mathbb{R}^{m \times n}", 1, "write b: Matrix(m, n)"),
        (r"loss = sum(W \ x)", 14, "A \\ b is solve(A, b)"),
    ],
)
def test_wrong_latex_in_a_program(line: str, column: int, message: str) -> None:
    with pytest.raises(sg.SymgradError) as caught:
        sg.parse(LATEX + line)
    assert message in caught.value.message
    assert (caught.value.line, caught.value.column) == (5, column)
