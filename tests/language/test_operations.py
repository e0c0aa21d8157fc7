"""Every operation's record, on every kind of argument that it takes: a new record is tested by
being there."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.language.dimensions import Shape, core
from symgrad.language.expressions import OPERATIONS, Call
from symgrad.language.operations.meanings import Total
from symgrad.language.unparse import unparse
from symgrad.numerics.function import Function, compile_derivation
from symgrad.rendering import latex_expression
from tests.calls import SHAPES, calls, declarations, lowered, m, n, names_in, p, parameters, program
from tests.derived import of_call

SIZES = {m: 2, n: 3, p: 4}
EXAMPLES = 5
Arrays = dict[str, Any]
Jacobian = Callable[[Callable[[np.ndarray], Any], np.ndarray], np.ndarray]


@cache
def size(shape: Shape) -> tuple[int, ...]:
    return tuple(int(d.subs(SIZES)) for d in core(shape))


@cache
def numbers(centre: float, seed: int = 0) -> Arrays:
    """Arrays around the centre, no two numbers alike, the square one far from singular."""
    rng = np.random.default_rng(seed)
    arrays: Arrays = {
        name: centre + rng.uniform(-0.35, 0.35, size(shape)) for name, shape in SHAPES.items()
    }
    square = size(SHAPES["S"])
    arrays["S"] = centre * (0.4 + np.eye(*square)) + rng.uniform(-0.15, 0.15, square)
    arrays["k"] = rng.integers(0, SIZES[n])
    return arrays


def inputs_for(call: Call, arrays: Arrays) -> Arrays:
    return {name: arrays[name] for name in [*names_in(call), *"AC"]}


@cache
def compiled(call: Call) -> Function:
    return compile_derivation(lowered(sg.parse(program(call))))


@cache
def draws(call: Call, seed: int = 0) -> list[Arrays]:
    """Inputs at which the call is defined: between 0 and 1, between -1 and 0, above 2."""
    value, found = compiled(call), []
    for centre in (0.5, -0.5, 2.5):
        inputs = inputs_for(call, numbers(centre, seed))
        if isinstance(call.operation.meaning, Total):
            inputs["v"] = np.stack([numbers(centre, k)["v"] for k in range(EXAMPLES)])
        with np.errstate(all="ignore"):
            if np.all(np.isfinite(value(inputs)[0])):
                found.append(inputs)
    assert found
    return found


@cache
def jacobian(call: Call) -> Function:
    return of_call("jacobian", call).lambdify()


@cache
def term(call: Call) -> tuple[str, Function]:
    """sum(weight * sin(call)) and its gradient."""
    text = f"sum(weight * sin({unparse(call)}))"
    return text, gradient(call, text)


def gradient(call: Call, loss: str) -> Function:
    source = f"{declarations(call)}\nweight: Scalar\nloss = {loss}"
    return sg.derive(source, [*parameters(call), "weight"]).lambdify()


CALLS = [call for operation in OPERATIONS.values() for call in calls(operation)]
SINGLE = [call for call in CALLS if parameters(call) and call.operation.category != "batch"]
BATCHED = [  # every name bound; the first alone; all but the first
    (call, bound)
    for call in SINGLE
    for bound in dict.fromkeys([(*names_in(call),), (*names_in(call)[:1],), (*names_in(call)[1:],)])
    if bound
]
AXES = [call for call in SINGLE if call.options.get("axis") is not None and "A" in names_in(call)]
each_call = pytest.mark.parametrize("call", CALLS, ids=map(unparse, CALLS))
each_single = pytest.mark.parametrize("call", SINGLE, ids=map(unparse, SINGLE))


def test_every_operation_is_called() -> None:
    inside = {"place", "number_of"}  # they stand in a sum over indices
    assert {call.operation.name for call in CALLS} == set(OPERATIONS) - inside


@each_call
def test_the_text_parses_to_the_same_value(call: Call) -> None:
    problem = sg.parse(program(call))
    same = sg.Problem(problem.variables, {}, call, "f")
    for inputs in draws(call):
        value, _ = compiled(call)(inputs)
        np.testing.assert_allclose(value, sg.evaluate(same, inputs), rtol=1e-14)
    assert problem.output.shape == call.shape


@each_call
def test_the_value_has_the_shape_that_the_rule_says(call: Call) -> None:
    assert np.shape(compiled(call)(draws(call)[0])[0]) == size(call.shape)


@each_call
def test_latex_has_balanced_braces_and_every_argument(call: Call) -> None:
    text = latex_expression(call)
    assert text.count("{") == text.count("}") and text.count(r"\left") == text.count(r"\right")
    assert not any(wrong in text for wrong in (r"\operatorname{}", ":bare", "{variables"))
    assert all(name in text for name in names_in(call))


@each_single
def test_jacobian_is_the_numerical_derivative(call: Call, central_jacobian: Jacobian) -> None:
    function = jacobian(call)
    for inputs in draws(call):
        _, derivatives = function(inputs)
        for name, derivative in derivatives.items():
            numeric = central_jacobian(
                lambda x, name=name, at=inputs: function({**at, name: x})[0], inputs[name]
            )
            np.testing.assert_allclose(derivative, numeric, rtol=1e-7, atol=1e-7)
    assert of_call("jacobian", call).verify().failed == ()


@each_single
def test_forward_and_reverse_agree_with_the_jacobian(call: Call) -> None:
    rng, names, inputs = np.random.default_rng(1), parameters(call), draws(call)[0]
    value, jacobians = jacobian(call)(inputs)
    direction = {name: rng.standard_normal(np.shape(inputs[name])) for name in names}
    cotangent = rng.standard_normal(np.shape(value))
    _, along = sg.directional(program(call), names).lambdify()(inputs, direction=direction)
    _, back = of_call("pullback", call).lambdify()(inputs, cotangent=cotangent)
    pushed = sum(np.tensordot(jacobians[x], direction[x], np.ndim(direction[x])) for x in names)
    np.testing.assert_allclose(along["*"], pushed, rtol=1e-11, atol=1e-12)
    for name in names:
        pulled = np.tensordot(cotangent, jacobians[name], np.ndim(cotangent))
        np.testing.assert_allclose(back[name], pulled, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "bound"), BATCHED, ids=[f"{unparse(call)} over {', '.join(b)}" for call, b in BATCHED]
)
def test_a_batch_is_a_loop_over_examples(call: Call, bound: tuple[str, ...]) -> None:
    """The gradient of sum(sum(weight * sin(call)) for ... in batch) by what is bound has a row for
    each example; by what is shared it is the sum over the examples."""
    text, one = term(call)
    many = gradient(call, f"sum({text} for {', '.join(bound)} in batch)")
    shared = {**draws(call)[0], "weight": 0.7}
    examples = [{name: draws(call, seed)[0][name] for name in bound} for seed in range(EXAMPLES)]
    batch = {name: np.stack([example[name] for example in examples]) for name in bound}
    value, derivatives = many({**shared, **batch})
    values, singles = zip(*(one({**shared, **example}) for example in examples), strict=True)
    np.testing.assert_allclose(value, sum(values), rtol=1e-12)
    for name, derivative in derivatives.items():
        each = [single[name] for single in singles]
        wanted = np.stack(each) if name in bound else sum(each)
        np.testing.assert_allclose(derivative, wanted, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("call", AXES, ids=map(unparse, AXES))
def test_an_axis_means_each_row_or_each_column(call: Call) -> None:
    """f(A, axis=1) is f of each row, f(A, axis=0) is f of each column."""
    name, axis = call.operation.name, call.options["axis"]
    for inputs in draws(call):
        A = inputs["A"] if axis == 1 else inputs["A"].T
        each = [sg.evaluate(f"x: Vector(n)\nf = {name}(x)", {"x": row}) for row in A]
        wanted = np.stack(each) if axis == 1 else np.stack(each, -1)
        np.testing.assert_allclose(compiled(call)(inputs)[0], wanted, rtol=1e-13)
