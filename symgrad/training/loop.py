"""The loop of every training: a gradient, a look at it, an update."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

import numpy as np

from symgrad.training.data.arrays import Array
from symgrad.training.updates import OptimizerState

Passed: TypeAlias = tuple[int, float, float, float]
UNDERFLOW = 1e-30  # below this, a sum of squares may have lost all its digits in float32


def loop(
    gradient: Callable[[int, Any], tuple[float, float]],
    update: Callable[[int, Any], None],
    inputs: Any,
    vectors: Any,
    first: int,
    count: int,
    accepted: int,
) -> Passed:
    """The steps from `first` to `count`: where it ended, the sum of the losses before each update,
    the largest square of a gradient's norm, and the last loss.

    `gradient(step, inputs)` gives a step's loss and the square of its gradient's norm,
    `update(step, vectors)` moves the parameters. It ends before the update of a step whose loss or
    gradient is not finite, unless that is the step `accepted`. Numba compiles it as it stands.
    """
    step, total, largest, value = first, 0.0, 0.0, 0.0
    while step < count:
        value, square = gradient(step, inputs)
        if step != accepted and not square + abs(value) < np.inf:
            break
        update(step, vectors)
        total += value
        largest = max(largest, square)
        step += 1
    return step, total, largest, value


class Gradients(Protocol):
    """Where the gradients of an epoch's `count` steps come from."""

    count: int

    def begin(self, order: Array) -> None:
        """Take the examples of the next epoch in this order."""

    def of(self, step: int) -> tuple[float, Array]:
        """The loss and the flat gradient of a step's rows."""


class PlainSteps:
    """The steps of an epoch, `count` of them, with gradients from anywhere.

    `flat` is the gradient of the last step.
    """

    def __init__(self, gradients: Gradients, state: OptimizerState, theta: Array) -> None:
        self.count, self.flat = gradients.count, theta
        self._gradients, self._state, self._theta = gradients, state, theta

    def begin(self, order: Array) -> None:
        """Take the examples of the next epoch in this order."""
        self._gradients.begin(order)

    def run(self, first: int, accepted: int) -> Passed:
        """The loop, from the step `first` on."""
        return loop(self._gradient, self._update, None, None, first, self.count, accepted)

    def _gradient(self, step: int, _: None) -> tuple[float, float]:
        value, self.flat = self._gradients.of(step)
        square = float(self.flat.dot(self.flat))
        if not UNDERFLOW < square < np.inf:
            square = float(np.square(self.flat, dtype=np.float64).sum())
        return value, square

    def _update(self, step: int, _: None) -> None:
        self._state.update(self._theta, self.flat)
