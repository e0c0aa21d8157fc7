"""The branches of the chain rule: what each use of each value adds to the gradient."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from symgrad.calculus.index_notation import IndexForm
from symgrad.calculus.nodes import Node
from symgrad.grading.calculation import Calculation, Statement, Use
from symgrad.grading.comparison import close
from symgrad.grading.exam import Exam
from symgrad.grading.points import Values
from symgrad.language.expressions import Call, Expression, is_scalar
from symgrad.language.operations.arithmetic import divide, multiply, negative, transpose
from symgrad.language.operations.meanings import Linear
from symgrad.language.unparse import unparse

LONGEST_FORMULA = 70  # characters of a formula in a sentence


class Branches:
    """The calculation of an exam's problem at the points where it can be evaluated as written."""

    def __init__(self, exam: Exam) -> None:
        self.exam = exam
        self.calculation = Calculation(exam.problem, exam.name)

    @cached_property
    def points(self) -> list[int]:
        """The numbers of the exam's points at which the calculation's gradient is the right one."""
        return [k for k in range(len(self.exam.points)) if self._agrees(k)]

    def _agrees(self, k: int) -> bool:
        variable = self.calculation.variable
        if not self._values[k] or variable.node not in self.calculation.reverse.cotangents:
            return False
        gradient = self._cotangent(variable.node, k, {})
        return close(gradient, self.exam.want[k], 4 * self.exam.noise[k])

    @cached_property
    def _values(self) -> list[Values]:
        return [self.calculation.values(point) for point in self.exam.points]

    @cached_property
    def _still(self) -> list[Values]:
        return [self.calculation.still(values) for values in self._values]

    def _cotangent(self, node: Node, k: int, instead: Mapping[Node, Any]) -> np.ndarray:
        return self.calculation.cotangent(node, self.exam.points[k], self._values[k], instead)

    def value(self, statement: Statement, k: int) -> np.ndarray:
        """The value of a statement, at point k."""
        return np.asarray(self._values[k][statement.node])

    # single contributions

    def incoming(self, use: Use, k: int) -> np.ndarray:
        """The cotangent of the statement that a use stands in, at point k."""
        return self._cotangent(use.statement.node, k, {})

    def contribution(
        self, use: Use, k: int, arrived: Any = None, argument: Any = None, result: Any = None
    ) -> np.ndarray:
        """What a use sends back to its argument, at point k.

        `arrived` is put in the place of the statement's cotangent; `argument` and `result` in that
        of the values with which the derivative is written."""
        arrived = self.incoming(use, k) if arrived is None else arrived
        instead = self.calculation.named_cotangent(use.statement.node, arrived)
        if argument is not None:
            instead[use.node] = argument
        if result is not None and use.statement.value is not None:
            instead[use.statement.value.closed().node] = result
        return self._cotangent(use.node, k, instead)

    def part(self, use: Use, k: int) -> np.ndarray:
        """The part of the gradient that comes through a use, at point k."""
        return self.at_variable(use, self.contribution(use, k), k)

    def at_variable(self, use: Use, cotangent: Any, k: int) -> np.ndarray:
        """What a cotangent that a use sends back comes to at the variable, at point k."""
        instead = self.calculation.named_cotangent(use.argument.node, cotangent)
        variable, point = self.calculation.variable.node, self.exam.points[k]
        return self.calculation.cotangent(variable, point, self._still[k], instead)

    # words

    def describe(self, use: Use) -> str:
        """The branch in words: `step (3), h = W1 @ x`."""
        uses = self.calculation.uses
        alone = [u.argument for u in uses].count(use.argument) == 1
        if alone and use.argument is not self.calculation.variable:
            return self.formula(use.argument)
        while use.statement.call.operation is transpose:  # x.T says less than where it stands
            outer = [u for u in uses if u.argument is use.statement]
            if len(outer) != 1:
                break
            (use,) = outer
        call = use.statement.call
        which = unparse(call.arguments[use.position])
        repeated = [unparse(a) for a in call.arguments].count(which) > 1
        order = f" (argument {use.position + 1})" if repeated else ""
        return f"{which}{order} in {self.formula(use.statement)}"

    def formula(self, statement: Statement) -> str:
        """A statement as a formula, with its step in the derivation where it has one."""
        text = unparse(statement.expression)
        definitions = self.calculation.definitions.items()
        name = next((n for n, defined in definitions if defined is statement), None)
        for step, left, right in self._steps:
            if (name is not None and left == name) or (name is None and right == text):
                return f"step ({step}), {shortened(f'{left} = {right}')}"
        return shortened(text if name is None else f"{name} = {text}")

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

    def is_regularizer(self, use: Use) -> bool:
        """Whether the use is that of a term of parameters alone in the sum that is the loss."""
        if use.statement not in self._sums:
            return False
        problem = self.exam.problem
        scalars = {v.name for v in problem.variables.values() if v.kind == "Scalar"}
        parameters = {*problem.parameters} if problem.batch else {self.exam.name}
        weighted = bool(problem.batch) or _has_weight(use.argument.expression)
        others = self.calculation.root.names - parameters - scalars
        alone = use.argument.names <= parameters | scalars
        return weighted and bool(others) and alone and self._is_penalty(use.argument)

    def _is_penalty(self, statement: Statement) -> bool:
        """Whether a term, without its weight, is nowhere negative, as the logarithm of a scale
        is."""
        while len(statement.uses) == 1 and statement.call.operation in (multiply, divide, negative):
            (position,) = statement.uses
            statement = statement.arguments[position]
        return all(np.all(self.value(statement, k) >= 0) for k in self.points)

    @cached_property
    def _sums(self) -> set[Statement]:
        """The sums that the loss is made of from the result on."""
        sums: set[Statement] = set()
        waiting = [self.calculation.root]
        while waiting:
            statement = waiting.pop()
            call = statement.expression
            if isinstance(call, Call) and isinstance(call.operation.meaning, Linear):
                sums.add(statement)
                waiting.extend(statement.arguments)
        return sums


def _has_weight(term: Expression) -> bool:
    """Whether a term is a scalar times something."""
    if not isinstance(term, Call) or term.operation not in (multiply, divide):
        return False
    return any(map(is_scalar, term.arguments))


def shortened(text: str) -> str:
    """The text of a formula, its end left out where it is long."""
    return text if len(text) <= LONGEST_FORMULA else f"{text[: LONGEST_FORMULA - 4]} ..."
