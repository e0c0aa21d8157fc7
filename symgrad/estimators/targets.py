"""y as the array that a problem's label is."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import column_or_1d

from symgrad.estimators.base import InputError
from symgrad.estimators.columns import rank_of
from symgrad.language.problem import Problem
from symgrad.training.data.arrays import Array
from symgrad.training.quantities import Prediction


def of_classes(problem: Problem, label: str) -> bool:
    """Whether a label is declared to be a class."""
    variable = problem.variables[label]
    return variable.kind == "Index" or "one_hot" in variable.facts


def two_numbers(found: Prediction) -> tuple[float, float]:
    """What the two classes are to a label that is a number: 0 and 1 where a probability is
    predicted, -1 and 1 where what is predicted is compared with it."""
    if found.probabilities:
        return 0.0, 1.0
    if found.compared:
        return -1.0, 1.0
    raise InputError(f"the loss does not say which numbers the classes {found.label} are")


def encoded(problem: Problem, found: Prediction, codes: Array, count: int) -> Array:
    """The classes, numbered from 0 to below `count`, as the label's array: a one-hot row for each
    example, its number, or one of two numbers."""
    variable = problem.variables[found.label]
    if variable.kind == "Index":
        return codes
    if rank_of(variable):
        return np.eye(count)[codes]
    if count > 2:
        raise InputError(
            f"y has {count} classes, and {found.label} is one number, of 2 classes; for more a "
            f"program has {found.label}: Vector(k, one_hot=True)"
        )
    return np.array(two_numbers(found))[codes]


def class_sizes(problem: Problem, label: str, count: int) -> dict[str, int]:
    """The number of classes, where the labels themselves may not show it."""
    variable = problem.variables[label]
    symbol = variable.dims[0] if variable.kind == "Index" else None
    return {str(symbol): count} if symbol is not None and symbol.is_Symbol else {}


def numeric(problem: Problem, label: str, y: Any) -> Array:
    """Numbers as the label's array: one or a row for each example."""
    variable = problem.variables[label]
    if rank_of(variable) == 0:
        return np.asarray(column_or_1d(y, warn=True))
    return np.asarray(y).reshape(len(y), -1)
