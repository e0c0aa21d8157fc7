"""The kinds of mistakes, in the order in which they are looked for: the first that explains a
wrong answer at every random point is the diagnosis."""

from __future__ import annotations

from symgrad.grading import formulas, multiples, rules, shapes
from symgrad.grading.evidence import Evidence

UNLISTED = "unlisted"
MISTAKES = (*shapes.MISTAKES, *multiples.MISTAKES, *rules.MISTAKES, *formulas.MISTAKES)


def diagnose(evidence: Evidence) -> tuple[str, str]:
    """The kind of a wrong claim's mistake, and the sentence that says it."""
    for mistake in MISTAKES:
        sentence = mistake.explain(evidence)
        if sentence is not None:
            return mistake.name, sentence
    worst = shapes.worst_entry(evidence.exam)
    return UNLISTED, f"This is wrong, and not a kind of mistake that is listed. {worst}"
