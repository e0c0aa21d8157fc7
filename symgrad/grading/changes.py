"""The one operation of a formula that explains a wrong claim."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

import numpy as np

from symgrad.calculus.index_notation import IndexForm
from symgrad.calculus.lowering import Tensor
from symgrad.errors import SymgradError
from symgrad.grading.answer import Claim, read_answer
from symgrad.grading.exam import Exam, close
from symgrad.grading.points import Point, Values
from symgrad.grading.rewritings import OPPOSITE, Change, changed_names, changed_operations
from symgrad.grading.stepwise import with_definitions
from symgrad.language.dimensions import Shape
from symgrad.language.expressions import Expression, Name, parts

WORK = 25_000  # formulas that are tried, times the length of one
LOOSER = 4  # times the noise that a right answer may have: for what is only computed to compare


@dataclass(frozen=True)
class Replacement:
    """In the claim `wrong` stands, or comes to the same, where `right` belongs."""

    kind: str
    wrong: Expression
    right: Expression


def replacement(exam: Exam) -> Replacement | None:
    """The one operation that explains the mistake: to change it makes the claim right, or the right
    result the claim."""
    for change, changed in _changes(exam, exam.claim, next(iter(exam.shapes)), exam.want):
        if replace(exam, claim=changed).correct:
            return Replacement(change.kind, change.old, change.new)
    right = _right_formula(exam)
    shape = exam.claim.expression.shape
    for change, changed in _changes(exam, right, shape, exam.got) if right else ():
        if is_claim(exam, changed):
            return Replacement(OPPOSITE.get(change.kind, change.kind), change.new, change.old)
    return None


def is_claim(exam: Exam, formula: Claim) -> bool:
    """Whether a formula is the claim on both sides of its own kinks, too."""
    other = replace(exam, claim=formula)

    def is_finite(point: Point) -> bool:
        return all(bool(np.all(np.isfinite(e.claimed_at(point)))) for e in (exam, other))

    points, _ = other.covering(exam.points, other.targets, is_finite)
    return all(
        close(exam.claimed_at(p), other.claimed_at(p), _noise(exam, other, p)) for p in points
    )


def _noise(exam: Exam, other: Exam, point: Point) -> float:
    return LOOSER * max(exam.noise_at(point), other.noise_at(point))


def _changes(
    exam: Exam, claim: Claim, shape: Shape, wanted: list[np.ndarray]
) -> Iterator[tuple[Change, Claim]]:
    """Every change of one operation after which a claim has these values at all points."""
    formulas = {**claim.definitions, "": claim.expression}
    tensors = with_definitions(exam.tensors, formulas)
    root = tensors[""].closed().node
    values = [point.values([root]) for point in exam.points]
    most = WORK // sum(len(parts(formula)) for formula in formulas.values())
    for name, change in islice(_candidates(exam, formulas, shape), most):
        changed = {**formulas, name: change.formula}
        if _is_valued(exam, changed, tensors, values, wanted):
            *definitions, (_, expression) = changed.items()
            problem = replace(
                claim.problem, definitions={**claim.problem.definitions, **dict(definitions)}
            )
            yield change, Claim(problem, expression, dict(definitions))


def _candidates(
    exam: Exam, formulas: Mapping[str, Expression], shape: Shape
) -> Iterator[tuple[str, Change]]:
    """Each change of one formula; the last one, "", may come to this shape."""
    for changes in (changed_operations, partial(changed_names, names=_names(exam))):
        for name, formula in formulas.items():
            for change in changes(formula, formula.shape if name else shape):
                yield name, change


def _is_valued(
    exam: Exam,
    formulas: Mapping[str, Expression],
    tensors: Mapping[str, Tensor],
    values: Sequence[Values],
    wanted: list[np.ndarray],
) -> bool:
    """Whether the last formula has the wanted values; those in `values` are not computed again."""
    try:
        changed = with_definitions(tensors, formulas)[""]
        return all(
            close(point.value(changed, unchanged), array, LOOSER * noise)
            for point, unchanged, array, noise in zip(
                exam.points, values, wanted, exam.noise, strict=True
            )
        )
    except SymgradError:
        return False  # such as the inverse of a number, which the language does not have


def _names(exam: Exam) -> list[Name]:
    """What the claim may refer to."""
    problem, definitions = exam.claim.problem, exam.claim.definitions
    variables = [v.expression() for v in problem.variables.values() if v.kind != "Index"]
    computed = [(n, d) for n, d in problem.definitions.items() if n not in definitions]
    return [*variables, *(Name(n, d.shape, d.batch) for n, d in computed)]


def _right_formula(exam: Exam) -> Claim | None:
    """The right result as a claim, where the language can say it."""
    if isinstance(exam.outcome.expression, IndexForm):
        return None
    try:
        return read_answer(exam.claim.problem, exam.expected)
    except SymgradError:
        return None  # such as a result with the size of a batch
