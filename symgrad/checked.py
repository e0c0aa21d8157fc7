"""What the texts of a derivation say of its checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from symgrad.language.phrases import joined, phrase

if TYPE_CHECKING:
    from symgrad.numerics.checks.reports import GradientReport
    from symgrad.numerics.checks.steps import Verification


@dataclass(frozen=True)
class Checked:
    """What the texts say of the checks: all steps, and for a gradient the finite differences
    too."""

    verification: Verification
    gradient: GradientReport | None

    @property
    def max_relative_error(self) -> float:
        """The largest error of a step."""
        return self.verification.max_relative_error

    @property
    def sentence(self) -> str:
        """Both checks in a line."""
        error = phrase("largest relative error {0}", f"{self.max_relative_error:.0e}")
        parts: list[str] = [phrase("every step at random numbers: {0}", error)]
        if unchecked := self.verification.unchecked:
            named = (phrase(f"({k})" if k else "the result") for k in dict.fromkeys(unchecked))
            parts = [phrase("nothing to compare in {0}: not checked", joined(", ", named))]
            if len(unchecked) < len(self.verification.steps):
                parts.append(phrase("the other steps at random numbers: {0}", error))
        if self.gradient is not None:
            parts.append(self.gradient.sentence)
        return joined("; ", parts)

    @property
    def verdict(self) -> str:
        """ "passed", "failed", "inconclusive", or "not checked" where nothing finite was found."""
        if self.verification.unchecked:
            return "not checked"
        return "passed" if self.gradient is None else self.gradient.verdict

    @property
    def checks(self) -> dict[str, Any]:
        """The error of each step and of the result (0), and how the gradient was compared."""
        steps: dict[int, list[float]] = {}
        for step in self.verification.steps:
            steps.setdefault(step.number, []).append(step.error)
        errors = {number: max(own) for number, own in steps.items()}
        return {"steps": errors, "gradient": self.gradient and self.gradient.checks}


@dataclass(frozen=True)
class StepChecked(Checked):
    """What the texts say of the checks of a program with steps."""

    lengths: tuple[int, ...] = ()

    @property
    def sentence(self) -> str:
        """All checks in a line."""
        steps = ", ".join(map(str, self.lengths))
        unrolled = phrase("line by line the same as unrolled for {0} steps", steps)
        return joined("; ", (super().sentence, unrolled))
