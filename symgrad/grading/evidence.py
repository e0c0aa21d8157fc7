"""What can be found out about a wrong claim, each part when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from itertools import islice

import numpy as np

from symgrad.calculus.index_notation import IndexForm
from symgrad.calculus.lowering import Tensor
from symgrad.errors import SymgradError
from symgrad.grading.answer import Claim, read_answer
from symgrad.grading.branches import Branches, shortened
from symgrad.grading.calculation import Use
from symgrad.grading.exam import Exam, close, largest_entry
from symgrad.grading.factors import Ratio, named_ratio
from symgrad.grading.opening import unused
from symgrad.grading.points import Values
from symgrad.grading.rewritings import OPPOSITE, Change, changed_names, changed_operations
from symgrad.grading.stepwise import with_definitions
from symgrad.language.dimensions import ONE, Shape
from symgrad.language.expressions import Expression, Name, parts
from symgrad.language.operations.arithmetic import matmul, transpose
from symgrad.language.operations.contractions import dot
from symgrad.language.problem import Variable
from symgrad.language.unparse import unparse

NOTHING = 1e-12  # of the largest entry
CERTAIN = 1e8  # times the noise: from here on a ratio is known well enough to be named
WORK = 25_000  # formulas that are tried, times the length of one
LOOSER = 4  # times the noise that a right answer may have: for what is only computed to compare
SENTENCES = {
    "elementwise_product": "The elementwise product {0} stands where the matrix product {1} "
    "belongs.",
    "matrix_product": "The matrix product {0} stands where the elementwise product {1} belongs.",
    "transposed_factor": "A transpose is wrong: {0} stands where {1} belongs.",
    "order_of_factors": "The factors are in the wrong order: {0} stands where {1} belongs.",
    "wrong_sign": "A sign is wrong: {0} stands where {1} belongs.",
    "wrong_value": "The wrong value is used: {0} stands where {1} belongs.",
    "missing_operand": "A term is missing in a sum: {0} stands where {1} belongs.",
    "missing_factor": "A factor is missing in a product: {0} stands where {1} belongs.",
    "extra_term": "A term is too much in a sum: {0} stands where {1} belongs.",
    "extra_factor": "A factor is too much in a product: {0} stands where {1} belongs.",
}


@dataclass(frozen=True)
class Branch:
    """A part of the gradient that the claim has a wrong multiple of."""

    words: str
    factor: Ratio
    regularizer: bool


@dataclass(frozen=True)
class Mistake:
    """One kind: its name, what it is in a few words, and the test for it: `explain` gives the
    sentence for a student, or None where it is another kind."""

    name: str
    meaning: str
    explain: Callable[[Evidence], str | None]


class Evidence:
    """A wrong claim, and how it differs from the right result."""

    def __init__(self, exam: Exam) -> None:
        self.exam = exam

    @cached_property
    def factor(self) -> Ratio | None:
        """The constant factor between the claim and the right result, if that is all."""
        exam = self.exam
        if not exam.right_shape:
            return None
        zeros = [np.zeros_like(want) for want in exam.want]
        return _multiple(exam, range(len(exam.want)), zeros.__getitem__, exam.want.__getitem__)

    @cached_property
    def branches(self) -> Branches | None:
        """The branches of the chain rule; of a Jacobian, those of its pull-back."""
        if not self.exam.right_shape:
            return None
        exam = self.exam if self.exam.kind == "gradient" else _paired(self.exam)
        branches = Branches(exam) if exam is not None else None
        return branches if branches is not None and branches.points else None

    @cached_property
    def branch(self) -> Branch | None:
        """The branch that the claim has a wrong multiple of, if that is all."""
        branches = self.branches
        if branches is None:
            return None
        for use in branches.calculation.uses:
            factor = _multiple_of(branches, use)
            if factor is not None:
                return Branch(branches.describe(use), factor, branches.is_regularizer(use))
        return None

    def is_mutant(self, use: Use, passed: Callable[[int], np.ndarray]) -> bool:
        """Whether the claim is the gradient that comes out when a use sends back passed(k) instead
        of what it should, at each point k."""
        branches = self.branches
        if branches is None:
            return False
        exam = branches.exam
        for k in branches.points:
            moved = branches.at_variable(use, passed(k) - branches.contribution(use, k), k)
            if not close(exam.want[k] + moved, exam.got[k], LOOSER * exam.noise[k]):
                return False
        return True

    @cached_property
    def change(self) -> tuple[str, str] | None:
        """The one operation that explains the mistake, its kind and a sentence: to change it makes
        the claim right, or the right result the claim."""
        exam = self.exam
        for change in self._changes(exam.claim, next(iter(exam.shapes)), exam.want):
            return change.kind, _sentence(change.kind, change.old, change.new)
        right = self._right_formula()
        shape = exam.claim.expression.shape
        for change in self._changes(right, shape, exam.got) if right else ():
            kind = OPPOSITE.get(change.kind, change.kind)
            return kind, _sentence(kind, change.new, change.old)
        return None

    def _changes(self, claim: Claim, shape: Shape, wanted: list[np.ndarray]) -> Iterator[Change]:
        """Every change of one operation after which a claim has these values at all points."""
        formulas = {**claim.definitions, "": claim.expression}
        tensors = with_definitions(self.exam.tensors, formulas)
        root = tensors[""].closed().node
        values = [point.values([root]) for point in self.exam.points]
        most = WORK // sum(len(parts(formula)) for formula in formulas.values())
        for name, change in islice(self._candidates(formulas, shape), most):
            if self._is_valued({**formulas, name: change.formula}, tensors, values, wanted):
                yield change

    def _candidates(
        self, formulas: Mapping[str, Expression], shape: Shape
    ) -> Iterator[tuple[str, Change]]:
        """Each change of one formula; the last one, "", may come to this shape."""
        for changes in (changed_operations, partial(changed_names, names=self._names)):
            for name, formula in formulas.items():
                for change in changes(formula, formula.shape if name else shape):
                    yield name, change

    def _is_valued(
        self,
        formulas: Mapping[str, Expression],
        tensors: Mapping[str, Tensor],
        values: Sequence[Values],
        wanted: list[np.ndarray],
    ) -> bool:
        """Whether the last formula has the wanted values; those in `values` are not computed
        again."""
        try:
            changed = with_definitions(tensors, formulas)[""]
            return all(
                close(point.value(changed, unchanged), array, LOOSER * noise)
                for point, unchanged, array, noise in zip(
                    self.exam.points, values, wanted, self.exam.noise, strict=True
                )
            )
        except SymgradError:
            return False  # such as the inverse of a number, which the language does not have

    @property
    def _names(self) -> list[Name]:
        """What the claim may refer to."""
        problem, definitions = self.exam.claim.problem, self.exam.claim.definitions
        variables = [v.expression() for v in problem.variables.values() if v.kind != "Index"]
        computed = [(n, d) for n, d in problem.definitions.items() if n not in definitions]
        return [*variables, *(Name(n, d.shape, d.batch) for n, d in computed)]

    def _right_formula(self) -> Claim | None:
        """The right result as a claim, where the language can say it."""
        if isinstance(self.exam.outcome.expression, IndexForm):
            return None
        try:
            return read_answer(self.exam.claim.problem, self.exam.expected)
        except SymgradError:
            return None  # such as a result with the size of a batch


def _sentence(kind: str, wrong: Expression, right: Expression) -> str:
    return SENTENCES[kind].format(shortened(unparse(wrong)), shortened(unparse(right)))


def _multiple_of(branches: Branches, use: Use) -> Ratio | None:
    """The multiple that a claim has of the part through a use, if all else is right."""
    part = cache(partial(branches.part, use))
    want = branches.exam.want
    return _multiple(branches.exam, branches.points, lambda k: want[k] - part(k), part)


def _multiple(
    exam: Exam,
    numbers: Iterable[int],
    rest: Callable[[int], np.ndarray],
    part: Callable[[int], np.ndarray],
) -> Ratio | None:
    """The factor c with claim = rest + c part at the points of these numbers, if there is one."""
    ratios: dict[int, float] = {}
    for k in numbers:
        one, others = part(k), rest(k)
        ratio, size = 0.0, largest_entry(one)
        if size > NOTHING * largest_entry(exam.want[k]):
            unit = one / size
            ratio = float(np.sum((exam.got[k] - others) * unit) / np.sum(unit * one))
            if size > CERTAIN * exam.noise[k]:
                ratios[k] = ratio
        if not close(others + ratio * one, exam.got[k], LOOSER * exam.noise[k]):
            return None
    return named_ratio(ratios, exam.points, exam.problem)


def _paired(exam: Exam) -> Exam | None:
    """A claimed Jacobian J of f as the claimed gradient J.T c of <c, f>, for a vector c."""
    output, claimed = exam.problem.output, exam.claim.expression
    if exam.kind != "jacobian" or output.shape[1] != ONE or claimed.shape[0] != output.shape[0]:
        return None
    name = unused("c", {*exam.claim.problem.variables, *exam.claim.problem.definitions})
    c = Variable(name, "Vector", output.shape[:1])
    paired_problem, claimed_problem = (
        replace(p, variables={**p.variables, name: c}, output=dot(c.expression(), output))
        for p in (exam.problem, exam.claim.problem)
    )
    claim = Claim(claimed_problem, matmul(transpose(claimed), c.expression()), {})
    paired = Exam(paired_problem, exam.key, "gradient", claim, exam.seed)
    return paired if paired.right_shape else None
