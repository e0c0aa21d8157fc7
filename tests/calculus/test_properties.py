"""Laws that every program keeps: a gradient is linear, renaming changes nothing, the printed result
reads back, and the three ways to a number agree."""

from __future__ import annotations

import ast
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import symgrad as sg
from symgrad.calculus.derive import gradient
from symgrad.numerics.interpreter import evaluate_nodes
from symgrad.numerics.sizes import infer_sizes

DECLARED = "x: Vector(n)\ny: Vector(n)\nA: Matrix(n, n)\ns: Scalar\n"
SCALARS = [
    "x.T @ y",
    "norm2(A @ x - y)**2",
    "sum(tanh(x + y))",
    "s * sum(x * x)",
    "trace(A @ A)",
    "logsumexp(A @ x)",
    "x.T @ A @ softmax(y)",
    "sum(exp(s * x) * y)",
    "norm2(unit(y) - x)",
    "sum(sigmoid(A.T @ y))",
    "log(1 + x.T @ x)",
]
QUICK = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)


@st.composite
def losses(draw: st.DrawFn) -> str:
    """A scalar put together from a few scalars, smooth where the inputs are."""
    text = draw(st.sampled_from(SCALARS))
    for _ in range(draw(st.integers(0, 2))):
        other = draw(st.sampled_from(SCALARS))
        join = draw(
            st.sampled_from(
                ["{0} + {1}", "{0} - {1}", "({0}) * ({1})", "tanh({0}) + {1}", "sin({0})"]
            )
        )
        text = join.format(text, other)
    return text


def inputs() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    arrays = {"x": rng.standard_normal(3), "y": rng.standard_normal(3)}
    return arrays | {"A": rng.standard_normal((3, 3)) / 2, "s": np.float64(0.7)}


def gradients(text: str) -> dict[str, np.ndarray]:
    return sg.derive(f"{DECLARED}loss = {text}", ["x", "y", "A", "s"]).lambdify()(inputs())[1]


def code(function: Any) -> str:
    """The source without comments, which have names."""
    return ast.unparse(ast.parse(function.source))


def close(got: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> None:
    for name, array in wanted.items():
        np.testing.assert_allclose(got[name], array, rtol=1e-9, atol=1e-11)


@QUICK
@given(losses(), losses(), st.integers(-3, 3))
def test_gradient_of_a_sum_is_the_sum_of_gradients(one: str, other: str, c: int) -> None:
    a, b = gradients(one), gradients(other)
    close(gradients(f"({one}) + {c} * ({other})"), {name: a[name] + c * b[name] for name in a})


@QUICK
@given(losses())
def test_gradient_is_the_numerical_one_and_every_step_is_true(text: str) -> None:
    derivation = sg.derive(f"{DECLARED}loss = {text}", ["x", "y", "A", "s"])
    assert sg.check_gradient(derivation.problem, ["x", "y", "A", "s"], inputs()).passed
    assert derivation.verify().failed == ()


@QUICK
@given(losses())
def test_the_printed_result_reads_back(text: str) -> None:
    wanted = gradients(text)
    results = sg.derive(f"{DECLARED}loss = {text}", ["x", "y", "A", "s"]).results
    for name, result in results.items():
        *definitions, last = result.expression.splitlines()
        printed = "\n".join([DECLARED, *definitions, f"f = {last}"])
        value = sg.evaluate(printed, inputs())
        np.testing.assert_allclose(value, wanted[str(name)], rtol=1e-9, atol=1e-11)


@QUICK
@given(losses(), st.permutations(["p", "q", "R", "t"]))
def test_renaming_changes_nothing(text: str, names: list[str]) -> None:
    new = dict(zip(["x", "y", "A", "s"], names, strict=True))
    pattern = r"(?<![\w.])(x|y|A|s)(?!\w)"
    program = re.sub(pattern, lambda match: new[match[0]], f"{DECLARED}loss = {text}")
    function = sg.derive(program, [new[name] for name in "xyAs"]).lambdify()
    plain = sg.derive(f"{DECLARED}loss = {text}", list("xyAs")).lambdify()
    _, got = function({new[name]: array for name, array in inputs().items()})
    close({name: got[new[name]] for name in new}, plain(inputs())[1])
    assert code(function) == code(plain)


@QUICK
@given(losses())
def test_a_definition_is_the_same_as_what_it_stands_for(text: str) -> None:
    named = text.replace("A @ x", "h")
    head = f"{DECLARED}h = A @ x\nloss = {named}"
    close(sg.derive(head, list("xyAs")).lambdify()(inputs())[1], gradients(text))


@QUICK
@given(losses())
def test_generated_code_and_interpreter_agree(text: str) -> None:
    problem = sg.parse(f"{DECLARED}loss = {text}")
    derivation = gradient(problem, list("xyAs"))
    entries = {name: outcome.entry for name, outcome in derivation.outcomes.items()}
    arrays = inputs()
    values = evaluate_nodes(
        [e.node for e in entries.values()], arrays, infer_sizes(problem, arrays)
    )
    _, got = sg.derive(problem, list("xyAs")).lambdify()(arrays)
    for name, entry in entries.items():
        value = np.broadcast_to(values[entry.node], np.shape(arrays[str(name)]))
        order = [derivation.outcomes[name].labels.index(x) for x in entry.labels]
        if len(order) == 2:
            value = np.transpose(value, np.argsort(order))
        np.testing.assert_allclose(got[name], value, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("text", SCALARS)
def test_a_hessian_is_symmetric(text: str) -> None:
    _, blocks = sg.hessian(f"{DECLARED}loss = {text}", ["x", "A"]).lambdify()(inputs())
    np.testing.assert_allclose(blocks["x", "x"], blocks["x", "x"].T, rtol=1e-11, atol=1e-13)
    own = blocks["A", "A"]
    np.testing.assert_allclose(own, own.transpose(2, 3, 0, 1), rtol=1e-11, atol=1e-13)


KRONECKER = ["kron(A, x @ x.T)", "kron(x @ y.T, A @ A)", "kron(A, A)", "kron(A.T, s * A)"]


@pytest.mark.parametrize("product", KRONECKER)
def test_a_kronecker_product_of_expressions(product: str) -> None:
    program = f"{DECLARED}loss = sum(sin({product}))"
    assert sg.derive(program).verify().passed
    assert sg.check_gradient(program).passed
