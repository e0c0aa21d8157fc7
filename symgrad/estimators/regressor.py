"""A problem whose prediction is a number, or several."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import validate_data

from symgrad.errors import SymgradError
from symgrad.estimators.base import InputError
from symgrad.estimators.columns import rank_of
from symgrad.estimators.targets import Supervised, numeric
from symgrad.examples import text
from symgrad.training.data.arrays import Array, Arrays


class SymgradRegressor(RegressorMixin, Supervised):  # type: ignore[misc]
    """Any problem whose loss compares numbers with y; least squares of a line without one.

    >>> import numpy as np
    >>> X = np.arange(20.0).reshape(10, 2) % 7
    >>> ridge = SymgradRegressor('''
    ... x: Vector(d)
    ... t: Scalar
    ... w: Vector(d)
    ... lam: Scalar
    ... loss = mean((w.T @ x - t)**2 for x, t in batch) + lam * norm2(w)**2
    ... ''', constants={"lam": 0.0}, optimizer="adam", epochs=20).fit(X, X @ [1, 2])
    >>> ridge.predict(X).shape, ridge.parameters_["w"].shape
    ((10,), (2,))
    """

    usual = text("linear_regression")

    def predict(self, X: Any) -> Array:
        """The prediction for each row of X."""
        values = self._values(X, self._prediction().problem)
        return values[:, 0] if values.ndim == 2 and self._one_column else values

    def _read(self, X: Any, y: Any, reset: bool) -> tuple[Arrays, dict[str, int]]:
        found = self._prediction()
        if self.output is None and not found.compared:
            raise InputError(
                f"the loss does not say whether {found.written} is as large as {found.label}, or "
                "its logarithm, say: name what is predicted by output="
            )
        X, y = validate_data(self, X, y, reset=reset, multi_output=True, y_numeric=True)
        self._one_column = np.ndim(y) == 1
        target = numeric(self._problem(), found.label, y)
        return {**self._inputs(X, found.problem), found.label: target}, {}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        with suppress(SymgradError):  # fit says so
            label = self._problem().variables[self._prediction().label]
            tags.target_tags.multi_output = rank_of(label) > 0
        return tags
