"""fit: initial values, a check of the gradient, epochs, and when to stop."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from symgrad.errors import DataError, OptionError, checked_flag, names_wanted, whole_number
from symgrad.language.problem import Problem
from symgrad.numerics.function import dtype_of
from symgrad.numerics.remembered import problem_of
from symgrad.training.checked import check_before
from symgrad.training.chunks.sources import read
from symgrad.training.convergence import judged
from symgrad.training.data.preparing import both_prepared
from symgrad.training.defaults import chosen
from symgrad.training.epochs import Callback, Progress, checked_callbacks, run_epochs
from symgrad.training.files.checkpoints import checkpoint_of
from symgrad.training.initial import Choice, start_values
from symgrad.training.metrics.measures import Chosen
from symgrad.training.multipliers import check_trained
from symgrad.training.optimizers.base import Optimizer
from symgrad.training.result import FitResult
from symgrad.training.steps.weights import weighed
from symgrad.training.stopping import Stopping
from symgrad.training.trainer import Trainer, parameter_names
from symgrad.training.validation import decision, divided_data, validated

SCORED = ("patience", "metric", "maximize", "min_delta")  # options that need a score


def fit(
    problem: Any,
    data: Any,
    *,
    optimizer: Optimizer | type[Optimizer] | str | None = None,
    epochs: int | None = None,
    batch_size: int | Literal["auto"] | None = "auto",
    seed: int = 0,
    validation: float | Mapping[str, Any] = 0.0,
    patience: int | None = None,
    parameters: Mapping[str, Any] | None = None,
    initial: Choice | Mapping[str, Choice] | None = None,
    sizes: Mapping[str, int | Sequence[int]] | None = None,
    tolerance: float = 1e-12,
    check: bool = True,
    dtype: str = "float64",
    drop_last: bool = False,
    modules: str = "numpy",
    metric: Chosen | None = None,
    maximize: bool | None = None,
    min_delta: float = 0.0,
    progress: Progress | None = None,
    callbacks: Sequence[Callback] = (),
    sample_weight: Any = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: float = 10.0,
    threads: int = 1,
) -> FitResult:
    """Train a problem's parameters on data.

    Parameters are what the problem declares so and `data` does not give. Where `parameters` gives
    no value, matrices start as Glorot proposed and all else at 0; `initial` ("he", "normal", ...)
    is for whatever is multiplied, vectors too, see `initial_values`. `sizes` gives dimensions that
    no array shows, {"h": 16}, and those of layers from the input on, {"n": [2, 16, 1]}. The
    gradient is checked by finite differences before the first step, unless `check` is false.
    Training stops where the gradient is zero (in all steps of an epoch, no longer than
    `tolerance`).

    `validation` is the share of the examples that is set aside, or data of their own. After each
    epoch their loss is measured, and the metric that fits the loss: accuracy of classes, R^2 of
    numbers. The best epoch is that of the least such loss; with a `metric` it is that of the best
    one: its name ("mean_absolute_error", ..., see `METRICS`), an expression of the program such as
    "abs(t - p)", averaged over the examples, or a function `metric(parameters, data)`. Of an
    expression smaller is better, of a function larger, unless `maximize` says else. With
    `patience`, training stops after so many epochs in a row without a score that is better by more
    than `min_delta`, and the parameters with the best score are returned.
    `progress(epoch, epochs, loss)` is called after each epoch, and so is each of `callbacks` with
    an `EpochReport`; one that returns True ends the training. With `sample_weight` an example of
    weight k counts as k examples, in the loss, its minibatches and the score of a share. So many
    `threads` share the rows of large batches (BLAS itself is then best left at one:
    OPENBLAS_NUM_THREADS=1).

    Where no `optimizer` is given, small data, and all in memory of a model that is linear before
    its loss, take L-BFGS, a line search on all examples that needs no learning rate and ends by
    itself, after at most 1000 epochs; others, and those with a `batch_size`, take Adam for 100
    epochs. `batch_size="auto"` is 32 examples for optimizers that
    take minibatches, all for a loss that has none; GD, L-BFGS and Newton take all in each step,
    whatever it says. The result says what was chosen.

    With a `checkpoint`, a file, the training is kept there at most every `checkpoint_every`
    seconds, also within an epoch, and at its end. The same call again goes on from it, and ends
    with the same bits as one that was never broken off; more epochs go on after the end. SIGINT and
    SIGTERM let the step end and save.

    `data` is a mapping from name to array, or a table that `prepare` takes (a frame of pandas or
    polars, with a column for each variable); labels may be text. A function that the problem leaves
    open is given there as (f, df), the function and its derivative. Dask arrays, a dask frame or a
    list of delayed mappings are never loaded whole (see `Trainer`; extra `dask`). In minibatches
    the loss has to be linear in its sums over the batch, but for those of the data alone (see
    `Trainer`). Examples that are arrays of this dtype are not copied.

    Shapes: data of an example have one leading axis, the batch; sample_weight is (count,).
    Units: batch_size in examples (None for all), tolerance in loss per parameter (a Euclidean
    norm), patience in epochs.
    Raises: DataError, OptionError, NotFiniteError, VerificationError.
    Source: Goodfellow, Bengio and Courville, Deep Learning, chapters 7.8 and 8.

    >>> from symgrad.training.optimizers import GD
    >>> line = "x: Scalar\\nt: Scalar\\nw: Scalar\\nloss = mean((w * x - t)**2 for x, t in batch)"
    >>> result = fit(line, {"x": [1, 2], "t": [2, 4]}, optimizer=GD(learning_rate=0.1), epochs=50)
    >>> round(float(result.parameters["w"]), 6), result.history.losses[0]
    (2.0, 10.0)
    """
    problem, dtype, seed = problem_of(problem), dtype_of(dtype), whole_number("seed", seed)
    parameters, sizes = given("parameters", parameters), given("sizes", sizes)
    data, validation, preparation = both_prepared(problem, data, validation, seed)
    _check_options(problem, batch_size, validation, (patience, metric, maximize, min_delta or None))
    trained = trained_names(problem, data, parameters)
    listeners = checked_callbacks(callbacks, progress)
    whole = weighed(read(problem, data, dtype, trained), sample_weight, dtype)
    training, validating = divided_data(problem, whole, validation, dtype, trained, seed)
    start = start_values(problem, whole, trained, parameters, initial, sizes, seed)
    rule, size, epochs = chosen(problem, training, start, optimizer, batch_size, epochs, modules)
    options: dict[str, Any] = {"optimizer": rule, "batch_size": size, "seed": seed}
    options |= {"dtype": dtype, "drop_last": drop_last, "modules": modules, "threads": threads}
    trainer = Trainer(problem, training, parameters=start, **options)
    held_out = validated(trainer, training, validating, metric, maximize, preparation)
    stopping = Stopping(tolerance, patience, min_delta, *decision(held_out))
    if checked_flag("check", check):
        check_before(trainer, training)
    run = (problem, training, validating, start, options | stopping.told)
    kept = checkpoint_of(checkpoint, checkpoint_every, run)
    ran = run_epochs(trainer, epochs, stopping, held_out, listeners, kept)
    result = judged(ran, trainer, training, start, stopping)
    return replace(result, constants=whole.constants, preparation=preparation)


def given(name: str, values: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """What is given by name. Raises: OptionError where it is no mapping of names."""
    return names_wanted(name, {} if values is None else values)


def _check_options(
    problem: Problem, batch_size: Any, validation: Any, scored: tuple[Any, ...]
) -> None:
    if not (isinstance(validation, Mapping) or validation):
        for name, value in zip(SCORED, scored, strict=True):
            if value is not None:
                told = f"{name} needs a validation score: give validation=0.2 (--validation 0.2)"
                raise OptionError(f"{told}, or data")
    if batch_size not in (None, "auto") and not problem.batch:
        raise OptionError(
            "batch_size: the problem has no batch, so each step takes all data; leave it out, or "
            "write the loss as mean(... for x in batch)"
        )


def trained_names(problem: Problem, data: Any, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the parameters.

    Raises: DataError where there are none, or one without a value only multiplies a penalty.
    """
    given = data if isinstance(data, Mapping) else ()
    names = dict.fromkeys([n for n in problem.parameters if n not in given] + list(parameters))
    if not names:
        raise DataError("nothing is left to train: the data give every variable of the problem")
    trained = parameter_names(problem, names)
    check_trained(problem, [n for n in trained if n not in parameters], trained)
    return trained
