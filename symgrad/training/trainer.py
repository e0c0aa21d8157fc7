"""The trainer: an epoch a call, over arrays, compiled, or over data in chunks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
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
from symgrad.numerics.layers import Shapes, flattened, layers, shapes_of, views
from symgrad.numerics.libraries import plain_array
from symgrad.training.base import Optimizer
from symgrad.training.chunks import read
from symgrad.training.data.arrays import Array, Data, as_observed
from symgrad.training.data.sizes import dimension_sizes
from symgrad.training.data_totals import with_data_totals
from symgrad.training.failures import failure, grown, not_finite
from symgrad.training.hyperparameters import checked_count
from symgrad.training.loop import Gradients, Pass, PlainSteps
from symgrad.training.minibatches import ArrayGradients, Minibatches
from symgrad.training.optimizers import Adam, optimizer_of
from symgrad.training.plateau import check_scored, tell
from symgrad.training.products import HessianProducts
from symgrad.training.rows import row_steps
from symgrad.training.searches import SearchSteps, steps_of
from symgrad.training.states import restore, state_of, state_wanted
from symgrad.training.totals import weighted
from symgrad.training.updates import OptimizerState
from symgrad.training.weights import weighed, with_weights

if TYPE_CHECKING:
    from symgrad.training.compiled import CompiledSteps

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
    `sample_weight` an example of weight k counts as k examples (see `symgrad.training.weights`).
    So many `threads` share the rows of large batches.

    Data of dask (see `symgrad.training.chunks.read`) stay in their chunks. Minibatches that are
    smaller are cut of chunks in random order, one of which is loaded while the one before it is in
    use; larger ones are of as many whole chunks as fit, and all of them with batch_size=None: these
    gradients are worked out where dask runs its tasks, and no example is loaded.

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
        optimizer = optimizer_of(optimizer)
        self.problem: Problem = as_problem(problem)
        self.wrt = parameter_names(self.problem, parameters)
        dtype = dtype_of(dtype)
        if not isinstance(data, Data):
            data = weighed(read(self.problem, data, dtype, self.wrt), sample_weight, dtype)
        self.flat, self._shapes = _flat(self.problem, parameters, self.wrt, dtype)
        self.parameters = views(self.flat, self._shapes)
        dimension_sizes(self.problem, {**data.arrays, **self.parameters}, {})
        whole = batch_size is None or optimizer.whole_data
        self._size = max(data.total, 1) if whole else checked_count("batch_size", batch_size)
        self.optimizer = optimizer
        self.state = optimizer.start(self.flat, _places(self.parameters))
        self.batch_size = size = self._size * self.state.accumulate  # examples in a step
        self.epochs = 0
        self.first_rate = self.state.learning_rate  # of the last epoch's first step
        self.largest_gradient = math.inf  # of the last epoch's steps, as a Euclidean norm
        self._data, self._drop_last, self._modules = data, drop_last, modules
        self._threads = threads
        self._at: Pass | None = None  # the epoch that has begun
        self._before = self.flat.copy()  # the parameters before it
        self._seed = whole_number("seed", seed)
        self._rng = np.random.default_rng(self._seed)
        self._steps = _prepared(self, data)
        one = drop_last or self._steps.count == 1
        cut = not data.chunks_in(self._size) if data.chunks else True  # anywhere, not at chunks
        last = (data.total % size / size or 1.0) if cut else data.last(size)
        self._last = 1.0 if one else last  # what it counts in the mean loss

    def __repr__(self) -> str:
        """What it trains, how far it is."""
        names = shorten(", ".join(self.wrt), 100, placeholder="...")
        return f"<Trainer of {names}: {self.epochs} epochs>"

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"parameters": {}, "_steps": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.parameters = views(self.flat, self._shapes)
        self._steps = _prepared(self, self._data)
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
        check_scored(self.state, self.epochs)
        count = self._data.places
        if permutation is not None:
            order = order_of(permutation, count)
        elif self._size >= self._data.total:  # a step takes all of them, in any order
            order = np.arange(count)
        else:
            order = self._rng.permutation(count)
        self._at = Pass(order)
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
        if told := grown(self.parameters):  # the last update is looked at by no gradient
            raise self._failed(at, told)
        self._at = None
        self.epochs += 1
        self.state.epoch = self.epochs
        self.largest_gradient = math.sqrt(at.largest)
        loss = (at.total - (1 - self._last) * value) / (steps.count - 1 + self._last)
        tell(self.state, "training", loss)
        return loss

    def look(self, score: float, *, maximize: bool = False) -> None:
        """Tell the score after an epoch, on which a learning rate may depend (see `Plateau`)."""
        tell(self.state, "validation", score, maximize)

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
        """Go on, bit for bit, as the trainer would whose state that is: one of the same problem,
        data and options.

        Raises: DataError where it is none of such a trainer's.
        """
        with state_wanted("this trainer"):
            restore(self, STATE, state)
            self.state.load_state_dict(state["optimizer"])
            self._rng.bit_generator.state = state["random"]
            self._at = None if state["epoch"] is None else Pass(**state["epoch"])
            if self._at is not None:
                self._at.order = order_of(self._at.order, self._data.places)
                self._steps.begin(self._at)

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step."""
        return self.state.learning_rate

    def _failed(self, at: Pass, told: list[str]) -> NotFiniteError:
        """The error of the step at which an epoch is; the parameters are those before the epoch."""
        step, count, size = self.state.iteration, self._steps.count, self.batch_size
        data, where = self._data, f"epoch {self.epochs + 1}, step {step + (at.step < count)}"
        if at.step < count > 1:
            where += f", minibatch {at.step + 1} of {count}"
            if not data.chunks:
                data = data.rows(at.order[at.step * size : (at.step + 1) * size])
        error = failure(where, told, self.problem, data, self.parameters)
        np.copyto(self.flat, self._before)
        self._at = None
        return error


def _prepared(trainer: Trainer, data: Data) -> PlainSteps | SearchSteps | CompiledSteps:
    """The steps of an epoch, with buffers of their own."""
    dtype, modules, theta = str(trainer.flat.dtype), trainer._modules, trainer.flat
    parameters, state, size = trainer.parameters, trainer.state, trainer._size
    if data.chunks and data.chunks_in(size):  # sums of whole chunks are of any number of them
        size = trainer.batch_size
    if data.chunks and modules != "numpy":
        raise OptionError(f"data in chunks need modules='numpy', not {modules!r}")
    problem = trainer.problem if data.chunks else as_observed(trainer.problem, data)
    problem, data = with_weights(problem, data)
    products, weight = HessianProducts(problem, data, parameters, dtype), ""
    if data.chunks or size < data.total:
        problem, data = with_data_totals(problem, data, trainer.wrt, dtype)
    if size < data.total:
        problem, weight = weighted(problem)
    drop_last = trainer._drop_last and size == trainer.batch_size
    batches = Minibatches(data, parameters, size, drop_last, weight, trainer._seed)
    if data.chunks:
        from symgrad.training.chunk_products import ChunkProducts, chunk_gradients

        found = chunk_gradients(problem, batches, state)
        of_steps = _of_steps(found, trainer, data, size)
        return steps_of(of_steps, state, theta, ChunkProducts(found))
    function = gradient_function(problem, trainer.wrt, dtype, modules, trainer._threads)
    if modules == "numba" and isinstance(function, Function):
        if not isinstance(state, OptimizerState) or not state.is_plain:
            raise OptionError(
                "modules='numba' compiles steps of one minibatch each, with numbers that are known "
                "before them: a line search, clip_norm, accumulate and rate_factors need "
                "modules='numpy'"
            )
        from symgrad.training.compiled import CompiledSteps

        return CompiledSteps(function, batches, state, theta)
    gradients = _of_steps(ArrayGradients(function, batches), trainer, data, size)
    if (steps := row_steps(gradients, state, theta, _places(parameters))) is not None:
        return steps
    return steps_of(gradients, state, theta, products)


def _of_steps(gradients: Gradients, trainer: Trainer, data: Data, size: int) -> Gradients:
    """The gradients of the optimizer's steps, of those of minibatches of so many examples."""
    state, accumulate = trainer.state, trainer.batch_size // size
    if accumulate == 1 and not state.frozen:
        return gradients
    from symgrad.training.accumulation import StepGradients

    examples = [1] * gradients.count
    if accumulate > 1:
        examples = [min(size, data.total - k) for k in range(0, data.total, size)] or examples
    return StepGradients(gradients, examples, accumulate, trainer._drop_last, state.frozen)


def _places(parameters: Mapping[str, Any]) -> dict[str, slice]:
    """Where each parameter is in the flat vector, all layers of one together."""
    places, at = {}, 0
    for name, value in parameters.items():
        size = sum(array.size for array in flattened([value]))
        places[name] = slice(at, at + size)
        at += size
    return places


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
