r"""The Hessian of a loss of data in chunks times directions, in one pass over all chunks.

Of L = g(t, \theta) with sums t_i over the examples, whose gradients are g_i,

    H v = \partial_\theta^2 g v + \sum_i \partial_\theta \partial_{t_i} g (g_i^T v)
        + \sum_i (\partial_{t_i} \nabla g)^T (v, g_1^T v, ...) g_i
        + \sum_i \partial g / \partial t_i \nabla^2 t_i v:

the product of g's own Hessian with (v, g_i^T v), and the sums' products, which chunks add up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from symgrad.numerics.function import Function
from symgrad.numerics.gradients import product_function
from symgrad.numerics.layers import flattened, shapes_of, views
from symgrad.training.chunks.gradients import ChunkGradients, Sums, added_up
from symgrad.training.chunks.sources import dask
from symgrad.training.data.arrays import Array, Arrays, Data
from symgrad.training.optimizers.searches import Product


def chunk_products(source: ChunkGradients) -> Product:
    """The product where the parameters are when it is asked for: with a direction of shape (n,), or
    with each row of an array (k, n). Derived at the first call."""
    batches, totals, names = source.batches, source.totals, source.totals.names
    parameters, data, dtype = batches.parameters, batches.data, str(batches.dtype)

    @cache
    def derived() -> tuple[Function, Any]:
        """The product of what is made of the sums, and those of the sums for the workers."""
        outer = product_function(totals.outer, (*parameters, *names), dtype)
        sums = [product_function(p, tuple(parameters), dtype) for p in totals.sums]
        assert isinstance(outer, Function)
        return outer, dask().delayed((sums, source.reading))

    def product(directions: Array) -> Array:
        outer, shared = derived()
        here, rows = source.here(), np.atleast_2d(directions)
        given = {**parameters, DIRECTIONS: rows}
        (bent,) = added_up(_products, shared, data.chunks, given).arrays
        inputs = {**data.constants, **parameters, **dict(zip(names, here.values, strict=True))}
        gradients, products = here.weights[:, None] * here.gradients, []
        for k, row in enumerate(rows):
            turned = dict(zip(names, (gradients @ row).astype(rows.dtype), strict=True))
            _, own = outer(inputs, direction={**_parts(row, parameters), **turned})
            total = np.concatenate(flattened(own[name] for name in parameters))
            along = np.array([float(own[name]) for name in names])
            products.append(total + along @ gradients + here.slopes @ bent[:, k])
        return np.asarray(products, rows.dtype).reshape(directions.shape)

    return product


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
