r"""Metrics: how good predictions are beside labels, each a record.

Those of classes are made of the confusion matrix C, whose entry C_{ij} counts the examples of class
i that are taken for class j; those of numbers of a few sums over the examples. Both add up over
parts of the data. An example of weight k counts as k examples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from symgrad.data.tables import Array


@dataclass(frozen=True)
class Confusion:
    """How many examples of each class (a row) are taken for each (a column): (k, k).

    >>> first, second = np.array([0, 0, 1]), np.array([0, 1, 1])
    >>> Confusion.of(first, second, 2).counts.tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """

    counts: Array

    @staticmethod
    def of(given: Array, found: Array, classes: int, weights: Array | None = None) -> Confusion:
        """Of the numbers of classes, from 0 to below `classes`; shapes (n,)."""
        places = np.asarray(given, int) * classes + np.asarray(found, int)
        counts = np.bincount(places, weights, classes * classes).astype(float)
        return Confusion(counts.reshape(classes, classes))

    def __add__(self, other: Confusion) -> Confusion:
        return Confusion(self.counts + other.counts)


@dataclass(frozen=True)
class Errors:
    """Of labels t and predictions p, each of k numbers: the count of examples; the means of t and
    the sums of (t - mean)^2, (t - p)^2 and |t - p|, each of shape (k,)."""

    count: float
    mean: Array
    spread: Array
    squares: Array
    absolutes: Array

    @staticmethod
    def of(given: Array, found: Array, weights: Array | None = None) -> Errors:
        """Of labels and predictions: (n, k)."""
        each = np.ones(len(given)) if weights is None else np.asarray(weights, float)
        given = np.asarray(given, float)
        count = float(each.sum())
        mean = each @ given / count if count else np.zeros(given.shape[1])
        errors = given - found
        return Errors(
            count,
            mean,
            each @ np.square(given - mean),
            each @ np.square(errors),
            each @ np.abs(errors),
        )

    def __add__(self, other: Errors) -> Errors:
        """Source: Chan, Golub and LeVeque, Updating formulae ... of sample variances, 1979."""
        count = self.count + other.count
        share = other.count / count if count else 0.0
        apart = other.mean - self.mean
        return Errors(
            count,
            self.mean + share * apart,
            self.spread + other.spread + self.count * share * np.square(apart),
            self.squares + other.squares,
            self.absolutes + other.absolutes,
        )


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A metric: `value` of a `Confusion` where it `needs` classes, of `Errors` where it needs
    numbers; nan where it is not defined. `maximize` is whether larger is better; `formula` is
    LaTeX, `words` what it says.

    >>> METRICS["accuracy"].value(Confusion(np.array([[2, 1], [0, 1]])))
    0.75
    """

    name: str
    value: Callable[[Any], float] = field(repr=False)
    needs: str
    maximize: bool
    formula: str
    words: str
    source: str


CLASSES, NUMBERS = "classes", "numbers"


def _accuracy(confusion: Confusion) -> float:
    return _ratio(np.trace(confusion.counts), confusion.counts.sum())


def _balanced_accuracy(confusion: Confusion) -> float:
    right, given = np.diag(confusion.counts), confusion.counts.sum(axis=1)
    return _mean(right[given > 0] / given[given > 0])


def _f1_macro(confusion: Confusion) -> float:
    counts = confusion.counts
    there = counts.sum(axis=0) + counts.sum(axis=1)
    return _mean(2 * np.diag(counts)[there > 0] / there[there > 0])


def _r2(errors: Errors) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        each = 1 - errors.squares / errors.spread
    return float(each.mean()) if (errors.spread > 0).all() else float("nan")


def _mean_squared_error(errors: Errors) -> float:
    return _ratio(errors.squares.mean(), errors.count)


def _ratio(one: Any, other: Any) -> float:
    return float(one / other) if other else float("nan")


def _mean(values: Array) -> float:
    return float(values.mean()) if values.size else float("nan")


SOKOLOVA = "Sokolova and Lapalme, A systematic analysis of performance measures, 2009"
DRAPER = "Draper and Smith, Applied Regression Analysis"
_of_classes = partial(Metric, needs=CLASSES, maximize=True, source=SOKOLOVA)
_of_numbers = partial(Metric, needs=NUMBERS, maximize=False, source=DRAPER)
METRICS = {
    metric.name: metric
    for metric in (
        _of_classes(
            name="accuracy",
            value=_accuracy,
            formula=r"\sum_i C_{ii} \Big/ \sum_{i,j} C_{ij}",
            words="The share of the examples whose class is told right.",
        ),
        _of_classes(
            name="balanced_accuracy",
            value=_balanced_accuracy,
            formula=r"\frac{1}{k} \sum_i C_{ii} \Big/ \sum_j C_{ij}",
            words="The mean over the classes that are given of the share that is told right of "
            "each: rare classes count as much as frequent ones.",
            source="Brodersen et al., The balanced accuracy and its posterior distribution, 2010",
        ),
        _of_classes(
            name="f1_macro",
            value=_f1_macro,
            formula=r"\frac{1}{k} \sum_i 2 C_{ii} \Big/ \sum_j \left(C_{ij} + C_{ji}\right)",
            words="The mean over the classes of the harmonic mean of precision and recall.",
        ),
        _of_numbers(
            name="r2",
            value=_r2,
            maximize=True,
            formula=r"1 - \sum_n (t_n - p_n)^2 \Big/ \sum_n (t_n - \bar t)^2",
            words="The share of the labels' variance that is explained, the mean of these over "
            "several outputs: 1 at best, 0 of a constant prediction; not defined where all labels "
            "are equal.",
        ),
        _of_numbers(
            name="mean_absolute_error",
            value=lambda errors: _ratio(errors.absolutes.mean(), errors.count),
            formula=r"\frac{1}{N} \sum_n |t_n - p_n|",
            words="The mean distance of predictions from labels, in the labels' units.",
        ),
        _of_numbers(
            name="mean_squared_error",
            value=_mean_squared_error,
            formula=r"\frac{1}{N} \sum_n (t_n - p_n)^2",
            words="The mean square of the errors, in the square of the labels' units.",
        ),
        _of_numbers(
            name="root_mean_squared_error",
            value=lambda errors: _mean_squared_error(errors) ** 0.5,
            formula=r"\sqrt{\frac{1}{N} \sum_n (t_n - p_n)^2}",
            words="The root of the mean square of the errors, in the labels' units.",
        ),
    )
}
