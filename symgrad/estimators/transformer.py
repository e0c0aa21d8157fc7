"""A problem whose quantity stands for X: a code, a hidden layer, an embedding."""

from __future__ import annotations

from contextlib import suppress
from types import MappingProxyType
from typing import Any

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import column_or_1d, validate_data

from symgrad.errors import DataError, SymgradError
from symgrad.estimators.base import Estimator, InputError
from symgrad.estimators.targets import class_sizes, encoded, numeric, of_classes
from symgrad.language.expressions import Name
from symgrad.language.problem import Problem
from symgrad.language.unparse import unparse
from symgrad.numerics.remembered import remembered
from symgrad.training.data.arrays import Array, Arrays
from symgrad.training.metrics.quantities import Prediction, data_of, predicted, quantity

LINEAR_AUTOENCODER = """
x: Vector(d)
m: Vector(d)
W: Matrix(k, d)
z = W @ (x - m)
loss = mean(norm2(x - m - W.T @ z)**2 for x in batch)
"""


class SymgradTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, Estimator):  # type: ignore[misc]
    """Any problem with a quantity that X is transformed to, `output`.

    Where it is left out, that is the one definition of the problem that needs no target. Without a
    problem it is a linear autoencoder with tied weights, whose codes span what the first principal
    components do (`sizes={"k": 2}` says how many).

    >>> from symgrad.data import iris
    >>> codes = SymgradTransformer(optimizer="adam", epochs=5)
    >>> codes.fit_transform(iris()["X"]).shape, list(codes.get_feature_names_out())
    ((150, 2), ['symgradtransformer0', 'symgradtransformer1'])
    """

    usual = LINEAR_AUTOENCODER
    usual_sizes = MappingProxyType({"k": 2})

    def transform(self, X: Any) -> Array:
        """The quantity for each row of X: examples x entries."""
        values = self._values(X, self._output())
        return values.reshape(len(values), -1)

    def _output(self) -> Problem:
        """The problem whose f is what X is transformed to."""
        return remembered(_coded, self._problem(), (*self._given(),), self.target, self.output)

    def _compared(self) -> Prediction | None:
        """What the loss compares with y; nothing of many models."""
        try:
            return predicted(self._problem(), self._given(), self.target, self.output)
        except DataError:
            return None

    def _read(self, X: Any, y: Any, reset: bool) -> tuple[Arrays, dict[str, int]]:
        output, found, problem = self._output(), self._compared(), self._problem()
        if found is None:
            X = validate_data(self, X, reset=reset)
            return self._inputs(X, output), {}
        X, y = validate_data(self, X, y, reset=reset, multi_output=True)
        arrays = self._inputs(X, output)
        if not of_classes(problem, found.label):
            return {**arrays, found.label: numeric(problem, found.label, y)}, {}
        if reset:
            self.classes_ = np.unique(y)
        codes, count = np.searchsorted(self.classes_, column_or_1d(y)), len(self.classes_)
        sizes = class_sizes(problem, found.label, count)
        return {**arrays, found.label: encoded(problem, found, codes, count)}, sizes

    @property
    def _n_features_out(self) -> int:
        one = np.zeros((1, self.n_features_in_))
        return self._evaluated(one, self._output()).size

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        with suppress(SymgradError):  # fit says so
            tags.target_tags.required = self._compared() is not None
        return tags


def _coded(whole: Problem, data: tuple[str, ...], target: str | None, of: str | None) -> Problem:
    """The problem whose f is `of`, or the only definition that stands for X."""
    if of is not None:
        output = quantity(whole, of)
        if whole.batch and output.output.batch is None:
            raise InputError(f"output: {of} is no quantity of each example")
        return output
    known = [*data, *([] if target is None else [target])]
    label = {target} if target is not None else set()
    outputs = [quantity(whole, name) for name in whole.definitions]
    made = [p for p in outputs if (own := {*data_of(p, known)}) and own.isdisjoint(label)]
    made = [p for p in made if isinstance(p.output, Name) and p.output.batch is not None] or made
    if len(made) != 1:
        told = ", ".join(unparse(p.output) for p in made) or "none of its definitions"
        raise InputError(
            f"the problem does not say what X is transformed to: {told} could be it; say output="
        )
    return made[0]
