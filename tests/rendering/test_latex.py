r"""LaTeX: expressions with the parentheses that they need, names, and whole derivations."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

import symgrad as sg
from symgrad.examples import names, text
from symgrad.language.formula import Named
from symgrad.language.latex_input.equations import formulas
from symgrad.language.measure import points
from symgrad.language.table import PLAIN
from symgrad.language.tex import latex as tex
from symgrad.language.typeset import typeset
from symgrad.rendering import latex_expression
from symgrad.rendering.latex import broken

HEAD = """\
x: Vector(n)
y: Vector(n)
A: Matrix(n, n)
B: Matrix(n, n)
a: Scalar
b: Scalar
k: Index(n)
"""
Golden = Callable[[str, str], None]
EXPRESSIONS = [
    ("a + b", r"a + b"),
    ("a - (b - a)", r"a - (b - a)"),
    ("a * b", r"a b"),
    ("2 * a", r"2 a"),
    ("a * 2", r"a \cdot 2"),
    ("(a + b) / (a - b)", r"\frac{a + b}{a - b}"),
    ("x / y", r"x \oslash y"),
    ("2 * (x - a / b * y) / b", r"\frac{2}{b} \left(x - \frac{a}{b} y\right)"),
    ("(x - y / a) / b / a", r"\frac{1}{b a} \left(x - \frac{y}{a}\right)"),
    ("(a - b / a) / b", r"\frac{a - b / a}{b}"),
    ("exp(x.T @ y / a) / b", r"\frac{\exp(x^{\top} y / a)}{b}"),
    ("exp(a * b / a / b) / a", r"\frac{\exp(a b / (a b))}{a}"),
    ("exp(1/2 * a) / b", r"\frac{\exp\left(\frac{1}{2} a\right)}{b}"),
    ("unit(x) @ unit(x).T / a", r"\frac{x x^{\top}}{\lVert x \rVert^{2} a}"),
    ("-(x + y)", r"-(x + y)"),
    ("(a + b) * x", r"(a + b) x"),
    ("x * y", r"x \odot y"),
    ("A @ (x + y)", r"A (x + y)"),
    ("(A @ B).T", r"(A B)^{\top}"),
    ("(A + B).T @ x", r"(A + B)^{\top} x"),
    ("x.T @ A @ x", r"x^{\top} A x"),
    ("inv(A)", r"A^{-1}"),
    ("A @ A @ A @ x", r"A^{3} x"),
    ("A.T @ A.T @ A @ A", r"(A^{\top})^{2} A^{2}"),
    ("inv(A) @ inv(A) @ A @ B @ A", r"A^{-2} A B A"),
    ("x.T @ A @ x * x.T @ A @ x", r"(x^{\top} A x) x^{\top} A x"),
    ("inv(A).T", r"A^{-\top}"),
    ("a**2", r"a^{2}"),
    ("a**(b + 1)", r"a^{b + 1}"),
    ("(a + b)**2", r"(a + b)^{2}"),
    ("-a**2", r"-a^{2}"),
    ("(-a)**2", r"(-a)^{2}"),
    ("A**2", r"A^{\odot 2}"),
    ("exp(-x)", r"\exp(-x)"),
    ("sqrt(a + b)", r"\sqrt{a + b}"),
    ("abs(a)", r"|a|"),
    ("norm2(x - y)**2", r"\lVert x - y \rVert^{2}"),
    ("outer(x + y, y)", r"(x + y) y^{\top}"),
    ("dot(x + y, y)", r"\langle x + y, y \rangle"),
    ("trace(A @ B)", r"\operatorname{tr}(A B)"),
    ("sum(A + B, axis=1)", r"(A + B) \mathbf{1}"),
    ("softmax(A, axis=1)", r"\operatorname{softmax}_{\text{rows}}(A)"),
    ("A[k]", r"A_{k,:}"),
    ("onehot(k)", r"\mathbf{e}_{k}"),
    ("eye(n)", r"I"),
    ("0.5 * a", "0.5 a"),
    ("1e-4 * a", "10^{-4} a"),
    ("a**(1/2)", "a^{1 / 2}"),
    ("pi * a", r"\pi a"),
    ("1e-5 * a", r"10^{-5} a"),
    ("sum(x) / n", r"\frac{\operatorname{sum}(x)}{n}"),
    ("sigmoid(x)", r"\sigma(x)"),
    (
        "sum(sum(A, axis=0)**2)",
        r"\operatorname{sum}((\mathbf{1}^{\top} A)^{\odot 2})",
    ),
    ("x + 2", r"x + 2 \cdot \mathbf{1}"),
    ("1 - x", r"\mathbf{1} - x"),
    ("A - a", r"A - a \mathbf{1}"),
    ("norm1(A, axis=1)", r"\lVert A \rVert_{1,\text{rows}}"),
    ("norm2(A, axis=0)", r"\lVert A \rVert_{\text{columns}}"),
    ("unit(A, axis=1)", r"\operatorname{unit}_{\text{rows}}(A)"),
    ("unit(x).T @ y", r"\frac{x^{\top}}{\lVert x \rVert} y"),
    ("step(x - y)", r"\mathbf{1}[x - y > 0]"),
    ("-x / a", r"-\frac{x}{a}"),
    ("x / (a / b)", r"\frac{b x}{a}"),
    ("A @ (a * x)", "a A x"),
    ("dot(x, y) * A", r"\langle x, y \rangle A"),
    ("(x.T @ y) * A", r"(x^{\top} y) A"),
    ("1e-13 * a", r"10^{-13} a"),
    ("0.3 * a", "0.3 a"),
    ("3.14159265 * a", "3.14159265 a"),
    ("logdet(A @ B)", r"\log\lvert \det (A B) \rvert"),
    ("kron(A, A @ B)", r"A \otimes (A B)"),
]
SYMBOLS = [  # the user's names come first, and no two look alike
    (
        "sigma: Scalar\nx: Vector(n)\nloss = sum(sigmoid(sigma * x))",
        r"\operatorname{sigmoid}(\sigma x",
    ),
    ("I: Matrix(n, n)\nloss = trace(I @ eye(n))", r"I \mathbf{I}"),
    (
        "B: Matrix(n, n)\nx: Vector(n)\nloss = sum(x.T @ B @ x for x in batch)",
        r"\sum_{x \in \mathcal{B}}",
    ),
    (
        "x: Vector(n)\nw: Vector(n)\nloss = sum(x.T @ w for x in batch)**2",
        r"\left(\sum_{x \in B} x^{\top} w\right)^{2}",
    ),
    ("L: Scalar\nloss = L**2", r"\mathcal{L} &= L^{2}"),
    ("x1: Scalar\nx_1: Scalar\nloss = x1 * x_1", r"x_{1} \, \mathrm{x\_1}"),
    ("alpha: Scalar\n\u03b1: Scalar\nloss = alpha * \u03b1", r"\alpha \boldsymbol{\alpha}"),
    ("ab: Scalar\ncd: Scalar\nloss = ab * cd", r"\mathrm{ab} \, \mathrm{cd}"),
]
NAMES = [
    ("x", "x"),
    ("W1", "W_{1}"),
    ("alpha", r"\alpha"),
    ("alpha1", r"\alpha_{1}"),
    ("α", r"\alpha"),
    ("λ", r"\lambda"),
    ("Λ1", r"\Lambda_{1}"),
    ("Α", r"\mathrm{A}"),
    ("β2", r"\beta_{2}"),
    ("Sigma", r"\Sigma"),
    ("lam", r"\lambda"),
    ("hidden", r"\mathrm{hidden}"),
    ("h10", "h_{10}"),
    ("x_1", "x_{1}"),
    ("W_in_2", r"W_{\mathrm{in},2}"),
]
SHOWN = ["two_layer_linear", "softmax_regression", "mlp_relu", "graph_convolution"]


@pytest.mark.parametrize(("written", "latex"), EXPRESSIONS, ids=[w for w, _ in EXPRESSIONS])
def test_expression(written: str, latex: str) -> None:
    assert latex_expression(sg.parse(f"{HEAD}f = {written}").output) == latex


@pytest.mark.parametrize(("program", "latex"), SYMBOLS, ids=[latex for _, latex in SYMBOLS])
def test_own_notations_give_way(program: str, latex: str) -> None:
    assert latex in sg.derive(program).latex()


def test_index_letters_give_way() -> None:
    shown = sg.jacobian("i: Matrix(m, k)\nf = i @ i.T", "i").latex()
    assert r"i_{lq} [j = p]" in shown


@pytest.mark.parametrize(("name", "latex"), NAMES)
def test_name(name: str, latex: str) -> None:
    assert tex(Named(name=name)) == latex


@pytest.mark.parametrize("name", SHOWN)
def test_golden(name: str, golden: Golden) -> None:
    golden(f"{name}.tex", sg.derive(text(name)).latex("full"))


def test_golden_of_an_embedding(golden: Golden) -> None:
    golden("deepwalk.tex", sg.derive(text("deepwalk")).latex("steps"))


@pytest.mark.parametrize("level", ["result", "steps", "full"])
@pytest.mark.parametrize("name", names())
def test_every_example_is_balanced(name: str, level: str) -> None:
    latex = sg.derive(text(name)).latex(level)
    left, right = (len(re.findall(rf"\\{side}(?![a-z])", latex)) for side in ("left", "right"))
    assert latex.count("{") == latex.count("}") and left == right
    assert latex.count(r"\begin{") == latex.count(r"\end{")
    rows = re.findall(r"\\begin\{align\*\}\n(.*?)\n\\end\{align\*\}", latex, re.DOTALL)
    assert rows and all(row.strip() for block in rows for row in block.split("\\\\"))
    assert not re.search(r"(?<!\\)[_^]\{\}", latex)
    assert (r"\textbf{Forward}" in latex) == (level != "result")
    assert ("derivative by an entry" in latex) == (level == "full")


def test_results_in_latex() -> None:
    program = "W: Matrix(m, n)\nx: Vector(n)\ny: Vector(m)\nloss = norm2(W @ x - y)**2"
    derivation = sg.derive(program, ["W"])
    assert derivation.results["W"].latex == r"2 (W x - y) x^{\top}"
    latex = derivation.latex("result")
    row = r"\nabla_{W} L &= 2 (W x - y) x^{\top} \tag*{\footnotesize $m \times n$}"
    assert row in latex
    second = sg.hessian("x: Vector(n)\nA: Matrix(n, n)\nloss = x.T @ A @ x", ["x"])
    assert r"\frac{\partial^{2} L}{\partial x^{2}} &= A + A^{\top}" in second.latex("result")


def test_a_notebook_shows_the_results() -> None:
    shown = sg.derive("x: Vector(n)\nloss = x.T @ x")._repr_latex_()
    assert shown.startswith("$$") and r"\nabla_{x} L &= 2 x" in shown


def test_tex_s_own_characters_are_escaped() -> None:
    program = "p_hat: Vector(n)\nloss = sum(p_hat * log(softmax(p_hat)))"
    latex = sg.derive(program).latex("full")
    assert r"log\_softmax" in latex and "log_softmax" not in latex


def test_an_unknown_level_is_named() -> None:
    with pytest.raises(sg.OptionError, match="level is one of result, steps, full, not 'all'"):
        sg.derive("a: Scalar\nloss = a").latex("all")


WIDE = [  # what must go over several lines
    "x + A @ x + B @ x + A.T @ x + B.T @ x + A @ A @ x + B @ B @ x + A @ B @ x + B @ A @ x",
    "exp(A @ x) * sin(A @ x) * cos(B @ x) * tanh(B.T @ x) * sigmoid(A.T @ x) * exp(A @ y)",
    "A @ (x + A @ x + B @ x + A.T @ x + B.T @ x + A @ A @ x + B @ B @ x + A @ B @ x + y)",
    "-A @ (x + A @ x + B @ x + A.T @ x + B.T @ x + A @ A @ x + B @ B @ x + A @ B @ x)",
    "2 * (x * y + A @ x * x + B @ x * x + A.T @ x * x + B.T @ x * x) * (x - y - A @ x - B @ x)",
]


@pytest.mark.parametrize("wide", WIDE)
def test_a_wide_line_is_broken_before_signs_and_reads_back(wide: str) -> None:
    problem = sg.parse(f"{HEAD}f = {wide}")
    formula = typeset(problem.output)
    lines = broken(formula, PLAIN, 120.0)
    assert len(lines) > 1
    assert all(re.match(r"[+-]|\\odot", line) for line in lines[1:])
    rows = r" \\ &\qquad ".join(lines)
    (read,) = formulas(rf"\begin{{align*}} f &= {rows} \end{{align*}}")
    again = sg.parse_latex(read.text.split("=", 1)[1].replace("&", "").replace(r"\\", ""), problem)
    rng = np.random.default_rng(0)
    given = {n: rng.normal(size=3) for n in "xy"} | {n: rng.normal(size=(3, 3)) for n in "AB"}
    one, other = (sg.evaluate(f"{HEAD}f = {text}", given) for text in (wide, again))
    np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.parametrize("name", names())
def test_every_row_of_an_example_fits(name: str) -> None:
    document = sg.derive(text(name)).latex("full")
    rows = [row for row in document.split("\n") if " &= " in row or row.startswith("&")]
    assert max(map(len, rows)) < 420  # characters of LaTeX: rows are broken by their width


def test_the_width_of_a_formula() -> None:
    problem = sg.parse(f"{HEAD}f = (a + b) / (a - b) + 2 * a")
    narrow = points(typeset(problem.output))
    assert 45 < narrow < 55  # two letters and a sign over each other, beside 2 a
    assert points(typeset(sg.parse(f"{HEAD}f = (a + b) - (a - b) + 2 * a").output)) > narrow


WIDE = [
    "loss = ({}) / (1 + norm2(x)**2)".format(
        " + ".join(f"sum(sin({k} * x)**2)" for k in range(1, 12))
    ),
    "loss = sum((x * tanh(b) - sigmoid(c) + softplus(x) * b - exp(c) * sin(x) + 3 * x * b * c)"
    " / (1 + b**2 + c**2 * x**2 + sigmoid(x) * c + exp(c * b) + tanh(x - b)**2))",
]


@pytest.mark.parametrize("loss", WIDE)
def test_a_fraction_that_is_wider_than_the_page_is_broken(loss: str) -> None:
    declared = "x: Vector(n)\nb: Vector(n)\nc: Vector(n)\n"
    derivation = sg.derive(declared + loss, "x")
    shown = derivation.latex()
    given = shown[shown.index("L &=") : shown.index(r"\end{align*}")]
    rows = re.sub(r"\\[a-zA-Z]+|[{} &^]", "", given).split(r"\\")  # what is seen of them, about
    assert max(map(len, rows)) < 35 and r"\Bigl(" in given
    assert r"\frac{1}{1 + " in given or r"\oslash" in given
    assert sg.grade_derivation(derivation.problem, "x", shown).correct


def test_a_condition_that_is_wide_is_broken_in_its_brackets() -> None:
    """Before + and -, not before >: a line that begins with > would be a row of its own."""
    declared = "".join(f"{x}: Vector(d)\n" for x in ("h", "r", "t", "h2", "t2")) + "gamma: Scalar\n"
    margin = "gamma + norm2(h + r - t) - norm2(h2 + r - t2) + norm2(h2 - 3 * t2) - dot(h2, t2)"
    loss = f"loss = maximum(0, {margin})"
    derivation = sg.derive(declared + loss, ["h", "r"])
    shown = derivation.latex()
    assert r"\Bigl[" in shown and r"&\qquad >" not in shown
    assert sg.grade_derivation(derivation.problem, ["h", "r"], shown).correct


def test_a_long_product_is_broken_between_its_factors() -> None:
    """Before a dot, not inside of a bracket in it."""
    problem = sg.parse("A: Matrix(m, n)\nx: Vector(n)\nb: Vector(m)\nloss = logsumexp(A @ x + b)")
    shown = sg.hessian(problem, ["A", "b"]).latex("result")
    assert r"&\qquad \cdot \operatorname{softmax}(A x + b)^{\top}" in shown
    assert r"\operatorname{softmax}\Bigl(" not in shown


def test_the_formulas_of_a_sentence_are_set_as_all_others() -> None:
    declared = "X: Matrix(m, n)\ny: Vector(m)\nlam: Scalar\nw: Vector(n)\n"
    point = sg.stationary(declared + "loss = norm2(X @ w - y)**2 + lam * norm2(w)**2", "w")
    inside = r"\lambda I + X^{\top} X"
    assert f"That holds where ${inside}$ is invertible" in point.latex()
    assert f"That holds where ${inside}$ is invertible" in point.markdown()
    assert "That holds where <code" not in point.html()
