"""The same training with several optimizers, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from symgrad.calculus import as_problem
from symgrad.errors import NotFiniteError, OptionError
from symgrad.language import markup
from symgrad.numerics.gradients import value_function
from symgrad.training.curve import text_curve
from symgrad.training.data.preparing import prepared
from symgrad.training.fit import fit
from symgrad.training.optimizers import optimizer_of
from symgrad.training.optimizers.base import Optimizer
from symgrad.training.plots.curves import curve
from symgrad.training.plots.style import WIDTH, label, picture
from symgrad.training.result import FitResult
from symgrad.training.tables import NONE, Tabular, aligned

if TYPE_CHECKING:
    from symgrad.training.plots.style import Picture

Chosen: TypeAlias = Optimizer | type[Optimizer] | str
HEADS = ("optimizer", "learning_rate", "epochs", "first_loss", "last_loss", "loss_of_data")


@dataclass(frozen=True)
class Comparison(Tabular):
    """Trainings that differ in their optimizer alone: same data, start, and order of examples.

    `results` by the optimizers' names; `failures` say of the others where they were not finite.
    `losses` are those of all the data at the result, where they are arrays.

    >>> line = "x: Scalar\\nt: Scalar\\nw: Scalar\\nloss = mean((w * x - t)**2 for x, t in batch)"
    >>> both = compare(line, {"x": [1.0, 2.0], "t": [2.0, 4.0]}, ["sgd", "adam"], epochs=3)
    >>> list(both.results), both.failures
    (['sgd', 'adam'], {})
    """

    results: Mapping[str, FitResult]
    failures: Mapping[str, str]
    losses: Mapping[str, float]

    def __repr__(self) -> str:
        """Which ones."""
        return f"<Comparison of {', '.join([*self.results, *self.failures])}>"

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A mapping for each optimizer, the smallest loss of the data first, failures last; with
        what was measured in the epoch with the best validation score."""
        rows = []
        for name in sorted(self.results, key=self._loss):
            result = self.results[name]
            history = result.history
            numbers = (
                *(history.learning_rates[0], result.epochs),
                *(history.losses[0], history.losses[-1], self.losses.get(name)),
            )
            row = dict(zip(HEADS, (name, *numbers), strict=True))
            best = (result.best_epoch or result.epochs) - 1
            if history.validation:
                row["validation"] = history.validation[best]
            if history.scores:
                row[history.metric] = history.scores[best]
            rows.append({**row, "seconds": history.seconds[-1], "ended": result.stopped})
        failed = [dict.fromkeys(rows[0]) if rows else {} for _ in self.failures]
        for row, (name, reason) in zip(failed, self.failures.items(), strict=True):
            row |= {"optimizer": name, "ended": reason}
        return rows + failed

    @property
    def columns(self) -> dict[str, list[Any]]:
        """The rows, column by column."""
        rows = self.rows
        return {head: [row[head] for row in rows] for head in rows[0]}

    def _loss(self, name: str) -> float:
        return self.losses.get(name, self.results[name].history.losses[-1])

    def table(self) -> str:
        """A text with a line for each, and below it why a training failed."""
        heads, rows = self._cells()
        below = [f"{name}: {reason}" for name, reason in self.failures.items()]
        return "\n".join([aligned(heads, rows), *below])

    def curve(self, width: int = 72, height: int = 14) -> str:
        """The losses as curves in text; width and height in signs."""
        return text_curve(self._curves, width=width, height=height, across="epoch", up="loss")

    def plot(self, *, width: float = WIDTH) -> Picture:
        """The losses over the epochs, of training and where there is one of validation (extra
        `plot`).

        Units: width in inches.
        """
        series: list[tuple[str, Mapping[str, Sequence[float]]]]
        series = [("mean loss of a step", self._curves)]
        scores = {n: r.history.validation for n, r in self.results.items() if r.history.validation}
        series += [("validation loss", scores)] if scores else []
        if metrics := {n: r.history.scores for n, r in self.results.items() if r.history.scores}:
            name = next(iter(self.results.values())).history.metric
            series.append((f"{label(name)} (validation)", metrics))
        return picture([partial(curve, series=each, up=up) for up, each in series], width=width)

    @property
    def _curves(self) -> dict[str, Sequence[float]]:
        return {name: result.history.losses for name, result in self.results.items()}

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        """A table's heads and cells; the times are in CSV and the frame alone, so that the same
        comparison shows the same."""
        heads = [head for head in self.rows[0] if head not in ("seconds", "ended")]
        return heads, [[_cell(row.get(head)) for head in heads] for row in self.rows]

    def _repr_markdown_(self) -> str:
        """The table."""
        heads, rows = self._cells()
        below = [markup.literal(f"{name}: {reason}") for name, reason in self.failures.items()]
        return "\n\n".join([markup.table(heads, rows), *below])


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    return NONE if value is None else f"{value:.4g}"


def compare(
    problem: Any,
    data: Any,
    optimizers: Mapping[str, Chosen] | Iterable[Chosen],
    **options: Any,
) -> Comparison:
    """Train a problem with each of several optimizers.

    `optimizers` are names, classes or optimizers, or a mapping from a name of your own to one.
    `options` are those of `fit`, the same for all, so that all begin at the same parameters and see
    the examples in the same order; one on all data takes a step an epoch. A training that is not
    finite does not end the others.

    Raises: OptionError where there is none, or two have one name; NotFiniteError where all of them
    were not finite; what `fit` raises else.
    """
    problem = as_problem(problem)
    data = prepared(problem, data)
    results: dict[str, FitResult] = {}
    failures: dict[str, str] = {}
    for name, optimizer in named_optimizers(optimizers).items():
        try:
            results[name] = fit(problem, data, optimizer=optimizer, **options)
        except NotFiniteError as error:
            failures[name] = error.message
    if not results:
        raise NotFiniteError("; ".join(f"{name}: {told}" for name, told in failures.items()))
    return Comparison(results, failures, _losses(problem, data, results))


def named_optimizers(optimizers: Mapping[str, Chosen] | Iterable[Chosen]) -> dict[str, Optimizer]:
    """The optimizers by their names; of one without the name of its class, in small letters.

    Raises: OptionError where there is none, or two have one name.
    """
    if isinstance(optimizers, Mapping):
        given = [(str(name), value) for name, value in optimizers.items()]
    elif isinstance(optimizers, str) or not isinstance(optimizers, Iterable):
        raise OptionError(f'optimizers is {optimizers!r}; several are wanted, as ["adam", "sgd"]')
    else:
        given = [("", value) for value in optimizers]
    found: dict[str, Optimizer] = {}
    for name, value in given:
        optimizer = optimizer_of(value)
        name = name or (value if isinstance(value, str) else type(optimizer).__name__.lower())
        if name in found:
            raise OptionError(
                f'optimizers: two are called {name}; name them, as {{"slow": Adam(...), ...}}'
            )
        found[name] = optimizer
    if not found:
        raise OptionError("optimizers: there is none to compare")
    return found


def _losses(problem: Any, data: Any, results: Mapping[str, FitResult]) -> dict[str, float]:
    """The loss of all the data at each result, where they are arrays in memory."""
    try:
        arrays = {name: np.asarray(value) for name, value in data.items() if not callable(value)}
    except AttributeError:
        return {}
    functions = {name: value for name, value in data.items() if callable(value)}
    loss = value_function(problem)
    with np.errstate(all="ignore"):
        return {
            n: float(loss({**arrays, **functions, **r.parameters})[0]) for n, r in results.items()
        }
