"""The loop of every training: a gradient, a look at it, an update."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from symgrad.training.data.arrays import Array
from symgrad.training.optimizers.updates import OptimizerState, squared

INFINITE = float("inf")
Passed: TypeAlias = tuple[int, float, float, float]  # as `loop` returns it


def loop(
    gradient: Callable[[int, Any], tuple[float, float]],
    update: Callable[[int, Any], None],
    inputs: Any,
    vectors: Any,
    first: int,
    count: int,
    accepted: int,
    total: float,
    largest: float,
) -> Passed:
    """The steps from `first` to `count`: where it ended, the sum of the losses before each update,
    the largest square of a gradient's norm, and the last loss.

    `total` and `largest` are those of the steps before: however an epoch is cut, it adds up to the
    same bits. `gradient(step, inputs)` gives a step's loss and the square of its gradient's norm,
    `update(step, vectors)` moves the parameters. It ends before the update of a step whose loss or
    gradient is not finite, unless that is the step `accepted`. Numba compiles it as it stands.
    """
    step, value = first, 0.0
    while step < count:
        value, square = gradient(step, inputs)
        if step != accepted and not square + abs(value) < INFINITE:
            break
        update(step, vectors)
        total += value
        if square > largest:
            largest = square
        step += 1
    return step, total, largest, value


class Gradients(Protocol):
    """Where the gradients of an epoch's `count` steps come from."""

    count: int

    def begin(self, order: Array) -> None:
        """Take the examples of the next epoch in this order."""

    def of(self, step: int) -> tuple[float, Array]:
        """The loss and the flat gradient of a step's rows."""


@dataclass
class Progress:
    """How far an epoch is: its order of the examples, the next step, the sum of the losses so far,
    and the largest square of a gradient's norm."""

    order: Array
    step: int = 0
    total: float = 0.0
    largest: float = 0.0


class PlainSteps:
    """The steps of an epoch, `count` of them, with gradients from anywhere.

    `flat` is the gradient of the last step.
    """

    def __init__(self, gradients: Gradients, state: OptimizerState, theta: Array) -> None:
        self.count, self.flat = gradients.count, theta
        self._gradients, self._state, self._theta = gradients, state, theta

    def begin(self, at: Progress) -> None:
        """Take the examples in the order of an epoch, from the step on at which it is."""
        self._gradients.begin(at.order)

    def run(self, at: Progress, stop: int, accepted: int) -> float:
        """The loop up to the step `stop`; the last loss."""
        at.step, at.total, at.largest, value = loop(
            self._gradient, self._update, None, None, at.step, stop, accepted, at.total, at.largest
        )
        return value

    def _gradient(self, step: int, _: None) -> tuple[float, float]:
        value, self.flat = self._gradients.of(step)
        return value, squared(self.flat)

    def _update(self, step: int, _: None) -> None:
        self._state.update(self._theta, self.flat)
