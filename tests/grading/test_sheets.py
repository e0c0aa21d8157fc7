"""Derivations as students hand them in, in text and in LaTeX: each line graded, the first wrong one
named."""

from __future__ import annotations

import pytest

from symgrad.grading import grade_derivation

from .problems import PROGRAMS

PROGRAMS = {
    **PROGRAMS,
    "mlp": """\
x: Vector(d)
y: Vector(k, one_hot=True)
W1: Matrix(h, d)
b1: Vector(h)
W2: Matrix(k, h)
b2: Vector(k)
z1 = W1 @ x + b1
a1 = sigmoid(z1)
z2 = W2 @ a1 + b2
p = softmax(z2)
loss = cross_entropy(y, p)
""",
    "least_squares_of_data": """\
X: Matrix(n, d)
w: Vector(d)
y: Vector(n)
loss = norm2(X @ w - y)**2 / 2
""",
    "softmax_of_data": """\
X: Matrix(n, d)
W: Matrix(d, k)
b: Vector(k)
Y: Matrix(n, k, one_hot=True)
Z = X @ W + ones(n) @ b.T
P = softmax(Z, axis=1)
loss = -sum(Y * log(P)) / n
""",
    "inverse": """\
X: Matrix(n, n)
a: Vector(n)
b: Vector(n)
loss = a.T @ inv(X) @ b
""",
    "trace_of_three": """\
A: Matrix(p, m)
X: Matrix(m, n)
B: Matrix(n, p)
loss = trace(A @ X @ B)
""",
    "neuron": """\
w: Scalar
b: Scalar
x: Scalar
t: Scalar
loss = (sigmoid(w * x + b) - t)**2 / 2
""",
    "logdet": """\
X: Matrix(n, n)
loss = logdet(X)
""",
    "map": """\
A: Matrix(m, n)
x: Vector(n)
f = tanh(A @ x)
""",
}

FACTORS = """\
R: Matrix(m, n)
U: Matrix(m, k)
V: Matrix(n, k)
loss = """
PROGRAMS["factors"] = FACTORS + "norm(R - U @ V.T)**2 / 2"
PROGRAMS["factors_by_entries"] = (
    FACTORS + "sum((R[i, j] - U[i].T @ V[j])**2 for i in range(m) for j in range(n)) / 2"
)

# program, wrt, text; how many lines are graded
RIGHT = [
    # a derivative of a formula, beside a dimension d; second ones
    ("least_squares_of_data", "w", "d ||Xw - y||^2 / dw = 2 X^T (Xw - y)\ngrad = X^T (Xw - y)", 2),
    (
        "quadratic_form",
        "x",
        "∇f(x) = (A + A^T) x\n∇²f(x) = A + A^T\n∂²L/∂x² = A + A^T\nd2L/dx2 = A + A^T",
        4,
    ),
    # arrows, brackets, fractions before a product, δ
    ("quadratic_form", "x", "dL/dx = A x + A^T x ==> grad = (A + A^T) x <=> ∇L = [A + A^T] x", 3),
    (
        "softmax_of_data",
        ["W", "b"],
        "dL = 1/n tr((P - Y)^T dZ)\ndZ = X dW + 1 db^T\ndL/dW = 1/n X^T (P - Y)\n"
        "dL/db = 1/n [(P - Y)^T 1]",
        4,
    ),
    ("mlp", "b1", "δ2 = p - y\nδ1 = (W2^T δ2) * a1 * (1 - a1)\ndb1 = δ1", 3),
    # names that a later line changes
    ("ridge", "w", "r = X @ w - y\ndw = 2 * X.T @ r\ndw += 2 * lam * w", 1),
    ("relu_net", "W", "da = V.T @ r\ndz = da.copy()\ndz[z <= 0] = 0\ndW = dz @ x.T", 3),
    # sums over an index; a side without one beside them; the chain rule with a term beside it
    ("least_squares_of_data", "w", "dL/dw = sum_i (x_i^T w - y_i) x_i\n  = X^T (Xw - y)", 2),
    (
        "ridge",
        "w",
        "r = X w - y\ndL/dw = dL/dr * dr/dw + 2 lam w\ndL/dr = 2 r\ndL/dw = 2 X^T r + 2 lam w",
        2,
    ),
    (
        "ridge",
        "w",
        r"$\nabla_w L = 2X^\top(Xw-y) + 2\lambda w$, $\nabla^2 L = 2X^\top X + 2\lambda I \succ 0$",
        2,
    ),
    (
        "logistic_regression",
        "w",
        r"$\nabla_w \log(1-p_n) = -p_n x_n$, $\nabla_w L = \frac1N \sum_n (p_n - t_n) x_n$",
        2,
    ),
    # a prime behind a number is a derivative, behind a vector a transpose
    ("quadratic_form", "x", "(x^T A x)' = (A + A^T) x\n(A x)' = x' A'\ndL/dx = A x + A' x", 3),
    ("quadratic_form", "x", "(x^T A x)'/2 = (A + A^T) x / 2\ndL/dx = (A + A^T) x", 1),
    (
        "quadratic_form",
        "x",
        r"$\left(x^\top A x\right)' = (A + A^\top) x$, $\nabla f(x) = (A + A^\top) x$",
        2,
    ),
    ("quadratic_form", "x", r"$L'(x) = (x' A x)' = (A + A^\top) x$", 1),
    ("quadratic_form", "x", r"$\nabla f(x) = (A + A^\top) x$, so $\nabla^2 f(x) = A + A^\top$", 2),
    # the values of functions that the sheet gives
    ("neuron", "w", "z = w x + b\nh(z) = sigmoid(z)\ndL/dw = (h(z) - t) h(z) (1 - h(z)) x", 1),
    (
        "neuron",
        "w",
        "z(w) = w x + b, a(z) = sigmoid(z), E(a) = (a - t)^2/2.\n"
        "da/dz = a (1 - a)\ndL/dw = (a - t) a (1 - a) x",
        2,
    ),
    (
        "neuron",
        "w",
        r"$z = wx + b$, $\sigma(z) = \frac{1}{1 + e^{-z}}$, "
        r"$\sigma'(z) = \sigma(z)(1 - \sigma(z))$, "
        r"$\frac{\partial L}{\partial w} = (\sigma(z) - t)\,\sigma(wx + b)(1 - \sigma(z))\,x$",
        2,
    ),
    ("neuron", "w", "g(u) = (u - t)^2/2\na = sigmoid(w x + b)\ndL/dw = (a - t) a (1 - a) x", 1),
    # conditions
    (
        "neuron",
        "w",
        "For w < 0: dL/dw = 0\na = sigmoid(w x + b)\ndL/da = 0 if a > t\n"
        "dL/dw = (a - t) a (1 - a) x",
        1,
    ),
    (
        "neuron",
        "w",
        r"For $b \neq 0$: $\frac{\partial L}{\partial w} = 0$. $a = \sigma(wx + b)$. "
        r"$\frac{\partial L}{\partial a} = 0 \text{ if } a > t$. "
        r"$\frac{\partial L}{\partial w} = (a - t)\,a\,(1 - a)\,x$",
        1,
    ),
    (
        "mlp",
        "W2",
        r"$\frac{\partial L}{\partial W_{2,kj}} = (p_k - y_k) a_{1,j}$, "
        r"$\nabla_{W_2} L = (p - y) a_1^\top$",
        2,
    ),
    ("total", "x", "dL/dx = ones(n)\nSet dL/dx = 0: there is no x.", 1),
    # d as a name
    (
        "logdet",
        "X",
        r"Let $d = X^{-\top}$. $\frac{\partial}{\partial X} \log\det X = d$, "
        r"$d d^\top = (X X^\top)^{-1}$, $\nabla_X L = d$",
        3,
    ),
    # a hat
    ("cross_entropy", "z", "ŷ = softmax(z)\ndL/dŷ = -y/ŷ\ndL/dz = ŷ sum(y) - y", 2),
    ("cross_entropy", "z", "y^ = softmax(z)\ndL/dz = y^ sum(y) - y\nq = y^ - y", 1),
    # a number below, and a gap
    ("ridge", "w", "r = X w - y\nL = ||r||^2 + 2 lam/2 ||w||^2\ndL/dw = 2 X^T r + 2 lam w", 2),
    # differentials of names that do not stand in the loss as it is written
    (
        "factors_by_entries",
        "U",
        "E = R - U V^T\ndL = tr(E^T dE)\n   = -tr(E^T dU V^T)\ndL/dU = -E V",
        3,
    ),
    (
        "factors_by_entries",
        ["U", "V"],
        r"Let $E = R - UV^\top$. $dL = \langle E, dE \rangle$ with "
        r"$dE = -dU\,V^\top - U\,dV^\top$, so $\nabla_U L = -EV$ and $\nabla_V L = -E^\top U$.",
        4,
    ),
    (
        "factors",
        ["U", "V"],
        "E = R - U V^T\ntr(E^T dE) = -tr(E^T dU V^T) - tr(E^T U dV^T)\n"
        "dL/dU = -E V\ndL/dV = -E^T U",
        3,
    ),
    (
        "inverse",
        "X",
        r"$dX\, X^{-1} + X\,dX^{-1} = 0$, so $dX^{-1} = -X^{-1} dX X^{-1}$ and "
        r"$\nabla_X L = -X^{-\top} a b^\top X^{-\top}$",
        3,
    ),
    (
        "logdet",
        "X",
        r"$d\log\det X = \frac{1}{\det X}\,d\det X$, $\nabla_X L = X^{-\top}$",
        2,
    ),
    (
        "least_squares",
        None,
        """\
        Let r = W x − y be the residual, so L = rᵀ r.
        1. ∂L/∂r = 2 r                     (norm)
        2. ∂L/∂W = ∂L/∂r xᵀ = 2 (W x − y) xᵀ     by the chain rule
        3. ∇_x L = Wᵀ ∂L/∂r = 2 W^T r.
        Finally dL/dy = -2 r.""",
        7,
    ),
    (
        "least_squares",
        "W",
        """\
        r = W@x - y
        dL = 2 * r.T @ dr         # differential of the norm
        dr = dW @ x
        dL = 2 * r.T @ dW @ x
           = trace(2 * x @ r.T @ dW)
        => dL/dW = 2 * r @ x.T""",
        5,
    ),
    (
        "least_squares_of_data",
        "w",
        """\
        We differentiate.
        dL = (X w - y)^T d(Xw - y)
        """.replace("d(Xw - y)", "X dw")
        + """
        hence grad_w L = X^T (X w - y)""",
        2,
    ),
    (
        "mlp",
        ["W1", "b1", "W2", "b2"],
        """\
        delta2 = p - y
        dW2 = delta2 a1^T
        db2 = delta2
        delta1 = (W2^T delta2) * a1 * (1 - a1)
        dW1 = delta1 x^T
        db1 = delta1""",
        6,
    ),
    (
        "mlp",
        ["W1", "b1", "W2", "b2"],
        """\
        dz2 = p - y; dW2 = dz2 @ a1.T; db2 = dz2
        da1 = W2.T @ dz2
        dz1 = da1 * a1 * (1 - a1)
        dW1 = dz1 @ x.T, db1 = dz1""",
        7,
    ),
    (
        "mlp",
        "W2",
        """\
        z2_bar = p - y
        W2_bar = z2_bar
            @ a1.T""",
        2,
    ),
    (
        "mlp",
        "b1",
        """\
        dL/dz1 = dL/da1 * da1/dz1
               = (W2.T @ (p - y)) * a1 * (1 - a1)
        dL/db1 = dL/dz1""",
        2,
    ),
    (
        "softmax_regression",
        None,
        """\
        For one example, dl/dz = p - y (softmax with cross-entropy).
        So dl/dW = (p - y) x^T and dl/db = p - y.
        dL/dW = mean((p - y) x^T for x, y in batch) + 2 lam W
        dL/db = mean(p - y for x, y in batch)
        dL/dlam = norm2(W)**2""",
        6,
    ),
    (
        "two_layers",
        None,
        """\
        gf = 2 * (f - y)
        gW2 = sum(gf @ h.T for x, y in batch)
        gh = W2.T @ gf
        gW1 = sum(gh @ x.T for x, y in batch)""",
        4,
    ),
    (
        "quadratic_form",
        None,
        """\
        dL/dx = A x + A^T x
        dL/dA = x x^T""",
        2,
    ),
    (
        "quadratic_form",
        "x",
        """\
        u = A @ x
        du/dx = A
        L = x.T @ u
        dL/dx: A x + A^T x
        """,
        3,
    ),
    (
        "map",
        "x",
        """\
        z = A x
        df/dz = diag(1 - f**2)
        dz/dx = A
        df/dx = df/dz dz/dx = diag(1 - f**2) @ A""",
        4,
    ),
    ("map", "x", "df/dx = (diag(1 - f**2) A)^T", 1),
    (
        "ridge",
        "w",
        """\
        r = y - X w
        dr/dw = -X
        L = r^T r + lam w^T w
        dL/dw = -2 X^T r + 2 lam w
              = 2 X^T (X w - y) + 2 lam w""",
        4,
    ),
    (
        "exponential",
        "x",
        """\
        s = norm2(x)
        ds/dx = x / s
        dL/ds = exp(s) = L
        dL/dx = dL/ds * ds/dx = L x / s""",
        5,
    ),
    ("least_squares", "x", "L = rᵀ r, where r = W x - y\n∇L(x) = 2 Wᵀ r", 2),
    (
        "least_squares",
        "x",
        """\
        d/dx (x^T W^T W x) = 2 W^T W x
        L(x + h) - L(x) = 2 h^T W^T (W x - y) + O(h^2)
        ∂L/∂x_i = 2 Σ_j W_ji (W x - y)_j
        Thus ∇L = 2 W^T (W x - y)""",
        3,
    ),
    (
        "mlp",
        "W2",
        """\
        | step                  | rule          |
        |-----------------------|---------------|
        | dLdz2 = p - y         | cross-entropy |
        | ∂L/∂W₂ = ∂L/∂z₂ a₁ᵀ   | product       |""",
        2,
    ),
    (
        "mlp",
        "W2",
        """\
        Solution
        ========
        **Step 1.** z2.grad == p - y [softmax]
        **Step 2.** W2.grad := np.outer(z2.grad, a1);""",
        2,
    ),
    (
        "softmax_of_data",
        ["W", "b"],
        """\
        dZ = (P - Y) / n
        dW = X^T dZ
        db = dZ^T 1""",
        3,
    ),
    ("mlp", "W2", "dL/dz2 = p - y =: delta\ndL/dW2 = delta a1^T", 3),
    ("mlp", "W2", "dL/dz2 = p - y = e\ndL/dW2 = e a1^T", 2),
    (
        "ridge",
        "w",
        """\
        dL/dw = 2 lam w               derivative by an entry, all else fixed
        dL/dw = 2 X^T (X w - y) + 2 lam w""",
        1,
    ),
    ("least_squares", "x", "r = W x - y\ngrad = 2 W^T r = 2 W^T (W x - y)", 2),
    ("least_squares", "x", "L'(x) = W^T 2 (W x - y)", 1),
    ("least_squares", "x", "gradient: 2 W^T (W x - y)", 1),
    ("least_squares", "x", "L = sum_i r_i^2 where r = W x - y\n∇ = 2 W^T r", 2),
    ("neuron", "w", "dL/dw = (a - t) sigma'(w x + b) x where a = sigma(w x + b)", 1),
    # about the example with a number
    (
        "logistic_regression",
        "w",
        """\
        dp_i/ds_i = p_i (1 - p_i), ds_i/dw = x_i
        dl_i/dw = (p_i - t_i) x_i
        dL/dw = 1/n sum_i (p_i - t_i) x_i""",
        4,
    ),
    # differentials of formulas without a name
    (
        "least_squares",
        "x",
        """\
        dL = d((Wx-y)^T (Wx-y)) = 2 (Wx-y)^T d(Wx - y) = 2 (Wx-y)^T W dx
        ∇L = 2 W^T (Wx - y)""",
        4,
    ),
    ("least_squares", "W", "d||Wx-y||^2 = 2 <Wx - y, dW x>\ngrad = 2 (Wx-y) x^T", 2),
    ("least_squares", "x", "d(Wx - y)/dx = W\ndL/dx = 2 W^T (Wx - y)", 2),
    ("least_squares", "x", "dL = 2 x^T W^T W dx - 2 y^T W dx, so dL/dx = 2 W^T (W x - y)", 2),
    ("trace_of_three", "X", "So d tr(AXB) = tr(A dX B) = tr(B A dX), and dL/dX = (BA)^T", 3),
    ("logdet", "X", "d log det X = tr(X^-1 dX)\ngrad = X^-T", 2),
    (
        "inverse",
        "X",
        """\
        d(X^-1) = -X^-1 dX X^-1
        dL = a^T d(X^-1) b = -a^T X^-1 dX X^-1 b
           = -tr(X^-1 b a^T X^-1 dX)
        grad = -X^-T a b^T X^-T""",
        5,
    ),
    # LaTeX
    (
        "logistic_regression",
        "w",
        r"""
        \begin{align*}
        \ell_i &= -t_i\log p_i - (1-t_i)\log(1-p_i) \\
        \frac{\partial \ell_i}{\partial p_i} &= -\frac{t_i}{p_i} + \frac{1-t_i}{1-p_i} \\
        \frac{\partial p_i}{\partial s_i} &= p_i(1-p_i), \quad
          \frac{\partial s_i}{\partial w} = x_i \\
        \nabla_w L &= \frac1n\sum_{i=1}^n (p_i - t_i) x_i
        \end{align*}""",
        4,
    ),
    (
        "least_squares",
        "x",
        r"""
        \begin{align*}
        \mathrm d \|Wx - y\|_2^2 &= 2 (Wx-y)^\top \mathrm d(Wx-y) \\
          &= 2 (Wx-y)^\top W\,\mathrm dx
        \end{align*}
        with $\frac{\partial (Wx - y)}{\partial x} = W$, so $\nabla L = 2 W^\top (Wx - y)$.""",
        4,
    ),
    (
        "trace_of_three",
        "X",
        r"$d\operatorname{tr}(AXB) = \mathrm{tr}(A\,dX\,B)$, so $\nabla_X L = (BA)^\top$.",
        2,
    ),
    ("logdet", "X", r"$d \log\det X = \mathrm{tr}(X^{-1} dX)$, so $\nabla L = X^{-\top}$", 2),
    (
        "inverse",
        "X",
        r"""
        Since $d X^{-1} = -X^{-1} (dX) X^{-1}$, we have
        \[ dL = a^\top d(X^{-1}) b = -a^\top X^{-1} (dX) X^{-1} b. \]
        Hence $\nabla_X L = -X^{-\top} a b^\top X^{-\top}$.""",
        4,
    ),
    (
        "ridge",
        "w",
        r"""
        \begin{align*}
        \frac{\partial L}{\partial w} &= 2 \lambda w && \text{all else fixed} \\
        \nabla_w L &= 2 X^\top (X w - y) + 2 \lambda w
        \end{align*}""",
        1,
    ),
    (
        "mlp",
        "W2",
        r"""
        \begin{align*}
        \frac{\partial L}{\partial z_2} &= p - y =: \delta \\
        \frac{\partial L}{\partial W_2} &= \delta a_1^T = G
        \end{align*}""",
        3,
    ),
    (
        "least_squares",
        None,
        r"""
        Let $r = W x - y$. Then $L = \|r\|_2^2$ and
        \begin{align*}
          \frac{\partial L}{\partial r} &= 2 r \tag{1} \\
          \frac{\partial L}{\partial W} &= \frac{\partial L}{\partial r} x^\top
            && \text{outer product} \\
          &= 2 (W x - y) x^T \\
          \nabla_x L &= W^\top \frac{\partial L}{\partial r}, \qquad
        \end{align*}
        and $\frac{\partial L}{\partial y} = -2 r$ as well.""",
        6,
    ),
    (
        "least_squares",
        "W",
        r"""
        \begin{align}
          r &= Wx - y \\
          dL &= 2 r^\top dr \\
          dr &= dW\, x \\
          dL &= 2 r^\top dW\, x = \operatorname{tr}(2 x r^\top dW) \\
          \Rightarrow \frac{\partial L}{\partial W} &= 2 r x^\top
        \end{align}""",
        5,
    ),
    (
        "mlp",
        ["W1", "b1", "W2", "b2"],
        r"""
        \begin{align*}
        \delta^{(2)} &= p - y \\
        \frac{\partial L}{\partial W_2} &= \delta^{(2)} a_1^\top, \\
        \frac{\partial L}{\partial b_2} &= \delta^{(2)} \\
        \delta^{(1)} &= \left(W_2^\top \delta^{(2)}\right) \odot a_1 \odot (1 - a_1) \\
        \frac{\partial L}{\partial W_1} &= \delta^{(1)} x^\top \\
        \frac{\partial L}{\partial b_1} &= \delta^{(1)}
        \end{align*}""",
        6,
    ),
    (
        "mlp",
        ["W2", "b2"],
        r"""
        $\frac{\partial L}{\partial z_2} = \frac{\partial L}{\partial p}
         \frac{\partial p}{\partial z_2} = p - y$, therefore
        \[ \nabla_{W_2} L = \frac{\partial L}{\partial z_2} a_1^T \]
        \[ \nabla_{b_2} L = \frac{\partial L}{\partial z_2} \]""",
        3,
    ),
    (
        "softmax_regression",
        ["W", "b"],
        r"""
        \begin{align*}
        \frac{\partial \ell}{\partial z} &= p - y \\
        \frac{\partial L}{\partial b} &= \frac{1}{N} \sum_{i=1}^N (p_i - y_i) \\
        \frac{\partial L}{\partial W} &= \frac1N \sum_{i=1}^N (p_i - y_i) x_i^\top + 2\lambda W
        \end{align*}""",
        3,
    ),
    (
        "two_layers",
        "W2",
        r"""
        $$ \frac{\partial \ell}{\partial f} = 2 (f - y) $$
        $$ \frac{\partial L}{\partial W_2} = \sum_{(x, y) \in B} 2 (f - y) h^\top $$""",
        2,
    ),
    (
        "quadratic_form",
        None,
        r"""
        \frac{\partial L}{\partial x} = (A + A^\top) x
        \frac{\partial L}{\partial A} = x x^\top""",
        2,
    ),
    (
        "trace",
        None,
        r"""
        With $M = A B$: $\bar M = C$, $\bar A = \bar M B^\top$ and $\bar B = A^\top \bar M$.
        Clearly $\nabla_C L = M$.""",
        4,
    ),
    (
        "ridge",
        "w",
        r"""
        \begin{align*}
        \nabla_w L &= 2 X^\top (X w - y) + 2 \lambda w \\
        &= 2 (X^\top X + \lambda I) w - 2 X^\top y
        \end{align*}""",
        2,
    ),
    (
        "tanh_net",
        ["W1", "b1", "W2"],
        r"""
        \begin{eqnarray*}
        \frac{dL}{dr} &=& r \\
        \frac{dL}{dW_2} &=& r a^T \\
        \frac{dL}{da} &=& W_2^T r \\
        \frac{dL}{dz} &=& \frac{dL}{da} \odot (1 - a^{\odot 2}) \\
        \frac{dL}{dW_1} &=& \frac{dL}{dz} x^T \\
        \frac{dL}{db_1} &=& \frac{dL}{dz}
        \end{eqnarray*}""",
        6,
    ),
    (
        "map",
        "x",
        r"$z = A x$, $\frac{\partial f}{\partial z} = \operatorname{diag}(1 - f \odot f)$, "
        r"so $\frac{\partial f}{\partial x} = \operatorname{diag}(1 - f \odot f) A$.",
        2,
    ),
    (
        "least_squares",
        "x",
        r"""
        % comment = not this
        Sei $r := Wx - y \in \mathbb{R}^m$, $L = r^\top r$.
        \[ \begin{aligned}
          \frac{\partial L}{\partial r} &= 2r, & \frac{\partial r}{\partial x} &= W, \\
          \frac{\partial}{\partial x} \|Wx\|^2 &= 2 W^\top W x \\
          \nabla L &\overset{\text{chain}}{=} W^\top \frac{\partial L}{\partial r} % done
        \end{aligned} \]""",
        5,
    ),
    (
        "least_squares",
        "x",
        r"$\frac{\partial L}{\partial x} = \left(\frac{\partial r}{\partial x}"
        r"\right)^\top \frac{\partial L}{\partial r} = W^\top (2 r)$ with $r = Wx - y$",
        2,
    ),
    (
        "mlp",
        ["W2", "b2"],
        r"""
        \begin{align*}
        \delta^{[2]} &= p - y \\
        dW^{[2]} &= \delta^{[2]} (a^{[1]})^T, & db^{[2]} &= \delta^{[2]}
        \end{align*}""",
        3,
    ),
    (
        "two_layers",
        "W2",
        r"""
        Let $\ell = \|y - f\|^2$, so that $\frac{\partial \ell}{\partial f} = 2 (f - y)$ and
        $\mathrm{d} \ell = 2 (f - y)^\top \mathrm{d} f = \langle 2 (f - y), \mathrm{d} f \rangle$.
        $\nabla_{W_2} L = \sum_{(x, y) \in B} 2 (f - y) h^\top$""",
        4,
    ),
    ("exponential", "x", r"\nabla_x L = e^{\|x\|} \frac{x}{\|x\|}", 1),
]
# program, wrt, text; the first line that is wrong and a word of what is said of it
WRONG = [
    ("logistic_regression", "w", "dL_i/dw = (p_i + t_i) x_i", 1, "sign"),
    ("logistic_regression", "w", r"$\nabla_w \ell_i = (t_i - p_i) x_i$", 1, "sign"),
    ("normal", "sigma", "dL/dsigma = (n - 1)/sigma - sum_i (x_i - mu)^2/sigma^3", 1, "size(batch)"),
    ("least_squares", "W", "d||Wx-y||^2 = <Wx - y, dW x>", 1, "d||Wx-y||^2: The answer has 1/2"),
    ("least_squares", "x", "d(Wx - y)/dx = y", 1, "The Jacobian of (Wx - y) by x is m x n"),
    ("least_squares", "x", "dL = 2 x^T W^T W dx + 2 y^T W dx", 1, "sign"),
    ("trace_of_three", "X", "d tr(AXB) = tr(A dX B) = tr(A B dX)", 1, "inner dimensions differ"),
    ("inverse", "X", "d(X^-1) = X^-1 dX X^-1", 1, "-1 times d(X^-1)"),
    ("inverse", "X", "d(X^-1) = -X^-1 dX X^-1\ndL = a^T d(X^-1) a", 2, "a stands where b belongs"),
    ("logdet", "X", r"$d \log\det X = \mathrm{tr}(X\,dX)$", 1, "inv(X)"),
    ("inverse", "X", r"$d(X^{-1}) = -X^{-2} dX$", 1, "order"),
    ("least_squares", "x", "r = W x - y\ngrad = W^T r", 2, "grad: "),
    (
        "least_squares",
        "x",
        "L = 2 sum_i r_i^2 where r = W x - y\n∇ = 2 W^T r",
        1,
        "L: The answer has",
    ),
    (
        "least_squares",
        "x",
        "L = x^T W^T W x - y^T W x + y^T y",
        1,
        "1/2 times the term -(y.T @ W @ x): the factor 2 is missing",
    ),
    ("least_squares", "W", "r = W x - y\n∂L/∂r = 2 r\n∂L/∂W = x ∂L/∂rᵀ", 3, "transpose"),
    ("least_squares", "W", "r = W x - y\n∂L/∂r = r\n∂L/∂W = ∂L/∂r xᵀ", 2, "the factor 2"),
    ("least_squares", "W", "dL/dW = 2 (W x - y) x^T\n  = 2 W x x^T + 2 y x^T", 2, "sign"),
    ("least_squares", "x", "r = W@x - y\ndL = 2 * r.T @ dr\ndr = W.T @ dx", 3, "inner dimensions"),
    ("least_squares", "W", "r = W@x - y\ndL = r.T @ dr\ndr = dW @ x", 2, "1/2"),
    (
        "least_squares",
        ["W", "x"],
        "r = W@x-y\ndL = 2 * r.T @ dW @ x\ndr = W @ dx\ndL/dx = 2 * W.T @ r",
        3,
        "dr",
    ),
    ("mlp", "W1", "delta2 = p - y\ndelta1 = W2^T delta2 * (1 - a1)\ndW1 = delta1 x^T", 2, "delta1"),
    ("mlp", "W2", "dz2 = y - p\ndW2 = dz2 @ a1.T", 1, "sign"),
    ("mlp", "W1", "dz2 = p - y\nda1 = W2 @ dz2", 2, "inner dimensions"),
    ("two_layers", "W1", "gf = 2 * (f - y)\ngh = W2.T @ gf\ngW1 = gh @ x.T", 3, "sum over batch"),
    ("map", "x", "z = A x\ndf/dz = diag(1 - z**2)\ndf/dx = df/dz A", 2, "df/dz"),
    ("quadratic_form", "x", "Clearly dL/dx = 2 A x", 1, "dL/dx"),
    ("least_squares", "W", r"$r = Wx - y$, $\nabla_W L = r x^T$", 1, "factor 2"),
    (
        "mlp",
        "W1",
        r"""
\begin{align*}
\delta_2 &= p - y \\
\delta_1 &= (W_2^\top \delta_2) \odot (1 - a_1) \\
\frac{\partial L}{\partial W_1} &= \delta_1 x^\top
\end{align*}""",
        4,
        "delta_1",
    ),
    (
        "tanh_net",
        "W2",
        r"""
\begin{align*}
\frac{\partial L}{\partial r} &= r \\
\frac{\partial L}{\partial W_2} &= r a^\top \\
  &= (W_2 z - y) a^\top
\end{align*}""",
        5,
        "dL/dW2",
    ),
    ("ridge", "w", r"\nabla_w L = 2 X^\top (X w - y) + \lambda w", 1, "regularizer"),
    (
        "softmax_regression",
        "b",
        r"""
$$\frac{\partial \ell}{\partial z} = p - y$$
$$\frac{\partial L}{\partial b} = \sum_{i=1}^N (p_i - y_i)$$""",
        3,
        "mean",
    ),
    (
        "least_squares",
        "W",
        r"\begin{align} dL &= 2 r^\top dr \\ \end{align}".replace("r^", "(Wx-y)^").replace(
            "dr", r"x\, dW"
        ),
        1,
        "",
    ),
]
WRONG += [
    ("least_squares_of_data", "w", "d ||Xw - y||^2 / dw = X^T (Xw - y)", 1, "factor 2"),
    ("quadratic_form", "x", "∇²f(x) = A - A^T", 1, "sign"),
    ("quadratic_form", "x", "∇f(x) = 2 A x", 1, "It is right only where A is symmetric."),
    ("softmax_of_data", ["W", "b"], "dL = 1/n tr((Y - P)^T dZ)", 1, "-1 times"),
    ("mlp", "b1", "δ2 = p - y\nδ1 = (W2^T δ2) * a1", 2, "sigmoid"),
    ("ridge", "w", "dw = 2 * X.T @ (X @ w - y)\ndw += lam * w", 2, "factor 2"),
    ("relu_net", "W", "da = V.T @ r\ndz = da.copy()\ndz[z > 0] = 0", 3, "other side"),
    ("least_squares_of_data", "w", "grad = sum_i (x_i^T w + y_i) x_i = X^T (Xw - y)", 1, "sign"),
    ("ridge", "w", "r = X w - y\ngrad = dL/dr * dr/dw + 2 lam w\ngrad = 2 X^T r + lam w", 3, "lam"),
    ("ridge", "w", r"$\nabla^2 L = 2X^\top X + \lambda I \succ 0$", 1, "factor 2"),
    ("logistic_regression", "w", r"$\nabla_w \log(1-p_n) = p_n x_n$", 1, "-1 times"),
    ("ridge", "w", "r = Xw - y\ndL/dr = 2 r^T", 2, "In numerator layout it is right."),
    ("least_squares", "x", "r = W x - y\ndL/dx = sum_i 2 r_i W_i\n  = 2 W^T r + x", 3, ""),
    ("factors_by_entries", "U", "E = R - U V^T\ndL = 2 tr(E^T dE)\ndL/dU = -E V", 2, "factor 2"),
    ("factors_by_entries", "U", "E = R - U V^T\ndL = tr(E^T dE) = tr(E^T dU V^T)", 2, "sign"),
    ("inverse", "X", r"$dX\, X^{-1} - X\,dX^{-1} = 0$", 1, "0 everywhere"),
    ("logdet", "X", r"$d\log\det X = \frac{2}{\det X}\,d\det X$", 1, "factor 2"),
]
NOTHING = [
    ("least_squares", "r = W x - y\nq = 3 r"),
    ("least_squares", r"$r = Wx - y$ and $q = r^\top r$"),
    ("mlp", "dL/dW1 = dL/dz2 dz2/dW1"),
    ("sine", r"$\psi(u) = u^2$, $\nabla_x L = c \odot \psi(x)$"),  # a psi of its own
]


def unindented(text: str) -> str:
    return "\n".join(line.removeprefix("        ") for line in text.splitlines())


@pytest.mark.parametrize(("program", "wrt", "text", "graded"), RIGHT)
def test_right_sheets(program: str, wrt: str | list[str] | None, text: str, graded: int) -> None:
    verdict = grade_derivation(PROGRAMS[program], wrt, unindented(text))
    assert verdict.correct, (verdict, verdict.lines)
    assert sum(line.correct is True for line in verdict.lines) == graded, verdict.lines


@pytest.mark.parametrize(("program", "wrt", "text", "line", "word"), WRONG)
def test_wrong_sheets(program: str, wrt: str | list[str], text: str, line: int, word: str) -> None:
    verdict = grade_derivation(PROGRAMS[program], wrt, text)
    assert (verdict.correct, verdict.line) == (False, line), f"{verdict}\n{verdict.lines}"
    assert word in verdict.diagnosis
    assert [x.correct for x in verdict.lines].count(False) == 1
    assert verdict.lines[-1].correct is False


@pytest.mark.parametrize(("program", "text"), NOTHING)
def test_sheets_in_which_nothing_is_graded(program: str, text: str) -> None:
    verdict = grade_derivation(PROGRAMS[program], None, text)
    assert (verdict.correct, verdict.kind) == (None, "ungraded")
