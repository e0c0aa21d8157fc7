"""From the columns of a table to the arrays of a problem: one row is one example."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from symgrad.data.tables import Array, Table, number, one_hot
from symgrad.errors import DataError, did_you_mean, names_wanted


def batch_arrays(
    table: Table, kinds: Mapping[str, str], columns: Mapping[str, Sequence[str]] | None = None
) -> Table:
    """The arrays of the variables that every example has a value of.

    `kinds` says of each variable whether it is a "Scalar", a "Vector", an "Index" or "one_hot".
    `columns` names the columns of a variable; without, `x` is the column x, or x1, x2, ... A column
    of text holds labels: in alphabetical order of the classes they become one-hot rows for a vector
    that is declared so, numbers from 0 for an index, 0 and 1 for a scalar.
    Raises: DataError where a column is missing or does not fit the kind of its variable.

    >>> table = {"x1": np.array([1.0, 2.0]), "x2": np.array([3.0, 4.0]), "y": np.array(["b", "a"])}
    >>> arrays = batch_arrays(table, {"x": "Vector", "y": "one_hot"})
    >>> arrays["x"].tolist(), arrays["y"].tolist()
    ([[1.0, 3.0], [2.0, 4.0]], [[0.0, 1.0], [1.0, 0.0]])
    """
    for what, given in (("table", table), ("kinds", kinds), ("columns", columns or {})):
        names_wanted(what, given)
    columns = dict(columns or {})
    for name in columns:
        if name not in kinds:
            raise DataError(f"columns of {name}: no such variable{did_you_mean(name, kinds)}")
    arrays = {}
    for name, kind in kinds.items():
        chosen = columns.get(name) or _columns_of(name, table)
        for column in chosen:
            if column not in table:
                raise DataError(f"{name}: no column {column}{did_you_mean(column, table)}")
        arrays[name] = _array(name, kind, chosen, [table[column] for column in chosen])
    return arrays


def _columns_of(name: str, table: Table) -> list[str]:
    if name in table:
        return [name]
    numbered = [column for column in table if re.fullmatch(rf"{re.escape(name)}_?[0-9]+", column)]
    if not numbered:
        raise DataError(
            f"no column {name}, and no {name}1, {name}2, ...; the columns are {', '.join(table)}; "
            f"{_named(name, table)}"
        )
    return sorted(numbered, key=lambda column: int(re.findall(r"[0-9]+$", column)[0]))


def _named(name: str, table: Table) -> str:
    """How a variable gets its columns."""
    if all(re.fullmatch(r"[-+.0-9eE]+", column) for column in table):
        return "the first line holds numbers, a line of names is wanted before it"
    return f"say which they are, as in --columns {name}={next(iter(table))}"


def _array(name: str, kind: str, chosen: Sequence[str], values: list[Array]) -> Array:
    text = [column for column, value in zip(chosen, values, strict=True) if value.dtype.kind == "U"]
    if len(chosen) == 1 and kind == "one_hot":
        if not text and not np.isfinite(values[0]).all():
            raise DataError(f"{name}: a label of column {chosen[0]} is not finite")
        return one_hot(values[0])
    if kind in ("Vector", "one_hot"):
        if text:
            if not _text(values[chosen.index(text[0])]):
                raise DataError(f"{name}: column {text[0]} has an empty entry; a number is wanted")
            raise DataError(
                f"{name}: column {text[0]} holds text: {_text(values[chosen.index(text[0])])!r}; "
                f"labels need a vector declared with one_hot=True, and one column"
            )
        return np.stack(values, axis=1)
    if kind not in ("Scalar", "Index"):
        raise DataError(f"{name}: a {kind} for every example needs an npz file, not a table")
    if len(chosen) > 1:
        raise DataError(f"{name}: one column is wanted, {len(chosen)} are given")
    if text:
        return _numbered(name, kind, values[0])
    return _integers(name, values[0]) if kind == "Index" else values[0]


def _numbered(name: str, kind: str, labels: Array) -> Array:
    classes, numbers = np.unique(labels, return_inverse=True)
    if kind == "Index":
        return numbers
    if len(classes) > 2 or any(number(entry) is not None for entry in classes):
        raise DataError(f"{name}: numbers, or two labels, are wanted; not {_text(labels)!r}")
    return numbers.astype(float)


def _integers(name: str, values: Array) -> Array:
    if not (np.abs(values) < 2**53).all() or not np.array_equal(values, np.floor(values)):
        raise DataError(f"{name}: an index is a whole number from 0")
    return values.astype(int)


def _text(column: Array) -> str:
    """The first entry that is no number."""
    return next(str(entry) for entry in column.tolist() if number(entry) is None)
