"""The sizes of dimensions, and the shapes of parameters: from the data, or as they are given."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sympy

from symgrad.errors import DataError, check_known
from symgrad.language.layered import layered
from symgrad.language.names import entry_of, entry_parts
from symgrad.language.problem import Problem, Variable
from symgrad.numerics.layers import Shape, Shapes, apart, entries_of
from symgrad.numerics.sizes import infer_sizes

MOST_ENTRIES = 2**40
MOST_LABELS, APART = 10_000, 100  # a larger dimension, so many times the labels, has to be said


def dimension_sizes(
    problem: Problem, arrays: Mapping[str, Any], sizes: Mapping[str, Any]
) -> dict[sympy.Symbol, int]:
    """The size of each dimension: from the arrays, from `sizes`, or from the largest label. Sizes
    of layers are given together, those of n[0], ..., n[L] by n.

    Raises: DataError where two disagree, or a label is too large.
    """
    sizes = _of_each_layer(problem, sizes)
    last = sympy.Integer(1) if problem.loop is None else problem.loop.steps.length
    given = sizes.get(str(last), 0)
    written, own, count = apart(problem, arrays, given if isinstance(given, int) else 0)
    axes = infer_sizes(written, own)
    dimensions = {axis: size for axis, size in axes.items() if isinstance(axis, sympy.Symbol)}
    if count and last.is_Symbol:
        dimensions.setdefault(last, count)
    declared = {
        str(symbol): symbol
        for variable in problem.variables.values()
        for entry in (variable, *entries_of(variable, count))
        for dimension in dimensions_of(entry)
        for symbol in dimension.free_symbols
    }
    check_known("sizes: {} is no dimension of the problem", sizes, declared)
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1:
            raise DataError(f"sizes: {name} is {size!r}; a positive whole number is wanted")
        if dimensions.setdefault(declared[name], int(size)) != size:
            raise DataError(
                f"sizes: {name} is {size}, but the arrays have {dimensions[declared[name]]}"
            )
    return dimensions | _of_labels(written, arrays, dimensions)


def _of_labels(
    problem: Problem, arrays: Mapping[str, Any], dimensions: Mapping[sympy.Symbol, int]
) -> dict[sympy.Symbol, int]:
    """The sizes that the largest labels show, where no array does."""
    ends: dict[sympy.Symbol, tuple[int, int]] = {}
    counts: Counter[sympy.Symbol] = Counter()
    for variable in problem.variables.values():
        if variable.kind != "Index" or variable.name not in arrays:
            continue
        (dimension,) = variable.dims
        labels = arrays[variable.name]
        low, high = int(labels.min()), int(labels.max())
        if dimension.is_Symbol and dimension not in dimensions:
            before = ends.get(dimension, (low, high))
            ends[dimension] = min(low, before[0]), max(high, before[1])
            counts[dimension] += labels.size
        elif high >= (size := dimension.subs(dimensions)):
            from_one = "; they count from 0: subtract 1" if low == 1 and high == size else ""
            raise DataError(
                f"data: {variable.name} has the label {high}; labels below {dimension} = {size} "
                f"are wanted{from_one}"
            )
    for dimension, (low, high) in ends.items():
        if low > 0:
            raise DataError(
                f"data: the labels below {dimension} are from {low} to {high}; they count from 0. "
                f'If 0 does not occur, say so, as in sizes={{"{dimension}": {high + 1}}}'
            )
        if high >= max(MOST_LABELS, APART * counts[dimension]):
            raise DataError(
                f"data: {counts[dimension]} labels below {dimension} are up to {high}, which would "
                f"be {high + 1} rows of a table: number them, np.unique(labels, "
                f'return_inverse=True)[1], or say so, as in sizes={{"{dimension}": {high + 1}}}'
            )
    return {dimension: high + 1 for dimension, (_, high) in ends.items()}


def _of_each_layer(problem: Problem, sizes: Mapping[str, Any]) -> dict[str, Any]:
    """The sizes with those of layers, {"n": [2, 16, 1]}, by their own names: n[0], n[1], n[2], L.

    Raises: DataError where they are not given so, or are not as many as there are layers."""
    names = {name for d in problem.dims for name, _ in layered(d).values()}
    found = {name: size for name, size in sizes.items() if name not in names}
    for name in names & sizes.keys():
        given, steps = sizes[name], problem.loop.steps if problem.loop else None
        assert steps is not None
        if not isinstance(given, Sequence) or isinstance(given, str) or len(given) < 2:
            raise DataError(
                f"sizes: {name} is {given!r}; those of all layers are wanted, as in "
                f'{{"{name}": [2, 16, 1]}} from {name}[0] to {name}[{steps.length}]'
            )
        count = len(given) - 1
        known = int(steps.length) if steps.length.is_Integer else found.get(str(steps.length))
        if known not in (None, count):
            raise DataError(f"sizes: {name} gives {count} layers, but {steps.length} is {known}")
        if steps.length.is_Symbol:
            found[str(steps.length)] = count
        found |= {entry_of(name, str(k)): size for k, size in enumerate(given)}
    return found


def dimensions_of(variable: Variable) -> tuple[sympy.Expr, ...]:
    """The dimensions of a parameter's array, the number of its steps or layers first."""
    steps = () if variable.steps is None else (variable.steps.length,)
    return (*steps, *variable.dims)


def shapes_wanted(problem: Problem, name: str, sizes: Mapping[sympy.Symbol, int]) -> Shapes:
    """The shape of a parameter, or those of its layers.

    Raises: DataError where the size of a dimension is not known.
    """
    variable, loop = problem.variables[name], problem.loop
    if loop is None:
        return _shape(variable, sizes)
    count = loop.steps.length.subs(sizes)
    variable = variable.sized({str(loop.steps.length): str(count)})
    if not variable.ragged:
        return _shape(variable, sizes)
    if not count.is_Integer:
        raise DataError(_unknown(loop.steps.length, variable))
    return [_shape(entry, sizes) for entry in entries_of(variable, int(count))]


def _unknown(dimension: sympy.Expr, variable: Variable) -> str:
    """What is said where no array shows a size; of layers all are given."""
    names = [name for d in variable.dims for name, _ in layered(d).values()]
    name, _ = entry_parts(variable.name)
    of = next((entry_parts(str(d))[0] for d in dimension.free_symbols if "[" in str(d)), "")
    of = of or (names[0] if names else "")
    wanted = f'"{of}": [2, 16, 1]' if of else f'"{dimension}": 16'
    option = f"{of}=2,16,1" if of else f"{dimension}=16"
    return (
        f"the data do not show the size of {dimension}, which {name} has: give it, as in "
        f"sizes={{{wanted}}} (--size {option})"
    )


def _shape(variable: Variable, sizes: Mapping[sympy.Symbol, int]) -> Shape:
    dims = dimensions_of(variable)
    shape = tuple(dimension.subs(sizes) for dimension in dims)
    for dimension, size in zip(dims, shape, strict=True):
        if not size.is_Integer:
            raise DataError(_unknown(dimension, variable))
    entries = math.prod(map(int, shape))
    if entries > MOST_ENTRIES:
        raise DataError(f"{variable.name} would have {entries} entries, more than memory holds")
    return tuple(map(int, shape))
