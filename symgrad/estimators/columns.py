"""Which columns of X each variable of a problem is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from symgrad.errors import DataError, did_you_mean
from symgrad.language.problem import Problem, Variable
from symgrad.training.data.arrays import Array

Column: TypeAlias = int | str
Chosen: TypeAlias = Mapping[str, Column | Sequence[Column]]


def columns_of(
    problem: Problem,
    inputs: Sequence[str],
    chosen: Chosen | None,
    count: int,
    header: Sequence[str] | None,
) -> dict[str, list[int]]:
    """The columns of each input of a problem, from 0, where X has `count` of them.

    Without a choice they come in the order of the declarations: one column for a number or a label,
    and for one vector all the others. Raises: DataError where that does not divide X.

    >>> from symgrad.language.parser import parse
    >>> declared = "u: Index(n)\\nx: Vector(d)\\nb: Vector(n)\\n"
    >>> problem = parse(declared + "loss = mean(b[u] * sum(x) for u, x in batch)")
    >>> columns_of(problem, ["u", "x"], None, 4, None)
    {'u': [0], 'x': [1, 2, 3]}
    >>> columns_of(problem, ["u", "x"], {"u": "user", "x": [1]}, 3, ["age", "height", "user"])
    {'u': [2], 'x': [1]}
    """
    if chosen is not None:
        return {name: _numbers(name, chosen, count, header) for name in _named(chosen, inputs)}
    several = [name for name in inputs if rank_of(problem.variables[name])]
    rest = count - (len(inputs) - len(several))
    if len(several) > 1 or (rest if not several else rest < 1):
        kinds = ", ".join(str(problem.variables[name]) for name in inputs) or "nothing"
        raise DataError(
            f"X has {count} column{'s' * (count != 1)}, the prediction is made of {kinds}: say "
            f"which are whose, as in inputs={{{_example(inputs)}}}"
        )
    found, first = {}, 0
    for name in inputs:
        width = rest if name in several else 1
        found[name] = list(range(first, first + width))
        first += width
    return found


def rank_of(variable: Variable) -> int:
    """How many axes the value of one example has: none of a number or a label, one of a vector, or
    of a matrix with a row for each example."""
    rank = {"Scalar": 0, "Index": 0}.get(variable.kind, len(variable.dims))
    return rank if variable.batch is not None or not rank else rank - 1


def arrays_of(problem: Problem, X: Array, columns: Mapping[str, Sequence[int]]) -> dict[str, Array]:
    """The array of each input: of a vector its columns, of a number or a label its one.

    Raises: DataError where a label is no whole number.
    """
    arrays = {}
    for name, own in columns.items():
        variable = problem.variables[name]
        array = X[:, list(own)] if rank_of(variable) else np.ascontiguousarray(X[:, own[0]])
        if variable.kind == "Index":
            if (array != np.floor(array)).any():
                raise DataError(f"inputs: {name} is an index: whole numbers are wanted in X")
            array = array.astype(np.intp)
        arrays[name] = array
    return arrays


def _named(chosen: Chosen, inputs: Sequence[str]) -> list[str]:
    if not isinstance(chosen, Mapping) or {*chosen} != {*inputs}:
        given = ", ".join(map(str, chosen)) if isinstance(chosen, Mapping) else repr(chosen)
        raise DataError(
            f"inputs: the columns of each of {', '.join(inputs)} are wanted, as in "
            f"{{{_example(inputs)}}}; given is {given}"
        )
    return list(inputs)


def _example(inputs: Sequence[str]) -> str:
    return ", ".join(f'"{name}": [{k}]' for k, name in enumerate(inputs))


def _numbers(name: str, chosen: Chosen, count: int, header: Sequence[str] | None) -> list[int]:
    own = chosen[name]
    found = []
    for column in [own] if isinstance(own, int | str | np.integer) else own:
        known: Any = range(count) if header is None or not isinstance(column, str) else list(header)
        if column not in known:
            near = did_you_mean(column, known) if isinstance(column, str) else ""
            raise DataError(f"inputs: {name}: X has no column {column!r}{near}")
        found.append(known.index(column))
    if not found:
        raise DataError(f"inputs: {name}: no column is given")
    return found
