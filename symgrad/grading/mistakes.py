"""The kinds of mistakes, in the order in which they are looked for: the first that explains a
wrong answer at every random point is the diagnosis."""

from __future__ import annotations

from symgrad.grading import formulas, multiples, rules, shapes
from symgrad.grading.assumptions import BRANCH
from symgrad.grading.evidence import Evidence, Finding, Mistake
from symgrad.grading.verdict import Verdict

UNLISTED = Mistake(
    "unlisted",
    "None of the listed kinds.",
    "The chain rule: the cotangent of each step is the sum over its uses, each the cotangent of "
    "the use times its derivative.",
    lambda evidence: None,
)
OF_NOTHING = (*shapes.MISTAKES, BRANCH, shapes.ZERO)  # of an answer that is 0
MISTAKES = (
    *shapes.MISTAKES,
    shapes.ZERO,
    *multiples.MISTAKES,
    *rules.MISTAKES,
    BRANCH,
    *formulas.MISTAKES,
)


def diagnose(evidence: Evidence) -> Verdict:
    """The verdict on a wrong claim: the kind of its mistake, and the sentence that says it."""
    for mistake in OF_NOTHING if shapes.is_zero(evidence.exam.got) else MISTAKES:
        found = mistake.explain(evidence)
        if found is not None:
            return _wrong(evidence, mistake, found)
    worst = shapes.worst_entry(evidence.exam)
    sentence = f"This is wrong, and not a kind of mistake that is listed. {worst}"
    return _wrong(evidence, UNLISTED, Finding(sentence))


def _wrong(evidence: Evidence, mistake: Mistake, found: Finding) -> Verdict:
    where = found.where or shapes.where(evidence.exam)
    hints = (where, mistake.rule, found.correction or found.sentence)
    return Verdict(False, mistake.name, found.sentence, evidence.exam.expected, hints=hints)
