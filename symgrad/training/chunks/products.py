r"""The Hessian of a loss of data in chunks times directions, in one pass over all chunks.

Of L = g(t, \theta) with sums t_i over the examples, whose gradients are g_i,

    H v = \partial_\theta^2 g v + \sum_i \partial_\theta \partial_{t_i} g (g_i^T v)
        + \sum_i (\partial_{t_i} \nabla g)^T (v, g_1^T v, ...) g_i
        + \sum_i \partial g / \partial t_i \nabla^2 t_i v:

the product of g's own Hessian with (v, g_i^T v), and the sums' products, which chunks add up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from symgrad.numerics.function import Function
from symgrad.numerics.gradients import product_function
from symgrad.numerics.layers import flattened, shapes_of, views
from symgrad.training.chunks.gradients import ChunkGradients, Sums, added_up
from symgrad.training.chunks.sources import dask
from symgrad.training.data.arrays import Array, Arrays, Data


class ChunkProducts:
    """`products(directions)` where the parameters are now. Derived at the first call."""

    def __init__(self, gradients: ChunkGradients) -> None:
        self._gradients = gradients

    @cached_property
    def _functions(self) -> tuple[Function, Any]:
        """The product of what is made of the sums, and those of the sums for the workers."""
        found = self._gradients
        parameters, dtype = found.batches.parameters, str(found.batches.dtype)
        wrt, totals = tuple(parameters), found.totals
        outer = product_function(totals.outer, (*wrt, *totals.names), dtype)
        sums = [product_function(p, wrt, dtype) for p in totals.sums]
        assert isinstance(outer, Function)
        return outer, dask().delayed((sums, found.reading))

    def __call__(self, directions: Array) -> Array:
        """The product with a direction of shape (n,), or with each row of an array (k, n)."""
        outer, shared = self._functions
        found, rows = self._gradients, np.atleast_2d(directions)
        parameters, chunks = found.batches.parameters, found.batches.data.chunks
        here, data, names = found.here(), found.batches.data, found.totals.names
        (bent,) = added_up(_products, shared, chunks, {**parameters, DIRECTIONS: rows}).arrays
        inputs = {**data.constants, **parameters, **dict(zip(names, here.values, strict=True))}
        gradients, products = here.weights[:, None] * here.gradients, []
        for k, row in enumerate(rows):
            turned = dict(zip(names, (gradients @ row).astype(rows.dtype), strict=True))
            _, own = outer(inputs, direction={**_parts(row, parameters), **turned})
            total = np.concatenate(flattened(own[name] for name in parameters))
            along = np.array([float(own[name]) for name in names])
            products.append(total + along @ gradients + here.slopes @ bent[:, k])
        return np.asarray(products, rows.dtype).reshape(directions.shape)


DIRECTIONS = " directions"  # no name of a program


def _parts(direction: Array, parameters: Arrays) -> dict[str, Any]:
    return views(direction, {name: shapes_of(value) for name, value in parameters.items()})


def _products(functions: Sequence[Function], data: Data, inputs: Mapping[str, Any]) -> Sums:
    """The products of each sum's Hessian, as flat rows: (sums, directions, n)."""
    parameters = {name: value for name, value in inputs.items() if name != DIRECTIONS}
    given, products = {**data.arrays, **parameters}, []
    for function in functions:
        of_each = (
            function(given, direction=_parts(row, parameters))[1] for row in inputs[DIRECTIONS]
        )
        products.append(
            [np.concatenate(flattened(found[n] for n in parameters)) for found in of_each]
        )
    return (np.array(products),)
