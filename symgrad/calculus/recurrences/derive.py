r"""The gradient of a program with steps: the gradients of its parts, joined.

What step t sends to h_{t-1} is the pull-back of one step. Named by the step before, it is what step
t + 1 sends to h_t, and with it the cotangent of h_t is known:

    \bar h_t = (what the loss at t sends) + (what step t + 1 sends),      t = T - 1, ..., 1

It starts at T with what comes after the steps. What has no t receives the sum over t.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from symgrad.calculus.derivation import Derivation, Outcome, Step
from symgrad.calculus.index_notation import Derivative, in_language
from symgrad.calculus.nodes import Input
from symgrad.calculus.recurrences.derived import DerivedParts, result_of, uses
from symgrad.calculus.recurrences.joined import Joined, Line
from symgrad.calculus.recurrences.parts import Parts, StepSum
from symgrad.calculus.recurrences.received import Received
from symgrad.calculus.recurrences.substitution import (
    at_steps,
    name_at,
    nothing,
    renamed,
    substituted,
)
from symgrad.calculus.recurrences.tangents import Tangents
from symgrad.errors import ProgramError, ShapeError
from symgrad.language.dimensions import SCALAR, describe
from symgrad.language.expressions import Expression, Name
from symgrad.language.problem import Problem, Wrt
from symgrad.language.unparse import unparse


def gradient(problem: Problem, wrt: Wrt = None) -> Joined:
    """The gradient of a scalar by each of wrt, each in its variable's shape; by what has an entry
    at each step, an entry each."""
    _without_equations(problem)
    _scalar(problem, "gradient")
    return _Joining(DerivedParts(problem, problem.wrt(wrt))).joined()


def hvp(problem: Problem, wrt: Wrt = None) -> Joined:
    """The Hessian times a direction over all of wrt: the gradient of the derivative along it."""
    _without_equations(problem)
    _scalar(problem, "Hessian-vector product")
    along = Tangents(problem, problem.wrt(wrt))
    return replace(gradient(along.problem, along.wrt), along=along)


def value(problem: Problem) -> Joined:
    """The value alone, with its forward lines."""
    _without_equations(problem)
    return _Joining(DerivedParts(problem, ())).joined()


def _scalar(problem: Problem, what: str) -> None:
    if problem.output.shape != SCALAR:
        raise ShapeError(
            f"the {what} is of a scalar; {problem.output_name} is {describe(problem.output.shape)}"
        )


def _without_equations(problem: Problem) -> None:
    if problem.loop is not None and problem.loop.equations:
        name = next(iter(problem.loop.equations))
        raise ProgramError(
            f"{name} = ... stands below the steps: such a program has a value, sg.evaluate, and no "
            "derivation"
        )


@dataclass
class _Joining:
    """The derived parts of a program while they are joined: its lines, and what is received."""

    of: DerivedParts
    lines: list[Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.received = Received(self.of)

    @property
    def parts(self) -> Parts:
        """The parts of the program."""
        return self.of.parts

    def joined(self) -> Joined:
        """All of it."""
        self._forward()
        self._backward()
        results = {name: self.received.result(name) for name in self.of.wrt}
        return Joined(
            problem=self.of.problem,
            wrt=self.of.wrt,
            parts=self.parts,
            derivations={
                name: part
                for name, part in (
                    ("before", self.of.before),
                    ("step", self.of.step),
                    ("start", self.of.start),
                    ("whole", self.of.whole),
                    ("after", self.of.after),
                )
                if part is not None
            },
            given={own.name: name for name, own in self.of.given.items()},
            lines=tuple(self.lines),
            results=results,
            loss=self.of.loss,
        )

    def _forward(self) -> None:
        if self.of.before is not None:
            self._part("before", self.of.before, "forward")
        self._part("step", self.of.step, "forward")
        alone = False
        for total in self.parts.totals.values():
            alone = (
                isinstance(self.parts.output, Name) and self.parts.output.name == total.name.name
            )
            left = self.of.loss if alone else total.name
            self._new("after", left, self._summed(total), total.written.operation.rule)
        self._part("after", self.of.after, "forward", root=not alone)

    def _summed(self, total: StepSum) -> Expression:
        """A sum over the steps, of what it sums by its name where a line or the program has it."""
        lines = {unparse(line.step.left) for line in self.lines}
        has_name = total.body.name in {*lines, *self.parts.own_names}
        return self.parts.summed(total) if has_name else total.written

    def _part(self, when: str, part: Derivation, kind: str, root: bool = False) -> None:
        """The steps of a part that are lines."""
        own = {given.name for given in self.of.given.values()}
        whole = (part.free or part.value).node
        scaffold: set[str] = set()  # the scalar that a part was made
        for step in part.steps:
            if step.kind != kind:
                continue
            if uses(in_language(step.right), dict.fromkeys(own | scaffold)) or (
                step.node is whole and not root
            ):
                scaffold.add(unparse(step.left))
                continue
            self._add(Line(when, step, when))

    def _add(self, line: Line) -> None:
        number = len(self.lines) + 1
        self.lines.append(
            replace(line, step=replace(line.step, number=number), of=line.step.number)
        )

    def _new(self, when: str, left: Expression, right: Expression, rule: str) -> None:
        """A line that no part has."""
        template = self.of.step.steps[0]
        step = replace(
            template,
            kind="forward" if when in ("before", "after") else "backward",
            left=left,
            right=right,
            rule=rule,
            uses=(),
            sentence="",
            shape=left.shape,
            of=None,
            plain=None,
            named=None,
        )
        self._add(Line(when, step, ""))

    def _backward(self) -> None:
        for step in _own(self.of.after):
            self._add(Line("late", step, "after"))
        self._sums()
        self._handed_on()
        first = {} if self.of.start is None else self._first_lines(self.of.start)
        for step in _own(self.of.step):
            self._recursion(step, first)
        self._down_to_before()

    def _sums(self) -> None:
        """The cotangents of sums that are no numbers."""
        for total in self.of.totals:
            outcome = self.of.after_wrt.get(total.name.name)  # none of a sum over data alone
            if total.name.name in self.of.given and outcome is not None:
                self._new("late", self.of.derivative(total.name), result_of(outcome), "chain rule")

    def _handed_on(self) -> None:
        """What the next step sends to the states whose cotangents no line of a step says."""
        last = {self.parts.index: self.parts.last}
        for own, name in self.of.passed.items():
            h = self.of.states_given[own]
            outcome = self.of.after_wrt.get(self.of.last(h).name)
            end = nothing(h.shape) if outcome is None else result_of(outcome)
            self._new("last", at_steps(name, last), end, "chain rule")
            sent = self.of.carried.get(own, nothing(h.shape))
            self._new("next", name, sent, "chain rule")

    def _first_lines(self, start: Derivation) -> dict[str, Step]:
        """The lines at the last step, by their left sides, in the names of the others."""
        same = {
            name.name: self.of.step.names[node]
            for node, name in start.names.items()
            if isinstance(name, Name) and node in self.of.step.names
        }
        found = {}
        for step in _own(start):
            left = renamed(step.left, lambda n: _called(n, same))
            right = renamed(in_language(step.right), lambda n: _called(n, same))
            found[unparse(left)] = replace(step, left=left, right=right, plain=None, named=None)
        return found

    def _recursion(self, step: Step, first: Mapping[str, Step]) -> None:
        """A line of one step; where it uses the step after, one for the last step before it."""
        right = in_language(step.right)
        later = {n: h for n, h in self.of.states_given.items() if n not in self.of.passed}
        at_end = first.get(unparse(step.left))
        beside = {self.of.cotangent(name).name: name for name in self.of.beside}
        alike = at_end is None or not uses(in_language(at_end.right), beside)
        if not uses(right, later) and alike:
            self._add(
                Line("down", self.of.shown(replace(step, right=self.of.named(right))), "step")
            )
            return
        self._add(self._at_the_last(step, at_end))
        right = self.of.named(right)
        own = _sending(self.of.step, self.of.sent, right) or step
        general = substituted(right, self.of.carried)
        line = replace(step, right=general, rule=own.rule, uses=own.uses, plain=None, named=None)
        self._add(Line("next", line, "step"))

    def _at_the_last(self, step: Step, at_end: Step | None) -> Line:
        """The line of the last step: what is below the steps sends to it, and it to itself."""
        last = {self.parts.index: self.parts.last}
        end = nothing(step.left.shape) if at_end is None else at_end.right
        end = at_steps(self.of.named(in_language(end)), last)
        outcomes = {
            name_at(self.of.cotangent(h), last).name: self.of.after_wrt[self.of.last(h).name]
            for h in (*self.of.states.values(), *self.of.beside)
            if self.of.last(h).name in self.of.after_wrt
        }
        sent = {name: result_of(outcome) for name, outcome in outcomes.items()}
        own = _sending(self.of.after, outcomes, end)
        line = replace(
            own or at_end or step,
            left=at_steps(step.left, last),
            right=substituted(end, sent),
            plain=None,
            named=None,
            of=step.of,
        )
        return Line("last", line, "start" if own is None else "after")

    def _down_to_before(self) -> None:
        """The cotangents of what is before the steps, and its own lines."""
        if self.of.before is None or not self.of.before.outcomes:
            return
        for name, received in self.received.handed_on():
            self._new("late 0", name, received, "chain rule")
        for step in _own(self.of.before):
            shown = self.of.shown(replace(step, right=self.received.sent(step.right)))
            self._add(Line("late 0", shown, "before"))


def _own(part: Derivation) -> Iterator[Step]:
    """The backward steps of what a part computes: those of what it is given join others."""
    for step in part.steps:
        if step.kind == "backward" and not isinstance(step.of, Input):
            yield step


def _sending(part: Derivation, sent: Mapping[str, Outcome], right: Expression) -> Step | None:
    """The line of a part that says this right side, where that is one thing which the part
    sends."""
    if not isinstance(right, Name) or right.name not in sent:
        return None
    name = unparse(sent[right.name].name)
    return next((step for step in part.steps if unparse(step.left) == name), None)


def _called(name: Name, same: Mapping[str, Expression]) -> Expression:
    """A name of one part by what the other calls it; of a cotangent what it is by."""
    if isinstance(name, Derivative):
        bottom = renamed(name.bottom, lambda n: _called(n, same))
        return Derivative.of(name.top, bottom, name.shape, name.batch)
    return same.get(name.name, name)
