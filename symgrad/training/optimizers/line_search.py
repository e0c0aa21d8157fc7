r"""How far to go along a direction of descent: Wolfe's conditions.

With phi(a) the loss at theta + a d, a step a > 0 is taken where

    phi(a) <= phi(0) + c_1 a phi'(0)    the loss falls enough (else a is too long)
    phi'(a) >= c_2 phi'(0)              it falls less steeply there (else a is too short)

Where differences of phi are rounding, phi'(a) <= (2 c_1 - 1) phi'(0) stands for the first. The
second bounds the slope from one side only, so that there is such a step at a kink, too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

ENOUGH, FLATTER = 1e-4, 0.9  # c_1 and c_2
MOST = 40  # losses looked at along one direction
FARTHEST = 1e15  # times the first step: a loss that still falls there is said to fall forever
INTERPOLATED = 8  # of them by a cubic; then the bracket is halved


@dataclass(frozen=True)
class Point:
    """The loss and its slope along the direction, at a step."""

    step: float
    value: float
    slope: float

    @property
    def is_finite(self) -> bool:
        """Whether both are numbers."""
        return math.isfinite(self.value) and math.isfinite(self.slope)


def line_search(
    along: Callable[[float], Point], start: Point, first: float, noise: float
) -> Point | None:
    """A point that fulfils Wolfe's conditions; None where no step lowers the loss.

    `along(step)` looks at a step and stays there: the last one looked at is that of the point
    returned. `first` is tried first. Differences of the loss up to `noise` are rounding. A loss
    that falls all the way gives a point farther than FARTHEST times `first`.
    Source: Lewis and Overton, Nonsmooth optimization via quasi-Newton methods, 2013, algorithm 4.6
    (the bracket); Nocedal and Wright, Numerical optimization, 2006, equation 3.59 (the cubic);
    Hager and Zhang, A new conjugate gradient method, 2005, equation 4.1 (at rounding).

    >>> square = lambda a: Point(a, (a - 3) ** 2, 2 * (a - 3))
    >>> line_search(square, square(0.0), 1e-3, 0.0).value < 8
    True
    """
    low, high, step = start, None, first
    for tried in range(MOST):
        here = along(step)
        if not _falls(here, start, noise):
            high = here
        elif here.slope < FLATTER * start.slope:
            low = here
        else:
            return here
        if high is None and step > FARTHEST * first:
            return here
        if high is not None and not low.step < _middle(low, high) < high.step:
            break
        step = _next(low, high, start, halved=tried >= INTERPOLATED)
    return along(low.step) if low.step else None


def _falls(here: Point, start: Point, noise: float) -> bool:
    """Whether the loss is low enough."""
    if not here.is_finite:
        return False
    if here.value <= start.value + ENOUGH * here.step * start.slope:
        return True
    return here.value <= start.value + noise and here.slope <= (2 * ENOUGH - 1) * start.slope


def _middle(low: Point, high: Point) -> float:
    return low.step + (high.step - low.step) / 2


def _next(low: Point, high: Point | None, start: Point, halved: bool) -> float:
    """The next step: within the bracket, or beyond `low` where none is too long yet."""
    if high is None:
        bend = low.slope - start.slope  # where the slope, taken as a line, is zero
        zero = low.step * start.slope / -bend if bend > 0 else math.inf
        return min(max(zero, 2 * low.step), 10 * low.step)
    if halved or not high.is_finite:
        return _middle(low, high)
    width = high.step - low.step
    least = _cubic(low, high)
    return min(max(least, low.step + width / 10), high.step - width / 10)


def _cubic(low: Point, high: Point) -> float:
    """Where the cubic with these values and slopes is least."""
    width = high.step - low.step
    d1 = low.slope + high.slope - 3 * (high.value - low.value) / width
    square = d1 * d1 - low.slope * high.slope
    if not 0 <= square < math.inf:
        return _middle(low, high)
    d2 = math.sqrt(square)
    below = high.slope - low.slope + 2 * d2
    return high.step - width * (high.slope + d2 - d1) / below if below else _middle(low, high)
