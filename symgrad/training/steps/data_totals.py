r"""Sums and means over the batch that depend on the data alone: numbers, worked out once.

In \sum_n c_n l_n(\theta) / \sum_n c_n the divisor is the same in every step. Where it is that of
all the data, a minibatch is an unbiased estimate although the loss is no sum over the batch.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import numpy as np

from symgrad.language.expressions import Call, Expression, Size, mapped, names_in
from symgrad.language.operations.meanings import Total
from symgrad.language.problem import Problem, variable_like
from symgrad.numerics.gradients import value_function
from symgrad.numerics.remembered import remembered
from symgrad.training.chunks.sources import reading_of
from symgrad.training.data.arrays import Data
from symgrad.training.steps.totals import needed, new_name


def with_data_totals(
    problem: Problem, data: Data, parameters: Collection[str], dtype: str
) -> tuple[Problem, Data]:
    """The problem with a number in the place of each sum or mean over the batch that depends on
    the data alone, and of the number of examples, and the data with these numbers.

    >>> from symgrad.language.parser import parse
    >>> from symgrad.language.unparse import unparse
    >>> text = "x: Scalar\\nw: Scalar\\nloss = sum(x * w**2 for x in batch) / sum(x for x in batch)"
    >>> data = Data({"x": np.array([1.0, 2.0])}, {}, 2)
    >>> problem, data = with_data_totals(parse(text), data, ["w"], "float64")
    >>> unparse(problem.output), float(data.constants["total1"])
    ('sum(x * w**2 for x in batch) / total1', 3.0)
    """
    given = problem
    problem, left = remembered(without_data_totals, problem, tuple(parameters))
    numbers = {n: np.asarray(data.total) for n, p in left.items() if isinstance(p.output, Size)}
    while left := {n: p for n, p in left.items() if n not in numbers}:
        ready = {n: p for n, p in left.items() if _needs(p).isdisjoint(left)}
        if data.chunks:
            from symgrad.training.chunks.gradients import chunk_totals

            reading = reading_of(given, data.constants, dtype, tuple(parameters))
            values = chunk_totals(list(ready.values()), data, numbers, reading, dtype)
        else:
            inputs = {**data.inputs, **numbers}
            values = [value_function(p, dtype)(inputs)[0] for p in ready.values()]
        numbers |= {n: np.asarray(v, dtype) for n, v in zip(ready, values, strict=True)}
    numbers = {n: v.astype(dtype) for n, v in numbers.items()}
    return problem, replace(data, constants={**data.constants, **numbers})


def without_data_totals(
    problem: Problem, parameters: Collection[str]
) -> tuple[Problem, dict[str, Problem]]:
    """The problem with a variable in the place of each total of the data, and for each variable
    the problem whose output it is, which may have others of them."""
    if len(set(problem.batch.values())) != 1:
        return problem, {}
    walk = _Walk(problem, {*parameters})
    for name, definition in problem.definitions.items():
        walk.define(name, definition)
    output = walk.without(problem.output)
    variables = walk.so_far.variables
    found = {name: replace(total, variables=variables) for name, total in walk.found.items()}
    return replace(walk.so_far, output=output), found


@dataclass
class _Walk:
    """The problem as far as it is rewritten, the totals found, and the names that are no data."""

    problem: Problem
    trained: set[str]
    found: dict[str, Problem] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.so_far = self.problem
        loop = self.problem.loop
        self.known = {*self.problem.variables} - self.trained
        self._own = set() if loop is None else {*loop.initial, *loop.step, *loop.equations}

    def define(self, name: str, definition: Expression) -> None:
        """A definition, of the data alone where all that it needs is."""
        definition = self.without(definition)
        definitions = {**self.so_far.definitions, name: definition}
        self.so_far = replace(self.so_far, definitions=definitions)
        if names_in(definition).keys() <= self.known and name not in self._own:
            self.known.add(name)

    def without(self, root: Expression) -> Expression:
        """The expression with a variable in the place of each total of the data."""
        return mapped(root, self._named)

    def _named(self, node: Expression) -> Expression:
        is_count = isinstance(node, Size) and isinstance(node.dimension, str)
        is_total = isinstance(node, Call) and isinstance(node.operation.meaning, Total)
        if not (is_count or is_total) or not names_in(node).keys() <= self.known:
            return node
        name = new_name("total", self.so_far)
        self.found[name] = needed(replace(self.so_far, output=node, loop=None))
        variable = variable_like(name, node.shape)
        variable = replace(variable, facts=frozenset({"data"}))
        self.so_far = replace(self.so_far, variables={**self.so_far.variables, name: variable})
        self.known.add(name)
        return variable.expression()


def _needs(problem: Problem) -> set[str]:
    """The names in a problem."""
    expressions = (problem.output, *problem.definitions.values())
    return {name for each in expressions for name in names_in(each)}
