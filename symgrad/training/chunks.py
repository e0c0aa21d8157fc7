"""Data that outgrow one machine: the gradient on chunks where they are, the update here.

The chunks are dask's, and so is everything about them: where they lie, which worker takes which,
what happens when a worker is lost. A chunk gives its sums over the examples, their gradients and
its count; these are added in one order, so that a result does not depend on who was first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from importlib import import_module
from typing import Any, TypeAlias

import numpy as np

from symgrad.calculus.derive import gradient
from symgrad.errors import DataError, OptionError, ProgramError
from symgrad.language.dimensions import SCALAR
from symgrad.language.problem import Problem
from symgrad.language.unparse import unparse
from symgrad.numerics.function import Function, compile_derivation
from symgrad.training.data.arrays import Array, Arrays, Data, read_data
from symgrad.training.totals import divided

Delayed: TypeAlias = Any  # dask.delayed.Delayed
Reading: TypeAlias = Callable[[Mapping[str, Any]], Data]

SAMPLE = 8  # examples of each chunk that stand for all where shapes are wanted
JOINED = 8  # parts that are added at once


def read(problem: Problem, data: Any, dtype: str, parameters: tuple[str, ...]) -> Data:
    """The data in memory, checked; or for dask's the chunks, with some of their examples.

    Chunks are a list of delayed mappings, each some of the examples; or a mapping that has such a
    list under the batch's name, beside constants; or a mapping with dask arrays, in the chunks of
    the first one along its first axis.

    Raises: DataError where the data do not fit the problem, OptionError without dask.
    """
    batches = set(problem.batch.values())
    if _is_list(data):
        return _sampled(problem, data, {}, dtype, parameters)
    if not isinstance(data, Mapping) or not any(map(_is_dask, data.values())):
        lists = [n for n in batches if isinstance(data, Mapping) and _is_list(data.get(n))]
        if not lists:
            return read_data(problem, data, dtype, parameters)
        others = {n: v for n, v in data.items() if n != lists[0]}
        return _sampled(problem, data[lists[0]], others, dtype, parameters)
    (constants,) = _dask().compute({n: v for n, v in data.items() if n not in problem.batch})
    examples = _cut({n: v for n, v in data.items() if n in problem.batch})
    return _sampled(problem, examples, constants, dtype, parameters)


def _sampled(
    problem: Problem,
    chunks: Sequence[Delayed],
    constants: Mapping[str, Any],
    dtype: str,
    parameters: tuple[str, ...],
) -> Data:
    """The chunks with their first examples, and those with the largest labels, which show how many
    there are."""
    dask = _dask()
    if problem.functions:
        names = ", ".join(problem.functions)
        raise OptionError(f"{names}: functions are given beside data in memory, not in chunks")
    reading = dask.delayed(partial(_read_chunk, problem, constants, dtype, parameters))
    sample = dask.delayed(_sample)
    samples: tuple[Data, ...] = dask.compute(*(sample(reading, chunk) for chunk in chunks))
    examples = {
        name: np.concatenate([sample.examples[name] for sample in samples])
        for name in samples[0].examples
    }
    count = len(next(iter(examples.values())))
    return Data(examples, samples[0].constants, count, tuple(chunks))


class ChunkGradients:
    """The gradient on all chunks, an epoch's one step.

    Functions are compiled here and run where dask runs its tasks; the parameters go out and sums
    come back in every epoch.
    Raises: ProgramError where a sum over the batch is used for each example, or is no scalar.
    """

    count = 1

    def __init__(self, problem: Problem, data: Data, parameters: Arrays, dtype: str) -> None:
        wrt = tuple(parameters)
        totals = divided(problem)
        for part in totals.sums:
            if part.output.shape != SCALAR:
                raise ProgramError(
                    f"{unparse(part.output)} is no scalar, as sums over data in chunks have to be"
                )
        self._chunks, self._constants, self._parameters = data.chunks, data.constants, parameters
        self._means, self._names = totals.means, totals.names
        self._outer = compile_derivation(
            gradient(totals.outer, (*wrt, *totals.names)), dtype=dtype, reuse_buffers=True
        )
        functions = [compile_derivation(gradient(p, wrt), dtype=dtype) for p in totals.sums]
        reading = partial(_read_chunk, problem, data.constants, dtype, wrt, labels=False)
        self._shared = _dask().delayed((functions, reading))

    def begin(self, order: Array) -> None:
        """All examples are in the step, in whatever order."""

    def of(self, step: int) -> tuple[float, Array]:
        """The loss and the flat gradient of all examples."""
        part = self._added_up()
        sums = np.where(self._means, part.sums / part.count, part.sums)
        inputs = {**self._constants, **self._parameters}
        inputs |= dict(zip(self._names, sums.astype(part.gradients.dtype), strict=True))
        value, slopes = self._outer(inputs)
        total = self._outer.flat_gradient[: part.gradients.shape[1]].copy()
        for name, mean, slope in zip(self._names, self._means, part.gradients, strict=True):
            weight = float(slopes[name]) / (part.count if mean else 1)
            total += total.dtype.type(weight) * slope
        return float(value), total

    def _added_up(self) -> _Part:
        """The sums over all chunks, added by the workers eight at a time, in the chunks' order."""
        dask = _dask()
        parameters = dask.delayed(dict(self._parameters))
        parts = [dask.delayed(_part)(self._shared, chunk, parameters) for chunk in self._chunks]
        while len(parts) > 1:
            groups = [parts[k : k + JOINED] for k in range(0, len(parts), JOINED)]
            parts = [dask.delayed(reduce)(_Part.__add__, group) for group in groups]
        result: _Part = parts[0].compute()
        return result


def _read_chunk(
    problem: Problem,
    constants: Mapping[str, Any],
    dtype: str,
    parameters: tuple[str, ...],
    chunk: Mapping[str, Any],
    labels: bool = True,
) -> Data:
    """A chunk's data, checked as data in memory are; `labels` once."""
    return read_data(problem, {**constants, **chunk}, dtype, parameters, labels)


@dataclass(frozen=True)
class _Part:
    """Of some chunks: each sum over the examples, its gradient as a flat row, and their count."""

    sums: Array
    gradients: Array
    count: int

    def __add__(self, other: _Part) -> _Part:
        gradients = self.gradients + other.gradients
        return _Part(self.sums + other.sums, gradients, self.count + other.count)


def _part(
    shared: tuple[Sequence[Function], Reading], chunk: Mapping[str, Any], parameters: Arrays
) -> _Part:
    """What a worker does with one chunk."""
    functions, reading = shared
    data = reading(chunk)
    inputs = {**data.arrays, **parameters}
    with np.errstate(all="ignore"):
        values = [function(inputs) for function in functions]
    rows = [np.concatenate([np.ravel(slopes[n]) for n in parameters]) for _, slopes in values]
    return _Part(np.array([float(value) for value, _ in values]), np.array(rows), data.count)


def _sample(reading: Reading, chunk: Mapping[str, Any]) -> Data:
    """A few examples of a chunk, among them those with the largest labels."""
    data = reading(chunk)
    labels = (array for array in data.examples.values() if array.dtype.kind == "i")
    largest = [int(np.argmax(array)) for array in labels]
    return data.rows(np.array([*range(min(SAMPLE, data.count)), *largest], int))


def _cut(arrays: Mapping[str, Any]) -> list[Delayed]:
    """The arrays in common chunks along their first axis, each chunk a mapping."""
    if not arrays:
        raise DataError("dask arrays: none of them belongs to the batch")
    first_name, first = next((n, a) for n, a in arrays.items() if _is_dask(a))
    if any(math.isnan(size) for size in first.chunks[0]):
        raise DataError(f"data: the chunks of {first_name} have no sizes; compute_chunk_sizes()")
    from_any, blocks = _dask("dask.array").asarray, {}
    for name, array in arrays.items():
        if np.shape(array)[:1] != first.shape[:1]:
            raise DataError(
                f"data: {first_name} has shape {first.shape}, {name} has shape {np.shape(array)}; "
                "as many examples are wanted"
            )
        whole = dict.fromkeys(range(1, np.ndim(array)), -1)
        cut = from_any(array).rechunk({0: first.chunks[0], **whole})
        blocks[name] = cut.to_delayed().ravel()
    rows = range(len(first.chunks[0]))
    return [{n: blocks[n][k] for n in blocks} for k in rows if first.chunks[0][k]]


def _is_dask(value: Any) -> bool:
    return hasattr(value, "__dask_graph__")


def _is_list(value: Any) -> bool:
    """Whether it is a list of delayed mappings."""
    return isinstance(value, (list, tuple)) and bool(value) and all(map(_is_dask, value))


def _dask(module: str = "dask") -> Any:
    try:
        return import_module(module)
    except ImportError:
        raise OptionError("data in chunks need dask: pip install 'symgrad[dask]'") from None
