"""The target of a classifier or a regressor: which variable y is, and y as its array."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import column_or_1d

from symgrad.errors import DataError, check_known
from symgrad.estimators.base import Estimator, InputError
from symgrad.estimators.columns import rank_of
from symgrad.language.problem import Problem
from symgrad.numerics.remembered import remembered
from symgrad.training.data.arrays import Array
from symgrad.training.data.labels import classes_wanted
from symgrad.training.metrics.quantities import Prediction, predicted


class Supervised(Estimator):
    """An estimator with a target."""

    def _prediction(self) -> Prediction:
        """What is predicted, of what, and what y is.

        Raises: InputError where the problem does not say it.
        """
        problem = self._problem()
        target = () if self.target is None else (self.target,)
        told = "target: {} is not declared in the problem"
        check_known(told, target, problem.variables, InputError)
        try:
            return remembered(predicted, problem, (*self._given(),), self.target, self.output)
        except DataError as error:
            raise InputError(f"{error}; or say target= and output=, the names of both") from None


def of_classes(problem: Problem, label: str) -> bool:
    """Whether a label is declared to be a class, or the loss means two numbers by it."""
    variable = problem.variables[label]
    if variable.kind == "Index" or "one_hot" in variable.facts:
        return True
    return rank_of(variable) == 0 and remembered(classes_wanted, problem, label) is not None


def two_numbers(problem: Problem, found: Prediction) -> tuple[float, ...]:
    """What the two classes are to a label that is a number: what the loss means by them; where
    any number will do 0 and 1 beside a probability, and -1 and 1 beside a score."""
    if (wanted := remembered(classes_wanted, problem, found.label)) is not None:
        return wanted
    if not found.compared:
        raise InputError(
            f"the loss does not show which two numbers {found.label} may be; the score may need a "
            "name, as in z = w.T @ x"
        )
    return (0.0, 1.0) if found.probabilities else (-1.0, 1.0)


def encoded(problem: Problem, found: Prediction, codes: Array, count: int) -> Array:
    """The classes, numbered from 0 to below `count`, as the label's array: a one-hot row for each
    example, its number, or one of two numbers."""
    variable = problem.variables[found.label]
    if variable.kind == "Index":
        return codes
    if rank_of(variable):
        return np.eye(count)[codes]
    if count > 2:
        raise InputError(  # scikit-learn's words, and what to do
            "Only binary classification is supported. The type of the target is multiclass: y has "
            f"{count} classes, and {found.label} is one number, of 2 classes; for more a program "
            f"has {found.label}: Vector(k, one_hot=True)"
        )
    return np.array(two_numbers(problem, found))[codes]


def class_sizes(problem: Problem, label: str, count: int) -> dict[str, int]:
    """The number of classes, where the labels themselves may not show it."""
    variable = problem.variables[label]
    symbol = variable.dims[0] if variable.kind == "Index" else None
    return {str(symbol): count} if symbol is not None and symbol.is_Symbol else {}


def numeric(problem: Problem, label: str, y: Any) -> Array:
    """Numbers as the label's array: one or a row for each example."""
    variable = problem.variables[label]
    if variable.kind == "Index" or np.asarray(y).dtype.kind in "US":
        told = f"{label} is an Index" if variable.kind == "Index" else "y is text"
        raise InputError(f"{told}: of classes there is SymgradClassifier")
    if rank_of(variable) == 0:
        return np.asarray(column_or_1d(y, warn=True))
    return np.asarray(y).reshape(len(y), -1)
