"""What the language has not of a vectorised form, in NumPy: vec, kron of a vector, K."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from symgrad.calculus.stacking import kron, vec
from symgrad.language.expressions import Call, Expression


def _stacked(matrix: Any) -> Any:
    return np.reshape(matrix, (-1, 1), order="F")


def stacking(e: Expression) -> Callable[..., Any] | None:
    """What computes vec and kron of matrices and vectors; None for what the language has."""
    if not isinstance(e, Call):
        return None
    if e.operation is kron:
        return np.kron
    return _stacked if e.operation is vec else None


def commutation(rows: int, columns: int) -> Any:
    """The matrix K with K vec(X) = vec(X^T) for X of so many rows and columns.

    >>> commutation(2, 1).tolist(), commutation(2, 2).tolist()[1]
    ([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0, 1.0, 0.0])
    """
    place = np.arange(rows * columns).reshape(rows, columns, order="F")  # of X_ij in vec(X)
    return np.eye(rows * columns)[place.ravel()]
