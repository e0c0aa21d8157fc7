"""Answers about programs with time steps or layers, graded with several numbers of steps.

An answer may give the recursion of its cotangents, or use those of the derivation by their names,
dL/dh[t], delta_h[t]. With so many steps written out it is an answer like any other. What is wrong
with it is looked for where it stands once: a start, or one operation of an equation.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count, islice

import numpy as np

from symgrad.calculus.recurrences.derive import gradient
from symgrad.calculus.recurrences.joined import Joined
from symgrad.calculus.recurrences.substitution import renamed
from symgrad.calculus.recurrences.unrolled import unrolled
from symgrad.errors import ProgramError, ShapeError, SymgradError, VerificationError
from symgrad.grading.answer import Claim, read_answer, statements_of
from symgrad.grading.comparison import close
from symgrad.grading.evidence import Evidence
from symgrad.grading.exam import Exam
from symgrad.grading.misfit import misfit
from symgrad.grading.mistakes import diagnose
from symgrad.grading.recursion_mistakes import WRONG_START, Answer, changes, equations_of
from symgrad.grading.verdict import CORRECT, Verdict
from symgrad.language.equations import StartError
from symgrad.language.expressions import Name
from symgrad.language.handwriting.tokens import is_latex
from symgrad.language.latex_input import parse_latex
from symgrad.language.names import entry_of, entry_parts
from symgrad.language.problem import Problem

LENGTHS = {1: (1,), 2: (1, 2), 3: (2,)}  # numbers of steps, and where a series is looked at
TRIED = 400  # changed answers


@dataclass
class Recursion:
    """The right gradient by a variable, with its lines as equations for an answer."""

    asked: Problem
    name: str
    seed: int
    right: dict[str, str] = field(default_factory=dict)  # each cotangent by what it is called here
    _measure: Exam | None = None

    @cached_property
    def joined(self) -> Joined:
        """The derivation."""
        return gradient(self.asked, [self.name])

    @property
    def t(self) -> str:
        """What counts the steps."""
        return self.joined.parts.index

    @property
    def last(self) -> str:
        """The last step."""
        return self.joined.parts.last

    @property
    def expected(self) -> str:
        """The right result in the language."""
        return self.joined.text(self.name)

    @property
    def is_series(self) -> bool:
        """Whether there is a gradient at each step."""
        return self.asked.variables[self.name].steps is not None

    def read(self, text: str) -> list[Answer]:
        """The answer, and each other side of `grad = a = b`."""
        if is_latex(text):
            text = parse_latex(text, self.beside(frozenset(), frozenset()))
        given, used = names_in_answer(text, self.asked)
        problem = self.beside(given, used)
        claim = read_answer(problem, text)
        known = equations_of(problem)
        own = tuple(n for n in equations_of(claim.problem) if n not in known)
        return [Answer(claim.problem, e, own) for e in (claim.expression, *claim.others)]

    def beside(self, given: AbstractSet[str], used: AbstractSet[str]) -> Problem:
        """The problem with the lines of the derivation; those that are `given` otherwise have other
        names, and those that are `used` have also what people call them."""
        lines = [*self.joined.equations.values()]
        taken = {*given, *used, *self.asked.names}
        for base in dict.fromkeys(entry_parts(left.name)[0] for left, _ in lines):
            others = (f"{base}_right{'_' * k}" for k in count())
            self.right[base] = next(n for n in others if n not in taken) if base in given else base
        told = {self.called(left).name: renamed(right, self.called) for left, right in lines}
        for base, own in self.right.items():
            for alias in aliases(base) & used - given - {*self.asked.names, *self.right}:
                for left, _ in lines:
                    name, index = entry_parts(left.name)
                    if name == base:
                        same = replace(left, name=entry_of(own, index))
                        told[entry_of(alias, index)] = same
        plain = {name: e for name, e in told.items() if not entry_parts(name)[1]}
        assert self.asked.loop is not None
        loop = replace(self.asked.loop, equations={n: e for n, e in told.items() if n not in plain})
        return replace(self.asked, definitions={**self.asked.definitions, **plain}, loop=loop)

    def called(self, name: Name) -> Name:
        """A name of the derivation by what it is called beside the answer."""
        base, index = entry_parts(name.name)
        return replace(name, name=entry_of(self.right.get(base, base), index))

    def right_answer(self, problem: Problem) -> Answer:
        """The right result, beside an answer."""
        e = self.joined.in_names(self.joined.results[self.name].expression)
        return Answer(problem, renamed(e, self.called))

    # written out

    @cached_property
    def exams(self) -> list[tuple[int, int]]:
        """The numbers of steps, and the steps at which a series is asked for."""
        length = self.joined.parts.loop.steps.length
        lengths = (
            LENGTHS if length.is_Symbol else {int(length): sorted({1, int(length)}, reverse=True)}
        )
        return [(n, k) for n, own in lengths.items() for k in (own if self.is_series else (0,))]

    @cached_property
    def flat(self) -> Mapping[int, Problem]:
        """The problem with each number of steps."""
        return {n: unrolled(self.asked, n) for n, _ in self.exams}

    def exam(self, answer: Answer, length: int, at: int) -> Exam:
        """The answer with so many steps, of a series at one of them.

        Raises: ProgramError where it uses what there is none of."""
        whole = unrolled(replace(answer.problem, output=answer.expression), length, at)
        claim = Claim(whole, whole.output, {})
        key = entry_of(self.name, str(at or ""))
        return Exam(self.flat[length], key, "gradient", claim, self.seed, numbered=False)

    def is_right(self, answer: Answer) -> bool:
        """Whether an answer is right with every number of steps; one is looked at first."""
        try:
            with np.errstate(all="ignore"):
                first, right = self.exam(answer, *self.telling), self.measure(answer.problem)
                claimed = first.claim.expression
                if claimed.shape not in right.shapes or claimed.batch != right.batch:
                    return False
                got = first.claimed_at(right.points[0])
                return close(got, right.want[0], right.noise[0]) and all(
                    self.exam(answer, *at).correct for at in self.exams
                )
        except SymgradError:
            return False

    def measure(self, problem: Problem) -> Exam:
        """The right result as a claim."""
        if self._measure is None:
            self._measure = self.exam(self.right_answer(problem), *self.telling)
        return self._measure

    @property
    def telling(self) -> tuple[int, int]:
        """The number of steps, and the step, that tells most."""
        return self.exams[-1]


def names_in_answer(text: str, problem: Problem) -> tuple[set[str], set[str]]:
    """The names that an answer gives, and all that it has."""
    given, used = set[str](), set[str]()
    for statement in statements_of(text, problem):
        for node in ast.walk(statement):
            used |= {node.id} if isinstance(node, ast.Name) else set()
            for target in getattr(node, "targets", ()):
                base = target.value if isinstance(target, ast.Subscript) else target
                given |= {base.id} if isinstance(base, ast.Name) else set()
    return given, used


def aliases(base: str) -> set[str]:
    """What people call a cotangent such as dL_dz.

    >>> sorted(aliases("dloss_dz"))
    ['dL_dz', 'delta_z', 'dloss_dz', 'dz', 'z_bar']
    """
    _, d, of = base.partition("_d")
    forms = ("dL_d{}", "dloss_d{}", "delta_{}", "d{}", "{}_bar")
    return {form.format(of) for form in forms} if d else set()


def graded_recursion(asked: Problem, name: str, text: str, seed: int) -> Verdict:
    """The verdict on an answer about a program with steps."""
    recursion = Recursion(asked, name, seed)
    try:
        answers = recursion.read(text)
    except ShapeError as error:
        shape = asked.variables[name].shape
        return misfit(error, f"the gradient by {name}", {shape: name}, recursion.expected)
    except StartError as error:
        return without_start(recursion, error)
    for answer in answers:
        if not recursion.is_right(answer):
            told = replace(explained(recursion, answer), expected=recursion.expected)
            return replace(told, remarks=answer.problem.remarks)
    counts = [str(n) for n in dict.fromkeys(n for n, _ in recursion.exams)]
    steps = f"{', '.join(counts[:-1])} and {counts[-1]}" if counts[1:] else counts[0]
    said = f"Right: the gradient of the loss by {name}, with {steps} steps."
    return Verdict(True, CORRECT, said, recursion.expected, remarks=answers[0].problem.remarks)


def explained(recursion: Recursion, answer: Answer) -> Verdict:
    """The verdict on a wrong answer."""
    with np.errstate(all="ignore"), suppress(SymgradError):
        exam = recursion.exam(answer, *recursion.telling)
        factor = Evidence(exam).factor
        if factor is not None and not factor.is_number(1):
            return diagnosed(exam, *recursion.telling)
    told = {recursion.called(left): e for left, e in recursion.joined.equations.values()}
    steps = recursion.joined.parts.loop.steps
    for change in islice(changes(answer, steps, recursion.is_series, told), TRIED):
        if recursion.is_right(change.answer):
            found, hints = change.found, (change.found.where, change.rule, change.found.correction)
            return Verdict(False, change.kind, found.sentence, recursion.expected, hints=hints)
    for length, at in (recursion.telling, *recursion.exams):
        try:
            exam = recursion.exam(answer, length, at)
        except ShapeError as error:
            return misfit(error, "", {}, recursion.expected)
        except ProgramError as error:
            return without_start(recursion, error)
        with np.errstate(all="ignore"):
            if not exam.correct:
                return diagnosed(exam, length, at)
    raise VerificationError("what is wrong with this answer is seen at no number of steps")


def diagnosed(exam: Exam, length: int, at: int) -> Verdict:
    """What is wrong with an answer with so many steps, of a series at one of them."""
    verdict = diagnose(Evidence(exam))
    place = f", step {at}" if at else ""
    steps = f"With {length} step{'s' if length > 1 else ''}{place}"
    return replace(verdict, diagnosis=f"{steps}: {verdict.diagnosis}")


def without_start(recursion: Recursion, error: SymgradError) -> Verdict:
    """The verdict on an answer that uses what there is none of."""
    said = f"A recursion has no start: {error.message}."
    hints = ("At the last step.", WRONG_START.rule, "Give what it is at the last step.")
    return Verdict(False, WRONG_START.name, said, recursion.expected, hints=hints)
