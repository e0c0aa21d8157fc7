"""The Taylor test: R(h) = |f(x + hv) - f(x) - h g.v| falls like h^2 where g is the gradient of a
smooth f, and like h where it is not."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from symgrad.numerics.quotients import EPS

STEPS = [2.0**-k for k in range(4, 50)]
STEADY = 4  # steps that a slope is read off
SPREAD = 0.003  # of the slopes between them
WRONG = 0.05  # how near a slope to 1 is one of a wrong gradient
SEEN = 1e-6  # the remainder by the step, relative to the terms of g.v, that counts


@dataclass(frozen=True)
class Taylor:
    """The slope of log R against log h; without one, `remainder` is why: the loss is "linear" or
    "constant" along the direction, or "rounding" hides it. `contradicts` where R falls like h."""

    slope: float | None
    remainder: str = ""
    contradicts: bool = False


def taylor(
    along: Callable[[float], float], value: float, slope: float, size: float, noise: float
) -> Taylor:
    """The test along a direction: `along(h)` is f(x + hv), `slope` is g.v and `size` that of its
    terms; `noise` is how far f may be off.

    The steps become smaller until the slope is steady: those at which a kink lies between are too
    large.
    """
    kept: list[tuple[float, float]] = []
    noise, last = max(noise, EPS * abs(value), EPS * size), 0.0  # x + hv is rounded, too
    for h in STEPS:
        rest = along(h) - value - h * slope
        if not math.isfinite(rest):
            kept.clear()
            continue
        if abs(rest) <= 100 * noise:
            break
        kept.append((math.log(h), math.log(abs(rest))))
        last = rest
        if _slope(kept) > 1.5:
            break
    if len(kept) < STEADY - 1:
        moved = STEPS[0] * max(abs(slope), SEEN * size)
        if moved > 1e6 * noise:
            return Taylor(None, "linear")
        return Taylor(None, "constant" if size <= noise else "rounding")
    tail = np.array(kept[-STEADY:])
    found = float(np.polyfit(tail[:, 0], tail[:, 1], 1)[0])
    if abs(found - 1) > WRONG or abs(last) <= SEEN * size * math.exp(kept[-1][0]):
        return Taylor(found)
    h = math.exp(kept[-1][0])  # a wrong slope is wrong to either side, a kink is not
    other = along(-h) - value + h * slope
    return Taylor(found, contradicts=abs(other + last) < 0.1 * abs(last))


def _slope(kept: list[tuple[float, float]]) -> float:
    """The slope, where it is steady, else nan."""
    if len(kept) < STEADY:
        return math.nan
    tail = np.diff(np.array(kept[-STEADY:]), axis=0)
    slopes = tail[:, 1] / tail[:, 0]
    return float(slopes.mean()) if np.ptp(slopes) < SPREAD else math.nan
