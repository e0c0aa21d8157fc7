"""Whole derivations, graded line by line."""

from __future__ import annotations

import pytest

import symgrad as sg
from symgrad.grading import grade_derivation

from .problems import PROGRAMS

TWO_LAYERS = """\
h = W1 @ x                        # as in the program
r = y - f
l = r.T @ r
dl/dr = 2 * r
dl/df = -dl/dr
dl/dh = W2.T @ dl/df
dL/dW2 = sum(dl/df @ h.T for x, y in batch)
grad_W1 = sum(dl/dh @ x.T for x, y in batch)
"""
SOFTMAX = """\
dl/dp = -y / p
dl/dz = p * (dl/dp - dot(dl/dp, p))
dl/db = dl/dz
dL/db = mean(dl/db for x, y in batch)
dL/dW = mean(dl/dz @ x.T for x, y in batch) + 2 * lam * W
"""
TANH = """\
dL/dr = r
dL/dW2 = dL/dr @ a.T
dL/da = W2.T @ dL/dr
dL/dz = dL/da * (1 - a**2)
dL/db1 = dL/dz
dL/dW1 = (
    dL/db1 @ x.T
)
"""
TRUE = [
    ("two_layers", ["W1", "W2"], TWO_LAYERS),
    ("two_layers", ["W1", "W2"], TWO_LAYERS.replace("dl/d", "dL/d").replace("l = ", "one = ")),
    ("two_layers", "W1", "dl/dW1 = 2 * W2.T @ (f - y) @ x.T\n"
     "dL/dW1 = sum(dl/dW1 for x, y in batch)"),
    ("two_layers", "W2", "dL/df = 2 * (f - y)\nW2_bar = sum(dL/df @ h.T for x, y in batch)"),
    ("softmax_regression", ["W", "b"], SOFTMAX),
    ("softmax_regression", "b", "dl/dz = p - y\ndL/db = mean(dl/dz for x, y in batch)"),
    ("tanh_net", ["W1", "b1", "W2"], TANH),
    ("least_squares", "W", "r = W @ x - y\nL = r.T @ r\ndL/dr = 2 * r\ndL/dW = dL/dr @ x.T"),
    ("least_squares", "x", "loss = norm2(y - W @ x)**2\ngrad_x = 2 * W.T @ (W @ x - y)"),
    ("exponential", "x", "n1 = norm2(x)\ndL/dn1 = L\ndL/dx = dL/dn1 * x / n1"),
]  # fmt: skip
FALSE = [
    ("two_layers", "W1", TWO_LAYERS.replace("-dl/dr", "dl/dr"), 5, "sign", "dl/df: "),
    ("two_layers", "W1", TWO_LAYERS.replace("= W1 @ x ", "= 2 * W1 @ x "), 1, "factor", "h: "),
    ("two_layers", "W1", TWO_LAYERS.replace("W2.T @ dl/df", "W2.T @ dl/dr"), 6, "sign", "dl/dh"),
    ("two_layers", "W1", TWO_LAYERS.replace("sum(dl/dh @ x.T for x, y in batch)", "dl/dh @ x.T"), 8,
     "batch_sum_forgotten", "grad_W1: "),
    ("two_layers", "W1", TWO_LAYERS.split("dL/dW2")[0], None, "incomplete", "none says dL/dW1"),
    ("two_layers", "W1", "dl/dW1 = 2 * W2.T @ (f - y) @ x.T", None, "incomplete", "dL/dW1"),
    ("two_layers", None, "dl/df = 2 * (f - y)", None, "incomplete", "none says dL/dW1, dL/dW2"),
    ("two_layers", "W2", "dL/dW2 = sum(dL/df @ h.T for x, y in batch)", None, "incomplete",
     "dL/dW2 uses dL/df, which no line says"),
    ("two_layers", "W2", "dL/dW2 = dL/df @ h.T", 1, "batch_sum_forgotten", "dL/dW2: "),
    ("two_layers", "W2", "h = W1 @ y", 1, "wrong_shape", "inner dimensions differ"),
    ("two_layers", "W2", "r = y - f\nr = f - y", 2, "sign", "r: "),
    ("softmax_regression", "b", SOFTMAX.replace("p * (dl/dp - dot(dl/dp, p))", "dl/dp * p * (1 - "
     "p)"), 2, "diagonal_only", "softmax(z)"),
    ("softmax_regression", "W", SOFTMAX.replace("2 * lam", "lam"), 5, "factor_of_the_regularizer",
     "dL/dW: "),
    ("softmax_regression", "b", "dL/dz = p - y", 1, "sum_for_mean", "size(batch)"),
    ("tanh_net", "W1", TANH.replace("1 - a**2", "1 - z**2"), 4, "derivative_at_input", "tanh(z)"),
    ("tanh_net", "W1", TANH.replace("W2.T @ dL/dr", "W2.T @ y"), 3, "wrong_value", "dL/da: "),
    ("tanh_net", "W1", TANH.replace("dL/da * (1 - a**2)", "dL/da + a"), 4, "unlisted", "dL/dz: "),
    ("quadratic_form", "x", "s = A @ x\ndL/dA = x @ x.T\ndL/dx = s - A.T @ x", 3, "sign_of_a_term",
     "dL/dx: "),
    ("trace", "A", "M = A @ B\ndL/dM = C\ndL/dA = dL/dM @ B", 3, "transposed_factor",
     "dL/dM @ B stands where another belongs"),
    ("tanh_net", "W1", TANH.replace("dL/db1 @ x.T", "x @ dL/db1.T"), 6, "transpose", "dL/dW1: "),
    ("least_squares", "W", "loss = norm2(W @ x - y)", 1, "wrong_exponent", "loss: "),
    ("least_squares", "W", "L = norm2(W @ x)**2", 1, "missing_operand", "L: "),
]  # fmt: skip


@pytest.mark.parametrize(("program", "wrt", "text"), TRUE)
def test_a_true_derivation(program: str, wrt: str | list[str] | None, text: str) -> None:
    verdict = grade_derivation(PROGRAMS[program], wrt, text)
    assert verdict.correct, str(verdict)
    assert (verdict.kind, verdict.line) == ("correct", None)
    assert str(verdict).startswith(("Right: all ", "Right: its one line "))
    assert {line.correct for line in verdict.lines} <= {True, None}


@pytest.mark.parametrize(("program", "wrt", "text", "line", "kind", "words"), FALSE)
def test_the_first_line_that_is_false(
    program: str, wrt: str, text: str, line: int | None, kind: str, words: str
) -> None:
    verdict = grade_derivation(PROGRAMS[program], wrt, text)
    assert not verdict.correct
    assert (verdict.line, verdict.kind) == (line, kind), verdict.diagnosis
    assert words in verdict.diagnosis
    assert line is None or f"(line {line})" in str(verdict)


def test_what_is_right_is_said_of_the_line() -> None:
    verdict = grade_derivation(PROGRAMS["tanh_net"], "W1", TANH.replace("1 - a**2", "1 - z**2"))
    assert verdict.expected in ("(1 - a**2) * dL/da", "(1 - a**2) * (W2.T @ r)")


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("r = y - f\ndl/dr = 2 * q", (2, 13), "q is not declared"),
        ("dl/dq = 3", (1, 1), "q is not declared"),
        ("2 * x", (1, 1), "a line of a derivation is"),
        ("x = 3", (1, 1), "x is a variable of the problem"),
        ("r = y - f\n  dl/dr = (", (2, 11), "syntax"),
        ("h = h", (1, 5), "h stands on both sides"),
        ("dL/dW2 =", (1, 1), "a formula is missing"),
        ("dL/dW2 = dL/dW2", (1, 10), "dL/dW2 stands on both sides"),
        ("sum = 3 * x", (1, 1), "sum is the name of a function"),
        ("# nothing", (None, None), "the derivation is empty"),
    ],
)
def test_a_line_that_cannot_be_read(
    text: str, place: tuple[int | None, int | None], words: str
) -> None:
    with pytest.raises(sg.SymgradError) as caught:
        grade_derivation(PROGRAMS["two_layers"], "W1", text)
    assert (caught.value.line, caught.value.column) == place
    assert words in str(caught.value)
    assert str(caught.value).startswith("derivation")


def test_one_example_needs_one_sum() -> None:
    program = "x: Vector(n)\nw: Vector(n)\n"
    program += "loss = sum(w.T @ x for x in batch) + sum((w.T @ x)**2 for x in batch)"
    with pytest.raises(sg.ProgramError, match="has 2 sums over a batch"):
        grade_derivation(program, "w", "dl/dw = x")


@pytest.mark.parametrize("text", ["u = W2 @ h\nk = u.T @ u", "r = y + f\ndl/dr = 3 * r"])
def test_where_nothing_was_graded_it_is_not_right(text: str) -> None:
    verdict = grade_derivation(PROGRAMS["two_layers"], "W1", text)
    assert (verdict.correct, verdict.kind) == (None, "ungraded")
    assert "Nothing was graded" in str(verdict)
    assert [line.correct for line in verdict.lines] == [None, None]


@pytest.mark.parametrize(
    ("line", "correct"),
    [
        (r"\nabla_c L = 2 c - \frac{2}{N} \sum_i x_i", True),
        (r"\nabla_c L = 2 c - 2 \sum_i x_i", False),
        (r"\nabla_c L = 2 (c - x)", False),
        (r"L = \frac1N \sum \|x\|^2 - \frac2N c^\top \sum_i x_i + \|c\|^2", True),
        (r"L = \frac1N \sum \|x\|^2 - c^\top \sum_i x_i + \|c\|^2", False),
        (r"\frac{\partial L}{\partial x} = \frac2N (x - c) + \mathbf{1}^\top x - \sum_i x_i", True),
    ],
)
def test_sums_of_a_line_go_over_the_examples_where_they_have_to(line: str, correct: bool) -> None:
    program = "x: Vector(d)\nc: Vector(d)\nloss = mean(norm2(x - c)**2 for x in batch)"
    verdict = grade_derivation(program, ["c"], line)
    assert verdict.lines[0].correct is correct


def test_a_term_of_a_differential_with_another_factor() -> None:
    program = "X: Matrix(m, n)\ny: Vector(m)\nw: Vector(n)\nlam: Scalar\n"
    program += "loss = norm2(X @ w - y)**2 + lam * norm2(w)**2"
    line = r"$r = Xw - y$, $dL = 2 r^\top X dw + \lambda w^\top dw$"
    verdict = grade_derivation(program, "w", line)
    assert verdict.kind == "term_of_the_result"
    assert "1/2 times the term" in verdict.diagnosis


@pytest.mark.parametrize(
    "taken",
    [
        r"\frac{\partial}{\partial w} \left( w^\top w + c^\top w \right)",
        r"\nabla_w \|w\|^2 + c",
        r"\frac{\partial w^\top w}{\partial w} + c",
        r"2 w + \frac{\partial}{\partial w} c^\top w",
    ],
)
def test_a_derivative_that_is_still_to_be_taken_is_not_graded(taken: str) -> None:
    program = "w: Vector(n)\nc: Vector(n)\nloss = c.T @ w + norm2(w)**2"
    for result, correct in (("2 w + c", True), ("2 w - c", False)):
        verdict = grade_derivation(program, "w", rf"$\nabla_w L = {taken} = {result}$")
        assert verdict.correct is correct
        assert [line.correct for line in verdict.lines] == [None, correct]
        assert "still to be taken" in verdict.lines[0].remark
