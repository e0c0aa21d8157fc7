"""What may be wrong with an answer that has recursions: a start, a sum over the steps, a step, or
one operation of an equation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from symgrad.calculus.recurrences.substitution import at_steps
from symgrad.grading.branches import shortened
from symgrad.grading.evidence import Finding
from symgrad.grading.formulas import KINDS
from symgrad.grading.rewritings import Change, changed_operations, unshared
from symgrad.grading.variants import replaced
from symgrad.language.dimensions import Shape
from symgrad.language.expressions import Call, Expression, Name, is_call, parts
from symgrad.language.layered import index_of, index_parts, shape_at
from symgrad.language.names import entry_of, entry_parts
from symgrad.language.operations.steps import step_sum, sum_of_steps
from symgrad.language.problem import Problem, Steps
from symgrad.language.unparse import unparse


class Slip(NamedTuple):
    """A kind of mistake, and the rule that it is against."""

    name: str
    rule: str


WRONG_START = Slip(
    "wrong_start",
    "At the last step a cotangent is what the loss sends there: no step comes after it.",
)
FORGOTTEN = Slip(
    "step_sum_forgotten",
    "What all steps share receives the sum of what each step sends to it.",
)
TOO_MUCH = Slip(
    "step_sum_too_much",
    "What belongs to one step, as the weights of a layer do, receives what this step sends.",
)


@dataclass(frozen=True)
class Answer:
    """What an answer says: an expression, perhaps at each step t, and the equations that the
    answer and the derivation give. `own` are the names of the equations of the answer."""

    problem: Problem
    expression: Expression
    own: tuple[str, ...] = ()

    @property
    def equations(self) -> Mapping[str, Expression]:
        """What is said of entries."""
        return equations_of(self.problem)

    def shape_at(self, base: str, t: str, last: str) -> Shape | None:
        """The shape that an entry of the answer has at the last step."""
        at = {entry_of(base, last): {}, entry_of(base, t): {t: last}}
        found = (shape_at(self.equations[n].shape, to) for n, to in at.items() if n in self.own)
        return next(found, None)

    def changed(self, entry: str, e: Expression) -> Answer:
        """The answer with another equation; of "" another expression."""
        if not entry:
            return replace(self, expression=e)
        assert self.problem.loop is not None
        loop = replace(self.problem.loop, equations={**self.equations, entry: e})
        return replace(self, problem=replace(self.problem, loop=loop))


def equations_of(problem: Problem) -> Mapping[str, Expression]:
    """What is said of entries below the steps."""
    assert problem.loop is not None
    return problem.loop.equations


class Corrected(NamedTuple):
    """An answer with one change: the kind of the mistake if that makes it right, the rule that it
    is against, and what to say."""

    kind: str
    rule: str
    found: Finding
    answer: Answer


def changes(
    answer: Answer, steps: Steps, each: bool, right: Mapping[Name, Expression]
) -> Iterator[Corrected]:
    """Every answer with one change, the likely ones first. `each` says whether there is a gradient
    at each step, `right` what the cotangents of the derivation are, by their names."""
    yield from _summed(answer, steps, each)
    yield from _started(answer, steps, right)
    yield from _operations(answer, steps.index, shifted)
    likely = [*KINDS]
    changed = _operations(answer, steps.index, changed_operations)
    yield from sorted(changed, key=lambda change: likely.index(change.kind))


def _summed(answer: Answer, steps: Steps, each: bool) -> Iterator[Corrected]:
    """With a sum over the steps, or without."""
    e, t = answer.expression, steps.index
    if each and is_call(e, sum_of_steps):
        (body,) = e.arguments
        said = f"The sum over the steps is too much: step {t} has a gradient of its own."
        found = Finding(said, f"In {unparse(e)}.", f"Leave the sum out: {unparse(body)}.")
        yield Corrected(*TOO_MUCH, found, answer.changed("", body))
    if not each and is_at_a_step(e, t):
        said = f"The sum over the steps is missing: {unparse(e)} is what step {t} sends."
        found = Finding(said, f"In {unparse(e)}.", f"Sum it, for {t} from 1 to {steps.length}.")
        yield Corrected(*FORGOTTEN, found, answer.changed("", step_sum(e, False, steps)))


def _started(answer: Answer, steps: Steps, right: Mapping[Name, Expression]) -> Iterator[Corrected]:
    """With a right cotangent in the place of a start."""
    last = str(steps.length)
    for base in dict.fromkeys(entry_parts(entry)[0] for entry in answer.own):
        start = entry_of(base, last)
        shape = answer.shape_at(base, steps.index, last)
        for name, e in right.items():
            own, index = entry_parts(name.name)
            at = {steps.index: last}
            if index not in (steps.index, last) or shape_at(name.shape, at) != shape:
                continue
            said = f"The recursion starts wrong: {start} is something else."
            if start not in answer.equations:
                said = f"The recursion has no start: {start} is not given by itself."
            found = Finding(said, f"In {start}.", f"{start} = {unparse(at_steps(e, at))}")
            new = Name(entry_of(own, last), shape, name.batch)
            yield Corrected(*WRONG_START, found, answer.changed(start, new))


def _operations(
    answer: Answer, t: str, every: Callable[..., Iterator[Change]]
) -> Iterator[Corrected]:
    """With one operation, or one step, changed."""
    formulas = {**{entry: answer.equations[entry] for entry in answer.own}, "": answer.expression}
    for entry, formula in formulas.items():
        root = unshared(formula)
        more = (t,) if every is shifted else ()
        for change in every(root, root.shape, *more):
            kind = KINDS[change.kind]
            old, new = shortened(unparse(change.old)), shortened(unparse(change.new))
            right = "another" if change.old is root and not entry else new
            where = f"In {entry} = ..." if entry else f"In {old}."
            said = f"{kind.wrong} {old} stands where {right} belongs."
            found = Finding(said, where, f"In the place of {old} belongs {new}.")
            yield Corrected(change.kind, kind.rule, found, answer.changed(entry, change.formula))


def shifted(root: Expression, shape: Shape, t: str) -> Iterator[Change]:
    """Every formula that has one entry a step earlier, or later."""
    for part in dict.fromkeys(parts(root)):
        base, index = entry_parts(part.name) if isinstance(part, Name) else ("", "")
        if not isinstance(part, Name) or not index or index_parts(index)[0] != t:
            continue
        for by in (-1, 1):
            moved = index_of(t, index_parts(index)[1] + by)
            new = replace(
                part, name=entry_of(base, moved), shape=shape_at(part.shape, {index: moved})
            )
            formula = replaced(root, {part}, new)
            if formula is not None and formula.shape == shape:
                yield Change("off_by_one", part, new, formula)


def is_at_a_step(e: Expression, t: str) -> bool:
    """Whether an expression has a value at each step."""
    if is_call(e, sum_of_steps):
        return False
    if isinstance(e, Name):
        index = entry_parts(e.name)[1]
        return bool(index) and index_parts(index)[0] == t
    return isinstance(e, Call) and any(is_at_a_step(a, t) for a in e.arguments)
