"""When training stops before its last epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from symgrad.training.hyperparameters import NOT_NEGATIVE, checked_count
from symgrad.training.states import state_of


@dataclass
class Stopping:
    """Where the gradient is zero, or the validation score has not improved for long.

    `tolerance` is the longest gradient that counts as zero; `patience` how many epochs in a row may
    pass without a score that is better by more than `min_delta`, None for any number. With
    patience, `parameters` are those of the best score so far. `metric` names the score where it is
    not the loss.
    Raises: OptionError where patience is no positive whole number, or min_delta is negative.
    Source: Prechelt, Early stopping - but when?, 1998.

    >>> import numpy as np
    >>> stopping, scores = Stopping(patience=2), [3.0, 2.0, 2.5, 2.0]
    >>> [stopping.reason(1.0, np.zeros(1), scores[:k]) for k in (1, 2, 3, 4)][2:]
    ['', 'the validation score has not improved for 2 epochs']
    """

    tolerance: float = 0.0
    patience: int | None = None
    min_delta: float = 0.0
    larger_is_better: bool = False
    metric: str = ""
    parameters: npt.NDArray[Any] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        NOT_NEGATIVE.check("tolerance", self.tolerance)
        NOT_NEGATIVE.check("min_delta", self.min_delta)
        if self.patience is not None:
            checked_count("patience", self.patience)

    @property
    def told(self) -> dict[str, Any]:
        """The options that were given."""
        told: dict[str, Any] = {"patience": self.patience, "tolerance": self.tolerance}
        if self.min_delta:
            told["min_delta"] = self.min_delta
        if self.metric:
            told["metric"] = self.metric, self.larger_is_better
        return told

    def state_dict(self) -> dict[str, Any]:
        """What it remembers."""
        return state_of(self, ["parameters"])

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Remember that."""
        self.parameters = state["parameters"]

    def reason(self, gradient: float, parameters: npt.NDArray[Any], scores: Sequence[float]) -> str:
        """Why training stops after an epoch; empty where it goes on.

        `gradient` is the norm of the epoch's largest one, `scores` has the score after each epoch
        so far, parameters the shape (n,).
        """
        if self.patience is not None:
            if self.best_epoch(scores) == len(scores):
                self.parameters = parameters.copy()
            if len(scores) - self._improved(scores) >= self.patience:
                by = f" by more than {self.min_delta:g}" if self.min_delta else ""
                return f"the validation score has not improved{by} for {self.patience} epochs"
        return "the gradient is zero" if gradient <= self.tolerance else ""

    def best_epoch(self, scores: Sequence[float]) -> int | None:
        """The first epoch with the best score, the epochs counted from 1; None without scores."""
        best = max if self.larger_is_better else min
        return scores.index(best(scores)) + 1 if scores else None

    def _improved(self, scores: Sequence[float]) -> int:
        """The last epoch whose score was better, by more than min_delta, than that of the one that
        was so before it."""
        sign, at = 1 if self.larger_is_better else -1, 0
        for epoch, score in enumerate(scores[1:], start=1):
            if sign * (score - scores[at]) > self.min_delta:
                at = epoch
        return at + 1
