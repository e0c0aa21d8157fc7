"""What a grader says."""

from __future__ import annotations

from dataclasses import dataclass

CORRECT = "correct"


@dataclass(frozen=True)
class Verdict:
    """Whether a claim is right, and if not, why.

    `kind` is "correct" or the name of the mistake (see `symgrad.grading.mistakes.MISTAKES`);
    `diagnosis` says it in a sentence; `expected` is the right result as text of the language.
    Where a derivation was graded, `line` counts from 1 and is that of the first line that is not
    true.
    """

    correct: bool
    kind: str
    diagnosis: str
    expected: str
    line: int | None = None

    def __str__(self) -> str:
        if self.correct:
            return self.diagnosis
        place = "" if self.line is None else f" (line {self.line})"
        text = f"Wrong{place}: {self.diagnosis}"
        if self.expected:
            indented = self.expected.replace("\n", "\n    ")
            text += f"\nRight would be:\n    {indented}"
        return text
