"""The numbers beside a derivation are those of its lines, in every format."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.examples import text
from symgrad.language.plain import plain_text
from symgrad.language.tex import latex
from symgrad.numerics.checks.numbers import numbers_of
from symgrad.rendering.numbers import array_formula

NET = "W: Matrix(2, 2)\nx: Vector(2)\nz = W @ x\nloss = norm2(z)**2"
AT = {"W": [[1.0, 2.0], [0.0, -1.0]], "x": [0.5, 1.0]}  # z = (2.5, -1)
PROGRAMS = [
    ("derive", text("two_layer_linear")),
    ("derive", text("softmax_regression")),
    ("derive", text("graph_convolution")),
    ("derive", "x: Matrix(1, d)\nW: Matrix(d, k)\nloss = norm2(softmax(x @ W))**2"),
    ("derive", "k: Index(n)\nZ: Matrix(n, d)\nv: Vector(d)\nloss = sum(v.T @ Z[k] for k in batch)"),
    ("derive", 'X: Matrix(t, d)\nU: Tensor(h, d, e)\nloss = sum(einsum("td,hde->hte", X, U)**2)'),
    ("derive", "phi: Function\nw: Vector(n)\nx: Vector(n)\nloss = phi(w.T @ x)"),
    ("derive", "a: Vector(n, positive=True)\nloss = sum(log(a - 0.05))"),
    ("jacobian", "W: Matrix(m, n)\nx: Vector(n)\nf = softmax(W @ x)"),
    ("hessian", "A: Matrix(n, n)\nx: Vector(n)\nloss = x.T @ A @ x"),
    ("hvp", "A: Matrix(n, n)\nx: Vector(n)\nloss = norm2(A @ tanh(x))**2"),
    ("pullback", "W: Matrix(m, n)\nx: Vector(n)\nf = tanh(W @ x)"),
]


def test_each_line_has_its_numbers() -> None:
    shown = sg.derive(NET, ["W", "x"]).numbered(AT).text(width=200)
    for line in (
        "W = [[1, 2], [0, -1]]",
        "x = [0.5, 1]",
        "z = W @ x = [2.5, -1]",
        "L = norm2(z)**2 = 7.25",
        "dL/dz = 2 * z = [5, -2]",
        "dL/dW = dL/dz @ x.T = 2 * z @ x.T = [[2.5, 5], [-1, -2]]",
        "grad_x L = 2 * W.T @ z = [5, 12]",
    ):
        assert line in shown
    chain = sg.derive(NET, ["x"], method="chain-rule").numbered(AT).text(width=200)
    assert "dz/dx = W = [[1, 2], [0, -1]]" in chain
    assert "dL/dx = (dz/dx).T @ dL/dz = [5, 12]" in chain


@pytest.mark.parametrize("form", ["text", "latex", "markdown", "html", "json"])
def test_every_format_has_them(form: str) -> None:
    derivation = sg.derive(NET, ["x"])
    shown = getattr(derivation.numbered(AT), form)()
    assert "7.25" in shown and "7.25" not in getattr(derivation, form)()
    if form in ("latex", "markdown"):
        assert r"\begin{pmatrix} 2.5 & -1 \end{pmatrix}^{\top}" in shown
    if form == "json":
        assert json.loads(shown)["numbers"]["steps"]["3"] == [[5.0], [-2.0]]


def values(derivation: sg.Derivation, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The numbers of the inputs and of the results."""
    numbers = numbers_of(derivation.data, seed)
    found = {key: numbers.of_result(o) for key, o in derivation.data.outcomes.items()}
    return dict(numbers.sample.inputs), found


@pytest.mark.parametrize(("kind", "source"), PROGRAMS)
def test_results_are_what_the_code_returns(kind: str, source: str) -> None:
    """Of another way to compute: the generated function at the same arrays."""
    derivation = getattr(sg, kind)(source)
    inputs, found = values(derivation, 1)
    assert derivation.numbered(1).text() == derivation.numbered(1).text()
    if kind in ("hvp", "pullback") or "Function" in source:
        return
    _, wanted = derivation.lambdify()({n: inputs[n] for n in derivation.problem.variables})
    for key, value in found.items():
        np.testing.assert_allclose(np.squeeze(value), np.squeeze(wanted[key]), rtol=1e-9)


def test_what_is_not_given_is_random_and_fits() -> None:
    shown = sg.derive(text("two_layer_linear")).numbered({"x": np.ones((4, 3))}).text(width=200)
    assert "as given; y, W1, W2 random; " in shown
    each = {"x": [[1.0], [2.0]], "y": [[0.0], [0.0]], "W1": [[1.0]], "W2": [[1.0]]}
    first = sg.derive(text("two_layer_linear")).numbered(each).text(width=200)
    assert "h = W1 @ x = 1 " in first and "norm2(y - f)**2 for x, y in batch)" in first
    assert "L = sum(l for x, y in batch) = 5 " in first
    assert "x, y: a row for each of 4 examples" in shown


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"W": np.ones((2, 3))}, r"W has shape \(2, 3\)"),
        ({"V": 1.0}, "V is not declared"),
        ("a", "a seed, or arrays"),
        (-1, "0 or a positive whole number"),
        (True, "whole number is wanted"),
    ],
)
def test_what_does_not_fit_is_told(given: Any, said: str) -> None:
    with pytest.raises(sg.SymgradError, match=said):
        sg.derive(NET).numbered(given)


def test_what_has_no_numbers_is_refused() -> None:
    steps = "x: Vector(n)[t:T]\nh[0] = zeros(n)\nfor t in range(1, T + 1):\n    h[t] = tanh(x[t])\n"
    with pytest.raises(sg.OptionError, match="stands for all of them"):
        sg.derive(steps + "loss = norm2(h[T])**2", ["x"]).numbered(0)
    quadratic = "S: Matrix(n, n, symmetric=True)\nw: Vector(n)\nb: Vector(n)\n"
    solved = sg.stationary(quadratic + "loss = w.T @ S @ w / 2 - b.T @ w", ["w"])
    with pytest.raises(sg.OptionError, match="of a stationary point"):
        solved.numbered(0)


@pytest.mark.parametrize(
    ("array", "text", "tex"),
    [
        (np.float64(-0.25), "-0.25", "-0.25"),
        (1e-9, "1e-09", r"10^{-9}"),
        (np.inf, "inf", r"\text{inf}"),
        (np.array([[1.0], [2.0]]), "[1, 2]", r"\begin{pmatrix} 1 & 2 \end{pmatrix}^{\top}"),
        (np.array([[1.0, 2.0]]), "[1, 2]", r"\begin{pmatrix} 1 & 2 \end{pmatrix}"),
        (np.eye(2), "[[1, 0], [0, 1]]", r"\begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}"),
        (np.arange(9.0), "[0, 1, 2, ..., 8]", r"\begin{pmatrix} 0 & 1 & 2 & \dots & 8 "),
        (np.zeros((2, 3, 4)), "array of 2 x 3 x 4", r"\text{array of 2 x 3 x 4}"),
    ],
)
def test_arrays_are_formulas(array: Any, text: str, tex: str) -> None:
    formula = array_formula(array)
    assert plain_text(formula) == text
    assert latex(formula).startswith(tex)
