"""The trainer: an epoch a call, over arrays, compiled, or over data in chunks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from symgrad.calculus import as_problem
from symgrad.errors import DataError, NotFiniteError, OptionError, did_you_mean, whole_number
from symgrad.language.names import entry_of
from symgrad.language.problem import Problem, Variable
from symgrad.numerics.function import Function, dtype_of
from symgrad.numerics.gradients import gradient_function
from symgrad.numerics.layers import Shapes, flat, flattened, layers, shapes_of, views
from symgrad.numerics.libraries import plain_array
from symgrad.training.base import Optimizer
from symgrad.training.data.arrays import Array, Data, as_observed, read_data
from symgrad.training.data.sizes import dimension_sizes
from symgrad.training.hyperparameters import checked_count
from symgrad.training.loop import PlainSteps
from symgrad.training.minibatches import ArrayGradients, Minibatches
from symgrad.training.optimizers import Adam, optimizer_of
from symgrad.training.totals import weighted

if TYPE_CHECKING:
    from symgrad.training.compiled import CompiledSteps

ADAM = Adam()


class Trainer:
    """The loop that `fit` runs, one epoch a call.

    All parameters are one flat vector, `flat`, in the order of `wrt`; `parameters` are views of
    it. An epoch takes the examples in a random order, `batch_size` at a time. In a minibatch of m
    out of n examples a sum over the batch counts n / m times and a mean as it is, so that the loss
    and its gradient are unbiased estimates of those of all data. A problem without a batch, and
    data in chunks, take one step an epoch. A copy, or what is read from a pickle, trains on.

    Shapes: data of an example have one leading axis, the batch; parameters are as declared.
    Units: batch_size in examples, None for all; `drop_last` leaves out the examples after the last
    full minibatch (others in each epoch).
    Raises: DataError for data or parameters that do not fit, OptionError for options out of range,
    and for minibatches of a loss that is not linear in its sums over the batch.

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
        optimizer: Optimizer | type[Optimizer] | str = ADAM,
        batch_size: int | None = 32,
        dtype: str = "float64",
        drop_last: bool = False,
        modules: str = "numpy",
        seed: int = 0,
    ) -> None:
        optimizer = optimizer_of(optimizer)
        self.problem: Problem = as_problem(problem)
        self.wrt = parameter_names(self.problem, parameters)
        dtype = dtype_of(dtype)
        if not isinstance(data, Data):
            data = read_data(self.problem, data, dtype, self.wrt)
        self.flat, self._shapes = _flat(self.problem, parameters, self.wrt, dtype)
        self.parameters = views(self.flat, self._shapes)
        dimension_sizes(self.problem, {**data.arrays, **self.parameters}, {})
        whole = batch_size is None or optimizer.whole_data
        size = max(data.count, 1) if whole else checked_count("batch_size", batch_size)
        self.batch_size = size
        self.optimizer = optimizer
        self.state = optimizer.start(self.flat)
        self.epochs = 0
        self.largest_gradient = math.inf  # of the last epoch's steps, as a Euclidean norm
        self._data, self._drop_last, self._modules = data, drop_last, modules
        self._rng = np.random.default_rng(whole_number("seed", seed))
        self._steps = self._prepared()

    def __repr__(self) -> str:
        """What it trains, how far it is."""
        names = shorten(", ".join(self.wrt), 100, placeholder="...")
        return f"<Trainer of {names}: {self.epochs} epochs>"

    def _prepared(self) -> PlainSteps | CompiledSteps:
        """The steps of an epoch, with buffers of their own."""
        data, dtype = self._data, str(self.flat.dtype)
        if data.chunks:
            from symgrad.training.chunks import ChunkGradients

            if self._modules != "numpy":
                raise OptionError(f"data in chunks need modules='numpy', not {self._modules!r}")
            gradients = ChunkGradients(self.problem, data, self.parameters, dtype)
            return PlainSteps(gradients, self.state, self.flat)
        problem, weight = as_observed(self.problem, data), ""
        if self.batch_size < data.count:
            problem, weight = weighted(problem)
        batches = Minibatches(data, self.parameters, self.batch_size, self._drop_last, weight)
        function = gradient_function(problem, self.wrt, dtype, self._modules)
        if self._modules == "numba" and isinstance(function, Function):
            from symgrad.training.compiled import CompiledSteps

            return CompiledSteps(function, batches, self.state, self.flat)
        return PlainSteps(ArrayGradients(function, batches), self.state, self.flat)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"parameters": {}, "_steps": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.parameters = views(self.flat, self._shapes)
        self._steps = self._prepared()

    def epoch(self, permutation: npt.ArrayLike | None = None) -> float:
        """One pass over the data; the mean of the losses of its steps, each before its update.

        Shapes: permutation holds each of 0 to count - 1 once, for count examples; a random one is
        drawn where none is given.
        Raises: NotFiniteError naming step and parameter, DataError for no permutation.
        """
        steps = self._steps
        steps.begin(self._order(permutation))
        step, accepted, total, largest = 0, -1, 0.0, 0.0
        while step < steps.count:
            try:
                with np.errstate(all="ignore"):  # what is not finite is looked for below
                    step, losses, square, value = steps.run(step, accepted)
            except np.linalg.LinAlgError as error:
                told = f"a matrix has no inverse ({error})"
                raise self._not_finite(self.state.iteration + 1, [told]) from None
            except ArithmeticError as error:  # of numbers: those of arrays become inf and nan
                raise self._not_finite(self.state.iteration + 1, [str(error)]) from None
            total += losses
            largest = max(largest, square)
            if step < steps.count:
                self._check_finite(value, steps.flat)
                accepted = step
        if not np.isfinite(self.flat).all():  # the last update is looked at by no gradient
            raise self._not_finite(self.state.iteration, self._grown())
        self.epochs += 1
        self.state.epoch = self.epochs
        self.largest_gradient = math.sqrt(largest)
        return total / steps.count

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step."""
        return self.state.learning_rate

    def _order(self, permutation: npt.ArrayLike | None) -> Array:
        count = self._data.count
        if permutation is None:
            return self._rng.permutation(count)
        order = plain_array("permutation", permutation)
        if not (
            order.shape == (count,)
            and order.dtype.kind in "iu"
            and np.array_equal(np.sort(order), np.arange(count))
        ):
            raise DataError(f"permutation: each of 0 to {count - 1} once is wanted")
        return order

    def _check_finite(self, value: float, slope: Array) -> None:
        """Raise NotFiniteError where a loss or gradient is no number; a large one is one."""
        gradients = views(slope, self._shapes)
        bad = [name for name in self.wrt if not np.isfinite(flat(gradients[name])).all()]
        if not bad and math.isfinite(value):
            return
        grown = self._grown()
        told = [f"the loss is {value}"] if not math.isfinite(value) else []
        told += grown
        told += [f"the gradient with respect to {name} is not finite" for name in bad]
        if not grown and not bad:
            size, name = max((float(np.abs(flat(a)).max()), n) for n, a in self.parameters.items())
            told.append(f"the parameter with the largest entry is {name} ({size:.3g})")
        raise self._not_finite(self.state.iteration + 1, told)

    def _grown(self) -> list[str]:
        return [
            f"the parameter {name} is not finite"
            for name, value in self.parameters.items()
            if not np.isfinite(flat(value)).all()
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


def given_value(variable: Variable, value: Any) -> Any:
    """A parameter as it is given: an array, or a list with one for each layer."""
    name = f"parameters: {variable.name}"
    if not variable.ragged:
        return plain_array(name, value)
    each = enumerate(layers(variable, value), start=1)
    return [plain_array(entry_of(name, str(k)), entry) for k, entry in each]


def _flat(
    problem: Problem, parameters: Mapping[str, Any], names: tuple[str, ...], dtype: str
) -> tuple[Array, dict[str, Shapes]]:
    """One vector with all the parameters, and their shapes."""
    values = {name: given_value(problem.variables[name], parameters[name]) for name in names}
    pieces = []
    for name, value in values.items():
        try:
            pieces += [piece.astype(dtype) for piece in flattened([value])]
        except (TypeError, ValueError):
            raise DataError(f"parameters: {name} is no array of numbers") from None
    return np.concatenate(pieces), {name: shapes_of(value) for name, value in values.items()}
