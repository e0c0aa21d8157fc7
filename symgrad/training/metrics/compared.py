"""What a loss compares with its labels, beside these labels: classes, or numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from symgrad.errors import DataError
from symgrad.language.problem import Problem
from symgrad.numerics.function import Function
from symgrad.numerics.gradients import value_function
from symgrad.numerics.recurrences.function import StepFunction
from symgrad.training.data.arrays import Array, Arrays, Data
from symgrad.training.data.labels import CLASSES as PAIRS
from symgrad.training.data.labels import classes_wanted
from symgrad.training.metrics.quantities import Prediction, predicted
from symgrad.training.metrics.records import CLASSES, NUMBERS, Confusion, Errors


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Labels and what is predicted of them, as rows, one for each example.

    `codes` are the two numbers that stand for classes where a label is one number; `needs` says
    whether labels are classes or numbers.
    """

    problem: Problem
    prediction: Prediction
    needs: str
    codes: tuple[float, ...] = ()
    dtype: str = "float64"

    @cached_property
    def _function(self) -> Function | StepFunction:
        return value_function(self.prediction.problem, self.dtype)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_function": self._function}  # compiled once, for every worker

    def part(self, data: Data, parameters: Arrays) -> Confusion | Errors:
        """What these examples add to what metrics are made of."""
        given = rows(data.arrays[self.prediction.label])
        found = self.found(data, parameters)
        if self.needs == NUMBERS:
            return Errors.of(given, found, data.weights)
        count = max(found.shape[1], 2)
        return Confusion.of(
            self.given_classes(given),
            self.prediction.decided(found, self.codes),
            count,
            data.weights,
        )

    def found(self, data: Data, parameters: Arrays) -> Array:
        """What is predicted of each example: (n, k)."""
        given = {**data.inputs, **parameters}
        names = (*self._function.inputs, *self.problem.functions, *map(str, self.problem.counts))
        inputs = {name: given[name] for name in names if name in given}
        with np.errstate(all="ignore"):
            return rows(self._function(inputs)[0])

    def given_classes(self, labels: Array) -> Array:
        """The number of the class of each row of labels."""
        if self.codes:
            return np.asarray(labels[:, 0] > sum(self.codes) / 2, int)
        if self.problem.variables[self.prediction.label].kind == "Index":
            return np.asarray(labels[:, 0], int)
        return np.asarray(labels.argmax(axis=1))


def rows(values: Any) -> Array:
    """Values with a row for each example."""
    array = np.asarray(values)
    return array.reshape(len(array), -1) if array.ndim else array.reshape(1, 1)


def compared(problem: Problem, data: Data, dtype: str = "float64") -> Compared:
    """What the problem compares with its labels, and whether these are classes: declared so, or by
    what the loss means by them, where those of the data are so.

    Raises: DataError where the loss does not show it.
    """
    found = predicted(problem, (*data.constants,))
    made = partial(Compared, problem=problem, prediction=found, dtype=dtype)
    if found.label not in data.arrays:
        raise DataError(f"data: missing is {found.label}, the label")
    variable, labels = problem.variables[found.label], data.arrays[found.label]
    if variable.kind == "Index" or "one_hot" in variable.facts:
        return made(needs=CLASSES)
    if variable.kind == "Scalar" and np.ndim(labels):
        own = set(np.unique(labels))
        codes = classes_wanted(problem, found.label)
        if codes is None and not found.compared and own == {*PAIRS[1]}:
            codes = PAIRS[1]
        if codes is not None and own <= {*codes}:
            return made(needs=CLASSES, codes=codes)
    elif found.probabilities:
        shares = rows(labels)
        if ((shares == 0) | (shares == 1)).all() and (shares.sum(axis=1) == 1).all():
            return made(needs=CLASSES)
        raise DataError(f"{found.label} has rows that are shares, no classes and no measures")
    if not found.compared or not np.ndim(labels):
        raise DataError(
            f"{found.label} and {found.written} are not the same kind of number, and "
            f"{found.label} is no class"
        )
    return made(needs=NUMBERS)
