"""The branches of the chain rule: what each use of each value adds to the gradient."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from symgrad.calculus.index_notation import IndexForm
from symgrad.grading.exam import Exam, close
from symgrad.grading.points import Point
from symgrad.grading.program import Edge, Program, Slot, program
from symgrad.language.expressions import Call, is_scalar
from symgrad.language.operations.arithmetic import divide, multiply, transpose
from symgrad.language.operations.meanings import Linear
from symgrad.language.unparse import unparse

LONGEST = 70  # characters of a formula in a sentence


class Branches:
    """The program of an exam's problem at the points where it can be evaluated as written."""

    def __init__(self, exam: Exam) -> None:
        self.exam = exam
        self.program: Program = program(exam.problem, exam.name)

    @cached_property
    def points(self) -> list[int]:
        """The numbers of the exam's points at which the program's gradient is the right one."""
        return [k for k in range(len(self.exam.points)) if self._agrees(k)]

    def _agrees(self, k: int) -> bool:
        want = self.exam.want[k]
        found = self._cotangents(k).get(self.program.target)
        return found is not None and close(np.asarray(found), want, 4 * self.exam.noise[k])

    @cached_property
    def _known(self) -> dict[int, tuple[list[Any], dict[int, Any]]]:
        return {}

    def values(self, k: int) -> list[Any]:
        """The value of every slot at point k."""
        return self._run(k)[0]

    def _cotangents(self, k: int) -> dict[int, Any]:
        return self._run(k)[1]

    def _run(self, k: int) -> tuple[list[Any], dict[int, Any]]:
        if k not in self._known:
            point: Point = self.exam.points[k]
            values = self.program.values(point)
            start = self.program.root
            found = self.program.cotangents(point, values, start, np.array(1.0))
            self._known[k] = values, found
        return self._known[k]

    # single contributions

    @cached_property
    def edges(self) -> list[Edge]:
        """Every use of an active value, those nearest to the result first."""
        slots = self.program.slots
        return [(n, k) for n in range(len(slots) - 1, -1, -1) for k in slots[n].pullbacks]

    @cached_property
    def partial_edges(self) -> list[Edge]:
        """The uses that only a part of the gradient comes through, not all of it."""
        slots = self.program.slots
        above = [0] * len(slots)
        below = [0] * len(slots)
        below[self.program.target] = above[self.program.root] = 1
        for n, slot in enumerate(slots):
            below[n] += sum(below[slot.arguments[k]] for k in slot.pullbacks)
        for n, k in self.edges:
            above[slots[n].arguments[k]] += above[n]
        whole = below[self.program.root]
        paths = {(n, k): above[n] * below[slots[n].arguments[k]] for n, k in self.edges}
        return [edge for edge in self.edges if 0 < paths[edge] < whole]

    def incoming(self, edge: Edge, k: int) -> np.ndarray:
        """The cotangent of the slot of an edge, at point k."""
        return np.asarray(self._cotangents(k)[edge[0]])

    def contribution(
        self, edge: Edge, k: int, arrived: Any = None, argument: Any = None, result: Any = None
    ) -> np.ndarray:
        """What the edge passes on to its argument, at point k; see `Program.pulled`."""
        arrived = self.incoming(edge, k) if arrived is None else arrived
        point = self.exam.points[k]
        return self.program.pulled(point, self.values(k), edge, arrived, argument, result)

    def part(self, edge: Edge, k: int) -> np.ndarray:
        """The part of the gradient that comes through an edge, at point k."""
        return self.at_variable(edge, self.contribution(edge, k), k)

    def at_variable(self, edge: Edge, passed: Any, k: int) -> np.ndarray:
        """What a cotangent that the edge passes on comes to at the variable, at point k."""
        argument = self.program.slots[edge[0]].arguments[edge[1]]
        found = self.program.down(self.exam.points[k], self.values(k), argument, passed)
        return np.asarray(found)

    # words

    def describe(self, edge: Edge) -> str:
        """The branch in words: `step (3), h = W1 @ x`."""
        slots = self.program.slots
        slot, argument = slots[edge[0]], slots[edge[0]].arguments[edge[1]]
        uses = [e for e in self.edges if slots[e[0]].arguments[e[1]] == argument]
        if len(uses) == 1 and argument != self.program.target:
            return self.formula(argument)
        while slot.call.operation is transpose:  # x.T says less than where it stands
            used = [e for e in self.edges if slots[e[0]].arguments[e[1]] == edge[0]]
            if len(used) != 1:
                break
            edge, slot = used[0], slots[used[0][0]]
        which = unparse(slot.call.arguments[edge[1]])
        repeated = [unparse(a) for a in slot.call.arguments].count(which) > 1
        order = f" (argument {edge[1] + 1})" if repeated else ""
        return f"{which}{order} in {self.formula(edge[0])}"

    def formula(self, number: int) -> str:
        """A slot as a formula, with its step in the derivation where it has one."""
        text = unparse(self.program.slots[number].expression)
        name = next((n for n, at in self.program.definitions.items() if at == number), None)
        written = shortened(text if name is None else f"{name} = {text}")
        for step, left, right in self._steps:
            if (name is not None and left == name) or (name is None and right == text):
                return f"step ({step}), {shortened(f'{left} = {right}')}"
        return written

    @cached_property
    def _steps(self) -> list[tuple[int, str, str]]:
        if not self.exam.numbered:
            return []
        return [
            (step.number, unparse(step.left), unparse(step.right))
            for step in self.exam.derivation.steps
            if step.kind == "forward" and not isinstance(step.right, IndexForm)
        ]

    # regularizers

    def is_regularizer(self, edge: Edge) -> bool:
        """Whether the edge leads from the sum that is the loss to a term of parameters alone."""
        if edge[0] not in self._sums:
            return False
        problem = self.exam.problem
        term = self.program.slots[self.program.slots[edge[0]].arguments[edge[1]]]
        scalars = {v.name for v in problem.variables.values() if v.kind == "Scalar"}
        own = {*problem.parameters} if problem.batch else {self.exam.name}
        weighted = bool(problem.batch) or _has_weight(term)
        others = self.program.slots[self.program.root].names - own - scalars
        return weighted and bool(others) and term.names <= own | scalars

    @cached_property
    def _sums(self) -> set[int]:
        return set(self._sums_below(self.program.root))

    def _sums_below(self, root: int) -> Iterator[int]:
        waiting = [root]
        while waiting:
            number = waiting.pop()
            expression = self.program.slots[number].expression
            if isinstance(expression, Call) and isinstance(expression.operation.meaning, Linear):
                yield number
                waiting.extend(self.program.slots[number].arguments)


def _has_weight(term: Slot) -> bool:
    """Whether a term is a scalar times something."""
    expression = term.expression
    if not isinstance(expression, Call) or expression.operation not in (multiply, divide):
        return False
    left, right = expression.arguments
    return is_scalar(left) or is_scalar(right)


def shortened(text: str) -> str:
    """The text of a formula, its end left out where it is long."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 4]} ..."
