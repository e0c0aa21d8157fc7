"""Two mistakes at once: one that is listed, and a factor, a transpose, a sum or another one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations
from typing import TypeAlias

import numpy as np

from symgrad.errors import SymgradError
from symgrad.grading.answer import Claim
from symgrad.grading.branches import shortened
from symgrad.grading.calculation import Statement, Use
from symgrad.grading.changes import Formulas, all_but_one, pairs, right_formula
from symgrad.grading.comparison import LOOSER, close
from symgrad.grading.evidence import Evidence, Finding, Mistake
from symgrad.grading.exam import Exam
from symgrad.grading.factors import At, Ratio, multiple_in, named_ratio
from symgrad.grading.formulas import described, off
from symgrad.grading.shapes import over_examples
from symgrad.language.expressions import Expression, calls_in
from symgrad.language.operations.arithmetic import transpose
from symgrad.language.operations.batches import batch_mean, batch_sum, over_batch
from symgrad.language.unparse import unparse

_Part: TypeAlias = tuple[Callable[[Ratio], Finding], At, Use | None]
Single: TypeAlias = Callable[[Evidence], tuple[Mistake, Finding] | None]
NOTHING = 1e-9  # times a part: none of it
MOST_PARTS = 8  # of which two may be wrong


def two_mistakes(evidence: Evidence, single: Single) -> Finding | None:
    """The two mistakes that explain a claim, `single` being the search for one."""
    for search in (_factor_and_rule, _two_parts, _change_and_term, _two_changes):
        found = search(evidence) if evidence.exam.right_shape else None
        if found is not None:
            return found
    exams = [(w, replace(evidence.exam, claim=claim)) for w, claim in _repaired(evidence.exam)]
    if any(exam.correct for _, exam in exams):
        return None  # that is all that is wrong
    for words, exam in exams:
        rest = single(Evidence(exam)) if exam.right_shape else None
        if rest is not None:
            return _both(Finding(words, "In the shape of the answer.", words), rest[1])
    return None


def _both(one: Finding, other: Finding) -> Finding:
    where = " ".join(dict.fromkeys(filter(None, (one.where, other.where))))
    right = f"{one.correction or one.sentence} {other.correction or other.sentence}"
    return Finding(f"Two things are wrong. {one.sentence} {other.sentence}", where, right)


def _multiplied(ratio: Ratio) -> Finding:
    """That what is left of a claim has a wrong factor."""
    if ratio.is_number(-1):
        return Finding("The sign is wrong.", "", "Change the sign.")
    word = f"{1 / ratio} is missing" if ratio.is_small else f"{ratio} is too much"
    return Finding(f"Beside that, the factor {word}.", "", f"Multiply by {1 / ratio}.")


def _factor_and_rule(evidence: Evidence) -> Finding | None:
    for found, ratio in evidence.nearly:
        if ratio.number:
            return _both(found, _multiplied(ratio))
    return None


def _change_and_term(evidence: Evidence) -> Finding | None:
    found = all_but_one(evidence.exam)
    if found is None:
        return None
    change, ratio, term = found
    told = described(evidence, change)
    return _both(told, _multiplied(ratio) if term is None else _off_term(term, ratio))


def _words(term: Expression) -> str:
    return f"the term {shortened(unparse(term))}"


def _off_term(term: Expression, ratio: Ratio) -> Finding:
    """A term of the right result is named where it stands in the answer, too."""
    if ratio.number:
        return off(_words(term), ratio)
    return Finding("A term is missing.", "In the sum as a whole.", f"Add {_words(term)}.")


def _two_changes(evidence: Evidence) -> Finding | None:
    found = pairs(evidence.exam)
    if found is None:
        return None
    return _both(*(described(evidence, replacement) for replacement in found))


def _one_term(evidence: Evidence) -> Finding | None:
    """A term of the right result that the answer has another multiple of; or one of the answer's
    own."""
    exam = evidence.exam
    right = right_formula(exam) if exam.right_shape else None
    for term, value in Formulas(exam, right).terms() if right is not None else ():
        ratio = multiple_in(exam, exam.want, value)
        if ratio is not None and not ratio.is_number(1):
            return _off_term(term, ratio)
    for term, value in Formulas(exam, exam.claim).terms() if exam.right_shape else ():
        ratio = multiple_in(exam, exam.got, value, exam.want.__getitem__)
        if ratio is not None and ratio.number and not ratio.is_number(1):
            return off(_words(term), 1 / ratio)
    return None


ONE_TERM = Mistake(
    "term_of_the_result",
    "A term of the result left out, or with another factor.",
    "A derivative of a sum is the sum of the derivatives, each with its own factor.",
    _one_term,
)


# two branches


def _two_parts(evidence: Evidence) -> Finding | None:
    """Two branches of the chain rule, or two terms of the right result."""
    for exam, numbers, found in _parts(evidence):
        for (one, of_one, use), (other, of_other, with_it) in combinations(found[:MOST_PARTS], 2):
            if use is not None and with_it is not None and _is_inside(use, with_it):
                continue
            ratios = _multiples(exam, numbers, of_one, of_other)
            if ratios is not None and not any(ratio.is_number(1) for ratio in ratios):
                return _both(one(ratios[0]), other(ratios[1]))
    return None


def _is_inside(one: Use, other: Use) -> bool:
    """Whether what comes through one of two uses comes through the other, too."""
    return one.statement in _needed(other.argument) or other.statement in _needed(one.argument)


def _needed(statement: Statement) -> set[Statement]:
    """It, and all that it is computed from."""
    needed, pending = {statement}, [statement]
    while pending:
        new = set(pending.pop().arguments) - needed
        needed |= new
        pending += new
    return needed


def _parts(evidence: Evidence) -> Iterator[tuple[Exam, Sequence[int], list[_Part]]]:
    """All parts of a gradient, each with the use that it comes through, where it is that of one."""
    branches = evidence.branches
    if branches is not None:
        uses = branches.calculation.uses[: 4 * MOST_PARTS]
        last = [use for use in uses if use.argument is branches.calculation.variable]
        chosen = dict.fromkeys([*filter(branches.is_regularizer, uses), *last, *uses])
        yield (
            branches.exam,
            branches.points,
            [
                (
                    partial(off, f"the part through {branches.describe(use)}"),
                    partial(branches.part, use),
                    use,
                )
                for use in chosen
            ],
        )
    right = right_formula(evidence.exam)
    if right is not None:
        terms = Formulas(evidence.exam, right).terms()
        numbers = range(len(evidence.exam.points))
        yield evidence.exam, numbers, [(partial(_off_term, t), value, None) for t, value in terms]


def _multiples(
    exam: Exam, numbers: Sequence[int], one: At, other: At
) -> tuple[Ratio, Ratio] | None:
    """The multiples that a claim has of two parts, if all else is right."""
    found: tuple[dict[int, float], dict[int, float]] = ({}, {})
    for k in numbers:
        parts = np.stack([np.ravel(at(k)) for at in (one, other)], axis=1)
        off = (exam.got[k] - exam.want[k]).ravel()
        sizes = np.linalg.norm(parts, axis=0)
        if not np.all(sizes) or np.linalg.cond(parts / sizes) > 1e6:
            continue
        change = np.linalg.lstsq(parts / sizes, off, rcond=None)[0] / sizes
        if not close(parts @ change, off, LOOSER * exam.noise[k] + 1e-10 * float(np.max(sizes))):
            return None
        for values, value in zip(found, change, strict=True):
            values[k] = 1 + float(value) if abs(1 + value) > NOTHING else 0.0
    if len(found[0]) < 2:
        return None
    one_ratio, other_ratio = (named_ratio(f, exam.points, exam.problem) for f in found)
    return None if one_ratio is None or other_ratio is None else (one_ratio, other_ratio)


# an answer of the right shape, but for one thing


def _repaired(exam: Exam) -> Iterator[tuple[str, Claim]]:
    """The claim with its transpose taken, or summed over its batch, and what was wrong before."""
    expression = exam.claim.expression
    forms: list[tuple[str, partial[Expression]]] = []
    if len(expression.shape) == 2:
        forms.append(("The answer is to be transposed.", partial(transpose, expression)))
    if expression.batch is not None and exam.batch is None:
        names = exam.claim.problem.examples(expression.batch)
        batch = expression.batch
        totals = [("sum", batch_sum), ("mean", batch_mean)]
        used = {call.operation for call in calls_in(*exam.problem.formulas)}
        for word, total in sorted(totals, key=lambda pair: pair[1] not in used):
            summed = partial(over_batch, total, expression, names, batch)
            forms.append((f"The {word} over {batch} is forgotten.", summed))
        if (over := over_examples(exam, batch)) is not None:
            yield f"A sum or mean is to go over {batch}.", replace(exam.claim, expression=over)
    for words, form in forms:
        try:
            yield words, replace(exam.claim, expression=form())
        except SymgradError:
            continue
