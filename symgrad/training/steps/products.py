"""The Hessian of a training's loss times a direction, as flat vectors."""

from __future__ import annotations

from functools import cache, partial

import numpy as np

from symgrad.language.problem import Problem
from symgrad.numerics.gradients import product_function
from symgrad.numerics.layers import flattened, shapes_of, views
from symgrad.training.data.arrays import Array, Arrays, Data
from symgrad.training.optimizers.searches import Product


def hessian_products(problem: Problem, data: Data, parameters: Arrays, dtype: str) -> Product:
    """The product where the parameters, views of the vector that is trained, are when it is asked
    for: with a direction of shape (n,), or with each row of an array. Derived at the first call."""
    derived = cache(partial(product_function, problem, tuple(parameters), dtype))
    shapes = {name: shapes_of(value) for name, value in parameters.items()}

    def product(direction: Array) -> Array:
        if direction.ndim > 1:
            return np.array([product(row) for row in direction])
        inputs = {**data.inputs, **parameters}
        _, found = derived()(inputs, direction=views(direction, shapes))
        return np.concatenate(flattened(found[name] for name in parameters))

    return product
