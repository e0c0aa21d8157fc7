"""Data that outgrow one machine: the gradient on chunks where they are, the update here.

The chunks are dask's, and so is everything about them: where they lie, which worker takes which,
what happens when a worker is lost. A chunk gives its sums over the examples, their gradients and
its count; these are added in one order, so that a result does not depend on who was first.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeAlias

import numpy as np

from symgrad.calculus.derive import gradient
from symgrad.errors import DataError, NotFiniteError, OptionError
from symgrad.language.problem import Problem
from symgrad.numerics.function import Function, compile_derivation
from symgrad.training.base import Optimizer
from symgrad.training.data import Array, Arrays, Data, read_data
from symgrad.training.totals import divided
from symgrad.training.trainer import Trainer

Delayed: TypeAlias = Any  # dask.delayed.Delayed

SAMPLE = 8  # examples of the first chunk that stand for all where shapes are wanted
JOINED = 8  # parts that are added at once


@dataclass(frozen=True)
class Chunks:
    """Delayed mappings from name to array, each some of the examples; and the constants."""

    examples: Sequence[Delayed]
    constants: Mapping[str, Any]

    def sample(self, problem: Problem, dtype: str, parameters: tuple[str, ...]) -> Data:
        """The first examples, and those with the largest labels, which show how many there are."""
        dask = _dask()
        reading = dask.delayed(_sample)
        shared = dask.delayed(_Reading(problem, dict(self.constants), dtype, parameters))
        samples: tuple[Data, ...] = dask.compute(*(reading(shared, c) for c in self.examples))
        examples = {
            name: np.concatenate([sample.examples[name] for sample in samples])
            for name in samples[0].examples
        }
        return Data(examples, samples[0].constants, len(next(iter(examples.values()))))


def chunks_of(problem: Problem, data: Any) -> Chunks | None:
    """The chunks of data that are dask's; None for data in memory.

    `data` is a list of delayed mappings, each some of the examples; or a mapping that has such a
    list under the batch's name, beside constants; or a mapping with dask arrays. Chunks are those
    of the first dask array, along its first axis.

    Raises: DataError where the arrays differ in length, OptionError without dask.
    """
    batches = set(problem.batch.values())
    if isinstance(data, (list, tuple)) and data and all(map(_is_dask, data)):
        return Chunks(data, {})
    if not isinstance(data, Mapping):
        return None
    for name, value in data.items():
        if name in batches and isinstance(value, (list, tuple)) and all(map(_is_dask, value)):
            return Chunks(value, {n: v for n, v in data.items() if n != name})
    if not any(map(_is_dask, data.values())):
        return None
    (constants,) = _dask().compute({n: v for n, v in data.items() if n not in problem.batch})
    arrays = {n: v for n, v in data.items() if n in problem.batch}
    return Chunks(_cut(arrays), constants)


def check_options(validation: object, modules: str) -> None:
    """OptionError for what fit does not do with chunks."""
    if validation and not isinstance(validation, Mapping):
        raise OptionError(
            "with data in chunks no share is set aside: give data of their own, validation={...}"
        )
    if modules != "numpy":
        raise OptionError(f"data in chunks need modules='numpy', not {modules!r}")


class ChunkTrainer:
    """The training loop over chunks: an epoch is one step, with the gradient on all examples.

    It offers what `Trainer` does, but for minibatches. Gradients are compiled here and run where
    dask runs its tasks; the parameters go out and sums come back in every epoch.

    Raises: ProgramError where a sum over the batch is used for each example, or is no scalar.
    """

    def __init__(
        self,
        problem: Problem,
        chunks: Chunks,
        sample: Data,
        *,
        parameters: Mapping[str, Any],
        optimizer: Optimizer,
        dtype: str,
    ) -> None:
        local = Trainer(
            problem,
            sample,
            parameters=parameters,
            optimizer=optimizer,
            batch_size=None,
            dtype=dtype,
        )
        self.problem, self.chunks, self.derivation = problem, chunks, local.derivation
        self.wrt, self.flat, self.parameters = local.wrt, local.flat, local.parameters
        self.state, self.epochs = local.state, 0
        self.largest_gradient = math.inf
        totals = divided(problem)
        self._means, self._names = totals.means, totals.names
        self._outer = compile_derivation(
            gradient(totals.outer, (*self.wrt, *totals.names)), dtype=dtype, reuse_buffers=True
        )
        self._constants = sample.constants
        functions = [compile_derivation(gradient(p, self.wrt), dtype=dtype) for p in totals.sums]
        reading = _Reading(problem, dict(chunks.constants), dtype, self.wrt)
        self._shared = _dask().delayed(_Shared(functions, reading))

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step."""
        return self.state.learning_rate

    def epoch(self) -> float:
        """One step with the gradient on all examples; the loss before it.

        Raises: NotFiniteError naming the epoch and the parameter.
        """
        part = self._added_up()
        sums = np.where(self._means, part.sums / part.count, part.sums)
        inputs = {**self._constants, **self.parameters}
        inputs |= dict(zip(self._names, sums.astype(self.flat.dtype), strict=True))
        with np.errstate(all="ignore"):  # what is not finite is looked for below
            value, slopes = self._outer(inputs)
            total = self._outer.flat_gradient[: len(self.flat)].copy()
            for name, mean, own in zip(self._names, self._means, part.gradients, strict=True):
                weight = float(slopes[name]) / (part.count if mean else 1)
                total += self.flat.dtype.type(weight) * own
        self._check(float(value), total)
        self.state.update(self.flat, total)
        self.epochs += 1
        self.state.epoch = self.epochs
        self.largest_gradient = float(np.linalg.norm(total))
        return float(value)

    def _added_up(self) -> _Part:
        """The sums over all chunks, added by the workers eight at a time, in the chunks' order."""
        dask = _dask()
        parameters = dask.delayed(dict(self.parameters))
        parts = [dask.delayed(_part)(self._shared, c, parameters) for c in self.chunks.examples]
        while len(parts) > 1:
            groups = [parts[k : k + JOINED] for k in range(0, len(parts), JOINED)]
            parts = [dask.delayed(_added)(group) for group in groups]
        result: _Part = parts[0].compute()
        return result

    def _check(self, value: float, slope: Array) -> None:
        if math.isfinite(value) and np.isfinite(slope).all():
            return
        size, name = max((float(np.abs(a).max()), n) for n, a in self.parameters.items())
        raise NotFiniteError(
            f"epoch {self.epochs + 1}: the loss is {value}, or its gradient is not finite; the "
            f"parameter with the largest entry is {name} ({size:.3g}). "
            "A smaller learning rate or smaller initial values may help"
        )


@dataclass(frozen=True)
class _Reading:
    """What it takes to check the data of a chunk."""

    problem: Problem
    constants: Mapping[str, Any]
    dtype: str
    parameters: tuple[str, ...]

    def read(self, given: Mapping[str, Any]) -> Data:
        """The chunk's data, checked as data in memory are."""
        return read_data(self.problem, {**self.constants, **given}, self.dtype, self.parameters)


@dataclass(frozen=True)
class _Shared:
    """What is the same for all chunks and epochs."""

    functions: Sequence[Function]
    reading: _Reading


@dataclass(frozen=True)
class _Part:
    """Of some chunks: each sum over the examples, its gradient as a flat row, and their count."""

    sums: Array
    gradients: Array
    count: int


def _part(shared: _Shared, given: Mapping[str, Any], parameters: Arrays) -> _Part:
    """What a worker does with one chunk."""
    data = shared.reading.read(given)
    inputs = {**data.arrays, **parameters}
    with np.errstate(all="ignore"):
        values = [function(inputs) for function in shared.functions]
    rows = [np.concatenate([np.ravel(slopes[n]) for n in parameters]) for _, slopes in values]
    return _Part(np.array([float(value) for value, _ in values]), np.array(rows), data.count)


def _added(parts: Sequence[_Part]) -> _Part:
    """The sums of several parts, from the first to the last."""
    sums, gradients, count = parts[0].sums.copy(), parts[0].gradients.copy(), parts[0].count
    for part in parts[1:]:
        sums += part.sums
        gradients += part.gradients
        count += part.count
    return _Part(sums, gradients, count)


def _sample(reading: _Reading, given: Mapping[str, Any]) -> Data:
    """A few examples of a chunk, among them those with the largest labels."""
    data = reading.read(given)
    labels = [a for n, a in data.examples.items() if reading.problem.variables[n].kind == "Index"]
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


def _dask(module: str = "dask") -> Any:
    try:
        return import_module(module)
    except ImportError:
        raise OptionError("data in chunks need dask: pip install 'symgrad[dask]'") from None
