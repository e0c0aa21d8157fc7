"""The Taylor test: R(h) = |f(x + hv) - f(x) - h g.v| falls like h^2 where g is the gradient of a
smooth f, and like h where it is not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from symgrad.numerics.checks.quotients import EPS, Line

STEPS = [2.0**-k for k in range(4, 50)]
STEADY = 4  # steps that a slope is read off
SPREAD = 0.003  # of the slopes between them
WRONG = 0.05  # how near a slope to 1 looks like that of a wrong gradient
FLAT = 0.25  # a slope below it is that of rounding: what is left does not fall with the step
SEEN = 1e-6  # of the terms of g.v: the smallest slope of a loss that is linear


@dataclass(frozen=True)
class Taylor:
    """The slope of log R against log h; without one, `remainder` is why: the loss is "linear" or
    "constant" along the direction, or "rounding" hides it."""

    slope: float | None
    remainder: str = ""

    @property
    def looks_wrong(self) -> bool:
        """Whether R falls like h."""
        return self.slope is not None and abs(self.slope - 1) <= WRONG


def taylor(along: Line, value: float, slope: float, size: float, noise: float) -> Taylor:
    """The test along a direction: `along(h)` is f(x + hv), `slope` is g.v and `size` that of its
    terms; `noise` is how far f may be off.

    The steps become smaller until the slope is steady: those at which a kink lies between are too
    large.
    """
    points: list[tuple[float, float]] = []  # of log R against log h
    noise = max(noise, EPS * abs(value), EPS * size)  # x + hv is rounded, too
    for h in STEPS:
        rest = abs(along(h) - value - h * slope)
        if not math.isfinite(rest):
            points.clear()
            continue
        if rest <= 100 * noise:
            break
        points.append((math.log(h), math.log(rest)))
        if _slope(points) > 1.5:
            break
    if len(points) < STEADY - 1:
        moved = STEPS[0] * max(abs(slope), SEEN * size)
        if moved > 1e6 * noise:
            return Taylor(None, "linear")
        return Taylor(None, "constant" if size <= noise else "rounding")
    steps, rests = np.array(points[-STEADY:]).T
    fitted = float(np.polyfit(steps, rests, 1)[0])
    return Taylor(None, "rounding") if fitted < FLAT else Taylor(fitted)


def _slope(points: Sequence[tuple[float, float]]) -> float:
    """The slope, where it is steady, else nan."""
    if len(points) < STEADY:
        return math.nan
    steps, rests = np.diff(np.array(points[-STEADY:]), axis=0).T
    slopes = rests / steps
    return float(slopes.mean()) if np.ptp(slopes) < SPREAD else math.nan
