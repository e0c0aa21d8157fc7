"""What the picture of a trained model is drawn from: its problem, its parameters, some data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from symgrad.errors import DataError
from symgrad.language.problem import Problem
from symgrad.training.data.arrays import Array, Data
from symgrad.training.data.preparation import Column, Prepared
from symgrad.training.metrics.compared import Compared, compared, rows
from symgrad.training.metrics.quantities import Prediction
from symgrad.training.metrics.records import CLASSES


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A trained problem, and the arrays that it is shown on.

    `scales` has the column of each number of a variable, where they come from a table: they are
    shown under its name and in its units. `classes` has a name for each number of a label. `path`
    are the parameters before the first epoch and after each, where all of them together are two
    numbers.
    """

    problem: Problem
    parameters: Mapping[str, Any]
    arrays: Mapping[str, Any]
    path: Sequence[Sequence[float]] = ()
    scales: Mapping[str, Sequence[Column]] = field(default_factory=dict)
    classes: Mapping[str, Mapping[float, str]] = field(default_factory=dict)

    @cached_property
    def data(self) -> Data:
        """The arrays, as they are trained on."""
        batch = self.problem.batch
        functions = {n: a for n, a in self.arrays.items() if callable(a)}
        arrays = {n: a for n, a in self.arrays.items() if n not in functions}
        examples = {n: a for n, a in arrays.items() if n in batch}
        constants = {n: a for n, a in arrays.items() if n not in batch}
        return Data(examples, constants, 0, functions=functions)

    @cached_property
    def compared(self) -> Compared | None:
        """What the problem predicts of each example beside its labels, where it shows that."""
        try:
            made = compared(self.problem, self.data)
        except DataError:
            return None
        found = made.prediction
        return made if self._axis(found.label) and any(map(self._axis, found.inputs)) else None

    @property
    def prediction(self) -> Prediction | None:
        """What the problem predicts of each example, where it shows that."""
        return None if self.compared is None else self.compared.prediction

    def _axis(self, name: str) -> str:
        """What counts the rows of a variable: the batch, or else its first dimension."""
        variable = self.problem.variables[name]
        return variable.batch or (str(variable.dims[0]) if variable.dims else "")

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The data of which the prediction is made that have a row for each label."""
        if self.prediction is None:
            return ()
        axis = self._axis(self.prediction.label)
        return tuple(name for name in self.prediction.inputs if self._axis(name) == axis)

    @cached_property
    def width(self) -> int:
        """How many numbers the prediction is made of, for each example on its own; 0 where they are
        no measures, but count something, or where examples are tied to each other."""
        if self.prediction is None:
            return 0
        axis = self._axis(self.prediction.label)
        for name in self.prediction.inputs:
            variable = self.problem.variables[name]
            own = variable.dims if variable.batch or name not in self.inputs else variable.dims[1:]
            if variable.kind == "Index" or axis in map(str, own):
                return 0
        return sum(rows(self.arrays[name]).shape[1] for name in self.inputs)

    @cached_property
    def labels(self) -> Array:
        """The labels, a row for each example."""
        assert self.prediction is not None
        return rows(self.arrays[self.prediction.label])

    @cached_property
    def classes_given(self) -> Array:
        """The number of the class of each example."""
        assert self.compared is not None
        return self.compared.given_classes(self.labels)

    @property
    def are_classes(self) -> bool:
        """Whether the labels say to which class an example belongs."""
        return self.compared is not None and self.compared.needs == CLASSES

    @cached_property
    def are_alike(self) -> bool:
        """Whether labels and predictions are numbers that are shown on one axis."""
        if self.prediction is None or self.labels.shape != self.predictions.shape:
            return False
        return self.labels.shape[1] == 1 or not self.are_classes

    @cached_property
    def predictions(self) -> Array:
        """What is predicted of the examples, a row for each."""
        return self.predict({name: self.arrays[name] for name in self.inputs})

    def predict(self, inputs: Mapping[str, Any]) -> Array:
        """What is predicted of examples with these inputs, a row for each."""
        assert self.compared is not None
        data = replace(self.data, examples={**inputs})
        return self.compared.found(data, {**self.parameters})

    def scores(self, predictions: Array) -> Array:
        """The scores of each class, of which the largest decides: of one number the distance from
        its threshold, on either side."""
        assert self.compared is not None
        codes = self.compared.codes
        if not codes:
            return predictions
        return (predictions - self.compared.prediction.threshold(codes)) * [-1.0, 1.0]

    @property
    def classes_predicted(self) -> Array:
        """The number of the class that is predicted of each example."""
        assert self.compared is not None
        return self.compared.prediction.decided(self.predictions, self.compared.codes)

    def on(self, points: Array) -> dict[str, Array]:
        """The inputs of examples at these points: (m, width) as one array for each variable."""
        found, at = {}, 0
        for name in self.inputs:
            shape = np.shape(self.arrays[name])[1:]
            size = int(np.prod(shape))
            found[name] = points[:, at : at + size].reshape(len(points), *shape)
            at += size
        return found

    @property
    def points(self) -> Array:
        """The examples' inputs: (n, width)."""
        return np.concatenate([rows(self.arrays[name]) for name in self.inputs], axis=1)

    @property
    def input_scales(self) -> list[Column]:
        """How each of the inputs is shown."""
        return [scale for name in self.inputs for scale in self.scales_of(name)]

    @property
    def label_scales(self) -> Sequence[Column]:
        """How the numbers of the labels are shown."""
        assert self.prediction is not None
        return self.scales_of(self.prediction.label)

    def scales_of(self, name: str) -> Sequence[Column]:
        """How the numbers of a variable are shown: as its columns, or as x, or x[1], x[2], ..."""
        count = rows(self.arrays[name]).shape[1]
        if len(self.scales.get(name, ())) == count:
            return self.scales[name]
        return [Column(f"{name}[{k}]" if count > 1 else name) for k in range(1, count + 1)]

    def class_name(self, k: int) -> str:
        """The name of the k-th class, or what stands for it in the data."""
        assert self.compared is not None
        number = self.compared.codes[k] if self.compared.codes else k
        names = self.classes.get(self.compared.prediction.label, {})
        return names.get(float(number), f"{number:g}")


def shown_on(
    data: Any, problem: Problem, parameters: Mapping[str, Any], path: Any, preparation: Any
) -> Shown:
    """What is trained, shown on data: arrays by name; with the preparation of a table such a table,
    or one that is prepared, under the names and in the units of its columns."""
    if preparation is None:
        if not isinstance(data, Mapping):
            raise DataError(
                f"data is a {type(data).__name__}; a mapping from name to array is wanted"
            )
        return Shown(problem=problem, parameters=parameters, arrays=data, path=path)
    parts = preparation.parts
    return Shown(
        problem=problem,
        parameters=parameters,
        arrays=data if isinstance(data, Prepared) else preparation.apply(data),
        path=path,
        scales={name: part.columns for name, part in parts.items()},
        classes={
            name: dict(zip(map(float, part.codes), part.classes, strict=True))
            for name, part in parts.items()
            if part.classes
        },
    )
