"""The value of a vectorised form: vec, Kronecker products and the commutation matrix in NumPy."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from symgrad.calculus.stacking import vec
from symgrad.language.expressions import Call, Expression, fold
from symgrad.language.operations import arithmetic
from symgrad.language.operations.contractions import diag
from symgrad.language.operations.kronecker import kron


def _stacked(matrix: Any) -> Any:
    return np.reshape(matrix, (-1, 1), order="F")


RULES: dict[Any, Callable[..., Any]] = {
    vec: _stacked,
    kron: np.kron,
    diag: np.diagflat,
    arithmetic.matmul: operator.matmul,
    arithmetic.transpose: np.transpose,
    arithmetic.add: operator.add,
    arithmetic.subtract: operator.sub,
    arithmetic.negative: operator.neg,
    arithmetic.multiply: operator.mul,
    arithmetic.divide: operator.truediv,
}


def matrix_value(root: Expression, value: Callable[[Expression], Any]) -> Any:
    """The matrix that a vectorised form is; `value` evaluates what has no vec or kron in it, as
    rows and columns."""

    def visit(node: Expression, arguments: tuple[Any, ...]) -> Any:
        if not isinstance(node, Call) or node.operation not in RULES:
            return None
        if node.operation not in (vec, kron) and all(a is None for a in arguments):
            return None  # to be evaluated as a whole
        both = zip(node.arguments, arguments, strict=True)
        return RULES[node.operation](*(value(e) if a is None else a for e, a in both))

    found = fold(root, visit)
    return value(root) if found is None else found


def commutation(rows: int, columns: int) -> Any:
    """The matrix K with K vec(X) = vec(X^T) for X of so many rows and columns.

    >>> commutation(2, 1).tolist(), commutation(2, 2).tolist()[1]
    ([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0, 1.0, 0.0])
    """
    place = np.arange(rows * columns).reshape(rows, columns, order="F")  # of X_ij in vec(X)
    return np.eye(rows * columns)[place.ravel()]
