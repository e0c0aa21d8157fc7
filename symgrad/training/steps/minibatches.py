"""The examples of an epoch in minibatches, and the gradient of each, in NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from symgrad.data.sparse import is_sparse
from symgrad.numerics.bound import Bound
from symgrad.numerics.function import Function
from symgrad.numerics.layers import flattened, shaped
from symgrad.numerics.recurrences.function import StepFunction
from symgrad.numerics.source.scatters import Rows
from symgrad.training.data.arrays import Array, Arrays, Data

COPIED = 1 << 19  # bytes of examples that are copied together: they stay in the cache
Call: TypeAlias = tuple[Bound, tuple[Array, ...]]  # a function and its arrays


@dataclass(frozen=True)
class Minibatches:
    """Data whose examples are taken `size` at a time; the last of them may be fewer.

    With `drop_last` these are left out, unless all examples are one minibatch. `parameters` are
    views of the flat vector that is trained. `weight` names the number that every sum over a
    minibatch is multiplied by, where there is one: examples in the data over those in it. `seed`
    is that of the order within chunks.
    """

    data: Data
    parameters: Arrays
    size: int
    drop_last: bool
    weight: str = ""
    seed: int = 0

    @property
    def whole(self) -> bool:
        """Whether all examples are one minibatch."""
        return self.size >= self.data.total

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of all numbers but labels."""
        dtype: np.dtype[Any] = flattened(self.parameters.values())[0].dtype
        return dtype

    @cached_property
    def rows(self) -> Sequence[slice]:
        """The rows of each minibatch."""
        if self.whole:
            return [slice(None)]
        stop = self.data.count - (self.size - 1 if self.drop_last else 0)
        return [slice(k, k + self.size) for k in range(0, stop, self.size)]

    def inputs(self, rows: Data) -> dict[str, Any]:
        """All that the gradient of these rows takes."""
        return {**rows.inputs, **self.parameters, **self.weighed(rows.count)}

    def weighed(self, count: int) -> dict[str, Any]:
        """What sums over so many examples are multiplied by, by its name."""
        return {self.weight: np.array(self.data.total / count, self.dtype)} if self.weight else {}


class ArrayGradients:
    """The gradients of the minibatches, with `rows` those of (few) rows that are looked up.

    The examples of some minibatches are copied together, in the order of an epoch, and each is a
    view of the copy. `bounds` are the functions of the minibatches.
    """

    def __init__(
        self, function: Function | StepFunction, minibatches: Minibatches, rows: Rows = ""
    ) -> None:
        data, self._size, self.count = minibatches.data, minibatches.size, len(minibatches.rows)
        self._order, self._together = np.arange(data.count), 1
        self._ready = range(self.count if minibatches.whole else 0)  # the steps that are copied
        self._copies: list[tuple[Array, Array]] = []  # what is copied where
        self._sparse: Arrays = {}  # examples whose rows are taken for each minibatch
        slices, last = [slice(None)], slice(None)
        if not minibatches.whole:
            self._sparse = {n: a for n, a in data.examples.items() if is_sparse(a)}
            dense = {n: a for n, a in data.examples.items() if n not in self._sparse}
            width = sum(a[:1].nbytes for a in dense.values())
            self._together = min(self.count, max(1, COPIED // max(1, width * self._size)))
            slices = [*minibatches.rows[: self._together]]
            copied = {n: a[: slices[-1].stop].copy() for n, a in data.examples.items()}
            self._copies = [(a, copied[n]) for n, a in dense.items()]
            first = slices[(self.count - 1) % self._together].start
            last = slice(first, first + len(range(data.count)[minibatches.rows[-1]]))
            data = replace(data, examples=copied)
        bound: dict[int, Bound] = {}

        def call(chosen: slice) -> Call:
            each = data.rows(chosen)
            return bound_to(function, bound, minibatches.inputs(each), each.count, rows)

        self._full = [call(each) for each in slices]
        self._last = call(last)
        self._calls = self._full
        self.bounds = [self._full[0][0]] * (self.count - 1) + [self._last[0]]

    def begin(self, order: Array) -> None:
        """Take the examples in this order."""
        self._order = order
        if self._copies or self._sparse:
            self._ready = range(0)

    def of(self, step: int) -> tuple[float, Array]:
        """The loss and the flat gradient of a minibatch."""
        if step not in self._ready:
            self._copy(step - step % self._together)
        bound, arrays = self._calls[step - self._ready.start]
        return float(bound.function(*arrays)), bound.flat

    def _copy(self, first: int) -> None:
        """Copy the examples of the minibatches from this one on."""
        self._ready = range(first, min(first + self._together, self.count))
        self._calls = self._full[: len(self._ready)]
        if self._ready.stop == self.count:
            self._calls[-1] = self._last
        order = self._order[first * self._size : self._ready.stop * self._size]
        for source, target in self._copies:
            source.take(order, 0, target[: len(order)], "clip")
        for name, matrix in self._sparse.items():
            taken = matrix[order]
            for k, (bound, arrays) in enumerate(self._calls):
                rows = taken[k * self._size : (k + 1) * self._size]
                own = zip(bound.shapes, arrays, strict=True)
                self._calls[k] = bound, tuple(rows if n == name else a for n, a in own)


def bound_to(
    function: Function | StepFunction,
    bound: dict[int, Bound],
    inputs: dict[str, Any],
    count: int,
    rows: Rows = "",
) -> Call:
    """The function bound for so many examples, once for each count, and its arrays of them."""
    if count not in bound:
        bound[count] = function.step(inputs, rows)
    step = bound[count]
    return step, tuple(shaped(inputs[name], shape) for name, shape in step.shapes.items())
