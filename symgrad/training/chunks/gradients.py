"""Gradients of data in chunks: of all chunks, of a few where they lie, of minibatches cut of them.

A chunk gives its sums over the examples, their gradients and its count; these are added in one
order, so that a result does not depend on who was first. Minibatches that are smaller than a chunk
are cut here, of chunks fetched one after another: never more than two of them are in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeAlias

import numpy as np

from symgrad.calculus.derive import gradient
from symgrad.errors import DataError, ProgramError
from symgrad.language.dimensions import SCALAR
from symgrad.language.problem import Problem
from symgrad.language.unparse import unparse
from symgrad.numerics.bound import Bound
from symgrad.numerics.function import Function, compile_derivation
from symgrad.numerics.gradients import gradient_function, value_function
from symgrad.numerics.layers import flattened
from symgrad.training.chunks.sources import Fetched, Reading, dask, reading_of
from symgrad.training.data.arrays import Array, Data
from symgrad.training.rates.plateau import Rated
from symgrad.training.steps.minibatches import Minibatches, bound_to
from symgrad.training.steps.totals import divided

JOINED = 8  # parts that are added at once
Sums: TypeAlias = tuple[Array, ...]
Task: TypeAlias = Callable[[Sequence[Function], Data, Mapping[str, Any]], Sums]


class ChunkGradients:
    """The gradients of as many chunks at once as make a minibatch; of all of them an epoch's one
    step.

    Functions are compiled here and run where dask runs its tasks; the parameters go out and sums
    come back in every step, and no example is loaded.
    Raises: ProgramError where a sum over the batch is used for each example, or is no scalar.
    """

    def __init__(self, problem: Problem, batches: Minibatches) -> None:
        data, wrt, dtype = batches.data, tuple(batches.parameters), str(batches.dtype)
        chunks, self._per_step = len(data.chunks), data.chunks_in(batches.size)
        rest = 0 if batches.drop_last else chunks % self._per_step
        self.count = chunks // self._per_step + (rest > 0)
        totals = divided(problem)
        for part in totals.sums:
            if part.output.shape != SCALAR:
                raise ProgramError(
                    f"{unparse(part.output)} is no scalar, as sums over data in chunks have to be"
                )
        self.batches, self.totals, self._order = batches, totals, np.arange(chunks)
        self._outer = compile_derivation(
            gradient(totals.outer, (*wrt, *totals.names)), dtype=dtype, reuse_buffers=True
        )
        functions = [compile_derivation(gradient(p, wrt), dtype=dtype) for p in totals.sums]
        self.reading = reading_of(problem, data.constants, dtype, (*wrt, batches.weight))
        self._shared = dask().delayed((functions, self.reading))
        self._looked: tuple[Array, Joined] | None = None  # where the parameters were, at all chunks

    def begin(self, order: Array) -> None:
        """Take the chunks in this order; of all of them at once it does not matter."""
        self._order = order if self.count > 1 else np.arange(len(order))

    def of(self, step: int) -> tuple[float, Array]:
        """The loss and the flat gradient of a step's chunks."""
        first = step * self._per_step
        of_all = self.count == 1
        found = self.here() if of_all else self._joined(self._order[first : first + self._per_step])
        return found.value, found.flat.copy()

    def here(self) -> Joined:
        """The loss of all chunks at the parameters, worked out once as long as they stay."""
        theta = np.concatenate(flattened(self.batches.parameters.values()))
        if self._looked is None or not np.array_equal(self._looked[0], theta):
            self._looked = theta, self._joined(np.arange(len(self._order)))
        return self._looked[1]

    def _joined(self, chosen: Array) -> Joined:
        """The loss of these chunks, of which the workers give the sums and their gradients."""
        batches, totals = self.batches, self.totals
        chunks = [batches.data.chunks[k] for k in chosen]
        part = added_up(_sums, self._shared, chunks, batches.parameters)
        sums, gradients = part.arrays
        weights = np.where(totals.means, 1 / part.count, 1.0)
        values = (sums * weights).astype(batches.dtype)
        inputs = {**batches.data.constants, **batches.parameters, **batches.weighed(part.count)}
        value, slopes = self._outer(inputs | dict(zip(totals.names, values, strict=True)))
        flat = self._outer.flat_gradient[: gradients.shape[1]].copy()
        numbers = [float(slopes[name]) * w for name, w in zip(totals.names, weights, strict=True)]
        for number, slope in zip(numbers, gradients, strict=True):
            flat += flat.dtype.type(number) * slope
        return Joined(float(value), flat, values, gradients, weights, np.array(numbers))


@dataclass(frozen=True)
class Joined:
    """A loss of chunks: its value and flat gradient, and of the totals it is made of, their
    `values`; of the sums the `gradients`, a row for each, the `weights` they count with in the
    totals, and the `slopes`, the derivatives of the loss by them."""

    value: float
    flat: Array
    values: Array
    gradients: Array
    weights: Array
    slopes: Array


class ChunkMinibatches:
    """Minibatches cut of chunks, which are taken in an order, their examples in a random one.

    All have `size` examples but the last one: what is left of a chunk goes on in the next. The
    order within chunk k in epoch e is drawn from (seed, e, k), so that an epoch can be gone on with
    at any step.
    """

    def __init__(self, problem: Problem, batches: Minibatches, epochs: Rated) -> None:
        data, wrt, dtype = batches.data, tuple(batches.parameters), str(batches.dtype)
        self._function = gradient_function(problem, wrt, dtype, "numpy")
        self._bound: dict[int, Bound] = {}
        reading = reading_of(problem, data.constants, dtype, (*wrt, batches.weight))
        self._fetched = Fetched(data.chunks, reading)
        self._batches, self._data, self._epochs = batches, data, epochs
        self.count = (
            data.total // batches.size if batches.drop_last else -(-data.total // batches.size)
        )
        self.begin(np.arange(len(data.chunks)))

    def begin(self, order: Array) -> None:
        """Take the chunks in this order, from any step on."""
        self._order, self._next = order, -1
        self._rows: Data | None = None

    def of(self, step: int) -> tuple[float, Array]:
        """The loss and the flat gradient of a minibatch."""
        if self._rows is None or step != self._next - 1:  # else the same one is asked for again
            if step != self._next:
                self._seek(step * self._batches.size)
            self._next = step + 1
            self._rows = self._taken(self._batches.size)
        rows = self._rows
        inputs = self._batches.inputs(rows)
        call, arrays = bound_to(self._function, self._bound, inputs, rows.count)
        return float(call.function(*arrays)), call.flat

    def _seek(self, row: int) -> None:
        """Go to a row of the epoch."""
        ends = np.cumsum(np.array(self._data.sizes)[self._order])
        self._at = int(np.searchsorted(ends, row, side="right"))
        self._from = row - int(ends[self._at - 1]) * (self._at > 0)
        self._chunk: Data | None = None

    def _taken(self, count: int) -> Data:
        """The next rows, of as many chunks as it needs."""
        pieces: list[Data] = []
        while count and self._at < len(self._order):
            if self._chunk is None:
                self._open()
            assert self._chunk is not None
            rows = self._chunk.rows(self._within[self._from : self._from + count])
            pieces.append(rows)
            count -= rows.count
            self._from += rows.count
            if self._from == len(self._within):
                self._at, self._from, self._chunk = self._at + 1, 0, None
        if len(pieces) == 1:
            return pieces[0]
        names = pieces[0].examples
        joined = {n: np.concatenate([piece.examples[n] for piece in pieces]) for n in names}
        return Data(joined, self._data.constants, sum(piece.count for piece in pieces))

    def _open(self) -> None:
        """Load the chunk whose turn it is."""
        at, order = self._at, self._order
        chunk, size = int(order[at]), self._data.sizes[order[at]]
        following = int(order[at + 1]) if at + 1 < len(order) else None
        examples = self._fetched.get(chunk, following)
        found = len(next(iter(examples.values()))) if examples else 0
        if found != size:
            raise DataError(f"data: chunk {chunk} had {size} examples, now it has {found}")
        numbers = np.arange(size)
        self._chunk = Data(dict(examples), self._data.constants, size, numbers=numbers)
        drawn = np.random.default_rng([self._batches.seed, self._epochs.epoch, chunk])
        self._within = drawn.permutation(size)


@dataclass(frozen=True)
class _Part:
    """Sums over the examples of some chunks, and their count."""

    arrays: tuple[Array, ...]
    count: int

    def __add__(self, other: _Part) -> _Part:
        pairs = zip(self.arrays, other.arrays, strict=True)
        return _Part(tuple(own + others for own, others in pairs), self.count + other.count)


def added_up(task: Any, shared: Any, chunks: Sequence[Any], inputs: Mapping[str, Any]) -> _Part:
    """What `task(functions, inputs)` gives of these chunks, with the inputs beside each one's data.
    The workers add eight at a time, in this order. `shared` are functions and a reading."""
    delayed = dask().delayed
    inputs = delayed(dict(inputs))
    parts = [delayed(_part)(task, shared, chunk, inputs) for chunk in chunks]
    while len(parts) > 1:
        groups = [parts[k : k + JOINED] for k in range(0, len(parts), JOINED)]
        parts = [delayed(reduce)(_Part.__add__, group) for group in groups]
    result: _Part = parts[0].compute()
    return result


def _part(
    task: Task,
    shared: tuple[Sequence[Function], Reading],
    chunk: Mapping[str, Any],
    inputs: Mapping[str, Any],
) -> _Part:
    """What a worker does with one chunk."""
    functions, reading = shared
    data = reading(chunk)
    if data is None:
        raise DataError("data: a chunk had examples, now it has none")
    with np.errstate(all="ignore"):
        return _Part(task(functions, data, inputs), data.count)


def _sums(functions: Sequence[Function], data: Data, parameters: Mapping[str, Any]) -> Sums:
    """The sums, and their gradients as flat rows."""
    values = [function({**data.arrays, **parameters}) for function in functions]
    rows = [np.concatenate([np.ravel(slopes[n]) for n in parameters]) for _, slopes in values]
    return np.array([float(value) for value, _ in values]), np.array(rows)


def _values(functions: Sequence[Function], data: Data, numbers: Mapping[str, Any]) -> Sums:
    """The sums, of any shape."""
    return tuple(np.asarray(function({**data.arrays, **numbers})[0]) for function in functions)


def chunk_totals(
    problems: Sequence[Problem],
    data: Data,
    numbers: Mapping[str, Any],
    reading: Reading,
    dtype: str,
) -> list[Array]:
    """The sum or mean over all chunks that is the output of each of these problems, which have
    these numbers beside the data."""
    totals = [divided(problem) for problem in problems]
    functions = [value_function(t.sums[0], dtype) for t in totals]
    part = added_up(_values, dask().delayed((functions, reading)), data.chunks, numbers)
    divisors = [part.count if t.means[0] else 1 for t in totals]
    return [array / divisor for array, divisor in zip(part.arrays, divisors, strict=True)]
