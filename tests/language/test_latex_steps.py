"""LaTeX of programs with time steps or layers: what is printed, and what people write."""

from __future__ import annotations

import pytest

import symgrad as sg
from symgrad.errors import SymgradError
from symgrad.language.latex_input import parse_latex
from symgrad.language.table import Table
from symgrad.rendering.equations import Equation
from symgrad.rendering.latex import chained
from tests.recurrences import MLP, PROGRAMS, RNN
from tests.typesetting.steps import misread_steps

BACK = r"\delta_t = \left(W^\top \delta_{t+1} + G_t\right) \odot (1 - h_t^2)"
START = r"\delta_T = 2 V^\top (V h_T - y_T) \odot (1 - h_T^2)"
READ = [
    (RNN, r"\sum_{t=1}^T h_t h_{t-1}^\top", "sum(h[t] @ h[t - 1].T for t in range(1, T + 1))"),
    (RNN, r"\frac{\partial L}{\partial h_T} = V^\top y_T", "dL/dh[T] = V.T @ y[T]"),
    (RNN, r"\nabla_{h_{t + 1}} L", "dL/dh[t + 1]"),
    (RNN, START, "delta[T] = (2 * V.T @ (V @ h[T] - y[T])) * (1 - h[T]**2)"),
    (MLP, r"\delta^{(L)} = y - a^{(L)}", "delta[L] = y - a[L]"),
    (MLP, r"(W^{(l+1)})^T a^{(l)}", None),
]


@pytest.mark.parametrize(
    "name", ["rnn", "mlp", "power", "logistic", "last", "twins", "widths", "kalman"]
)
def test_what_is_printed_reads_back(name: str) -> None:
    assert [*misread_steps(sg.derive(PROGRAMS[name]).data)] == []


def test_a_line_that_says_something_else_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def changed(equation: Equation, table: Table) -> str:
        return chained(equation, table).replace("h_{t - 1}", "h_{t}")

    joined = sg.derive(RNN, ["W"]).data
    monkeypatch.setattr("tests.typesetting.steps.chained", changed)
    found = [*misread_steps(joined)]
    assert len(found) == 2 and found[-1].startswith(r"\nabla_{W} L")


@pytest.mark.parametrize(("problem", "latex", "text"), READ)
def test_what_people_write(problem: str, latex: str, text: str | None) -> None:
    if text is None:
        with pytest.raises(SymgradError, match="inner dimensions differ"):
            parse_latex(latex, sg.parse(problem))
    else:
        assert parse_latex(latex, sg.parse(problem)) == text


@pytest.mark.parametrize("order", [1, -1])
def test_a_recursion_is_graded(order: int) -> None:
    lines = [BACK.replace("G_t", r"2 V^\top (V h_t - y_t)"), START][::order]
    answer = "\n".join([*lines, r"\nabla_W L = \sum_{t=1}^{T} \delta_t h_{t-1}^\top"])
    assert sg.grade(RNN, "W", answer).correct
    verdict = sg.grade(RNN, "W", answer.replace("W^\\top", "W"))
    assert (verdict.correct, verdict.kind) == (False, "transposed_factor")


def test_layers_are_raised() -> None:
    answer = (
        r"\delta^{(L)} = (a^{(L)} - y) \odot a^{(L)} \odot (1 - a^{(L)})"
        "\n"
        r"\delta^{(l)} = (W^{(l+1)})^T \delta^{(l+1)} \odot a^{(l)} \odot (1 - a^{(l)})"
        "\n"
        r"\frac{\partial \mathcal L}{\partial W^{(l)}} = \delta^{(l)} (a^{(l-1)})^T"
    )
    assert sg.grade(MLP, "W", answer).correct
    verdict = sg.grade(MLP, "W", answer.replace("(a^{(l-1)})", "(a^{(l)})"))
    assert verdict.kind in ("off_by_one", "wrong_shape") and verdict.correct is False
