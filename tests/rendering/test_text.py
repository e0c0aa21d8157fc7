"""Text for a terminal: the lecture's lines, levels, and the golden files."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import symgrad as sg
from symgrad.examples import names, text

SHOWN = ["two_layer_linear", "softmax_regression", "mlp_relu", "graph_convolution"]
Golden = Callable[[str, str], None]


@pytest.mark.parametrize("name", SHOWN)
def test_golden(name: str, golden: Golden) -> None:
    golden(f"{name}.txt", sg.derive(text(name)).text("full"))


def test_golden_of_an_embedding(golden: Golden) -> None:
    golden("deepwalk.txt", sg.derive(text("deepwalk")).text("steps"))


def test_the_lecture_s_result() -> None:
    lines = sg.derive(text("two_layer_linear")).text("result").splitlines()
    result = [line for line in lines if "grad_" in line]
    assert [" ".join(line.split()) for line in result] == [
        "Result grad_W1 L = -2 * sum(W2.T @ (y - f) @ x.T for x, y in batch) (h x d)",
        "grad_W2 L = -2 * sum((y - f) @ h.T for x, y in batch) (k x h)",
    ]


@pytest.mark.parametrize("name", names())
def test_levels(name: str) -> None:
    derivation = sg.derive(text(name))
    written = {level: derivation.text(level) for level in ("result", "steps", "full")}
    assert derivation.text() == written["steps"] == str(derivation)
    for level, shown in written.items():
        assert ("Forward" in shown, "Backward" in shown) == (level != "result",) * 2
        assert ("derivative by an entry" in shown) == (level == "full")
        assert ("Given " in shown, "Result " in shown, "Checked " in shown) == (True,) * 3
    for step in derivation.steps:
        assert f"({step.number}) " in written["steps"]


def test_what_was_given_is_said_with_its_facts() -> None:
    declared = "p: Vector(n, simplex=True)\nS: Matrix(n, n, symmetric=True)\nk: Index(n)\ns: Scalar"
    declared += "\nQ: Matrix(n, n, orthogonal=True)"
    loss = "s * p.T @ S @ Q @ p + p[k].T @ p[k]"
    shown = sg.derive(f"{declared}\nloss = {loss}", ["s"]).text("result")
    for line in (
        "p in R^n, entries sum to 1",
        "S in R^(n x n), symmetric",
        "Q in R^(n x n), orthogonal",
        "s in R",
    ):
        assert line in shown
    assert "k in {0, ..., n - 1}" in shown


def test_the_checks_are_said() -> None:
    shown = sg.derive("x: Vector(n)\nloss = x.T @ x").text(width=120)
    assert "every step at random numbers: largest relative error" in shown
    assert "complex step" in shown and "Taylor slope 2.00" in shown


def test_the_layout_of_a_jacobian_is_stated() -> None:
    shown = sg.jacobian("x: Vector(n)\nf = exp(x)", ["x"]).text()
    assert "Numerator layout" in shown


def test_lines_do_not_grow_with_the_depth_of_the_net() -> None:
    lines = ["x: Vector(n)", *(f"W{k}: Matrix(n, n)" for k in range(1, 17)), "h0 = x"]
    lines += [f"h{k} = tanh(W{k} @ h{k - 1})" for k in range(1, 17)]
    shown = sg.derive("\n".join([*lines, "loss = norm2(h16)**2"])).text()
    assert max(map(len, shown.splitlines())) < 600


def test_a_proof_says_the_line_in_which_its_part_is_written_out() -> None:
    declared = "x: Vector(n)\ny: Vector(n)\np = softmax(x)\n"
    rows = (
        sg.derive(f"{declared}loss = -sum(y * log(p))", ["x"]).text("full", width=100).splitlines()
    )
    start = next(k for k, row in enumerate(rows) if "dL/dp = -y / p" in row)
    assert [" ".join(row.split()) for row in rows[start + 2 : start + 7]] == [
        "s_i = log(p_i) definition",
        "L = -sum_i y_i s_i step (2)",
        "d log(t) / dt = 1/t scalar calculus",
        "ds_i/dp_q = [i = q] / p_i derivative by an entry",
        "dL/dp_q = -y_q / p_q chain rule, through s",
    ]


def test_a_square_of_each_example_is_the_loss_of_one() -> None:
    shown = sg.derive(text("linear_regression")).text("full")
    for line in ("l = (p - t)**2 ", "dl/dp = 2 r ", "dL/dw = mean(dl/dp * x for x, t in batch) "):
        assert line in shown


def test_a_sum_over_the_batch_of_an_input_has_no_loss_of_one_example() -> None:
    shown = sg.derive("x: Scalar\nloss = sum(x for x in batch)", ["x"]).text()
    assert "dL/dx = 1 " in shown
