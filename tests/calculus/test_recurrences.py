"""Programs with steps: the recursion that books print, right at every length."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

import symgrad as sg
from symgrad.calculus.derive import value
from symgrad.calculus.recurrences.unrolled import unrolled
from symgrad.errors import SymgradError
from symgrad.language.parser import parse_within
from symgrad.language.syntax import program_tree
from symgrad.language.unparse import unparse
from symgrad.numerics.function import compile_derivation
from symgrad.numerics.layers import flat
from symgrad.numerics.recurrences.verification import Unrolled, verify_joined
from symgrad.numerics.unspecified import drawn_functions
from tests.derived import of_program
from tests.numerics.test_recurrences import rnn
from tests.recurrences import LSTM, MLP, PROGRAMS, RNN, SHARED

EACH = pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)


def lines(derivation: sg.Derivation) -> list[str]:
    return [f"{unparse(step.left)} = {unparse(step.right)}" for step in derivation.steps]


def results(derivation: sg.Derivation) -> dict[str, str]:
    return {name: r.expression.splitlines()[-1] for name, r in derivation.results.items()}


@EACH
def test_each_is_the_same_as_unrolled(text: str) -> None:
    """Parts, printed lines and code, at one, two and five steps."""
    assert of_program(text).verify().passed


def test_backpropagation_through_time() -> None:
    derivation = of_program(RNN)
    assert lines(derivation) == [
        "z[t] = W @ h[t - 1] + U @ x[t] + b",
        "h[t] = tanh(z[t])",
        "r[t] = y[t] - V @ h[t]",
        "l[t] = norm2(r[t])**2",
        "L = sum(l[t] for t in range(1, T + 1))",
        "dL/dr[t] = 2 * r[t]",
        "dL/dh[T] = -V.T @ dL/dr[T]",
        "dL/dh[t] = W.T @ dL/dz[t + 1] - V.T @ dL/dr[t]",
        "dL/dz[t] = dL/dh[t] * (1 - h[t]**2)",
    ]
    assert results(derivation) == {
        "W": "sum(dL_dz[t] @ h[t - 1].T for t in range(1, T + 1))",
        "U": "sum(dL_dz[t] @ x[t].T for t in range(1, T + 1))",
        "b": "sum(dL_dz[t] for t in range(1, T + 1))",
        "V": "-sum(dL_dr[t] @ h[t].T for t in range(1, T + 1))",
    }


def test_the_four_equations_of_backpropagation() -> None:
    derivation = of_program(MLP)
    assert lines(derivation)[3:] == [
        "dloss/da[L] = a[L] - y",
        "dloss/da[l] = W[l + 1].T @ dloss/dz[l + 1]",
        "dloss/dz[l] = dloss/da[l] * a[l] * (1 - a[l])",
    ]
    assert results(derivation) == {
        "W": "dloss_dz[l] @ a[l - 1].T",
        "b": "dloss_dz[l]",
    }
    text = derivation.text()
    assert re.search(r"= a\[L\] - y +squared norm, from \(3\)\n", text)
    assert re.search(r"dz\[l \+ 1\]\s+affine layer, from \(1\) and l \+ 1, for l < L\n", text)


def test_two_states_meet() -> None:
    found = lines(sg.derive(LSTM, ["U_i"]))
    assert "dL/dc[t] = dL/dc[t + 1] * f[t + 1] + dL/dh[t] * o[t] * (1 - tanh(c[t])**2)" in found
    assert "dL/dc[T] = dL/dh[T] * o[T] * (1 - tanh(c[T])**2)" in found


def test_what_no_parameter_reaches_is_not_gone_back_through() -> None:
    derivation = sg.derive(RNN, ["V"])
    assert lines(derivation)[5:] == ["dL/dr[t] = 2 * r[t]"]


def test_a_wrong_line_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("symgrad.numerics.recurrences.verification.LENGTHS", (2,))
    joined = of_program(RNN).data
    for k, line in enumerate(joined.lines):
        if line.step.kind == "backward":
            wrong = replace(line, step=replace(line.step, right=2 * line.step.right))
            changed = replace(joined, lines=(*joined.lines[:k], wrong, *joined.lines[k + 1 :]))
            assert not verify_joined(changed, code=False).passed


def test_a_wrong_result_is_found() -> None:
    joined = of_program(RNN).data
    wrong = replace(joined.results["b"], expression=2 * joined.results["b"].expression)
    changed = replace(joined, results={**joined.results, "b": wrong})
    assert not verify_joined(changed, code=False).passed


@pytest.mark.parametrize("text", [MLP, LSTM, SHARED], ids=["layers", "states", "shared"])
def test_each_is_printed_in_every_format(text: str) -> None:
    derivation = of_program(text)
    for print_ in (derivation.text, derivation.latex, derivation.markdown, derivation.html):
        for level in ("result", "steps", "full"):
            assert "None" not in print_(level)
    assert "unrolled" in derivation.json()


def test_json_has_the_program_and_its_series() -> None:
    content = json.loads(of_program(RNN).json())
    assert [d["name"] for d in content["definitions"]] == ["h[0]", "h[t]"]
    assert content["output"]["expression"].startswith("sum(norm2(")
    steps = {v["name"]: v["steps"] for v in content["variables"]}
    assert steps["x"] == {"index": "t", "length": "T"} and steps["W"] is None


def test_a_result_says_what_it_uses() -> None:
    assert sg.derive(RNN, ["b"]).results["b"].expression.splitlines() == [
        "r[t] = y[t] - V @ h[t]",
        "dL_dr[t] = 2 * r[t]",
        "dL_dh[T] = -V.T @ dL_dr[T]",
        "dL_dh[t] = W.T @ dL_dz[t + 1] - V.T @ dL_dr[t]",
        "dL_dz[t] = dL_dh[t] * (1 - h[t]**2)",
        "sum(dL_dz[t] for t in range(1, T + 1))",
    ]
    page = sg.derive(RNN, ["V"]).text("result")
    assert "dL/dr[t] = 2 * r[t]" in page and "dL/dh" not in page


@EACH
def test_each_result_reads_back(text: str) -> None:
    """Behind the program its equations have the value of the gradient, at each step."""
    joined = of_program(text).data
    problem, last = joined.problem, joined.parts.last
    length = int(last) if last.isdigit() else 2
    run = Unrolled(joined, length, seed=0)
    for name in joined.wrt:
        whole, e = parse_within(problem, program_tree(joined.text(name)).body)
        counts = range(1, length + 1) if problem.variables[name].steps else [0]
        parts = [unrolled(replace(whole, output=e), length, at=k) for k in counts]
        inputs = {**run.sample.inputs, **drawn_functions(problem)}
        got = [compile_derivation(value(p))(inputs)[0] for p in parts]
        claim = flat(run.stacked(name, got))
        np.testing.assert_allclose(claim, run.truth(name, run.sample), atol=1e-9)


def test_the_printed_text_is_a_program() -> None:
    lines = sg.derive(RNN, ["W"]).results["W"].expression.splitlines()
    text = "\n".join([RNN.partition("loss = ")[0], *lines[:-1], f"f = {lines[-1]}"])
    problem = sg.parse(text)
    inputs = rnn(4)
    wanted = sg.derive(RNN, ["W"]).lambdify()(inputs)[1]["W"]
    np.testing.assert_allclose(sg.evaluate(problem, inputs), wanted)
    with pytest.raises(SymgradError, match="has a value, sg.evaluate, and no derivation"):
        sg.derive(text.replace("f = ", "loss = norm2(") + ")")
    with pytest.raises(SymgradError, match="T is given as 3, but the arrays have 4"):
        sg.evaluate(problem, {**inputs, "T": 3})
    with pytest.raises(SymgradError, match="51 are given, 50 are the most"):
        sg.evaluate(problem, rnn(51))


def test_layers_are_raised_and_steps_lowered_in_latex() -> None:
    assert r"(W^{(l + 1)})^{\top}" in of_program(MLP).latex()
    assert r"\nabla_{W} L &= \sum_{t = 1}^{T} " in of_program(RNN).latex()
    assert r"h_{t - 1}^{\top}" in of_program(RNN).latex()


def test_a_state_that_begins_at_a_number_is_defined() -> None:
    head = "a: Scalar(positive=True)\nx[0] = 1\nfor t in range(1, T + 1):\n"
    step = "    x[t] = (x[t - 1] + a / x[t - 1]) / 2\nloss = (x[T] - 3)**2"
    shown = sg.derive(head + step).text()
    assert "x[0] = 1   " in shown and "product over indices" not in shown
