"""A metric of data in chunks: each part is measured where its chunk lies, and the parts added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from symgrad.errors import DataError, OptionError
from symgrad.language.problem import Problem
from symgrad.training.chunks.gradients import added_up
from symgrad.training.chunks.sources import dask, reading_of
from symgrad.training.data.arrays import Arrays, Data
from symgrad.training.metrics.compared import Compared
from symgrad.training.metrics.measures import Measure
from symgrad.training.metrics.records import CLASSES
from symgrad.training.steps.totals import new_name
from symgrad.training.steps.weights import with_weights


def in_chunks(
    measure: Measure, problem: Problem, data: Data, trained: tuple[str, ...], dtype: str
) -> Measure:
    """The measure of data in chunks.

    Raises: OptionError where it takes all examples at once.
    """
    if not measure.adds:
        raise OptionError(
            f"metric: {measure.name} takes all examples at once, which are in chunks; a metric by "
            "its name or a quantity of each example is wanted, as abs(t - p)"
        )
    weight = "" if data.weights is None else new_name("weight", problem)
    problem, data = with_weights(problem, data)
    reading = reading_of(problem, data.constants, dtype, trained)
    shared = dask().delayed(((measure, weight), reading))

    def part(_: Data, parameters: Arrays) -> Any:
        (found,) = added_up(_measured, shared, data.chunks, parameters).arrays
        return found

    return replace(measure, part=part)


def _measured(given: tuple[Measure, str], data: Data, parameters: Mapping[str, Any]) -> Any:
    """What a chunk adds to a measure."""
    measure, weight = given
    if weight:
        examples = {n: a for n, a in data.examples.items() if n != weight}
        data = replace(data, examples=examples, weights=data.examples[weight])
    if measure.compared is not None and measure.compared.needs == CLASSES:
        _check_classes(measure.compared, data)
    return (measure.part(data, dict(parameters)),)


def _check_classes(beside: Compared, data: Data) -> None:
    """Raise DataError for labels that are no classes, which the first examples did not show."""
    label = beside.prediction.label
    variable, labels = beside.problem.variables[label], data.examples[label]
    rows = labels.reshape(len(labels), -1)
    if beside.codes:
        fine = np.isin(rows, beside.codes).all(axis=1)
    elif variable.kind == "Index":
        return
    else:
        fine = ((rows == 0) | (rows == 1)).all(axis=1) & (rows.sum(axis=1) == 1)
    if not fine.all():
        wrong = rows[~fine][0]
        told = f"{wrong[0]:g}" if beside.codes else f"a row {wrong.tolist()}"
        raise DataError(f"metric: {label} has {told} in a chunk, which is no class of the others'")
