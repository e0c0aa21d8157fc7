"""The gradient check itself is checked, with planted errors: it must not let one pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.examples import names, text
from symgrad.numerics.checks import differences

NET = """\
x: Vector(d)
y: Vector(k)
W: Matrix(d, d)
V: Matrix(k, d)
loss = sum(norm2(y - V @ {}(W @ x))**2 for x, y in batch)
"""
SMOOTH = NET.format("tanh")
ERF = NET.format("erf")  # which NumPy has not
RNG = np.random.default_rng(3)
INPUTS = {
    "x": RNG.standard_normal((6, 3)),
    "y": RNG.standard_normal((6, 2)),
    "W": RNG.standard_normal((3, 3)),
    "V": RNG.standard_normal((2, 3)),
}
Gradients = dict[str, np.ndarray]


def right(program: str, inputs: dict[str, Any]) -> Gradients:
    derivatives = sg.derive(program).lambdify()(inputs)[1]
    return {name: np.array(gradient, float) for name, gradient in derivatives.items()}


def wrong_sign(gradients: Gradients) -> None:
    gradients["W"] *= -1


def transposed(gradients: Gradients) -> None:
    gradients["W"] = gradients["W"].T.copy()


def factor(gradients: Gradients) -> None:
    gradients["W"] *= 1 + 1e-4


def zeroed(gradients: Gradients) -> None:
    gradients["W"][1, 2] = 0.0


def twice(gradients: Gradients) -> None:
    gradients["V"] *= 2


def swapped(gradients: Gradients) -> None:
    gradients["V"][[0, 1]] = gradients["V"][[1, 0]]


def shifted(gradients: Gradients) -> None:
    gradients["V"][0, 0] += 1e-4 * np.abs(gradients["V"]).max()


PLANTED = [wrong_sign, transposed, factor, zeroed, twice, swapped, shifted]


@pytest.mark.parametrize("program", [SMOOTH, ERF])
@pytest.mark.parametrize("plant", PLANTED)
def test_planted_errors_are_found(program: str, plant: Callable[[Gradients], None]) -> None:
    gradients = right(program, INPUTS)
    passed = sg.check_gradient(program, inputs=INPUTS, gradients=gradients)
    assert (passed.verdict, passed.method) == ("passed", "complex step")
    assert sg.check_gradient(program, inputs=INPUTS, gradients=gradients, entries=1).passed
    plant(gradients)
    report = sg.check_gradient(program, inputs=INPUTS, gradients=gradients)
    assert report.verdict == "failed" and not report.passed
    together = sg.check_gradient(program, inputs=INPUTS, gradients=gradients, entries=1)
    assert together.verdict == "failed"


def test_errors_that_popular_checkers_pass_are_found() -> None:
    """A factor 1 + 1e-5, and an entry of 1e-6 beside entries of 1 set to zero."""
    gradients = right(SMOOTH, INPUTS)
    gradients["W"] *= 1 + 1e-5
    assert sg.check_gradient(SMOOTH, inputs=INPUTS, gradients=gradients).verdict == "failed"
    program = "x: Vector(n)\nc: Vector(n)\nloss = sum(c * sin(x))"
    inputs = {"x": np.array([0.3, 0.4, 0.5]), "c": np.array([1.0, 1e-6, 2.0])}
    gradients = right(program, inputs)
    assert sg.check_gradient(program, inputs=inputs, gradients=gradients).passed
    gradients["x"][1] = 0.0
    report = sg.check_gradient(program, inputs=inputs, gradients=gradients)
    assert report.verdict == "failed"
    assert report.parameters["x"].worst == (1,)
    assert report.parameters["x"].max_relative_error > 0.1
    assert report.parameters["c"].passed


def test_a_report_says_what_was_found() -> None:
    report = sg.check_gradient(SMOOTH, inputs=INPUTS)
    assert report.taylor_slope == pytest.approx(2.0, abs=0.05)
    assert report.max_relative_error < 1e-10
    assert report.kink_distance is None
    assert (report.parameters["W"].checked, report.parameters["W"].size) == (9, 9)
    assert str(report).startswith("gradient check: passed (complex step)")


@pytest.mark.parametrize("function", ["max", "min", "norm2", "norm1"])
@pytest.mark.parametrize("size", [1, 2])
def test_kinks_of_tensors_and_of_single_entries(function: str, size: int) -> None:
    shapes = {"T": (size, 2, size), "x": (size,)}
    for (name, shape), kind in zip(shapes.items(), ("Tensor(m, 2, n)", "Vector(n)"), strict=True):
        program = f"{name}: {kind}\nloss = {function}({name})"
        if name == "T":
            program = f'T: {kind}\nloss = {function}(einsum("ijk->ijk", T))'
        at = {name: np.arange(1.0, 1 + np.prod(shape)).reshape(shape)}
        assert sg.check_gradient(program, inputs=at).passed
        tied = {name: np.zeros(shape)}
        alone = function in ("max", "min") and name == "x" and size == 1
        wanted = "passed" if alone else "inconclusive"
        assert sg.check_gradient(program, inputs=tied).verdict == wanted


def test_the_taylor_slope_is_part_of_the_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """A complex step that agrees with a wrong gradient is contradicted by the values."""
    program, inputs = "x: Vector(n)\nloss = sum(sin(x))", {"x": np.array([0.3, 0.4])}
    wrong = {"x": 1.01 * np.cos(inputs["x"])}
    slope = differences.ProgramLoss.slope
    monkeypatch.setattr(
        differences.ProgramLoss,
        "slope",
        lambda self, *given: replace(q := slope(self, *given), value=1.01 * q.value),
    )
    report = sg.check_gradient(program, inputs=inputs, gradients=wrong)
    assert report.verdict == "failed" and "in proportion to the step" in str(report)
    assert report.taylor_slope == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(
    ("loss", "at"),
    [
        ("exp(-norm2(x)**2)", [15.0, 11.0]),
        ("1e-200 * norm2(x)**2", [1.0, 2.0]),
        ("1 + exp(-norm2(x)**2)", [15.0, 16.0]),
        ("sum(exp(-abs(x))**3)", [200.0, -210.0]),
    ],
)
def test_derivatives_of_1e_200_are_seen(loss: str, at: list[float]) -> None:
    program, inputs = f"x: Vector(n)\nloss = {loss}", {"x": np.array(at)}
    assert sg.check_gradient(program, inputs=inputs).verdict == "passed"
    wrong = {"x": 1.00001 * right(program, inputs)["x"]}
    assert sg.check_gradient(program, inputs=inputs, gradients=wrong).verdict == "failed"


def test_what_rounding_hides_is_no_gradient_of_0() -> None:
    """Of 1 and 1 + 5e-14 rounding leaves a difference that could be another."""
    program = "a: Vector(n)\nb: Vector(n)\nx: Vector(n)\nloss = sum((a - b) * x)"
    inputs = {"a": np.full(2, 1 + 5e-14), "b": np.ones(2), "x": np.ones(2)}
    assert sg.check_gradient(program, "x", inputs).passed
    hidden = sg.check_gradient(program, "x", inputs, gradients={"x": np.zeros(2)})
    assert hidden.verdict == "inconclusive" and "rounding" in hidden.reason


@pytest.mark.parametrize(
    "program",
    [
        "x: Scalar\nloss = exp(x) * exp(-x)",
        "x: Matrix(n, n)\nloss = trace(inv(x) @ x)",
        "x: Matrix(n, n)\nloss = det(x) * det(inv(x))",
    ],
)
def test_a_gradient_that_is_0_is_right_where_rounding_leaves_more(program: str) -> None:
    """Of a loss that is constant the terms cancel in the program's numbers, not in the gradient."""
    assert sg.check_gradient(program).verdict == "passed"
    shape = () if "Scalar" in program else (3, 3)
    given, wrong = np.eye(3) + 1 if shape else 2.0, np.full(shape, 1e-9)
    for claim, verdict in ((np.zeros(shape), "passed"), (wrong, "failed")):
        report = sg.check_gradient(program, inputs={"x": given}, gradients={"x": claim})
        assert report.verdict == verdict


def test_noise_inside_of_a_small_value_contradicts_nothing() -> None:
    program = "W: Matrix(m, n)\nb: Vector(m)\nloss = logdet(W @ W.T + diag(exp(b)))"
    W = 1e-6 * np.sin(np.arange(12.0)).reshape(3, 4)
    inputs = {"W": W, "b": np.array([-6.025e-08, 1.009e-08, 1.165e-07])}
    for seed in range(5):
        assert sg.check_gradient(program, None, inputs, seed=seed).verdict == "passed"


def test_a_loss_that_is_rounding_alone_has_no_slope() -> None:
    program = "X: Matrix(N, d)\nW: Matrix(d, d, orthogonal=True)\nloss = norm2(X - X @ W @ W.T)**2"
    for seed in range(3):
        report = sg.check_gradient(program, ["X"], seed=seed)
        assert (report.verdict, report.taylor_slope) == ("passed", None)
        assert "rounding" in report.sentence


def test_a_linear_loss_has_no_slope() -> None:
    report = sg.check_gradient("x: Vector(n)\na: Vector(n)\nloss = a.T @ x", ["x"])
    assert (report.verdict, report.taylor_slope) == ("passed", None)
    assert "linear, exact" in report.sentence and "linear, exact" in str(report)


@pytest.mark.parametrize("loss", ["abs(x + b)", "sign(x) * b"])
@pytest.mark.parametrize(("total", "count"), [("sum", 6), ("sum", 10), ("mean", 8)])
def test_signs_that_cancel_are_no_error(loss: str, total: str, count: int) -> None:
    """An absolute error has a derivative of exactly 0 where as many errors are above it."""
    x = np.arange(1.0, count + 1) * np.repeat([1.0, -1.0], count // 2)
    program = f"x: Scalar\nb: Scalar\nloss = {total}({loss} for x in batch)"
    inputs = {"x": x, "b": 0.0}
    assert sg.check_gradient(program, ["b"], inputs).verdict == "passed"
    wrong = sg.check_gradient(program, ["b"], inputs, gradients={"b": 1e-3})
    assert wrong.verdict == "failed"


KINKS = [
    ("sum(relu(x))", [1.0, 0.0], [1.0, 0.5]),
    ("sum(abs(x))", [1.0, 0.0], [1.0, 1.0]),
    ("norm2(x)", [0.0, 0.0], [0.6, 0.8]),
    ("norm1(x)", [2.0, 0.0], [1.0, -1.0]),
    ("sum(maximum(x, 1))", [1.0, 2.0], [1.0, 1.0]),
    ("sum(hinge(x))", [1.0, 0.5], [-1.0, -1.0]),
    ("max(x)", [1.0, 1.0], [1.0, 0.0]),
    ("min(x)", [-1.0, -1.0], [0.3, 0.7]),
]


@pytest.mark.parametrize(("loss", "at", "claimed"), KINKS)
def test_at_a_kink_the_verdict_is_inconclusive(
    loss: str, at: list[float], claimed: list[float]
) -> None:
    """Another element of the subdifferential is neither passed nor failed; far off it is failed."""
    program, inputs = f"x: Vector(n)\nloss = {loss}", {"x": np.array(at)}
    report = sg.check_gradient(program, inputs=inputs, gradients={"x": claimed})
    assert (report.verdict, report.kink_distance) == ("inconclusive", 0.0)
    assert sg.check_gradient(program, inputs=inputs).verdict == "inconclusive"
    assert "at a kink" in str(report)
    if loss[:3] in ("max", "min"):  # where both entries move alike they still tie
        return
    far = {"x": np.array(at) + 0.25}
    wrong = {"x": np.array(claimed) + 0.5}
    report = sg.check_gradient(program, inputs=far, gradients=wrong)
    assert report.verdict == "failed"
    assert report.kink_distance == pytest.approx(
        np.linalg.norm([0.25, 0.25]) if "norm2" in loss else 0.25
    )


NO_KINKS = {  # a loss with a kink that is not met, or does not matter -> where
    "sum(relu(x))": [1e-20, -1e-20],
    "sum(relu(x) + erf(x))": [1e-7, -1e-7],
    "sum(abs(x) * x)": [0.0, 1.0],
    "norm2(x)**3": [0.0, 0.0],
    "norm2(relu(x))": [-1.0, -2.0],
    "sum(relu(diag(x)))": [1.0, -2.0],
    "sum(relu(x - 1)) + sum(sin(x))": [1 + 1e-9, 1 - 1e-9],
    "max(x)": [1.0, 1.0 + 1e-8],
}


@pytest.mark.parametrize(("loss", "at"), NO_KINKS.items())
def test_a_kink_beside_the_point_is_none(loss: str, at: list[float]) -> None:
    """The step stays on its side, and what is wrong is called so."""
    program, inputs = f"x: Vector(n)\nloss = {loss}", {"x": np.array(at)}
    assert sg.check_gradient(program, inputs=inputs).verdict == "passed"
    wrong = {"x": right(program, inputs)["x"] + [0.5, 0.0]}
    assert sg.check_gradient(program, inputs=inputs, gradients=wrong).verdict == "failed"


def test_at_a_kink_what_is_wrong_elsewhere_is_found() -> None:
    program, inputs = "x: Vector(n)\nloss = sum(relu(x)**2) + sum(abs(x))", {"x": [0.0, 2.0, 3.0]}
    for claimed, verdict in (([9.0, 5.0, 7.0], "inconclusive"), ([0.0, 5.0, 7.1], "failed")):
        assert sg.check_gradient(program, None, inputs, gradients={"x": claimed}).verdict == verdict


CANCELLING = {  # programs whose gradient is 0, or small beside the terms that cancel in it
    "norm2(x / norm2(x))**2": [1.0, 2.0],
    "sum(softmax(x))": [1.0, 2.0, 3.0],
    "dot(g, (x - mean(x)) / std(x))": [1.0, 2.5],
    "dot(g, (x - mean(x)) / sqrt(var(x) + 1e-12))": [1.0, 2.5, -1.0],
    "1e-9 * sum(x - mean(x))**2": [1.0, 2.5],
    "dot(g - mean(g), x - mean(x)) / (norm2(g - mean(g)) * norm2(x - mean(x)))": [1.0, 2.0],
}


@pytest.mark.parametrize(("loss", "at"), CANCELLING.items())
def test_a_gradient_of_0_is_judged_by_what_cancels(loss: str, at: list[float]) -> None:
    given = "g: Vector(n, data=True)\n" if "g" in loss.replace("sig", "") else ""
    program = f"x: Vector(n)\n{given}loss = {loss}"
    inputs = {"x": np.array(at)} | ({"g": np.sin(np.arange(len(at)))} if given else {})
    report = sg.check_gradient(program, "x", inputs)
    assert report.passed and report.max_relative_error < 1e-8
    gradients = right(program, inputs)
    wrong = {"x": gradients["x"] + [1e-9 * (1e-9 if "1e-9" in loss else 1), *[0] * (len(at) - 1)]}
    if np.abs(gradients["x"]).max() < 1e-10:
        assert sg.check_gradient(program, "x", inputs, gradients=wrong).verdict == "failed"
    assert sg.check_gradient(program, "x").passed  # at random numbers


DRAWN = [  # that random numbers of some sizes make singular, or leave nothing of
    "X: Matrix(m, n)\nloss = logdet(X.T @ X)",
    "X: Matrix(m, n)\nloss = logdet(X @ X.T)",
    "X: Matrix(m, n)\ny: Vector(m)\nloss = norm2(X @ inv(X.T @ X) @ X.T @ y - y)**2",
    "X: Matrix(m, n)\ny: Vector(n)\nloss = y.T @ inv(X.T @ X) @ y",
    "x: Vector(n)\nloss = norm2(relu(x))",
    "x: Vector(n)\ng: Vector(n)\nloss = dot(g, (x - mean(x)) / std(x))",
]


@pytest.mark.parametrize("program", DRAWN)
def test_draws_are_not_degenerate(program: str) -> None:
    for seed in range(4):
        assert sg.check_gradient(program, seed=seed).passed
        assert sg.derive(program).verify(seed).passed


SQUARE = "x: Vector(n)\nloss = x.T @ x"


def test_gradients_that_are_given_must_be_those() -> None:
    given = {"x": np.ones(2)}
    with pytest.raises(sg.DataError, match="gradients: dx is not among x; did you mean x"):
        sg.check_gradient(SQUARE, inputs=given, gradients={"dx": [2.0, 2.0]})


@pytest.mark.parametrize("loss", ["sum(log(x))", "sum(1 / x)", "1 / norm2(x)", "sum(sqrt(x))"])
def test_what_is_not_finite_is_said(loss: str) -> None:
    report = sg.check_gradient(f"x: Vector(n)\nloss = {loss}", inputs={"x": np.zeros(2)})
    assert report.verdict == "not finite"


def test_claimed_gradients_must_have_the_shape_of_the_variable() -> None:
    with pytest.raises(sg.DataError, match=r"gradient by x has shape \(3,\), not \(2,\)"):
        sg.check_gradient(
            "x: Vector(n)\nloss = x.T @ x", inputs={"x": np.ones(2)}, gradients={"x": np.ones(3)}
        )


def test_a_large_parameter_is_checked_in_part() -> None:
    program = "W: Matrix(m, n)\nloss = sum(W**2)"
    report = sg.check_gradient(program, inputs={"W": np.ones((40, 40))})
    part = report.parameters["W"]
    assert report.passed and part.checked < part.size == 1600
    assert f"{part.checked} of 1600 entries" in str(report)
    assert report.direction_error is not None and report.direction_error < 1e-12
    assert report.sentence.startswith(
        f"complex step along a random direction and at {part.checked} of 1600 entries: "
    )


def deep(layers: int) -> str:
    lines = ["h0: Vector(n)", *(f"W{k}: Matrix(n, n)" for k in range(1, layers + 1))]
    lines += [f"h{k} = sigmoid(W{k} @ h{k - 1})" for k in range(1, layers + 1)]
    return "\n".join([*lines, f"loss = norm2(h{layers})**2"])


@pytest.mark.parametrize(
    ("layer", "wrong"), [(1, 1 + 1e-5), (1, 0.0), (12, -1.0), (24, 1 + 1e-5), (24, 0.0)]
)
def test_a_wrong_gradient_is_found_however_small_it_is(layer: int, wrong: float) -> None:
    program = deep(24)
    names = ["h0", *(f"W{k}" for k in range(1, 25))]
    inputs = {n: RNG.standard_normal((3, 3) if n != "h0" else 3) for n in names}
    gradients = right(program, inputs)
    assert np.abs(gradients["W1"]).max() < 1e-9 * np.abs(gradients["W24"]).max()
    report = sg.check_gradient(program, names, inputs, gradients=gradients, entries=20)
    assert report.passed and not report.parameters and "entries" not in report.sentence
    gradients[f"W{layer}"] *= wrong
    report = sg.check_gradient(program, names, inputs, gradients=gradients, entries=20)
    assert report.verdict == "failed" and report.direction_error
    assert [n for n in names if not report.parameters[n].passed] == [f"W{layer}"]


@pytest.mark.parametrize("layers", [60, 120])
def test_a_text_of_a_deep_model_needs_few_evaluations(
    layers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []
    whole = differences.evaluate_nodes
    monkeypatch.setattr(
        differences, "evaluate_nodes", lambda *args: made.append(args) or whole(*args)
    )
    assert "complex step along a random direction and at " in sg.derive(deep(layers)).text(
        width=200
    )
    assert len(made) < 220


@pytest.mark.parametrize("name", names())
def test_examples_pass_at_random_inputs(name: str) -> None:
    assert sg.check_gradient(text(name)).verdict in ("passed", "inconclusive")
    for seed in range(3):
        assert sg.check_gradient(text(name), seed=seed).passed


@pytest.mark.parametrize(
    "loss", ["sum(x**3)", "sum(tanh(x)**3)", "sum(x**2)**1.5", "norm2(x)**3", "sum(x**2 * sin(x))"]
)
@pytest.mark.parametrize("size", [3, 1000])
def test_a_gradient_that_is_0_to_second_order_passes(loss: str, size: int) -> None:
    report = sg.check_gradient(f"x: Vector(n)\nloss = {loss}", ["x"], {"x": np.zeros(size)})
    assert report.passed and report.max_relative_error == 0


@pytest.mark.parametrize("t", [[1, 2, 3, -1, -2, -3], [1, -1, 2, -2, 3, -3]])
def test_signs_whose_sum_cancels_pass(t: list[float]) -> None:
    text = "t: Scalar\nb: Scalar\nloss = mean(abs(b - t) for t in batch)"
    inputs = {"t": np.array(t, float), "b": np.array(0.0)}
    assert sg.check_gradient(text, ["b"], inputs).passed
    wrong = sg.check_gradient(text, ["b"], inputs, gradients={"b": np.array(1e-9)})
    assert wrong.verdict == "failed"
