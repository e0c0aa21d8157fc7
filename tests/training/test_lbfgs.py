"""L-BFGS: its directions, its line search, where it leads and what it says at the end."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.training.optimizers.line_search import Point, line_search
from symgrad.training.optimizers.quasi_newton import Memory

rng = np.random.default_rng(0)
X, W = rng.normal(size=(60, 3)), np.array([1.0, -2.0, 0.5])
T = X @ W + 0.1 * rng.normal(size=60)
SIGN = np.sign(X @ W + rng.normal(size=60))
LINEAR = "x: Vector(d)\nt: Scalar\nw: Vector(d)\nloss = "
SQUARES = LINEAR + "mean((w.T @ x - t)**2 for x, t in batch)"
ROSENBROCK = "x: Scalar\ny: Scalar\nloss = (1 - x)**2 + 100 * (y - x**2)**2"


def trained(text: str, data: dict[str, Any], most: int = 500, **start: Any) -> sg.Trainer:
    """The trainer at the end; its loss never rises but by rounding."""
    trainer = sg.Trainer(text, data, parameters=start, optimizer=sg.LBFGS())
    losses = []
    while not trainer.state.stopped and trainer.epochs < most:
        losses.append(trainer.epoch())
    assert all(b <= a + 1e-14 * abs(a) for a, b in zip(losses, losses[1:], strict=False))
    return trainer


@pytest.mark.parametrize("metric", [np.eye(5), np.diag([1.0, 2.0, 3.0, 4.0, 5.0])])
def test_the_two_loops_are_the_bfgs_matrix(metric: Any) -> None:
    memory, gradient = Memory(4), rng.normal(size=5)
    curvature = rng.normal(size=(5, 5))
    curvature = curvature @ curvature.T + np.eye(5)
    pairs = [(s, curvature @ s) for s in rng.normal(size=(6, 5))]
    for s, y in pairs:
        memory.learn(s, y)
    s, y = pairs[-1]
    inverse = metric * (s @ y) / (y @ metric @ y)
    for s, y in pairs[-4:]:  # Nocedal and Wright, equation 7.16
        left = np.eye(5) - np.outer(s, y) / (s @ y)
        inverse = left @ inverse @ left.T + np.outer(s, s) / (s @ y)
    found = memory.direction(gradient, abs, metric.dot)
    np.testing.assert_allclose(found, -inverse @ gradient, rtol=1e-11)


def test_a_step_without_curvature_is_not_remembered() -> None:
    memory = Memory(3)
    memory.learn(np.ones(2), -np.ones(2))
    memory.learn(np.ones(2), np.zeros(2))
    assert not memory.forget()


@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e3])
def test_least_squares_to_the_last_digit(scale: float) -> None:
    trainer = trained(SQUARES, {"x": X * [1, scale, 1], "t": T}, w=np.zeros(3))
    exact = np.linalg.lstsq(X * [1, scale, 1], T, rcond=None)[0]
    np.testing.assert_allclose(trainer.flat, exact, rtol=1e-9)
    assert trainer.state.converged and "rounding" in trainer.state.stopped


def test_a_curved_valley_and_a_wall() -> None:
    trainer = trained(ROSENBROCK, {}, x=-1.2, y=1.0)
    np.testing.assert_allclose(trainer.flat, 1, atol=1e-12)
    assert trainer.state.stopped == "the gradient is zero"
    trainer = trained("x: Scalar\nloss = x - log(x)", {}, x=1e3)  # x < 0 is tried: not finite
    np.testing.assert_allclose(trainer.flat, 1, rtol=1e-12)


@pytest.mark.parametrize(
    ("loss", "least"),
    [
        ("mean(abs(w.T @ x - t) for x, t in batch)", lambda w: np.abs(X @ w - T).mean()),
        (
            "mean(relu(1 - t * w.T @ x) for x, t in batch) + norm2(w)**2 / 100",
            lambda w: np.maximum(1 - SIGN * (X @ w), 0).mean() + w @ w / 100,
        ),
    ],
)
def test_a_loss_with_kinks(loss: str, least: Any) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    target = SIGN if "relu" in loss else T
    trainer = trained(LINEAR + loss, {"x": X, "t": target}, w=np.zeros(3))
    options = {"xatol": 1e-10, "fatol": 1e-12, "maxiter": 5000}
    other = optimize.minimize(least, trainer.flat, method="Nelder-Mead", options=options)
    assert least(trainer.flat) <= other.fun * (1 + 1e-4)
    assert trainer.state.stopped and trainer.state.converged is None  # at a kink nothing tells


def test_a_loss_without_a_lower_bound_is_told_and_nothing_moves() -> None:
    trainer = trained("x: Scalar\nloss = -x**2", {}, x=1.0)
    assert "no lower bound" in trainer.state.stopped and trainer.state.converged is False
    assert trainer.flat == 1.0


def test_a_gradient_that_is_wrong_is_not_followed() -> None:
    trainer = sg.Trainer("x: Scalar\nloss = x**2", {}, parameters={"x": 1.0}, optimizer=sg.LBFGS())
    gradients = trainer._steps._gradients  # type: ignore[union-attr]
    of = gradients.of
    gradients.of = lambda step: (of(step)[0], -of(step)[1])  # type: ignore[method-assign]
    while not trainer.state.stopped:
        trainer.epoch()
    assert trainer.state.converged is None and trainer.epochs < 10
    np.testing.assert_allclose(trainer.flat, 1.0, rtol=1e-12)


def test_fit_says_why_it_ended() -> None:
    result = sg.fit(SQUARES, {"x": X, "t": T}, optimizer=sg.LBFGS(), tolerance=0)
    assert "rounding" in result.stopped and result.epochs < 40


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda t: restored(t)])
def test_one_that_is_saved_goes_on_bit_for_bit(copied: Any) -> None:
    one = sg.Trainer(ROSENBROCK, {}, parameters={"x": -1.2, "y": 1.0}, optimizer=sg.LBFGS())
    for _ in range(7):
        one.epoch()
    two = copied(one)
    for _ in range(9):
        assert one.epoch() == two.epoch()
    np.testing.assert_array_equal(one.flat, two.flat)


def restored(trainer: sg.Trainer) -> sg.Trainer:
    """A new trainer with what the other one remembers."""
    x, y = trainer.flat
    new = sg.Trainer(ROSENBROCK, {}, parameters={"x": x, "y": y}, optimizer=sg.LBFGS())
    new.state.load_state_dict(copy.deepcopy(trainer.state.state_dict()))
    return new


def test_parameters_that_are_moved_by_others_are_seen() -> None:
    trainer = sg.Trainer("x: Scalar\nloss = x**2", {}, parameters={"x": 1.0}, optimizer=sg.LBFGS())
    trainer.epoch()
    trainer.flat[:] = 3.0
    assert trainer.epoch() == 9.0


def test_float32_ends_too() -> None:
    data = {"x": X, "t": T}
    trainer = sg.Trainer(
        SQUARES, data, parameters={"w": np.zeros(3)}, optimizer=sg.LBFGS(), dtype="float32"
    )
    while not trainer.state.stopped and trainer.epochs < 100:
        trainer.epoch()
    assert trainer.state.converged
    np.testing.assert_allclose(trainer.flat, np.linalg.lstsq(X, T, rcond=None)[0], rtol=1e-4)


@pytest.mark.parametrize(
    "phi",
    [
        lambda a: Point(a, (a - 3) ** 2, 2 * (a - 3)),
        lambda a: Point(a, abs(a - 3) - a / 8, math.copysign(1, a - 3) - 1 / 8),
        lambda a: Point(a, math.exp(a) - 2 * a if a < 9 else math.inf, math.exp(min(a, 9)) - 2),
    ],
)
@pytest.mark.parametrize("first", [1e-6, 1.0, 1e6])
def test_the_point_found_fulfils_the_conditions(phi: Any, first: float) -> None:
    start, seen = phi(0.0), []
    found = line_search(lambda a: seen.append(phi(a)) or seen[-1], start, first, 0.0)
    assert found == seen[-1] and len(seen) < 30
    assert found.value <= start.value + 1e-4 * found.step * start.slope
    assert found.slope >= 0.9 * start.slope
