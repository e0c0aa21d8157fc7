"""Data that outgrow one machine: dask's arrays and frames, and lists of delayed mappings.

The chunks are dask's, and so is everything about them: where they lie, which worker takes which,
what happens when a worker is lost. Nothing here loads all of them: of each chunk a few examples are
looked at before a training (see `symgrad.training.chunks.gradients` for what is done with them).
"""

from __future__ import annotations

import contextvars
import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from importlib import import_module
from typing import Any, TypeAlias

import numpy as np

from symgrad.errors import DataError, OptionError
from symgrad.language.problem import Problem
from symgrad.training.data.arrays import Data, read_data
from symgrad.training.data.preparation import Column, Part, Preparation
from symgrad.training.data.preparing import columns_of

Delayed: TypeAlias = Any  # dask.delayed.Delayed
Reading: TypeAlias = Callable[[Mapping[str, Any]], Data | None]

SAMPLE = 8  # examples of each of the first chunks that stand for all where shapes are wanted
SAMPLED = 8  # chunks


def read(problem: Problem, data: Any, dtype: str, parameters: tuple[str, ...]) -> Data:
    """The data in memory, checked; or for dask's the chunks, with some of their examples.

    Chunks are a list of delayed mappings, each some of the examples; or a mapping that has such a
    list under the batch's name, beside constants; or a mapping with dask arrays, series or frames,
    in the chunks of the first one along its first axis; or one dask frame, whose columns are named
    as the variables: x, or x1, x2, ... for a vector.

    Raises: DataError where the data do not fit the problem, OptionError without dask.
    """
    batches = set(problem.batch.values())
    if _is_list(data):
        return _sampled(problem, data, {}, dtype, parameters)
    if is_dask(data):
        return _sampled(problem, _partitions(problem, data), {}, dtype, parameters)
    if not isinstance(data, Mapping) or not any(map(is_dask, data.values())):
        lists = [n for n in batches if isinstance(data, Mapping) and _is_list(data.get(n))]
        if not lists:
            return read_data(problem, data, dtype, parameters)
        others = {n: v for n, v in data.items() if n != lists[0]}
        return _sampled(problem, data[lists[0]], others, dtype, parameters)
    constants = {n: v for n, v in data.items() if n not in problem.batch}
    for name in filter(lambda name: is_dask(constants[name]), constants):
        raise DataError(
            f"data: {name} is dask's, and no example has its own part of it: every step would load "
            f"all of it; give {name}.compute() where it fits into memory"
        )
    examples = _cut({n: v for n, v in data.items() if n in problem.batch})
    return _sampled(problem, examples, constants, dtype, parameters)


def _sampled(
    problem: Problem,
    chunks: Sequence[Delayed],
    constants: Mapping[str, Any],
    dtype: str,
    parameters: tuple[str, ...],
) -> Data:
    """The chunks that have examples, with their numbers of examples, the first examples of the
    first chunks, and of each those with the smallest and the largest labels, which show
    how many there are."""
    delayed = dask().delayed
    if problem.functions:
        names = ", ".join(problem.functions)
        raise OptionError(f"{names}: functions are given beside data in memory, not in chunks")
    reading = delayed(reading_of(problem, constants, dtype, parameters, labels=True))
    sample = delayed(_sample)
    found: tuple[tuple[int, Data | None], ...] = dask().compute(
        *(sample(reading, chunk, SAMPLE * (k < SAMPLED)) for k, chunk in enumerate(chunks))
    )
    samples = [data for _, data in found if data is not None]
    if not samples:
        raise DataError("data: the chunks hold no examples")
    examples = {
        name: np.concatenate([sample.examples[name] for sample in samples])
        for name in samples[0].examples
    }
    return Data(
        examples,
        samples[0].constants,
        len(next(iter(examples.values()))),
        tuple(chunk for chunk, (size, _) in zip(chunks, found, strict=True) if size),
        sizes=tuple(size for size, _ in found if size),
    )


def reading_of(
    problem: Problem,
    constants: Mapping[str, Any],
    dtype: str,
    parameters: tuple[str, ...],
    labels: bool = False,
) -> Reading:
    """What reads a chunk where it lies: its data, checked as data in memory are; `labels` once."""
    return partial(_read_chunk, problem, constants, dtype, parameters, labels)


def _read_chunk(
    problem: Problem,
    constants: Mapping[str, Any],
    dtype: str,
    parameters: tuple[str, ...],
    labels: bool,
    chunk: Mapping[str, Any],
) -> Data | None:
    """A chunk's data; None of an empty one."""
    lengths = {len(value) for value in chunk.values()} if isinstance(chunk, Mapping) else {1}
    if lengths <= {0}:
        return None
    return read_data(problem, {**constants, **chunk}, dtype, parameters, labels)


def _sample(reading: Reading, chunk: Mapping[str, Any], count: int) -> tuple[int, Data | None]:
    """How many examples a chunk has, and a few of them, among them those with the smallest and
    the largest labels."""
    data = reading(chunk)
    if data is None:
        return 0, None
    arrays = (array for array in data.examples.values() if array.dtype.kind == "i")
    labels = [array.reshape(data.count, -1) for array in arrays]
    ends = [int(end) for of in labels for end in (of.min(axis=1).argmin(), of.max(axis=1).argmax())]
    return data.count, data.rows(np.array([*range(min(count, data.count)), *ends], int))


class Fetched:
    """Chunks that are loaded one after another; while one is in use, the next one is on its way.

    Two chunks are alive at most: the one that `get` gave last, as long as it is kept, and the next.
    """

    def __init__(self, chunks: Sequence[Delayed], reading: Reading) -> None:
        delayed = dask().delayed
        reading, examples = delayed(reading), delayed(_examples)
        self._chunks = [examples(reading(chunk)) for chunk in chunks]
        self._pool = ThreadPoolExecutor(1)
        self._ahead: dict[int, Future[Mapping[str, Any]]] = {}

    def get(self, chunk: int, following: int | None) -> Mapping[str, Any]:
        """The arrays of a chunk, and after it, in the background, those of the following one."""
        ahead = self._ahead.pop(chunk, None) or self._begun(chunk)
        for other in self._ahead.values():  # of an epoch that was not finished
            other.cancel()
        self._ahead.clear()
        arrays = ahead.result()
        if following is not None:
            self._ahead[following] = self._begun(following)
        return arrays

    def _begun(self, chunk: int) -> Future[Mapping[str, Any]]:
        context = contextvars.copy_context()  # in which dask finds its client
        return self._pool.submit(context.run, self._computed, chunk)

    def _computed(self, chunk: int) -> Mapping[str, Any]:
        (arrays,) = dask().compute(self._chunks[chunk])
        return arrays  # type: ignore[no-any-return]


def _examples(data: Data | None) -> Mapping[str, Any]:
    return {} if data is None else data.examples


def _partitions(problem: Problem, frame: Any) -> list[Delayed]:
    """The partitions of a frame, each a mapping to the array of each variable of the batch."""
    if not hasattr(frame, "columns"):
        raise DataError(
            f"data is a dask {type(frame).__name__}; a mapping from name to array is wanted, or a "
            "frame with columns"
        )
    named = tuple(map(str, frame.columns))
    parts = {}
    for name in problem.batch:
        variable, columns = problem.variables[name], columns_of(name, named)
        if "one_hot" in variable.facts and len(columns) == 1:
            raise DataError(
                f"{name}: no chunk knows the classes of the others; columns {name}1, {name}2, ... "
                "with 0 and 1 are wanted, or an Index"
            )
        parts[name] = Part(variable.kind, tuple(map(Column, columns)))
    preparation = Preparation(parts)
    apply = dask().delayed(_prepared)
    partitions = frame[[*preparation.columns]].to_delayed()
    return [apply(preparation, partition) for partition in partitions]


def _prepared(preparation: Preparation, partition: Any) -> Mapping[str, Any]:
    """The arrays of a partition; none of an empty one."""
    return preparation.apply(partition) if len(partition) else {}


def _cut(arrays: Mapping[str, Any]) -> list[Delayed]:
    """The arrays in common chunks along their first axis, each chunk a mapping."""
    if not arrays:
        raise DataError("dask arrays: none of them belongs to the batch")
    arrays = {n: a.to_dask_array() if hasattr(a, "to_dask_array") else a for n, a in arrays.items()}
    first_name, first = next((n, a) for n, a in arrays.items() if is_dask(a))
    if any(math.isnan(size) for size in first.chunks[0]):
        return _cut_as_they_are(first_name, first, arrays)
    from_any, blocks = dask("dask.array").asarray, {}
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


def _cut_as_they_are(first_name: str, first: Any, arrays: Mapping[str, Any]) -> list[Delayed]:
    """Arrays of unknown sizes, such as those of a frame: chunk k of each belongs together."""
    for name, array in arrays.items():
        if not is_dask(array) or array.numblocks != (
            len(first.chunks[0]),
            *[1] * (array.ndim - 1),
        ):
            raise DataError(
                f"data: the chunks of {first_name} have no sizes, and {name} is not in as many; "
                "give the frame itself, whose columns are named x1, x2, ..., or arrays with sizes: "
                "to_dask_array(lengths=True), compute_chunk_sizes()"
            )
    blocks = {name: array.to_delayed().ravel() for name, array in arrays.items()}
    return [{n: blocks[n][k] for n in blocks} for k in range(len(first.chunks[0]))]


def is_dask(value: Any) -> bool:
    """Whether it is one of dask's."""
    return hasattr(value, "__dask_graph__")


def _is_list(value: Any) -> bool:
    """Whether it is a list of delayed mappings."""
    return isinstance(value, (list, tuple)) and bool(value) and all(map(is_dask, value))


def dask(module: str = "dask") -> Any:
    """Dask, or a part of it. Raises: OptionError where it is not installed."""
    try:
        return import_module(module)
    except ImportError:
        raise OptionError("data in chunks need dask: pip install 'symgrad[dask]'") from None
