"""The Hessian of a training's loss times a direction, as flat vectors."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from symgrad.language.problem import Problem
from symgrad.numerics.function import Function
from symgrad.numerics.gradients import product_function
from symgrad.numerics.layers import flattened, shapes_of, views
from symgrad.numerics.recurrences.function import StepFunction
from symgrad.training.data.arrays import Array, Arrays, Data


class HessianProducts:
    """`products(direction)` where the parameters, views of the vector that is trained, are now.

    Derived at the first call.
    """

    def __init__(self, problem: Problem, data: Data, parameters: Arrays, dtype: str) -> None:
        self._problem, self._data, self._parameters = problem, data, parameters
        self._dtype = dtype

    @cached_property
    def _function(self) -> Function | StepFunction:
        return product_function(self._problem, tuple(self._parameters), self._dtype)

    def __call__(self, direction: Array) -> Array:
        """The product, an array of the direction's shape (n,), or of each row of an array."""
        if direction.ndim > 1:
            return np.array([self(row) for row in direction])
        shapes = {name: shapes_of(value) for name, value in self._parameters.items()}
        inputs = {**self._data.inputs, **self._parameters}
        _, found = self._function(inputs, direction=views(direction, shapes))
        return np.concatenate(flattened(found[name] for name in self._parameters))
