r"""Sample weights: an example of weight k counts as k examples.

With weights c_n, and those of all the data,

    \sum_n l_n   becomes  \sum_n c_n l_n,
    1/N \sum_n l_n        \sum_n c_n l_n / \sum_n c_n,
    N, the size           \sum_n c_n

The divisor is that of all the data in a minibatch too: its mean then is an unbiased estimate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from symgrad.errors import DataError, OptionError
from symgrad.language.expressions import Call, Expression, Size
from symgrad.language.problem import Problem, Variable
from symgrad.numerics.libraries import plain_array
from symgrad.training.chunks.sources import Delayed, dask, is_dask
from symgrad.training.data.arrays import Array, Data
from symgrad.training.steps.totals import new_name, with_totals


def weighed(data: Data, weights: Any, dtype: str) -> Data:
    """The data with the weights of their examples, where there are any.

    Shapes: weights is (count,); of data in chunks an array, or dask's in any chunks.
    Raises: DataError where they are no such numbers from 0 on, OptionError where there are no
    examples.
    """
    if weights is None:
        return data
    if data.chunks:
        parts = tuple(_parts(weights, data))
        sums = sums_of(parts, data.sizes, np.dtype(dtype))
        return replace(data, weights=sums, weight_parts=parts)
    if not data.count:
        raise OptionError(
            "sample_weight: weights are of examples of one batch; write them into the loss, as in "
            "mean(c * (w * x - t)**2 for c, x, t in batch)"
        )
    array = plain_array("sample_weight", weights)
    if array.shape != (data.count,) or array.dtype.kind not in "iubf":
        given = f"shape {array.shape} and type {array.dtype}"
        raise DataError(f"sample_weight has {given}; a number for each of {data.count} examples")
    if told := _wrong(array) or NONE * (not array.any()):
        raise DataError(f"sample_weight: {told}")
    return replace(data, weights=array.astype(dtype))


NONE = "all are zero; one of them above is wanted"


def _wrong(weights: Array) -> str:
    """The first of these that is no weight, in words; nothing where all are."""
    if weights.dtype.kind not in "iubf":
        return f"the type is {weights.dtype}; numbers are wanted"
    for k in np.flatnonzero(~(np.isfinite(weights) & (weights >= 0))):
        return f"entry {k} is {weights[k]}; numbers from 0 on are wanted"
    return ""


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
    sum_of_all = data.weights.sum()
    numbers = {mean.name: sum_of_all / data.total, total.name: sum_of_all}
    own, chunks = data.weights, data.chunks
    if chunks:
        put, pairs = dask().delayed(_put), zip(chunks, data.weight_parts, strict=True)
        own = np.ones(data.count, dtype)
        chunks = tuple(put(chunk, weight.name, part) for chunk, part in pairs)
    return with_totals(problem, changed, weight, mean, total), replace(
        data,
        examples={**data.examples, weight.name: own},
        chunks=chunks,
        constants={**data.constants, **{n: np.array(v, dtype) for n, v in numbers.items()}},
        weights=None,
        weight_parts=(),
    )


def _parts(weights: Any, data: Data) -> list[Delayed]:
    """The weights of each chunk."""
    if not is_dask(weights):
        array = plain_array("sample_weight", weights)
        if array.shape != (data.total,):
            raise DataError(f"sample_weight has shape {array.shape}; {_wanted(data)}")
        return np.split(array, np.cumsum(data.sizes)[:-1])
    array = weights.to_dask_array() if hasattr(weights, "to_dask_array") else weights
    if getattr(array, "ndim", None) != 1:
        raise DataError(f"sample_weight is a dask {type(weights).__name__}; {_wanted(data)}")
    if np.isnan(array.shape[0]):  # the chunks of a frame
        blocks = array.to_delayed().tolist()
        sizes = dask().compute(*map(dask().delayed(len), blocks))
        return [block for block, size in zip(blocks, sizes, strict=True) if size]
    if array.shape != (data.total,):
        raise DataError(f"sample_weight has shape {array.shape}; {_wanted(data)}")
    rechunked: list[Delayed] = array.rechunk((data.sizes,)).to_delayed().tolist()
    return rechunked


def _wanted(data: Data) -> str:
    return f"a number for each of {data.total} examples is wanted"


def sums_of(parts: Sequence[Delayed], sizes: Sequence[int], dtype: np.dtype[Any]) -> Array:
    """The sum of each chunk's weights."""
    looked = dask().compute(*map(dask().delayed(_looked), parts))
    if [size for size, _, _ in looked] != [*sizes]:
        given = ", ".join(str(size) for size, _, _ in looked[:5])
        wanted = ", ".join(map(str, sizes[:5]))
        raise DataError(
            f"sample_weight has chunks of {given} numbers, and the data of {wanted} examples"
        )
    if wrong := [(k, told) for k, (_, _, told) in enumerate(looked) if told]:
        raise DataError(f"sample_weight, chunk {wrong[0][0]}: {wrong[0][1]}")
    sums = np.array([total for _, total, _ in looked], dtype)
    if not sums.any():
        raise DataError(f"sample_weight: {NONE}")
    return sums


def _looked(part: Any) -> tuple[int, float, str]:
    """How many weights there are, their sum, and what is wrong with them."""
    array = plain_array("sample_weight", part)
    told = _wrong(array)
    return len(array), 0.0 if told else float(array.sum(dtype=float)), told


def _put(chunk: Mapping[str, Any], name: str, part: Any) -> Mapping[str, Any]:
    """A chunk with its weights by this name."""
    if not isinstance(chunk, Mapping):
        told = f"a chunk is a {type(chunk).__name__}; with weights a mapping is wanted"
        raise DataError(f"sample_weight: {told}")
    return {**chunk, name: part}
