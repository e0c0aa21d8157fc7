"""Mistakes that are a wrong multiple: of the whole gradient, or of one branch of it."""

from __future__ import annotations

from functools import partial

from symgrad.grading.evidence import Evidence, Finding, Mistake
from symgrad.grading.formulas import times
from symgrad.language.expressions import calls_in
from symgrad.language.operations.meanings import Total


def _sign(evidence: Evidence) -> Finding | None:
    factor = evidence.factor
    if factor is None or not factor.is_number(-1):
        return None
    return Finding(
        f"The sign is wrong: the answer is -1 times {evidence.exam.what}.",
        correction="Multiply the answer by -1.",
    )


def _factor(evidence: Evidence) -> Finding | None:
    ratio = evidence.factor
    if ratio is None:
        return None
    return Finding(
        times(evidence.exam.what, ratio), correction=f"Multiply the answer by {1 / ratio}."
    )


def _size_of_batch(power: int, sentence: str, evidence: Evidence) -> Finding | None:
    """Off by the size of a batch, all of it or one branch."""
    whole, branch = evidence.factor, evidence.branch if evidence.factor is None else None
    ratio = whole if branch is None else branch.factor
    if ratio is None or not ratio.batch or ratio.power != power or ratio.number != 1:
        return None
    problem = evidence.exam.problem
    meanings = (call.operation.meaning for call in calls_in(*problem.formulas))
    if not any(isinstance(m, Total) and m.mean == (power > 0) for m in meanings):
        return None
    text = f"{sentence.format(ratio.batch)}: the answer is {ratio} times what it should"
    if branch is None:
        return Finding(f"{text} be.", correction=f"Multiply the answer by {1 / ratio}.")
    part = f"the part through {branch.words}"
    return Finding(
        f"{text} be, through {branch.words}.", f"In {part}.", f"Multiply {part} by {1 / ratio}."
    )


def _of_branch(
    number: int | None, regularizer: bool | None, sentence: str, evidence: Evidence
) -> Finding | None:
    """A branch of the chain rule with this factor, or with any."""
    branch = evidence.branch
    if branch is None or regularizer not in (None, branch.regularizer):
        return None
    part = f"the part through {branch.words}"
    where = f"In {part}."
    if number is None:
        text = times(sentence.format(branch.words), branch.factor)
        return Finding(text, where, f"Multiply {part} by {1 / branch.factor}.")
    if not branch.factor.is_number(number):
        return None
    change = f"Add {part}." if number == 0 else f"Change the sign of {part}."
    return Finding(sentence.format(branch.words), where, change)


MEAN = "The answer is a mean over {0}, the loss is a sum"
SUM = "The answer is a sum over {0}, the loss is a mean"
NO_REGULARIZER = "The gradient of the regularizer is missing: the part through {0}."
NO_TERM = "A term is missing: the part that comes through {0}."
SIGN = "The sign is wrong of the part that comes through {0}."
REGULARIZER = "the regularizer's gradient, through {0}"
TERM = "the part that comes through {0}"
MISTAKES = (
    Mistake(
        "sign",
        "-1 times the gradient.",
        "Minus signs add up along the chain rule: d(y - f) = -df, d(-log p) = -dp / p.",
        _sign,
    ),
    Mistake(
        "mean_for_sum",
        "The mean over a batch where the loss has the sum.",
        "The derivative of a sum over examples is the sum of the derivatives; nothing is divided "
        "by their number.",
        partial(_size_of_batch, -1, MEAN),
    ),
    Mistake(
        "sum_for_mean",
        "The sum over a batch where the loss has the mean.",
        "The derivative of a mean over n examples is the sum of the derivatives, divided by n.",
        partial(_size_of_batch, 1, SUM),
    ),
    Mistake(
        "factor",
        "A constant times the gradient.",
        "Constant factors stay, and a power brings its exponent down: d(u^2) = 2 u du.",
        _factor,
    ),
    Mistake(
        "missing_regularizer",
        "The gradient of the regularizer left out.",
        "The derivative of a sum is the sum of the derivatives, the regularizer's too.",
        partial(_of_branch, 0, True, NO_REGULARIZER),
    ),
    Mistake(
        "missing_term",
        "A branch of the chain rule left out.",
        "By the chain rule the parts that come through all uses of a value add up.",
        partial(_of_branch, 0, False, NO_TERM),
    ),
    Mistake(
        "sign_of_a_term",
        "A branch of the chain rule with the wrong sign.",
        "Of a difference a - b the second part has derivative -1.",
        partial(_of_branch, -1, None, SIGN),
    ),
    Mistake(
        "factor_of_the_regularizer",
        "The gradient of the regularizer with a wrong constant factor.",
        "A power brings its exponent down, d(w^2) = 2 w dw; the weight stays.",
        partial(_of_branch, None, True, REGULARIZER),
    ),
    Mistake(
        "factor_of_a_term",
        "A branch of the chain rule with a wrong constant factor.",
        "Constant factors stay, and a power brings its exponent down: d(u^2) = 2 u du.",
        partial(_of_branch, None, False, TERM),
    ),
)
