"""The examples of an epoch in minibatches, and the gradient of each, in NumPy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from symgrad.data.sparse import is_sparse
from symgrad.numerics.bound import Bound
from symgrad.numerics.function import Function
from symgrad.numerics.layers import flattened, shaped
from symgrad.numerics.recurrences.function import StepFunction
from symgrad.numerics.source.scatters import Rows
from symgrad.training.data.arrays import Array, Arrays, Data


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


class Call(NamedTuple):
    """The gradient of one minibatch: a function, its arrays by their names, what it writes."""

    function: Callable[..., Any]
    arrays: tuple[Array, ...]
    flat: Array
    names: tuple[str, ...]


class ArrayGradients:
    """The gradients of the minibatches, with `rows` those of (few) rows that are looked up.

    An epoch copies the data once, in its order, and a minibatch is a view of the copy."""

    def __init__(
        self, function: Function | StepFunction, minibatches: Minibatches, rows: Rows = ""
    ) -> None:
        self.count = len(minibatches.rows)
        data = minibatches.data
        self._copies: list[tuple[Array, Array]] = []  # what is copied where before an epoch
        self._sparse: Arrays = {}  # examples whose minibatches are made before an epoch
        if not minibatches.whole:
            self._sparse = {n: a for n, a in data.examples.items() if is_sparse(a)}
            permuted = {n: a.copy() for n, a in data.examples.items()}
            dense = [n for n in permuted if n not in self._sparse]
            self._copies = [(data.examples[n], permuted[n]) for n in dense]
            data = replace(data, examples=permuted)
        self._rows = minibatches.rows
        self._calls: list[Call] = []
        self.bounds: list[Bound] = []  # of each minibatch
        functions: dict[int, Bound] = {}
        for each in map(data.rows, minibatches.rows):
            inputs = minibatches.inputs(each)
            bound, arrays = bound_to(function, functions, inputs, each.count, rows)
            self.bounds.append(bound)
            self._calls.append(Call(bound.function, arrays, bound.flat, tuple(bound.shapes)))

    def begin(self, order: Array) -> None:
        """Copy the examples in this order."""
        for source, target in self._copies:
            source.take(order, 0, target, "clip")
        for name, matrix in self._sparse.items():
            permuted = matrix[order]
            for k, (call, rows) in enumerate(zip(self._calls, self._rows, strict=True)):
                own = zip(call.names, call.arrays, strict=True)
                taken = tuple(permuted[rows] if n == name else array for n, array in own)
                self._calls[k] = call._replace(arrays=taken)

    def of(self, step: int) -> tuple[float, Array]:
        """The loss and the flat gradient of a minibatch."""
        function, arrays, flat, _ = self._calls[step]
        return float(function(*arrays)), flat


def bound_to(
    function: Function | StepFunction,
    bound: dict[int, Bound],
    inputs: dict[str, Any],
    count: int,
    rows: Rows = "",
) -> tuple[Bound, tuple[Array, ...]]:
    """The function bound for so many examples, once for each count, and its arrays of them."""
    if count not in bound:
        bound[count] = function.step(inputs, rows)
    step = bound[count]
    return step, tuple(shaped(inputs[name], shape) for name, shape in step.shapes.items())
