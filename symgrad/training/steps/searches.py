"""One iteration after another of an optimizer that searches along a direction."""

from __future__ import annotations

import math
from functools import cache, partial

import numpy as np

from symgrad.errors import DataError
from symgrad.language.problem import Problem
from symgrad.numerics.gradients import product_function
from symgrad.numerics.layers import flattened, shapes_of, views
from symgrad.training.data.arrays import Array, Arrays, Data
from symgrad.training.optimizers.line_search import FARTHEST, Point, line_search
from symgrad.training.optimizers.searches import Product, SearchState
from symgrad.training.optimizers.updates import Vector, squared
from symgrad.training.steps.features import Metric, euclidean
from symgrad.training.steps.loop import Gradients, Progress

ROUNDING = 8  # units in the last place of the loss that its differences may be off by
FEW = 10  # of these: a fall of the model that is none


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
        product: Product | None,
        metric: Metric = euclidean,
    ) -> None:
        if gradients.count != 1 or product is None:
            raise DataError("a line search needs all data in one step")
        self.flat, self.product = np.empty_like(theta), product
        self._gradients, self._state, self._theta = gradients, state, theta
        self._metric = metric
        self._here = np.full_like(theta, np.nan)  # where value and flat belong to
        self._value = math.nan

    def begin(self, at: Progress) -> None:
        """An epoch begins; the order of its examples does not matter."""
        self._gradients.begin(at.order)

    def run(self, at: Progress, stop: int, accepted: int) -> float:
        """One iteration: as the loop's, with the loss before it."""
        if not np.array_equal(self._here, self._theta):
            self.look()
        value, square = self._value, squared(self.flat)
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
        now = squared(self.flat)
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


def hessian_products(problem: Problem, data: Data, parameters: Arrays, dtype: str) -> Product:
    """The product where the parameters, views of the vector that is trained, are when it is asked
    for: with a direction of shape (n,), or with each row of an array. Derived at the first call."""
    derived = cache(partial(product_function, problem, tuple(parameters), dtype))
    shapes = {name: shapes_of(value) for name, value in parameters.items()}

    def product(direction: Array) -> Array:
        if direction.ndim > 1:
            return np.array([product(row) for row in direction])
        inputs = {**data.inputs, **parameters}
        _, found = derived()(inputs, direction=views(direction, shapes))
        return np.concatenate(flattened(found[name] for name in parameters))

    return product


def _why(noise: float, is_low: bool) -> tuple[str, bool | None]:
    """Why no step lowers the loss, and whether it has converged."""
    if is_low:
        return f"the loss falls by less than its rounding, {noise:.1g}", True
    return (
        "no step along the gradient lowers the loss, though its slope says so: there is a kink, or "
        "rounding hides what is left",
        None,
    )
