"""What an optimizer with a line search remembers, and what gives it directions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol, TypeAlias

from symgrad.training.optimizers.updates import Vector
from symgrad.training.rates.base import Rate
from symgrad.training.rates.plateau import Rated
from symgrad.training.steps.features import Metric

STALLED = 3  # iterations in a row that change the loss by rounding only

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


class SearchState(Rated):
    """What an optimizer with a line search remembers.

    `iteration` is the number of steps so far. `stopped` says why it can go no further, empty where
    it can; `converged` is then whether the loss is as low as it can be told, None where that is
    not known. The learning rate is the step that is tried first.
    """

    changing = ("iteration", "epoch", "stopped", "_stalled", "_largest", "_least")
    accumulate: ClassVar[int] = 1
    frozen: ClassVar[tuple[slice, ...]] = ()

    def __init__(self, directions: Directions, rate: Rate) -> None:
        super().__init__(rate)
        self.directions = directions
        self.stopped = ""
        self.converged: bool | None = False
        self._stalled, self._largest, self._least = 0, 0.0, math.inf

    def state_dict(self) -> dict[str, Any]:
        """All that changes, and what the directions know."""
        directions = {"directions": self.directions.state_dict(), "converged": self.converged}
        return super().state_dict() | directions

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where that state was."""
        super().load_state_dict(state)
        self.converged = state["converged"]
        self.directions.load_state_dict(state["directions"])

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
