"""What is not chosen has no influence, on every back end; and cases that have a name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symgrad as sg

AT = np.array([1000.0, -1000.0, 0.0, 2.0, -0.25])
Pair = tuple[Any, Any]


def elu(x: Any) -> Pair:
    e = np.exp(np.minimum(x, 0))
    return np.where(x > 0, x, e - 1), np.where(x > 0, 1, e)


def logarithm(x: Any) -> Pair:
    safe = np.where(x > 0, x, 1)
    return np.where(x > 0, np.log(safe), 0), np.where(x > 0, 1 / safe, 0)


def root(x: Any) -> Pair:
    safe = np.where(x > 0, x, 1)
    reciprocal = 1 / np.where(x > 0, 1, x - 0.5)
    return (
        np.where(x > 0, np.sqrt(safe), reciprocal),
        np.where(x > 0, 0.5 / np.sqrt(safe), -(reciprocal**2)),
    )


def nested(x: Any) -> Pair:
    """exp(x) up to 1, then its tangent, its square from 3 on."""
    e = np.exp(np.minimum(x, 1))
    line = np.where(x > 1, np.e * x, e)
    return np.where(x >= 3, line**2, line), np.where(x >= 3, 2 * line * np.e, np.minimum(e, np.e))


PROGRAMS: dict[str, Callable[[Any], Pair]] = {
    "where(x > 0, x, exp(x) - 1)": elu,
    "where(x <= 0, exp(x) - 1, x)": elu,
    "(x > 0) * x + (x <= 0) * (exp(x) - 1)": elu,
    "where(x > 0, log(x), 0)": logarithm,
    "where(x > 0, sqrt(x), 1 / (x - 0.5))": root,
    "where(x >= 3, (e * x)**2, where(x > 1, e * x, exp(x)))": nested,
}
BACKENDS: list[dict[str, Any]] = [
    {},
    {"reuse_buffers": True},
    {"modules": "numba"},
    {"modules": "array_api"},
]


def skip_without(options: dict[str, Any]) -> None:
    """Skip the test where a back end is not installed."""
    needed = options.get("modules", "numpy")
    pytest.importorskip({"array_api": "array_api_compat"}.get(needed, needed))


@pytest.mark.parametrize("options", BACKENDS, ids=str)
@pytest.mark.parametrize("text", PROGRAMS)
def test_the_other_branch_may_be_anything(text: str, options: dict[str, Any]) -> None:
    skip_without(options)
    program = f"x: Vector(n)\nw: Vector(n)\nloss = sum(w * ({text}))"
    function = sg.derive(program).lambdify(**options)
    w = np.arange(1.0, 6.0)
    value, gradients = function(x=AT, w=w)
    wanted, slope = PROGRAMS[text](AT)
    np.testing.assert_allclose(value, w @ wanted, rtol=1e-13)
    np.testing.assert_allclose(gradients["w"], wanted, rtol=1e-13)
    np.testing.assert_allclose(gradients["x"], w * slope, rtol=1e-13, atol=1e-300)


def test_a_second_derivative_has_no_other_branch_either() -> None:
    hessian = sg.hessian("x: Vector(n)\nloss = sum(where(x > 0, x**2, exp(x)))")
    found = hessian.lambdify()(x=AT)[1]["x", "x"]
    np.testing.assert_allclose(np.diag(found), np.where(AT > 0, 2, np.exp(np.minimum(AT, 0))))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("where(x > 0, 1, 0)", "step(x)"),
        ("where(x > 0, x, 0)", "relu(x)"),
        ("where(x < 0, 0, x)", "relu(x)"),
        ("where(x > 0, x, -x)", "abs(x)"),
        ("where(x < 0, -x, x)", "abs(x)"),
        ("where(x > w, x, w)", "maximum(x, w)"),
        ("where(x < w, x, w)", "minimum(x, w)"),
    ],
)
def test_cases_that_have_a_name_are_called_by_it(text: str, name: str) -> None:
    result = sg.derive(f"x: Vector(n)\nw: Vector(n)\nloss = sum({text} * w**2)", ["w"]).results["w"]
    assert name in result.expression


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("x", r"where: x is no condition; write where\(x > 0, ...\)"),
        ("x * w", "where: . is no condition"),
        ("x > 0 and w > 0", "multiply conditions"),
        ("x == 0", "== compares indices alone"),
    ],
)
def test_what_is_no_condition_is_refused(condition: str, message: str) -> None:
    with pytest.raises(sg.SymgradError, match=message):
        sg.parse(f"x: Vector(n)\nw: Vector(n)\nloss = sum(where({condition}, x, w))")


def test_a_jump_is_a_kink() -> None:
    program = "x: Scalar\nloss = where(x > 1, x, x**2)"
    assert sg.check_gradient(program, inputs={"x": 0.3}).passed
    assert sg.check_gradient(program, inputs={"x": 1.0}).verdict == "inconclusive"


def pairs(x: Any, function: Callable[[Any, Any], Any]) -> Any:
    """The sum over all pairs with j < i."""
    return sum(function(x[i], x[j]) for i in range(len(x)) for j in range(i))


RANGES: dict[str, Callable[[Any, Any], Any]] = {
    "sum(1 / (x[i] - x[j]) for i in range(n) for j in range(i))": lambda a, b: 1 / (a - b),
    "sum(1 / abs(x[i] - x[j]) for j in range(n) for i in range(j + 1, n))": lambda a, b: (
        1 / np.sqrt((a - b) ** 2)
    ),
    "sum(where(i > j, sqrt((x[i] - x[j])**2), 0) for i in range(n) for j in range(n))": (
        lambda a, b: np.sqrt((a - b) ** 2)
    ),
}


@pytest.mark.parametrize("options", BACKENDS, ids=str)
def test_entries_of_a_diagonal_that_a_sum_leaves_out_have_no_influence(
    options: dict[str, Any],
) -> None:
    skip_without(options)
    text = "sum(a[j] / abs(x[i] - x[j]) for i in range(n) for j in range(n) if i != j)"
    function = sg.derive(f"a: Vector(n)\nx: Vector(n)\nloss = {text}").lambdify(**options)
    a, x = np.array([1.0, -2.0, 0.5]), np.array([0.3, 1.7, -0.4])
    R = x[:, None] - x + np.eye(3)
    apart = 1 - np.eye(3)
    value, gradient = function(a=a, x=x)
    np.testing.assert_allclose(value, np.sum(apart * a / np.abs(R)))
    slopes = apart * a * np.sign(R) / R**2
    np.testing.assert_allclose(gradient["a"], np.sum(apart / np.abs(R), axis=0))
    np.testing.assert_allclose(gradient["x"], slopes.sum(0) - slopes.sum(1))


@pytest.mark.parametrize("options", BACKENDS, ids=str)
@pytest.mark.parametrize("text", RANGES)
def test_what_a_sum_leaves_out_has_no_influence(text: str, options: dict[str, Any]) -> None:
    """1 / (x_i - x_j) is infinite for i = j, which is not in the sum."""
    skip_without(options)
    x, h = np.array([0.3, 1.7, -0.4, 2.2]), 1e-100
    value, gradient = sg.derive(f"x: Vector(n)\nloss = {text}").lambdify(**options)(x=x)
    np.testing.assert_allclose(value, pairs(x, RANGES[text]))
    slope = [pairs(x + 1j * h * e, RANGES[text]).imag / h for e in np.eye(4)]
    np.testing.assert_allclose(gradient["x"], slope, rtol=1e-12)


def test_a_line_in_index_notation_that_is_not_finite_is_shown() -> None:
    """Once a TypeError: such a line is no expression."""
    program = "x: Vector(n)\nloss = sum(1 / (x[i] - x[j])**2 for i in range(n) for j in range(i))"
    report = sg.check_gradient(program, inputs={"x": [1.0, 1.0, 2.0]})
    assert report.verdict == "not finite" and "for j in range(i)" in report.reason


@pytest.mark.parametrize("options", BACKENDS, ids=str)
def test_weights_beside_a_range_do_not_hide_it(options: dict[str, Any]) -> None:
    """a_j (1 - [i = j]) is computed as a_j - a_j [i = j]."""
    skip_without(options)
    text = "sum(a[j] * log(abs(x[i] - x[j])) for i in range(n) for j in range(n) if i != j)"
    function = sg.derive(f"a: Vector(n)\nx: Vector(n)\nloss = {text}", "x").lambdify(**options)
    a, x = np.array([1.0, -2.0, 0.5]), np.array([0.3, 1.7, -0.4])
    slopes = (a[:, None] + a) * (1 - np.eye(3)) / (x[:, None] - x + np.eye(3))
    np.testing.assert_allclose(function(a=a, x=x)[1]["x"], slopes.sum(1))


@pytest.mark.parametrize("left_out", ["if i != j", "if i > j"])
@pytest.mark.parametrize("body", ["a[j] * log(abs(x[i] - x[j]))", "a[i] / (x[i] - x[j])**2"])
def test_no_check_fails_for_what_a_sum_leaves_out(body: str, left_out: str) -> None:
    """Weights stand beside the range in the cotangents."""
    text = f"a: Vector(n)\nx: Vector(n)\nloss = sum({body} for i in range(n) for j in range(n)"
    assert not sg.derive(f"{text} {left_out})").verify().failed


@pytest.mark.parametrize("text", RANGES)
def test_checks_leave_out_what_a_sum_leaves_out(text: str) -> None:
    program = f"x: Vector(n)\nloss = {text}"
    derivation = sg.derive(program)
    assert derivation.verify().passed and sg.check_gradient(program).passed
    (_, slope), x = derivation.lambdify()(x=np.arange(4.0) ** 2), np.arange(4.0) ** 2
    wrong = {"x": 1.01 * slope["x"]}
    assert sg.check_gradient(program, inputs={"x": x}, gradients=wrong).verdict == "failed"


SCALARS = {  # what is not chosen at 0 -> value and derivative there
    "where(s > 0, log(s), 0)": (0, 0),
    "where(abs(s) > 0, sin(s) / s, 1)": (1, 0),
    "where(abs(s) > 0, 1 / s, 2 * s)": (0, 2),
    "where(s > 0, sum(x) / s, s * sum(x))": (0, 3),
}


@pytest.mark.parametrize("options", BACKENDS, ids=str)
@pytest.mark.parametrize("loss", SCALARS)
def test_what_is_not_chosen_of_a_number(loss: str, options: dict[str, Any]) -> None:
    skip_without(options)
    inputs = {"s": np.array(0.0), "x": np.array([1.0, 2.0])}
    program = f"s: Scalar\nx: Vector(n)\nloss = {loss} + 0 * sum(x)"
    value, slopes = sg.derive(program, "s").lambdify(**options)(**inputs)
    assert (value, slopes["s"]) == SCALARS[loss]


DIFFERENCES = [  # inf - inf for i = j, which no sum takes
    "4 * s * ((1 / norm2(r[i] - r[j]))**12 - (1 / norm2(r[i] - r[j]))**6)",
    "(s / r[i, 0] - s / r[j, 0])**-2 - (s / r[i, 0] - s / r[j, 0])**-4",
    "s * (1 / (r[i, 0] - r[j, 0])**2 - 1 / abs(r[i, 0] - r[j, 0]))",
]


@pytest.mark.parametrize("left_out", ["for j in range(i)", "for j in range(n) if i != j"])
@pytest.mark.parametrize("term", DIFFERENCES)
def test_a_difference_of_what_is_infinite_is_checked(term: str, left_out: str) -> None:
    program = f"r: Matrix(n, d)\ns: Scalar\nloss = sum({term} for i in range(n) {left_out})"
    checked = sg.derive(program).verify()
    assert checked.passed and not checked.unchecked
