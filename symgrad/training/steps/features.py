r"""Models that are linear before their loss, and a metric in which such a loss is round.

Where each parameter meets the data in one sum, z_n = W x_n + b, the Hessian of the loss is

    \sum_n D_n \otimes a_n a_n^T,   a_n = (x_n, 1),   D_n that of example n's loss by z_n.

So a search along -g M, M = (1/N \sum_n a_n a_n^T + ...)^{-1}, is not held up by features that are
large, small or alike. Any M that is positive definite leads to the same minimum: it is worked out
of some of the examples, and a part of the identity is added for what D_n and penalties do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple, TypeAlias

import numpy as np

from symgrad.calculus.lowering import lower_problem
from symgrad.calculus.nodes import ONE, Input, Polynomial, topological, unnamed
from symgrad.data.sparse import is_sparse
from symgrad.language.dimensions import SCALAR
from symgrad.language.problem import Problem
from symgrad.numerics.layers import places_of
from symgrad.numerics.remembered import remembered
from symgrad.numerics.sizes import normal_shape
from symgrad.training.data.arrays import Array, Arrays, Data

IDENTITY = 0.1  # of it, beside a mean eigenvalue of 1
SAMPLED = 20  # examples for each feature
FEW, MOST = 300, 1000  # features: of few the inverse costs little, of more than most too much
WORK = 10  # gradients that it may cost between these

Metric: TypeAlias = Callable[[Array], Array]  # of a flat gradient, its product with M


class Feature(NamedTuple):
    """A parameter in the sum, and the data that it is multiplied by: the axes of both over which
    that is summed. Without data it is added as it is."""

    parameter: str
    axis: int = -1
    data: str = ""
    data_axis: int = 0


def features(problem: Problem, trained: Collection[str]) -> tuple[Feature, ...]:
    """The parameters of a model that is linear before its loss, each once; empty for others.

    >>> from symgrad.language.parser import parse
    >>> text = "x: Vector(d)\\nt: Scalar\\nw: Vector(d)\\nb: Scalar\\n"
    >>> text += "loss = mean(({})**2 for x, t in batch) + 0.1 * norm2(w)**2"
    >>> features(parse(text.format("w.T @ x + b - t")), ["w", "b"])
    (Feature(parameter='w', axis=0, data='x', data_axis=1), Feature(parameter='b', axis=-1, \
data='', data_axis=0))
    >>> features(parse(text.format("b * w.T @ x - t")), ["w", "b"])
    ()
    """
    if problem.loop is not None or problem.output.shape != SCALAR:
        return ()
    order = map(unnamed, topological([remembered(lower_problem, problem).output.closed().node]))
    sums = (_features(node, trained) for node in order if isinstance(node, Polynomial))
    with_data = [found for found in sums if any(f.data for f in found)]
    if len(with_data) != 1 or sorted(f.parameter for f in with_data[0]) != sorted(trained):
        return ()
    return with_data[0]


def _features(node: Polynomial, trained: Collection[str]) -> tuple[Feature, ...]:
    """The parameters in a sum over the same rows and columns; none where one is not linear."""
    found: list[Feature] = []
    columns: set[tuple[int, ...]] = set()
    rows: set[int] = set()
    for term in node.terms:
        inputs = [(f.node.name, f.labels) for f in term.factors if isinstance(f.node, Input)]
        own = [each for each in inputs if each[0] in trained]
        data = [each for each in inputs if each[0] not in trained]
        if not own:
            continue
        if len(inputs) != len(term.factors) or any(f.power != ONE for f in term.factors):
            return ()
        if (len(own), len(term.summed)) != (1, len(data)) or len(data) > 1:
            return ()
        ((name, labels),) = own
        free = tuple(x for x in labels if x not in term.summed)
        columns.add(free)
        if not data:
            found.append(Feature(name))
            continue
        (j,), ((table, both),) = term.summed, data
        if len(both) != 2 or labels.count(j) != 1 or both.count(j) != 1 or len(free) > 1:
            return ()
        row = both[1 - both.index(j)]
        if row in free:
            return ()
        rows.add(row)
        found.append(Feature(name, labels.index(j), table, both.index(j)))
    return tuple(found) if len(columns) == len(rows) == 1 else ()


def euclidean(gradient: Array) -> Array:
    """The gradient as it is: where nothing is known of the loss."""
    return gradient


def metric_of(problem: Problem, data: Data, parameters: Arrays) -> Metric:
    """The product of a gradient with M, where the model is linear before its loss and M costs
    little.

    Shapes: the gradient is flat, the parameters in their order; so is the product.
    """
    found = () if data.chunks else features(problem, parameters)
    if not found or any(is_sparse(data.arrays[f.data]) for f in found if f.data):
        return euclidean
    tables = [_table(f, problem, data) for f in found]
    rows = max(map(len, tables))
    width = sum(table.shape[1] for table in tables)
    columns = max(1, sum(p.size for p in parameters.values()) // width)
    if width > MOST or (width > FEW and width**2 > WORK * rows * columns):
        return euclidean
    every = max(1, rows // (SAMPLED * width))
    sample = [np.broadcast_to(t, (rows, t.shape[1]))[::every] for t in tables]
    dtype = next(iter(parameters.values())).dtype
    weights = np.ones(rows) if data.weights is None else data.weights
    inverse = _inverse(np.concatenate(sample, axis=1), weights[::every]).astype(dtype)
    at = np.cumsum([0, *(table.shape[1] for table in tables)])
    places = places_of(parameters)

    def product(gradient: Array) -> Array:
        result = np.empty_like(gradient)
        before, after = (
            [_by_columns(f, problem, vector[places[f.parameter]], parameters) for f in found]
            for vector in (gradient, result)
        )
        whole = np.concatenate(before, axis=1) @ inverse
        for piece, start in zip(after, at, strict=False):
            piece[...] = whole[:, start : start + piece.shape[1]]
        return result

    return product


def _table(feature: Feature, problem: Problem, data: Data) -> Array:
    """The data of a parameter, examples x features; without any, a row that is that of each."""
    if not feature.data:
        return np.ones((1, 1))
    array = data.arrays[feature.data]
    array = array.reshape(normal_shape(problem.variables[feature.data], array.shape))
    return np.moveaxis(array, feature.data_axis, 1)


def _inverse(rows: Array, weights: Array) -> Array:
    """M of rows that count by their weights."""
    with np.errstate(all="ignore"):  # of data near the largest numbers; the loss tells
        moments = rows.T @ (weights[:, None] * rows.astype(float))
        size = np.trace(moments) / len(moments) or 1.0
        inverse: Array = np.linalg.inv(moments / size + IDENTITY * np.eye(len(moments)))
    return (inverse + inverse.T) / 2


def _by_columns(feature: Feature, problem: Problem, flat: Array, parameters: Arrays) -> Array:
    """A view of a parameter's part of a flat vector: a row for each column of the sum."""
    shape = normal_shape(problem.variables[feature.parameter], parameters[feature.parameter].shape)
    if not feature.data:
        return flat.reshape(-1, 1)
    return np.moveaxis(flat.reshape(shape), feature.axis, -1).reshape(-1, shape[feature.axis])
