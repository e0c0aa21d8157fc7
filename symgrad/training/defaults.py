"""The optimizer and the size of a minibatch where none is given."""

from __future__ import annotations

from typing import Any

from symgrad.language.problem import Problem
from symgrad.training.base import Optimizer
from symgrad.training.data.arrays import Data
from symgrad.training.optimizers import optimizer_of
from symgrad.training.trainer import ADAM

BATCH = 32  # examples in a step


def chosen(
    problem: Problem,
    data: Data,
    optimizer: Optimizer | type[Optimizer] | str | None,
    batch_size: Any,
) -> tuple[Optimizer, Any]:
    """The optimizer and the batch size of a training, those that were given as they are."""
    taken = ADAM if optimizer is None else optimizer_of(optimizer)
    return taken, BATCH if batch_size == "auto" else batch_size
