"""Operations written out by their definitions: the same values, derived as if they were typed."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.examples import text
from symgrad.language.expanding import expanded, has_definition
from symgrad.language.expressions import OPERATIONS, Operation
from symgrad.language.unparse import unparse
from symgrad.numerics.checks.sampling import draws
from tests.calls import calls, program

DEFINED = [o for o in OPERATIONS.values() if has_definition(o.name)]


@pytest.mark.parametrize("operation", DEFINED, ids=lambda o: o.name)
def test_every_definition_has_the_values_of_its_operation(operation: Operation) -> None:
    compared = 0
    for call in calls(operation):
        problem = sg.parse(program(call))
        try:
            written = expanded(problem, operation.name)
        except sg.OptionError as error:
            assert "has no matrix form with" in str(error)
            continue
        assert operation.name not in unparse(written.output).split("(")
        inputs, _ = next(draws(problem, 0))
        given = {name: inputs[name] for name in problem.variables}
        with np.errstate(all="ignore"):
            pair = (sg.evaluate(p, given) for p in (problem, written))
            np.testing.assert_allclose(*pair, rtol=1e-9, atol=1e-12)
        compared += 1
    assert compared


@pytest.mark.parametrize(
    ("source", "names", "lines"),
    [
        (
            text("softmax_regression"),
            "softmax",
            ["e = exp(z)", "p = e / s_p", "dl/de = dl/dp / s_p + dl/ds_p", "dl/dz = dl/de * e"],
        ),
        (text("mlp_sigmoid"), ["sigmoid"], ["h = 1 / (1 + e)", "dl/dz1 = -dl/de * e"]),
        ("x: Vector(n)\nloss = norm2(x)", ["norm2"], ["L = sqrt(dot(x, x))"]),
        (
            "X: Matrix(n, k)\nloss = sum(softmax(X, axis=1)**2)",
            ["softmax"],
            ["s = sum(E, axis=1)", "dL/dX = dL/dE * E"],
        ),
        (
            "z: Vector(n)\nloss = sum(log_softmax(z) * relu(z))",
            ["log_softmax", "relu"],
            ["s = sum(exp(z))"],
        ),
    ],
)
def test_its_parts_are_lines(source: str, names: str | list[str], lines: list[str]) -> None:
    derivation = sg.derive(source, expand=names)
    shown = derivation.text(width=200)
    assert [line for line in lines if f"{line} " in shown] == lines
    assert derivation.verify().passed
    assert {*sg.derive(source, expand=names, method="chain-rule").results} == {*derivation.wrt}


def test_steps_are_written_out_too() -> None:
    steps = (
        "W: Matrix(n, n)\nx: Vector(n)[t:T]\nh[0] = zeros(n)\nfor t in range(1, T + 1):\n"
        "    h[t] = sigmoid(W @ h[t - 1] + x[t])\nloss = norm2(h[T])**2"
    )
    derivation = sg.derive(steps, ["W"], expand="sigmoid")
    assert "h[t] = 1 / (1 + " in derivation.text(width=200)
    assert derivation.verify().passed


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("softmx", "softmx has no definition in the language; did you mean softmax, "),
        (
            ["exp"],
            "exp has no definition in the language; those that have one: .*softmax, log_softmax",
        ),
        ("inv", "inv has no definition in the language"),
        ("add", "add has no definition"),
    ],
)
def test_what_has_no_definition_is_told(names: str | list[str], said: str) -> None:
    with pytest.raises(sg.OptionError, match=said.replace("?", r"\?")):
        sg.derive("x: Vector(n)\nloss = norm2(x)**2", expand=names)


def test_what_its_definition_does_not_say_is_told() -> None:
    with pytest.raises(sg.OptionError, match=r"norm2\(X, axis=1\) is not written out"):
        sg.derive("X: Matrix(n, k)\nloss = sum(norm2(X, axis=1))", expand="norm2")
