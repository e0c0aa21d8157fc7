"""Validation: what is held out, and the loss and a metric on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from symgrad.errors import NotFiniteError, OptionError
from symgrad.language.problem import Problem
from symgrad.numerics.gradients import value_function
from symgrad.training.chunks.sources import read, reading_of
from symgrad.training.data.arrays import Data
from symgrad.training.data.division import checked_share, divided_rows
from symgrad.training.data.preparation import Preparation
from symgrad.training.history import History
from symgrad.training.metrics.measures import Chosen, Measure, Measured, measure_of, measured
from symgrad.training.steps.data_totals import with_data_totals
from symgrad.training.steps.minibatches import Minibatches
from symgrad.training.steps.weights import with_weights
from symgrad.training.trainer import Trainer


def divided_data(
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
        return data, read(problem, own, dtype, trained)
    validation = checked_share(validation)
    if not validation:
        return data, None
    if data.chunks:
        from symgrad.training.chunks.validation import divided_chunks

        return divided_chunks(
            data, validation, seed, reading_of(problem, data.constants, dtype, trained)
        )
    if not data.count:
        raise OptionError("there is no batch to set a share aside from: give validation={...}")
    training, held_out = divided_rows(data.count, validation, seed)
    return data.rows(training), data.rows(held_out)


@dataclass(frozen=True, kw_only=True)
class Validation:
    """The loss and a metric of held-out data. Where the metric `decides`, the best epoch is that of
    the best metric, else that of the least loss."""

    trainer: Trainer
    data: Data
    loss: Callable[[], float]
    measure: Measure | None
    decides: bool
    class_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def deciding(self, history: History) -> list[float]:
        """The numbers so far of what decides."""
        return history.scores if self.decides else history.validation

    def note(self, history: History) -> list[float]:
        """Add an epoch's to the history; the numbers so far of what decides.

        Raises: NotFiniteError where the last of them is not finite.
        """
        with np.errstate(all="ignore"):
            history.validation.append(float(self.loss()))
        if self.measure is not None:
            before = len(history.validation) - 1 - len(history.scores)  # kept without a metric
            history.scores += [math.nan] * before
            history.metric = self.measure.name
            history.scores.append(self.measure.of(self.data, self.trainer.parameters))
        deciding = self.deciding(history)
        if not math.isfinite(deciding[-1]):
            told = f"epoch {self.trainer.epochs}: the validation score is {deciding[-1]}"
            raise NotFiniteError(told)
        return deciding

    def measured(self, history: History, epoch: int) -> Measured:
        """What was measured after an epoch, the parameters being those of then."""
        loss = history.validation[epoch - 1]
        score = history.scores[epoch - 1] if self.measure is not None else None
        parameters = self.trainer.parameters
        return measured(loss, score, self.data, parameters, self.measure, self.class_names)


def validated(
    trainer: Trainer,
    training: Data,
    validating: Data | None,
    metric: Chosen | None,
    maximize: bool | None,
    preparation: Preparation | None,
) -> Validation | None:
    """What is measured of the validation data after each epoch; None without them.

    Raises: OptionError for a metric that is none of this problem.
    """
    if validating is None:
        return None
    measure, dtype = None, str(trainer.flat.dtype)
    if metric is not None or not validating.chunks:  # of chunks it takes another pass, if asked for
        measure = measure_of(trainer.problem, training, metric, maximize, dtype)
    if validating.chunks and measure is not None:
        from symgrad.training.chunks.validation import in_chunks

        measure = in_chunks(measure, trainer.problem, validating, trainer.wrt, dtype)
    return Validation(
        trainer=trainer,
        data=validating,
        loss=loss_of(trainer, validating),
        measure=measure,
        decides=metric is not None,
        class_names={} if preparation is None else preparation.classes,
    )


def decision(validation: Validation | None) -> tuple[bool, str]:
    """Whether larger is better of what decides, and which metric that is; empty for the loss."""
    if validation is None or validation.measure is None or not validation.decides:
        return False, ""
    return validation.measure.maximize, validation.measure.name


def loss_of(trainer: Trainer, data: Data) -> Callable[[], float]:
    """The loss of these data, at the trainer's parameters as they are when it is called."""
    dtype = str(trainer.flat.dtype)
    if data.chunks:
        from symgrad.training.chunks.gradients import ChunkGradients

        problem, data = with_weights(trainer.problem, data)
        problem, data = with_data_totals(problem, data, trainer.wrt, dtype)
        batches = Minibatches(data, trainer.parameters, data.total, False)
        gradients = ChunkGradients(problem, batches)
        return lambda: gradients.of(0)[0]
    problem, weighted = with_weights(trainer.problem, data)
    inputs = {**weighted.inputs, **trainer.parameters}
    function = value_function(problem, dtype)
    return lambda: float(function(inputs)[0])
