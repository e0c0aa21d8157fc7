"""The steps of a training whose gradients are zero but for some rows of tables.

Where an entry with a gradient of 0 stays as it is, and what the optimizer remembers of it too, a
step is that of the rows that were looked up: they are taken together into short vectors, moved as
any vectors are, and put back. A row that was looked up twice stands there twice; the last one has
its gradient, the others 0, and the last one is put back last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from symgrad.numerics.bound import Bound
from symgrad.training.data.arrays import Array
from symgrad.training.loop import Gradients, Pass, PlainSteps, loop
from symgrad.training.minibatches import ArrayGradients
from symgrad.training.updates import OptimizerState, squared

MOST = 0.5  # of all entries: with more of them, taking them together costs more than it saves


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
        made = {id(b): _Rows(b, theta, places) for b in gradients.bounds}
        self._rows = [made[id(b)] for b in gradients.bounds]  # those of each step

    def run(self, at: Pass, stop: int, accepted: int) -> float:
        """The loop up to the step `stop`; the last loss."""
        at.step, at.total, at.largest, value = loop(
            self._gradient, self._update, None, None, at.step, stop, accepted, at.total, at.largest
        )
        return value

    def _gradient(self, step: int, _: None) -> tuple[float, float]:
        value, self.flat = self._gradients.of(step)
        self._now = self._rows[step]
        return value, self._now.squared(self.flat)

    def _update(self, step: int, _: None) -> None:
        self._now.update(self._state, self._theta)


class _Rows:
    """The short vectors of a function's calls."""

    def __init__(self, bound: Bound, theta: Array, places: Mapping[str, slice]) -> None:
        self._pieces = [*_pieces(bound, places)]
        size = _total(self._pieces)
        self._gradient, self._theta = np.empty(size, theta.dtype), np.empty(size, theta.dtype)
        self._vectors: dict[str, Array] = {}
        self._last = [
            np.empty((p.long.stop - p.long.start) // p.width, np.intp) for p in self._pieces
        ]

    def squared(self, gradient: Array) -> float:
        """Take the rows of the gradient, each once; the square of its norm."""
        self._take(gradient, self._gradient)
        for piece, last in zip(self._pieces, self._last, strict=True):
            if piece.rows is not None:
                count = np.arange(len(piece.rows))
                last[piece.rows] = count
                again = np.flatnonzero(last[piece.rows] != count)
                self._gradient[piece.short].reshape(-1, piece.width)[again] = 0
        return squared(self._gradient)

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
            width = size // len(bound.derivatives[name])
            size = len(rows) * width
        yield Piece(place, slice(start, start + size), width, rows)
        start += size


def _total(pieces: list[Piece]) -> int:
    return sum(piece.short.stop - piece.short.start for piece in pieces)


def row_steps(
    gradients: Gradients, state: object, theta: Array, places: Mapping[str, slice]
) -> RowSteps | None:
    """The steps by rows; None where that is not the same for this optimizer, or no less work."""
    if not isinstance(gradients, ArrayGradients) or not isinstance(state, OptimizerState):
        return None
    if not (state.is_even and state.program.local):
        return None
    sizes = [_total([*_pieces(bound, places)]) for bound in gradients.bounds]
    return RowSteps(gradients, state, theta, places) if max(sizes) < MOST * theta.size else None
