"""Tables of other libraries as a `Table`: what they are is told by what they can do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np

from symgrad.data.tables import Array, Table
from symgrad.errors import DataError


def is_frame(value: Any) -> bool:
    """Whether it is a table in memory, of pandas or polars, a record array of NumPy, or a `Table`.

    >>> is_frame(np.zeros(2, [("x", float)])), is_frame(np.zeros(2))
    (True, False)
    """
    if isinstance(value, Table | np.ndarray):
        return isinstance(value, Table) or value.dtype.names is not None
    in_memory = not hasattr(value, "__dask_graph__")
    return in_memory and hasattr(value, "columns") and hasattr(value, "dtypes")


def is_series(value: Any) -> bool:
    """Whether it is a column of pandas or polars."""
    in_memory = not hasattr(value, "__dask_graph__")
    return (
        in_memory and hasattr(value, "to_list") and hasattr(value, "dtype") and np.ndim(value) == 1
    )


def as_table(value: Any) -> Table:
    """The columns of a frame of pandas or polars, of a record array of NumPy, or of a mapping from
    name to column.

    Raises: DataError where it is nothing of these, or a column holds neither numbers nor text.

    >>> as_table({"width": [0.2, None], "species": ["setosa", "versicolor"]})
    {'width': array([0.2, nan]), 'species': array(['setosa', 'versicolor'], dtype='<U10')}
    """
    if isinstance(value, Table):
        return value
    if hasattr(value, "__dask_graph__") or hasattr(value, "collect"):
        how = "compute" if hasattr(value, "__dask_graph__") else "collect"
        raise DataError(f"the table is a {_type(value)}, which is not in memory: .{how}() it")
    if isinstance(value, Mapping):
        names = list(value)
    elif is_frame(value):
        names = list(value.dtype.names if isinstance(value, np.ndarray) else value.columns)
    else:
        raise DataError(
            f"the table is a {_type(value)}; a frame of pandas or polars, a record array, or a "
            "mapping from name to column is wanted"
        )
    texts = [str(name) for name in names]
    if len(set(texts)) != len(texts):
        raise DataError(f"two columns have one name: {', '.join(texts)}")
    columns = {text: column_of(text, value[name]) for text, name in zip(texts, names, strict=True)}
    lengths = {text: len(column) for text, column in columns.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise DataError(f"the columns differ in length: {told}")
    if not any(lengths.values()):
        raise DataError("the table has no rows")
    return Table(columns)


def column_of(name: str, value: Any) -> Array:
    """A column as float64, nan where an entry is missing, or as text."""
    if not isinstance(value, np.ma.MaskedArray):
        array = np.asarray(value)
        if array.ndim != 1:
            raise DataError(f"column {name} has shape {array.shape}; one axis is wanted")
        if array.dtype.kind in "fiub":
            return array.astype(float)
    entries = value.to_list() if hasattr(value, "to_list") else np.ma.asarray(value).tolist()
    entries = [_entry(name, row, entry) for row, entry in enumerate(entries)]
    if not any(isinstance(entry, str) for entry in entries):
        return np.array([math.nan if entry is None else entry for entry in entries], float)
    texts = ("" if entry is None else entry for entry in entries)
    return np.array([t if isinstance(t, str) else f"{t:g}" for t in texts])


def _entry(name: str, row: int, entry: Any) -> float | str | None:
    """A number, a text, or None where it is missing."""
    if isinstance(entry, bytes):
        entry = entry.decode("utf-8", "replace")
    if isinstance(entry, str):
        return entry.strip() or None
    if isinstance(entry, Real | Decimal | np.bool_):
        return None if math.isnan(entry) else float(entry)
    if entry is None or str(entry) in ("<NA>", "NaT"):  # pandas has its own for what is missing
        return None
    what = f"{entry!r:.40}"
    raise DataError(
        f"row {row}, column {name}: {what} is a {_type(entry)}; a number or text is wanted"
    )


def _type(value: Any) -> str:
    return f"{type(value).__module__.partition('.')[0]} {type(value).__name__}".removeprefix(
        "builtins "
    )
