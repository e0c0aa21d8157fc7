"""Is the gradient of a Python function right? Difference quotients, and the Taylor slope.

All that is known of the function are its values, so what they may be off by is measured: the noise
of the values, and how far the quotients of smaller and smaller steps agree. An entry is right,
wrong or open by that; one whose quotients to the left and to the right differ is at a kink.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from symgrad.errors import DataError
from symgrad.numerics.checks.claims import called, claims, first_name, numbers
from symgrad.numerics.checks.comparison import FLOOR, ClaimedGradient, Loss
from symgrad.numerics.checks.quotients import (
    EPS,
    UNDERFLOW,
    Arrays,
    Quotient,
    derivative,
    largest,
    noise_of,
    spread,
)
from symgrad.numerics.checks.reports import GradientReport
from symgrad.numerics.libraries import plain_array

MOST_ENTRIES = 200  # of all gradients, checked one by one
ABSOLUTE = 1e-8  # up to which error a derivative far below it is 0
WIDE = 2.0**60  # times wider steps, at which what is hidden beside a loss is seen


def check_function(
    function: Callable[..., Any],
    at: Any,
    gradient: Any,
    *,
    seed: int = 0,
    entries: int = MOST_ENTRIES,
) -> GradientReport:
    """Compare the gradient of a Python function with difference quotients of its values.

    `at` is where: an array or a number x, and then `function(x)` is called; or a dictionary of
    them, and then it is called by these names, `function(W=..., b=...)`, or with one such
    dictionary where its parameters have other names. `gradient` is called in the same way, or is
    what it would give: an array in the shape of x, or a dictionary of one for each name.
    Shapes: the function gives one number. Up to `entries` entries are checked one by one; where
    there are more, all together along a random direction and a random part of them.
    The verdict is "inconclusive" at a kink, and where the noise of the values hides the gradient.
    Raises: DataError where shapes or names do not fit.

    >>> check_function(lambda x: float(x @ x), [1.0, 2.0], lambda x: 2 * x).verdict
    'passed'
    >>> check_function(lambda x: float(x @ x), [1.0, 2.0], [2.0, 4.0001]).verdict
    'failed'
    """
    with np.errstate(all="ignore"):  # the steps may leave where the function is defined
        loss = FunctionLoss(function, at, seed)
        given = loss.called(gradient, loss.point) if callable(gradient) else gradient
        shapes = {n: a.shape for n, a in loss.point.items()}
        claimed, eps = claims(given, shapes, alone=not isinstance(at, Mapping))
        return ClaimedGradient(loss, claimed, seed, eps).report(entries)


class FunctionLoss(Loss):
    """A Python function near a point."""

    method = "difference quotients"
    even = 1e-3  # smaller steps along a direction are less exact

    def __init__(self, function: Callable[..., Any], at: Any, seed: int) -> None:
        self._function = function
        self._named = isinstance(at, Mapping)
        self._form = at if self._named else {first_name(function): at}
        self.point = {str(n): numbers(f"at: {n}", a) for n, a in self._form.items()}
        if not any(a.size for a in self.point.values()):
            raise DataError("at: there is nothing to differentiate by")
        self.value = self._number(self.called(function, self.point))
        again = self._number(self.called(function, self.point))
        rng = np.random.default_rng([seed, 2])
        direction = {n: spread(a) * rng.uniform(-1, 1, a.shape) for n, a in self.point.items()}
        line = noise_of(lambda t: self.along(direction, t))
        self.noise = max(line, abs(self.value - again))  # a random function is noise

    def called(self, function: Callable[..., Any], moved: Arrays) -> Any:
        """A function at these parameters, each a copy in the shape that was given."""
        scalars = {n for n, a in self._form.items() if isinstance(a, (int, float))}
        values = {n: float(a) if n in scalars else np.array(a) for n, a in moved.items()}
        return called(function, values) if self._named else function(*values.values())

    def _number(self, result: Any) -> float:
        array = plain_array("the value of the function", result)
        if array.size != 1:
            raise DataError(f"the function gives the shape {array.shape}; one number is wanted")
        return float(array.reshape(()))

    def at(self, moved: Arrays) -> float:
        """The value where the parameters are these; nan where the function raises."""
        try:
            return self._number(self.called(self._function, moved))
        except (ArithmeticError, ValueError, np.linalg.LinAlgError):
            return float("nan")

    def slope(self, directions: Arrays) -> Quotient:
        """The derivative along these directions together."""
        moves = [np.abs(d) / max(1.0, largest(self.point[n])) for n, d in directions.items()]
        fastest = max(float(m.max(initial=0.0)) for m in moves)
        scale = 1 / fastest if fastest else 1.0
        steps = [np.abs(self.point[n][d != 0]) / np.abs(d[d != 0]) for n, d in directions.items()]
        resolution = EPS * max(float(s.max(initial=0.0)) for s in steps)

        def line(t: float) -> float:
            return float(self.along(directions, t))

        found = derivative(line, scale, self.noise, resolution)
        if found.kink or not abs(found.value) <= found.error <= ABSOLUTE:
            return found
        wide = derivative(line, WIDE * scale, self.noise, resolution)  # 0, or only hidden?
        return replace(found, hidden=wide.error < abs(wide.value) < found.error)

    def zero(self, error: Any, top: float) -> Any:
        """Up to what a claim counts as 0: what rounding of the largest may be."""
        return np.where(np.asarray(error) <= ABSOLUTE, max(FLOOR * top, UNDERFLOW), -1.0)
