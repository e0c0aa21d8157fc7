"""One iteration after another of an optimizer that searches along a direction."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol, TypeAlias

import numpy as np

from symgrad.errors import DataError
from symgrad.training.optimizers.line_search import FARTHEST, Point, line_search
from symgrad.training.optimizers.updates import OptimizerState, Vector
from symgrad.training.rates.base import Rate, rate_at
from symgrad.training.rates.plateau import watch_of
from symgrad.training.states import restore, state_of
from symgrad.training.steps.features import Metric, euclidean
from symgrad.training.steps.loop import Gradients, Pass, PlainSteps

ROUNDING = 8  # units in the last place of the loss that its differences may be off by
FEW = 10  # of these: a fall of the model that is none
STALLED = 3  # iterations in a row that change the loss by rounding only

CHANGING = ("iteration", "epoch", "stopped", "_stalled", "_largest", "_least")  # of a state


Product: TypeAlias = Callable[[Vector], Vector]  # of a direction, or of each row of an array


class Directions(Protocol):
    """What gives the directions, and learns from each step."""

    def direction(self, gradient: Vector, product: Product, metric: Metric) -> Vector:
        """Where to go from here; `product(v)` is the Hessian here times v, and the loss is rounder
        in the `metric`."""

    def learn(self, step: Vector, change: Vector) -> None:
        """A step that was taken, and how it changed the gradient."""

    def forget(self) -> bool:
        """Forget what was learned; whether there was anything."""

    def state_dict(self) -> dict[str, Any]:
        """What was learned."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Know what was learned."""


class SearchState:
    """What an optimizer with a line search remembers.

    `iteration` is the number of steps so far. `stopped` says why it can go no further, empty where
    it can; `converged` is then whether the loss is as low as it can be told, None where that is
    not known. `epoch` is set by whoever counts epochs.
    """

    accumulate: ClassVar[int] = 1
    frozen: ClassVar[tuple[slice, ...]] = ()

    def __init__(self, directions: Directions, rate: Rate) -> None:
        self.directions = directions
        self.iteration = self.epoch = 0
        self.stopped = ""
        self.converged: bool | None = False
        self._rate = rate
        self.watch = watch_of(rate)
        self._stalled, self._largest, self._least = 0, 0.0, math.inf

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next iteration: the step that is tried first."""
        plateaus = 0 if self.watch is None else self.watch.count
        return rate_at(self._rate, self.epoch, self.iteration, plateaus)

    def state_dict(self) -> dict[str, Any]:
        """All that changes, as numbers, texts and arrays."""
        directions = {"directions": self.directions.state_dict(), "converged": self.converged}
        watch = {} if self.watch is None else {"plateau": self.watch.state_dict()}
        return state_of(self, CHANGING) | directions | watch

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where that state was."""
        restore(self, CHANGING, state)
        self.converged = state["converged"]
        self.directions.load_state_dict(state["directions"])
        if self.watch is not None:
            self.watch.load_state_dict(state["plateau"])

    def end(self, reason: str, converged: bool | None) -> None:
        """Say why it goes no further."""
        self.stopped, self.converged = reason, converged

    def stall(self, fell: bool, square: float, is_low: bool) -> None:
        """Count iterations that change the loss by its rounding only, and find no gradient much
        smaller; many are the end, after a last attempt with all forgotten where the gradient is
        not small."""
        changed = fell or 4 * square < self._least
        self._least = square if fell else min(square, self._least)
        self._stalled = 0 if changed else self._stalled + 1
        if self._stalled == STALLED and not is_low:
            self.directions.forget()
        elif self._stalled in (STALLED, 2 * STALLED):
            told = f"the loss has changed by its rounding only in {self._stalled} iterations"
            self.end(told, True if is_low else None)

    def is_small(self, square: float, precision: float) -> bool:
        """Whether a gradient's square is that of rounding, beside the largest one so far."""
        self._largest = max(self._largest, square)
        return square <= precision * self._largest


class SearchSteps:
    """The one step of an epoch, on all data: a direction, and a search along it.

    `flat` is the gradient where the parameters are.
    """

    count = 1

    def __init__(
        self,
        gradients: Gradients,
        state: SearchState,
        theta: Vector,
        product: Product,
        metric: Metric = euclidean,
    ) -> None:
        if gradients.count != 1:
            raise DataError("a line search needs all data in one step")
        self.flat, self.product = np.empty_like(theta), product
        self._gradients, self._state, self._theta = gradients, state, theta
        self._metric = metric
        self._here = np.full_like(theta, np.nan)  # where value and flat belong to
        self._value = math.nan

    def begin(self, at: Pass) -> None:
        """An epoch begins; the order of its examples does not matter."""
        self._gradients.begin(at.order)

    def run(self, at: Pass, stop: int, accepted: int) -> float:
        """One iteration: as the loop's, with the loss before it."""
        if not np.array_equal(self._here, self._theta):
            self.look()
        value, square = self._value, _squared(self.flat)
        if at.step == accepted or square + abs(value) < math.inf:
            self._iterate(value, square)
            at.step, at.total, at.largest = at.step + 1, at.total + value, square
        return value

    def look(self) -> tuple[float, Vector]:
        """The loss and the gradient where the parameters are; the next look overwrites it."""
        self._value, flat = self._gradients.of(0)
        self.flat[:] = flat
        self._here[:] = self._theta
        return self._value, self.flat

    def loss(self) -> float:
        """The loss where the parameters are, without a look at it."""
        return self._gradients.of(0)[0]

    def _iterate(self, value: float, square: float) -> None:
        """Go along the direction, or else along the steepest descent, or say why not."""
        state = self._state
        state.stopped, state.converged = "", False
        if not square:
            state.end("the gradient is zero", True)
            return
        origin, gradient = self._theta.copy(), self.flat.copy()
        precision = float(np.finfo(origin.dtype).eps)
        noise, is_small = ROUNDING * precision * abs(value), state.is_small(square, precision)
        direction = state.directions.direction(gradient, self.product, self._metric)
        slope = float(gradient.dot(direction))
        if not -math.inf < slope < 0 and state.directions.forget():
            direction = state.directions.direction(gradient, self.product, self._metric)
            slope = float(gradient.dot(direction))
        expected = -slope / 2  # the fall to the minimum of the model, a Newton decrement
        found = self._searched(origin, direction, Point(0.0, value, slope), noise)
        if found is None and state.directions.forget():
            direction = state.directions.direction(gradient, self.product, self._metric)
            start = Point(0.0, value, float(gradient.dot(direction)))
            found = self._searched(origin, direction, start, noise)
        if found is None:
            self._return(origin, gradient, value)
            state.end(*_why(noise, is_small and expected <= FEW * noise))
            return
        if found.step > FARTHEST * state.learning_rate:
            self._return(origin, gradient, value)
            state.end(f"the loss has no lower bound: it falls to {found.value:.3g} and on", False)
            return
        state.iteration += 1
        state.directions.learn(self._theta - origin, self.flat - gradient)
        now = _squared(self.flat)
        is_low = state.is_small(now, precision) and expected <= FEW * noise
        state.stall(value - found.value > noise, now, is_low)

    def _searched(
        self, origin: Vector, direction: Vector, start: Point, noise: float
    ) -> Point | None:
        """Search along a direction of descent."""
        if not -math.inf < start.slope < 0:
            return None

        def along(step: float) -> Point:
            np.multiply(direction, step, out=self._theta)
            self._theta += origin
            try:
                with np.errstate(all="ignore"):
                    self.look()
            except (np.linalg.LinAlgError, ArithmeticError):
                return Point(step, math.inf, math.inf)  # as too long a step
            return Point(step, self._value, float(self.flat.dot(direction)))

        return line_search(along, start, self._state.learning_rate, noise)

    def _return(self, origin: Vector, gradient: Vector, value: float) -> None:
        """Go back to where the iteration began."""
        for place in (self._theta, self._here):
            place[:] = origin
        self.flat[:] = gradient
        self._value = value


def steps_of(
    gradients: Gradients,
    state: OptimizerState | SearchState,
    theta: Vector,
    product: Product,
    metric: Metric,
) -> PlainSteps | SearchSteps:
    """The steps that an optimizer takes with these gradients."""
    if isinstance(state, SearchState):
        return SearchSteps(gradients, state, theta, product, metric)
    return PlainSteps(gradients, state, theta)


def _squared(gradient: Vector) -> float:
    return float(np.square(gradient, dtype=np.float64).sum())


def _why(noise: float, is_low: bool) -> tuple[str, bool | None]:
    """Why no step lowers the loss, and whether it has converged."""
    if is_low:
        return f"the loss falls by less than its rounding, {noise:.1g}", True
    return (
        "no step along the gradient lowers the loss, though its slope says so: there is a kink, or "
        "rounding hides what is left",
        None,
    )
