"""How far a program is from where it has no derivative: the arguments of relu, abs, max, a norm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from symgrad.calculus import nodes as ix
from symgrad.calculus.lowering import lower
from symgrad.calculus.tensors import tensor
from symgrad.language.dimensions import SCALAR, dimension
from symgrad.language.expressions import Name
from symgrad.numerics.interpreter import evaluate_nodes, over_labels

Values = Mapping[ix.Node, Any]


def kink_distance(
    value: ix.Node, arrays: Mapping[str, Any], sizes: Mapping[ix.Axis, int]
) -> float | None:
    """How far the nearest argument is from where it has no derivative; None where there is none."""
    order = ix.topological([value])
    values = evaluate_nodes(order, arrays, sizes)
    distances = []
    for node in order:
        if isinstance(node, ix.Polynomial):  # a root of what is 0 here has no derivative, either
            factors = [f for t in node.terms for f in t.factors if 0 < f.power < 1]
            distances += [0.0 for f in factors if np.any(values[f.node] == 0)]
        elif isinstance(node, (ix.Map, ix.Apply)) and node.operation.meaning.kink is not None:
            distance = np.abs(_distances(node, values, arrays, sizes))
            distances += [float(distance.min())] if distance.size else []
    return min(distances, default=None)


def _distances(
    node: ix.Map | ix.Apply,
    values: Values,
    arrays: Mapping[str, Any],
    sizes: Mapping[ix.Axis, int],
) -> np.ndarray:
    """How far each entry of a node is from its kink."""
    if isinstance(node, ix.Map):
        every = ix.new_labels(node.axes)
        given = {
            f"?{k}": ix.Entry(n, tuple(every[j] for j in at))
            for k, (n, at) in enumerate(node.arguments)
        }
        names = [Name(x, SCALAR) for x in given]
        entries = {x: tensor(e) for x, e in given.items()}
        distance = lower(node.operation.meaning.kink(*names), entries).closed().node
        return np.asarray(evaluate_nodes([distance], arrays, sizes, values)[distance])
    (argument, at), *_ = node.arguments
    labels = ix.new_labels(argument.axes)
    core = tuple(x for x, place in zip(labels, at, strict=True) if place is None)
    others = tuple(x for x in labels if x not in core)
    array = over_labels(values[argument], labels, (*others, *core), sizes)
    if len(core) > 2:  # a tensor, in which only its entries count
        array = array.reshape((*array.shape[: len(others)], -1))
        core = (ix.Label(dimension(array.shape[-1])),)
    axes = tuple(x.axis for x in (*others, *core))
    x = ix.intern(ix.Input, axes, name="?x", facts=frozenset())
    name = Name("?x", ix.matrix_shape(x.axis for x in core))
    entry = tensor(ix.Entry(x, (*others, *core)), core)
    distance = lower(node.operation.meaning.kink(name), {name.name: entry}).closed().node
    return np.asarray(evaluate_nodes([distance], {name.name: array}, sizes)[distance])
