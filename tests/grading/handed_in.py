r"""Derivations as students hand them in: LaTeX and plain text, with words between the lines, steps
left out, notations mixed; half of them have a mistake.

Each is the program, what is asked for, the text, and the line that is wrong first (0: none is).
Lines count from 1; a text begins in its second line.
"""

from __future__ import annotations

HANDED_IN = [
    # least squares
    (
        "least_squares",
        "x",
        r"""
\textbf{Solution.} We expand the square:
\begin{align*}
L &= (Wx - y)^\top (Wx - y) \\
  &= x^\top W^\top W x - 2 y^\top W x + y^\top y .
\end{align*}
Differentiating term by term,
\[
\nabla_x L = 2 W^\top W x - 2 W^\top y. \qquad \blacksquare
\]""",
        0,
    ),
    (
        "least_squares",
        "x",
        r"""
\begin{align*}
L &= (Wx - y)^\top (Wx - y) \\
  &= x^\top W^\top W x - y^\top W x + y^\top y \\
\nabla_x L &= 2 W^\top W x - 2 W^\top y
\end{align*}""",
        4,
    ),
    (
        "least_squares",
        "W",
        r"""
Let $e = Wx - y$. Then
$$ \mathrm{d}L = 2 e^\top \mathrm{d}e = 2 e^\top (\mathrm{d}W) x
   = \operatorname{tr}\left( 2 x e^\top \mathrm{d}W \right), $$
and we read off $\dfrac{\partial L}{\partial W} = 2 e x^\top$.""",
        0,
    ),
    (
        "least_squares",
        "W",
        r"""
Let $e = Wx - y$. Then
$$ \mathrm{d}L = 2 e^\top \mathrm{d}e = 2 e^\top (\mathrm{d}W) x
   = \operatorname{tr}\left( 2 x e^\top \mathrm{d}W \right), $$
and we read off $\dfrac{\partial L}{\partial W} = 2 x e^\top$.""",
        5,
    ),
    (
        "least_squares",
        ["W", "x"],
        r"""
\begin{align}
L &= \sum_{i} r_i^2, \quad r_i = \sum_j W_{ij} x_j - y_i \\
\frac{\partial L}{\partial W_{kl}} &= \sum_i 2 r_i \frac{\partial r_i}{\partial W_{kl}}
  = 2 r_k x_l \\
\therefore \frac{\partial L}{\partial W} &= 2 r x^\top \\
\frac{\partial L}{\partial x_l} &= \sum_i 2 r_i W_{il} \\
\therefore \frac{\partial L}{\partial x} &= 2 W^\top r
\end{align}""",
        0,
    ),
    (
        "least_squares",
        ["W", "x"],
        r"""
\begin{align}
L &= \sum_{i} r_i^2, \quad r_i = \sum_j W_{ij} x_j - y_i \\
\frac{\partial L}{\partial W_{kl}} &= 2 r_k x_l \\
\frac{\partial L}{\partial x_l} &= \sum_i 2 r_l W_{il} \\
\therefore \frac{\partial L}{\partial x} &= 2 W^\top r
\end{align}""",
        5,
    ),
    (
        "least_squares",
        "x",
        """
residual: r = Wx - y
=> dr/dx = W
=> dL/dr = 2 r^T
chain rule: dL/dx = 2 r^T W   (a row, so transpose it)
grad_x L = 2 W^T r""",
        4,
    ),
    (
        "least_squares",
        "W",
        """
r = Wx - y
dL = 2 r' dr
   = 2 r' dW x
   = tr(2 x r' dW)
Hence dL/dW = (2 x r')' = 2 r x'""",
        0,
    ),
    # ridge, least squares of data
    (
        "least_squares_of_data",
        "w",
        r"""
\begin{align*}
L(w) &= \tfrac12 \|Xw - y\|^2 \\
     &= \tfrac12 \left( w^\top X^\top X w - 2 w^\top X^\top y + y^\top y \right) \\
\Rightarrow \nabla_w L &= X^\top X w - X^\top y
\end{align*}
Setting this to zero gives the normal equations.""",
        0,
    ),
    (
        "least_squares_of_data",
        "w",
        r"""
\begin{align*}
L(w) &= \tfrac12 \|Xw - y\|^2 \\
     &= \tfrac12 \left( w^\top X^\top X w - 2 w^\top X^\top y + y^\top y \right) \\
\Rightarrow \nabla_w L &= X^\top X w - 2 X^\top y
\end{align*}
Setting this to zero gives the normal equations.""",
        5,
    ),
    (
        "ridge",
        "w",
        r"""
Let $r = Xw-y$. We have
\begin{align*}
d L &= d(r^\top r) + \lambda\, d(w^\top w) \\
    &= 2 r^\top dr + 2 \lambda w^\top dw \\
    &= 2 r^\top X\, dw + 2 \lambda w^\top dw \\
    &= \left( 2 X^\top r + 2 \lambda w \right)^\top dw
\end{align*}
so that $\nabla_w L = 2 X^\top r + 2 \lambda w$.""",
        0,
    ),
    (
        "ridge",
        "w",
        r"""
Let $r = Xw-y$. We have
\begin{align*}
dL  &= 2 r^\top dr + 2 \lambda w^\top dw \\
    &= 2 r^\top X^\top dw + 2 \lambda w^\top dw \\
\end{align*}
so that $\nabla_w L = 2 X^\top r + 2 \lambda w$.""",
        5,
    ),
    (
        "ridge",
        "w",
        """
1) data term: d/dw ||Xw - y||^2 = 2 X^T (Xw - y)
2) penalty: d/dw lam ||w||^2 = 2 lam w
3) altogether, grad_w L = 2 X^T (Xw - y) + 2 lam w""",
        0,
    ),
    (
        "ridge",
        "w",
        r"""
\begin{align*}
\frac{\partial}{\partial w} \|Xw - y\|^2 &= 2 X^\top (Xw - y) \\
\frac{\partial}{\partial w} \lambda \|w\|^2 &= \lambda w \\
\nabla_w L &= 2 X^\top (Xw - y) + \lambda w
\end{align*}""",
        4,
    ),
    # quadratic forms
    (
        "quadratic_form",
        "x",
        r"""
In components, $L = \sum_{i,j} A_{ij} x_i x_j$, so
\begin{align*}
\frac{\partial L}{\partial x_k} &= \sum_j A_{kj} x_j + \sum_i A_{ik} x_i \\
&= (A x)_k + (A^\top x)_k
\end{align*}
which means $\nabla L = (A + A^\top) x$.""",
        0,
    ),
    (
        "quadratic_form",
        "x",
        r"""
In components, $L = \sum_{i,j} A_{ij} x_i x_j$, so
\begin{align*}
\frac{\partial L}{\partial x_k} &= \sum_j A_{kj} x_j + \sum_i A_{ik} x_i \\
&= 2 (A x)_k
\end{align*}
which means $\nabla L = 2 A x$.""",
        5,
    ),
    (
        "quadratic_form",
        ["x", "A"],
        """
dL = dx' A x + x' dA x + x' A dx
   = x' (A + A') dx + tr(x x' dA)
grad_x L = (A + A') x
grad_A L = x x'""",
        0,
    ),
    (
        "quadratic_form",
        ["x", "A"],
        """
dL = dx' A x + x' dA x + x' A dx
   = x' (A + A) dx + tr(x x' dA)
grad_x L = (A + A') x
grad_A L = x x'""",
        3,
    ),
    # traces
    (
        "trace",
        ["A", "B", "C"],
        r"""
\begin{align*}
dL &= \operatorname{tr}(dC^\top A B) + \operatorname{tr}(C^\top dA\, B)
     + \operatorname{tr}(C^\top A\, dB) \\
&= \langle A B, dC \rangle + \langle C B^\top, dA \rangle + \langle A^\top C, dB \rangle \\
\implies \nabla_A L &= C B^\top, \quad \nabla_B L = A^\top C, \quad \nabla_C L = A B
\end{align*}""",
        0,
    ),
    (
        "trace",
        ["A", "B"],
        r"""
\begin{align*}
dL &= \operatorname{tr}(C^\top dA\, B) + \operatorname{tr}(C^\top A\, dB) \\
\implies \nabla_A L &= C B^\top, \quad \nabla_B L = C A^\top
\end{align*}""",
        4,
    ),
    (
        "trace",
        "A",
        r"""
By the cyclic property $L = \operatorname{tr}(B C^\top A)$.
Since $\frac{\partial}{\partial A}\operatorname{tr}(M A) = M^\top$, it follows that
$\frac{\partial L}{\partial A} = (B C^\top)^\top = C B^\top$.""",
        0,
    ),
    (
        "trace",
        "A",
        r"""
By the cyclic property $L = \operatorname{tr}(C^\top B A)$,
so $\frac{\partial L}{\partial A} = B^\top C$.""",
        2,
    ),
    # networks
    (
        "mlp",
        ["W1", "b1", "W2", "b2"],
        r"""
\paragraph{Output layer.} For softmax with cross-entropy the error signal is
\begin{equation}
\delta_2 = \frac{\partial L}{\partial z_2} = p - y
\end{equation}
Hence
\begin{equation}
\frac{\partial L}{\partial W_2} = \delta_2 a_1^\top, \qquad
\frac{\partial L}{\partial b_2} = \delta_2 .
\end{equation}
\paragraph{Hidden layer.} Since $\sigma'(z_1) = a_1 \odot (1 - a_1)$,
\begin{align}
\delta_1 &= \frac{\partial L}{\partial z_1} = W_2^\top \delta_2 \odot a_1 \odot (1 - a_1) \\
\frac{\partial L}{\partial W_1} &= \delta_1 x^\top, \quad
\frac{\partial L}{\partial b_1} = \delta_1
\end{align}""",
        0,
    ),
    (
        "mlp",
        ["W1", "b1", "W2", "b2"],
        r"""
\paragraph{Output layer.} For softmax with cross-entropy the error signal is
\begin{equation}
\delta_2 = \frac{\partial L}{\partial z_2} = y - p
\end{equation}
Hence $\frac{\partial L}{\partial W_2} = \delta_2 a_1^\top$.""",
        4,
    ),
    (
        "mlp",
        ["W1", "b1", "W2", "b2"],
        r"""
\[ \delta^{(2)} = p - y, \quad \delta^{(1)} = W_2 \delta^{(2)} \odot \sigma'(z_1) \]
\[ \nabla_{W_2} L = \delta^{(2)} (a^{(1)})^\top \]""",
        2,
    ),
    (
        "mlp",
        ["W1", "b1", "W2", "b2"],
        r"""
\begin{align*}
dz_2 &= p - y \\
dW_2 &= dz_2\, a_1^\top \\
db_2 &= dz_2 \\
da_1 &= W_2^\top dz_2 \\
dz_1 &= da_1 \odot a_1 \odot (1 - a_1) \\
dW_1 &= dz_1\, x^\top \\
db_1 &= dz_1
\end{align*}""",
        0,
    ),
    (
        "mlp",
        ["W1", "b1", "W2", "b2"],
        r"""
\begin{align*}
dz_2 &= p - y \\
dW_2 &= dz_2\, a_1^\top \\
db_2 &= dz_2 \\
da_1 &= W_2^\top dz_2 \\
dz_1 &= da_1 * z_1 * (1 - z_1) \\
dW_1 &= dz_1\, x^\top \\
db_1 &= dz_1
\end{align*}""",
        7,
    ),
    (
        "mlp",
        "W2",
        r"""
We use $\frac{\partial L}{\partial p} = - y \oslash p$ and
$\frac{\partial p}{\partial z_2} = \operatorname{diag}(p) - p p^\top$. Therefore
\begin{align*}
\frac{\partial L}{\partial z_2}
  &= \left(\operatorname{diag}(p) - p p^\top\right) \frac{\partial L}{\partial p} \\
  &= -y + p\, (\mathbf{1}^\top y) \\
  &= p - y
\end{align*}
and $\frac{\partial L}{\partial W_2} = (p - y) a_1^\top$.""",
        0,
    ),
    (
        "mlp",
        "W2",
        r"""
We use $\frac{\partial L}{\partial p} = - y \oslash p$ and
$\frac{\partial p}{\partial z_2} = \operatorname{diag}(p) + p p^\top$. Therefore
$\frac{\partial L}{\partial z_2} = p - y$.""",
        3,
    ),
    (
        "tanh_net",
        ["W1", "b1", "W2"],
        """
Forward: z = W1 x + b1, a = tanh(z), r = W2 a - y, L = 1/2 r^T r.
Backward:
  dL/dr  = r
  dL/dW2 = r a^T
  dL/da  = W2^T r
  dL/dz  = dL/da * (1 - tanh(z)^2)
  dL/dW1 = dL/dz x^T
  dL/db1 = dL/dz""",
        0,
    ),
    (
        "tanh_net",
        ["W1", "b1", "W2"],
        """
Forward: z = W1 x + b1, a = tanh(z), r = W2 a - y, L = 1/2 r^T r.
Backward:
  dL/dr  = r
  dL/dW2 = r a^T
  dL/da  = W2^T r
  dL/dz  = dL/da * (1 - tanh(a)^2)
  dL/dW1 = dL/dz x^T""",
        7,
    ),
    (
        "relu_net",
        ["W", "V"],
        r"""
With $a = \max(0, z)$ we have $\frac{\partial L}{\partial r} = r$ and so
\begin{align*}
\frac{\partial L}{\partial V} &= r a^\top \\
\frac{\partial L}{\partial a} &= V^\top r \\
\frac{\partial L}{\partial z} &= V^\top r \odot \mathbb{1}[z > 0] \\
\frac{\partial L}{\partial W} &= \left(V^\top r \odot \mathbb{1}[z > 0]\right) x^\top
\end{align*}""",
        0,
    ),
    (
        "relu_net",
        ["W", "V"],
        r"""
\begin{align*}
\frac{\partial L}{\partial V} &= r a^\top \\
\frac{\partial L}{\partial a} &= V^\top r \\
\frac{\partial L}{\partial z} &= V^\top r \odot z \\
\end{align*}""",
        5,
    ),
    (
        "residual_net",
        "W",
        """
Let t = tanh(Wx), so that h = x + t.
dL/dh = 2 (h - y)
dL/dt = dL/dh
Let u = W x
dL/du = dL/dt * (1 - t^2)
Thus dL/dW = 2 ((h - y) * (1 - t^2)) x^T""",
        0,
    ),
    (
        "residual_net",
        "W",
        """
Let t = tanh(Wx), so that h = x + t.
dL/dh = 2 (h - y)
Let u = W x
dL/du = dL/dh * (1 - t)^2
Thus dL/dW = dL/du x^T""",
        5,
    ),
    (
        "residual_net",
        "W",
        r"""
\begin{align*}
u &= W x, \quad h = x + \tanh(u) \\
\frac{\partial L}{\partial u} &= 2 (h - y) \odot \left(1 - \tanh^2(u)\right) \\
\frac{\partial L}{\partial W} &= \frac{\partial L}{\partial u}\, x^\top
\end{align*}""",
        0,
    ),
    (
        "ridge",
        "w",
        r"""
Note that $\nabla_w \lambda \|w\|^2 = 2 \lambda w$ and $\nabla_w \|r\|^2 = 2 X^\top r$
where $r = Xw - y$. Therefore $\nabla_w L = 2 X^\top r + 2 \lambda w$.""",
        0,
    ),
    # classification
    (
        "softmax_regression",
        ["W", "b"],
        r"""
For a single example $(x, y)$, $\ell = -\sum_k y_k \log p_k$ and
\begin{align*}
\frac{\partial \ell}{\partial z} &= p - y, &
\frac{\partial \ell}{\partial W} &= (p - y) x^\top, &
\frac{\partial \ell}{\partial b} &= p - y .
\end{align*}
Averaging over the batch and adding the regularizer gives
\begin{align*}
\nabla_W L &= \frac{1}{N} \sum_{n=1}^{N} (p_n - y_n) x_n^\top + 2 \lambda W \\
\nabla_b L &= \frac{1}{N} \sum_{n=1}^{N} (p_n - y_n)
\end{align*}""",
        0,
    ),
    (
        "softmax_regression",
        ["W", "b"],
        r"""
\begin{align*}
\frac{\partial \ell}{\partial z} &= p - y \\
\nabla_W L &= \frac{1}{N} \sum_{n=1}^{N} (p_n - y_n) x_n^\top \\
\nabla_b L &= \frac{1}{N} \sum_{n=1}^{N} (p_n - y_n)
\end{align*}""",
        4,
    ),
    (
        "softmax_regression",
        ["W", "b"],
        r"""
\begin{align*}
\frac{\partial \ell}{\partial z} &= p - y \\
\frac{\partial \ell}{\partial W} &= x (p - y)^\top
\end{align*}""",
        4,
    ),
    (
        "logistic_regression",
        ["w", "b"],
        r"""
We have $\sigma'(s) = p (1 - p)$ and hence for one example
\[ \frac{\partial \ell}{\partial s}
   = \left( -\frac{t}{p} + \frac{1 - t}{1 - p} \right) p (1 - p) = p - t . \]
Therefore
\[ \frac{\partial L}{\partial w} = \frac{1}{n} \sum_{i=1}^n (p_i - t_i) x_i, \qquad
   \frac{\partial L}{\partial b} = \frac{1}{n} \sum_{i=1}^n (p_i - t_i). \]""",
        0,
    ),
    (
        "logistic_regression",
        ["w", "b"],
        r"""
\[ \frac{\partial \ell}{\partial s}
   = \left( -\frac{t}{p} - \frac{1 - t}{1 - p} \right) p (1 - p) = p - t . \]
\[ \frac{\partial L}{\partial w} = \frac{1}{n} \sum_{i=1}^n (p_i - t_i) x_i \]""",
        3,
    ),
    (
        "logistic_regression",
        ["w", "b"],
        """
dl/dp = -t/p + (1 - t)/(1 - p)
dp/ds = p (1 - p)
dl/ds = dl/dp * dp/ds = p - t
dL/dw = mean((p - t) x for x, t in batch)
dL/db = mean(p - t for x, t in batch)""",
        0,
    ),
    (
        "logistic_regression",
        ["w", "b"],
        """
dl/dp = -t/p + (1 - t)/(1 - p)
dp/ds = p (p - 1)
dl/ds = dl/dp * dp/ds = p - t""",
        3,
    ),
    (
        "softmax_of_data",
        ["W", "b"],
        r"""
Let $G = \frac{\partial L}{\partial Z}$. Since the rows of $Y$ are one-hot,
\begin{align*}
G &= \frac{1}{n} (P - Y) \\
\frac{\partial L}{\partial W} &= X^\top G \\
\frac{\partial L}{\partial b} &= G^\top \mathbf{1}
\end{align*}""",
        0,
    ),
    (
        "softmax_of_data",
        ["W", "b"],
        r"""
\begin{align*}
\frac{\partial L}{\partial Z} &= \frac{1}{n} (P - Y) \\
\frac{\partial L}{\partial W} &= \frac{\partial L}{\partial Z} X^\top \\
\end{align*}""",
        4,
    ),
    (
        "two_layers",
        ["W1", "W2"],
        r"""
\begin{align*}
\text{Let } e &= f - y, \quad \ell = e^\top e \\
\frac{\partial \ell}{\partial f} &= 2e \\
\frac{\partial \ell}{\partial W_2} &= 2 e h^\top \\
\frac{\partial \ell}{\partial h} &= 2 W_2^\top e \\
\frac{\partial \ell}{\partial W_1} &= 2 W_2^\top e x^\top \\
\text{summing: } \frac{\partial L}{\partial W_2} &= \sum_{(x, y)} 2 e h^\top, \quad
\frac{\partial L}{\partial W_1} = \sum_{(x, y)} 2 W_2^\top e x^\top
\end{align*}""",
        0,
    ),
    (
        "two_layers",
        ["W1", "W2"],
        r"""
\begin{align*}
\frac{\partial \ell}{\partial f} &= 2 (f - y) \\
\frac{\partial \ell}{\partial h} &= W_2^\top \frac{\partial \ell}{\partial f} \\
\frac{\partial \ell}{\partial W_1} &= \frac{\partial \ell}{\partial h} h^\top
\end{align*}""",
        5,
    ),
    # functions of one argument, norms
    (
        "exponential",
        "x",
        r"""
Set $s = \|x\|$. Then $\frac{ds}{dx} = \frac{x}{s}$ and $\frac{dL}{ds} = e^s$, so
$$\nabla L = e^s \cdot \frac{x}{s} = \frac{e^{\|x\|}}{\|x\|} x.$$""",
        0,
    ),
    (
        "exponential",
        "x",
        r"""
Set $s = \|x\|$. Then $\frac{ds}{dx} = \frac{x}{s^2}$ and $\frac{dL}{ds} = e^s$.""",
        2,
    ),
    (
        "logarithm",
        ["A", "x"],
        r"""
Jacobi's formula gives $d \log\det A = \operatorname{tr}(A^{-1} dA)$, and therefore
$\frac{\partial L}{\partial A} = A^{-\top}$; moreover
$\frac{\partial L}{\partial x_i} = \frac{1}{x_i}$, that is, $\nabla_x L = \mathbf{1} \oslash x$.""",
        0,
    ),
    (
        "logarithm",
        ["A", "x"],
        r"""
Jacobi's formula gives
$\frac{\partial L}{\partial A} = A^{-1}$; moreover $\nabla_x L = \mathbf{1} \oslash x$.""",
        3,
    ),
    (
        "distance",
        "x",
        """
Let r = W x - y and n = ||r||. Then L = n.
dn/dr = r / n
dr/dx = W
dL/dx = W^T r / ||r||""",
        0,
    ),
    (
        "distance",
        "x",
        """
Let r = W x - y. Then L = ||r||.
dL/dr = 2 r
dL/dx = 2 W^T r""",
        3,
    ),
    (
        "hadamard",
        "X",
        r"""
$L = \sum_{ij} X_{ij}^2 Y_{ij}$, hence $\frac{\partial L}{\partial X_{ij}} = 2 X_{ij} Y_{ij}$
and in matrix form $\nabla_X L = 2 X \odot Y$.""",
        0,
    ),
    (
        "hadamard",
        "X",
        r"""
$L = \sum_{ij} X_{ij}^2 Y_{ij}$, hence $\frac{\partial L}{\partial X_{ij}} = 2 X_{ij} Y_{ij}$
and in matrix form $\nabla_X L = 2 X Y$.""",
        3,
    ),
    (
        "sine",
        "x",
        r"""
$\begin{aligned}
L &= \sum_i c_i \sin(x_i) \\
\frac{\partial L}{\partial x_i} &= c_i \cos(x_i) \\
\nabla_x L &= c \odot \cos(x)
\end{aligned}$""",
        0,
    ),
    (
        "map",
        "x",
        r"""
\begin{align*}
z &= A x \\
df &= \operatorname{diag}(1 - f \odot f)\, dz = \operatorname{diag}(1 - f \odot f) A\, dx \\
\frac{\partial f}{\partial x} &= \operatorname{diag}(1 - f \odot f) A
\end{align*}""",
        0,
    ),
    (
        "map",
        "x",
        r"""
\begin{align*}
z &= A x \\
\frac{\partial f}{\partial z} &= \operatorname{diag}(1 - f \odot f) \\
\frac{\partial f}{\partial x} &= A \operatorname{diag}(1 - f \odot f)
\end{align*}""",
        5,
    ),
    (
        "recurrence",
        ["W", "U"],
        """
g2 = 2 (h2 - y)                    # dL/dh2
s2 = g2 * (1 - h2^2)
s1 = (W^T s2) * (1 - h1^2)
dL/dW = s2 h1^T + s1 h0^T
dL/dU = s2 x2^T + s1 x1^T""",
        0,
    ),
    (
        "recurrence",
        ["W", "U"],
        """
dL/dh2 = 2 (h2 - y)
s2 = dL/dh2 * (1 - h2^2)
dL/dh1 = W^T s2
s1 = dL/dh1 * (1 - h1^2)
dL/dW = s2 h1^T
dL/dU = s2 x2^T + s1 x1^T""",
        6,
    ),
]
