"""Nodes evaluated as they are defined, one einsum a term: slow, plain, and right for complex
numbers.

This is what derivations are verified with; the generated code (see `source`) is another path to the
same numbers, so that each is a check of the other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
import sympy

from symgrad.calculus import nodes as ix
from symgrad.calculus.nodes import Axis, ClosedTerm, Label, Node
from symgrad.calculus.tensors import Tensor
from symgrad.data.sparse import entries_changed, identity, is_sparse
from symgrad.errors import DataError
from symgrad.numerics.arrays.sparse import multiplied, refuse
from symgrad.numerics.namespaces import run

MANY = 3  # with more factors einsum looks for a good order
Arrays = Mapping[str, np.ndarray]
Sizes = Mapping[Axis, int]


def evaluate_nodes(
    roots: Iterable[Node],
    inputs: Arrays,
    sizes: Sizes,
    known: Mapping[Node, np.ndarray] | None = None,
    blur: Callable[[Any], Any] | None = None,
) -> dict[Node, Any]:
    """The value of every node below the roots; `known` values are taken as they are, all others
    changed by `blur`, but for what is computed without rounding."""
    values: dict[Node, Any] = dict(known or {})
    add_values(values, roots, inputs, sizes, blur)
    return values


def add_values(
    values: dict[Node, Any],
    roots: Iterable[Node],
    inputs: Arrays,
    sizes: Sizes,
    blur: Callable[[Any], Any] | None = None,
) -> None:
    """Add the value of every node below the roots that is not among the values."""
    with np.errstate(all="ignore"):
        for node in ix.topological(roots, lambda node: node not in values):
            if node not in values:
                added = values if blur is None else _added(node, values, blur)
                value = _evaluate(node, added, inputs, sizes)
                values[node] = value if blur is None or _is_exact(node) else blur(value)


def size_of(axis: Axis, sizes: Sizes) -> int:
    """The size of an axis."""
    if isinstance(axis, sympy.Integer):
        return int(axis)
    if axis in sizes:
        return sizes[axis]
    if isinstance(axis, sympy.Expr) and not axis.is_Symbol:
        return int(axis.subs({k: v for k, v in sizes.items() if not isinstance(k, str)}))
    raise DataError(
        f"the size of {axis} is not known from the data: no array is that long; write its number "
        f"in the place of {axis} in the program"
    )


def entries(axes: Iterable[Axis], sizes: Sizes) -> int:
    """How many entries an array with these axes has."""
    return prod(size_of(axis, sizes) for axis in axes)


def over_labels(value: Any, own: Sequence[Label], labels: Sequence[Label], sizes: Sizes) -> Any:
    """A value over all these labels, in order; spread over those that it lacks."""
    value = np.asarray(value)
    value = value.transpose([own.index(x) for x in labels if x in own])
    shape = [size_of(x.axis, sizes) if x in own else 1 for x in labels]
    return np.broadcast_to(value.reshape(shape), [size_of(x.axis, sizes) for x in labels])


def evaluate_tensor(
    tensor: Tensor,
    inputs: Arrays,
    sizes: Sizes,
    blur: Callable[[Any], Any] | None = None,
    known: Mapping[Node, Any] | None = None,
) -> Any:
    """The value of an expression over its labels."""
    node, labels = tensor.closed()
    value = evaluate_nodes([node], inputs, sizes, known, blur)[node]
    return over_labels(value, labels, tensor.labels, sizes)


def _is_exact(node: Node) -> bool:
    """Whether it is an index, or a function with a kink: a sign, a maximum, a part of its
    argument."""
    if isinstance(node, (ix.Place, ix.OneHot)):
        return True
    return _has_kink(node)


def _has_kink(node: Node) -> bool:
    node = ix.unnamed(node)
    return isinstance(node, ix.Map) and node.operation.meaning.kink is not None


def _added(
    node: Node, values: Mapping[Node, Any], blur: Callable[[Any], Any]
) -> Mapping[Node, Any]:
    """The values that a node is made of: a sum over an index rounds what it adds, though that be
    exact, as signs are, and so even where they cancel."""
    own = ix.unnamed(node)
    terms = [t for t in own.terms if t.summed] if isinstance(own, ix.Polynomial) else []
    signs = {f.node for t in terms for f in t.factors if _has_kink(f.node)}
    if not signs:
        return values
    return {n: blur(values[n]) if n in signs else values[n] for n in node.operands}


def _evaluate(node: Node, values: Mapping[Node, Any], inputs: Arrays, sizes: Sizes) -> Any:
    match node:
        case ix.Input():
            return inputs[node.name]
        case ix.OneHot():
            size, rows = size_of(node.axes[-1], sizes), values[node.label].astype(int)
            if np.any(rows < 0) or np.any(rows >= size):
                raise DataError(f"there is no entry {rows.max()} of {size}")
            hot = np.zeros((*rows.shape, size))
            np.put_along_axis(hot, rows[..., None], 1.0, axis=-1)
            return hot
        case ix.Place():
            return _places(node, sizes)
        case ix.Identity():
            return identity(size_of(node.axes[0], sizes), any(map(is_sparse, inputs.values())))
        case ix.Length():
            return np.float64(size_of(node.axis, sizes))
        case ix.Constant():
            return np.float64(node.value)
        case ix.Alias():
            return values[node.inner]
        case ix.Named():
            return _evaluate(node.inner, values, inputs, sizes)
        case ix.Polynomial():
            return terms_value(node, node.terms, values, sizes)
        case ix.Map():
            arguments = [spread(values[n], at, len(node.axes)) for n, at in node.arguments]
            return run(node.operation.meaning.kernel, arguments)
        case ix.Apply():
            return _apply(node, values)
    raise TypeError(f"no node: {node!r}")


def _places(node: ix.Place, sizes: Sizes) -> np.ndarray:
    """The numbers c i + d j + offset."""
    shape = [size_of(axis, sizes) for axis in node.axes]
    moved = (c * np.arange(n) for c, n in zip(node.coefficients, shape, strict=True))
    grid = np.ix_(*moved) if shape else ()
    return np.asarray(sum(grid, np.asarray(size_of(node.offset, sizes))), dtype=float)


def terms_value(
    node: ix.Polynomial, terms: Iterable[ClosedTerm], values: Mapping[Node, Any], sizes: Sizes
) -> Any:
    """The sum of some of the terms of a node, over the axes of the node."""
    shape = tuple(size_of(axis, sizes) for axis in node.axes)
    terms = tuple(terms)
    found = [_term(t, shape, values, sizes) for t in terms]
    if any(map(is_sparse, found)):
        return sum(found)
    total = sum(found, np.zeros(shape))
    if terms != node.terms or np.isfinite(total).all():
        return total
    return np.where(left_out([node], sizes)[node] & ~np.isfinite(total), 0.0, total)


def _term(
    term: ClosedTerm, shape: tuple[int, ...], values: Mapping[Node, Any], sizes: Sizes
) -> Any:
    operands = [(_power(values[f.node], f.power), f.labels) for f in term.factors]
    out, lengths = range(len(shape)), dict(enumerate(shape))
    value = summed_product(term.coefficient, operands, out, lengths)
    if is_sparse(value) or np.isfinite(value).all():
        return value
    out_of = left_out({f.node for f in term.factors}, sizes)
    outside = [(out_of[f.node], f.labels) for f in term.factors if f.power > 0]
    operands = [(_inside(value, labels, outside), labels) for value, labels in operands]
    return summed_product(term.coefficient, operands, out, lengths)


def left_out(roots: Collection[Node], sizes: Sizes) -> dict[Node, np.ndarray]:
    """Where each is 0 for its indices alone, as [i > j] (x_i - x_j) is, and x_i - [i = j] x_i: with
    random numbers in the place of all that is given."""
    stand_ins: dict[Node, Any] = {}
    given: set[Node] = set()
    random = np.random.default_rng(0)
    for node in ix.topological(roots):
        own, shape = ix.unnamed(node), [size_of(axis, sizes) for axis in node.axes]
        if isinstance(own, ix.Input) or not given.isdisjoint(node.operands):
            given.add(node)
        if isinstance(own, ix.Polynomial):
            products = (_finite_product(term, shape, stand_ins) for term in own.terms)
            stand_ins[node] = sum(products, np.zeros(shape))
        elif node not in given:
            stand_ins[node] = _evaluate(node, stand_ins, {}, sizes)
        elif isinstance(own, ix.Alias):
            stand_ins[node] = stand_ins[own.inner]
        else:
            stand_ins[node] = random.uniform(1, 2, shape)
    values = {n: stand_ins[n] for n in roots}
    dense = {n: v.toarray() if is_sparse(v) else v for n, v in values.items()}
    return {n: np.abs(v) < 1e-12 for n, v in dense.items()}


def _finite_product(term: ClosedTerm, shape: Sequence[int], values: Mapping[Node, Any]) -> Any:
    """A term without what is infinite: 1 / (x_i - x_j) for i = j is any number."""
    operands = []
    for node, labels, power in term.factors:
        value = _power(values[node], power)
        if not is_sparse(value):
            value = np.where(np.isfinite(value), value, 1.5)
        operands.append((value, labels))
    return summed_product(term.coefficient, operands, range(len(shape)), dict(enumerate(shape)))


def _inside(
    value: Any, labels: tuple[int, ...], outside: Iterable[tuple[Any, tuple[int, ...]]]
) -> Any:
    """A factor with 0 for the entries that a sum leaves out: 1 / (x_i - x_j) for i = j."""
    for out, own in outside:
        if {*own} <= {*labels} and len({*labels}) == len(labels):
            at = tuple(labels.index(x) for x in own)
            value = np.where(spread(out, at, len(labels)) & ~np.isfinite(value), 0.0, value)
    return value


def summed_product(
    coefficient: Any,
    operands: Iterable[tuple[Any, tuple[Any, ...]]],
    out: Sequence[Any],
    sizes: Mapping[Any, int],
) -> Any:
    """The product of arrays with these indices, summed over all but `out`; an index that no array
    has is one of ones, of its size."""
    products: dict[tuple[Any, ...], Any] = {(): float(coefficient)}
    operands = [*operands]
    if any(is_sparse(value) for value, _ in operands):
        operands = multiplied(operands, out)
        if is_sparse(operands[-1][0]):
            (*scalars, (matrix, labels)) = operands
            matrix = matrix if labels == tuple(out) else matrix.T
            return matrix * float(np.prod([float(coefficient), *(v for v, _ in scalars)]))
    for value, labels in operands:
        products[labels] = products.get(labels, 1.0) * value
    if (entrywise := _entrywise(products, out, sizes)) is not None:
        return entrywise
    carried = {x for labels in products for x in labels}
    products |= {(x,): np.ones(size) for x, size in sizes.items() if x not in carried}
    number = {x: k for k, x in enumerate(dict.fromkeys((*sizes, *carried)))}
    parts = [p for labels, value in products.items() for p in (value, [number[x] for x in labels])]
    return np.einsum(*parts, [number[x] for x in out], optimize=len(products) > MANY)


def _entrywise(
    products: Mapping[tuple[Any, ...], Any], out: Sequence[Any], sizes: Mapping[Any, int]
) -> Any:
    """The product of arrays where nothing is summed over; None where something is."""
    place = {x: k for k, x in enumerate(out)}
    if sizes.keys() - place.keys():
        return None
    result: Any = 1.0
    for labels, value in products.items():
        at = tuple([place.get(x, -1) for x in labels])
        if -1 in at or len({*at}) < len(at):
            return None
        result = result * (spread(value, at, len(place)) if at else value)
    return np.broadcast_to(result, [sizes[x] for x in out])


def _power(value: Any, power: Any) -> Any:
    if is_sparse(value):
        return value if power == 1 else entries_changed(lambda x: _power(x, power), value)
    value = np.asarray(value)
    if power == 1:
        return value
    return value ** (int(power) if power == int(power) else float(power))


def spread(value: Any, at: tuple[int, ...], rank: int) -> Any:
    """A value as an array of this rank, its axes at the positions given, the others of length 1."""
    if is_sparse(value):
        raise refuse((), "a function")
    value = np.asarray(value)
    if at == (*range(rank),):
        return value
    order = sorted(range(len(at)), key=lambda k: at[k])
    shape = [1] * rank
    for k, position in enumerate(at):
        shape[position] = value.shape[k]
    return value.transpose(order).reshape(shape)


def _apply(node: ix.Apply, values: Mapping[Node, Any]) -> Any:
    if node.operation.meaning.along:
        ((argument, at),) = node.arguments
        acted = tuple(k - len(at) for k, place in enumerate(at) if place is None)
        axis = acted if len(acted) > 1 else acted[0]
        value = run(node.operation.meaning.kernel, [np.asarray(values[argument])], axis)
        return value if np.ndim(value) == len(node.axes) else np.squeeze(value, axis)
    leading = len(node.axes) - len(node.core)
    arguments = []
    for argument, at in node.arguments:
        acting = range(leading, leading + at.count(None))
        places = (*at[: len(at) - len(acting)], *acting)
        arguments.append(spread(values[argument], places, leading + len(acting)))
    return run(node.operation.meaning.kernel, arguments)
