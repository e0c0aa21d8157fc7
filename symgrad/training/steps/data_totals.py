r"""Sums and means over the batch that depend on the data alone: numbers, worked out once.

In \sum_n c_n l_n(\theta) / \sum_n c_n the divisor is the same in every step. Where it is that of
all the data, a minibatch is an unbiased estimate although the loss is no sum over the batch.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from symgrad.language.expressions import Expression, Size, mapped, names_in
from symgrad.language.problem import Problem, variable_like
from symgrad.numerics.gradients import value_function
from symgrad.numerics.remembered import remembered
from symgrad.training.chunks.sources import reading_of
from symgrad.training.data.arrays import Data
from symgrad.training.steps.totals import is_total, needed, new_name


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
        ready = {
            name: p
            for name, p in left.items()
            if all(names_in(e).keys().isdisjoint(left) for e in p.formulas)
        }
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
    loop, so_far = problem.loop, problem
    known = {*problem.variables} - {*parameters}
    of_steps = set() if loop is None else {*loop.initial, *loop.step, *loop.equations}
    found: dict[str, Problem] = {}

    def named(node: Expression) -> Expression:
        nonlocal so_far
        if not is_total(node) or not names_in(node).keys() <= known:
            return node
        name = new_name("total", so_far)
        found[name] = needed(replace(so_far, output=node, loop=None))
        variable = replace(variable_like(name, node.shape), facts=frozenset({"data"}))
        so_far = replace(so_far, variables={**so_far.variables, name: variable})
        known.add(name)
        return variable.expression()

    for name, definition in problem.definitions.items():
        definition = mapped(definition, named)
        so_far = replace(so_far, definitions={**so_far.definitions, name: definition})
        if names_in(definition).keys() <= known and name not in of_steps:
            known.add(name)
    output = mapped(problem.output, named)
    variables = so_far.variables
    totals = {name: replace(total, variables=variables) for name, total in found.items()}
    return replace(so_far, output=output), totals
