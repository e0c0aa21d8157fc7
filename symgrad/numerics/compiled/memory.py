"""Loops over entries and labels that compiled code calls; Numba compiles them with it."""

from __future__ import annotations

from typing import Any

import numpy as np


def put(array: Any, out: Any) -> None:
    """out = array, entry by entry: where a slice is assigned, Numba spends seconds on compiling
    what to say if the shapes differ."""
    entries, places = np.ascontiguousarray(array).reshape((array.size,)), out.reshape((out.size,))
    for k in range(out.size):
        places[k] = entries[k]


def transposed(a: Any, out: Any, rows: int, columns: int) -> None:
    """out = a.T, of so many rows and columns, 8 x 8 at a time: a line of memory has eight of
    the entries of a column. Of an unsigned index nobody asks whether it counts from the end."""
    for i in range(0, rows, 8):
        for j in range(0, columns, 8):
            if i + 8 <= rows and j + 8 <= columns:
                for k in range(8):
                    for l in range(8):  # noqa: E741
                        entry = a[np.uint64((j + l) * rows + i + k)]
                        out[np.uint64((i + k) * columns + j + l)] = entry
            else:
                for k in range(i, min(i + 8, rows)):
                    for l in range(j, min(j + 8, columns)):  # noqa: E741
                        out[k * columns + l] = a[l * rows + k]


def row_of(label: Any, size: int) -> Any:
    """The row of a label from 0 to size - 1, or from -size to -1 counted from the end."""
    return label + size if label < 0 else label


def checked(label: Any, size: int) -> Any:
    """The row of a label that may name none; a loop that may raise runs on no vectors."""
    if label < -size or label >= size:
        raise IndexError("a label names no row")
    return row_of(label, size)


def check_labels(labels: Any, size: int) -> None:
    """That each of them names a row."""
    wrong = False
    for label in labels.reshape(labels.size):
        wrong |= (label < -size) | (label >= size)
    if wrong:
        raise IndexError("a label names no row")
