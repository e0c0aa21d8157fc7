"""What verification found: the error of each step's identities, and the verdict of all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from symgrad.language.markup import table

TOLERANCE = 1e-8


@dataclass(frozen=True)
class StepCheck:
    """The relative error of one step's identities: 0 is exact, inf where one side alone is not
    finite, nan where nothing finite could be compared with one of them."""

    number: int
    error: float

    @property
    def passed(self) -> bool:
        """Whether the step is true; what could not be compared is not."""
        return self.error <= TOLERANCE


@dataclass(frozen=True)
class Verification:
    """All steps and results; `number` 0 stands for the results, as printed and as computed."""

    steps: tuple[StepCheck, ...]

    def __repr__(self) -> str:
        """The verdict."""
        error = self.max_relative_error
        return f"<Verification {self.verdict}: {len(self.steps)} checks, largest error {error:.0e}>"

    def _repr_markdown_(self) -> str:
        """The error of each step, and that of the results, as printed and as computed."""
        errors: dict[int, list[float]] = {}
        for step in self.steps:
            errors.setdefault(step.number, []).append(step.error)
        rows = [(f"({n})" if n else "results", f"{np.max(e):.0e}") for n, e in errors.items()]
        heads = ("step", "largest relative error")
        return f"Verification: {self.verdict}\n\n{table(heads, rows)}"

    @property
    def passed(self) -> bool:
        """Whether everything is true."""
        return all(step.passed for step in self.steps)

    @property
    def max_relative_error(self) -> float:
        """The largest error of all."""
        return max((step.error for step in self.steps if step.error >= 0), default=0.0)

    @property
    def failed(self) -> tuple[int, ...]:
        """The numbers of the steps that are not true."""
        return tuple(step.number for step in self.steps if step.error > TOLERANCE)

    @property
    def verdict(self) -> str:
        """ "passed", "failed", or "not checked" where of a step nothing was finite."""
        return "failed" if self.failed else "not checked" if self.unchecked else "passed"

    @property
    def unchecked(self) -> tuple[int, ...]:
        """The numbers of the steps of which nothing was finite."""
        return tuple(step.number for step in self.steps if np.isnan(step.error))
