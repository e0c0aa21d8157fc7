"""Programs as people bring them, with what is right of them.

Each row is a program (`;` stands for a new line), what it is differentiated by, numbers, and what
must come out there: the value, the derivatives as numbers or as expressions of the language, and
pieces that a text holds or does not hold. A row is one of its kind; the kinds are in `TABLES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from tests.drawn import random_inputs

DERIVED: Mapping[str, Callable[..., sg.Derivation]] = {
    "gradient": sg.derive,
    "jacobian": sg.jacobian,
    "hessian": sg.hessian,
}
PRINTED: Mapping[str, Callable[[sg.Derivation], str]] = {
    "result": lambda d: "\n".join(r.expression for r in d.results.values()),
    "latex result": lambda d: "\n".join(r.latex for r in d.results.values()),
    "text": lambda d: d.text(),
    "latex": lambda d: d.latex(),
    "full": lambda d: d.text("full"),
    "markdown": lambda d: d.markdown(),
    "html": lambda d: d.html(),
    "code": lambda d: d.lambdify().source,
}
Pieces = Mapping[str, str | tuple[str, ...]]  # by what is printed, one of PRINTED


@dataclass(frozen=True, kw_only=True)
class Row:
    """A program and what is right of it."""

    name: str
    program: str
    wrt: str | tuple[str, ...] | None = None
    kind: str = "gradient"
    at: Mapping[str, Any] | None = None  # the numbers; without them random ones, all names 2 or 3
    value: float | None = None
    derivative: Mapping[Any, Any] = field(default_factory=dict)  # numbers, or text of the language
    same: Mapping[str, str] = field(default_factory=dict)  # the printed result, to the letter
    holds: Pieces = field(default_factory=dict)
    lacks: Pieces = field(default_factory=dict)
    check: str | None = None  # the verdict of check_gradient at these numbers
    refused: tuple[str, ...] = ()  # it is refused, and the message holds these
    rtol: float = 1e-9

    @property
    def text(self) -> str:
        """The program."""
        return "\n".join(line.strip(" ") for line in self.program.split(";"))


NOT_COMPILING = [  # LaTeX that no TeX compiles
    Row(
        name="a root as a power, in the name of a rule",
        program="x: Scalar; loss = x**(1/2)",
        derivative={"x": "0.5 / sqrt(x)"},
        holds={"latex": r"x^{1 / 2}"},
    ),
    Row(
        name="a rule with parentheses and an underscore",
        program="x: Vector(n); u = log_cosh(x); loss = sum(u) + sum(log(1 + exp(x)))",
        derivative={"x": "tanh(x) + sigmoid(x)"},
        holds={"latex": r"log\_cosh, elementwise"},
    ),
    Row(
        name="focal loss",
        program="z: Vector(k); y: Vector(k, one_hot=True); gamma: Scalar; p = softmax(z)"
        "; p_t = y.T @ p; loss = -(1 - p_t)**gamma * log(p_t)",
        wrt="z",
        at={"z": [0.3, -0.2, 0.1], "y": [0.0, 1.0, 0.0], "gamma": 2.0},
        derivative={
            "z": "(gamma * p_t * log(p_t) * (1 - p_t)**(gamma - 1) - (1 - p_t)**gamma) * (y - p)"
        },
    ),
]
ANOTHER_FORMULA = [  # what is printed says another formula than was derived
    Row(
        name="norms of rows",
        program="W: Matrix(p, k); lam: Scalar; loss = lam * sum(norm2(W, axis=1))",
        derivative={"W": "lam * diag(1 / norm2(W, axis=1)) @ W"},
        holds={"latex": r"\lVert W \rVert_{\text{rows}}"},
    ),
    Row(
        name="sums of absolute values of columns",
        program="W: Matrix(p, k); loss = sum(norm1(W, axis=0)**2)",
        derivative={"W": "2 * sign(W) @ diag(norm1(W, axis=0).T)"},
        holds={"latex": r"\lVert W \rVert_{1,\text{columns}}^{\odot 2}"},
    ),
    Row(
        name="the square of a sum along an axis",
        program="W: Matrix(p, k); loss = sum(sum(W, axis=0)**2)",
        derivative={"W": "2 * ones(p) @ sum(W, axis=0)"},
        holds={"latex": r"(\mathbf{1}^{\top} W)^{\odot 2}"},
    ),
    Row(
        name="the square of a sum over a batch",
        program="x: Vector(n); w: Vector(n); loss = sum(x.T @ w for x in batch)**2",
        wrt="w",
        holds={"latex": r"\left(\sum_{x \in B} x^{\top} w\right)^{2}", "text": "grad_w L"},
        lacks={"text": "L2"},
    ),
    Row(
        name="the square of a log-determinant",
        program="M: Matrix(n, n); loss = logdet(M)**2",
        derivative={"M": "2 * logdet(M) * inv(M).T"},
        holds={"latex": r"(\log\lvert \det M \rvert)^{2}"},
    ),
    Row(
        name="a sigma of the user's, and a sigmoid",
        program="sigma: Scalar; x: Scalar; loss = softplus(sigma * (x - 1))",
        holds={"latex": r"\operatorname{sigmoid}(\sigma (x - 1))"},
    ),
    Row(
        name="signs of ours that the user has",
        program="I: Matrix(n, n); B: Matrix(n, n); L: Matrix(n, n); d: Scalar; e: Vector(n)"
        "; loss = d * trace(I @ B @ L @ inv(4 * eye(n) + B)) + sum(exp(e))",
        wrt="d",
        holds={"latex": r"\mathbf{I}"},
    ),
    Row(
        name="two reciprocals of vectors",
        program="x: Vector(n); loss = 1 / sum(1 / x)",
        kind="hessian",
        lacks={"latex": r"^{\top} / "},
    ),
    Row(
        name="a definition that is a transpose",
        program="A: Matrix(m, n); C: Matrix(m, n); B = exp(A).T; loss = trace(B @ C)**2",
        wrt="A",
        derivative={"A": "2 * trace(B @ C) * exp(A) * C"},
    ),
    Row(
        name="a number that no size of a vector shows",
        program="x: Vector(n); y: Vector(m); loss = sum(ones(m)) * sum(x) + sum(y)",
        wrt="x",
        derivative={"x": "m * ones(n)"},
        holds={"latex": r"\operatorname{sum}(\mathbf{1}_{m})"},
    ),
    Row(
        name="a number and an accent in a name",
        program="W2_hat: Matrix(n, n); x: Vector(n); loss = 1e-4 * sum(W2_hat @ x)",
        wrt="x",
        holds={"latex": r"10^{-4} \hat{W}_{2}^{\top} \mathbf{1}"},
    ),
]
STABLE = [  # finite in many digits, so finite here, value and gradient
    Row(
        name="logarithm of the softmax entry that a label looks up",
        program="z: Vector(k); o: Index(k); loss = -log(softmax(z)[o])",
        at={"z": [800.0, 0.0, 0.0], "o": 1},
        value=800,
        derivative={"z": [1, -1, 0]},
        same={"z": "softmax(z) - onehot(o)"},
        holds={"text": "where y is one-hot"},
    ),
    Row(
        name="logarithm of the softmax entry that a one-hot vector chooses",
        program="z: Vector(k); y: Vector(k, one_hot=True); loss = -log(y.T @ softmax(z))",
        at={"z": [0.0, 900.0, 0.0], "y": [0.0, 0.0, 1.0]},
        value=900,
        derivative={"z": [0, 1, -1]},
        same={"z": "softmax(z) - y"},
    ),
    Row(
        name="the same in the rows of a matrix",
        program="Z: Matrix(m, k); Y: Matrix(m, k, one_hot=True)"
        "; loss = -sum(log(sum(Y * softmax(Z, axis=1), axis=1)))",
        at={"Z": [[0.0, 900.0], [2e3, 0.0]], "Y": [[1.0, 0.0], [0.0, 1.0]]},
        value=2900,
        derivative={"Z": [[-1, 1], [1, -1]]},
        same={"Z": "softmax(Z, axis=1) - Y"},
    ),
    Row(
        name="the same for labels in a batch",
        program="W: Matrix(k, d); x: Vector(d); o: Index(k)"
        "; loss = mean(-log(softmax(W @ x)[o]) for x, o in batch)",
        at={"W": [[1e3], [0.0]], "x": [[1.0], [2.0]], "o": [1, 0]},
        value=500,
        derivative={"W": [[0.5], [-0.5]]},
        same={"W": "mean((softmax(W @ x) - onehot(o)) @ x.T for x, o in batch)"},
    ),
    Row(
        name="exponentials by hand, one looked up",
        program="z: Vector(k); o: Index(k); loss = -log(exp(z[o]) / sum(exp(z)))",
        at={"z": [800.0, 0.0, 0.0], "o": 1},
        value=800,
        derivative={"z": [1, -1, 0]},
        same={"z": "softmax(z) - onehot(o)"},
    ),
    Row(
        name="one exponential over itself and others",
        program="a: Scalar; b: Vector(n); loss = -log(exp(a) / (exp(a) + sum(exp(b))))",
        at={"a": 857.0, "b": [0.0, 858.0, -900.0]},
        value=1 + np.log1p(np.exp(-1)),
        derivative={
            "a": 1 / (1 + np.e) - 1,
            "b": [0, np.e / (1 + np.e), 0],
        },
        same={"a": "exp(a) / (exp(a) + sum(exp(b))) - 1", "b": "exp(b) / (exp(a) + sum(exp(b)))"},
    ),
    Row(
        name="the same for each example, by a named share",
        program="x: Vector(d); y: Vector(d); w: Vector(d); a = w.T @ x; b = w.T @ y"
        "; p = exp(a) / (exp(a) + exp(b)); loss = -mean(log(p) for x, y in batch)",
        at={"w": [1.0], "x": [[900.0], [0.0]], "y": [[0.0], [900.0]]},
        wrt="w",
        value=450,
        derivative={"w": [450]},
    ),
    Row(
        name="similarities in the rows of a matrix",
        program="A: Matrix(m, d); B: Matrix(m, d); S = A @ B.T"
        "; loss = -sum(log(diag(exp(S) / (sum(exp(S), axis=1) @ ones(m).T))))",
        wrt="A",
        at={"A": [[30.0, 0.0], [0.0, 30.0]], "B": [[0.0, 30.0], [30.0, 0.0]]},
        value=1800,
        derivative={"A": [[30, -30], [-30, 30]]},
    ),
    Row(
        name="a logarithm of a sum of exponentials of two vectors",
        program="z: Vector(n); a: Vector(n); loss = sum(log(exp(z) + exp(a)))",
        at={"z": [1000.0, -1000.0], "a": [1000.0, -999.0]},
        value=1 + np.log(2) + np.log1p(np.exp(-1)),
        derivative={"z": [0.5, 1 / (1 + np.e)], "a": [0.5, np.e / (1 + np.e)]},
    ),
    Row(
        name="weights, of which the largest exponential has none",
        program="x: Vector(n); w: Vector(n); loss = log(sum(w * exp(x)))",
        wrt="x",
        at={"x": [1000.0, -1000.0], "w": [0.0, 1.0]},
        value=-1000,
        derivative={"x": [0, 1]},
    ),
    Row(
        name="a mixture far from the data",
        program="x: Scalar; mu: Vector(k); q: Vector(k, simplex=True)"
        "; loss = -log(sum(q * exp(-(x - mu)**2 / 2)))",
        wrt="mu",
        at={"x": 100.0, "mu": [0.0, 50.0], "q": [0.5, 0.5]},
        value=1250 + np.log(2),
        derivative={"mu": [0, -50]},
    ),
    Row(
        name="a risk set",
        program="X: Matrix(n, d); R: Matrix(n, n); w: Vector(d); t = X @ w"
        "; loss = sum(log(R @ exp(t)) - t)",
        wrt="w",
        at={"X": [[1.0], [2.0]], "R": [[1.0, 1.0], [0.0, 1.0]], "w": [1000.0]},
        value=1000,
        derivative={"w": [1]},
    ),
    Row(
        name="tanh by exponentials",
        program="x: Vector(n); loss = sum((exp(x) - exp(-x)) / (exp(x) + exp(-x)))",
        at={"x": [400.0, -1000.0, 0.0]},
        value=0,
        derivative={"x": [0, 0, 1]},
    ),
    Row(
        name="a product of exponentials of which one is too large",
        program="x: Scalar; y: Scalar; loss = exp(x) * exp(y)",
        at={"x": 800.0, "y": -800.0},
        value=1,
        derivative={"x": 1, "y": 1},
        same={"x": "exp(x) * exp(y)"},
    ),
    Row(
        name="x log(x / y) where x and y are 0",
        program="P: Matrix(n, n); W: Matrix(n, n); loss = sum(P * log(P / W))",
        wrt="W",
        at={"P": [[0.0, 0.5], [0.5, 0.0]], "W": [[0.0, 0.6], [0.4, 0.0]]},
        value=0.5 * np.log(0.5 / 0.6) + 0.5 * np.log(0.5 / 0.4),
        derivative={"W": [[0, -0.5 / 0.6], [-1.25, 0]]},
        same={"W": "-P / W"},
    ),
    Row(
        name="neighbours with a diagonal of 0",
        program="D: Matrix(n, n); M: Matrix(n, n); P: Matrix(n, n); q = M / (1 + D)"
        "; Q = q / sum(q); loss = sum(P * log(P / Q))",
        wrt="D",
        at={
            "D": [[0.0, 1.0], [2.0, 0.0]],
            "M": [[0.0, 1.0], [1.0, 0.0]],
            "P": [[0.0, 0.5], [0.5, 0.0]],
        },
        value=0.5 * np.log(0.5 / 0.6) + 0.5 * np.log(0.5 / 0.4),
        derivative={"D": [[0, -0.05], [1 / 30, 0]]},
    ),
    Row(
        name="cross-entropy of a sure prediction",
        program="y: Vector(n); p: Vector(n); loss = cross_entropy(y, p)",
        wrt="p",
        at={"y": [1.0, 0.0, 0.0], "p": [1.0, 0.0, 0.0]},
        value=0,
        derivative={"p": [-1, 0, 0]},
        same={"p": "-y / p"},
    ),
    Row(
        name="the same with a label, in a batch",
        program="y: Index(n); p: Vector(n); loss = sum(cross_entropy(y, p) for y, p in batch)",
        wrt="p",
        at={"y": [0, 2], "p": [[1.0, 0.0, 0.0], [0.0, 0.0, 0.5]]},
        value=np.log(2),
        derivative={"p": [[-1, 0, 0], [0, 0, -2]]},
    ),
    Row(
        name="binary cross-entropy of sure predictions",
        program="t: Vector(n); p: Vector(n); loss = binary_cross_entropy(t, p)",
        wrt="p",
        at={"t": [1.0, 0.0, 0.5], "p": [1.0, 0.0, 0.5]},
        value=np.log(2),
        derivative={"p": [-1, 1, 0]},
    ),
    Row(
        name="entropy of squares, one of which is 0",
        program="w: Vector(n); q = w**2; p = q / sum(q); loss = -sum(p * log(p))",
        at={"w": [0.0, 1.0, 2.0]},
        value=-0.2 * np.log(0.2) - 0.8 * np.log(0.8),
        derivative={"w": [0, 0.16 * np.log(16), -0.08 * np.log(16)]},
    ),
    Row(
        name="x log x behind a kink",
        program="z: Vector(n); x = relu(z); loss = sum(x * log(x))",
        at={"z": [0.0, -1.0, 2.0]},
        value=2 * np.log(2),
        derivative={"z": [0, 0, 1 + np.log(2)]},
    ),
    Row(
        name="Huber's loss is a square around 0",
        program="x: Vector(n); loss = sum(huber(x))",
        kind="hessian",
        at={"x": [0.0, -0.5, 2.0]},
        derivative={("x", "x"): [[1, 0, 0], [0, 1, 0], [0, 0, 0]]},
    ),
    Row(
        name="determinant of a singular matrix",
        program="X: Matrix(n, n); loss = det(X)",
        at={"X": [[1.0, 2.0], [2.0, 4.0]]},
        value=0,
        derivative={"X": [[4, -2], [-2, 1]]},
        same={"X": "det(X) * inv(X).T"},
    ),
    Row(
        name="a root of squares that are 0",
        program="x: Vector(n); loss = sum((x**2)**0.75) + sum(x**2)**0.75 + sum(sqrt(x**2))",
        at={"x": [0.0, 0.0]},
        value=0,
        derivative={"x": [0, 0]},
    ),
    Row(
        name="a power of 0 by its exponent and base",
        program="c: Scalar; x: Scalar; loss = c**x",
        wrt="c",
        at={"c": 0.0, "x": 0.0},
        value=1,
        derivative={"c": 0},
    ),
    Row(
        name="curvature of a power of 0",
        program="c: Scalar; x: Scalar; loss = c**x",
        wrt=("c", "x"),
        kind="hessian",
        at={"c": 0.0, "x": 3.0},
        derivative={("c", "c"): 0, ("c", "x"): 0, ("x", "x"): 0},
    ),
    Row(
        name="curvature of a line as a power",
        program="c: Scalar; x: Scalar; loss = c**x",
        wrt="c",
        kind="hessian",
        at={"c": 0.0, "x": 1.0},
        derivative={("c", "c"): 0},
    ),
    Row(
        name="curvature of a cubed norm at 0",
        program="x: Vector(n); loss = norm2(x)**3",
        kind="hessian",
        at={"x": [0.0, 0.0]},
        value=0,
        derivative={("x", "x"): [[0, 0], [0, 0]]},
    ),
    Row(
        name="logarithms on a diagonal, with weights",
        program="B: Matrix(n, n); loss = trace(sin(eye(n)) * log(2 + B))",
        at={"B": [[0.0, 1.0], [1.0, 2.0]]},
        value=np.sin(1) * np.log(8),
        derivative={"B": [[np.sin(1) / 2, 0], [0, np.sin(1) / 4]]},
    ),
    Row(
        name="determinant of what is on a diagonal",
        program="S: Matrix(n, n); A: Matrix(n, n); loss = det(2 * eye(n) + (S * eye(n)) * A)",
        wrt="S",
        at={"S": [[1.0, 5.0], [7.0, 2.0]], "A": [[3.0, 5.0], [7.0, 4.0]]},
        value=50,
        derivative={"S": [[30, 0], [0, 20]]},
    ),
    Row(
        name="independent components",
        program="x: Vector(n); W: Matrix(n, n); g = sigmoid(W @ x)"
        "; loss = -sum(sum(log(g * (1 - g))) + log(abs(det(W))) for x in batch)",
        wrt="W",
        at={"W": [[1.0, 0.0], [0.0, 1.0]], "x": [[800.0, -800.0]]},
        value=1600,
        derivative={"W": [[799, -800], [-800, 799]]},
        same={"W": "sum((2 * g - 1) @ x.T for x in batch) - size(batch) * inv(W).T"},
    ),
]
BATCH_NORM = (
    "X: Matrix(N, d); gamma: Vector(d); beta: Vector(d); G: Matrix(N, d); mu = mean(X, axis=0); "
    "xmu = X - ones(N) @ mu; v = mean(xmu**2, axis=0); "
    "out = xmu @ diag(1 / sqrt(v.T)) @ diag(gamma) + ones(N) @ beta.T; loss = sum(G * out)"
)
CHECKED = [  # no right gradient is called wrong, no wrong one right
    Row(
        name="logarithms of distances, but those of a point from itself",
        program="x: Vector(n); loss = sum(log(x[i]**2 + x[j]**2 - 2 * x[i] * x[j]) "
        "for i in range(n) for j in range(n) if i != j)",
        at={"x": [0.0, 1.0, 3.0]},
        derivative={"x": [-16 / 3, 2, 10 / 3]},
        holds={"result": "(1 - eye(n)) / G", "text": "log, elementwise"},
    ),
    Row(
        name="logits of 720",
        program="z: Vector(k); y: Vector(k); loss = logsumexp(z) - y.T @ z",
        wrt="z",
        at={"z": [720.0, 0.0, 1.0], "y": [0.0, 1.0, 0.0]},
        value=720,
        derivative={"z": [1, -1, 0]},
        check="passed",
    ),
    Row(
        name="softplus of 800",
        program="x: Vector(n); loss = sum(softplus(x)) + sum(1 / (1 + 2 * exp(-x)))",
        at={"x": [800.0, -800.0, -10.0]},
        derivative={"x": "sigmoid(x) + 2 * exp(-abs(x)) * (0.25 * (1 - sign(x)) + step(x))**2"},
        check="passed",
        rtol=1e-3,
    ),
    Row(
        name="layer norm",
        program="x: Vector(n); g: Vector(n); loss = dot(g, (x - mean(x)) / std(x))",
        wrt="x",
        at={"x": [0.3, 1.1, -0.4], "g": [1.0, 2.0, -1.0]},
        derivative={
            "x": "(g - ones(n) * mean(g) - (x - mean(x)) / std(x) * mean(g * (x - mean(x))"
            " / std(x))) / std(x)"
        },
        check="passed",
    ),
    Row(
        name="layer norm of two numbers",
        program="x: Vector(n); g: Vector(n); loss = dot(g, (x - mean(x)) / std(x))",
        wrt="x",
        at={"x": [0.3, 1.1], "g": [1.0, 2.0]},
        check="passed",
    ),
    Row(name="batch norm", program=BATCH_NORM, wrt="X", check="passed"),
    Row(
        name="batch norm of two rows",
        program=BATCH_NORM,
        wrt="X",
        at={
            "X": [[1.0, 2.0], [3.0, -1.0]],
            "gamma": [1.0, 2.0],
            "beta": [0.0, 1.0],
            "G": [[1.0, 2.0], [3.0, 5.0]],
        },
        check="passed",
    ),
    Row(
        name="a gradient of 0",
        program="x: Vector(n); loss = norm2(x / norm2(x))**2",
        at={"x": [3.0, 4.0]},
        value=1,
        check="passed",
    ),
    Row(
        name="a logarithm of a one-hot vector",
        program="x: Vector(n); y: Vector(n, one_hot=True, data=True); loss = sum(log(y) * x)",
        wrt="x",
        at={"x": [3.0, 4.0], "y": [1.0, 0.0]},
        check="not finite",
        holds={"text": "nothing to compare in (1): not checked"},
        lacks={"text": "every step at random numbers"},
    ),
    Row(
        name="a slip of the sign",
        program="x: Scalar; loss = log(-x**2)",
        at={"x": 2.0},
        check="not finite",
        holds={"text": "not checked", "full": "not checked"},
        lacks={"text": "please report"},
    ),
    Row(
        name="a norm of what may be all zeros",
        program="x: Vector(n); loss = norm2(relu(x))",
        at={"x": [-1.0, -2.0]},
        derivative={"x": [0, 0]},
        check="passed",
    ),
    Row(
        name="exactly at a kink",
        program="x: Vector(n); loss = sum(relu(x)) + sum(abs(x - 1))",
        at={"x": [0.0, 2.0]},
        check="inconclusive",
    ),
]
NUMBERS = [  # numbers are as they were typed
    Row(
        name="a number of many digits",
        program="mu: Vector(d); loss = log(2 * 3.14159265) * sum(mu)",
        wrt="mu",
        at={"mu": [1.0, 2.0]},
        value=3 * np.log(2 * 3.14159265),
        derivative={"mu": "log(2 * 3.14159265) * ones(d)"},
        holds={"text": "log(2 * 3.14159265)", "latex": r"\log(2 \cdot 3.14159265)"},
        lacks={"text": "/ 20000000", "latex": "20000000", "full": "20000000"},
    ),
    Row(
        name="powers of ten",
        program="w: Vector(d); loss = 1e-4 * norm2(w)**2 + 2.5e-20 * sum(w)",
        wrt="w",
        at={"w": [1.0, 2.0]},
        derivative={"w": "0.0002 * w + 25e-21"},
        same={"w": "2e-4 * w + 2.5e-20"},
        holds={"text": "1e-4 * norm2(w)**2", "latex": r"10^{-4} \lVert w \rVert^{2}"},
        lacks={"text": "0.0001", "html": "0.0001", "code": "/ 5000"},
    ),
    Row(
        name="decimals",
        program="x: Vector(d); loss = 0.3 * sum(x) + 0.0001 * norm2(x)**2 + 0.50 * norm1(x)",
        wrt="x",
        derivative={"x": "3 * ones(d) / 10 + 2 * x / 10000 + sign(x) / 2"},
        holds={
            "text": "0.3 * sum(x) + 0.0001 * norm2(x)**2 + 0.50 * norm1(x)",
            "result": ("0.3", "0.0002", "0.50"),
            "latex": ("0.3", "0.0001", "0.50"),
        },
        lacks={"latex result": "frac"},
    ),
    Row(
        name="roots of pi",
        program="x: Vector(d); loss = sum(gelu(x)) + log(2 * pi) * sum(erf(x)) + sum(x) / sqrt(pi)",
        wrt="x",
        holds={"text": ("log(2 * pi)", "sqrt(pi)"), "latex": (r"\pi",)},
        lacks=dict.fromkeys(("text", "latex", "full", "html"), "0.56418"),
        derivative={
            "x": "(1 + erf(x / sqrt(2))) / 2 + x * exp(-x**2 / 2) / sqrt(2 * pi)"
            " + log(2 * pi) * 2 / sqrt(pi) * exp(-x**2) + 1 / sqrt(pi)"
        },
    ),
    Row(
        name="a pi of one's own",
        program="pi: Vector(k); z: Vector(k); loss = pi.T @ erf(z)",
        wrt="z",
        derivative={"z": "1.1283791670955126 * pi * exp(-z**2)"},
    ),
]
EXPONENTS = [  # a quotient of numbers in an exponent is a number
    Row(
        name="a root as a power",
        program="x: Scalar; loss = x**(1/2)",
        wrt="x",
        at={"x": 4.0},
        value=2.0,
        derivative={"x": 0.25},
        same={"x": "0.5 / sqrt(x)"},
        holds={"text": ("loss = x**(1 / 2)", "L = x**(1 / 2)"), "latex": "x^{1 / 2}"},
        lacks={"text": "variable_power", "latex": "variable\\_power"},
    ),
    Row(
        name="a third",
        program="x: Scalar; loss = x**(2/3) + x**(-1/3)",
        wrt="x",
        at={"x": 8.0},
        value=4.5,
        derivative={"x": 2 / 3 / 2 - 1 / 3 / 16},
        lacks={"text": "log", "latex": r"\log"},
    ),
    Row(
        name="the exponential function as a power of e",
        program="x: Vector(n); loss = sum(e**(-x))",
        wrt="x",
        same={"x": "-exp(-x)"},
    ),
]
STRESS = (
    "X: Matrix(n, p); Dp: Matrix(n, n, symmetric=True); G = X @ X.T; g = diag(G)"
    "; D2 = g @ ones(n).T + ones(n) @ g.T - 2 * G; loss = sum((D2 - Dp)**2)"
)
FOCAL = (
    "z: Vector(k); y: Vector(k, one_hot=True); gamma: Scalar; p = softmax(z)"
    "; p_t = y.T @ p; loss = -(1 - p_t)**gamma * log(p_t)"
)
STANDARDIZED = (
    "X: Matrix(N, d); G: Matrix(N, d); gamma: Vector(d); mu = mean(X, axis=0)"
    "; s = std(X, axis=0); Xhat = {Xhat}; loss = sum(G * Xhat)"
)
BY_COLUMNS = "(G - Xhat @ diag(mean(G * Xhat, axis=0).T) - ones(N) @ mean(G, axis=0))"
CLOSED = [  # a result uses only what is defined beside it
    Row(
        name="heat kernel",
        program="X: Matrix(d, n); Q: Matrix(k, n); G = X.T @ X; g = diag(G)"
        "; S = exp(2 * G - g @ ones(n).T - ones(n) @ g.T); loss = sum(Q.T @ Q * S)",
        wrt="X",
        derivative={
            "X": "4 * X @ (S * (Q.T @ Q) - diag((S * (Q.T @ Q)) @ ones(n)))",
        },
        same={"X": "4 * X @ (S * (Q.T @ Q) - diag((S * (Q.T @ Q)) @ ones(n)))"},
        holds={"text": "g = diag(G)"},
    ),
    Row(
        name="a kernel with a matrix that is not symmetric",
        program="X: Matrix(d, n); Q: Matrix(n, n); G = X.T @ X; g = diag(G)"
        "; S = exp(2 * G - g @ ones(n).T - ones(n) @ g.T); loss = sum(Q * S)",
        wrt="X",
        derivative={
            "X": "2 * X @ (S * (Q + Q.T) - diag(S * (Q + Q.T) @ ones(n)))",
        },
        lacks={"result": "4 * X"},
    ),
    Row(
        name="stress of distances",
        program=STRESS,
        wrt="X",
        same={"X": "8 * (diag((D2 - Dp) @ ones(n)) - D2 + Dp) @ X"},
    ),
    Row(
        name="stress of distances that are not symmetric",
        program=STRESS.replace(", symmetric=True", ""),
        wrt="X",
        derivative={
            "X": "4 * (diag((2 * D2 - Dp - Dp.T) @ ones(n)) - 2 * D2 + Dp + Dp.T) @ X",
        },
        lacks={"result": "8 *"},
    ),
    Row(
        name="a vector that is standardized",
        program="x: Vector(n); g: Vector(n); loss = dot(g, (x - mean(x)) / std(x))",
        wrt="x",
        derivative={
            "x": "(g - mean(g) - (x - mean(x)) / std(x) * mean(g * (x - mean(x)) / std(x)))"
            " / std(x)"
        },
        same={
            "x": "(g - mean(g * (x - mean(x))) / var(x) * (x - mean(x)) - mean(g)) / std(x)",
        },
    ),
    Row(
        name="a vector that is standardized, with a name",
        program="x: Vector(n); g: Vector(n); s = std(x); xhat = (x - mean(x)) / s"
        "; loss = dot(g, xhat)",
        wrt="x",
        same={"x": "(g - mean(g * xhat) * xhat - mean(g)) / s"},
    ),
    Row(
        name="another number taken off than the mean",
        program="x: Vector(n); g: Vector(n); w: Vector(n); loss = dot(g, (x - w.T @ x) / std(x))",
        wrt="x",
        derivative={
            "x": "(g - sum(g) * w) / std(x) - dot(g, x - w.T @ x) * (x - mean(x)) / (n * std(x)**3)"
        },
    ),
    Row(
        name="columns that are standardized",
        program=STANDARDIZED.format(Xhat="(X - mu) / s"),
        wrt="X",
        same={"X": f"{BY_COLUMNS} @ diag(1 / s.T)"},
    ),
    Row(
        name="columns that are standardized and scaled",
        program=STANDARDIZED.format(Xhat="(X - ones(N) @ mu) @ diag(1 / s.T)").replace(
            "sum(G * Xhat)", "sum(G * (Xhat @ diag(gamma)))"
        ),
        wrt="X",
        same={"X": f"{BY_COLUMNS} @ diag(gamma / s.T)"},
    ),
    Row(
        name="columns that are standardized without a name",
        program="X: Matrix(N, d); G: Matrix(N, d)"
        "; loss = sum(G * ((X - mean(X, axis=0)) / std(X, axis=0)))",
        wrt="X",
        same={
            "X": "(G - (X - ones(N) @ mean(X, axis=0)) @ diag(mean(G * (X - ones(N) @ mean(X, "
            "axis=0)), axis=0).T / var(X, axis=0).T) - ones(N) @ mean(G, axis=0))"
            " @ diag(1 / std(X, axis=0).T)"
        },
    ),
    Row(
        name="rows that are standardized",
        program="X: Matrix(n, d); G: Matrix(n, d); mu = mean(X, axis=1); s = std(X, axis=1)"
        "; H = diag(1 / s) @ (X - mu @ ones(d).T)"
        "; loss = sum(G * H)",
        wrt="X",
        same={
            "X": "diag(1 / s) @ (G - diag(mean(G * H, axis=1)) @ H - mean(G, axis=1) @ ones(d).T)"
        },
    ),
    Row(
        name="focal loss by the name of the probability",
        program=FOCAL,
        wrt="z",
        at={"z": [0.3, -0.2, 0.1], "y": [0.0, 1.0, 0.0], "gamma": 2.0},
        same={
            "z": "(gamma * log(p_t) * (1 - p_t)**(gamma - 1) - (1 - p_t)**gamma / p_t)"
            " * p * (y - p_t)",
        },
    ),
    Row(
        name="focal loss of a distribution",
        program=FOCAL.replace("one_hot", "simplex"),
        wrt="z",
        at={"z": [0.3, -0.2, 0.1], "y": [0.2, 0.5, 0.3], "gamma": 2.0},
        derivative={
            "z": "(log(p_t) * gamma * (1 - p_t)**(gamma - 1) - (1 - p_t)**gamma / p_t)"
            " * p * (y - p_t)"
        },
    ),
    Row(
        name="a product beside a number that another vector picks",
        program="p: Vector(k); y: Vector(k, one_hot=True); u: Vector(k, one_hot=True)"
        "; c: Vector(k); q = y.T @ p; loss = c.T @ (u * p) * exp(q)",
        wrt="c",
        same={"c": "exp(q) * u * p"},
        at={
            "p": [0.2, 0.5, 0.3],
            "y": [0.0, 1.0, 0.0],
            "u": [0.0, 0.0, 1.0],
            "c": [1.0, 2.0, 3.0],
        },
    ),
    Row(
        name="batch normalization",
        program="X: Matrix(N, d); G: Matrix(N, d); gamma: Vector(d); beta: Vector(d)"
        "; mu = mean(X, axis=0); xmu = X - ones(N) @ mu; v = mean(xmu**2, axis=0)"
        "; out = xmu @ diag(1 / sqrt(v.T)) @ diag(gamma) + ones(N) @ beta.T; loss = sum(G * out)",
        wrt="X",
        derivative={
            "X": "(G - ones(N) @ mean(G, axis=0) - xmu @ diag(1 / sqrt(v.T))"
            " * (ones(N) @ mean(G * (xmu @ diag(1 / sqrt(v.T))), axis=0)))"
            " @ diag(gamma / sqrt(v.T))"
        },
        same={
            "X": "(G - xmu @ diag(mean(G * xmu, axis=0).T / v.T) - ones(N) @ mean(G, axis=0))"
            " @ diag(gamma / sqrt(v.T))"
        },
        holds={"text": ("mu = mean(X, axis=0)", "out = xmu @ ", "grad_X L = (G - xmu @ diag(")},
    ),
    Row(
        name="the number of examples",
        program="x: Vector(n); t: Scalar; w: Vector(n)"
        "; loss = sum((w.T @ x - t)**2 for x, t in batch) / size(batch) + w.T @ w / size(batch)",
        wrt="w",
        derivative={
            "w": "2 * mean((w.T @ x - t) * x for x, t in batch) + 2 * w / size(batch)",
        },
        holds={"result": "/ size(batch)", "latex": "|B|"},
        lacks={"text": "|batch|"},
    ),
    Row(
        name="a Jacobian with a quotient",
        program="A: Matrix(m, n); Y: Matrix(m, n); f = A / Y",
        wrt="A",
        kind="jacobian",
        derivative={"A": 'einsum("ij,ik,jl->ijkl", 1 / Y, eye(m), eye(n))'},
        same={
            "A": "tensor((i == k) * (j == l) / Y[k, l] for i in range(m) for j in range(n) "
            "for k in range(m) for l in range(n))"
        },
    ),
    Row(
        name="a Jacobian of four indices",
        program="A: Matrix(m, n); X: Matrix(n, k); f = A @ X",
        wrt="X",
        kind="jacobian",
        same={
            "X": "tensor(A[i, l] * (j == p) for i in range(m) for j in range(k) for l in range(n) "
            "for p in range(k))"
        },
        derivative={"X": 'einsum("ik,jl->ijkl", A, eye(k))'},
        holds={"latex": r"A_{il} [j = p]"},
    ),
]
NET = "X: Matrix(n, d); W: Matrix(d, k); b: Vector(k); c: Vector(n)"
SCORES = "z: Vector(k); y: Vector(k, one_hot=True); t: Scalar; w: Vector(k); s: Scalar"
MESSAGES = [  # messages that lead on, and what is accepted and was not meant
    Row(
        name="a bias for each row",
        program=f"{NET}; loss = norm2(X @ W + b)**2",
        refused=("shapes differ", "; write X @ W + ones(n) @ b.T"),
    ),
    Row(
        name="a bias for each row, repeated",
        program=f"{NET}; loss = norm2(X @ W + ones(n) @ b.T)**2",
        wrt="b",
        derivative={"b": "2 * (X @ W + ones(n) @ b.T).T @ ones(n)"},
    ),
    Row(
        name="a number for each row",
        program=f"{NET}; loss = norm2(X @ W + c)**2",
        refused=("; write X @ W + c @ ones(k).T",),
    ),
    Row(
        name="* for @",
        program="x: Vector(n); loss = x.T * x",
        refused=("the matrix product is @", "; write loss = x.T @ x"),
    ),
    Row(
        name="* for @ in a chain",
        program="x: Vector(n); A: Matrix(n, n); loss = x.T*A*x",
        refused=("; write loss = x.T @ A @ x",),
    ),
    Row(
        name="max of two",
        program=f"{SCORES}; loss = max(0, 1 - t * (w.T @ z + s))",
        refused=("; write loss = maximum(0, 1 - t * (w.T @ z + s))",),
    ),
    Row(
        name="cross-entropy, its arguments exchanged",
        program=f"{SCORES}; loss = cross_entropy(softmax(z), y)",
        refused=("y is declared one_hot", "; write cross_entropy(y, softmax(z))"),
    ),
    Row(
        name="cross-entropy, the label first",
        program=f"{SCORES}; loss = cross_entropy(y, softmax(z))",
        wrt="z",
        at={"z": [0.1, 0.2, 0.3], "y": [0, 1, 0], "t": 1, "w": [1, 1, 1], "s": 1},
        derivative={"z": "softmax(z) - y"},
    ),
    Row(name="ln", program="t: Scalar; loss = ln(t)", refused=("; write loss = log(t)",)),
    Row(name="lambda", program="t: Scalar; loss = lambda * t", refused=("write lam",)),
    Row(name="pi", program="t: Scalar; loss = 2 * pi * t", derivative={"t": "2 * pi"}),
    Row(
        name="an entry by its number",
        program="x: Vector(n); loss = x[0] * x[-1]**2",
        same={"x": "x[n - 1]**2 * eye(n)[0] + 2 * x[0] * x[n - 1] * eye(n)[n - 1]"},
    ),
    Row(
        name="a loop",
        program="x: Vector(n); for t in range(T):; \th[t] = x; loss = sum(x)",
        refused=("`for t in range(1, T + 1)`, from 1 to a dimension",),
    ),
    Row(
        name="another name for the loss",
        program="x: Vector(n); L = norm2(x)**2",
        refused=("; write loss = norm2(x)**2",),
    ),
    Row(
        name="an entry before the first one",
        program="x: Vector(3); loss = x[-4]",
        refused=("-4 is outside; there are 0 to 2",),
    ),
    Row(
        name="lambda before a matrix is a number",
        program=r"A: Matrix(n, n); loss = \operatorname{tr}(A + \lambda I)",
        refused=(r"\lambda is not declared",),
    ),
    Row(
        name="which eigenvalue is the first",
        program=r"A: Matrix(n, n); loss = \lambda_1(A)",
        refused=("the order of eigenvalues is not said",),
    ),
    Row(
        name="a number for a condition",
        program="x: Vector(n); loss = sum(x[i] for i in range(n) if x[i])",
        refused=("if x[i]: a condition compares; write if x[i] > 0",),
    ),
    Row(
        name="a vector of the examples",
        program="w: Vector(n); x: Vector(n); loss = sum(vector(w.T @ x for x in batch))",
        refused=("vector has an entry for each index: vector(... for i in range(n))",),
    ),
    Row(
        name="a system whose right side is of another length",
        program="A: Matrix(n, n); b: Vector(m); loss = sum(solve(A, b))",
        refused=("solve: A is n x n, b is a vector (m x 1) (n and m must agree)",),
    ),
    Row(
        name="a tensor that is a matrix",
        program="T: Tensor(m, n, k); loss = sum(T)",
        refused=("T: Tensor(m, n, k)", "a matrix is declared Matrix(m, n)"),
    ),
]
STUDENT = (
    "w: Vector(d); x: Vector(d); y: Scalar; s: Scalar; nu: Scalar; t: Scalar"
    "; r = (y - w.T @ x) / s; loss = log(1 + r**2 / nu)"
)
SHORT = [  # a result is what a textbook gives
    Row(
        name="a quotient's derivative",
        program="a: Scalar; c: Scalar; loss = a / (a**2 - c**2)",
        wrt="a",
        same={"a": "-(a**2 + c**2) / (a**2 - c**2)**2"},
    ),
    Row(
        name="a quotient with a root",
        program="x: Scalar; y: Scalar; loss = x / sqrt(x**2 + y**2)",
        wrt="x",
        same={"x": "y**2 / (x**2 + y**2)**1.5"},
    ),
    Row(
        name="the largest eigenvalue in LaTeX",
        program="S: Matrix(n, n, symmetric=True)"
        r"; loss = \lambda_{\max}(S) + \sum_i \lambda_i(S)^2",
        at={"S": [[2.0, 0.0], [0.0, 3.0]]},
        value=16,
        derivative={"S": [[4, 0], [0, 7]]},
    ),
    Row(
        name="Poisson regression's deviance",
        program="y: Vector(n); eta: Vector(n); mu = exp(eta); loss = sum(y * log(y / mu) - y + mu)",
        wrt="eta",
        same={"eta": "mu - y"},
    ),
    Row(
        name="the logarithm of absolute values",
        program="x: Vector(n); loss = sum(log(abs(x)))",
        wrt="x",
        same={"x": "1 / x"},
    ),
    Row(
        name="a maximum with 0 is relu",
        program="x: Vector(n); loss = sum(maximum(0, x))",
        wrt="x",
        same={"x": "step(x)"},
    ),
    Row(
        name="a minimum with 0 is minus relu of the opposite",
        program="x: Vector(n); t: Vector(n); loss = sum(minimum(t - x, 0))",
        wrt="x",
        same={"x": "-step(x - t)"},
    ),
    Row(
        name="a maximum with another number stays one",
        program="x: Vector(n); loss = sum(maximum(x, 1))",
        wrt="x",
        same={"x": "0.5 * (1 + sign(x - 1))"},
    ),
    Row(
        name="a function of a symmetric matrix, entry by entry, is symmetric",
        program="D: Matrix(n, n, symmetric=True); y: Vector(n); K = exp(-D**2 / 2) + eye(n)"
        "; loss = y.T @ inv(K) @ y",
        wrt="y",
        same={"y": "2 * inv(K) @ y"},
    ),
    Row(
        name="a function of two symmetric matrices and a number is symmetric",
        program="D: Matrix(n, n, symmetric=True); c: Scalar; y: Vector(n)"
        "; loss = y.T @ (maximum(D, D**3) * maximum(D, c)) @ y",
        wrt="y",
        same={"y": "2 * (maximum(D, D**3) * maximum(D, c)) @ y"},
    ),
    Row(
        name="a function of a matrix that is not symmetric is not",
        program="D: Matrix(n, n, symmetric=True); E: Matrix(n, n); y: Vector(n)"
        "; K = maximum(D, E) + eye(n); loss = y.T @ inv(K) @ y",
        wrt="y",
        same={"y": "(inv(K) + inv(K).T) @ y"},
    ),
    Row(
        name="a quotient with a name, in a sum over its own denominator",
        program=STUDENT,
        wrt="w",
        same={"w": "-2 * r * x / (s * (nu + r**2))"},
        holds={"latex result": r"-\frac{2 r x}{s (\nu + r^{2})}"},
    ),
    Row(
        name="a sum over another denominator stays one",
        program=STUDENT.replace("r**2 / nu", "r**2 / nu + t / x.T @ x"),
        wrt="w",
        derivative={"w": "-2 * r * x / s / nu / (1 + r**2 / nu + t / x.T @ x)"},
        lacks={"result": "y - w.T @ x"},
    ),
    Row(
        name="a quotient of traces with a name",
        program="W: Matrix(n, k); S: Matrix(n, n, symmetric=True)"
        "; B: Matrix(n, n, symmetric=True); L = trace(W.T @ S @ W) / trace(W.T @ B @ W); loss = L",
        wrt="W",
        same={"W": "2 * (S - L * B) @ W / trace(W.T @ B @ W)"},
    ),
    Row(
        name="a product with a name is found in a higher power",
        program="a: Scalar; b: Scalar; x: Vector(n); q = exp(a) / norm2(b * x)"
        "; loss = q**3 * sum(x) + a",
        wrt="a",
        same={"a": "1 + 3 * q**3 * sum(x)"},
    ),
    Row(
        name="a derivative with a name is called by it, half of a product is not",
        program="a: Vector(n); b: Vector(n); c: Vector(n); d: Vector(n); q = sin(a) * sin(b)"
        "; loss = q.T @ c + (sin(a) * cos(b)).T @ d",
        wrt=("c", "d"),
        same={"c": "q", "d": "sin(a) * cos(b)"},
    ),
    Row(
        name="a sum with a name is found where nothing else has its index",
        program="A: Matrix(m, n); x: Vector(n); u: Vector(m); z = A @ sin(x)"
        "; loss = dot(u, z * z) + dot(u, (A * A) @ sin(x))",
        wrt="u",
        same={"u": "z**2 + A**2 @ sin(x)"},
    ),
    Row(
        name="two sums over a batch with a factor in common",
        program="x1: Vector(d); x2: Vector(d); w: Vector(d)"
        "; loss = sum((w.T @ x1 - w.T @ x2)**2 for x1, x2 in batch)",
        wrt="w",
        same={"w": "2 * sum((w.T @ (x1 - x2)) * (x1 - x2) for x1, x2 in batch)"},
    ),
    Row(
        name="Bradley and Terry's model",
        program="s: Vector(n); i: Index(n); j: Index(n)"
        "; loss = -sum(log(sigmoid(s[i] - s[j])) for i, j in batch)",
        wrt="s",
        same={"s": "sum(sigmoid(s[j] - s[i]) * (onehot(j) - onehot(i)) for i, j in batch)"},
    ),
    Row(
        name="two sums over a batch without a factor in common are one sum",
        program="x1: Vector(d); x2: Vector(d); w: Vector(d)"
        "; loss = sum(exp(w.T @ x1) + sin(w.T @ x2) for x1, x2 in batch)",
        wrt="w",
        same={"w": "sum(cos(w.T @ x2) * x2 + exp(w.T @ x1) * x1 for x1, x2 in batch)"},
    ),
    Row(
        name="a sum over a batch is not put into another one",
        program="x: Vector(n); y: Scalar; w: Vector(n); v: Vector(n)"
        "; a = sum(w.T @ x for x, y in batch)"
        "; loss = a**3 * sum(y * exp(w.T @ x) for x, y in batch)",
        wrt="w",
        lacks={"result": "sum((sum("},
    ),
    Row(
        name="powers of absolute values",
        program="x: Vector(n); c: Vector(n); loss = sum(abs(x)**2 * c) + sum(abs(c)**4)",
        wrt=("x", "c"),
        same={"x": "2 * x * c", "c": "x**2 + 4 * c**3"},
    ),
    Row(
        name="an absolute value beside another sign",
        program="x: Vector(n); c: Vector(n); loss = sum(abs(x) * sign(c))",
        wrt="x",
        same={"x": "sign(c) * sign(x)"},
    ),
    Row(
        name="the norm of a vector of symbols",
        program="x1: Scalar; x2: Scalar; loss = sqrt(abs(x1)**2 + abs(x2)**2)",
        wrt="x1",
        same={"x1": "x1 / sqrt(x1**2 + x2**2)"},
    ),
    Row(
        name="a long scalar before two of three terms",
        program="a: Scalar; x: Vector(n); y: Vector(n); z: Vector(n)"
        "; loss = exp(a) * sum(x * (y + z)) + sum(x)",
        wrt="x",
        same={"x": "exp(a) * (y + z) + 1"},
    ),
    Row(
        name="an entry of a vector",
        program="s: Vector(n); i: Index(n); loss = s[i]**2",
        wrt="s",
        same={"s": "2 * s[i] * onehot(i)"},
        holds={"latex result": r"2 s_{i} \mathbf{e}_{i}"},
    ),
    Row(
        name="an entry of a function of a vector",
        program="s: Vector(n); i: Index(n); loss = (s - 1)[i]**3 * sum(s)",
        wrt="s",
        same={"s": "(s - 1)[i]**2 * ((s - 1)[i] + 3 * sum(s) * onehot(i))"},
    ),
]


TABLES: Mapping[str, list[Row]] = {
    "compiles": NOT_COMPILING,
    "formula": ANOTHER_FORMULA,
    "stable": STABLE,
    "checked": CHECKED,
    "numbers": NUMBERS,
    "exponents": EXPONENTS,
    "closed": CLOSED,
    "short": SHORT,
    "messages": MESSAGES,
}
ROWS = [pytest.param(r, id=f"{kind}: {r.name}") for kind, rows in TABLES.items() for r in rows]


def numbers(row: Row, problem: sg.Problem) -> dict[str, np.ndarray]:
    """The row's numbers, or positive random ones."""
    variables = problem.variables
    if row.at is not None:
        kinds = {name: int if v.kind == "Index" else float for name, v in variables.items()}
        return {name: np.asarray(value, kinds[name]) for name, value in row.at.items()}
    dims = {str(s) for v in variables.values() for d in v.dims for s in d.free_symbols}
    sizes = {d: 3 + k for k, d in enumerate(sorted(dims))}
    found = random_inputs(problem, sizes, count=7, between=(0.5, 1.5))
    return {n: a + a.T if "symmetric" in variables[n].facts else a for n, a in found.items()}


def expected(row: Row, want: Any, inputs: Mapping[str, Any]) -> np.ndarray:
    """Numbers; a text is evaluated after the program's declarations and definitions."""
    if not isinstance(want, str):
        return np.asarray(want, float)
    *above, _ = row.text.splitlines()
    return np.asarray(sg.evaluate("\n".join([*above, f"f = {want}"]), inputs))


@pytest.mark.parametrize("row", ROWS)
def test_real_input(row: Row) -> None:
    if row.refused:
        with pytest.raises(sg.SymgradError) as error:
            DERIVED[row.kind](row.text, row.wrt)
        assert [piece for piece in row.refused if piece not in str(error.value)] == []
        return
    derivation = DERIVED[row.kind](row.text, row.wrt)
    inputs = numbers(row, derivation.problem)
    value, derivatives = derivation.lambdify()(inputs)
    if row.value is not None:
        np.testing.assert_allclose(value, row.value, rtol=row.rtol)
    for key, want in row.derivative.items():
        scale = np.abs(right := expected(row, want, inputs)).max(initial=0.0)
        got = np.asarray(derivatives[key]).reshape(right.shape)
        np.testing.assert_allclose(got, right, rtol=row.rtol, atol=row.rtol * scale)
    assert {key: derivation.results[key].expression for key in row.same} == dict(row.same)
    if row.check is not None:
        assert sg.check_gradient(row.text, row.wrt, inputs).verdict == row.check
    for pieces, wanted in ((row.holds, True), (row.lacks, False)):
        for form, piece in pieces.items():
            printed = PRINTED[form](derivation)
            for each in (piece,) if isinstance(piece, str) else piece:
                assert (each in printed) is wanted, printed


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in SHORT])
def test_a_short_result_is_the_derivative(row: Row) -> None:
    derivation = DERIVED[row.kind](row.text, row.wrt)
    inputs = numbers(row, derivation.problem)
    _, derivatives = derivation.lambdify()(inputs)
    for key, text in row.same.items():
        got = np.asarray(derivatives[key])
        right = np.broadcast_to(expected(row, text, inputs).reshape(-1, *got.shape)[0], got.shape)
        np.testing.assert_allclose(got, right, rtol=1e-9, atol=1e-9)
    assert derivation.verify().passed
