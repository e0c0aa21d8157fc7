r"""Sample weights: an example of weight k counts as k examples.

With weights c_n, and those of all the data,

    \sum_n l_n   becomes  \sum_n c_n l_n,
    1/N \sum_n l_n        \sum_n c_n l_n / \sum_n c_n,
    N, the size           \sum_n c_n

The divisor is that of all the data in a minibatch too: its mean then is an unbiased estimate.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from symgrad.errors import DataError, OptionError
from symgrad.language.expressions import Call, Expression, Size
from symgrad.language.problem import Problem, Variable
from symgrad.numerics.libraries import plain_array
from symgrad.training.data.arrays import Data
from symgrad.training.totals import new_name, with_totals


def weighed(data: Data, weights: Any, dtype: str) -> Data:
    """The data with the weights of their examples, where there are any.

    Shapes: weights is (count,).
    Raises: DataError where they are no such numbers from 0 on, OptionError where there are no
    examples in memory.
    """
    if weights is None:
        return data
    if data.chunks or not data.count:
        raise OptionError(
            "sample_weight: weights are of examples in memory; write them into the loss, as in "
            "mean(c * (w * x - t)**2 for c, x, t in batch)"
        )
    array = plain_array("sample_weight", weights)
    if array.shape != (data.count,) or array.dtype.kind not in "iubf":
        given = f"shape {array.shape} and type {array.dtype}"
        raise DataError(f"sample_weight has {given}; a number for each of {data.count} examples")
    if not (np.isfinite(array) & (array >= 0)).all() or not array.any():
        wrong = np.flatnonzero(~(np.isfinite(array) & (array >= 0)))
        told = f"entry {wrong[0]} is {array[wrong[0]]}" if len(wrong) else "all are zero"
        raise DataError(f"sample_weight: {told}; numbers from 0 on are wanted, one of them above")
    return replace(data, weights=array.astype(dtype))


def with_weights(problem: Problem, data: Data) -> tuple[Problem, Data]:
    """The problem in which the examples count by their weights, and its data.

    Both are as they were where the data have no weights.

    >>> from symgrad.language.parser import parse
    >>> from symgrad.language.unparse import unparse
    >>> line = parse("x: Scalar\\nw: Scalar\\nloss = mean((w - x)**2 for x in batch) + w**2")
    >>> x = np.array([1.0, 2.0])
    >>> problem, data = with_weights(line, Data({"x": x}, {}, 2, weights=np.array([1.0, 3.0])))
    >>> unparse(problem.output), float(data.constants["mean1"])
    ('mean(weight1 * (w - x)**2 for x, weight1 in batch) / mean1 + w**2', 2.0)
    """
    if data.weights is None:
        return problem, data
    (batch,) = set(problem.batch.values())
    data_fact = frozenset({"data"})
    weight = Variable(new_name("weight", problem), "Scalar", batch=batch, facts=data_fact)
    mean = Variable(new_name("mean", problem), "Scalar", facts=data_fact)
    total = Variable(new_name("total", problem), "Scalar", facts=data_fact)

    def changed(total_of: Call | Size) -> Expression:
        if isinstance(total_of, Size):
            return total.expression()
        names = f"{total_of.options['variables']}, {weight.name}"
        (example,) = total_of.arguments
        counted = replace(
            total_of,
            arguments=(weight.expression() * example,),
            options={**total_of.options, "variables": names},
        )
        return counted / mean.expression() if total_of.operation.meaning.mean else counted

    dtype = data.weights.dtype
    numbers = {mean.name: data.weights.mean(), total.name: data.weights.sum()}
    return with_totals(problem, changed, weight, mean, total), replace(
        data,
        examples={**data.examples, weight.name: data.weights},
        constants={**data.constants, **{n: np.array(v, dtype) for n, v in numbers.items()}},
        weights=None,
    )
