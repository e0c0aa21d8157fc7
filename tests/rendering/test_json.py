"""JSON: the whole derivation, for a program to read."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

import symgrad as sg
from symgrad.examples import names, text

PROGRAM = "W: Matrix(m, n)\nx: Vector(n)\ny: Vector(m, one_hot=True)\nloss = norm2(W @ x - y)**2"


@pytest.mark.parametrize("name", names())
def test_json_has_the_steps_and_results(name: str) -> None:
    derivation = sg.derive(text(name))
    content = json.loads(derivation.json())
    assert content["kind"] == "gradient"
    assert content["wrt"] == list(derivation.wrt)
    assert [step["number"] for step in content["steps"]] == [s.number for s in derivation.steps]
    assert [step["rule"] for step in content["steps"]] == [s.rule for s in derivation.steps]
    assert [result["key"] for result in content["results"]] == list(derivation.results)
    assert content["max_relative_error"] < 1e-9


def test_json_in_full() -> None:
    content = json.loads(sg.derive(PROGRAM, ["W"]).json())
    assert content["variables"][2] == {
        "name": "y", "kind": "Vector", "dims": ["m"], "facts": ["one_hot"], "batch": None,
        "steps": None,
    }  # fmt: skip
    assert content["output"]["expression"] == "norm2(W @ x - y)**2"
    (result,) = content["results"]
    assert result["expression"] == "2 * (W @ x - y) @ x.T"
    assert result["latex"] == r"2 \left(W x - y\right) x^{\top}"
    assert result["shape"] == ["m", "n"]
    last = content["steps"][-1]
    assert (last["left"], last["right"], last["uses"]) == ("dL/dW", "dL/dr @ x.T", [1])
    assert last["proof"]["kind"] == "index"
    assert last["proof"]["lines"][1] == {
        "left": "dr_i/dW_pq",
        "right": "x_q [i = p]",
        "latex": r"\frac{\partial r_{i}}{\partial W_{pq}} = x_{q} [i = p]",
        "move": "derivative by an entry",
    }


@pytest.mark.parametrize(
    ("kind", "key"), [(sg.hessian, ["x", "x"]), (sg.directional, "*"), (sg.hvp, "x")]
)
def test_json_of_other_kinds(kind: Callable[..., sg.Derivation], key: object) -> None:
    content = json.loads(kind(PROGRAM, ["x"]).json())
    assert content["kind"] == kind.__name__
    assert [result["key"] for result in content["results"]] == [key]
