"""The derivative of a function of one number by difference quotients, and what it may be off by.

Quotients of steps h, h/2, h/4, ... are extrapolated to h = 0 (Richardson). With the derivatives to
the right and to the left, D+ and D-, there are two of them:

    (f(h) - f(-h)) / 2h         =  (D+ + D-) / 2 + a h^2 + b h^4 + ...
    (f(h) - 2 f(0) + f(-h)) / h =   D+ - D-      + c h   + d h^3 + ...

Where the second one does not go to 0 there is a kink within these steps, and they are taken
smaller. What a quotient may be off by is what is left to extrapolate, and the noise of f by h.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

Line = Callable[[float], float]
Arrays: TypeAlias = Mapping[str, Any]  # parameters, directions

EPS = float(np.finfo(float).eps)
FIRST = 0.2871  # of the scale: no power of 2, at which a period may lie
HALVINGS = 90
UNDERFLOW = 1e-280  # below it is 0, or a step is lost
LEVELS = 4  # quotients that are extrapolated together
AMPLIFIED = 8.0  # noise in an extrapolated quotient, by that in the last one
ACCURATE = 1e-11  # relative; more is not asked for
CONVERGED = 0.1  # what is left to extrapolate, relative; beyond, the steps are too large
RESOLVED = 4.0  # a jump is one where it is so many times what it may be off by
SMALL = 1e-6  # of the largest entry: another scale, whose steps or errors are its own
POINTS = 9  # for the noise
SPACINGS = (1e-8, 1e-6, 1e-10, 1e-4, 1e-12, 1e-2, 1e-1)


@dataclass(frozen=True)
class Quotient:
    """A derivative, what it may be off by, whether the sides have different ones, and whether it is
    known not to be 0, though it may be by this error."""

    value: float
    error: float = 0.0
    kink: bool = False
    hidden: bool = False


def derivative(f: Line, scale: float, noise: float, resolution: float = 0.0) -> Quotient:
    """The derivative of f at 0, where f changes over a distance of `scale` or less. `noise` is how
    far f may be off, `resolution` how far a step may be, since it is added to a point.

    >>> round(derivative(math.sin, 1.0, 1e-16).value, 12)
    1.0
    >>> derivative(abs, 1.0, 1e-16).kink
    True
    """
    at = lru_cache(maxsize=None)(f)
    best, jump, before, least = Quotient(math.nan, math.inf), 0.0, math.inf, math.inf
    central: list[float] = []
    second: list[float] = []
    for j in range(HALVINGS):
        h = FIRST * scale * 2.0**-j
        right, left = at(h), at(-h)
        central.append((right - left) / (2 * h))
        second.append(((right - at(0.0)) - (at(0.0) - left)) / h)
        last = [*central[-LEVELS:], *second[-LEVELS:]]
        steepest = float(np.nan_to_num(np.abs(last), posinf=0.0).max())
        values = max(noise, EPS * abs(right), EPS * abs(left))
        rounding = AMPLIFIED * (values + steepest * resolution) / h
        if not np.isfinite(central[-LEVELS:]).all() or len(central) < LEVELS:
            continue
        value, rest = extrapolated(central[-LEVELS:], (2, 4, 6))
        kink, unsure = extrapolated(second[-LEVELS:], (1, 3, 5))
        if abs(kink) > RESOLVED * (unsure + rounding):
            jump = abs(kink)
        else:
            rest = max(rest, abs(value - before) if math.isfinite(before) else 0.0)
            rest += max(abs(kink), unsure)
            if rest <= max(CONVERGED * abs(value), RESOLVED * rounding):
                best = min(best, Quotient(value, rest + rounding), key=lambda q: q.error)
        before = value
        if best.error <= ACCURATE * abs(best.value) or best.error < rounding / 8:
            break
        if best.error <= 2 * rounding and rounding > least:  # f changes no less than its noise
            break
        least = min(least, rounding)
        if rounding > 1e3 * (abs(central[-1]) + jump) and math.isinf(best.error):
            break
    return Quotient(best.value, best.error, kink=best.error > 0.1 * jump > 0)


def extrapolated(quotients: Sequence[float], powers: Sequence[int]) -> tuple[float, float]:
    """Quotients of steps that halve, extrapolated to 0 where the error has these powers of the
    step; and how much the last stage changed.

    >>> extrapolated([1.5, 1.25, 1.125], (1, 2))
    (1.0, 0.0)
    """
    row = np.asarray(quotients, float)
    earlier = row
    for power in powers:
        factor = 2.0**power
        earlier, row = row, (factor * row[1:] - row[:-1]) / (factor - 1)
    return float(row[-1]), float(np.abs(earlier - row[-1]).max())


def noise_of(f: Line) -> float:
    """How far the values of f near 0 are off, from differences of high order: those of a smooth
    function vanish, those of noise do not.

    Source: More and Wild, Estimating computational noise, 2011.

    >>> 1e-17 < noise_of(lambda t: math.exp(0.1 + t)) < 1e-15
    True
    >>> 1e-5 < noise_of(lambda t: (1e12 + math.exp(0.1 + t)) - 1e12) < 1e-3
    True
    """
    top = abs(f(0.0))
    for spacing in SPACINGS:
        values = np.array([f(k * spacing) for k in range(POINTS)])
        if not np.isfinite(values).all() or np.ptp(values) > 0.1 * np.abs(values).max():
            continue
        top = max(top, float(np.abs(values).max()))
        if 2 * np.count_nonzero(np.diff(values) == 0) >= POINTS - 1:
            continue  # steps too small to be seen
        level = _level(values)
        if level is not None:
            return max(level, EPS * top)
    return EPS * top


def _level(values: np.ndarray) -> float | None:
    """The noise where three orders of differences agree on it."""
    levels, mixed = [], []
    for order in range(1, POINTS - 2):
        values = np.diff(values)
        factor = math.factorial(order) ** 2 / math.factorial(2 * order)
        levels.append(math.sqrt(factor * float(np.mean(values**2))))
        mixed.append(values.min() < 0 < values.max())
    for k in range(len(levels) - 2):
        low, high = min(levels[k : k + 3]), max(levels[k : k + 3])
        if mixed[k] and high <= 4 * low:
            return levels[k]
    return None


def spread(point: Any) -> Any:
    """How far each entry of a parameter may be moved for a step of 1: by its own size, by that of
    the others where it is 0, by 1 where all are."""
    size, scale = np.abs(np.asarray(point, float)), largest(point)
    return np.where(size > SMALL * scale, size, scale)


def largest(point: Any) -> float:
    """The size of a parameter: that of its largest entry, 1 where all are 0."""
    return float(np.abs(point).max(initial=0.0)) or 1.0
