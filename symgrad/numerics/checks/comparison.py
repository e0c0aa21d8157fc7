"""Claimed gradients against numerical ones, entry by entry, with what each may be off by.

An entry is wrong where it differs by more than the numerical derivative may be off, right where
that is far below the entry, and else open: at a kink, or where rounding hides it. A gradient that
is 0 since its terms cancel is right where it is below their rounding.

Where the entries are many, all of them are checked together, by the derivative along one random
direction in which each counts alike; then only some are checked one by one, or all if that failed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from symgrad.numerics.checks.quotients import (
    EPS,
    RESOLVED,
    SMALL,
    Arrays,
    Quotient,
    derivative,
    noise_of,
    spread,
)
from symgrad.numerics.checks.reports import (
    FAILED,
    INCONCLUSIVE,
    NOT_FINITE,
    PASSED,
    GradientReport,
    ParameterReport,
)
from symgrad.numerics.checks.taylor import Taylor, taylor

TOLERANCE = 1e-7
FLOOR = 1e-14  # of the largest entry: its own rounding
SURE = 1e-6  # what a numerical derivative may be off by, relative to its entry
SURE_FLOOR = 1e-8  # and to the largest entry
ZERO = 0.1  # of the error: it hides what is smaller
DIGITS = 100.0  # roundings in an entry of a claimed gradient

SMALLEST = 1e-150  # of a gradient's entries, for a direction in which each counts alike
AT_A_KINK = "at a kink: the derivatives on its sides differ"
HIDDEN = "rounding is larger than what is to be seen of the gradient"


class Loss(ABC):
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
    def slope(self, directions: Arrays) -> Quotient:
        """The derivative along these directions together."""

    def entry(self, name: str, k: int) -> Quotient:
        """The derivative by the k-th entry of a parameter."""
        if not self.still(name).reshape(-1)[k]:
            return Quotient(float("nan"), float("inf"), kink=True)
        return self.slope(self.towards(name, k))

    def towards(self, name: str, k: int) -> Arrays:
        """The direction of the k-th entry of a parameter."""
        direction = np.zeros(np.shape(self.point[name]))
        direction.reshape(-1)[k] = 1.0
        return {name: direction}

    def still(self, name: str) -> Any:
        """1 where an entry has one derivative, 0 where it is known to be at a kink."""
        return np.ones(np.shape(self.point[name]))

    def rounding(self, name: str) -> Any:
        """What the derivatives may be off by beside the quotients' errors; asked for where
        something differs."""
        return np.zeros(np.shape(self.point[name]))

    def own_rounding(self, directions: Arrays) -> float:
        """What rounding may do to the numerical derivative along these directions."""
        return 0.0

    def zero(self, error: Any, top: float) -> Any:
        """Up to what a claim that its error hides counts as 0, where the largest is `top`."""
        return np.inf

    def origin(self) -> str:
        """What is not finite first, where that is known."""
        return ""

    def along(self, directions: Arrays, h: complex) -> Any:
        """The loss at a step along the directions."""
        return self.at(dict(self.point) | {n: self.point[n] + h * d for n, d in directions.items()})


class Judgement(NamedTuple):
    """Claims against numerical derivatives: the verdict, and of each its relative error, what the
    derivative may be off by, whether it is wrong and whether it is at a kink."""

    verdict: str
    relative: np.ndarray
    error: np.ndarray
    wrong: np.ndarray
    kinks: np.ndarray


class ClaimedGradient:
    """A claimed gradient, in numbers with the precision `eps`, against a loss's numbers."""

    def __init__(self, loss: Loss, claimed: Arrays, seed: int, eps: float = EPS) -> None:
        self.loss = loss
        self.tolerance = max(TOLERANCE, DIGITS * eps)
        self.coarse = self.tolerance / TOLERANCE
        self.floor = FLOOR * eps / EPS
        self.claimed = claimed
        self.rng = np.random.default_rng([seed, 1])  # another stream than the inputs'

    def report(self, entries: int) -> GradientReport:
        """The verdict, where up to `entries` entries are checked one by one."""
        loss = self.loss
        if told := self._not_finite():
            distance = loss.kink_distance
            return GradientReport(NOT_FINITE, {}, None, None, "", distance, loss.method, told)
        error, reports, verdicts = self._entries(entries)
        found, contradicts = self._taylor()
        kinks = any(r.kinks for r in reports.values())
        kinks = kinks or not all(np.all(loss.still(n)) for n in self.claimed)
        reason = ""
        if contradicts and not kinks:
            if FAILED not in verdicts and error is None:
                reason = "the loss leaves its tangent in proportion to the step"
            verdicts.append(FAILED)
        verdict = next((v for v in (FAILED, INCONCLUSIVE) if v in verdicts), PASSED)
        if verdict == INCONCLUSIVE:
            reason = AT_A_KINK if kinks else HIDDEN
        return GradientReport(
            verdict,
            reports,
            error,
            found.slope,
            found.remainder,
            loss.kink_distance,
            loss.method,
            reason,
        )

    def _not_finite(self) -> str:
        """What is not finite: the loss, or the gradient by a parameter; "" where all is."""
        if not np.isfinite(self.loss.value):
            return f"the loss is {self.loss.value}{self.loss.origin()}"
        bad = next((n for n, g in self.claimed.items() if not np.isfinite(g).all()), None)
        return "" if bad is None else f"the gradient by {bad} is not finite{self.loss.origin()}"

    def _entries(self, most: int) -> tuple[float | None, dict[str, ParameterReport], list[str]]:
        """The error of all entries together, where they are more than these; what is found of each
        parameter; and the verdicts."""
        many = sum(g.size for g in self.claimed.values()) > most
        error, together = self._together() if many else (None, PASSED)
        part = most // len(self.claimed) if many and together == PASSED else most
        reports = {n: self._parameter(n, part) for n in self.claimed} if part else {}
        verdicts = [r.verdict for r in reports.values()]
        if together != PASSED and any(r.checked < r.size for r in reports.values()):
            verdicts.append(together)
        return error, reports, verdicts

    def _judged(
        self,
        claim: Any,
        quotients: Sequence[Quotient],
        size: Any,
        top: float,
        rounding: Callable[[], Any],
        directions: Callable[[int], Arrays],
    ) -> Judgement:
        """Claims of these sizes, the largest being `top`, against numerical derivatives."""
        error = np.array([q.error for q in quotients])
        kinks = np.array([q.kink for q in quotients], bool)
        off = np.abs(claim - np.array([q.value for q in quotients]))
        allowed = self.tolerance * size + self.floor * top
        sure = self.coarse * (SURE * size + SURE_FLOOR * top)
        right = (off <= allowed + error) & (error <= sure)
        least = np.full(len(quotients), max(SMALL * top, 1e-300))
        if not (right | kinks).all():
            error = error + rounding()
            unsure = np.flatnonzero((off > allowed + error) & ~kinks)
            for k in sorted(map(int, unsure), key=lambda k: -off[k]):
                error[k] += self.loss.own_rounding(directions(k))
                if off[k] > allowed[k] + error[k]:
                    break  # wrong, whatever the others are
            every = max(float(np.abs(g).max(initial=0.0)) for g in self.claimed.values())
            zero = (size <= ZERO * error) & (np.abs(claim) <= self.loss.zero(error, every))
            zero &= ~np.array([q.hidden for q in quotients], bool)
            right |= (off <= allowed + error) & ((error <= sure) | zero)
            least = np.where(zero, np.maximum(least, error / TOLERANCE), least)
        wrong = (off > allowed + error) & ~kinks
        relative = off / np.maximum(size, least)
        relative = np.where(kinks | np.isnan(relative), 0.0, relative)
        passed = PASSED if (right & ~kinks).all() else INCONCLUSIVE
        return Judgement(FAILED if wrong.any() else passed, relative, error, wrong, kinks)

    def _parameter(self, name: str, most: int) -> ParameterReport:
        """Every entry (or a random part of so many) against its numerical derivative."""
        claimed = self.claimed[name]
        entries = np.arange(claimed.size)
        if claimed.size > most:
            entries = np.sort(self.rng.choice(claimed.size, most, replace=False))
        quotients = [self.loss.entry(name, int(k)) for k in entries]
        claim = claimed.reshape(-1)[entries]
        found = np.nan_to_num([q.value for q in quotients], posinf=0.0, neginf=0.0)
        size = np.maximum(np.abs(claim), np.abs(found))
        top = max(size.max(initial=0.0), np.abs(claimed).max(initial=0.0))
        judged = self._judged(
            claim,
            quotients,
            size,
            top,
            lambda: self.loss.rounding(name).reshape(-1)[entries],
            lambda k: self.loss.towards(name, int(entries[k])),
        )
        relative = judged.relative
        worst = int(np.argmax(np.where(judged.wrong, 2.0 + relative, relative)) if size.size else 0)
        where = np.unravel_index(int(entries[worst]), claimed.shape) if claimed.ndim else ()
        return ParameterReport(
            float(relative.max(initial=0.0)),
            tuple(int(k) for k in where),
            len(entries),
            claimed.size,
            judged.verdict,
            int(judged.kinks.sum()),
            float(judged.error.max(initial=0.0)),
        )

    def _together(self) -> tuple[float, str]:
        """All entries along a random direction: the relative error, and the verdict."""
        directions = self._directions()
        numeric = self.loss.slope(directions)
        slope, size = self._slope(directions)
        scale = np.array([size or abs(numeric.value) or 1.0])
        rounding = lambda: self._rounding(directions)  # noqa: E731
        judged = self._judged(slope, [numeric], scale, 0.0, rounding, lambda _: directions)
        return float(judged.relative[0]), judged.verdict

    def _directions(self) -> Arrays:
        """A direction in which each entry counts alike, however small its derivative is; one at a
        kink does not move."""
        tops = {n: float(np.abs(g).max(initial=0.0)) for n, g in self.claimed.items()}
        other = min((x for x in tops.values() if x > SMALLEST), default=1.0)  # of one that is 0
        directions = {}
        for n, g in self.claimed.items():
            scale = tops[n] if tops[n] > SMALLEST else other
            signs = self.rng.choice([-1.0, 1.0], g.shape) * self.rng.uniform(0.5, 1.5, g.shape)
            size = np.maximum(np.abs(g), self.loss.even * scale)
            directions[n] = self.loss.still(n) * signs / size
        return directions

    def _slope(self, directions: Arrays) -> tuple[float, float]:
        """The claimed derivative along directions, and the size of its terms."""
        parts = [np.reshape(g * directions[n], -1) for n, g in self.claimed.items()]
        return sum(float(p.sum()) for p in parts), float(np.linalg.norm(np.concatenate(parts)))

    def _rounding(self, directions: Arrays) -> float:
        """What rounding may do to a derivative along directions."""
        return float(sum(np.abs(self.loss.rounding(n) * d).sum() for n, d in directions.items()))

    def _taylor(self) -> tuple[Taylor, bool]:
        """The Taylor test along a random direction, as large as the parameters are; and whether the
        values contradict the claim, with all the noise that they have."""
        loss = self.loss
        directions = {
            n: self.rng.standard_normal(g.shape) * spread(loss.point[n])
            for n, g in self.claimed.items()
        }
        slope, size = self._slope(directions)

        def line(h: float) -> float:
            return float(loss.along(directions, h))

        found = taylor(line, loss.value, slope, size, loss.noise)
        if not found.looks_wrong:
            return found, False
        numeric = derivative(line, 1.0, max(loss.noise, noise_of(line)))
        allowed = RESOLVED * numeric.error + SURE * size + self._rounding(directions)
        return found, not numeric.kink and abs(numeric.value - slope) > allowed
