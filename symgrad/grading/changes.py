"""The one operation of a formula that explains a wrong claim."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import islice
from typing import NamedTuple

import numpy as np

from symgrad.calculus.tensors import Tensor
from symgrad.errors import SymgradError
from symgrad.grading.answer import Claim, read_answer
from symgrad.grading.comparison import LOOSER, RELATIVE, close
from symgrad.grading.exam import Exam
from symgrad.grading.factors import At, Ratio, multiple, multiple_in
from symgrad.grading.points import Point
from symgrad.grading.rewritings import (
    OPPOSITE,
    Change,
    changed_families,
    changed_names,
    changed_operations,
    summands,
    unshared,
)
from symgrad.grading.stepwise import stepwise
from symgrad.language.dimensions import Shape
from symgrad.language.expressions import Call, Expression, Name, Size, names_in, parts
from symgrad.language.operations.meanings import Elementwise
from symgrad.language.unparse import unparse

WORK = 25_000  # formulas that are tried, times the length of one


class Formulas:
    """The formulas of a claim, its definitions and last "" the claim itself, with their values at
    the points of an exam."""

    def __init__(self, exam: Exam, claim: Claim) -> None:
        self.exam = exam
        self.claim = claim
        written = {**claim.definitions, "": claim.expression}
        self.formulas = {name: unshared(formula) for name, formula in written.items()}
        self.tensors = dict(exam.tensors)
        self.known: dict[Expression, Tensor] = {}  # what the parts mean
        for name, formula in self.formulas.items():
            self.tensors[name] = stepwise(formula, self.tensors, self.known)
        self.values = cache(lambda k: exam.points[k].values([self.tensors[""].closed().node]))
        self.most = WORK // sum(len(parts(formula)) for formula in self.formulas.values())

    def changed(self, shape: Shape) -> Iterator[tuple[Change, Claim]]:
        """Each claim of this shape that differs in one operation."""
        return islice(self._changed(shape), self.most)

    def _changed(self, shape: Shape) -> Iterator[tuple[Change, Claim]]:
        names = _names(self.exam)
        own: list[Name | Size] = [
            Name(n, e.shape, e.batch) for n, e in self.claim.definitions.items()
        ]
        for changes in (changed_operations, changed_families, changed_names):
            for name, formula in self.formulas.items():
                given = () if changes is changed_operations else (names if name else names + own,)
                for change in changes(formula, formula.shape if name else shape, *given):
                    yield change, self._with({**self.formulas, name: change.formula})

    def _with(self, formulas: Mapping[str, Expression]) -> Claim:
        *definitions, (_, expression) = formulas.items()
        own = dict(definitions)
        whole = {**self.claim.problem.definitions, **own}
        return Claim(replace(self.claim.problem, definitions=whole), expression, own)

    def at(self, claim: Claim, k: int) -> np.ndarray | None:
        """The value of a changed claim at a point; None where the language does not have it, such
        as the inverse of a number."""
        try:
            return self.exam.points[k].value(self._tensor(claim), self.values(k))
        except SymgradError:
            return None

    def _tensor(self, claim: Claim) -> Tensor:
        """What a changed claim means; of its formulas those are read that have changed, or use
        what has."""
        tensors, new = dict(self.tensors), set[str]()
        for name, formula in {**claim.definitions, "": claim.expression}.items():
            used = names_in(formula).keys()
            if formula is not self.formulas[name] or used & new:
                known = {} if used & new else dict(self.known)
                tensors[name] = stepwise(formula, tensors, known)
                new.add(name)
        return tensors[""]

    def has(self, claim: Claim, wanted: Sequence[np.ndarray]) -> bool:
        """Whether a changed claim has the wanted values at all points."""
        return len(wanted) == len(self.exam.points) and all(
            (got := self.at(claim, k)) is not None and close(got, want, LOOSER * noise)
            for k, (want, noise) in enumerate(zip(wanted, self.exam.noise, strict=True))
        )

    def terms(self) -> list[tuple[Expression, At]]:
        """The terms of the claim, each with its values at the points."""
        summed = summands(self.formulas[""])
        tensors = [(term, stepwise(term, self.tensors)) for term in summed]
        return [
            (term, cache(lambda k, tensor=tensor: self.exam.points[k].value(tensor)))
            for term, tensor in (tensors if len(tensors) > 1 else ())
        ]


def replacement(exam: Exam) -> Change | None:
    """The one operation that explains the mistake: to change it makes the claim right, or the right
    result the claim."""
    formulas = Formulas(exam, exam.claim)
    for change, changed in formulas.changed(_shape(exam)):
        if formulas.has(changed, exam.want) and replace(exam, claim=changed).correct:
            return change
    right = right_formula(exam)
    if right is None:
        return None
    formulas = Formulas(exam, right)
    for change, changed in formulas.changed(exam.claim.expression.shape):
        if _is_seen(change) and formulas.has(changed, exam.got) and is_claim(exam, changed):
            return _reversed(change)
    return None


def all_but_one(exam: Exam) -> tuple[Change, Ratio, Expression | None] | None:
    """The one operation after which a claim is a multiple of the right result, and which; or after
    which it is right but for a multiple of this one of the right result's terms."""
    formulas, right = Formulas(exam, exam.claim), right_formula(exam)
    terms = [] if right is None else Formulas(exam, right).terms()
    for change, changed in formulas.changed(_shape(exam)):
        at = cache(partial(formulas.at, changed))
        ratio = multiple(exam, exam.want.__getitem__, wanted=at)
        if ratio is not None and ratio.number:
            return change, ratio, None
        for term, value in terms:
            ratio = multiple_in(exam, exam.want, value, at)
            exchanged = change.kind == "extra_term" and ratio is not None and not ratio.number
            if ratio is not None and not ratio.is_number(1) and not exchanged:
                return change, ratio, term
    return None


def pairs(exam: Exam) -> tuple[Change, Change] | None:
    """A change of the claim and one of the right result after which they are the same."""
    right = right_formula(exam)
    if right is None:
        return None
    k = min(range(len(exam.points)), key=lambda k: exam.want[k].size)
    noise = LOOSER * exam.noise[k]
    own, other = Formulas(exam, exam.claim), Formulas(exam, right)
    ones = _values(own, _shape(exam), k)
    changed_right = _values(other, exam.claim.expression.shape, k)
    others = sorted((x for x in changed_right if _is_seen(x.change)), key=lambda x: x.key)
    keys = [x.key for x in others]
    for one in ones:
        near = RELATIVE * abs(one.key) + noise * one.value.size
        for two in others[bisect_left(keys, one.key - near) : bisect_right(keys, one.key + near)]:
            if _says_two(one.change, two.change) and close(one.value, two.value, noise):
                changed = replace(exam, claim=one.claim)
                values = (other.at(two.claim, k) for k in range(len(exam.points)))
                wanted = [value for value in values if value is not None]
                if own.has(one.claim, wanted) and is_claim(changed, two.claim):
                    return one.change, _reversed(two.change)
    return None


class _Changed(NamedTuple):
    """A changed formula, its value at a point, and a number that equal values share."""

    change: Change
    claim: Claim
    value: np.ndarray
    key: float


def _values(formulas: Formulas, shape: Shape, k: int) -> list[_Changed]:
    """Those that are finite and not 0."""
    found = []
    for change, claim in formulas.changed(shape):
        value = formulas.at(claim, k)
        if value is not None and np.all(np.isfinite(value)) and np.any(value):
            weights = np.cos(np.arange(1, value.size + 1))  # none of them alike
            found.append(_Changed(change, claim, value, float(weights @ value.ravel())))
    return found


def _says_two(one: Change, two: Change) -> bool:
    """Whether two changes are no single one: what differs was not left out on both sides, nor made
    the same."""
    left_out = {"extra_term", "extra_factor"} >= {one.kind, two.kind}
    return not left_out and unparse(one.new) != unparse(two.new)


def _is_seen(change: Change) -> bool:
    """Whether the right formula so changed says what a claim looks like: a function with a kink,
    or in the place of one, comes to the same as many formulas, sign(p) as 1 where p is positive."""
    meanings = [e.operation.meaning for e in (change.old, change.new) if isinstance(e, Call)]
    kinked = any(isinstance(m, Elementwise) and m.kink is not None for m in meanings)
    return not (kinked and change.kind == "wrong_function")


def _reversed(change: Change) -> Change:
    """What a change of the right formula into the wrong one says: the change back."""
    kind = OPPOSITE.get(change.kind, change.kind)
    return replace(change, kind=kind, old=change.new, new=change.old)


def is_claim(exam: Exam, formula: Claim) -> bool:
    """Whether a formula is the claim on both sides of its own kinks, too."""
    other = replace(exam, claim=formula)

    def is_finite(point: Point) -> bool:
        return all(bool(np.all(np.isfinite(e.claimed_at(point)))) for e in (exam, other))

    points = other.search(is_finite).covering(exam.points, other.targets, other.sides.roots).points
    return all(
        close(exam.claimed_at(p), other.claimed_at(p), _noise(exam, other, p)) for p in points
    )


def _noise(exam: Exam, other: Exam, point: Point) -> float:
    return LOOSER * max(exam.sides.noise(point), other.sides.noise(point))


def _shape(exam: Exam) -> Shape:
    return next(iter(exam.shapes))


def _names(exam: Exam) -> list[Name | Size]:
    """What the claim may refer to."""
    problem, definitions = exam.claim.problem, exam.claim.definitions
    variables = [v.expression() for v in problem.variables.values() if v.kind != "Index"]
    computed = [(n, d) for n, d in problem.definitions.items() if n not in definitions]
    sizes = map(Size, problem.dims)
    return [*variables, *(Name(n, d.shape, d.batch) for n, d in computed), *sizes]


def right_formula(exam: Exam) -> Claim | None:
    """The right result as a claim, where the language can say it."""
    problem, own = exam.claim.problem, exam.claim.definitions
    others = {n: d for n, d in problem.definitions.items() if n not in own}
    try:
        return read_answer(replace(problem, definitions=others), exam.expected)
    except SymgradError:
        return None  # such as a result in index notation
