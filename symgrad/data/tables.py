"""Tables with a header line, and the two ways in which a column is made ready for training."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from symgrad.errors import DataError

Array: TypeAlias = NDArray[Any]
Table: TypeAlias = dict[str, Array]


def read_table(lines: Iterable[str]) -> Table:
    """The columns of comma-separated text by the names in its first line.

    A column is an array of float64 where every entry is a number, else of text.
    Raises: DataError where the text is no table, or a line is longer or shorter than the first.

    >>> read_table(["width,species", "0.2,setosa", "1.3,versicolor"])
    {'width': array([0.2, 1.3]), 'species': array(['setosa', 'versicolor'], dtype='<U10')}
    """
    reader = csv.reader(lines, skipinitialspace=True)
    rows: list[list[str]] = []
    try:
        for row in reader:
            if rows and row and len(row) != len(rows[0]):
                count = f"{len(row)} entr{'y' if len(row) == 1 else 'ies'}"
                raise DataError(
                    f"{count}, but the header names {len(rows[0])}", line=reader.line_num
                )
            if not rows and len(row) == 1 and (sign := _other_separator(row[0])):
                raise DataError(f"its entries are separated by {sign}; commas are wanted", line=1)
            if any("\0" in entry for entry in row):
                raise DataError("an entry has a zero byte; text is wanted", line=reader.line_num)
            if row:
                rows.append([entry.strip() for entry in row])
    except csv.Error as error:
        raise DataError(f"no table: {error}", line=reader.line_num) from None
    header, *entries = rows or [[]]
    if not entries:
        raise DataError("no table: a line of column names and at least one line of data are wanted")
    if len(set(header)) != len(header):
        raise DataError(f"two columns have one name: {', '.join(header)}")
    return {name: _column(column) for name, *column in zip(*rows, strict=True)}


def _other_separator(line: str) -> str:
    """A semicolon or a tabulator where a line has one."""
    return next((name for sign, name in ((";", "semicolons"), ("\t", "tabs")) if sign in line), "")


def one_hot(labels: Array) -> Array:
    """One row for each label, with a one in the column of its class; classes are sorted.

    Shapes: labels has shape (n,), the result (n, number of classes).

    >>> one_hot(np.array(["b", "a", "b"]))
    array([[0., 1.],
           [1., 0.],
           [0., 1.]])
    """
    classes, index = np.unique(labels, return_inverse=True)
    return np.eye(len(classes))[index]


def standardized(X: Array) -> Array:
    """The columns of X with mean 0 and standard deviation 1.

    >>> standardized(np.array([[1.0], [3.0]]))
    array([[-1.],
           [ 1.]])
    """
    return np.asarray((X - X.mean(axis=0)) / X.std(axis=0))


def _column(entries: list[str]) -> Array:
    numbers = [number(entry) for entry in entries]
    return np.array(entries) if None in numbers else np.array(numbers)


def number(entry: str) -> float | None:
    """The number that an entry is, None where it is text; 1_000 is one for Python alone."""
    try:
        return None if "_" in entry else float(entry)
    except ValueError:
        return None
