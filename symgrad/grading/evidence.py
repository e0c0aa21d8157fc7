"""What can be found out about a wrong claim, each part when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial

import numpy as np

from symgrad.errors import SymgradError
from symgrad.grading.answer import Claim
from symgrad.grading.branches import Branches
from symgrad.grading.calculation import Use
from symgrad.grading.changes import replacement
from symgrad.grading.comparison import LOOSER, close, largest_entry
from symgrad.grading.exam import Exam
from symgrad.grading.factors import SAME, Ratio, multiple, multiple_in
from symgrad.grading.rewritings import Change
from symgrad.grading.stepwise import with_definitions
from symgrad.language.dimensions import ONE, SCALAR
from symgrad.language.expressions import Expression, parts
from symgrad.language.names import unused
from symgrad.language.operations.arithmetic import matmul, transpose
from symgrad.language.operations.contractions import dot
from symgrad.language.problem import Variable
from symgrad.language.unparse import unparse


@dataclass(frozen=True)
class Branch:
    """A part of the gradient that the claim has a wrong multiple of."""

    words: str
    factor: Ratio
    regularizer: bool


@dataclass(frozen=True)
class Finding:
    """What is wrong with a claim, in a sentence; where that is, and what should be there, for who
    asks for a hint."""

    sentence: str
    where: str = ""
    correction: str = ""


@dataclass(frozen=True)
class Mistake:
    """One kind: its name, what it is in a few words, the rule that it is against, and the test for
    it: `explain` gives what is found, or None where it is another kind."""

    name: str
    meaning: str
    rule: str
    explain: Callable[[Evidence], Finding | None]


class Evidence:
    """A wrong claim, and how it differs from the right result."""

    def __init__(self, exam: Exam) -> None:
        self.exam = exam
        self.nearly: list[tuple[Finding, Ratio]] = []  # what explains a multiple of the claim

    @cached_property
    def factor(self) -> Ratio | None:
        """The constant factor between the claim and the right result, if that is all."""
        exam = self.exam
        if not exam.right_shape:
            return None
        return multiple(exam, exam.want.__getitem__)

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
        exam, points = branches.exam, branches.points
        for use in branches.calculation.uses:
            factor = multiple_in(exam, exam.want, partial(branches.part, use), numbers=points)
            if factor is not None:
                return Branch(branches.describe(use), factor, branches.is_regularizer(use))
        return None

    def mutant(self, use: Use, passed: Callable[[int], np.ndarray]) -> Ratio | None:
        """The multiple that the claim is of the gradient that comes out when a use sends back
        passed(k) instead of what it should, at each point k; None where it is none."""
        branches = self.branches
        if branches is None:
            return None
        want = branches.exam.want

        @cache
        def changed(k: int) -> np.ndarray | None:
            sent, own = passed(k), branches.contribution(use, k)
            if sent.shape != own.shape:
                return None
            return np.asarray(want[k] + branches.at_variable(use, sent - own, k))

        return multiple(branches.exam, changed, numbers=branches.points)

    @cached_property
    def replacement(self) -> Change | None:
        """The one operation that explains the mistake."""
        return replacement(self.exam)

    def is_written(self, part: Expression) -> bool:
        """Whether a formula stands in the claim, so that who reads of it finds it there."""
        claim, text = self.exam.claim, unparse(part)
        formulas = (*claim.definitions.values(), claim.expression)
        return any(unparse(own) == text for formula in formulas for own in parts(formula))

    def is_answer(self, part: Expression) -> bool:
        """Whether a part of a formula has, but for a constant factor, the value of the whole right
        result, so that who reads it has the answer."""
        exam = self.exam
        if part.batch != exam.batch or part.shape not in {
            *exam.shapes,
            *(shape[::-1] for shape in exam.shapes),
        }:
            return False
        try:
            tensor = with_definitions(exam.tensors, {**exam.claim.definitions, "": part})[""]
        except (SymgradError, KeyError):
            return False  # of the names of a right result's own definitions
        scales = list[float]()
        for point, want, noise in zip(exam.points, exam.want, exam.noise, strict=True):
            got = point.value(tensor)
            scales.append(largest_entry(want) / (largest_entry(got) or 1.0))
            matrices = [got] if got.ndim != 2 else [got, got.T]
            forms = [sign * scales[-1] * g for g in matrices for sign in (1, -1)]
            if not any(close(form, want, LOOSER * noise) for form in forms):
                return False
        return part.shape != SCALAR or bool(np.ptp(scales) <= SAME * max(scales))


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
