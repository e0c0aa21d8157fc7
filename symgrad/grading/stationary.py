"""Where a derivation sets derivatives to zero: what it says from there on holds at such points,
which Newton's method finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np

from symgrad.calculus import derive
from symgrad.errors import VerificationError
from symgrad.grading.answer import Claim
from symgrad.grading.comparison import Result, largest_entry
from symgrad.grading.derivatives import Found, Graded
from symgrad.grading.exam import Exam
from symgrad.grading.grade import judged
from symgrad.grading.notation import BEST, Names
from symgrad.grading.opening import equal
from symgrad.grading.paper import Paper
from symgrad.grading.points import Point
from symgrad.grading.verdict import CORRECT, Verdict
from symgrad.language.dimensions import SCALAR
from symgrad.language.expressions import Expression, names_in

SET = "set to zero: what follows holds there"
POINTS = 3  # at which a line is tried
STARTS = (1.0, 0.3, 0.1, -1.0)  # times the random numbers
STEPS = 60  # of Newton's method
FAR = 1e3  # times the largest number at the start: it has run away
WIDTH = 1e-7  # of its difference quotients
FOUND = 1e-11  # a derivative that is 0, beside its value at the random point
NEAR = 1e-6  # what holds where a point is found to rounding
WRONG = "not_stationary"
RULE = "Put the value into the derivative, or solve for the variable step by step: it has to be 0."


@dataclass
class Stationary:
    """`zero` are the variables by which the derivative of the loss is set to zero, with that
    derivative; `solutions` the right values that some of them are said to have there."""

    paper: Paper
    seed: int
    zero: dict[str, Result] = field(default_factory=dict)
    solutions: dict[str, Exam] = field(default_factory=dict)

    def variable(self, text: str, names: Names) -> str | None:
        """The variable that a name stands for where its derivative is zero: w_hat for w."""
        found = text if text in self.paper.said else names.of(BEST.sub("", text))
        return found if found in self.zero else None

    def set(self, name: str) -> None:
        """Set the derivative of the loss by a variable to zero."""
        outcome = derive.derived("gradient", self.paper.asked, [name], "variable").outcomes[name]
        self.zero[name] = Result(outcome.entry, outcome.labels)
        if f"{name}_hat" not in self.paper.said:
            self.paper.given[f"{name}_hat"] = self.paper.asked.variables[name].expression()

    def given(self, found: Set[Found], meaning: Expression, claim: Claim) -> Graded | None:
        """The verdict on an equation; None where nothing is set to zero, nor by it one of the
        derivatives that were found."""
        if self.zero:
            return self.equation(meaning, claim)
        for name in self.paper.asked.variables:
            if ("gradient", name) in found:
                self.set(name)
                verdict, _ = self.equation(meaning, claim)
                if verdict is not None and verdict.correct:
                    return None, SET
                del self.zero[name]
        return None

    @property
    def _where(self) -> str:
        top = self.paper.asked.output_name
        slopes = [f"d{'L' if top == 'loss' else top}/d{name}" for name in self.zero]
        return f"{' and '.join(slopes)} {'is' if len(slopes) == 1 else 'are'} 0"

    # what is said of these points

    def solved(self, name: str, text: str, claim: Claim) -> Graded:
        """The verdict on the value that a variable, under a name as it is written, is said to have
        there."""
        variable, e = self.paper.asked.variables[name].expression(), claim.expression
        if text != name:
            self.paper.given[text] = variable
        if (e.shape, e.batch) != (variable.shape, variable.batch):
            return judged(equal(self.paper.problem(), variable, claim, text, self.seed)), ""
        if name not in names_in(claim.expression):
            exam = self._exam(variable, claim)
            tried = [self._is_solution(name, exam, point) for point in self._drawn(exam)]
            if True in tried and False not in tried:
                self.solutions[name] = exam
                return _right(f"right: there {self._where}")
            if False in tried and True not in tried and self.zero.keys() <= {*self.solutions, name}:
                return self._wrong
        return self.equation(variable, claim)

    def equation(self, meaning: Expression, claim: Claim) -> Graded:
        """The verdict on an equation that is to hold there."""
        exam = self._exam(meaning, claim)
        found = ((point, self._reached(point)) for point in self._drawn(exam))
        some = islice(((point, reached) for point, reached in found if reached), POINTS)
        tried = [(point, there) for point, reached in some for there in reached]
        held = [_holds(exam, point, there) for point, there in tried]
        telling = [h for h, pair in zip(held, tried, strict=True) if self._is_telling(*pair)]
        if not held:
            return None, f"not graded: no numbers were found where {self._where}"
        if all(held):
            return _right(f"right where {self._where}")
        if any(telling or held):
            return None, f"not graded: it holds at some of the points where {self._where}"
        return self._wrong

    @property
    def _wrong(self) -> Graded:
        text = f"This does not hold where {self._where}."
        return Verdict(False, WRONG, text, "", hints=(text, RULE, text)), ""

    def _exam(self, meaning: Expression, claim: Claim) -> Exam:
        return equal(self.paper.problem(), meaning, claim, "", self.seed)

    def _drawn(self, exam: Exam) -> list[Point]:
        try:
            return exam.drawn
        except VerificationError:
            return []

    def _is_solution(self, name: str, exam: Exam, point: Point) -> bool | None:
        """Whether the derivative by a variable is 0 at the claimed value; None where that or the
        derivative is not finite, or has no digits."""
        slope = self.zero[name]
        start = self._at_solutions(point)
        claimed = self._at_solutions(_with(start, name, exam.claimed_at(start)), but=name)
        there = slope.at(claimed)
        if not (np.all(np.isfinite(there)) and claimed.well_conditioned([slope.entry.node])):
            return None
        return largest_entry(there) <= NEAR * largest_entry(slope.at(point))

    # the points

    def _at_solutions(self, point: Point, but: str = "") -> Point:
        for name, exam in self.solutions.items():
            point = point if name == but else _with(point, name, exam.claimed_at(point))
        return point

    def _reached(self, point: Point) -> list[Point]:
        """The point with the variables moved to where the derivatives are zero, from several
        starts. Where all variables are 0 there, of which too much is true, also with the numbers
        beside them moved, such as a multiplier."""

        reached = self._moved(point, [*self.zero])
        if not self._are_nothing(point, reached):
            return reached
        variables = self.paper.asked.variables.values()
        numbers = [v.name for v in variables if v.shape == SCALAR and v.name not in self.zero]
        return reached + self._moved(point, [*self.zero, *numbers])

    def _are_nothing(self, point: Point, reached: Sequence[Point]) -> bool:
        """Whether all variables are 0 at each of these, beside how large they are at a point."""
        usual, *largest = (
            max(largest_entry(p.inputs[name]) for name in self.zero) for p in (point, *reached)
        )
        return all(size <= NEAR * usual for size in largest)

    def _is_telling(self, point: Point, there: Point) -> bool:
        """Whether the numbers beside the variables were moved so that these are not 0."""
        moved = any(there.inputs[n] is not a for n, a in point.inputs.items() if n not in self.zero)
        return moved and not self._are_nothing(point, [there])

    def _moved(self, point: Point, names: Sequence[str]) -> list[Point]:
        """The point with these variables moved there."""
        ends = np.cumsum([point.inputs[name].size for name in names])[:-1]

        def at(numbers: np.ndarray) -> Point:
            moved = point
            for name, part in zip(names, np.split(numbers, ends), strict=True):
                moved = _with(moved, name, part)
            return moved

        def slope(numbers: np.ndarray) -> np.ndarray:
            there = at(numbers)
            return np.concatenate([self.zero[name].at(there).ravel() for name in self.zero])

        def numbers(of: Point) -> np.ndarray:
            return np.concatenate([np.ravel(of.inputs[name]) for name in names]).astype(float)

        start, size = numbers(self._at_solutions(point)), largest_entry(slope(numbers(point)))
        with np.errstate(all="ignore"):
            roots = [_root(slope, start * times, FOUND * size) for times in STARTS]
        return [at(r) for r in roots if r is not None and self._is_allowed(at(r))]

    def _is_allowed(self, point: Point) -> bool:
        """Whether the variables are what they are declared to be."""
        variables = self.paper.asked.variables.values()
        return all(np.all(point.inputs[v.name] > 0) for v in variables if "positive" in v.facts)


def _right(remark: str) -> Graded:
    return Verdict(True, CORRECT, f"{remark.capitalize()}.", ""), remark


def _with(point: Point, name: str, value: np.ndarray) -> Point:
    array = np.asarray(value, dtype=float).reshape(point.inputs[name].shape)
    return replace(point, inputs={**point.inputs, name: array})


def _holds(exam: Exam, point: Point, there: Point) -> bool:
    """Whether both sides of an equation agree at a point, beside how large they are elsewhere."""
    sides = exam.sides
    one, other = sides.right.at(there), sides.claimed.at(there)
    if other.shape not in ((), one.shape) or not np.all(np.isfinite(one - other)):
        return False
    sizes = [
        largest_entry(side.at(p)) for side in (sides.right, sides.claimed) for p in (point, there)
    ]
    return largest_entry(one - other) <= NEAR * max(sizes)


def _root(
    of: Callable[[np.ndarray], np.ndarray], start: np.ndarray, small: float
) -> np.ndarray | None:
    """Where a function is zero, by Newton's method with difference quotients and steps that are
    halved until it decreases."""
    at, value = start, of(start)
    for _ in range(STEPS):
        if not np.all(np.isfinite(value)) or largest_entry(at) > FAR * (1 + largest_entry(start)):
            return None
        if largest_entry(value) <= small:
            return at
        widths = WIDTH * (1 + np.abs(at))
        slopes = [
            (of(at + w * unit) - value) / w for w, unit in zip(widths, np.eye(at.size), strict=True)
        ]
        if not np.all(np.isfinite(slopes)):
            return None
        step = np.linalg.lstsq(np.transpose(slopes), -value, rcond=1e-9)[0]
        new = of(at + step)
        while not np.linalg.norm(new) < np.linalg.norm(value):
            step = step / 2
            if largest_entry(step) <= WIDTH * largest_entry(widths):
                return None
            new = of(at + step)
        at, value = at + step, new
    return None
