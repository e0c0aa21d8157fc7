"""Validation of data in chunks: the rows that are held out are drawn, and a metric is measured,
where the chunks lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from symgrad.errors import DataError, OptionError
from symgrad.language.problem import Problem
from symgrad.training.chunks.gradients import added_up
from symgrad.training.chunks.sources import Reading, dask, reading_of
from symgrad.training.data.arrays import Array, Arrays, Data
from symgrad.training.data.division import VALIDATION, drawn_rows
from symgrad.training.metrics.compared import Compared
from symgrad.training.metrics.measures import Measure
from symgrad.training.metrics.records import CLASSES
from symgrad.training.steps.totals import new_name
from symgrad.training.steps.weights import sums_of, with_weights


def divided_chunks(data: Data, share: float, seed: int, reading: Reading) -> tuple[Data, Data]:
    """The data to train on and those that are held out: of each chunk its share, drawn at random.

    Raises: DataError where one of them has no examples.
    """
    ends = np.round(share * np.cumsum([0, *data.sizes])).astype(int)
    held = np.diff(ends).tolist()
    if not 0 < sum(held) < data.total:
        told = f"of {data.total} examples leaves none on one side"
        raise DataError(f"validation={share} {told}")
    pairs = zip(data.sizes, held, strict=True)
    draws = [(size, out, (seed, VALIDATION, k)) for k, (size, out) in enumerate(pairs)]
    return (
        _chosen(data, reading, draws, [size - out for size, out, _ in draws], 0),
        _chosen(data, reading, draws, held, 1),
    )


def _chosen(
    data: Data,
    reading: Reading,
    draws: Sequence[tuple[int, int, tuple[int, ...]]],
    sizes: Sequence[int],
    side: int,
) -> Data:
    """The chunks with the rows on one side only, those without any left out."""
    delayed = dask().delayed
    of_chunk, of_array, read = delayed(_rows), delayed(_rows_of), delayed(reading)
    kept = [k for k, size in enumerate(sizes) if size]
    chunks = tuple(of_chunk(read, data.chunks[k], draws[k], side) for k in kept)
    left = replace(data, chunks=chunks, sizes=tuple(sizes[k] for k in kept))
    if data.weights is None:
        return left
    parts = tuple(of_array(data.weight_parts[k], draws[k], side) for k in kept)
    return replace(left, weight_parts=parts, weights=sums_of(parts, left.sizes, data.weights.dtype))


def _rows(reading: Reading, chunk: Any, draw: tuple[Any, ...], side: int) -> Mapping[str, Any]:
    data = reading(chunk)
    found = 0 if data is None else data.count
    if data is None or found != draw[0]:
        raise DataError(f"data: chunk {draw[2][-1]} had {draw[0]} examples, now it has {found}")
    return data.rows(drawn_rows(*draw)[side]).examples


def _rows_of(array: Array, draw: tuple[Any, ...], side: int) -> Array:
    return np.asarray(array)[drawn_rows(*draw)[side]]


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
