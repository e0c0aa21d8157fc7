"""What symgrad prints is a derivation that it grades right, line by line."""

from __future__ import annotations

from dataclasses import replace

import pytest

import symgrad as sg
from symgrad.grading import grade_derivation

from .printed import LEVELS, Printed, each_claim_once, every

PRINTED = {printed.name: printed for printed in every()}
# Of each kind one; each with something of its own: a batch, a stable form, tensors, differentials.
CHOSEN = [
    ("two_layer_linear", "variable"),
    ("softmax_regression", "numerator"),
    ("max_margin", "denominator"),
    ("mcb-62", "variable"),
    ("mcb-75", "denominator"),
    ("tg-prim-layernorm", "variable"),
    ("sympy-xxTx", "denominator"),
    ("graph-bipartite", "variable"),
    ("scalar-fan-mul", "variable"),
    ("mn-tr-xaxb-hessian", "variable"),
    ("graph-line1-hvp", "variable"),
    ("mcb-d-hadamard", "variable"),
]

OWN = {
    "a value that a rule writes otherwise": "x: Vector(k)\nloss = (x.T @ x)**0.5",
    "z_near would be an entry of z": """\
z: Vector(n)
w: Vector(n)
near = softplus(-z.T @ w)
loss = near**2""",
    "s_q would be an entry of s": """\
X: Matrix(n, k)
w: Vector(n)
q = log(X) @ ones(k)
loss = dot(w, q) / sum(w)""",
    "p is 0 or 1 but for rounding": """\
w: Vector(d)
x: Vector(d)
y: Scalar
z = 50 * w.T @ x
p = sigmoid(z)
loss = -y * log(p) - (1 - y) * log(1 - p)""",
    "a product that another line uses": """\
X: Matrix(m, n)
theta: Vector(n)
y: Vector(m)
loss = sum(y * (X @ theta) - exp(X @ theta))""",
}


@pytest.mark.parametrize("form", ["text", "latex"])
@pytest.mark.parametrize(("name", "layout"), CHOSEN)
def test_what_is_printed_is_graded_right(name: str, layout: str, form: str) -> None:
    derivation = PRINTED[name].derived(layout)
    assert derivation is not None
    for level in LEVELS:
        assert PRINTED[name].fault(derivation, form, level, layout) == ""


@pytest.mark.parametrize("form", ["text", "latex"])
@pytest.mark.parametrize("why", OWN)
def test_what_is_printed_of_hard_programs_is_graded_right(why: str, form: str) -> None:
    printed = Printed(why, OWN[why], None)
    derivation = printed.derived("variable")
    assert derivation is not None
    assert printed.fault(derivation, form, "steps", "variable") == ""


@pytest.mark.parametrize("form", ["text", "latex"])
@pytest.mark.parametrize(
    "name", ["two_layer_linear", "mcb-62", "optax-poly", "pt-ce-weight", "tg-prim-layernorm"]
)
def test_a_chain_of_differentials_is_graded_right(name: str, form: str) -> None:
    printed = replace(PRINTED[name], method="differentials")
    derivation = printed.derived("variable")
    assert derivation is not None
    assert printed.fault(derivation, form, "steps", "variable") == ""


@pytest.mark.parametrize(
    ("name", "notation"),
    [
        ("two_layer_linear", "bar"),
        ("cs231n-svm-full", "delta"),  # of h_M, whose name has an index
        ("stat-ordinal", "bar"),  # the value of dL/dbeta has names that the page gives too
    ],
)
def test_each_notation_is_graded_right(name: str, notation: str) -> None:
    printed = PRINTED[name]
    derivation = printed.derived("variable")
    assert derivation is not None
    text = derivation.latex("steps", style=sg.Style(notation=notation))
    assert sg.grade_derivation(printed.program, printed.wrt, text).correct


def test_no_line_is_judged_where_a_value_has_lost_its_digits() -> None:
    derivation = PRINTED["deep-siamese"].derived("variable")
    assert derivation is not None
    assert PRINTED["deep-siamese"].fault(derivation, "latex", "result", "variable") == ""


def test_a_line_that_is_not_true_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Printed("wrong", "x: Vector(n)\nloss = norm2(x)**2", ["x"])
    derivation = wrong.derived("variable")
    assert derivation is not None
    assert wrong.fault(derivation, "text", "steps", "variable") == ""
    monkeypatch.setattr("symgrad.derivations.Derivation.text", lambda self, level: "dL/dx = 3 * x")
    with each_claim_once():
        assert "the factor" in wrong.fault(derivation, "text", "steps", "variable")


@pytest.mark.parametrize("form", ["text", "latex"])
@pytest.mark.parametrize(("name", "layout"), CHOSEN[:7])
def test_proofs_are_reasons(name: str, layout: str, form: str) -> None:
    derivation = PRINTED[name].derived(layout)
    assert derivation is not None
    with each_claim_once():
        assert PRINTED[name].fault(derivation, form, "full", layout) == ""


def test_a_step_that_is_not_true_is_found_between_reasons() -> None:
    program = "A: Matrix(m, n)\nx: Vector(n)\nloss = norm2(A @ x)**2"
    text = sg.derive(program, ["x"]).text("full")
    assert sg.grade_derivation(program, "x", text).correct
    wrong = text.replace(") dL/dx = ", ") dL/dx = 2 * ")
    assert wrong != text
    verdict = sg.grade_derivation(program, "x", wrong)
    assert verdict.correct is False
    assert any("a reason" in line.remark for line in verdict.lines)


def test_a_call_with_an_option_may_stand_in_an_inner_product() -> None:
    program = "Y: Matrix(n, k)\nX: Matrix(n, k)\nloss = sum(Y * softmax(X, axis=1))"
    sheet = "dL = <ones(n) @ ones(k).T, softmax(X, axis=1) * dY>\n   = <softmax(X, axis=1), dY>"
    assert [line.correct for line in grade_derivation(program, ["Y"], sheet).lines] == [True] * 2
