"""What a check of a gradient found: one report for each parameter, and a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import shorten
from typing import Any

from symgrad.language.markup import code, literal, table
from symgrad.language.phrases import Phrase, phrase

PASSED, FAILED, INCONCLUSIVE, NOT_FINITE = "passed", "failed", "inconclusive", "not finite"
REMAINDERS = {  # where the Taylor test has no slope
    "linear": "loss linear, exact",
    "constant": "loss constant to rounding",
    "rounding": "no Taylor slope, rounding is larger",
}


@dataclass(frozen=True)
class ParameterReport:
    """How one parameter's gradient compares; `error` is the largest that numerical differentiation
    itself may have made, in the units of the gradient."""

    max_relative_error: float
    worst: tuple[int, ...]  # the entry with that error
    checked: int
    size: int
    verdict: str
    kinks: int  # how many of the entries have another derivative to the left than to the right
    error: float

    @property
    def passed(self) -> bool:
        """Whether every entry checked is right."""
        return self.verdict == PASSED

    @property
    def line(self) -> str:
        """What was found of it, in a line."""
        part = "" if self.checked == self.size else f" of {self.size}"
        line = (
            f"largest relative error {self.max_relative_error:.1e} "
            f"over {self.checked}{part} {'entry' if self.size == 1 else 'entries'}"
        )
        if self.verdict == FAILED:
            return f"{line}, at {self.worst}"
        if self.kinks:
            return f"{line}; {self.kinks} at a kink"
        return line if self.passed else f"{line}; rounding hides up to {self.error:.0e}"


@dataclass(frozen=True)
class GradientReport:
    """The verdict: "passed", "failed", "inconclusive" (at a kink, or the loss's rounding hides the
    gradient: `reason` says which) or "not finite"."""

    verdict: str
    parameters: Mapping[str, ParameterReport]  # none where only a direction was checked
    direction_error: float | None  # of all entries together; None where each was checked alone
    taylor_slope: float | None  # None where there is none: `remainder` says why
    remainder: str
    kink_distance: float | None  # None where there is no kink at all, or none is known
    method: str
    reason: str = ""

    def __repr__(self) -> str:
        """The verdict."""
        names = shorten(", ".join(self.parameters), 80, placeholder="...")
        of = f" of {names}" if names else ""
        return f"<GradientReport {self.verdict}{of}: largest error {self.max_relative_error:.0e}>"

    def _repr_markdown_(self) -> str:
        """A row for each parameter, below what is said of all of them."""
        head, *lines = str(self).splitlines()
        rows = [(code(name), literal(report.line)) for name, report in self.parameters.items()]
        parts = [literal(head), *([table(("parameter", ""), rows)] if rows else [])]
        return "\n\n".join([*parts, *map(literal, lines[len(rows) :])])

    @property
    def passed(self) -> bool:
        """Whether the gradient is right."""
        return self.verdict == PASSED

    @property
    def max_relative_error(self) -> float:
        """The largest error of all."""
        errors = [p.max_relative_error for p in self.parameters.values()]
        return max([*errors, self.direction_error or 0.0])

    @property
    def checks(self) -> dict[str, Any]:
        """The verdict, and each error, for a program to read."""
        return {
            "verdict": self.verdict,
            "method": self.method,
            "parameters": {n: report.max_relative_error for n, report in self.parameters.items()},
            "direction": self.direction_error,
            "taylor_slope": self.taylor_slope,
            "kink_distance": self.kink_distance,
        }

    @property
    def sentence(self) -> str:
        """The report in a few words."""
        if self.verdict == NOT_FINITE:
            reason = phrase("not checked, {0}", phrase(self.reason))
            return phrase("{0}: {1}", phrase(self.method), reason)
        error: str = f"{self.max_relative_error:.0e}"
        if not self.passed:
            error = phrase("{0} ({1})", error, phrase(self.verdict))
        checked = phrase("{0}: {1}", self._extent, error)
        return phrase("{0}; {1}", checked, self._taylor)

    @property
    def _taylor(self) -> Phrase:
        if self.taylor_slope is None:
            return phrase(REMAINDERS[self.remainder])
        return phrase("Taylor slope {0}", f"{self.taylor_slope:.2f}")

    @property
    def _extent(self) -> Phrase:
        """The method, and what was checked by it, where it is not each entry alone."""
        method = phrase(self.method)
        if self.direction_error is None:
            return method
        checked = sum(p.checked for p in self.parameters.values())
        size = sum(p.size for p in self.parameters.values())
        if not checked:
            return phrase("{0} along a random direction", method)
        along = "{0} along a random direction and at {1} of {2} entries"
        return phrase(along, method, str(checked), str(size))

    def __str__(self) -> str:
        reason = f": {self.reason}" if self.reason else ""
        lines = [f"gradient check: {self.verdict} ({self.method}){reason}"]
        lines += [f"  {name}: {report.line}" for name, report in self.parameters.items()]
        if self.direction_error is not None:
            lines.append(
                "  all entries together, along a random direction: "
                f"relative error {self.direction_error:.1e}"
            )
        if self.verdict != NOT_FINITE:
            lines.append(f"  {self._taylor}")
        if self.kink_distance is not None:
            lines.append(f"  distance to the nearest kink: {self.kink_distance:.1e}")
        return "\n".join(lines)
