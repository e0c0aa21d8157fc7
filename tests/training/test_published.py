"""Optimizers against the formulas as they were published, written out in plain NumPy."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.training.optimizers import AMSGrad, Lion, NAdam
from symgrad.training.optimizers.base import Optimizer

Array = Any
STEPS = 200
MATRIX = np.random.default_rng(0).normal(size=(7, 5))
TARGET = np.random.default_rng(1).normal(size=7)
START = np.random.default_rng(2).normal(size=5)


def slope(theta: Array, step: int) -> Array:
    """A gradient that grows and shrinks in time, so that a largest one stays behind."""
    return (1 + 3 * np.cos(step / 9.0)) * MATRIX.T @ (MATRIX @ theta - TARGET)


def lion(
    theta: Array, rate: float = 1e-4, b1: float = 0.9, b2: float = 0.99, decay: float = 0.0
) -> Iterator[Array]:
    """Chen and others, 2023, algorithm 2."""
    m = np.zeros_like(theta)
    for t in range(1, STEPS + 1):
        g = slope(theta, t)
        update = np.sign(b1 * m + (1 - b1) * g)
        m = b2 * m + (1 - b2) * g
        theta = theta - rate * (update + decay * theta)
        yield theta


def amsgrad(
    theta: Array,
    rate: float = 1e-3,
    b1: float = 0.9,
    b2: float = 0.999,
    epsilon: float = 1e-8,
    decay: float = 0.0,
) -> Iterator[Array]:
    """torch.optim.Adam(amsgrad=True)."""
    m, v, largest = np.zeros((3, *theta.shape))
    for t in range(1, STEPS + 1):
        g = slope(theta, t) + decay * theta
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g * g
        largest = np.maximum(largest, v)
        root = np.sqrt(largest) / np.sqrt(1 - b2**t) + epsilon
        theta = theta - rate / (1 - b1**t) * m / root
        yield theta


def nadam(
    theta: Array,
    rate: float = 2e-3,
    b1: float = 0.9,
    b2: float = 0.999,
    epsilon: float = 1e-8,
    decay: float = 0.0,
    psi: float = 4e-3,
) -> Iterator[Array]:
    """torch.optim.NAdam."""
    m, v = np.zeros((2, *theta.shape))
    product = 1.0
    for t in range(1, STEPS + 1):
        g = slope(theta, t) + decay * theta
        mu, following = (b1 * (1 - 0.5 * 0.96 ** (s * psi)) for s in (t, t + 1))
        product *= mu
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g * g
        root = np.sqrt(v / (1 - b2**t)) + epsilon
        theta = theta - rate * (1 - mu) / (1 - product) * g / root
        theta = theta - rate * following / (1 - product * following) * m / root
        yield theta


CASES: list[tuple[Optimizer, Callable[..., Iterator[Array]], dict[str, float]]] = [
    (Lion(), lion, {}),
    (
        Lion(learning_rate=0.01, beta1=0.8, beta2=0.95, weight_decay=0.1),
        lion,
        {"rate": 0.01, "b1": 0.8, "b2": 0.95, "decay": 0.1},
    ),
    (AMSGrad(), amsgrad, {}),
    (
        AMSGrad(learning_rate=0.05, beta1=0.7, beta2=0.9, epsilon=1e-3, weight_decay=0.2),
        amsgrad,
        {"rate": 0.05, "b1": 0.7, "b2": 0.9, "epsilon": 1e-3, "decay": 0.2},
    ),
    (NAdam(), nadam, {}),
    (
        NAdam(learning_rate=0.01, beta1=0.8, beta2=0.9, weight_decay=0.1, momentum_decay=0.1),
        nadam,
        {"rate": 0.01, "b1": 0.8, "b2": 0.9, "decay": 0.1, "psi": 0.1},
    ),
]


@pytest.mark.parametrize(("optimizer", "published", "options"), CASES)
def test_two_hundred_steps(
    optimizer: Optimizer, published: Callable[..., Iterator[Array]], options: dict[str, float]
) -> None:
    theta, gradient = START.copy(), np.empty(5)
    state = optimizer.start(theta)
    for step, wanted in enumerate(published(START, **options), 1):
        gradient[:] = slope(theta, step)
        state.update(theta, gradient)
        np.testing.assert_allclose(theta, wanted, rtol=1e-11, atol=1e-13)
    assert step == state.iteration == STEPS


LINE = "x: Vector(d)\nt: Scalar\nw: Vector(d)\nloss = mean((w.T @ x - t)**2 for x, t in batch)"


@pytest.mark.parametrize("optimizer", [AMSGrad(learning_rate=0.1), NAdam(), Lion()])
def test_a_compiled_epoch_takes_the_same_steps(optimizer: Optimizer) -> None:
    pytest.importorskip("numba", exc_type=ImportError)
    ends = []
    for modules in ("numpy", "numba"):
        trainer = sg.Trainer(
            LINE,
            {"x": MATRIX, "t": TARGET},
            parameters={"w": START},
            optimizer=optimizer,
            batch_size=2,
            modules=modules,
        )
        losses = [trainer.epoch() for _ in range(50)]
        assert trainer.state.iteration == STEPS
        ends.append([*losses, *trainer.flat])
    np.testing.assert_allclose(ends[1], ends[0], rtol=1e-10)


def test_a_copy_carries_its_number_on() -> None:
    theta, gradient = START.copy(), slope(START, 1)
    state = NAdam().start(theta)
    state.update(theta, gradient)
    twin, other = copy.deepcopy(state), theta.copy()
    state.update(theta, gradient)
    twin.update(other, gradient)
    np.testing.assert_array_equal(theta, other)
