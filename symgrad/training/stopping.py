"""When training stops before its last epoch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from symgrad.errors import OptionError


class Patience:
    """Early stopping: how long the score has not improved, and the parameters where it was best.

    `epochs` is how many epochs in a row may pass without a better score.
    Raises: OptionError where epochs is no positive whole number.
    Source: Prechelt, Early stopping - but when?, 1998.

    >>> patience = Patience(2)
    >>> [patience.exhausted(score, np.zeros(1)) for score in (3.0, 2.0, 2.5, 2.0)]
    [False, False, False, True]
    >>> patience.best, patience.best_epoch
    (2.0, 2)
    """

    def __init__(self, epochs: int, larger_is_better: bool = False) -> None:
        if isinstance(epochs, bool) or not isinstance(epochs, (int, np.integer)) or epochs < 1:
            raise OptionError(f"patience is {epochs!r}; a positive whole number is wanted")
        self.epochs = epochs
        self.best = -math.inf if larger_is_better else math.inf
        self.best_epoch = 0
        self.parameters: npt.NDArray[Any] | None = None
        self._larger_is_better = larger_is_better
        self._epoch = 0

    def exhausted(self, score: float, parameters: npt.NDArray[Any]) -> bool:
        """Note the score of one more epoch; whether it is time to stop.

        Shapes: parameters is (n,); it is copied where the score is the best so far.
        """
        self._epoch += 1
        better = score > self.best if self._larger_is_better else score < self.best
        if better:
            self.best, self.best_epoch = score, self._epoch
            self.parameters = parameters.copy()
        return self._epoch - self.best_epoch >= self.epochs
