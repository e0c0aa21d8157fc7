"""A series as arrays: one with an axis for its steps, or a list where they differ in shape.

For all that looks at arrays, sizes and declared facts, such a list is as many variables, W[1],
W[2], ..., each with a shape of its own.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from symgrad.errors import DataError
from symgrad.language.dimensions import Dimension, dimension
from symgrad.language.names import entry_of
from symgrad.language.problem import Problem, Variable

Shape: TypeAlias = tuple[int, ...]
Shapes: TypeAlias = Shape | list[Shape]


Written: TypeAlias = dict[tuple[int, frozenset[str]], Problem]


def apart(
    problem: Problem, inputs: Mapping[str, Any], count: int = 0, known: Written | None = None
) -> tuple[Problem, dict[str, Any], int]:
    """The problem and the inputs with the entries of such lists as variables of their own, and how
    many each list has: `count`, which is 0 where it is not known, where there is none. What is
    `known` from such calls is not made again.

    Raises: DataError where a list is none, or two differ in their lengths."""
    lists = {
        name: layers(variable, inputs[name])
        for name, variable in problem.variables.items()
        if variable.ragged and name in inputs
    }
    if problem.loop is None or not (lists or count):
        return problem, dict(inputs), 0
    length = problem.loop.steps.length
    count = _count(length, lists) or count
    arrays = {name: value for name, value in inputs.items() if name not in lists}
    for name, entries in lists.items():
        arrays |= {entry_of(name, str(k)): entry for k, entry in enumerate(entries, 1)}
    written = {} if known is None else known
    key = count, frozenset(lists)
    if key not in written:
        written[key] = _written(problem, length, count, lists)
    return written[key], arrays, count


def _written(problem: Problem, length: Dimension, count: int, lists: Container[str]) -> Problem:
    """The problem with each entry of the lists as a variable."""
    variables: dict[str, Variable] = {}
    for name, variable in problem.variables.items():
        if name in lists:
            variables |= {entry.name: entry for entry in entries_of(variable, count)}
            continue
        variables[name] = variable.sized({str(length): str(count)})
        if variable.steps is not None and lists:
            steps = replace(variable.steps, length=dimension(count))
            variables[name] = replace(variables[name], steps=steps)
    return replace(problem, variables=variables)


def _count(length: Dimension, lists: Mapping[str, Sequence[Any]]) -> int:
    """How many entries each list has; 0 where there is none."""
    if not lists:
        return 0
    (first, own), *others = lists.items()
    for name, entries in others:
        if len(entries) != len(own):
            raise DataError(f"{length} is {len(own)} in {first}, but {len(entries)} in {name}")
    if length.is_Integer and len(own) != length:
        raise DataError(f"{first} has {len(own)} arrays; {length} are wanted")
    return len(own)


def entries_of(variable: Variable, count: int) -> list[Variable]:
    """The entries of a series that differ in shape, as variables; none of another variable."""
    return [variable.at(str(k)) for k in range(1, count + 1)] if variable.ragged else []


def layers(variable: Variable, value: Any) -> list[Any]:
    """The arrays of a series whose entries differ in shape, from a list or by their steps.

    Raises: DataError where they are not given so."""
    assert variable.steps is not None
    t = variable.steps.index
    if isinstance(value, Mapping):
        wanted = [*range(1, len(value) + 1)]
        if sorted(value, key=str) != sorted(wanted, key=str):
            raise DataError(f"{variable.name} is given at {[*value]}; at {t} = 1, 2, ... is wanted")
        value = [value[k] for k in wanted]
    if not isinstance(value, Sequence | np.ndarray) or isinstance(value, str) or not len(value):
        raise DataError(
            f"{variable.name} is given as a list of arrays, one for each {t}: they differ in shape"
        )
    return [*value]


def together(names: Iterable[str], problem: Problem, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by the names of variables, those of lists as lists again."""
    found = {}
    for name in names:
        if problem.variables[name].ragged and name not in values:
            every = (entry_of(name, str(k)) for k in range(1, len(values) + 1))
            found[name] = [values[entry] for entry in every if entry in values]
        elif name in values:
            found[name] = values[name]
    return found


def stacked(variable: Variable, entries: Sequence[Any]) -> Any:
    """The entries of a series together, its steps behind the axis of a batch."""
    if variable.ragged:
        return [*entries]
    return np.stack(entries, axis=int(variable.batch is not None))


def flat(value: Any) -> Any:
    """The numbers of an array, or of a list of them in a row."""
    return np.concatenate(flattened([value])) if isinstance(value, list) else value


def flattened(values: Iterable[Any]) -> list[Any]:
    """The numbers of each array, and of each array of a list."""
    arrays = (a for value in values for a in (value if isinstance(value, list) else [value]))
    return [np.ravel(a) for a in arrays]


def shapes_of(value: Any) -> Shapes:
    """The shape of an array, or those of a list of them."""
    return [np.shape(a) for a in value] if isinstance(value, list) else np.shape(value)


def copied(value: Any) -> Any:
    """An array of one's own, or a list of such."""
    return [np.array(a) for a in value] if isinstance(value, list) else np.array(value)


def shaped(value: Any, shapes: Shapes) -> Any:
    """An array, or the arrays of a list, in these shapes."""
    if isinstance(shapes, list):
        return [np.reshape(a, shape) for a, shape in zip(value, shapes, strict=True)]
    return value if np.shape(value) == shapes else np.reshape(value, shapes)


def views(vector: Any, shapes: Mapping[str, Shapes]) -> dict[str, Any]:
    """The pieces of a vector, one after another, in these shapes."""
    found, at = {}, 0

    def piece(shape: Shape) -> Any:
        nonlocal at
        at += math.prod(shape)
        return vector[at - math.prod(shape) : at].reshape(shape)

    for name, own in shapes.items():
        found[name] = [piece(s) for s in own] if isinstance(own, list) else piece(own)
    return found


def places_of(parameters: Mapping[str, Any]) -> dict[str, slice]:
    """Where each parameter is in the flat vector, all layers of one together."""
    places, at = {}, 0
    for name, value in parameters.items():
        size = sum(array.size for array in flattened([value]))
        places[name] = slice(at, at + size)
        at += size
    return places
