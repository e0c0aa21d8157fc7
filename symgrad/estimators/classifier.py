"""A problem whose prediction is a class: by scores, or by probabilities."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d, validate_data

from symgrad.errors import SymgradError
from symgrad.estimators.base import InputError
from symgrad.estimators.columns import rank_of
from symgrad.estimators.targets import Supervised, class_sizes, encoded, two_numbers
from symgrad.examples import text
from symgrad.training.data.arrays import Array, Arrays


def _probabilities(self: SymgradClassifier) -> bool:
    return self._prediction().probabilities


def _scores(self: SymgradClassifier) -> bool:
    return not self._prediction().probabilities


class SymgradClassifier(ClassifierMixin, Supervised):  # type: ignore[misc]
    """Any problem whose loss compares scores or probabilities with y; softmax regression without.

    The label is one-hot, an index, or of two classes a number, 0 and 1 or -1 and 1 as the loss
    wants them. `classes_` are those of y, in order.

    >>> from symgrad.data import iris
    >>> flowers = iris()
    >>> model = SymgradClassifier(optimizer="adam", epochs=5).fit(flowers["X"], flowers["labels"])
    >>> model.predict_proba(flowers["X"]).shape, model.classes_
    ((150, 3), array([0, 1, 2]))
    """

    usual = text("softmax_regression")

    def partial_fit(  # type: ignore[override]  # as in scikit-learn
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> Self:
        """Train on for one epoch with these rows; the first call names all `classes`."""
        first = not hasattr(self, "classes_")
        if first and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit")
        if not (first or classes is None or np.array_equal(np.unique(classes), self.classes_)):
            raise ValueError(f"classes are {classes}, but those of before are {self.classes_}")
        data, sizes = self._read(X, y, reset=first, classes=classes)
        return self._fitted_on(data, sizes, sample_weight)

    def predict(self, X: Any) -> Array:
        """The class of each row of X."""
        scores = self._compared(X)
        chosen = scores.argmax(axis=1) if scores.ndim == 2 else (scores > 0).astype(int)
        return np.asarray(self.classes_[chosen])

    @available_if(_probabilities)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> Array:
        """The probability of each class, a row for each row of X."""
        p = self._values(X, self._prediction().problem)
        return p if p.ndim == 2 else np.stack([1 - p, p], axis=1)

    @available_if(_scores)  # type: ignore[untyped-decorator]
    def decision_function(self, X: Any) -> Array:
        """The score of each class; of two classes that of the second one, above 0 where it is
        predicted."""
        scores = self._compared(X)
        return scores[:, 1] - scores[:, 0] if scores.shape[1:] == (2,) else scores

    def _compared(self, X: Any) -> Array:
        """What decides: a number for each class, or one above 0 where it is the second class."""
        found = self._prediction()
        values = self._values(X, found.problem)
        if values.ndim == 2 or not (found.compared or found.probabilities):
            return values
        return np.asarray(values - found.threshold(two_numbers(self._problem(), found)))

    def _read(
        self, X: Any, y: Any, reset: bool, classes: Any = None
    ) -> tuple[Arrays, dict[str, int]]:
        X, y = validate_data(self, X, y, reset=reset)
        check_classification_targets(y)
        if reset:
            self.classes_ = np.unique(y if classes is None else classes)
        problem, found = self._problem(), self._prediction()
        count = len(self.classes_)
        if count < 2:
            raise InputError(
                f"y has one class alone, {self.classes_.tolist()[0]!r}; two classes are wanted"
            )
        y = column_or_1d(y, warn=True)
        unknown = np.setdiff1d(y, self.classes_)
        if unknown.size:
            raise InputError(f"y has a class that is none of classes: {unknown.tolist()[0]!r}")
        target = encoded(problem, found, np.searchsorted(self.classes_, y), count)
        arrays = {**self._inputs(X, found.problem), found.label: target}
        return arrays, class_sizes(problem, found.label, count)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        with suppress(SymgradError):  # fit says so
            problem, label = self._problem(), self._prediction().label
            variable = problem.variables[label]
            tags.classifier_tags.multi_class = variable.kind == "Index" or rank_of(variable) > 0
        return tags
