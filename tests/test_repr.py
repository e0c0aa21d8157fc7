"""Every public object says in a line what it is, and shows itself in a notebook."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

import symgrad as sg
from tests.grading.problems import PROGRAMS

NET = PROGRAMS["two_layers"]
DATA = {"x": np.ones((4, 3)), "y": np.ones((4, 2))}
START = {"W1": np.ones((5, 3)), "W2": np.ones((2, 5))}
DERIVATION = sg.derive(NET, ["W1", "W2"])
LONG = "\n".join(f"x{k}: Scalar" for k in range(90))
LONG += "\nloss = " + " + ".join(f"x{k}" for k in range(90))

RNN = """
x: Vector(d, data=True)[t:T]
W: Matrix(d, d)
h[0] = zeros(d)
for t in range(1, T + 1):
    h[t] = tanh(W @ h[t - 1] + x[t])
loss = norm2(h[T])**2
"""
LAYERS = """
W: Matrix(n[l], n[l - 1])[l:L]
x: Vector(n[0], data=True)
a[0] = x
for l in range(1, L + 1):
    a[l] = tanh(W[l] @ a[l - 1])
loss = norm2(a[L])**2
"""
STEPS = sg.derive(RNN)
FITTED = sg.fit(NET, DATA, parameters=START, optimizer=sg.Adam(), epochs=25, validation=0.25)
PRODUCT = sg.jacobian("A: Matrix(m, m)\nX: Matrix(m, n)\nf = A @ X", "X").results["X"]
A, B = sympy.symbols("a b")
GRADED = sg.grade_derivation(
    NET, "W2", "dl/df = 2 (f - y)\ndL/dW2 = sum(h dl/df^T for x, y in batch)"
)

OBJECTS = {
    "<Problem of x, y, W1, W2: loss = sum(norm2(y - f)**2 for x, y in batch)>": sg.parse(NET),
    "<Step 1: h = W1 @ x>": DERIVATION.steps[0],
    "<Function of y, W2, W1, x: value, {W1, W2}>": DERIVATION.lambdify(),
    "<Verification passed: ": DERIVATION.verify(),
    "<FitResult: W1 (5, 3), W2 (2, 5); 25 epochs, loss ": FITTED,
    "<FitResult: W (3, 2), (1, 3); 2 epochs, loss ": sg.fit(
        LAYERS, {"x": [1.0, 2.0]}, sizes={"n": [2, 3, 1]}, epochs=2, check=False
    ),
    "<History of 25 epochs>": FITTED.history,
    "<GradientReport passed of W1, W2: largest error ": sg.check_gradient(NET),
    "<Function of x, W: value, {W}>": STEPS.lambdify(),
    "StepDerivation(data=<gradient of loss by W: ": STEPS,
    "<Component X[i, j, k, l]: ": PRODUCT.component(),
    "<Vectorized kron(eye(n), A)>": PRODUCT.vectorized,
    "<ExplicitJacobian [[2 * a, 1]]>": sg.jacobian(sympy.Matrix([A**2 + B]), [A, B]),
    "<ExplicitGradient [[b, a]]>": sg.derive(A * B, sympy.Matrix([[A, B]])).matrix,
    "<Verdict transpose: ": GRADED,
    "<Trainer of W1, W2: 0 epochs>": sg.Trainer(NET, DATA, parameters=START),
    "Derivation(data=<gradient of loss by W1, W2: ": DERIVATION,
    "<Verdict correct: Right": sg.grade(NET, "W1", DERIVATION.results["W1"].expression),
    "Adam(": sg.Adam(),
    "<Problem of x0, x1, ": sg.parse(LONG),
    "<Function of x": sg.derive(LONG).lambdify(),
    "<Step 1: L = x0 + ": sg.derive(LONG).steps[0],
}


@pytest.mark.parametrize("begins", OBJECTS)
def test_an_object_says_shortly_what_it_is(begins: str) -> None:
    text = repr(OBJECTS[begins])
    assert text.startswith(begins) and len(text) <= 200


SHOWN = {  # in a notebook: a part of it, and its kind
    "x: Vector(d)\ny: Vector(k)\n": (sg.parse(NET), "markdown"),
    "a: Scalar\nb: Scalar\nloss = a * b": (sg.derive(A * B).problem, "markdown"),
    r"\nabla_{W_{1}} L &= ": (DERIVATION, "latex"),
    r"\nabla_{W} L &= ": (STEPS, "latex"),
    r"\text{for t < T}": (STEPS, "latex"),
    r"\begin{pmatrix}": (DERIVATION.numbered(1), "latex"),
    r"\text{(direction of w}\_\text{a)}": (sg.hvp("w_a: Vector(n)\nloss = norm2(w_a)**2"), "latex"),
    r"$$-2 \sum_{(x, y) \in B} W_{2}^{\top}": (DERIVATION.results["W1"], "latex"),
    "\nimport numpy as np\n": (DERIVATION.lambdify(), "markdown"),
    "\nimport numpy as np\n\n\ndef ": (STEPS.lambdify(), "markdown"),
    "| results | ": (DERIVATION.verify(), "markdown"),
    "| `W1` | largest relative error ": (sg.check_gradient(NET), "markdown"),
    "| `W1` | (5, 3) |": (FITTED, "markdown"),
    "| 25 | ": (FITTED.history, "markdown"),
    "| 1 | `dl/df = 2 (f - y)` | right |": (GRADED, "markdown"),
    r" && \text{the mean of the gradients, older": (sg.Adam(), "markdown"),
    r"`factor` $\gamma$ = 0.9": (sg.ExponentialDecay(learning_rate=0.1, factor=0.9), "markdown"),
    "Defaults: those of the article.": (sg.Lion(), "markdown"),
    r"$$I_{n} \otimes A$$": (PRODUCT.vectorized, "latex"),
    r"A_{ik}": (PRODUCT.component(), "latex"),
    r"2 a & 1": (sg.jacobian(sympy.Matrix([A**2 + B]), [A, B]), "latex"),
    r"b & a": (sg.derive(A * B, sympy.Matrix([[A, B]])).matrix, "latex"),
}


@pytest.mark.parametrize("part", SHOWN)
def test_an_object_shows_itself_in_a_notebook(part: str) -> None:
    shown, kind = SHOWN[part]
    assert part in getattr(shown, f"_repr_{kind}_")()


def test_a_history_that_is_shown_is_short() -> None:
    rows = FITTED.history._repr_markdown_().splitlines()
    assert rows[0] == "| epoch | loss | validation | r2 | learning_rate | gradient_norm |"
    assert len(rows) == 2 + 10 and rows[2].startswith("| 1 |") and rows[-1].startswith("| 25 |")


def test_signs_of_a_sentence_are_no_markdown() -> None:
    claim = "sum(W2.T @ (y - f) @ x.T for x, y in batch)"
    assert "-1/2 times" in sg.grade(NET, "W1", claim)._repr_markdown_()
    said = sg.grade("x: Vector(n)\nA: Matrix(n, n)\nloss = x.T @ A @ x", "x", "2*A*x")
    assert r"2\*A\*x" in said._repr_markdown_()
