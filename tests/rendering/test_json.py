"""JSON: the whole derivation, for a program to read."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

import symgrad as sg
from symgrad.examples import names, text
from symgrad.rendering.json import schema

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
    assert result["latex"] == r"2 (W x - y) x^{\top}"
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


def given() -> list[sg.Derivation]:
    """One of each kind, with proofs, chains, numbers, steps, and what is not finite."""
    steps = "x: Vector(n)[t:T]\nW: Matrix(n, n)\nh[0] = zeros(n)\n"
    steps += (
        "for t in range(1, T + 1):\n    h[t] = tanh(W @ h[t - 1] + x[t])\nloss = norm2(h[T])**2"
    )
    pulled = "A: Matrix(m, n)\nx: Vector(n)\nf = A @ x"
    return [
        *(sg.derive(text(name)) for name in ("mlp_relu", "deepwalk")),
        sg.derive(PROGRAM, "W", method="differentials"),
        sg.derive(PROGRAM, "W", method="chain-rule"),
        *(kind(PROGRAM, "x") for kind in (sg.hessian, sg.hvp, sg.directional)),
        sg.jacobian("A: Matrix(n, n)\nf = A @ A", "A"),
        sg.pullback(pulled, "x"),
        sg.stationary(
            "X: Matrix(m, n)\nw: Vector(n)\ny: Vector(m)\nloss = norm2(X @ w - y)**2", "w"
        ),
        sg.derive("phi: Function\nx: Vector(n)\nloss = sum(phi(x))"),
        sg.derive(steps),
        sg.derive("x: Scalar\nloss = log(0) * x"),
    ]


def test_json_is_as_its_schema_says() -> None:
    validator = pytest.importorskip("jsonschema").Draft202012Validator
    own = json.loads(schema())
    validator.check_schema(own)
    for derivation in given():
        content = json.loads(derivation.json(), parse_constant=pytest.fail)
        validator(own).validate(content)
        assert content["schema"] == own["properties"]["schema"]["const"]
        assert content["program"] == derivation.problem.source
        for result in content["results"]:
            key = result["key"] if isinstance(result["key"], str) else tuple(result["key"])
            found = derivation.results[key]
            assert (result["closed"], result["notation"]) == (found.expression, found.notation)


def test_json_has_every_check() -> None:
    derivation = sg.derive(text("two_layer_linear"))
    checks = json.loads(derivation.json())["checks"]
    assert [*checks["steps"]] == [*map(str, range(1, 9)), "0"]
    assert checks["gradient"]["verdict"] == "passed"
    assert abs(checks["gradient"]["taylor_slope"] - 2) < 0.1
    unchecked = json.loads(sg.derive("x: Scalar\nloss = log(0) * x").json())
    assert unchecked["verdict"] == "not checked" and None in unchecked["checks"]["steps"].values()
