"""The kinds of mistakes, in the order in which they are looked for: the first that explains a
wrong answer at every random point is the diagnosis."""

from __future__ import annotations

from symgrad.grading import formulas, multiples, rules, shapes, slips
from symgrad.grading.assumptions import ASSUMPTION, BRANCH, SYMMETRIC
from symgrad.grading.comparison import vanish
from symgrad.grading.doubles import ONE_TERM, two_mistakes
from symgrad.grading.evidence import Evidence, Finding, Mistake
from symgrad.grading.verdict import Verdict
from symgrad.language.dimensions import SCALAR

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
    *slips.MISTAKES,
    SYMMETRIC,
    formulas.MASK,
    BRANCH,
    *formulas.OPERATIONS,
    slips.ANOTHER,
    ASSUMPTION,
    *formulas.OTHERS,
    ONE_TERM,
)
PARTIAL = ("wrong_shape", "batch_sum_forgotten")  # what may not be all that is wrong
TWO = Mistake(
    "two_mistakes",
    "Two of these at once.",
    "Look at one step at a time: constant factors, signs and transposes last.",
    lambda evidence: None,
)


def diagnose(evidence: Evidence) -> Verdict:
    """The verdict on a wrong claim: the kind of its mistake, and the sentence that says it."""
    first = single(evidence)
    if first is None or first[0].name in PARTIAL:
        both = two_mistakes(evidence, single)
        if both is not None:
            return _wrong(evidence, TWO, both)
    if first is not None:
        return _wrong(evidence, *first)
    worst = shapes.worst_entry(evidence.exam)
    sentence = f"This is wrong, and not a kind of mistake that is listed. {worst}"
    return _wrong(evidence, UNLISTED, Finding(sentence))


def single(evidence: Evidence) -> tuple[Mistake, Finding] | None:
    """The one mistake that explains a claim."""
    exam = evidence.exam
    listed = OF_NOTHING if vanish(exam.got, exam.noise) else MISTAKES
    if exam.right_shape and all(map(exam.sides.agree, exam.drawn)):
        listed = (BRANCH, *listed)  # it is wrong where inputs were moved to
    if not exam.right_shape and SCALAR in (exam.claim.expression.shape, *exam.shapes):
        listed = (*formulas.OF_VECTORS, *listed)
    for mistake in listed:
        found = mistake.explain(evidence)
        if found is not None:
            return mistake, found
    return None


def _wrong(evidence: Evidence, mistake: Mistake, found: Finding) -> Verdict:
    where = found.where or shapes.where(evidence.exam)
    hints = (where, mistake.rule, found.correction or found.sentence)
    return Verdict(False, mistake.name, found.sentence, evidence.exam.expected, hints=hints)
