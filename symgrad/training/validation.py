"""Validation: what is held out, and the score on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any, TypeAlias

import numpy as np

from symgrad.errors import NotFiniteError, OptionError
from symgrad.language.problem import Problem
from symgrad.numerics.gradients import value_function
from symgrad.training.chunks import read
from symgrad.training.data.arrays import Arrays, Data
from symgrad.training.data.division import checked_share, divided_rows
from symgrad.training.data_totals import with_data_totals
from symgrad.training.minibatches import Minibatches
from symgrad.training.trainer import Trainer
from symgrad.training.weights import with_weights

Metric: TypeAlias = Callable[[Arrays, Arrays], float]


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
        raise OptionError(
            "with data in chunks no share is set aside: give data of their own, validation={...}"
        )
    if not data.count:
        raise OptionError("there is no batch to set a share aside from: give validation={...}")
    training, held_out = divided_rows(data.count, validation, seed)
    return data.rows(training), data.rows(held_out)


def validation_score(
    trainer: Trainer, data: Data | None, metric: Metric | None
) -> Callable[[], float] | None:
    """The validation score of the trainer's parameters as they are when it is called."""
    if data is None:
        return None
    if data.chunks and metric is not None:
        raise OptionError("metric: of validation data in chunks the score is the loss")
    loss = _loss(trainer, data)

    def score() -> float:
        with np.errstate(all="ignore"):
            number = loss() if metric is None else metric(trainer.parameters, data.arrays)
        if np.ndim(number) or not isinstance(np.asarray(number)[()], Real):
            raise OptionError(f"metric gave {number!r}; a number is wanted")
        if not math.isfinite(number):
            raise NotFiniteError(f"epoch {trainer.epochs}: the validation score is {number}")
        return float(number)

    return score


def _loss(trainer: Trainer, data: Data) -> Callable[[], float]:
    """The loss of these data."""
    dtype = str(trainer.flat.dtype)
    if data.chunks:
        from symgrad.training.chunk_gradients import ChunkGradients

        problem, data = with_data_totals(trainer.problem, data, trainer.wrt, dtype)
        batches = Minibatches(data, trainer.parameters, data.total, False)
        gradients = ChunkGradients(problem, batches)
        return lambda: gradients.of(0)[0]
    problem, weighted = with_weights(trainer.problem, data)
    inputs = {**weighted.inputs, **trainer.parameters}
    function = value_function(problem, dtype)
    return lambda: function(inputs)[0]
