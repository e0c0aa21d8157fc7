"""A whole epoch as one compiled call: minibatches, gradients, and the optimizer's updates.

Numba compiles a loop that is written here: the rows of a minibatch are gathered, the gradient's own
compiled function is called, and each entry of the parameters goes through the optimizer's program.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import sympy

from symgrad.numerics.function import Function
from symgrad.numerics.numba_backend import MATHEMATICS, defined, numba, owned
from symgrad.numerics.sizes import normal_shape
from symgrad.training.data import Array, Arrays, Data
from symgrad.training.program import Program
from symgrad.training.updates import OptimizerState

ENTRY = {  # of a ufunc: the text of its value
    "add": "{0} + {1}",
    "subtract": "{0} - {1}",
    "multiply": "{0} * {1}",
    "divide": "{0} / {1}",
    "sqrt": "np.sqrt({0})",
}


class CompiledEpoch:
    """The loop of a training over these data, with the parameters as views of one flat vector."""

    def __init__(
        self,
        function: Function,
        state: OptimizerState,
        data: Data,
        parameters: Arrays,
        batch_size: int,
        steps: int,
    ) -> None:
        self.state = state
        self.steps = steps
        gathers = bool(data.examples) and batch_size < data.count
        first = data.rows(slice(0, batch_size)) if gathers else data
        compiled, sizes = function.compiled({**first.arrays, **parameters})
        dtype = function.dtype
        self.flat, work, _ = compiled.room(sizes, dtype)
        self.gradients = _views(self.flat, parameters)
        names = compiled.program.inputs
        known = function.problem.variables
        shapes = {name: normal_shape(known[name], a.shape) for name, a in parameters.items()}
        arrays = {name: owned(a, a.dtype) for name, a in data.arrays.items()}
        given = [name for name in names if name in arrays]
        batches = [name for name in given if gathers and name in data.examples]
        widths = {given.index(name): arrays[name].shape[1:] for name in batches}
        for name in batches:
            arrays[name] = _table(arrays[name])
        rows = [np.empty_like(arrays[name][:batch_size]) for name in batches]
        axes = zip(compiled.program.axes, sizes, strict=True)
        source = _source(
            names,
            shapes,
            {name: f"d{k}" for k, name in enumerate(given)},
            widths,
            ["m" if gathers and isinstance(axis, str) else str(size) for axis, size in axes],
            state.program,
            tuple(state.vectors),
        )
        everything = {**arrays, **parameters}
        core = compiled.core(dtype, [everything[name].dtype for name in names])
        self.loop = _loop(source, core)
        self.fixed = (
            *(arrays[name] for name in given),
            *rows,
            self.flat,
            work,
            *state.vectors.values(),
        )
        self.batch_size = batch_size
        self.count = data.count

    def run(
        self, order: Array, theta: Array, examine: Callable[[float, Array, Arrays], float]
    ) -> tuple[float, float]:
        """The sum of the losses of an epoch's steps, and the largest square of a gradient's norm.

        A step with a loss or gradient that is not finite is shown to `examine` before its update.
        """
        order = np.ascontiguousarray(order, np.int64)
        numbers = self.state.table(self.steps)
        step, total, largest, accepted = 0, 0.0, 0.0, -1
        while step < self.steps:
            start = step
            step, losses, square, value = self.loop(
                order,
                self.count,
                self.batch_size,
                start,
                self.steps,
                accepted,
                numbers,
                theta,
                *self.fixed,
            )
            self.state.iteration += step - start
            total += losses
            largest = max(largest, square)
            if step < self.steps:
                largest = max(largest, examine(value, self.flat, self.gradients))
                accepted = step
        return total, largest


def _views(flat: Array, parameters: Arrays) -> Arrays:
    """The gradients in the shapes of the parameters."""
    views, start = {}, 0
    for name, array in parameters.items():
        views[name] = flat[start : start + array.size].reshape(array.shape)
        start += array.size
    return views


def _source(
    names: Sequence[str],
    parameters: Mapping[str, tuple[int, ...]],
    data: Mapping[str, str],
    widths: Mapping[int, tuple[int, ...]],
    sizes: Sequence[str],
    program: Program,
    states: Sequence[str],
) -> str:
    """The source of `epoch`; "m" among the sizes is the length of a minibatch."""
    rows = {f"d{k}": f"r{k}" for k in widths}
    vectors = [f"s{k}" for k in range(len(states))]
    arguments = [*data.values(), *rows.values(), "flat", "work", *vectors]
    places, start = {}, 0
    for name, shape in parameters.items():
        places[name], start = _parameter(start, shape)
    places |= data
    for k, (name, array) in enumerate(data.items()):
        if k in widths:
            places[name] = _minibatch(rows[array], widths[k])
    called = ", ".join([*(places[n] for n in names), *sizes, "flat", "work"])
    gathered = [x for d, k in zip(rows, widths, strict=True) for x in _row(rows[d], d, widths[k])]
    lines = [
        "def epoch(order, count, batch, step, steps, accepted, numbers, theta, "
        f"{', '.join(arguments)}):",
        "    total, largest, value = 0.0, 0.0, 0.0",
        "    while step < steps:",
        "        first = step * batch",
        "        m = min(batch, count - first)",
        *(["        for i in range(m):", "            row = order[first + i]"] if gathered else []),
        *gathered,
        f"        value = core({called})",
        "        square = 0.0",
        "        for i in range(flat.size):",
        "            square += np.float64(flat[i]) * np.float64(flat[i])",
        "        if step != accepted and not square + abs(value) < np.inf:",
        "            break",
        *_update(program, dict(zip(states, vectors, strict=True))),
        "        total += value",
        "        largest = max(largest, square)",
        "        step += 1",
        "    return step, total, largest, np.float64(value)",
        "",
    ]
    return "\n".join(lines)


def _table(array: Array) -> Array:
    """The data with an axis of examples, and one more for all else."""
    return array if array.ndim == 1 else array.reshape(len(array), -1)


def _row(to: str, source: str, width: tuple[int, ...]) -> list[str]:
    """Lines that copy one example."""
    if not width:
        return [f"            {to}[i] = {source}[row]"]
    return [
        f"            for j in range({to}.shape[1]):",
        f"                {to}[i, j] = {source}[row, j]",
    ]


def _minibatch(rows: str, width: tuple[int, ...]) -> str:
    """The examples of a minibatch, in their shape."""
    if len(width) < 2:
        return f"{rows}[:m]"
    return f"{rows}[:m].reshape((m, {', '.join(map(str, width))}))"


def _parameter(start: int, shape: tuple[int, ...]) -> tuple[str, int]:
    """A parameter as a piece of theta, and where the next one starts."""
    if not shape:
        return f"theta[{start}]", start + 1
    stop = start + int(np.prod(shape))
    piece = f"theta[{start}:{stop}]"
    return piece if len(shape) == 1 else f"{piece}.reshape({shape})", stop


def _update(program: Program, states: Mapping[str, str]) -> list[str]:
    """The optimizer's operations, entry by entry: scratch vectors become numbers."""
    vectors = {"theta": "theta", "gradient": "flat", **states}
    names = {name: f"x_{array}" for name, array in vectors.items()}
    names |= {name: f"x_{name}" for name in program.scratch}
    numbers = {number: f"c{k}" for k, number in enumerate(program.numbers)}
    written = dict.fromkeys(o.out for o in program.operations if o.out in vectors)
    lines = [f"        {c} = numbers[step, {k}]" for k, c in enumerate(numbers.values())]
    lines.append("        for i in range(theta.size):")
    body = [f"{names[name]} = {array}[i]" for name, array in vectors.items()]
    for operation in program.operations:
        texts = (numbers[o] if isinstance(o, sympy.Expr) else names[o] for o in operation.operands)
        text = ENTRY[operation.ufunc.__name__].format(*texts)
        body.append(f"{names[operation.out]} = {text}")
    body += [f"{vectors[name]}[i] = {names[name]}" for name in written]
    return lines + ["            " + line for line in body]


@cache
def _loop(source: str, core: Any) -> Any:
    """The compiled epoch."""
    epoch = defined(source, {"np": np, "core": core})["epoch"]
    return numba().njit(epoch, **MATHEMATICS)
