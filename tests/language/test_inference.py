"""Expressions without declarations: kinds by convention, dimensions by unification."""

from __future__ import annotations

import pytest

from symgrad.errors import ProgramError, ShapeError, SymgradError, UnknownNameError
from symgrad.language.inference import kind_of, parse_expression
from symgrad.language.unparse import unparse

INFERRED = [
    ("norm2(W @ x - y)**2", "loss; W: Matrix(m, n); x: Vector(n); y: Vector(m)"),
    ("x.T @ A @ x", "loss; x: Vector(n); A: Matrix(n, n)"),
    ("softmax(W @ x + b)", "f; W: Matrix(m, n); x: Vector(n); b: Vector(m)"),
    ("logdet(Sigma)", "loss; Sigma: Matrix(n, n)"),
    ("trace(A @ B.T)", "loss; A: Matrix(m, n); B: Matrix(m, n)"),
    ("A @ B", "f; A: Matrix(m, n); B: Matrix(n, k)"),
    ("alpha_1 * x + lam * y", "f; alpha_1: Scalar; x: Vector(n); lam: Scalar; y: Vector(n)"),
    ("\u03b1 * x", "f; \u03b1: Scalar; x: Vector(n)"),
    ("Z[v].T @ Z[u]", "loss; Z: Matrix(m, n); v: Index(m); u: Index(m)"),
    ("norm2(x - ones(n))**2 / n", "loss; x: Vector(n)"),
    ("sum(W @ ones(3))", "loss; W: Matrix(n, 3)"),
    ("n + m * k", "f; n: Vector(p); m: Vector(p); k: Vector(p)"),
    ("norm2(y - f)", "loss; y: Vector(n); f: Vector(n)"),
    ("  x.T @ x\n", "loss; x: Vector(n)"),
    ("(x\n + y)", "f; x: Vector(n); y: Vector(n)"),
    ('einsum("ij,j->i", A, b)', "f; A: Matrix(m, n); b: Vector(n)"),
    (
        "mean(cross_entropy(y, softmax(W @ x)) for x, y in batch) + lam * norm2(W)**2",
        "loss; y: Vector(m); W: Matrix(m, n); x: Vector(n); lam: Scalar",
    ),
    ("3", "loss"),
    ("theta.T @ x - alpha", "loss; theta: Vector(n); x: Vector(n); alpha: Scalar"),
    ("norm2(X @ beta - y)", "loss; X: Matrix(m, n); beta: Vector(n); y: Vector(m)"),
    ("norm2(x - mu)", "loss; x: Vector(n); mu: Vector(n)"),
    ("||X beta - y||^2", "loss; X: Matrix(m, n); beta: Vector(n); y: Vector(m)"),
    ("alpha' K alpha", "loss; alpha: Vector(n); K: Matrix(n, n)"),
    ("x'Ax", "loss; x: Vector(n); A: Matrix(n, n)"),
    ("a^TXb", "loss; a: Vector(m); X: Matrix(m, n); b: Vector(n)"),
    ("x'beta", "loss; x: Vector(n); beta: Vector(n)"),
    ("(y - X*b)'*(y - X*b)", "loss; y: Vector(m); X: Matrix(m, n); b: Vector(n)"),
    ("tr(A*X'*B)", "loss; A: Matrix(m, n); X: Matrix(k, n); B: Matrix(k, m)"),
    ("1/2 ||Xw - y||^2", "loss; X: Matrix(m, n); w: Vector(n); y: Vector(m)"),
    ("||Xi w||^2", "loss; Xi: Matrix(m, n); w: Vector(n)"),
    ("norm2(Wx @ h)", "loss; Wx: Matrix(m, n); h: Vector(n)"),
    ("f(X) = ||AX - B||_F^2", "loss; A: Matrix(m, n); X: Matrix(n, k); B: Matrix(m, k)"),
    ("L = norm2(W @ x - y)**2", "loss; W: Matrix(m, n); x: Vector(n); y: Vector(m)"),
    ("f = W @ x", "f; W: Matrix(m, n); x: Vector(n)"),
    ("𝐱ᵀ𝐀𝐱", "loss; x: Vector(n); A: Matrix(n, n)"),
    ("log det(X) + lambda x'x", "loss; X: Matrix(n, n); lam: Scalar; x: Vector(m)"),
    ("min_w ||Xw - y||^2", "loss; X: Matrix(m, n); w: Vector(n); y: Vector(m)"),
]


@pytest.mark.parametrize(("text", "declared"), INFERRED, ids=[text for text, _ in INFERRED])
def test_declarations_are_inferred(text: str, declared: str) -> None:
    problem = parse_expression(text)
    lines = [problem.output_name]
    for variable in problem.variables.values():
        inside = ", ".join(map(str, variable.dims))
        lines.append(f"{variable.name}: {variable.kind}" + f"({inside})" * bool(inside))
    assert "; ".join(lines) == declared


SCALARS = [
    ("(y - w.T @ x)**2", "y", "w x"),
    ("x**2 + 3 * x", "x", ""),
    ("x' A x + b' x + c", "c", "x b"),
    (r"y \log p + (1 - y) \log(1 - p)", "y p", ""),
    ("x^2 y + sin(xy)", "x y", ""),
    ("3 x^2 y", "x y", ""),
    ("norm2(X @ w - y)**2 * c", "c", "w y"),
    ("max(0, 1 - y * w.T @ x)", "y", "w x"),
    ("hinge(y * (w.T @ x + b))", "y b", "w x"),
    ("where(x > 0, x, 0)", "x", ""),
    ("sum((w.T @ x - y)**2 for x, y in batch)", "y", "w x"),
    (r"\frac{1}{2}(y - w^\top x)^2", "y", "w x"),
    ("softmax(x)", "", "x"),
    ("norm2(x - y)**2 + y", "", "x y"),
    ("W @ x + b", "", "x b"),
    ("x @ y.T", "", "x y"),
    ("sum(softmax(Q @ K.T / d**0.5, axis=1) @ V)", "d", ""),
]


@pytest.mark.parametrize(("text", "scalars", "vectors"), SCALARS, ids=[s[0] for s in SCALARS])
def test_what_only_meets_entry_by_entry_is_a_scalar_where_one_is_wanted(
    text: str, scalars: str, vectors: str
) -> None:
    problem = parse_expression(text, scalar=True)
    kinds = {name: variable.kind for name, variable in problem.variables.items()}
    lower = {name: kind for name, kind in kinds.items() if name.islower()}
    wanted = dict.fromkeys(scalars.split(), "Scalar") | dict.fromkeys(vectors.split(), "Vector")
    assert lower == wanted
    assert (problem.output_name == "loss") is bool(scalars)
    said = [f"read {' and '.join(scalars.split())} as " in remark for remark in problem.remarks]
    assert any(said) is bool(scalars)


LINES = [
    ("z = W @ x + b\np = softmax(z)\n-sum(y * log(p))", "W x b y", "z p"),
    ("f = w.T @ x + b; L = (f - y)**2", "w x b y", "f"),
    (r"\begin{aligned} z &= W x \\ L &= \|z - y\|^2 \end{aligned}", "W x y", "z"),
    ("\\begin{align}\nh &= \\sigma(W_1 x) \\\\\nL &= \\|h - y\\|^2\n\\end{align}", "W_1 x y", "h"),
    ("\\hat{y} = \\tanh(W x)\nL = \\|y - \\hat{y}\\|^2", "W x y", "y_hat"),
    (r"L(y, \hat{y}) = -\sum_i y_i \log \hat{y}_i, \quad \hat{y} = \sigma(z)", "y z", "y_hat"),
]


@pytest.mark.parametrize(("text", "names", "defined"), LINES, ids=[row[0] for row in LINES])
def test_lines_before_the_last_one_are_definitions(text: str, names: str, defined: str) -> None:
    problem = parse_expression(text, scalar=True)
    assert " ".join(problem.variables) == names
    assert " ".join(problem.definitions) == defined
    assert problem.output_name == "loss"


def test_examples_carry_the_batch() -> None:
    problem = parse_expression("sum(norm2(W @ x - y)**2 for x, y in batch)")
    assert problem.batch == {"x": "batch", "y": "batch"}
    assert problem.parameters == ("W",)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("x", "Vector"),
        ("hidden", "Vector"),
        ("W1", "Matrix"),
        ("A_hat", "Matrix"),
        ("Sigma", "Matrix"),
        ("sigma", "Scalar"),
        ("eps", "Scalar"),
        ("beta2", "Scalar"),
        ("t", "Vector"),
    ],
)
def test_the_convention(name: str, kind: str) -> None:
    assert kind_of(name) == kind


Place = tuple[int | None, int | None]
WRONG: list[tuple[str, type[SymgradError], Place, str]] = [
    ("x @ y", ShapeError, (1, 1), "x @ y: inner dimensions differ"),
    ("W @ x + y @ z", ShapeError, (1, 9), "y @ z: inner dimensions differ"),
    ("(x\n + y @ z)", ShapeError, (2, 4), "y @ z: inner dimensions differ"),
    ("W + x", ShapeError, (1, 1), "W is m x n, x is a vector (m x 1)"),
    ("det(x)", ShapeError, (1, 1), "det needs a square matrix; x is a vector (n x 1)"),
    ("x - ones(n) + y - ones(m)", ShapeError, (1, 1), "shapes differ"),
    ("sum(ones(n))", UnknownNameError, (None, None), "no name here has the dimension n"),
    ("foo(x)", UnknownNameError, (1, 1), "unknown function foo"),
    ("1 + softmx(x)", UnknownNameError, (1, 5), "did you mean softmax"),
    ("exp + x", UnknownNameError, (1, 1), "exp is a function"),
    ("x + _y", UnknownNameError, (None, None), "'_y' is no valid name"),
    ("x +", ProgramError, (1, 4), "syntax"),
    ("norm2(Xw - y)**2", ShapeError, (1, 7), "(Xw was read as one name; a product is written X w)"),
    ("𝐱ᵀ𝐀𝐱 + x", UnknownNameError, (1, None), "look like others"),
    ("W + x", ShapeError, (1, 1), "in lower case, x is read as a vector"),
    ("x = x + y", ProgramError, (1, 1), "one expression is wanted"),
    ("x; y", ProgramError, (1, 1), "one expression is wanted"),
    ("x: Vector(n)\nx.T @ x", ProgramError, (1, 1), "one expression is wanted"),
    ("W = A @ x\nW = W + b\nW", ProgramError, (2, 1), "one expression is wanted"),
    ("z = W @ x\nz = A @ x\nz", UnknownNameError, (None, None), "z is given twice"),
    ("", ProgramError, (None, None), "one expression is wanted"),
    ("x" * 70_000, ProgramError, (None, None), "too long"),
    ("__import__('os').system('true')", ProgramError, (1, 1), "is no function of the language"),
    ("9**9**9", ProgramError, (1, 1), "the exponent"),
    ("x.real", ProgramError, (1, 1), "the only attribute is .T"),
    ("F.cross_entropy(z, y)", ProgramError, (1, 1), "write cross_entropy(y, softmax(z))"),
    (
        "torch.nn.functional.binary_cross_entropy(p, y)",
        ProgramError,
        (1, 1),
        "the label is first",
    ),
]

WRONG += [
    (
        r"\Gamma(\alpha)",
        UnknownNameError,
        (1, 1),
        "Gamma is no function of the language; the gamma",
    ),
    (r"x^\top \operatorname{vec}(A)", UnknownNameError, (1, 8), "vec is no function"),
    (r"\foo x", UnknownNameError, (1, 1), r"\foo is not read in a formula"),
    (r"(h_\theta(x) - y)^2", UnknownNameError, (1, 2), "h_theta is no function"),
    (r"\frac{x", ProgramError, (1, 8), "} is expected here, not the end"),
    (r"\sin x + x^\top", ShapeError, (1, 1), "shapes differ"),
    (r"\phi(W x)", UnknownNameError, (1, 1), "in a program it is left open, as phi: Function"),
    (r"\phi(x)^\top w", UnknownNameError, (1, 1), "phi is no function"),
    (r"\operatorname{softmax}(X W) Y^\top", ShapeError, (1, 1), "of each row or of each column"),
    ("f'(x)", ProgramError, (1, 2), "f'(x) has two readings"),
    ("∇f(x)", ProgramError, (1, 1), "what is given is differentiated itself"),
    ("∂f/∂x", ProgramError, (1, 1), "what is given is differentiated itself"),
    ("log det(X)^2", ProgramError, (1, 11), "what is raised here?"),
    ("lambda x: x**2", ProgramError, (1, 1), "lambda is not part of the language"),
    ("x.A.x", ProgramError, (1, 1), "a product is written with @"),
    ("Log[Det[X]]", ProgramError, (1, 1), "write Log[...] as log(...)"),
    (r"\sum_j W_{ij} x_j", ProgramError, (1, 8), "entries (with an index)"),
]


@pytest.mark.parametrize(
    ("text", "kind", "place", "message"), WRONG, ids=[w[0][:30] for w in WRONG]
)
def test_what_is_refused(text: str, kind: type[SymgradError], place: Place, message: str) -> None:
    with pytest.raises(kind) as caught:
        parse_expression(text)
    assert message in caught.value.message
    assert (caught.value.line, caught.value.column) == place


LATEX = [
    (r"\frac{1}{2} \|Wx - y\|^2", "W: m n, x: n, y: m", "1 / 2 * norm2(W @ x - y)**2"),
    (r"$x^\top A x$", "x: n, A: n n", "x.T @ A @ x"),
    (
        r"\|W_1 x\|_2^2 + \lambda \|W_1\|_F^2",
        "W_1: m n, x: n, lam",
        "norm2(W_1 @ x)**2 + lam * norm2(W_1)**2",
    ),
    (r"\sigma(W x + b)", "W: m n, x: n, b: m", "sigmoid(W @ x + b)"),
    (r"\frac{1}{\sigma^2} e^{x}", "sigma, x: n", "1 / sigma**2 * exp(x)"),
    (r"-\sum_i y_i \log \hat{y}_i", "y: n, y_hat: n", "-sum(y * log(y_hat))"),
    (r"\frac1n \sum_{i=1}^n x_i^2", "x: n", "1 / n * sum(x**2)"),
    (r"\mathbf{1}_n^\top \exp(x)", "x: n", "ones(n).T @ exp(x)"),
    (r"\log\det(A + I)", "A: n n", "log(det(A + eye(n)))"),
    (r"x^\top x^{(2)}", "x: n, x_2: n", "x.T @ x_2"),
    (r"\prod_{i=1}^n x_i", "x: n", "prod(x)"),
    (r"\mathbf{w}\cdot\mathbf{x}", "w: n, x: n", "w.T @ x"),
    (
        r"\frac1n \sum_{i=1}^n (w^\top x^{(i)} - y^{(i)})^2 + \lambda \|w\|^2",
        "w: m, x: m, y, lam",
        "1 / size(batch) * sum((w.T @ x - y)**2 for x, y in batch) + lam * norm2(w)**2",
    ),
    (
        r"\frac1N \sum_i \|y_i - W x_i\|^2",
        "y: m, W: m n, x: n",
        "1 / size(batch) * sum(norm2(y - W @ x)**2 for x, y in batch)",
    ),
    (r"\sum_i \mathbf{w}\cdot\mathbf{x}_i", "w: n, x: n", "sum(w.T @ x for x in batch)"),
    (
        r"\sum_i \|x_i - \mu\|^2",
        "x: n, mu: n",
        "sum(norm2(x - mu)**2 for x in batch)",
    ),
    (r"\|X\beta - y\|^2", "X: m n, beta: n, y: m", "norm2(X @ beta - y)**2"),
    (r"\sigma(\theta^\top x)", "theta: n, x: n", "sigmoid(theta.T @ x)"),
    (r"\lambda x + \boldsymbol{\beta}", "lam, x: n, beta: n", "lam * x + beta"),
    (
        r"(x - \mu)^\top \Sigma^{-1} (x - \mu) + \log|\Sigma|",
        "x: n, mu: n, Sigma: n n",
        "(x - mu).T @ inv(Sigma) @ (x - mu) + logdet(Sigma)",
    ),
    (r"\ln\det\Sigma", "Sigma: n n", "log(det(Sigma))"),
    (r"J(w) = \|Xw\|^2", "X: m n, w: n", "norm2(X @ w)**2"),
    (
        r"\sum_{(x,y)\in D} \lVert y - W x \rVert_2^2",
        "y: m, W: m n, x: n",
        "sum(norm2(y - W @ x)**2 for x, y in batch)",
    ),
    (
        r"\frac{1}{|\mathcal{T}|} \sum_{x \in \mathcal{T}} \log(1 + e^{-w^\top x})",
        "w: n, x: n",
        "1 / size(batch) * sum(log(1 + exp(-(w.T @ x))) for x in batch)",
    ),
    (
        r"\mathbb{E}_{(x,y)\sim p_{data}}\left[ \| y - W x \|^2 \right]",
        "y: m, W: m n, x: n",
        "1 / size(batch) * sum(norm2(y - W @ x)**2 for x, y in batch)",
    ),
    (
        r"E_x[\|x - \mu\|^2]",
        "x: n, mu: n",
        "1 / size(batch) * sum(norm2(x - mu)**2 for x in batch)",
    ),
    (
        r"\sum_{n \in \mathcal{N}} (t_n - w^\top x_n)^2",
        "t, w: n, x: n",
        "sum((t - w.T @ x)**2 for t, x in batch)",
    ),
    (
        r"\sum_{(x,y) \in D} \sum_k y_k \log \operatorname{softmax}(W x)_k",
        "y: m, W: m n, x: n",
        "sum(sum(y * log(softmax(W @ x))) for x, y in batch)",
    ),
    (r"L_i = -f_{y_i} + \log \sum_j e^{f_j}", "f: n, y: n", "-f[y] + log(sum(exp(f)))"),
    (
        r"-\frac12 \log|\Sigma| - 2 x^\top x",
        "Sigma: n n, x: m",
        "-1 / 2 * logdet(Sigma) - 2 * x.T @ x",
    ),
    (r"\log \operatorname{softmax}(\theta)", "theta: n", "log(softmax(theta))"),
    (r"W^{(1)} x + b^{(1)}", "W_1: m n, x: n, b_1: m", "W_1 @ x + b_1"),
    (r"\begin{align} \|x\|^2 \end{align}", "x: n", "norm2(x)**2"),
    (r"\frac1N \|Xw\|^2", "N, X: m n, w: n", "1 / N * norm2(X @ w)**2"),
    (r"\frac{1}{2n} X^\top X w", "n, X: k m, w: m", "1 / (2 * n) * X.T @ X @ w"),
    (r"\sum x_i y_i", "x: n, y: n", "sum(x * y)"),
    (r"\sum (y_i - w^\top x_i)^2", "y, w: n, x: n", "sum((y - w.T @ x)**2 for x, y in batch)"),
    (r"f = \sin(x)", "x: n", "sin(x)"),
    (r"{}^t x A x", "x: n, A: n n", "x.T @ A @ x"),
    (r"\mathbf{x}^T\mathbf{Ax}", "x: n, A: n n", "x.T @ A @ x"),
    (r"\mathbf{XX}^T", "X: m n", "X @ X.T"),
    (r"\frac12 Tr[A^T A]", "A: m n", "1 / 2 * trace(A.T @ A)"),
    (r"\left< A, X \right>", "A: m n, X: m n", "dot(A, X)"),
    ("⟨x, Ay⟩", "x: m, A: m n, y: n", "dot(x, A @ y)"),
    ("∑ᵢ ½ xᵢ¹²", "x: n", "sum(1 / 2 * x**12)"),
    (
        "(1/n) ∑ᵢ (yᵢ − wᵀxᵢ)²",
        "y, w: m, x: m",
        "1 / size(batch) * sum((y - w.T @ x)**2 for x, y in batch)",
    ),
    (r"‖A − UVᵀ‖²_F", "A: m n, U: m k, V: n k", "norm2(A - U @ V.T)**2"),
    (r"\frac12 xᵀΣ⁻ᵀx", "x: n, Sigma: n n", "1 / 2 * x.T @ inv(Sigma).T @ x"),
    (r"\sum_{j=1}^J (\mu_j^2 - \log \sigma_j)", "mu: J, sigma: J", "sum(mu**2 - log(sigma))"),
    (
        r"\sum_i w_i (y_i - x_i^\top \beta)^2",
        "w, y, x: n, beta: n",
        "sum(w * (y - x.T @ beta)**2 for w, x, y in batch)",
    ),
    (r"\frac{\|QK^\top\|}{\sqrt{d_k}}", "Q: m n, K: k n, d_k", "norm2(Q @ K.T) / sqrt(d_k)"),
    (r"\min_{w \in \mathbb{R}^d} \|Xw\|^2", "X: m n, w: n", "norm2(X @ w)**2"),
    (r"\hat\beta = \arg\min_\beta \|X\beta\|", "X: m n, beta: n", "norm2(X @ beta)"),
    (r"\underset{X}{\operatorname{minimize}} \|AX\|", "A: m n, X: n k", "norm2(A @ X)"),
    (r"\operatorname*{argmin}_w \|Xw\|", "X: m n, w: n", "norm2(X @ w)"),
    (r"\min_i x_i", "x: n", "min(x)"),
    (r"\phi(1 - \phi)", "phi", "phi * (1 - phi)"),
    (
        r"\operatorname{softmax}\left(\frac{QK^\top}{\sqrt{d}}\right) V",
        "Q: m n, K: k n, d, V: k p",
        "softmax(Q @ K.T / sqrt(d), axis=1) @ V",
    ),
    (r"\frac{w^\top A w}{w^\top S_W w}", "w: n, A: n n, S_W: n n", "w.T @ A @ w / (w.T @ S_W @ w)"),
    (
        r"MSE = \frac1n \sum_{i=1}^n (Y_i - \hat{Y}_i)^2",
        "Y: n, Y_hat: n",
        "1 / n * sum((Y - Y_hat)**2)",
    ),
    (r"KL(q \| p) = \sigma^2 + \mu^2", "sigma, mu", "sigma**2 + mu**2"),
    (r"\|ReLU(W x)\|^2", "W: m n, x: n", "norm2(relu(W @ x))**2"),
    ("sum_i lambda_i x_i^2", "lam: n, x: n", "sum(lam * x**2)"),
    (
        "sum_{i=1}^n (y_i - w^T x_i)^2",
        "y, w: m, x: m",
        "sum((y - w.T @ x)**2 for x, y in batch)",
    ),
    (
        r"\sum_{i=1}^{n-1} |x_{i+1} - x_i|",
        "x: n",
        "sum(abs(vector(x[i + 1] for i in range(n - 1)) - vector(x[i] for i in range(n - 1))))",
    ),
    ("bᵀA†b", "b: n, A: n n", "b.T @ pinv(A) @ b"),
    ("Σᵢ yᵢ log pᵢ", "y: n, p: n", "sum(y * log(p))"),
    ("xᵀΣₖ⁻¹x + \\log|Σₖ|", "x: n, Sigma_k: n n", "x.T @ inv(Sigma_k) @ x + logdet(Sigma_k)"),
    (
        r"\sum_{i,j} A_{ij} \|x_i - x_j\|^2",
        "A: n n, x: n m",
        "sum(sum(A[i, j] * norm2(x[i] - x[j])**2 for j in range(n)) for i in range(n))",
    ),
    (
        r"\sum_{i,j} (M_{ij} - u_i^\top v_j - b_i)^2",
        "M: m n, u: m k, v: n k, b: m",
        "sum(sum((M[i, j] - u[i].T @ v[j] - b[i])**2 for j in range(n)) for i in range(m))",
    ),
    (
        r"\sum_{i=1}^N \log \sum_{k=1}^K \pi_k e^{-\|x_i - \mu_k\|^2}",
        "pi: K, x: N n, mu: K n",
        "sum(log(sum(pi[k] * exp(-norm2(x[i] - mu[k])**2) for k in range(K))) for i in range(N))",
    ),
    (
        r"\sum_{i \neq j} A_{ij} x_i x_j",
        "A: n n, x: n",
        "sum(sum(A[i, j] * x[i] * x[j] for j in range(n) if j != i) for i in range(n))",
    ),
    (
        r"\sum_i \sum_{j > i} \frac{1}{|x_i - x_j|}",
        "x: n",
        "sum(sum(1 / abs(x[i] - x[j]) for j in range(i + 1, n)) for i in range(n))",
    ),
    (
        r"\sum_{j \neq y} \max(0, s_j - s_y)",
        "s: n, y: n",
        "sum(where(1 - onehot(y) > 0, maximum(0, s - s[y]), 0))",
    ),
]


@pytest.mark.parametrize(("text", "declared", "same"), LATEX, ids=[row[0] for row in LATEX])
def test_latex_is_read(text: str, declared: str, same: str) -> None:
    problem = parse_expression(text)
    shapes = (" ".join(map(str, v.dims)) for v in problem.variables.values())
    names = (
        f"{name}: {shape}" if shape else name
        for name, shape in zip(problem.variables, shapes, strict=True)
    )
    assert ", ".join(names) == declared
    assert unparse(problem.output) == same


@pytest.mark.parametrize(
    ("formula", "variables"),
    [
        (r"-z_y + \log \sum_j e^{z_j}", "z: Vector(n), y: Index(n)"),
        (r"-\log \operatorname{softmax}(z)_y", "z: Vector(n), y: Index(n)"),
        (r"1 + \max_j s_j - s_y", "s: Vector(n), y: Index(n)"),
        (r"\sum_{i,j} y_{ij} \log p_{ij}", "y: Matrix(m, n), p: Matrix(m, n)"),
        (r"\lambda (\|u\|^2 + 1)", "lam: Scalar(), u: Vector(n)"),
        (r"\|A^2 x\|", "A: Matrix(n, n), x: Vector(n)"),
    ],
)
def test_the_names_of_a_formula_in_latex(formula: str, variables: str) -> None:
    found = parse_expression(formula, scalar=True).variables.values()
    assert (
        ", ".join(f"{v.name}: {v.kind}({', '.join(map(str, v.dims))})" for v in found) == variables
    )


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        (r"\mathbb{E}[\|x\|^2]", "an expectation is written as a mean"),
        (r"E[\|x\|^2]", "an expectation is written as a mean"),
        (r"E_{}[\|x\|^2]", "an expectation is written as a mean"),
        (r"\frac{}{2} x^\top x", "nothing stands between these braces"),
        (r"\sum_i e^{w_{y_i}^\top x_i}", "an index with an index"),
        (r"\frac{d}{dx} \|x\|^2", "what is given is differentiated itself"),
        (r"\nabla_w \|Xw\|^2", "what is given is differentiated itself"),
        (r"{\partial \|AX\|^2 \over \partial X}", "what is given is differentiated itself"),
    ],
)
def test_signs_that_are_no_variables(formula: str, said: str) -> None:
    with pytest.raises(SymgradError, match=said):
        parse_expression(formula)
