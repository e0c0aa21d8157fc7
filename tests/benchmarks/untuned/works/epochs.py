"""An epoch of gradient descent on all data: a gradient and an update, and nothing beside them."""

from __future__ import annotations

import numpy as np

import symgrad as sg
from tests.benchmarks.models import Arrays, Draw
from tests.benchmarks.peers import YARDSTICK, Gradient
from tests.benchmarks.peers.by_hand_lines import logistic
from tests.benchmarks.untuned.work import Work

RATE = 0.5
PROGRAM = """x: Vector(n)
t: Scalar
w: Vector(n)
b: Scalar
z = w.T @ x + b
loss = mean(softplus(z) - t * z for x, t in batch)"""


def _numbers(draw: Draw) -> Arrays:
    X, w = draw.normal(100_000, 50), draw.weight(50)
    t = (X @ w + draw.rng.logistic(size=len(X)) > 0).astype(float)
    return {"x": X, "t": t, "w": np.zeros(50), "b": np.array(0.0)}


def _by_hand(inputs: Arrays) -> Gradient:
    """theta - eta g, in place"""
    theta = {name: inputs[name].copy() for name in "wb"}
    gradient = logistic({**inputs, **theta})

    def call() -> tuple[float, Arrays]:
        loss, slopes = gradient()
        for name, value in theta.items():
            value -= RATE * slopes[name]
        return loss, theta

    return call


def _trained(inputs: Arrays) -> Gradient:
    data, start = ({name: inputs[name] for name in names} for names in ("xt", "wb"))
    options = {"optimizer": sg.SGD(learning_rate=RATE), "batch_size": None}
    trainer = sg.Trainer(PROGRAM, data, parameters=start, **options)
    return lambda: (trainer.epoch(), trainer.parameters)


WORKS = (
    Work("epoch of logistic, 100,000 x 50", _numbers, {YARDSTICK: _by_hand, "symgrad": _trained}),
)
