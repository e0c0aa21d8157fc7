"""The steps of a training whose gradients are zero but for some rows of tables.

Where an entry with a gradient of 0 stays as it is, and what the optimizer remembers of it too, or
where it is lazy, a step is that of the rows that were looked up: the gradient is these rows, those
of the parameters and of what is remembered are taken into short vectors, moved as any vectors are,
and put back. A row that was looked up twice stands there twice; the last one has the sum of its
gradients, the others 0, and the last one is put back last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from symgrad.errors import OptionError
from symgrad.numerics.bound import Bound
from symgrad.numerics.function import Function
from symgrad.numerics.recurrences.function import StepFunction
from symgrad.training.data.arrays import Array
from symgrad.training.optimizers.updates import OptimizerState, squared
from symgrad.training.steps.loop import PlainSteps, Progress
from symgrad.training.steps.minibatches import ArrayGradients, Minibatches

MOST = 0.5  # of all entries: with more of them, taking them together costs more than it saves
LEAST = 1 << 15  # operations on entries that stay as they are: with fewer of them, too


class Piece(NamedTuple):
    """A parameter: where it is in the long vectors and in the short ones, how long a row is, and
    which rows are taken; without `rows` it is taken whole."""

    long: slice
    short: slice
    width: int
    rows: Array | None


class RowSteps(PlainSteps):
    """The steps of an epoch; `places` says where each parameter is in `theta`."""

    def __init__(
        self,
        gradients: ArrayGradients,
        state: OptimizerState,
        theta: Array,
        places: Mapping[str, slice],
    ) -> None:
        super().__init__(gradients, state, theta)
        made = {id(b): _Rows(b, places) for b in gradients.bounds}
        self._rows = [made[id(b)] for b in gradients.bounds]  # those of each step
        self._last = np.empty(max(each.longest for each in self._rows), np.intp)

    def run(self, at: Progress, stop: int, accepted: int) -> float:
        """The loop up to the step `stop`; the last loss."""
        value = super().run(at, stop, accepted)
        if at.step < stop:
            self.flat = self._now.whole(len(self._theta))
        return value

    def _gradient(self, step: int, _: None) -> tuple[float, float]:
        value, _gradient = self._gradients.of(step)
        self._now = self._rows[step]
        return value, self._now.squared(self._last)

    def _update(self, step: int, _: None) -> None:
        self._now.update(self._state, self._theta)


class _Rows:
    """The short vectors of a function's calls."""

    def __init__(self, bound: Bound, places: Mapping[str, slice]) -> None:
        self._pieces = [*_pieces(bound, places)]
        self._gradient, self._theta = bound.flat, np.empty_like(bound.flat)
        self._vectors: dict[str, Array] = {}

    @property
    def longest(self) -> int:
        """The most rows of a table."""
        tables = (p for p in self._pieces if p.rows is not None)
        counts: Iterator[int] = ((p.long.stop - p.long.start) // p.width for p in tables)
        return max(counts, default=0)

    def squared(self, last: Array) -> float:
        """Add up the rows of the gradient that stand there twice; the square of its norm. `last` is
        room for a number for each row of a table."""
        for piece in self._pieces:
            if piece.rows is not None:
                count = np.arange(len(piece.rows))
                last[piece.rows] = count
                found = last[piece.rows]
                again = np.flatnonzero(found != count)
                entries = found[again, None] * piece.width + np.arange(piece.width)
                gradient = self._gradient[piece.short]
                rows = gradient.reshape(-1, piece.width)
                np.add.at(gradient, entries.reshape(-1), rows[again].reshape(-1))
                rows[again] = 0
        return squared(self._gradient)

    def whole(self, size: int) -> Array:
        """The gradient by all entries."""
        gradient = np.zeros(size, self._gradient.dtype)
        self._put(self._gradient, gradient)
        return gradient

    def update(self, state: OptimizerState, theta: Array) -> None:
        """One iteration of these rows."""
        for name, vector in state.vectors.items():
            self._take(vector, self._vectors.setdefault(name, np.empty_like(self._theta)))
        self._take(theta, self._theta)
        state.update(self._theta, self._gradient, self._vectors)
        self._put(self._theta, theta)
        for name, vector in state.vectors.items():
            self._put(self._vectors[name], vector)

    def _take(self, long: Array, short: Array) -> None:
        for piece in self._pieces:
            if piece.rows is None:
                short[piece.short] = long[piece.long]
            else:
                table, rows = (
                    a.reshape(-1, piece.width) for a in (long[piece.long], short[piece.short])
                )
                np.take(table, piece.rows, axis=0, out=rows, mode="clip")

    def _put(self, short: Array, long: Array) -> None:
        for piece in self._pieces:
            if piece.rows is None:
                long[piece.long] = short[piece.short]
            else:
                table = long[piece.long].reshape(-1, piece.width)
                table[piece.rows] = short[piece.short].reshape(-1, piece.width)


def _pieces(bound: Bound, places: Mapping[str, slice]) -> Iterator[Piece]:
    """All parameters, one after another."""
    start = 0
    for name, place in places.items():
        rows, width, size = bound.rows.get(name), 1, place.stop - place.start
        if rows is not None:
            size = bound.derivatives[name].size
            width = size // len(rows)
        yield Piece(place, slice(start, start + size), width, rows)
        start += size


def row_steps(
    function: Function | StepFunction,
    batches: Minibatches,
    state: object,
    theta: Array,
    places: Mapping[str, slice],
) -> RowSteps | None:
    """The steps by rows; None where that is not the same for this optimizer, or no less work, and
    where nothing is looked up.

    Raises: OptionError where it is lazy, and steps by rows are not possible.
    """
    if not isinstance(state, OptimizerState) or not (
        state.lazy or (state.is_even and state.accumulate == 1 and state.program.local)
    ):
        return None
    if not any(v.kind == "Index" for v in function.problem.variables.values()):
        return None
    if not isinstance(function, Function):
        if state.lazy:
            raise OptionError("lazy: what time steps look up is moved as a whole: leave lazy out")
        return None
    gradients = ArrayGradients(function, batches, "all" if state.lazy else "few")
    size = max(bound.flat.size for bound in gradients.bounds)
    saved = (theta.size - size) * len(state.program.operations)
    if not state.lazy and (size >= MOST * theta.size or saved < LEAST):
        return None
    return RowSteps(gradients, state, theta, places)
