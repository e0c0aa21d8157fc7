"""Gradients that users wrote themselves: right ones at hard points pass, planted errors do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from tests.numerics.functions import ERF, RIGHT, Case, S, regression, slope_of_regression

CASES = {case.name: case for case in RIGHT}
Change = Callable[[Any], Any]


@pytest.mark.parametrize("case", RIGHT, ids=lambda case: case.name)
def test_a_right_gradient_passes(case: Case) -> None:
    report = sg.check_gradient(case.function, at=case.at, gradient=case.gradient)
    assert report.passed, str(report)
    assert report.method == "difference quotients"
    together = sg.check_gradient(case.function, at=case.at, gradient=case.gradient, entries=1)
    assert together.verdict in ("passed", "inconclusive"), str(together)


def of(name: str, change: Change) -> Change:
    """The change of one parameter's gradient."""
    return lambda gradient: gradient | {name: change(gradient[name])}


def at(k: int, change: Change) -> Change:
    """The change of one entry."""

    def changed(gradient: Any) -> Any:
        array = np.array(gradient, float)
        array.flat[k] = change(array.flat[k])
        return array

    return changed


def zero(g: Any) -> Any:
    return 0.0 * g


def slightly(g: Any) -> Any:
    return (1 + 1e-5) * g


def negative(g: Any) -> Any:
    return -g


def transposed(g: Any) -> Any:
    return np.array(g.T)


PLANTED = [
    ("entries of 1 and 1e-6", at(1, zero)),
    ("entries of 1 and 1e-6", at(1, lambda g: 1.1 * g)),
    ("entries of 1 and 1e-6", slightly),
    ("logits of 800", zero),
    ("tied logits", at(2, slightly)),
    ("tied logits", at(0, lambda g: 1 - g)),
    ("softplus(800)", at(2, lambda g: g - 1e-6)),
    ("an overflow inside", lambda g: g + 1e-9),
    ("a gradient of 0", at(1, lambda g: 1e-6)),
    ("constant", lambda g: g + 1e-7),
    ("layer norm of 2", lambda g: g + [1e-6, -1e-6]),
    ("layer norm", slightly),
    ("layer norm", lambda g: g + g.mean() + 1e-3),  # the mean is not subtracted
    ("BERT's layer norm", at(3, lambda g: g * (1 + 1e-4))),
    ("batch norm, with a bias that does nothing", of("b", at(0, lambda g: 1e-5))),
    ("batch norm, with a bias that does nothing", of("W", transposed)),
    ("Pearson", negative),
    ("log det X'X", slightly),
    ("log det X'X", lambda g: g / 2),
    ("least squares by its inverse", lambda g: g[::-1].copy()),
    ("near a kink", at(1, lambda g: g + 1)),  # the other branch
    ("near a kink", at(0, lambda g: g - 0.5)),  # a tie
    ("a threshold of 100", lambda g: np.array([99.999, 100.001, -250.0])),  # a branch forgotten
    ("a threshold of 100", at(2, negative)),
    ("large", slightly),
    ("small", at(0, lambda g: g - 1e-5)),
    ("tiny loss", slightly),
    ("beside a pole", at(1, slightly)),
    ("x log x near 0", lambda g: g - 1),
    ("sharp", lambda g: g / 1e5),
    ("linear", at(5, slightly)),
    ("dead", at(0, lambda g: 1.0)),  # the branch of the other side
    ("softmax regression", of("W", transposed)),
    ("softmax regression", of("W", slightly)),
    ("softmax regression", of("b", lambda g: g / 6)),  # a mean for a sum
    ("a net", of("b", zero)),
    ("a net", of("W", at(4, slightly))),
    ("a net", of("W", transposed)),
]


@pytest.mark.parametrize(("name", "change"), PLANTED, ids=lambda x: x if isinstance(x, str) else "")
def test_a_wrong_gradient_is_found(name: str, change: Change) -> None:
    case = CASES[name]

    def wrong(*args: Any, **named: Any) -> Any:
        return change(case.gradient(*args, **named))

    given = case.gradient(**case.at) if isinstance(case.at, dict) else case.gradient(case.at)
    for claimed in (change(given), wrong):
        if callable(claimed) and isinstance(case.at, dict):
            continue  # its parameters have no names
        report = sg.check_gradient(case.function, at=case.at, gradient=claimed)
        assert report.verdict == "failed", str(report)


def test_the_tables_are_as_long_as_they_should_be() -> None:
    assert len(RIGHT) >= 20 and len(PLANTED) >= 30


KINKS = {
    "relu": (lambda x: np.maximum(x, 0).sum(), np.array([1.0, 0.0]), lambda x: 1.0 * (x > 0)),
    "abs": (lambda x: abs(x), 0.0, lambda x: 0.0),
    "max": (lambda x: x.max(), np.array([1.0, 1.0]), lambda x: np.array([0.5, 0.5])),
    "norm": (np.linalg.norm, np.zeros(3), lambda x: 0 * x),
    "hinge": (lambda x: np.maximum(0, 1 - x).sum(), np.array([1.0, 3.0]), lambda x: -1.0 * (x < 1)),
    "tiny": (lambda x: 5 + x**2 + 1e-6 * np.maximum(x, 0), 0.0, lambda x: 2 * x),
}


@pytest.mark.parametrize("name", KINKS)
def test_at_a_kink_it_is_inconclusive(name: str) -> None:
    function, at, gradient = KINKS[name]
    report = sg.check_gradient(function, at=at, gradient=gradient)
    assert report.verdict == "inconclusive" and "at a kink" in str(report)
    if name == "tiny":
        return  # beside 5, rounding hides one side from the other
    far = np.asarray(at) + 1e-5 * np.arange(1, np.size(at) + 1).reshape(np.shape(at))
    slope = np.array([0.0, 1.0]) if name == "max" else gradient(far)
    slope = far / np.linalg.norm(far) if name == "norm" else slope
    slope = np.sign(far) if name == "abs" else slope
    assert sg.check_gradient(function, at=far, gradient=slope).verdict == "passed"
    assert sg.check_gradient(function, at=far, gradient=slope + 0.5).verdict == "failed"


WEIGHTS = np.array([[1.0, 2.0], [3.0, -4.0]])


def hidden(size: float, below: float = 0.0) -> Callable[[np.ndarray], float]:
    return lambda W: size + float(np.sum(WEIGHTS * ERF(W))) - below


def slope_of_hidden(W: np.ndarray) -> np.ndarray:
    return WEIGHTS * 2 / np.sqrt(np.pi) * np.exp(-(W**2))


@pytest.mark.parametrize(("size", "below"), [(1e12, 0.0), (1e12, 1.0), (1e16, 0.0)])
@pytest.mark.parametrize("change", [lambda g: g, zero, negative, transposed, slightly])
def test_where_noise_hides_the_gradient_nothing_passes(
    size: float, below: float, change: Change
) -> None:
    W = np.array([[0.3, -0.2], [0.1, 0.5]])
    function = hidden(size, below * size)
    right = slope_of_hidden(W)
    claimed = change(right)
    verdict = sg.check_gradient(function, at=W, gradient=claimed).verdict
    near = np.allclose(claimed, right, rtol=1e-4)
    assert verdict == "inconclusive" or (verdict == "failed" and not near)
    assert sg.check_gradient(hidden(1.0), at=W, gradient=right).passed


@pytest.mark.parametrize("size", [1e-15, 1e-16, 1e-17, 1e-20, 1e-30])
@pytest.mark.parametrize("inner", [lambda x: x @ x, lambda x: (x**3).sum() + x @ x])
def test_what_is_tiny_beside_the_loss_is_not_passed(size: float, inner: Any) -> None:
    x = np.array([0.5, -1.2, 2.0])
    slope = 2 * x if inner(np.ones(1)) == 1 else 3 * x**2 + 2 * x
    for factor in (7.0, -1.0, 1 + 1e-3, 1.0, *([0.0] if size > 1e-21 else [])):
        report = sg.check_gradient(
            lambda x: 1 + size * inner(x), at=x, gradient=factor * size * slope
        )
        assert report.verdict == "inconclusive" or (factor != 1 and report.verdict == "failed")
        assert report.verdict == "failed" or "rounding" in report.reason
        alone = sg.check_gradient(lambda x: size * inner(x), at=x, gradient=factor * size * slope)
        assert alone.verdict == ("passed" if factor == 1 else "failed")


def test_rounding_beside_other_entries_is_a_gradient_of_0() -> None:
    """That by a bias that is subtracted again, as its sums of rounded terms leave it."""
    case = CASES["batch norm, with a bias that does nothing"]
    right = case.gradient(**case.at)
    assert 0 < np.abs(right["b"]).max() < 1e-14
    for change, verdict in ((1.0, "passed"), (1e5, "failed")):
        claimed = right | {"b": change * right["b"]}
        assert sg.check_gradient(case.function, at=case.at, gradient=claimed).verdict == verdict


def test_a_random_function_is_noise() -> None:
    rng = np.random.default_rng(0)
    report = sg.check_gradient(
        lambda x: x @ x + 1e-3 * rng.standard_normal(), at=np.ones(3), gradient=lambda x: 2 * x
    )
    assert report.verdict == "inconclusive" and "rounding" in report.reason


def test_saturated_gradients_are_never_called_wrong() -> None:
    for scale in (10, 30, 100, 1000):
        point = {"W": scale * S, "b": np.zeros(3)}
        report = sg.check_gradient(regression, at=point, gradient=slope_of_regression)
        assert report.verdict in ("passed", "inconclusive")


def test_many_entries_are_checked_together_and_in_part() -> None:
    C = np.sin(np.arange(1600.0)).reshape(40, 40)
    function, slope = lambda W: float(np.sum(C * W**2)), lambda W: 2 * C * W
    report = sg.check_gradient(function, at=1 + C, gradient=slope)
    part = report.parameters["W"]
    assert report.passed and part.checked == 200 < part.size == 1600
    wrong = slope(1 + C)
    wrong[17, 23] *= 1.001
    report = sg.check_gradient(function, at=1 + C, gradient=wrong)
    assert report.verdict == "failed" and report.direction_error


CALLS = [  # how the function is called, by what is given
    (lambda x: float(x) ** 2, 3.0, lambda x: 2 * x),
    (lambda x: x[0] * x[1], [3.0, 4], lambda x: x[::-1]),
    (lambda W, b: float(W @ W + b), {"W": np.ones(2), "b": 1}, lambda W, b: {"W": 2 * W, "b": 1.0}),
    (lambda p: float(p["W"] @ p["W"]), {"W": np.ones(2)}, lambda p: {"W": 2 * p["W"]}),
    (lambda W, **rest: float(W @ W), {"W": np.ones(2)}, {"W": [2.0, 2.0]}),
    (lambda x: np.array([[x @ x]]), np.ones(2), np.array([2, 2])),
]


@pytest.mark.parametrize(("function", "point", "gradient"), CALLS)
def test_how_it_is_called(function: Any, point: Any, gradient: Any) -> None:
    assert sg.check_gradient(function, at=point, gradient=gradient).passed


WRONG_CALLS = [
    (lambda x: x, np.ones(2), np.ones(2), "gives the shape (2,); one number is wanted"),
    (lambda x: x @ x, np.ones(2), np.ones(3), "the gradient by x has shape (3,), not (2,)"),
    (lambda x: x @ x, "far", np.ones(3), "at: x is no array of numbers"),
    (lambda W: W @ W, {"W": np.ones(2)}, {"V": np.ones(2)}, "the gradient by W is missing"),
    (lambda W: W @ W, {"W": np.ones(2)}, np.ones(2), "a dictionary with W is wanted"),
    (lambda x: "a", np.ones(2), np.ones(2), "the value of the function is no array of numbers"),
    (3, np.ones(2), np.ones(2), "a program or a function is wanted, not a int"),
    (lambda x: x @ x, None, np.ones(2), "check_gradient(function, at=..., gradient=...)"),
    ("x: Scalar\nloss = x**2", 2.0, 4.0, "at and gradient are for a Python function"),
]


@pytest.mark.parametrize(("function", "point", "gradient", "message"), WRONG_CALLS)
def test_what_does_not_fit_is_said(function: Any, point: Any, gradient: Any, message: str) -> None:
    with pytest.raises(sg.SymgradError) as error:
        sg.check_gradient(function, at=point, gradient=gradient)
    assert message in str(error.value)


def test_a_gradient_in_float32_is_judged_by_its_digits() -> None:
    for case in (CASES["a net"], CASES["softmax regression"]):
        right = {n: np.float32(g) for n, g in case.gradient(**case.at).items()}
        assert sg.check_gradient(case.function, at=case.at, gradient=right).passed
        wrong = right | {"W": right["W"] * np.float32(1.001)}
        assert sg.check_gradient(case.function, at=case.at, gradient=wrong).verdict == "failed"


def test_the_parameters_are_not_changed_and_may_be() -> None:
    def careless(x: np.ndarray) -> float:
        x *= 2
        return float(x @ x)

    point = np.ones(2)
    assert sg.check_gradient(careless, at=point, gradient=lambda x: 8 * x).passed
    assert (point == 1).all()


def test_what_is_not_finite_is_said() -> None:
    report = sg.check_gradient(lambda x: np.log(x).sum(), at=np.zeros(2), gradient=lambda x: 1 / x)
    assert report.verdict == "not finite" and "the loss is -inf" in str(report)
    report = sg.check_gradient(lambda x: np.sqrt(x).sum(), at=np.zeros(2), gradient=[np.inf, 1.0])
    assert report.verdict == "not finite"
