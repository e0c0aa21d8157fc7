"""The optimizer, the size of a minibatch and the number of epochs where they are not given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from symgrad.errors import OptionError
from symgrad.language.problem import Problem
from symgrad.numerics.layers import flattened
from symgrad.numerics.remembered import remembered
from symgrad.training.data.arrays import Data
from symgrad.training.hyperparameters import checked_count
from symgrad.training.optimizers import optimizer_of
from symgrad.training.optimizers.base import Optimizer
from symgrad.training.optimizers.quasi_newton import LBFGS
from symgrad.training.steps.data_totals import without_data_totals
from symgrad.training.steps.features import features
from symgrad.training.steps.totals import weighted
from symgrad.training.trainer import ADAM

BATCH = 32  # examples in a step
SMALL = 10_000_000  # products of an example and a parameter: some hundredths of a second


def chosen(
    problem: Problem,
    data: Data,
    parameters: Mapping[str, Any],
    optimizer: Optimizer | type[Optimizer] | str | None,
    batch_size: Any,
    epochs: int | None,
    modules: str,
) -> tuple[Optimizer, Any, int]:
    """The optimizer, batch size and number of epochs of a training, those given as they are.

    Small data in memory, and any of a model that is linear before its loss, take L-BFGS, in which
    no rate has to be chosen and which ends by itself; others, and what Numba compiles, Adam, in
    minibatches. A loss that has no minibatches takes all examples in each step, and so does an
    optimizer that is defined on all data, whatever the batch size.
    """
    if optimizer is None:
        whole = batch_size in ("auto", None) and modules != "numba"
        whole = whole and _is_soon_done(problem, data, parameters)
        taken: Optimizer = LBFGS() if whole else ADAM
    else:
        taken = optimizer_of(optimizer)
    if batch_size == "auto":
        batch_size = None if taken.whole_data or not _divides(problem, data, parameters) else BATCH
    elif batch_size is not None:
        checked_count("batch_size", batch_size)
    return taken, batch_size, checked_count("epochs", taken.epochs if epochs is None else epochs)


def _is_soon_done(problem: Problem, data: Data, parameters: Mapping[str, Any]) -> bool:
    """Whether a gradient of all data takes little time, or few of them are needed."""
    if data.chunks:
        return False
    trained = sum(array.size for array in flattened(parameters.values()))
    series = (a.shape[1] for n, a in data.examples.items() if problem.variables[n].steps)
    work: int = max(data.count, 1) * max(series, default=1) * trained + data.size
    return work <= SMALL or bool(features(problem, parameters))


def _divides(problem: Problem, data: Data, parameters: Mapping[str, Any]) -> bool:
    """Whether the loss has minibatches, where there are more examples than one takes."""
    if data.count <= BATCH and not data.chunks:
        return False
    try:
        left, _ = remembered(without_data_totals, problem, tuple(parameters))
        remembered(weighted, left)
    except OptionError:
        return False
    return True
