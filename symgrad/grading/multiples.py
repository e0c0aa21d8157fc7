"""Mistakes that are a wrong multiple: of the whole gradient, or of one branch of it."""

from __future__ import annotations

from collections.abc import Callable

from symgrad.grading.evidence import Branch, Evidence
from symgrad.grading.factors import Ratio
from symgrad.language.expressions import Call, Expression, fold
from symgrad.language.operations.meanings import Total
from symgrad.language.problem import Problem


def sign(evidence: Evidence) -> str | None:
    """-1 times the gradient."""
    factor = evidence.factor
    if factor is None or not factor.is_number(-1):
        return None
    return f"The sign is wrong: the answer is -1 times {evidence.exam.what}."


def mean_for_sum(evidence: Evidence) -> str | None:
    """The mean over a batch where the loss has the sum."""
    return _over_batch(evidence, -1, "The answer is a mean over {0}, the loss is a sum")


def sum_for_mean(evidence: Evidence) -> str | None:
    """The sum over a batch where the loss has the mean."""
    return _over_batch(evidence, 1, "The answer is a sum over {0}, the loss is a mean")


def factor(evidence: Evidence) -> str | None:
    """A constant times the gradient."""
    found = evidence.factor
    return None if found is None else _off(f"{evidence.exam.what}", found)


def missing_term(evidence: Evidence) -> str | None:
    """A branch of the chain rule left out."""
    return _branch(evidence, False, lambda found: found.factor.is_number(0), _missing)


def missing_regularizer(evidence: Evidence) -> str | None:
    """The gradient of the regularizer left out."""
    return _branch(evidence, True, lambda found: found.factor.is_number(0), _no_regularizer)


def sign_of_a_term(evidence: Evidence) -> str | None:
    """A branch of the chain rule with the wrong sign."""
    return _branch(
        evidence,
        None,
        lambda found: found.factor.is_number(-1),
        lambda found: f"The sign is wrong of the part that comes through {found.words}.",
    )


def factor_of_the_regularizer(evidence: Evidence) -> str | None:
    """The gradient of the regularizer with a wrong constant factor."""
    return _branch(
        evidence,
        True,
        lambda found: True,
        lambda found: _off(f"the regularizer's gradient, through {found.words}", found.factor),
    )


def factor_of_a_term(evidence: Evidence) -> str | None:
    """A branch of the chain rule with a wrong constant factor."""
    return _branch(
        evidence,
        False,
        lambda found: True,
        lambda found: _off(f"the part that comes through {found.words}", found.factor),
    )


def _branch(
    evidence: Evidence,
    regularizer: bool | None,
    test: Callable[[Branch], bool],
    sentence: Callable[[Branch], str],
) -> str | None:
    found = evidence.branch
    if found is None or regularizer not in (None, found.regularizer) or not test(found):
        return None
    return sentence(found)


def _missing(found: Branch) -> str:
    return f"A term is missing: the part that comes through {found.words}."


def _no_regularizer(found: Branch) -> str:
    return f"The gradient of the regularizer is missing: the part through {found.words}."


def _over_batch(evidence: Evidence, power: int, sentence: str) -> str | None:
    """Off by the size of a batch, all of it or one branch."""
    whole, branch = evidence.factor, evidence.branch if evidence.factor is None else None
    ratio = whole if branch is None else branch.factor
    if ratio is None or not ratio.batch or ratio.power != power or ratio.number != 1:
        return None
    if (power > 0) not in _totals(evidence.exam.problem):
        return None
    text = f"{sentence.format(ratio.unit.strip('|'))}: the answer is {ratio} times what it should"
    return f"{text} be." if branch is None else f"{text} be, through {branch.words}."


def _totals(problem: Problem) -> set[bool]:
    """Whether the loss has means over a batch (True) or sums (False)."""
    found: set[bool] = set()

    def visit(node: Expression, arguments: tuple[None, ...]) -> None:
        if isinstance(node, Call) and isinstance(node.operation.meaning, Total):
            found.add(node.operation.meaning.mean)

    for root in (*problem.definitions.values(), problem.output):
        fold(root, visit)
    return found


def _off(what: str, ratio: Ratio) -> str:
    """The answer has `ratio` times this: a factor is missing, or is too much."""
    small = ratio.power < 0 if ratio.unit else abs(float(ratio.number)) < 1
    if small:
        return f"The answer has {ratio} times {what}: the factor {1 / ratio} is missing."
    return f"The answer has {ratio} times {what}: the factor {ratio} is too much."
