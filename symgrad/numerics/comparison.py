"""Claimed gradients against numerical ones, entry by entry, with what each may be off by.

An entry is wrong where it differs by more than the numerical derivative may be off, right where
that is far below the entry, and else open: at a kink, or where rounding hides it. A gradient that
is 0 since its terms cancel is right where it is below their rounding.

Where the entries are many, all of them are checked together, by the derivative along one random
direction in which each counts alike; then only some are checked one by one, or all if that failed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np

from symgrad.numerics.quotients import EPS, Quotient, noise_of
from symgrad.numerics.reports import (
    FAILED,
    INCONCLUSIVE,
    NOT_FINITE,
    PASSED,
    GradientReport,
    ParameterReport,
)
from symgrad.numerics.taylor import SEEN, Taylor, taylor

Arrays: TypeAlias = Mapping[str, Any]

TOLERANCE = 1e-7
FLOOR = 1e-14  # of the largest entry: its own rounding
SURE = 1e-6  # what a numerical derivative may be off by, relative to its entry
SURE_FLOOR = 1e-8  # and to the largest entry
NEAR_KINK = 1e-6  # the Taylor test steps over it
ZERO = 0.1  # of the error: it hides what is smaller
DIGITS = 100.0  # roundings in an entry of a claimed gradient
SMALL = 1e-6  # an entry below this part of the largest is reported relative to that part
SMALLEST = 1e-150  # of a gradient's entries, for a direction in which each counts alike
AT_A_KINK = "at a kink: the derivatives on its sides differ"
HIDDEN = "rounding is larger than what is to be seen of the gradient"


class Numbers(ABC):
    """A loss near a point, as it is asked for numerical derivatives. `point` are the parameters,
    `value` is the loss, `noise` how far that may be off."""

    method: str
    value: float
    noise: float
    point: Arrays
    kink_distance: float | None = None
    even = SMALL  # entries from this part of the largest on count alike in a direction

    @abstractmethod
    def at(self, moved: Arrays) -> Any:
        """The loss where the parameters are these."""

    @abstractmethod
    def entry(self, name: str, k: int) -> Quotient:
        """The derivative by the k-th entry of a parameter."""

    @abstractmethod
    def slope(self, directions: Arrays) -> Quotient:
        """The derivative along these directions together."""

    def still(self, name: str) -> Any:
        """1 where an entry has one derivative, 0 where it is known to be at a kink."""
        return np.ones(np.shape(self.point[name]))

    def rounding(self, name: str) -> Any:
        """What the derivatives may be off by beside the quotients' errors; asked for where
        something differs."""
        return 0.0

    def zero(self, error: Any, top: float) -> Any:
        """Up to what a claim that its error hides counts as 0, where the largest is `top`."""
        return np.inf

    def along(self, directions: Arrays, h: complex) -> Any:
        """The loss at a step along the directions."""
        return self.at({n: self.point[n] + h * d for n, d in directions.items()})


class Comparison:
    """A claimed gradient, in numbers with the precision `eps`, against a loss's numbers."""

    def __init__(self, numbers: Numbers, claimed: Arrays, seed: int, eps: float = EPS) -> None:
        self.numbers = numbers
        self.tolerance = max(TOLERANCE, DIGITS * eps)
        self.coarse = self.tolerance / TOLERANCE
        self.floor = FLOOR * eps / EPS
        self.claimed = claimed
        self.rng = np.random.default_rng([seed, 1])  # another stream than the inputs'

    def report(self, entries: int) -> GradientReport:
        """The verdict, where up to `entries` entries are checked one by one."""
        numbers, claimed = self.numbers, self.claimed
        if not np.isfinite(numbers.value):
            return self._not_finite(f"the loss is {numbers.value}")
        for name, gradient in claimed.items():
            if not np.isfinite(gradient).all():
                return self._not_finite(f"the gradient by {name} is not finite")
        many = sum(g.size for g in claimed.values()) > entries
        error, together = self._together() if many else (None, PASSED)
        part = entries // len(claimed) if many and together == PASSED else entries
        reports = {n: self._parameter(n, part) for n in claimed} if part else {}
        verdicts = [r.verdict for r in reports.values()]
        if together != PASSED and any(r.checked < r.size for r in reports.values()):
            verdicts.append(together)
        found = self._taylor()
        kinks = any(r.kinks for r in reports.values()) or not all(map(self._still, claimed))
        near = numbers.kink_distance is not None and numbers.kink_distance < NEAR_KINK
        if found.contradicts and not kinks and not near:
            verdicts.append(FAILED)
        verdict = next((v for v in (FAILED, INCONCLUSIVE) if v in verdicts), PASSED)
        reason = {INCONCLUSIVE: AT_A_KINK if kinks else HIDDEN}.get(verdict, "")
        if verdict == FAILED and FAILED not in verdicts[: len(reports)] and error is None:
            reason = "the loss leaves its tangent in proportion to the step"
        return GradientReport(
            verdict,
            reports,
            error,
            found.slope,
            found.remainder,
            numbers.kink_distance,
            numbers.method,
            reason,
        )

    def _not_finite(self, reason: str) -> GradientReport:
        distance, method = self.numbers.kink_distance, self.numbers.method
        return GradientReport(NOT_FINITE, {}, None, None, "", distance, method, reason)

    def _still(self, name: str) -> bool:
        return bool(np.all(self.numbers.still(name)))

    # one by one

    def _parameter(self, name: str, most: int) -> ParameterReport:
        """Every entry (or a random part of so many) against its numerical derivative."""
        claimed = self.claimed[name]
        entries = np.arange(claimed.size)
        if claimed.size > most:
            entries = np.sort(self.rng.choice(claimed.size, most, replace=False))
        quotients = [self.numbers.entry(name, int(k)) for k in entries]
        values = np.array([q.value for q in quotients])
        error = np.array([q.error for q in quotients])
        kinks = np.array([q.kink for q in quotients], bool)
        hidden = np.array([q.hidden for q in quotients], bool)
        flat = claimed.reshape(-1)
        found = np.where(np.isfinite(values), values, 0.0)
        top = max(np.abs(found).max(initial=0.0), np.abs(flat).max(initial=0.0))
        off = np.abs(flat[entries] - values)
        size = np.maximum(np.abs(flat[entries]), np.abs(found))
        allowed = self.tolerance * size + self.floor * top

        def sure(error: Any) -> Any:
            return error <= self.coarse * (SURE * size + SURE_FLOOR * top)

        right = (off <= allowed + error) & sure(error)
        zero = np.zeros(len(entries))
        if not (right | kinks).all():
            rounding = np.broadcast_to(self.numbers.rounding(name), claimed.shape)
            error = error + rounding.reshape(-1)[entries]
            every = max(float(np.abs(g).max(initial=0.0)) for g in self.claimed.values())
            below = ~hidden & (size <= ZERO * error)
            below &= np.abs(flat[entries]) <= self.numbers.zero(error, every)
            right |= (off <= allowed + error) & (sure(error) | below)
            zero = np.where(below, error / TOLERANCE, 0.0)
        wrong = (off > allowed + error) & ~kinks
        relative = off / np.maximum.reduce(
            [size, zero, np.full(len(entries), max(SMALL * top, 1e-300))]
        )
        relative = np.where(kinks | np.isnan(relative), 0.0, relative)
        judged = FAILED if wrong.any() else PASSED if (right & ~kinks).all() else INCONCLUSIVE
        worst = int(np.argmax(np.where(wrong, 2.0 + relative, relative))) if entries.size else 0
        where = np.unravel_index(int(entries[worst]), claimed.shape) if claimed.ndim else ()
        return ParameterReport(
            float(relative.max(initial=0.0)),
            tuple(int(k) for k in where),
            len(entries),
            claimed.size,
            judged,
            int(kinks.sum()),
            float(error.max(initial=0.0)),
        )

    # together

    def _together(self) -> tuple[float, str]:
        """The derivative along a random direction: its relative error, and the verdict."""
        directions = self._directions()
        numeric = self.numbers.slope(directions)
        parts = np.concatenate([(g * directions[n]).reshape(-1) for n, g in self.claimed.items()])
        off = abs(float(parts.sum()) - numeric.value)
        scale = float(np.linalg.norm(parts)) or abs(numeric.value) or 1.0
        error = numeric.error
        if numeric.kink or not np.isfinite(off):
            return 0.0, INCONCLUSIVE
        if off > self.tolerance * scale + error:
            error += self._rounding(directions)
        if off > self.tolerance * scale + error:
            return off / scale, FAILED
        zero = scale <= min(ZERO * error, self.numbers.zero(error, 0.0)) and not numeric.hidden
        sure = error <= self.coarse * SURE * scale or zero
        return off / max(scale, error / TOLERANCE), PASSED if sure else INCONCLUSIVE

    def _directions(self) -> Arrays:
        """A direction in which each entry counts alike, however small its derivative is; one at a
        kink does not move."""
        tops = {n: float(np.abs(g).max(initial=0.0)) for n, g in self.claimed.items()}
        other = min((x for x in tops.values() if x > SMALLEST), default=1.0)  # of one that is 0
        directions = {}
        for n, g in self.claimed.items():
            scale = tops[n] if tops[n] > SMALLEST else other
            signs = self.rng.choice([-1.0, 1.0], g.shape) * self.rng.uniform(0.5, 1.5, g.shape)
            directions[n] = (
                self.numbers.still(n) * signs / np.maximum(np.abs(g), self.numbers.even * scale)
            )
        return directions

    def _taylor(self) -> Taylor:
        """The Taylor test along a random direction, as large as the parameters are."""
        directions = {
            n: self.rng.standard_normal(g.shape) * spread(self.numbers.point[n])
            for n, g in self.claimed.items()
        }
        parts = [np.asarray(g * directions[n]).reshape(-1) for n, g in self.claimed.items()]
        slope = sum(float(p.sum()) for p in parts)
        size = float(np.linalg.norm(np.concatenate(parts)))

        def along(h: float) -> float:
            return float(self.numbers.along(directions, h))

        found = taylor(along, self.numbers.value, slope, size, self.numbers.noise)
        if found.contradicts:  # unless value or gradient have more noise than their last digit
            noise = max(self.numbers.noise, noise_of(along))
            size = max(size, self._rounding(directions) / SEEN)
            found = taylor(along, self.numbers.value, slope, size, noise)
        return found

    def _rounding(self, directions: Arrays) -> float:
        """What rounding may do to a derivative along directions."""
        return float(sum(np.abs(self.numbers.rounding(n) * d).sum() for n, d in directions.items()))


def spread(point: Any) -> Any:
    """How far each entry of a parameter may be moved for a step of 1: by its own size, by that of
    the others where it is 0, by 1 where all are."""
    size, scale = np.abs(np.asarray(point, float)), largest(point)
    return np.where(size > SMALL * scale, size, scale)


def precision(arrays: Iterable[Any]) -> float:
    """The coarsest rounding among arrays: that of float32 where one is.

    >>> round(precision([np.ones(2), np.ones(2, "float32")]), 9)
    1.19e-07
    """
    types = [getattr(a, "dtype", None) for a in arrays]
    floats = [np.finfo(t).eps for t in types if isinstance(t, np.dtype) and t.kind == "f"]
    return max([EPS, *map(float, floats)])


def largest(point: Any) -> float:
    """The size of a parameter: that of its largest entry, 1 where all are 0."""
    return float(np.abs(point).max(initial=0.0)) or 1.0
