"""The trainer: an epoch a call, over arrays, compiled, or over data in chunks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from textwrap import shorten
from typing import Any

import numpy as np
import numpy.typing as npt

from symgrad.errors import (
    DataError,
    NotFiniteError,
    OptionError,
    check_known,
    checked_flag,
    whole_number,
)
from symgrad.language.names import entry_of
from symgrad.language.problem import Problem, Variable
from symgrad.numerics.function import dtype_of
from symgrad.numerics.layers import Shapes, flattened, layers, places_of, shapes_of, views
from symgrad.numerics.libraries import plain_array
from symgrad.numerics.remembered import problem_of
from symgrad.training.chunks.sources import read
from symgrad.training.data.arrays import Array, Data, check_finite
from symgrad.training.data.sizes import dimension_sizes
from symgrad.training.failures import failure, grown, not_finite
from symgrad.training.hyperparameters import checked_count
from symgrad.training.optimizers import Adam, optimizer_of
from symgrad.training.optimizers.base import Optimizer
from symgrad.training.states import restore, state_of, state_wanted
from symgrad.training.steps.epoch import Steps, prepared_steps
from symgrad.training.steps.loop import Progress
from symgrad.training.steps.weights import weighed

ADAM = Adam()
STATE = ("flat", "_before", "epochs", "first_rate", "largest_gradient")


class Trainer:
    """The loop that `fit` runs, one epoch a call.

    All parameters are one flat vector, `flat`, in the order of `wrt`; `parameters` are views of
    it. An epoch takes the examples in a random order, `batch_size` at a time. In a minibatch of m
    out of n examples a sum over the batch counts n / m times and a mean as it is, so that the loss
    and its gradient are unbiased estimates of those of all data; one that depends on the data
    alone, as the divisor in sum(c * l) / sum(c), is that of all of them in each step. A problem
    without a batch takes one step an epoch. A copy, or what is read from a pickle, trains on. With
    `sample_weight` an example of weight k counts as k examples (symgrad.training.steps.weights). So
    many `threads` share the rows of large batches. Examples in arrays of this dtype are not copied.

    Data of dask (see `symgrad.training.chunks.sources.read`) stay in their chunks. Minibatches that
    are smaller are cut of chunks in random order, one of which is loaded while the one before it is
    in use; larger ones are of as many whole chunks as fit, and all of them with batch_size=None:
    these gradients are worked out where dask runs its tasks, and no example is loaded.

    Shapes: data of an example have one leading axis, the batch; parameters are as declared;
    sample_weight is (count,).
    Units: batch_size in examples, None for all; `drop_last` leaves out the examples after the last
    full minibatch (others in each epoch).
    Raises: DataError for data or parameters that do not fit, OptionError for options out of range,
    and for minibatches of a loss that is not linear in its other sums over the batch.

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
        sample_weight: Any = None,
        threads: int = 1,
    ) -> None:
        self.optimizer = optimizer_of(optimizer)
        self.problem: Problem = problem_of(problem)
        self.wrt = parameter_names(self.problem, parameters)
        dtype = dtype_of(dtype)
        if not isinstance(data, Data):
            data = weighed(read(self.problem, data, dtype, self.wrt), sample_weight, dtype)
        self.flat, self._shapes = _flat(self.problem, parameters, self.wrt, dtype)
        self.parameters = views(self.flat, self._shapes)
        dimension_sizes(self.problem, {**data.arrays, **self.parameters}, {})
        whole = batch_size is None or self.optimizer.whole_data
        self._size = max(data.total, 1) if whole else checked_count("batch_size", batch_size)
        self.state = self.optimizer.start(self.flat, places_of(self.parameters))
        self.batch_size = size = self._size * self.state.accumulate  # examples in a step
        self.epochs = 0
        self.first_rate = self.state.learning_rate  # of the last epoch's first step
        self.largest_gradient = math.inf  # of the last epoch's steps, as a Euclidean norm
        self._data = data
        self._at: Progress | None = None  # the epoch that has begun
        self._before = self.flat.copy()  # the parameters before it
        self._rng = np.random.default_rng(whole_number("seed", seed))
        self._options: dict[str, Any] = {"size": self._size, "modules": modules, "seed": seed}
        self._options |= {"threads": threads, "drop_last": checked_flag("drop_last", drop_last)}
        self._steps = self._prepared()
        one = drop_last or self._steps.count == 1
        self._last = 1.0 if one else data.last(size, self._size)  # what it counts in the mean loss

    def __repr__(self) -> str:
        """What it trains, how far it is."""
        names = shorten(", ".join(self.wrt), 100, placeholder="...")
        return f"<Trainer of {names}: {self.epochs} epochs>"

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"parameters": {}, "_steps": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.parameters = views(self.flat, self._shapes)
        self._steps = self._prepared()
        if self._at is not None:
            self._steps.begin(self._at)

    def epoch(self, permutation: npt.ArrayLike | None = None) -> float:
        """One pass over the data, or the rest of one that has begun; the mean of the losses of its
        steps, each before its update and counted by its examples.

        Shapes: permutation holds each of 0 to count - 1 once, for count examples; a random one is
        drawn where none is given.
        Raises: NotFiniteError naming step, parameter, and the first line of the derivation that is
        not finite; `parameters` are then those before the epoch. DataError for no permutation.
        """
        self.begin(permutation)
        loss = self.advance()
        assert loss is not None
        return loss

    def begin(self, permutation: npt.ArrayLike | None = None) -> None:
        """Begin an epoch, for `advance` to take its steps; one that has begun goes on."""
        if self._at is not None and permutation is None:
            return
        self.state.check_scored(self.epochs)
        count = self._data.places
        if permutation is not None:
            order = order_of(permutation, count)
        elif self._size >= self._data.total:  # a step takes all of them, in any order
            order = np.arange(count)
        else:
            order = self._rng.permutation(count)
        self._at = Progress(order)
        self._steps.begin(self._at)
        np.copyto(self._before, self.flat)
        self.first_rate = self.learning_rate

    def advance(self, most: int | None = None) -> float | None:
        """Take up to so many steps of the epoch that has begun, else all; its mean loss where that
        was the last of them, None where it goes on."""
        steps, at, value = self._steps, self._at, 0.0
        if at is None:
            raise OptionError("no epoch has begun: call begin() before advance(), or epoch()")
        stop, accepted = steps.count if most is None else min(steps.count, at.step + most), -1
        try:
            while at.step < stop:
                with np.errstate(all="ignore"):  # what is not finite is looked for below
                    value = steps.run(at, stop, accepted)
                if at.step == stop:
                    break
                if told := not_finite(value, views(steps.flat, self._shapes), self.parameters):
                    raise self._failed(at, told)
                accepted = at.step
        except np.linalg.LinAlgError as error:
            raise self._failed(at, [f"a matrix has no inverse ({error})"]) from None
        except ArithmeticError as error:  # of numbers: those of arrays become inf and nan
            raise self._failed(at, [str(error)]) from None
        if at.step < steps.count:
            return None
        if not np.isfinite(self.flat).all():  # the last update is looked at by no gradient
            raise self._failed(at, grown(self.parameters))
        self._at = None
        self.epochs += 1
        self.state.epoch = self.epochs
        self.largest_gradient = math.sqrt(at.largest)
        loss = (at.total - (1 - self._last) * value) / (steps.count - 1 + self._last)
        self.state.tell("training", loss)
        return loss

    def look(self, score: float, *, maximize: bool = False) -> None:
        """Tell the score after an epoch, on which a learning rate may depend (see `Plateau`)."""
        self.state.tell("validation", score, maximize)

    def state_dict(self) -> dict[str, Any]:
        """All that changes in a training, as numbers and arrays: parameters, the optimizer's state,
        the random numbers, and how far an epoch is that has begun."""
        return {
            **state_of(self, STATE),
            "optimizer": self.state.state_dict(),
            "random": self._rng.bit_generator.state,
            "epoch": None if self._at is None else asdict(self._at),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on, bit for bit, as a trainer in that state of the same problem, data and options.

        Raises: DataError where it is none of such a trainer's.
        """
        with state_wanted("this trainer"):
            restore(self, STATE, state)
            self.state.load_state_dict(state["optimizer"])
            self._rng.bit_generator.state = state["random"]
            self._at = None if state["epoch"] is None else Progress(**state["epoch"])
            if self._at is not None:
                self._at.order = order_of(self._at.order, self._data.places)
                self._steps.begin(self._at)

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step."""
        return self.state.learning_rate

    def _prepared(self) -> Steps:
        """The steps of an epoch, with buffers of their own."""
        own = self.parameters, self.flat, self.state
        return prepared_steps(self.problem, self._data, *own, **self._options)

    def _failed(self, at: Progress, told: list[str]) -> NotFiniteError:
        """The error of the step at which an epoch is; the parameters are those before the epoch."""
        step, count, size = self.state.iteration, self._steps.count, self.batch_size
        data, where = self._data, f"epoch {self.epochs + 1}, step {step + (at.step < count)}"
        if at.step < count > 1:
            where += f", minibatch {at.step + 1} of {count}"
            if not data.chunks:
                data = data.rows(at.order[at.step * size : (at.step + 1) * size])
        error = failure(where, told, self.problem, data, self.parameters, moved=step > 0)
        np.copyto(self.flat, self._before)
        self._at = None
        return error


def order_of(permutation: npt.ArrayLike, count: int) -> Array:
    """A permutation as it is given. Raises: DataError where it is none of so many examples."""
    order = plain_array("permutation", permutation)
    if order.shape == (count,) and order.dtype.kind in "iu":
        met = np.zeros(count, bool)
        if not count or (order.min() >= 0 and order.max() < count):
            met[order] = True
        if met.all():
            return order
    raise DataError(f"permutation: each of 0 to {count - 1} once is wanted")


def parameter_names(problem: Problem, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the parameters given, in the order of the problem's declarations.

    Raises: DataError where one is not declared, is a label, or has a value for each example.
    """
    if not isinstance(parameters, Mapping) or not parameters:
        raise DataError("parameters: a mapping from name to initial value is wanted")
    check_known("parameters: {} is not declared in the problem", parameters, problem.variables)
    for name in parameters:
        variable = problem.variables[name]
        if variable.batch is not None or not variable.differentiable:
            what = "has a value for each example" if variable.batch else "is an integer label"
            raise DataError(f"parameters: {name} {what}; it is data")
    return tuple(name for name in problem.variables if name in parameters)


def given_value(variable: Variable, value: Any) -> Any:
    """A parameter as it is given: an array, or a list with one for each layer.

    Raises: NotFiniteError where it has an entry that is not finite.
    """
    name = f"parameters: {variable.name}"
    if not variable.ragged:
        return _finite(name, value)
    each = enumerate(layers(variable, value), start=1)
    return [_finite(entry_of(name, str(k)), entry) for k, entry in each]


def _finite(name: str, value: Any) -> Array:
    array = plain_array(name, value)
    if array.dtype.kind == "f":
        check_finite(name, array)
    return array


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
