"""What is measured of a model on data: the metric that fits its loss, one by name, one's own.

A metric by its name compares the labels with what the loss compares them with. A program is worked
out as the loss is: of a quantity of each example it is the mean over the examples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from symgrad.errors import DataError, OptionError, did_you_mean
from symgrad.language.dimensions import SCALAR
from symgrad.language.problem import Problem
from symgrad.numerics.gradients import value_function
from symgrad.training.data.arrays import Array, Arrays, Data
from symgrad.training.metrics.compared import Compared, compared
from symgrad.training.metrics.quantities import quantity
from symgrad.training.metrics.records import CLASSES, METRICS, Confusion, Metric
from symgrad.training.steps.weights import with_weights
from symgrad.training.tables import aligned

Scored: TypeAlias = Callable[[Arrays, Arrays], float]  # of parameters and data
Chosen: TypeAlias = str | Metric | Scored
MOST_CLASSES = 12  # that are shown


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A metric of one problem: `part` of some data and parameters adds up over parts of the data
    where it `adds`, `value` is what the sum comes to; `name` is shown. `compared` is known for the
    metrics by name."""

    name: str
    maximize: bool
    part: Callable[[Data, Arrays], Any] = field(repr=False)
    value: Callable[[Any], float] = field(default=float, repr=False)
    adds: bool = True
    compared: Compared | None = field(default=None, repr=False)

    def of(self, data: Data, parameters: Arrays) -> float:
        """The metric on these data.

        Raises: OptionError where that is no number.
        """
        number = self.value(self.part(data, parameters))
        if np.ndim(number) or np.asarray(number).dtype.kind not in "iubf":
            raise OptionError(f"metric gave {number!r}; a number is wanted")
        return float(number)


def measure_of(
    problem: Problem,
    data: Data,
    metric: Chosen | None = None,
    maximize: bool | None = None,
    dtype: str = "float64",
) -> Measure | None:
    """A metric by its name, as a program or as a function, and without one that which fits the
    loss, if there is one: the accuracy of classes, R^2 of numbers.

    `data` are those that are trained on. Of a program smaller is better, of a function larger is,
    unless `maximize` says else.
    Raises: OptionError for what is no metric, or none of this problem.

    >>> from symgrad.language.parser import parse
    >>> text = "x: Scalar\\nt: Scalar\\nw: Scalar\\nloss = mean((w * x - t)**2 for x, t in batch)"
    >>> line, two = parse(text), np.array([1.0, 2.0])
    >>> data, parameters = Data({"x": two, "t": 2 * two}, {}, 2), {"w": np.array(1.5)}
    >>> for metric in (None, "mean_absolute_error", "abs(t - w * x)"):
    ...     print(measure_of(line, data, metric).of(data, parameters))
    0.375
    0.75
    0.75
    """
    if maximize is not None and (metric is None or not isinstance(maximize, bool)):
        wanted = "true or false is wanted" if metric is not None else "give the metric too, metric="
        raise OptionError(f"maximize is {maximize!r}: {wanted}")
    if metric is None:
        return _fitting(problem, data, dtype)
    if isinstance(metric, str) and metric in METRICS:
        metric = METRICS[metric]
    if isinstance(metric, Metric):
        return _named(problem, data, metric, maximize, dtype)
    if isinstance(metric, str):
        return _program(problem, data, metric, bool(maximize), dtype)
    if not callable(metric):
        raise OptionError(f"metric is {metric!r}; one of {', '.join(METRICS)}, or {OWN}")
    name = getattr(metric, "__name__", "metric")
    return Measure(
        name="metric" if name.startswith("<") else name,
        maximize=maximize is not False,
        part=lambda data, parameters: metric(parameters, data.arrays),
        value=lambda number: number,
        adds=False,
    )


OWN = "an expression of the program, or a function of parameters and data, is wanted"


def _fitting(problem: Problem, data: Data, dtype: str) -> Measure | None:
    if not data.count or problem.loop is not None:
        return None
    try:
        beside = compared(problem, data, dtype)
    except DataError:
        return None
    return _made(METRICS["accuracy" if beside.needs == CLASSES else "r2"], beside)


def _named(
    problem: Problem, data: Data, metric: Metric, maximize: bool | None, dtype: str
) -> Measure:
    if maximize not in (None, metric.maximize):
        direction = "larger" if metric.maximize else "smaller"
        raise OptionError(f"maximize is {maximize}; of {metric.name} {direction} is better")
    try:
        beside = compared(problem, data, dtype)
    except DataError as error:
        raise OptionError(
            f"metric: {metric.name} compares predictions with labels, and {error.message}; write "
            'what is measured, as in metric="abs(t - p)"'
        ) from None
    if beside.needs != metric.needs:
        fits = ", ".join(name for name, m in METRICS.items() if m.needs == beside.needs)
        raise OptionError(
            f"metric: {metric.name} is of {metric.needs}, and {beside.prediction.label} holds "
            f"{beside.needs}: {fits} are"
        )
    return _made(metric, beside)


def _made(metric: Metric, beside: Compared) -> Measure:
    return Measure(
        name=metric.name,
        maximize=metric.maximize,
        part=beside.part,
        value=metric.value,
        compared=beside,
    )


def _program(problem: Problem, data: Data, text: str, maximize: bool, dtype: str) -> Measure:
    """A quantity of the program: for each example, or of all."""
    try:
        measured = quantity(problem, text)
    except DataError as error:
        told = f"{text} is no metric{did_you_mean(text, METRICS)}"
        told = told if text.isidentifier() else error.message
        known = f"a metric is one of {', '.join(METRICS)}, or an expression of the program"
        raise OptionError(f"metric: {told} ({known})") from None
    if measured.output.shape != SCALAR:
        shape = " x ".join(map(str, measured.output.shape))
        raise OptionError(f"metric: {text} is {shape}; a scalar is wanted, as in mean({text})")
    of_all = measured.output.batch is None
    function = value_function(with_weights(measured, data)[0] if of_all else measured, dtype)
    names = (*function.inputs, *problem.functions, *map(str, problem.counts))

    def values(data: Data, parameters: Arrays) -> Array:
        given = {**data.inputs, **parameters}
        with np.errstate(all="ignore"):
            return np.asarray(function({n: given[n] for n in names if n in given})[0])

    if of_all:

        def whole(data: Data, parameters: Arrays) -> Array:
            return values(with_weights(measured, data)[1], parameters)

        return Measure(name=text, maximize=maximize, part=whole, adds=False)

    def sums(data: Data, parameters: Arrays) -> Array:
        each = np.ones(data.count) if data.weights is None else data.weights
        return np.array([each @ values(data, parameters).reshape(-1), each.sum()])

    return Measure(name=text, maximize=maximize, part=sums, value=lambda two: two[0] / two[1])


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was measured on data: the loss and a metric of `count` examples.

    `metric` names it, and `score` is its value; None where none fits the loss. Of classes
    `confusion` counts the examples of each class (a row) that are taken for each (a column), and
    `classes` are their names.
    """

    count: int
    loss: float
    metric: str | None = None
    score: float | None = None
    confusion: Array | None = None
    classes: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Loss and metric in a line."""
        score = "" if self.score is None else f", {self.metric} {self.score:.4g}"
        return f"loss {self.loss:.6g}{score}"

    def table(self) -> str:
        """The confusion matrix: a row for each class that is given. Empty where there is none, or
        more classes than can be told apart."""
        if self.confusion is None or len(self.classes) > MOST_CLASSES:
            return ""
        heads = ["given", *(f"as {name}" for name in self.classes)]
        rows = zip(self.classes, self.confusion, strict=True)
        cells = [[name, *(f"{n:g}" for n in row)] for name, row in rows]
        return aligned(heads, cells)


def measured(
    loss: float,
    score: float | None,
    data: Data,
    parameters: Arrays,
    measure: Measure | None,
    names: Mapping[str, tuple[str, ...]],
) -> Measured:
    """The loss and the metric's score of these data, with the confusion of their classes, whose
    names stand in `names` under that of the label."""
    if measure is None:
        return Measured(count=data.total, loss=loss)
    confusion: Array | None = None
    classes: tuple[str, ...] = ()
    beside = measure.compared
    if beside is not None and beside.needs == CLASSES:
        part = measure.part(data, parameters)
        assert isinstance(part, Confusion)
        confusion = part.counts
        numbers = beside.codes or range(len(confusion))
        classes = names.get(beside.prediction.label) or tuple(f"{n:g}" for n in numbers)
    return Measured(
        count=data.total,
        loss=loss,
        metric=measure.name,
        score=score,
        confusion=confusion,
        classes=classes,
    )
