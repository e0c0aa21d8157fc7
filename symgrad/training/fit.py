"""fit: initial values, a check of the gradient, epochs, and when to stop."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from textwrap import shorten
from typing import Any, TypeAlias

import numpy as np

from symgrad.calculus import as_problem
from symgrad.errors import (
    DataError,
    NotFiniteError,
    OptionError,
    VerificationError,
    names_wanted,
    whole_number,
)
from symgrad.language.markup import code, literal, table
from symgrad.language.problem import Problem
from symgrad.numerics.function import dtype_of
from symgrad.numerics.gradients import check_gradient, value_function
from symgrad.numerics.layers import copied
from symgrad.training.base import Optimizer
from symgrad.training.chunks import read
from symgrad.training.data.arrays import Arrays, Data, first_steps, read_data
from symgrad.training.data.sizes import dimension_sizes, shapes_wanted
from symgrad.training.hyperparameters import checked_count
from symgrad.training.initial import Choice, initial_values
from symgrad.training.stopping import Stopping
from symgrad.training.trainer import ADAM, Trainer, given_value, parameter_names

Metric: TypeAlias = Callable[[Arrays, Arrays], float]
Progress: TypeAlias = Callable[[int, int, float], object]

DEFAULT_BATCH = 32  # examples in a step
ROWS = 10  # of a history that is shown
CHECKED = 8  # examples are enough to check a gradient


@dataclass
class History:
    """One number for each epoch.

    `losses`: the mean of the losses of the epoch's steps, each before its update. `validation`:
    the score after the epoch, if there are validation data. `learning_rates`: of the epoch's
    first step.
    """

    losses: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    learning_rates: list[float] = field(default_factory=list)

    def __repr__(self) -> str:
        """How long it is."""
        return f"<History of {len(self.losses)} epochs>"

    def _repr_markdown_(self) -> str:
        """At most ROWS of its epochs, the first and the last one among them."""
        columns = {"loss": self.losses, "validation": self.validation, "rate": self.learning_rates}
        columns = {name: numbers for name, numbers in columns.items() if numbers}
        count = len(self.losses)
        epochs = {round(k) for k in np.linspace(1, count, min(count, ROWS))}
        rows = [(k, *(f"{c[k - 1]:.4g}" for c in columns.values())) for k in sorted(epochs)]
        return table(("epoch", *columns), rows)


@dataclass(frozen=True)
class FitResult:
    """A finished training: parameters by name, the history, and how many epochs were run.

    `stopped` says why it ended before its last epoch; it is empty where it did not.
    """

    parameters: Arrays
    history: History
    epochs: int
    stopped: str

    def __repr__(self) -> str:
        """The parameters' shapes and the last loss."""
        shapes = ", ".join(f"{n} {_shapes(a)}" for n, a in self.parameters.items())
        shapes = shorten(shapes, 100, placeholder="...")
        last = f", loss {self.history.losses[-1]:.4g}" if self.history.losses else ""
        return f"<FitResult: {shapes}; {self.epochs} epochs{last}>"

    def _repr_markdown_(self) -> str:
        """The parameters' shapes, the history, and why it stopped."""
        shapes = [(code(name), _shapes(value)) for name, value in self.parameters.items()]
        parts = [table(("parameter", "shape"), shapes), self.history._repr_markdown_()]
        stopped = f"Stopped {self.stopped}." if self.stopped else f"{self.epochs} epochs."
        return "\n\n".join([*parts, literal(stopped)])


def _shapes(value: Any) -> str:
    """The shape of a parameter, or that of each layer where they differ."""
    return ", ".join(str(a.shape) for a in value) if isinstance(value, list) else str(value.shape)


def fit(
    problem: Any,
    data: Any,
    *,
    optimizer: Optimizer | type[Optimizer] | str = ADAM,
    epochs: int = 100,
    batch_size: int | None = DEFAULT_BATCH,
    seed: int = 0,
    validation: float | Mapping[str, Any] = 0.0,
    patience: int | None = None,
    parameters: Mapping[str, Any] | None = None,
    initial: Choice | Mapping[str, Choice] = "glorot",
    sizes: Mapping[str, int | Sequence[int]] | None = None,
    tolerance: float = 1e-12,
    check: bool = True,
    dtype: str = "float64",
    drop_last: bool = False,
    modules: str = "numpy",
    metric: Metric | None = None,
    progress: Progress | None = None,
) -> FitResult:
    """Train a problem's parameters on data.

    Parameters are what the problem declares so and `data` does not give. Those that `parameters`
    does not give start as `initial` says ("glorot", "he", ..., see `initial_values`); `sizes` gives
    dimensions that no array shows, {"h": 16}, and those of layers from the input on, {"n": [2, 16,
    1]}. The gradient is checked by finite differences before the first
    step, unless `check` is false. `validation` is the share of the examples that is set aside, or
    data of their own; the score on them is the loss, or what `metric(parameters, data)` gives,
    where larger is better. Training stops where the gradient is zero (in all steps of an epoch, no
    longer than `tolerance`), or after `patience` epochs in a row without a better score; with
    patience, the parameters with the best score are returned.
    `progress(epoch, epochs, loss)` is called after each epoch.

    `data` is a mapping from name to array; a function that the problem leaves open is given there
    as (f, df), the function and its derivative. With dask arrays, or a list of delayed mappings,
    the gradient is worked out chunk by chunk where dask runs its tasks, and an epoch is one step
    with all examples, whatever `batch_size` is (see `symgrad.training.chunks`; extra `dask`). In
    minibatches the loss has to be linear in its sums over the batch (see `Trainer`).

    Shapes: data of an example have one leading axis, the batch. Units: batch_size in examples (None
    for all), tolerance in loss per parameter (a Euclidean norm), patience in epochs.
    Raises: DataError, OptionError, NotFiniteError, VerificationError.
    Source: Goodfellow, Bengio and Courville, Deep Learning, chapters 7.8 and 8.

    >>> from symgrad.training.optimizers import GD
    >>> line = "x: Scalar\\nt: Scalar\\nw: Scalar\\nloss = mean((w * x - t)**2 for x, t in batch)"
    >>> result = fit(line, {"x": [1, 2], "t": [2, 4]}, optimizer=GD(learning_rate=0.1), epochs=50)
    >>> round(float(result.parameters["w"]), 6), result.history.losses[0]
    (2.0, 10.0)
    """
    problem = as_problem(problem)
    epochs, seed = checked_count("epochs", epochs), whole_number("seed", seed)
    parameters = names_wanted("parameters", {} if parameters is None else parameters)
    sizes = names_wanted("sizes", {} if sizes is None else sizes)
    _check_options(problem, batch_size, progress)
    dtype = dtype_of(dtype)
    trained = _trained(problem, data, parameters)
    whole = read(problem, data, dtype, trained)
    training, validating = _divided(problem, whole, validation, dtype, trained, seed)
    trainer = Trainer(
        problem,
        training,
        parameters=_start(problem, whole, trained, parameters, initial, sizes, seed),
        optimizer=optimizer,
        batch_size=batch_size,
        dtype=dtype,
        drop_last=drop_last,
        modules=modules,
        seed=seed,
    )
    stopping = Stopping(tolerance, patience, larger_is_better=metric is not None)
    if patience is not None and validating is None:
        raise OptionError("patience needs a validation score: give validation=0.2, or data")
    score = _score(trainer, validating, metric)
    if check:
        _check(trainer, training)
    return _train(trainer, epochs, stopping, score, progress)


def _check_options(problem: Problem, batch_size: int | None, progress: Progress | None) -> None:
    if progress is not None and not callable(progress):
        raise OptionError(f"progress is {progress!r}; a function of three numbers is wanted")
    if batch_size not in (None, DEFAULT_BATCH) and not problem.batch:
        raise OptionError(
            "batch_size: the problem has no batch, so each step takes all data; leave it out, or "
            "write the loss as mean(... for x in batch)"
        )


def _train(
    trainer: Trainer,
    epochs: int,
    stopping: Stopping,
    score: Callable[[], float] | None,
    progress: Progress | None,
) -> FitResult:
    """The epochs, one after another."""
    history, stopped = History(), ""
    for epoch in range(1, epochs + 1):
        history.learning_rates.append(trainer.learning_rate)
        history.losses.append(trainer.epoch())
        if progress is not None:
            progress(epoch, epochs, history.losses[-1])
        if score is not None:
            history.validation.append(score())
        reason = stopping.reason(trainer.largest_gradient, trainer.flat, history.validation)
        if reason:
            stopped = f"after epoch {epoch}: {reason}"
            break
    if stopping.parameters is not None:
        trainer.flat[:] = stopping.parameters
    arrays = {name: copied(value) for name, value in trainer.parameters.items()}
    return FitResult(arrays, history, trainer.epochs, stopped)


def _trained(problem: Problem, data: Any, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the parameters."""
    given = data if isinstance(data, Mapping) else ()
    names = dict.fromkeys([n for n in problem.parameters if n not in given] + list(parameters))
    if not names:
        raise DataError("nothing is left to train: the data give every variable of the problem")
    return parameter_names(problem, names)


def _divided(
    problem: Problem,
    data: Data,
    validation: float | Mapping[str, Any],
    dtype: str,
    trained: tuple[str, ...],
    seed: int,
) -> tuple[Data, Data | None]:
    """The data to train on and those for the validation score: a share of the examples, or data of
    their own."""
    if isinstance(validation, Mapping):
        constants = {n: a for n, a in data.constants.items() if n not in problem.batch}
        own = {**constants, **data.functions, **validation}
        return data, read_data(problem, own, dtype, trained)
    if not isinstance(validation, (int, float)) or not 0 <= validation < 1:
        raise OptionError(
            f"validation is {validation!r}; a share from 0 to below 1, or data, is wanted"
        )
    if not validation:
        return data, None
    if data.chunks:
        raise OptionError(
            "with data in chunks no share is set aside: give data of their own, validation={...}"
        )
    if not data.count:
        raise OptionError("there is no batch to set a share aside from: give validation={...}")
    count = round(validation * data.count)
    if not 0 < count < data.count:
        raise DataError(f"validation={validation} of {data.count} examples leaves none on one side")
    order = np.random.default_rng([seed, 1]).permutation(data.count)
    return data.rows(np.sort(order[count:])), data.rows(np.sort(order[:count]))


def _start(
    problem: Problem,
    data: Data,
    trained: tuple[str, ...],
    given: Mapping[str, Any],
    initial: Choice | Mapping[str, Choice],
    sizes: Mapping[str, int | Sequence[int]],
    seed: int,
) -> dict[str, Any]:
    """The initial value of every parameter."""
    arrays = {n: given_value(problem.variables[n], v) for n, v in given.items()}
    dimensions = dimension_sizes(problem, {**data.arrays, **arrays}, sizes)
    missing = {
        name: (problem.variables[name], shapes_wanted(problem, name, dimensions))
        for name in trained
        if name not in given
    }
    return {**arrays, **initial_values(missing, initial, seed)}


def _score(
    trainer: Trainer, data: Data | None, metric: Metric | None
) -> Callable[[], float] | None:
    """The validation score of the trainer's parameters as they are when it is called."""
    if data is None:
        return None
    inputs = {**data.inputs, **trainer.parameters}
    loss = value_function(trainer.problem, str(trainer.flat.dtype))

    def score() -> float:
        with np.errstate(all="ignore"):
            number = loss(inputs)[0] if metric is None else metric(trainer.parameters, data.arrays)
        if np.ndim(number) or not isinstance(np.asarray(number)[()], Real):
            raise OptionError(f"metric gave {number!r}; a number is wanted")
        if not math.isfinite(number):
            raise NotFiniteError(f"epoch {trainer.epochs}: the validation score is {number}")
        return float(number)

    return score


def _check(trainer: Trainer, data: Data) -> None:
    """Raise VerificationError where finite differences show another gradient."""
    few = data.rows(slice(0, CHECKED)) if data.count else data
    inputs = first_steps(trainer.problem, {**few.inputs, **trainer.parameters})
    report = check_gradient(trainer.problem, trainer.wrt, inputs)
    if report.verdict == "failed":
        raise VerificationError(f"the gradient failed its check before the first step: {report}")
