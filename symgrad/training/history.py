"""The history of a training: numbers for each epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from symgrad.language import markup
from symgrad.training.curve import text_curve
from symgrad.training.hyperparameters import checked_count
from symgrad.training.plots.curves import history_panels
from symgrad.training.plots.style import WIDTH, picture
from symgrad.training.states import restore
from symgrad.training.tables import Tabular, aligned

if TYPE_CHECKING:
    from symgrad.training.plots.style import Picture

ROWS = 10  # of a history that is shown


@dataclass
class History(Tabular):
    """One number for each epoch.

    `losses`: the mean of the losses of the epoch's steps, each before its update and each counted
    by its examples. `validation`: the loss of the validation data after the epoch, and `scores`:
    the `metric` of them, if there are such data and a metric.
    `learning_rates`: of the epoch's first step. `gradient_norms`: of the epoch's longest gradient.
    `seconds`: of the training so far. `path`: where all the parameters together are two numbers,
    these before the first epoch and after each.

    >>> print(History(losses=[0.5, 0.25], learning_rates=[0.1, 0.1]).table())
    epoch  loss  learning_rate
        1   0.5            0.1
        2  0.25            0.1
    """

    losses: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    metric: str = ""
    learning_rates: list[float] = field(default_factory=list)
    gradient_norms: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    path: list[list[float]] = field(default_factory=list)

    def state_dict(self) -> dict[str, Any]:
        """The numbers by their names."""
        return asdict(self)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take these numbers."""
        restore(self, [f.name for f in fields(self)], state)

    def __repr__(self) -> str:
        """How long it is."""
        return f"<History of {len(self.losses)} epochs>"

    @property
    def columns(self) -> dict[str, Sequence[float]]:
        """What is known of each epoch, by the names of a table's columns, the epoch first."""
        columns = {
            "epoch": range(1, len(self.losses) + 1),
            "loss": self.losses,
            "validation": self.validation,
            self.metric: self.scores,
            "learning_rate": self.learning_rates,
            "gradient_norm": self.gradient_norms,
            "seconds": self.seconds,
        }
        return {name: numbers for name, numbers in columns.items() if numbers}

    def table(self, rows: int = ROWS) -> str:
        """A text with at most so many of its epochs, the first and the last one among them; their
        times are in CSV and the frame alone, so that the same training shows the same."""
        return aligned(*self._shown(rows))

    def curve(self, width: int = 72, height: int = 10) -> str:
        """The losses as a curve in text; width and height in signs."""
        series = {"training": self.losses, "validation": self.validation}
        series = {name: values for name, values in series.items() if values}
        return text_curve(series, width=width, height=height, across="epoch", up="loss")

    def plot(self, *, width: float = WIDTH) -> Picture:
        """The losses, the metric, gradient norms and changing learning rates over the epochs (extra
        `plot`).

        Units: width in inches.
        """
        return picture(history_panels(vars(self), metric=self.metric), width=width)

    def _shown(self, rows: int) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """The heads of a table and at most so many of its rows."""
        count, most = len(self.losses), checked_count("rows", rows)
        epochs = {round(k) for k in np.linspace(1, count, min(count, most))}
        columns = {name: numbers for name, numbers in self.columns.items() if name != "seconds"}
        cells = [tuple(f"{c[k - 1]:.4g}" for c in columns.values()) for k in sorted(epochs)]
        return tuple(columns), cells

    def _repr_markdown_(self) -> str:
        """At most ROWS of its epochs."""
        return markup.table(*self._shown(ROWS))
