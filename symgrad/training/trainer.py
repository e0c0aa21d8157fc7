"""The training loop: minibatches in a random order, a gradient and an update for each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from symgrad.calculus import as_problem
from symgrad.calculus.derive import gradient
from symgrad.errors import DataError, NotFiniteError, OptionError, did_you_mean
from symgrad.language.problem import Problem
from symgrad.numerics.bound import Step
from symgrad.numerics.function import compile_derivation
from symgrad.training.base import Optimizer
from symgrad.training.compiled_epoch import CompiledEpoch
from symgrad.training.data import (
    Array,
    Arrays,
    Data,
    as_observed,
    dimension_sizes,
    dtype_of,
    read_data,
)
from symgrad.training.optimizers import Adam

ADAM = Adam()
UNDERFLOW = 1e-30  # below this, a sum of squares may have lost all its digits in float32


class Trainer:
    """The loop that `fit` runs, one epoch a call.

    All parameters are one flat vector, `flat`, in the order of `wrt`; `parameters` are views of
    it. Each epoch copies the data once, in a random order, and a minibatch is a view of the copy.
    The loss of a minibatch is the problem's, with the minibatch as its batch: a mean over it is an
    unbiased estimate of the mean over all data. A problem without a batch takes one step an epoch.

    Shapes: data of an example have one leading axis, the batch; parameters are as declared.
    Units: batch_size in examples, None for all; `drop_last` leaves out the examples after the last
    full minibatch (others in each epoch).
    Raises: DataError for data or parameters that do not fit, OptionError for options out of range.

    >>> trainer = Trainer(
    ...     "x: Scalar\\nw: Scalar\\nloss = mean((w - x)**2 for x in batch)",
    ...     {"x": [1.0, 3.0]}, parameters={"w": 0.0}, optimizer=Adam(learning_rate=0.1))
    >>> trainer.epoch(), round(float(trainer.parameters["w"]), 6)
    (5.0, 0.1)
    """

    def __init__(
        self,
        problem: Any,
        data: Mapping[str, Any] | Data,
        *,
        parameters: Mapping[str, Any],
        optimizer: Optimizer = ADAM,
        batch_size: int | None = 32,
        dtype: str = "float64",
        drop_last: bool = True,
        modules: str = "numpy",
        seed: int = 0,
    ) -> None:
        self.problem: Problem = as_problem(problem)
        self.wrt = parameter_names(self.problem, parameters)
        dtype = dtype_of(dtype)
        if not isinstance(data, Data):
            data = read_data(self.problem, data, dtype, self.wrt)
        self.derivation = used = gradient(self.problem, self.wrt)
        observed = as_observed(self.problem, data)
        if observed is not self.problem:
            used = gradient(observed, self.wrt)
        self.function = compile_derivation(used, dtype=dtype, reuse_buffers=True, modules=modules)
        self.flat, self.parameters = _flat(parameters, self.wrt, dtype)
        arrays = {**data.arrays, **self.parameters}
        dimension_sizes(self.problem, arrays, {})
        self.batch_size = _batch_size(batch_size, data.count, optimizer)
        self.state = optimizer.start(self.flat)
        self.epochs = 0
        self.largest_gradient = math.inf  # of the last epoch's steps, as a Euclidean norm
        self._rng = np.random.default_rng(seed)
        self._count = data.count
        self._minibatches = _minibatches(data.count, self.batch_size, drop_last)
        self._copies: list[tuple[Array, Array]] = []  # what is copied where before an epoch
        self._steps: list[tuple[Step, tuple[Array, ...]]] = []
        self._compiled: CompiledEpoch | None = None
        if modules == "numba":
            steps = len(self._minibatches)
            self._compiled = CompiledEpoch(
                self.function, self.state, data, self.parameters, self.batch_size, steps
            )
        else:
            self._prepare(data)

    def _prepare(self, data: Data) -> None:
        """The gradient's function and the arrays that it takes, for each step of an epoch."""
        if self.batch_size < data.count:
            permuted = {name: array.copy() for name, array in data.examples.items()}
            self._copies = [(data.examples[name], permuted[name]) for name in permuted]
            data = replace(data, examples=permuted)
        made: dict[int, Step] = {}
        for rows in map(data.rows, self._minibatches):
            inputs = {**rows.arrays, **self.parameters}
            if rows.count not in made:
                made[rows.count] = self.function.step(inputs)
            step = made[rows.count]
            arrays = (inputs[name].reshape(shape) for name, shape in step.shapes.items())
            self._steps.append((step, tuple(arrays)))

    def epoch(self, permutation: npt.ArrayLike | None = None) -> float:
        """One pass over the data; the mean of the losses of its steps, each before its update.

        Shapes: permutation holds each of 0 to count - 1 once, for count examples; a random one is
        drawn where none is given.
        Raises: NotFiniteError naming step and parameter, DataError for no permutation.
        """
        order = self._order(permutation)
        if self._compiled is not None:
            return self._ended(*self._compiled.run(order, self.flat, self._examine))
        for source, target in self._copies:
            np.take(source, order, axis=0, out=target, mode="clip")
        update, flat = self.state.update, self.flat
        total, largest = 0.0, 0.0
        with np.errstate(all="ignore"):  # what is not finite is looked for below
            for step, arrays in self._steps:
                slope = step.flat
                try:
                    value = float(step.function(*arrays))
                except np.linalg.LinAlgError as error:
                    told = f"a matrix has no inverse ({error})"
                    raise self._not_finite(self.state.iteration + 1, [told]) from None
                square = float(slope.dot(slope))
                if not (square + abs(value) < math.inf and square > UNDERFLOW):
                    square = self._examine(value, slope, step.derivatives)
                update(flat, slope)
                total += value
                if square > largest:
                    largest = square
        return self._ended(total, largest)

    def _ended(self, total: float, largest: float) -> float:
        """The mean loss of an epoch, of the sum over its steps."""
        if not np.isfinite(self.flat).all():  # the last update is looked at by no gradient
            raise self._not_finite(self.state.iteration, self._grown())
        self.epochs += 1
        self.state.epoch = self.epochs
        self.largest_gradient = math.sqrt(largest)
        return total / len(self._minibatches)

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step."""
        return self.state.learning_rate

    def _order(self, permutation: npt.ArrayLike | None) -> Array:
        if permutation is None:
            return self._rng.permutation(self._count)
        order = np.asarray(permutation)
        if not (
            order.shape == (self._count,)
            and order.dtype.kind in "iu"
            and np.array_equal(np.sort(order), np.arange(self._count))
        ):
            raise DataError(f"permutation: each of 0 to {self._count - 1} once is wanted")
        return order

    def _examine(self, value: float, slope: Array, gradients: Arrays) -> float:
        """The exact sum of squares of a very small or large gradient; an error for no number."""
        bad = [name for name in self.wrt if not np.isfinite(gradients[name]).all()]
        if bad or not math.isfinite(value):
            grown = self._grown()
            told = [f"the loss is {value}"] if not math.isfinite(value) else []
            told += grown
            told += [f"the gradient with respect to {name} is not finite" for name in bad]
            if not grown and not bad:
                size, name = max((float(np.abs(a).max()), n) for n, a in self.parameters.items())
                told.append(f"the parameter with the largest entry is {name} ({size:.3g})")
            raise self._not_finite(self.state.iteration + 1, told)
        return float(np.square(slope, dtype=np.float64).sum())

    def _grown(self) -> list[str]:
        return [
            f"the parameter {name} is not finite"
            for name, array in self.parameters.items()
            if not np.isfinite(array).all()
        ]

    def _not_finite(self, step: int, told: list[str]) -> NotFiniteError:
        return NotFiniteError(
            f"epoch {self.epochs + 1}, step {step}: {'; '.join(told)}. "
            "A smaller learning rate or smaller initial values may help"
        )


def parameter_names(problem: Problem, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the parameters given, in the order of the problem's declarations.

    Raises: DataError where one is not declared, is a label, or has a value for each example.
    """
    if not isinstance(parameters, Mapping) or not parameters:
        raise DataError("parameters: a mapping from name to initial value is wanted")
    for name in parameters:
        variable = problem.variables.get(name)
        if variable is None:
            near = did_you_mean(name, problem.variables)
            raise DataError(f"parameters: {name} is not declared in the problem{near}")
        if variable.batch is not None or not variable.differentiable:
            what = "has a value for each example" if variable.batch else "is an integer label"
            raise DataError(f"parameters: {name} {what}; it is data")
    return tuple(name for name in problem.variables if name in parameters)


def _flat(
    parameters: Mapping[str, Any], names: tuple[str, ...], dtype: str
) -> tuple[Array, Arrays]:
    """One vector with all the parameters, and views of it in their shapes."""
    arrays = {}
    for name in names:
        try:
            arrays[name] = np.asarray(parameters[name], dtype)
        except (TypeError, ValueError):
            raise DataError(f"parameters: {name} is no array of numbers") from None
    flat = np.concatenate([array.ravel() for array in arrays.values()])
    views, start = {}, 0
    for name, array in arrays.items():
        views[name] = flat[start : start + array.size].reshape(array.shape)
        start += array.size
    return flat, views


def _minibatches(count: int, size: int, drop_last: bool) -> list[slice]:
    """The rows of each minibatch: all of them where one holds all."""
    if size >= count:
        return [slice(None)]
    stop = count - (size - 1 if drop_last else 0)
    return [slice(k, k + size) for k in range(0, stop, size)]


def _batch_size(size: int | None, count: int, optimizer: Optimizer) -> int:
    if size is None or optimizer.whole_data:
        return max(count, 1)
    if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1:
        raise OptionError(f"batch_size is {size!r}; a positive whole number or None is wanted")
    return int(size)
