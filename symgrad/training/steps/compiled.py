"""The steps of an epoch as one compiled call: minibatches, gradients, and the optimizer's updates.

Numba compiles the loop, with a gradient that copies the rows of a minibatch and calls the
function's own compiled code, and an update that takes each entry of the parameters through the
optimizer's program.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import sympy

from symgrad.numerics.compiled.backend import owned
from symgrad.numerics.compiled.names import MATHEMATICS, numba
from symgrad.numerics.function import Function
from symgrad.numerics.sizes import normal_shape
from symgrad.numerics.source.numpy import defined
from symgrad.training.data.arrays import Array, Arrays
from symgrad.training.optimizers.program import UpdateProgram
from symgrad.training.optimizers.updates import OptimizerState
from symgrad.training.steps.loop import Passed, Progress, loop
from symgrad.training.steps.minibatches import Minibatches


class CompiledSteps:
    """The steps over arrays in memory, compiled; `theta` is the flat vector that is trained.

    `count` is how many there are, `flat` the gradient of the last one.
    """

    def __init__(
        self, function: Function, minibatches: Minibatches, state: OptimizerState, theta: Array
    ) -> None:
        self.count, self._state = len(minibatches.rows), state
        inputs = minibatches.inputs(minibatches.data.rows(minibatches.rows[0]))
        compiled, sizes = function.compiled(inputs)
        names = compiled.program.inputs
        types = [inputs[name].dtype for name in names]
        self.flat, work, _ = compiled.room(sizes, function.dtype, types)
        call = _Call(function, minibatches)
        arguments = [call.argument(name) for name in names]
        for axis, size in zip(compiled.program.axes, sizes, strict=True):
            changes = isinstance(axis, str) and not minibatches.whole
            arguments.append("m" if changes else str(size))
        core = compiled.core(function.dtype, types)
        self._loop = _loop(
            _gradient(call.source(arguments), core, function.dtype),
            _update(state.program, tuple(state.vectors)),
        )
        self._rest = (minibatches.size, theta, self.flat, work, *call.arrays)
        self._vectors = (theta, self.flat, *state.vectors.values())
        self._inputs: tuple[Any, ...] = ()
        self._numbers: Array = np.empty((0, 0))

    def begin(self, at: Progress) -> None:
        """Take the examples in the order of an epoch, from the step on at which it is."""
        self._inputs = (np.ascontiguousarray(at.order, np.int64), *self._rest)
        ahead = self._state.table(self.count - at.step)
        self._numbers = np.concatenate(
            [np.zeros_like(ahead, shape=(at.step, ahead.shape[1])), ahead]
        )

    def run(self, at: Progress, stop: int, accepted: int) -> float:
        """The loop up to the step `stop`; the last loss."""
        vectors, first = (self._numbers, *self._vectors), at.step
        passed: Passed = self._loop(
            self._inputs, vectors, first, stop, accepted, at.total, at.largest
        )
        at.step, at.total, at.largest, value = passed
        self._state.advance(at.step - first)
        return value


class _Call:
    """The gradient's call, of m examples in a minibatch; `arrays` are what it needs, named a0, a1,
    ...: data, and for those that are copied the rows of a minibatch."""

    def __init__(self, function: Function, minibatches: Minibatches) -> None:
        self.arrays: list[Any] = []
        self._copies: list[str] = []
        self._minibatches = minibatches
        self._variables = function.problem.variables
        self._pieces = self._in_theta(minibatches.parameters)

    def argument(self, name: str) -> str:
        """The text of an input."""
        data = self._minibatches.data
        if name in self._pieces:
            return self._pieces[name]
        if name == self._minibatches.weight:
            return "real(order.size / m)"
        array = data.arrays[name]
        array = owned(array.reshape(self._shape(name, array)), array.dtype)
        if self._minibatches.whole or name not in data.examples:
            return self._named(array)
        width = array.shape[1:]
        table = array.reshape(len(array), -1) if width else array
        source = self._named(table)
        rows = self._named(np.empty_like(table[: self._minibatches.size]))
        if not width:
            self._copies.append(f"            {rows}[i] = {source}[row]")
            return f"{rows}[:m]"
        self._copies.append(f"            for j in range({table.shape[1]}):")
        self._copies.append(f"                {rows}[i, j] = {source}[row, j]")
        return f"{rows}[:m]" if len(width) == 1 else f"{rows}[:m].reshape((m, *{width}))"

    def source(self, arguments: Sequence[str]) -> str:
        """The source of `gradient`, which `loop` calls."""
        arrays = "".join(f", a{k}" for k in range(len(self.arrays)))
        copied = ["        for i in range(m):", "            row = order[first + i]"]
        lines = [
            "def gradient(step, inputs):",
            f"    order, batch, theta, flat, work{arrays} = inputs",
            "    first = step * batch",
            "    m = min(batch, order.size - first)",
            *(line[4:] for line in [*copied, *self._copies] if self._copies),
            f"    value = core({', '.join([*arguments, 'flat', 'work'])})",
            "    square = 0.0",
            "    for i in range(flat.size):",
            "        square += np.float64(flat[i]) * np.float64(flat[i])",
            "    return np.float64(value), square",
        ]
        return "\n".join(lines)

    def _named(self, array: Any) -> str:
        self.arrays.append(array)
        return f"a{len(self.arrays) - 1}"

    def _shape(self, name: str, array: Array) -> tuple[int, ...]:
        return normal_shape(self._variables[name], array.shape)

    def _in_theta(self, parameters: Arrays) -> dict[str, str]:
        """Every parameter as a piece of theta."""
        pieces, start = {}, 0
        for name, array in parameters.items():
            shape, stop = self._shape(name, array), start + array.size
            piece = f"theta[{start}:{stop}]" if shape else f"theta[{start}]"
            pieces[name] = piece if len(shape) < 2 else f"{piece}.reshape({shape})"
            start = stop
        return pieces


@cache
def _gradient(source: str, core: Any, dtype: np.dtype[Any]) -> Any:
    names = {"np": np, "core": core, "real": dtype.type}
    return numba().njit(defined(source, names)["gradient"], forceinline=True, **MATHEMATICS)


@cache
def _update(program: UpdateProgram, states: Sequence[str]) -> Any:
    """The optimizer's operations entry by entry: scratch vectors become numbers."""
    vectors = ["theta", "gradient", *states]
    entries = {name: f"x{k}" for k, name in enumerate([*vectors, *program.scratch])}
    numbers = {number: f"c{k}" for k, number in enumerate(program.numbers)}
    lines = [
        "def update(step, vectors):",
        f"    numbers, {', '.join(f'v{k}' for k in range(len(vectors)))} = vectors",
        *(f"    {c} = numbers[step, {k}]" for k, c in enumerate(numbers.values())),
        "    for i in range(v0.size):",
        *(f"        x{k} = v{k}[i]" for k in range(len(vectors))),
    ]
    for o in program.operations:
        operands = (numbers[x] if isinstance(x, sympy.Expr) else entries[x] for x in o.operands)
        lines.append(f"        {entries[o.out]} = np.{o.ufunc.__name__}({', '.join(operands)})")
    written = dict.fromkeys(o.out for o in program.operations if o.out in vectors)
    lines += [f"        v{entries[name][1:]}[i] = {entries[name]}" for name in written]
    return numba().njit(
        defined("\n".join(lines), {"np": np})["update"], forceinline=True, **MATHEMATICS
    )


@cache
def _loop(gradient: Any, update: Any) -> Any:
    njit = numba().njit
    passing = njit(loop, forceinline=True, **MATHEMATICS)

    def steps(
        inputs: Any,
        vectors: Any,
        first: int,
        stop: int,
        accepted: int,
        total: float,
        largest: float,
    ) -> Passed:
        passed: Passed = passing(
            gradient, update, inputs, vectors, first, stop, accepted, total, largest
        )
        return passed

    return njit(steps, **MATHEMATICS)
