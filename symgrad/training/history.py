"""The history of a training: numbers for each epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np

from symgrad.language.markup import table
from symgrad.training.states import restore

ROWS = 10  # of a history that is shown


@dataclass
class History:
    """One number for each epoch.

    `losses`: the mean of the losses of the epoch's steps, each before its update and each counted
    by its examples. `validation`: the score after the epoch, if there are validation data.
    `learning_rates`: of the epoch's first step. `gradient_norms`: of the epoch's longest gradient.
    `seconds`: of the training so far.
    """

    losses: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    learning_rates: list[float] = field(default_factory=list)
    gradient_norms: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def state_dict(self) -> dict[str, Any]:
        """The numbers by their names."""
        return asdict(self)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take these numbers."""
        restore(self, [f.name for f in fields(self)], state)

    def __repr__(self) -> str:
        """How long it is."""
        return f"<History of {len(self.losses)} epochs>"

    def _repr_markdown_(self) -> str:
        """At most ROWS of its epochs, the first and the last one among them."""
        columns = {"loss": self.losses, "validation": self.validation, "rate": self.learning_rates}
        columns = {name: numbers for name, numbers in columns.items() if numbers}
        count = len(self.losses)
        epochs = {round(k) for k in np.linspace(1, count, min(count, ROWS))}
        rows = [(k, *(f"{c[k - 1]:.4g}" for c in columns.values())) for k in sorted(epochs)]
        return table(("epoch", *columns), rows)
