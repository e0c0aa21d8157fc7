"""Gradients of data in chunks: of all chunks, of a few where they lie, of minibatches cut of them.

A chunk gives its sums over the examples, their gradients and its count; these are added in one
order, so that a result does not depend on who was first. Minibatches that are smaller than a chunk
are cut here, of chunks fetched one after another: never more than two of them are in memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Protocol

import numpy as np

from symgrad.calculus.derive import gradient
from symgrad.errors import DataError, ProgramError
from symgrad.language.dimensions import SCALAR
from symgrad.language.problem import Problem
from symgrad.language.unparse import unparse
from symgrad.numerics.bound import Bound
from symgrad.numerics.function import Function, compile_derivation
from symgrad.numerics.gradients import gradient_function
from symgrad.training.chunks import Fetched, Reading, dask, reading_of
from symgrad.training.data.arrays import Array, Arrays, Data
from symgrad.training.loop import Gradients
from symgrad.training.minibatches import bound_to
from symgrad.training.totals import divided, weighted

JOINED = 8  # parts that are added at once


class Epochs(Protocol):
    """What counts the epochs."""

    epoch: int


def chunk_gradients(
    problem: Problem,
    data: Data,
    parameters: Arrays,
    dtype: str,
    size: int,
    drop_last: bool,
    seed: int,
    epochs: Epochs,
) -> Gradients:
    """The gradients of minibatches of so many examples: where the chunks lie if each is of some
    whole chunks, else here."""
    if chunks := data.chunks_in(size):
        return ChunkGradients(problem, data, parameters, dtype, chunks, drop_last)
    return ChunkMinibatches(problem, data, parameters, dtype, size, drop_last, seed, epochs)


class ChunkGradients:
    """The gradients of `per_step` chunks at once, of all of them an epoch's one step.

    Functions are compiled here and run where dask runs its tasks; the parameters go out and sums
    come back in every step, and no example is loaded. A sum over k out of n examples counts n / k
    times, as in any minibatch.
    Raises: ProgramError where a sum over the batch is used for each example, or is no scalar;
    OptionError for minibatches of a loss that is not linear in its sums over the batch.
    """

    def __init__(
        self,
        problem: Problem,
        data: Data,
        parameters: Arrays,
        dtype: str,
        per_step: int | None = None,
        drop_last: bool = False,
    ) -> None:
        wrt, chunks = tuple(parameters), len(data.chunks)
        self._per_step = chunks if per_step is None else per_step
        rest = 0 if drop_last else chunks % self._per_step
        self.count = chunks // self._per_step + (rest > 0)
        if self.count > 1:
            weighted(problem)  # refuses what minibatches would train wrongly
        totals = divided(problem)
        for part in totals.sums:
            if part.output.shape != SCALAR:
                raise ProgramError(
                    f"{unparse(part.output)} is no scalar, as sums over data in chunks have to be"
                )
        self._data, self._parameters, self._order = data, parameters, np.arange(chunks)
        self._means, self._names = totals.means, totals.names
        self._outer = compile_derivation(
            gradient(totals.outer, (*wrt, *totals.names)), dtype=dtype, reuse_buffers=True
        )
        functions = [compile_derivation(gradient(p, wrt), dtype=dtype) for p in totals.sums]
        reading = reading_of(problem, data.constants, dtype, wrt)
        self._shared = dask().delayed((functions, reading))

    def begin(self, order: Array) -> None:
        """Take the chunks in this order; of all of them at once it does not matter."""
        self._order = order if self.count > 1 else np.arange(len(order))

    def of(self, step: int) -> tuple[float, Array]:
        """The loss and the flat gradient of a step's chunks."""
        first = step * self._per_step
        part = self._added_up(self._order[first : first + self._per_step])
        weights = np.where(self._means, 1 / part.count, self._data.total / part.count)
        sums = part.sums * weights
        inputs = {**self._data.constants, **self._parameters}
        inputs |= dict(zip(self._names, sums.astype(part.gradients.dtype), strict=True))
        value, slopes = self._outer(inputs)
        total = self._outer.flat_gradient[: part.gradients.shape[1]].copy()
        for name, weight, slope in zip(self._names, weights, part.gradients, strict=True):
            total += total.dtype.type(float(slopes[name]) * weight) * slope
        return float(value), total

    def _added_up(self, chosen: Array) -> _Part:
        """The sums over these chunks, added by the workers eight at a time, in this order."""
        delayed = dask().delayed
        parameters = delayed(dict(self._parameters))
        chunks = (self._data.chunks[k] for k in chosen)
        parts = [delayed(_part)(self._shared, chunk, parameters) for chunk in chunks]
        while len(parts) > 1:
            groups = [parts[k : k + JOINED] for k in range(0, len(parts), JOINED)]
            parts = [delayed(reduce)(_Part.__add__, group) for group in groups]
        result: _Part = parts[0].compute()
        return result


class ChunkMinibatches:
    """Minibatches cut of chunks, which are taken in an order, their examples in a random one.

    All have `size` examples but the last one: what is left of a chunk goes on in the next. The
    order within chunk k in epoch e is drawn from (seed, e, k), so that an epoch can be gone on with
    at any step.
    Raises: OptionError for a loss that is not linear in its sums over the batch.
    """

    def __init__(
        self,
        problem: Problem,
        data: Data,
        parameters: Arrays,
        dtype: str,
        size: int,
        drop_last: bool,
        seed: int,
        epochs: Epochs,
    ) -> None:
        problem_of_minibatch, self._weight = weighted(problem)
        wrt = tuple(parameters)
        self._function = gradient_function(problem_of_minibatch, wrt, dtype, "numpy")
        self._bound: dict[int, Bound] = {}
        self._fetched = Fetched(data.chunks, reading_of(problem, data.constants, dtype, wrt))
        self._data, self._parameters, self._size = data, parameters, size
        self._dtype, self._seed, self._epochs = np.dtype(dtype), seed, epochs
        self.count = data.total // size if drop_last else -(-data.total // size)
        self.begin(np.arange(len(data.chunks)))

    def begin(self, order: Array) -> None:
        """Take the chunks in this order, from any step on."""
        self._order, self._next = order, -1
        self._rows: Data | None = None

    def of(self, step: int) -> tuple[float, Array]:
        """The loss and the flat gradient of a minibatch."""
        if self._rows is None or step != self._next - 1:  # else the same one is asked for again
            if step != self._next:
                self._seek(step * self._size)
            self._next = step + 1
            self._rows = self._taken(self._size)
        rows = self._rows
        inputs = {**rows.arrays, **self._parameters}
        inputs[self._weight] = np.array(self._data.total / rows.count, self._dtype)
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
        self._within = np.random.default_rng([self._seed, self._epochs.epoch, chunk]).permutation(
            size
        )


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
    if data is None:
        raise DataError("data: a chunk had examples, now it has none")
    inputs = {**data.arrays, **parameters}
    with np.errstate(all="ignore"):
        values = [function(inputs) for function in functions]
    rows = [np.concatenate([np.ravel(slopes[n]) for n in parameters]) for _, slopes in values]
    return _Part(np.array([float(value) for value, _ in values]), np.array(rows), data.count)
