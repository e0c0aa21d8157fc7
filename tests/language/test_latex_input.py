"""LaTeX as people write it, read as text of the language."""

from __future__ import annotations

from contextlib import suppress
from random import Random

import pytest

import symgrad as sg

PROGRAM = """
W: Matrix(m, n)
W2: Matrix(k, m)
A: Matrix(n, n)
x: Vector(n)
y: Vector(m)
p: Vector(k)
lam: Scalar
Sigma: Matrix(n, n)
o: Index(k)
l: Index(m)
yhat = W @ x
loss = norm2(W @ x - y)**2
"""
BATCH = """
x: Vector(n)
t: Scalar
w: Vector(n)
loss = sum((w.T @ x - t)**2 for x, t in batch)
"""
ROWS = """
X: Matrix(N, n)
A: Matrix(n, n)
y: Vector(N)
w: Vector(n)
loss = norm2(X @ w - y)**2
"""

READ = [
    (r"2 (Wx-y)x^T", "2 * (W @ x - y) @ x.T"),
    (r"2\left(W x - y\right) x^\top", "2 * (W @ x - y) @ x.T"),
    (r"W_2^T p", "W2.T @ p"),
    (r"\mathbf{W}_{2}^{\mathsf T} \bm{p}", "W2.T @ p"),
    (r"x' A x", "x.T @ A @ x"),
    (r"\mathbf{x} \cdot \mathbf{x}", "x.T @ x"),
    (r"2 A x \cdot A x", "(2 * A @ x).T @ (A @ x)"),
    (r"A \cdot x", "A @ x"),
    (r"A x^T x", "A * (x.T @ x)"),
    (r"\operatorname{bce}(p, p)", "binary_cross_entropy(p, p)"),
    (r"A^{-1} x", "inv(A) @ x"),
    (r"A^{-\top} x", "inv(A).T @ x"),
    (r"A^2", "A @ A"),
    (r"(W_2)_{o,l} [o = o]", "W2[o, l] * (o == o)"),
    (r"A^{\odot 2}", "A**2"),
    (r"\tfrac12 \|x\|_2^2", "1 / 2 * norm2(x)**2"),
    (r"\dfrac{\lambda}{2}\lVert W \rVert_F^2", "lam / 2 * norm2(W)**2"),
    (r"1/2 x^Tx", "1 / 2 * (x.T @ x)"),
    (r"\|x\|_1", "norm1(x)"),
    (r"\|x\|_3^3", "sum(abs(x)**3)"),
    (r"\|x\|_3", "sum(abs(x)**3)**(1 / 3)"),
    (r"\|x - x\|_{\lambda}^2", "(sum(abs(x - x)**lam)**(1 / lam))**2"),
    (r"\|x\|_A^2", "x.T @ A @ x"),
    (r"\|x - x\|_{A^{-1}}", "sqrt((x - x).T @ inv(A) @ (x - x))"),
    (r"\sqrt[3]{\lambda} + \sqrt[\lambda]{2}", "lam**(1 / 3) + 2**(1 / lam)"),
    (r"\nabla_x^2 L = A", "d2L/dxdx = A"),
    (r"\nabla^2 L(x) = A", "d2L/dxdx = A"),
    (r"\frac{\partial^2 L}{\partial x \partial x^\top} = A", "d2L/dxdx = A"),
    (r"\partial_x L = x", "dL/dx = x"),
    (r"\nabla L(x) = x", "dL/dx = x"),
    (r"\sum_{i,j} w_{ij} x_j", 'sum(sum(einsum("ij,j->ij", W, x), axis=1))'),
    (r"\|W\|_* + \|W\|_{*}", "nuclear_norm(W) + nuclear_norm(W)"),
    (r"\lambda I + A", "lam * eye(n) + A"),
    (r"\mathbf 1^\top x", "ones(n).T @ x"),
    (r"x - \mathbf{1}", "x - 1"),
    (r"\sigma(y) (1 - \sigma(y))", "sigmoid(y) * (1 - sigmoid(y))"),
    (r"\sigma'(y) \circ y", "sigmoid(y) * (1 - sigmoid(y)) * y"),
    (r"\hat{y} - y", "yhat - y"),
    (r"\log\left(1 + e^{-\lambda}\right)", "log(1 + exp(-lam))"),
    (r"\ln \lambda", "log(lam)"),
    (r"\log|\det A|", "logdet(A)"),
    (r"y * \sigma(y)(1 - \sigma(y))", "y * (sigmoid(y) * (1 - sigmoid(y)))"),
    (r"W^T y * x + A * x", "(W.T @ y) * x + A @ x"),
    (r"2 * x^T * A \ast x", "2 * x.T @ A @ x"),
    (r"\log \lambda*x", "log(lam) * x"),
    (r"\mathbf{1} * x - x * \mathbf{1}_n", "1 * x - x * ones(n)"),
    (r"\frac{\partial L}{\partial W_{tr}} = W_{tr}", "dL/dW = W"),
    (r"\operatorname{tr}(A^T A)", "trace(A.T @ A)"),
    (r"\mathrm{diag}(x) A", "diag(x) @ A"),
    (r"\mathbf{1}[x > 0]", "step(x)"),
    (r"\mathbb{1}\{x > 0\} \odot x", "step(x) * x"),
    (r"\max(0, x)", "maximum(0, x)"),
    (r"\max_i x_i", "max(x)"),
    (r"\max_{i \ne o} p_i", "max(where(1 - onehot(o) > 0, p, min(p)))"),
    (r"[1 + \max_{i \ne o} p_i - p_o]_+",
     "relu(1 + max(where(1 - onehot(o) > 0, p, min(p))) - p[o])"),
    (r"\min_{i : x_i > 0} x_i", "min(where(x > 0, x, max(x)))"),
    (r"\lambda/2 x + \lambda/2 \|x\|^2 x", "lam / 2 * x + lam / 2 * (norm2(x)**2 * x)"),
    (r"1{,}000{,}000 x + 1\,000 x + 0{,}5 x", "1000000 * x + 1000 * x + 0.5 * x"),
    (r"11^\top x + 1 1^T x", "ones(n) @ ones(n).T @ x + ones(n) @ ones(n).T @ x"),
    (r"A{}^\top x + {\sf A}x", "A.T @ x + A @ x"),
    (r"x^{\mathrm{\scriptstyle T}} x", "x.T @ x"),
    (r"A^{-1/2} x", "inv(sqrtm(A)) @ x"),
    (r"(1 - \lambda)^+", "relu(1 - lam)"),
    (r"A x \over \lambda", "A @ x / lam"),
    (r"\operatorname{arcosh} \lambda", "arccosh(lam)"),
    (r"D_{\mathrm{KL}}(p \,\|\, q) = \lambda", "D_KL = lam"),
    (r"\mathrm{KL}(p || q) = \|x\|", "KL = norm2(x)"),
    (r"\log q(x) = -\|x\|^2", "log_q = -norm2(x)**2"),
    (r"W_{2,ol}", "W2[o, l]"),
    (r"\newcommand{\norm}[1]{\left\lVert#1\right\rVert} \norm{Ax}^2", "norm2(A @ x)**2"),
    (r"\def\q#1{#1^\top#1} \DeclareMathOperator{\Tr}{Tr} \Tr(A) \q x", "trace(A) * x.T @ x"),
    (r"\sin^2 x", "sin(x)**2"),
    (r"\sec^2 x", "sec(x)**2"),
    (r"\operatorname{sech} x", "sech(x)"),
    (r"\sum e^{x_i}", "sum(exp(x))"),
    (r"y_i = \sum W_{ij} x_j", 'y = sum(einsum("ij,j->ij", W, x), axis=1)'),
    (r"\left( \sum_i x_i \right) + x_i", "sum(x) + x"),
    (r"x_i - \sum_i x_i", "x - sum(x)"),
    (r"x_j y_i", 'einsum("ij->ji", einsum("i,j->ij", x, y))'),
    (r"A_{ij} \delta_{ij}", "A * matrix((i == j) for i in range(n) for j in range(n))"),
    (r"r = Wx, \quad \nabla_x L = W^T r", "r = W @ x\ndL/dx = W.T @ r"),
    (r"\mathrm{ReLU}(x)", "relu(x)"),
    (r"p_o", "p[o]"),
    (r"\mathbf{e}_o", "onehot(o)"),
    (r"\langle x, A x\rangle", "dot(x, A @ x)"),
    (r"\sum_{i=1}^n x_i", "sum(x)"),
    (r"\sum_{i,j} [i = j] x_i", 'sum(sum(einsum("ij,i->ij", eye(n), x), axis=1))'),
    (r"\sum_i e^{x_i}", "sum(exp(x))"),
    (r"\frac{e^{x_i}}{\sum_j e^{x_j}}", "exp(x) / sum(exp(x))"),
    (r"\sqrt{\lambda}", "sqrt(lam)"),
    (r"\frac{\partial L}{\partial W} = 2(Wx-y)x^T", "dL/dW = 2 * (W @ x - y) @ x.T"),
    (r"\nabla_x L = \frac{\lambda \mathbf 1}{n}", "dL/dx = lam * ones(n) / n"),
    (r"\nabla_x L = -\frac{\mathbf 1}{\lambda}", "dL/dx = -(ones(n) / lam)"),
    (r"\nabla_x L = \lambda \mathbf{0}", "dL/dx = lam * zeros(n)"),
    (r"\lambda I_n + \mathbf{1}_n \mathbf{1}_n^T", "lam * eye(n) + ones(n) @ ones(n).T"),
    (r"A + 1x^\top - x 1^T", "A + 1 * x.T - x @ ones(n).T"),
    (r"\frac1n A^T 1", "1 / n * A.T @ ones(n)"),
    (r"\lambda \cdot 1", "lam * 1"),
    (r"1[x > 0]", "step(x)"),
    (r"2 \log|\det A| A^{-\top}", "2 * logdet(A) * inv(A).T"),
    (r"\nabla_{x} L = \mathbf 1", "dL/dx = ones(n)"),
    (r"\frac{dL}{dx} = 2 W^T \frac{dL}{dy}", "dL/dx = 2 * W.T @ dL/dy"),
    (r"\frac{\partial \hat{y}_i}{\partial x_j} = W_{ij}", "dyhat/dx = W"),
    (
        r"\frac{\partial L}{\partial x_j} = \sum_i \frac{\partial L}{\partial y_i} W_{ij}",
        'dL/dx = sum(einsum("i,ij->ij", dL/dy, W), axis=0).T',
    ),
    (r"\mathrm{d}W = y x^\top", "dW = y @ x.T"),
    (r"$dL = y^T y$, $dq = dL$", "dL = y.T @ y\ndq = dL"),
    (r"\bar{W} = y x^T", "W_bar = y @ x.T"),
    (r"\delta_2 = Wx - y", "delta_2 = W @ x - y"),
    (r"$r = Wx - y$ and $\nabla_W L = 2 r x^T$", "r = W @ x - y\ndL/dW = 2 * r @ x.T"),
    (r"\begin{align*} r &= Wx \\ &\quad - y \tag{1} \end{align*}", "r = W @ x - y"),
    (r"{\bf x}^T {\bf A} {\bf x} + {\rm tr}(A)", "x.T @ A @ x + trace(A)"),
    (r"\norm{x}^2 + \abs{\lambda}^2", "norm2(x)**2 + abs(lam)**2"),
    (r"\norm{x}_1", "norm1(x)"),
    (r"||Wx - y||^2 + \frac{\lambda}{2} ||x||_2^2", "norm2(W @ x - y)**2 + lam / 2 * norm2(x)**2"),
    (r"||x|| |\lambda| - ||\lambda| - 2|", "norm2(x) * abs(lam) - abs(abs(lam) - 2)"),
    (r"\underbrace{\|Wx - y\|^2}_{\text{fit}} + \lambda \|x\|^2",
     "norm2(W @ x - y)**2 + lam * norm2(x)**2"),
    (r"2 \underbrace{(x + x)}_{= 2 x} + \boxed{x}", "2 * (x + x) + x"),
    (r"\color{red} \textcolor{blue}{A} x", "A @ x"),
    (r"(\lambda - 1)_+ + [\lambda]_+^2", "relu(lam - 1) + relu(lam)**2"),
    (r"(A^\top)_{ij} + A^\top_{ij}", "A.T + A.T"),
    (r"\nabla_x L = 2x \quad (2)", "dL/dx = 2 * x"),
    (r"\nabla_x L = 2x, \quad \forall x \in \mathbb{R}^n.", "dL/dx = 2 * x"),
    (r"\frac12 x^\top x \quad \text{where } x \in \mathbb{R}^n", "1 / 2 * x.T @ x"),
    (r"x_i, \quad i = 1, \dots, n", "x"),
    (r"\[ \nabla_x L = 2A^\top r, \quad r = Ax - x. \]", "r = A @ x - x\ndL/dx = 2 * A.T @ r"),
    (r"2A^\top r, \text{ where } r = Ax", "r = A @ x\n2 * A.T @ r"),
    (r"r = Ax \Rightarrow \nabla_x L = 2r", "r = A @ x\ndL/dx = 2 * r"),
    (r"{}^t y {}^{\top}\!W_2 p{}", "y.T @ W2.T @ p"),
    (r"{x^\top A x \over \nicefrac{\lambda}{2}}", "x.T @ A @ x / (lam / 2)"),
    (r"= 2x % of an answer", "2 * x"),
    (r"q \stackrel{\text{def}}{=} A\mkern-1mu x \tag{$\ast$}", "q = A @ x"),
    (r"f(x \mid A) := x^\top A x", "f = x.T @ A @ x"),
    (r"\boxed{\nabla_x L = 2x}", "dL/dx = 2 * x"),
    (r"\nabla_x L = 2A^\top r \quad (r = Ax)", "r = A @ x\ndL/dx = 2 * A.T @ r"),
    (r"f = \lambda^2 \text{ with } r = Ax \text{ and } \lambda > 0", "f = lam**2\nr = A @ x"),
    (r"f \colon \mathbb{R}^n \to \mathbb{R}, \quad f(x) = x^\top x", "f = x.T @ x"),
    (r"\begin{eqnarray*} L &=& x^\top x \\ && + \lambda \end{eqnarray*}", "loss = x.T @ x + lam"),
    (r"\begin{align*} r &= Ax \\ r^\top r \end{align*}", "r = A @ x\nr.T @ r"),
    (r"\begin{dcases} \lambda & \lambda > 1 \\ 1 & \text{else} \end{dcases}",
     "where(lam > 1, lam, 1)"),
    (r"\left\{ \begin{array}{ll} \lambda & \lambda > 1 \\ 1 & \text{else} \end{array} \right.",
     "where(lam > 1, lam, 1)"),
    (r"\begin{cases} \lambda & \text{if $\lambda > 1$,} \\ 1 & \text{otherwise.} \end{cases}",
     "where(lam > 1, lam, 1)"),
    (r"\begin{cases} 2 & \text{if $\lambda < 1$ and $\lambda > 0$} \\ 1 & \text{else} \end{cases}",
     "where(1 > lam, where(lam > 0, 2, 1), 1)"),
    (r"\begin{cases} 2 & 0 < \lambda < 1 \\ 1 & \text{else} \end{cases}",
     "where(lam > 0, where(1 > lam, 2, 1), 1)"),
    (r"\begin{cases} 2 & \lambda > 1 \text{ and } \lambda < 3 \\ 1 & \text{else} \end{cases}",
     "where(lam > 1, where(3 > lam, 2, 1), 1)"),
    (r"\sum_i [x_i = 1]", "sum((1 - step(x - 1)) * (1 - step(1 - x)))"),
    (r"\begin{cases} x & \operatorname{diag}(A) > 0 \\ \lambda & \text{else} \end{cases}",
     "where(diag(A) > 0, x, lam)"),
    (r"\operatorname{softmax}_{\text{rows}}(A) \mathbf{1}[x > 0]", "softmax(A, axis=1) @ step(x)"),
]  # fmt: skip


def test_a_d_of_differentials_beside_a_dimension_d() -> None:
    problem = sg.parse("x: Vector(d)\nloss = norm2(x)**2")
    assert sg.parse_latex(r"\frac{dL}{dx} = 2x", problem) == "dL/dx = 2 * x"
    assert sg.parse_latex(r"\frac{2}{d} x", problem) == "2 / d * x"
    with pytest.raises(sg.SymgradError, match="differential"):
        sg.parse_latex(r"dL = 2 x^\top dx", problem)


@pytest.mark.parametrize(("formula", "text"), READ)
def test_formulas_as_people_write_them(formula: str, text: str) -> None:
    assert sg.parse_latex(formula, sg.parse(PROGRAM)) == text


@pytest.mark.parametrize(
    "formula",
    [
        r"\sum_{(x, t) \in B} (w^\top x - t)^2",
        r"\sum_{i=1}^N (w^\top x_i - t_i)^2",
        r"\sum_i (t_i - x_i^T w)^2",
        r"\sum_{i \in \mathcal{B}} (w^T x_i - t_i)^2",
        r"\sum_i (t^{(i)} - w \cdot x^{(i)})^2",
        r"\frac{N}{N} \sum_{i=1}^N (w^\top x_i - t_i)^2",
        r"\sum (w^\top x_i - t_i)^2",
        r"\sum_x (w^\top x - t)^2",
    ],
)
def test_sums_over_a_batch(formula: str) -> None:
    problem = sg.parse(BATCH)
    text = sg.parse_latex(formula, problem)
    values = {"x": [[1.0, 2.0], [3.0, 5.0]], "t": [1.0, 0.5], "w": [0.3, -0.2]}
    program = BATCH.rpartition("loss")[0] + f"loss = {text}"
    assert sg.evaluate(program, values) == pytest.approx(sg.evaluate(problem, values))


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (r"\frac1N \sum_i (y_i - t_i) x_i", "1 / size(batch) * sum((y - t) * x for x, t in batch)"),
        (
            r"\sum_i x_i (y_i - t_i) / (2N)",
            "sum(x * (y - t) / (2 * size(batch)) for x, t in batch)",
        ),
        (r"\sum_i x_i (y_i - t_i) + \sum_i w_i", "sum(x * (y - t) for x, t in batch) + sum(w)"),
        (r"\sum_i w^\top x_i", "sum(w.T @ x for x, t in batch)"),
        (r"\sum_i x_i x_i^\top w", "sum(x @ x.T @ w for x, t in batch)"),
        (r"\frac{N}{2} - \sum_i t_i", "size(batch) / 2 - sum(t for x, t in batch)"),
        (r"2 N w + \sum_i t_i x_i", "2 * size(batch) * w + sum(t * x for x, t in batch)"),
    ],
)
def test_an_index_of_examples(formula: str, text: str) -> None:
    program = BATCH.replace("loss", "y = sigmoid(w.T @ x)\nloss")
    assert sg.parse_latex(formula, sg.parse(program)) == text


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (r"\sum_i (y_i - w^\top x_i)^2", "sum((y[i] - w.T @ X[i])**2 for i in range(N))"),
        (
            r"\sum_i (y_i - \mathbf{w} \cdot \mathbf{x}^{(i)})^2",
            "sum((y[i] - w.T @ X[i])**2 for i in range(N))",
        ),
        (r"\sum_i (y_i - X_i w)^2", "sum((y[i] - X[i].T @ w)**2 for i in range(N))"),
        (r"\sum_i (y_i - X_{i,:} w)^2", "sum((y[i] - X[i].T @ w)**2 for i in range(N))"),
        (r"\frac1N \sum_{i=1}^N x_i x_i^\top", "1 / N * sum(X[i] @ X[i].T for i in range(N))"),
        (r"\sum_j w_j x_j", "sum(w[j] * X[:, j] for j in range(n))"),
        (
            r"\sum_{i=1}^N \sum_{j=1}^N \|x_i - x_j\|^2",
            "sum(sum(norm2(X[i] - X[j])**2 for j in range(N)) for i in range(N))",
        ),
        (
            r"\prod_i \sigma(w^\top x_i)^{y_i}",
            "prod(vector(sigmoid(w.T @ X[i])**y[i] for i in range(N)))",
        ),
        (r"\prod_{i=1}^N (1 - y_i) y_i", "prod((1 - y) * y)"),
    ],
)
def test_rows_and_columns_of_a_matrix(formula: str, text: str) -> None:
    assert sg.parse_latex(formula, sg.parse(ROWS)) == text


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (r"w^\top x_i", "vector(w.T @ X[i] for i in range(N))"),
        (r"X_{i,:} w", "vector(X[i].T @ w for i in range(N))"),
        (
            r"\sigma\Bigl(\sum_{j=1}^N S_{ij} (x_j - x_i)\Bigr)",
            "matrix(sigmoid(sum(S[i, j] * (X[j] - X[i]) for j in range(N)))[k] for i in range(N) "
            "for k in range(n))",
        ),
        (
            r"z_i = \sum_j \frac{\exp(x_i^\top x_j)}{\sum_l \exp(x_i^\top x_l)} y_j",
            "z = vector(sum(exp(X[i].T @ X[j]) / sum(exp(X[i].T @ X[l]) for l in range(N)) * y[j] "
            "for j in range(N)) for i in range(N))",
        ),
        (
            r"h_i = \sum_j S_{ij} x_j",
            "h = matrix(sum(S[i, j] * X[j] for j in range(N))[k] for i in range(N) "
            "for k in range(n))",
        ),
    ],
)
def test_for_each_row(formula: str, text: str) -> None:
    program = ROWS.replace("loss", "S: Matrix(N, N)\nloss")
    assert sg.parse_latex(formula, sg.parse(program)) == text


def test_two_slices_beside_each_other_are_rows_or_columns() -> None:
    with pytest.raises(sg.SymgradError, match="no product by entries"):
        sg.parse_latex(r"\exp(X_{i,:} X_{j,:}^\top)", sg.parse(ROWS))


def test_sums_as_sympy_prints_them() -> None:
    formula = (
        r"\sum_{\substack{0 \leq i_{1} \leq n - 1\\0 \leq i_{2} \leq n - 1}} {A}_{i_{1},i_{2}} "
        r"{x}_{i_{1},0} {x}_{i_{2},0} + {A}_{0,1} + {x}_{2,0}"
    )
    problem = sg.parse(PROGRAM)
    text = 'sum(sum(einsum("ij,j->ij", einsum("ij,i->ij", A, x), x), axis=1)) + A[0, 1] + x[2]'
    assert sg.parse_latex(formula, problem) == text
    assert sg.parse_latex(r"\operatorname{DiagMatrix}\left(x\right) A", problem) == "diag(x) @ A"


def test_what_is_no_number_is_no_loss() -> None:
    said = "E = A + A\nq = E @ x"
    assert sg.parse_latex(r"$E = A + A$ and $q = E x$", sg.parse(PROGRAM)) == said


@pytest.mark.parametrize(
    ("indices", "norms"),
    [
        ((r"i \cdot", r"i, \cdot", "i*", "i, *", "i:", "i, :"), "norm2(X, axis=1)"),
        ((r"\cdot i", r"\cdot, i", "*i", "*, i", ":i", ":, i"), "norm2(X, axis=0).T"),
    ],
)
def test_a_dot_or_star_stands_for_all_of_an_axis(indices: tuple[str, ...], norms: str) -> None:
    for index in indices:
        formula = rf"\sum_i \|X_{{{index}}}\|^2"
        assert sg.parse_latex(formula, sg.parse(ROWS)) == f"sum({norms}**2)"


@pytest.mark.parametrize("row", ["k:", "k, :", r"k \cdot"])
def test_a_vector_has_no_columns(row: str) -> None:
    program = "x: Vector(n)\nk: Index(n)\n"
    with pytest.raises(sg.SymgradError, match="it has no columns"):
        sg.parse(rf"{program}loss = \|x_{{{row}}}\|^2")


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (r"2 x_{n - i - 1}", "2 * vector(x[n - i - 1] for i in range(n))"),
        (r"\sum_{0 \leq k < n - 1} [i = k]", "(i == k) for i in range(n) for k in range(n - 1)"),
        (r"\sum_{0 \leq k < m} y_k [i = k]", "(i == k) for i in range(n) for k in range(m)"),
    ],
)
def test_letters_run_as_far_as_the_shape_says(formula: str, text: str) -> None:
    problem = sg.parse(PROGRAM)
    assert text in sg.parse_latex(formula, problem, shape=problem.variables["x"].shape)


def test_a_letter_does_not_number_examples_and_entries() -> None:
    with pytest.raises(sg.SymgradError, match="of an example and of an entry"):
        sg.parse_latex(r"\sum_i w^\top x_i w_i", sg.parse(BATCH))


@pytest.mark.parametrize(
    "formula",
    [r"\sum_i w_i A_i", r"\sum_i \|x_i\|^2", r"\sum_i y_i \sum_j x_j", r"\prod_i w_i^\top a_i"],
)
def test_a_row_or_a_column_is_not_guessed(formula: str) -> None:
    with pytest.raises(sg.SymgradError, match="two readings"):
        sg.parse_latex(formula, sg.parse(ROWS))


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        (r"\operatorname{MSE}(y, W x)", "MSE is not declared"),  # a mean of squares, or a sum
        (r"2 q x", r"latex, line 1, column 3: q is not declared"),
        (r"W y", "inner dimensions differ"),
        (r"x +\n(W x", r"is not closed"),
        (r"x / 2 y", "how far this / goes"),
        (r"\mathbf{1}", "how many entries"),
        (r"\sin x \cdot x", "inner dimensions differ"),
        (r"x \cdot y", "inner dimensions differ"),
        (r"x \cdot (A x)", "two readings"),
        (r"x \cdot x \cdot x", "inner dimensions differ"),
        (r"\|W\|_3", "is read of a vector"),
        (r"\|x\|_0", "cannot be read"),
        (r"\|x\|_\Sigma", "two readings: write"),
        (r"x' = A x", r"two readings: write x\^.top, or .dot\{x\}"),
        (r"x'' + x", "second derivative"),
        (r"x^* A x", "two readings"),
        (r"e^A x", "two readings: .exp"),
        (r"\log 1/\lambda", "put the argument of that in parentheses"),
        (r"\sin \lambda (\lambda + 1)", "put the argument of that in parentheses"),
        (r"\sin \lambda \cdot \lambda", "put the argument of that in parentheses"),
        (r"\sin \lambda \times 10^{3}", "put the argument of that in parentheses"),
        (r"x^\top (x \times (x - x))", "the cross product is not part of the language"),
        (r"1/2\lambda", "how far this / goes"),
        (r"\max_{i \ne j} A_{ij}", r"what this goes over: write \\max_\{j : ...\}"),
        (r"\operatorname{logsumexp}_{i \ne o} p_i", "lowered beside logsumexp cannot be read"),
        (r"x_+ + y", "the positive part is written"),
        (r"[x]_-", "the positive part is written"),
        (r"A^+ x", "the positive part, A.*the pseudo-inverse"),
        (r"|x|^2", "two readings: .* is of the norm"),
        (r"1{,}000 x", "two readings: write 1000 or 1.000"),
        (r"x^\top x / 2 \lambda", "how far this / goes"),
        (r"\lambda / 2 \lambda", "how far this / goes"),
        (r"\|x\|^2 \text{ s.t. } A x = x", "a constraint is no part"),
        (r"\|x\|^2 \quad\text{subject to}\quad \|x\| \le 1", "a constraint is no part|makes no"),
        (r"\operatorname{softmax}(A) x", r"write .operatorname\{softmax\}_\{.text\{rows\}\}"),
        (r"\Gamma(\lambda)", r"exp\(gammaln\(x\)\)"),
        (r"\mathbb{E}[x]", "an expectation is a mean"),
        (r"\operatorname{vec}(A)", "inner products and norms are of matrices"),
        (r"\def\q{\q x} \q", "stands for itself"),
        (r"\newcommand{\q}[1]{#2} \q x", "no such argument"),
        (r"\min_x \|x\|", "over a variable is no value"),
        (r"\mathbf{1}_A", "lowered here cannot be read"),
        (r"\nabla L = x", "say by what"),
        (r"\nabla_{x,y} L = x", "say by what"),
        (r"\|x\|_q", "cannot be read"),
        (r"\|A\|_A", "read of a vector"),
        (r"x_1", "numbers count from 0"),
        (r"\sin^{-1} x", "inverse function"),
        (r"\frac{1", "a brace|is expected"),
        (r"\exp", "has no argument"),
        (r"\sum_i x_i + e^{x_i}", r"ends before this \+, but i stands behind it"),
        (r"-2 \sum x_i - x_i", r"ends before this -, but i stands behind it"),
        (r"\sum x \odot x - x", r"ends before this -, but x stands behind it"),
        (r"\sum A_{ij} x_j", r"i and j stand in it: write \\sum_\{i,j\}, or \\sum_j"),
        ("(" * 500 + "x" + ")" * 500, "nested too deeply"),
        (r"A^{(1)} x + A^{(2)} x", "power or one of several"),
        (r"x_{\text{new}}", "an index is a letter, not new"),
        (r"A^{-1}_{ij}", "entry of the inverse or one over the entry"),
        (r"\|W\|_2", "operator norm"),
        (r"\|W\|_{2,1}", "norm cannot be read"),
        (r"\lfloor \lambda \rfloor", "is not read in a formula; it has no derivative"),
        (r"\frac{\partial}{\partial x} x^\top A x", "give a name to what is differentiated"),
        (r"\lambda'(x)", "a number has no transpose"),
        (r"\sum_i x_i^\top x_i", "an entry has no transpose"),
        (r"\begin{bmatrix} 1 & 0 \\ 0 & 1 \end{bmatrix} x", "matrix of entries"),
        (r"\left[\begin{array}{cc} 1 & 0 \\ 0 & 1 \end{array}\right] x", "matrix of entries"),
        (
            r"\begin{cases} \lambda & \text{in one case} \\ 0 & \lambda < 1 \end{cases}",
            "no condition",
        ),
        (r"{}^2 x", "cannot be read as a formula"),
        (r"\lambda \leq 1", "makes no equation"),
        (r"2 (\lambda = 1)", "an equation is no value"),
    ],
)
def test_what_cannot_be_read_is_said(formula: str, message: str) -> None:
    with pytest.raises(sg.SymgradError, match=message):
        sg.parse_latex(formula, sg.parse(PROGRAM))


PIECES = r"""
\\ $ \[ \] { } {} _ ^ \frac \sum_ \mathbb{E}_ x y_i f_{y_i} & = ( ) \in D \text ; 1 - | \| \log < "
' % #
\begin{align} \end{align}
"""


def test_pieces_in_any_order_are_read_or_refused() -> None:
    """What is pasted may be cut anywhere; no error is Python's own."""
    pieces, random = [*PIECES.split(), " ", "\n"], Random(0)
    for _ in range(500):
        text = "".join(random.choices(pieces, k=random.randint(1, 8)))
        for read in (sg.parse_expression, lambda t: sg.parse(f"x: Vector(n)\nloss = {t}")):
            with suppress(sg.SymgradError):
                read(text)
