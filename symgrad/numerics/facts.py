"""Whether numbers are what their variable is declared to be: else results would be wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from symgrad.data.sparse import entries_changed, identity, is_sparse, sparse_array
from symgrad.errors import DataError
from symgrad.language.problem import Problem
from symgrad.numerics.libraries import plain_array
from symgrad.numerics.sizes import normal_shape, whole_shape

TOLERANCE = 1e-4  # of float32 data
TILE = 256  # rows and columns of a matrix that are looked at together
STRIP = 64  # columns of it that are multiplied with all of it


def check_facts(problem: Problem, arrays: Mapping[str, Any]) -> None:
    """Raises: DataError where numbers break what is declared of them."""
    for name, value in arrays.items():
        variable = problem.variables[name]
        for fact in sorted(variable.facts & FACTS.keys()):
            error, what, repair = FACTS[fact]
            shape = whole_shape(variable, normal_shape(variable, np.shape(value)))
            if is_sparse(value):
                own = sparse_array(name, value, float)
            else:
                own = np.reshape(plain_array(name, value), shape)
                own = own.astype(float) if own.dtype.kind == "O" else own
            size = error(own)
            if not size <= TOLERANCE:
                raise DataError(
                    f"{name} is declared {fact}, but {what.format(name)} (an entry differs by "
                    f"{size:.1g}); leave out {fact}=True, or give {repair.format(name)}"
                )


# What follows looks at a part after another, so that little is copied of a large matrix.


def _worst(errors: Iterable[float]) -> float:
    """The largest; nan where one is."""
    return float(np.max([*errors], initial=0.0))


def _floats(array: Any) -> np.ndarray:
    return np.asarray(array, float)


def _largest(array: Any) -> float:
    array = array.data if is_sparse(array) else array
    return _worst((float(np.max(array, initial=0)), -float(np.min(array, initial=0))))


def _pieces(array: Any) -> Iterator[np.ndarray]:
    """Some entries along the first axis after others."""
    step = max(1, TILE * TILE * len(array) // max(1, array.size))
    return (_floats(array[k : k + step]) for k in range(0, len(array), step))


def _transpose(a: Any) -> Any:
    return a.T if is_sparse(a) else np.swapaxes(a, -1, -2)


def _asymmetry(a: Any) -> float:
    return _from_transpose(a) / max(1.0, _largest(a))


def _from_transpose(a: Any) -> float:
    """The largest entry of A - A^T, of one tile above the diagonal after another."""
    if is_sparse(a):
        return _largest(a - a.T)
    size = a.shape[-1]
    if a.ndim > 2 and size <= TILE:
        return _worst(_largest(each - _transpose(each)) for each in _pieces(a))
    if a.ndim > 2:
        return _worst(map(_from_transpose, a))
    parts = [slice(k, k + TILE) for k in range(0, size, TILE)]
    tiles = [(rows, columns) for k, rows in enumerate(parts) for columns in parts[k:]]
    return _worst(_largest(_floats(a[r, c]) - _floats(a[c, r]).T) for r, c in tiles)


def _not_orthogonal(a: Any) -> float:
    if is_sparse(a):
        return _largest(a.T @ a - identity(a.shape[-1], True))
    return _worst(_from_identity(a, k) for k in range(0, a.shape[-1], STRIP))


def _from_identity(a: np.ndarray, first: int) -> float:
    """The largest entry of some rows of A^T A - I."""
    a = _floats(a)
    product = _transpose(a[..., first : first + STRIP]) @ a
    diagonal = np.einsum("...ii->...i", product[..., first : first + STRIP])
    diagonal -= 1.0
    return _largest(product)


def _off_the_simplex(p: Any) -> float:
    return _worst((_largest(p.sum(-1, dtype=float) - 1.0), _negative(p)))


def _not_one_hot(y: Any) -> float:
    if is_sparse(y):
        return _from_one_hot(y, entries_changed(np.round, y))
    pieces = _pieces(y if y.ndim > 1 else y[None])
    return _worst(_from_one_hot(each, np.round(each)) for each in pieces)


def _from_one_hot(y: Any, whole: Any) -> float:
    return _worst((_largest(y - whole), _off_the_simplex(whole)))


def _negative(x: Any) -> float:
    return -float(np.min(x.data if is_sparse(x) else x, initial=0))


FACTS: Mapping[str, tuple[Callable[[Any], float], str, str]] = {
    "symmetric": (_asymmetry, "{0} is not {0}^T", "({0} + {0}.T) / 2"),
    "orthogonal": (_not_orthogonal, "{0}^T {0} is not the identity", "the Q of numpy.linalg.qr"),
    "simplex": (_off_the_simplex, "it is no probabilities with the sum 1", "{0} / {0}.sum()"),
    "one_hot": (_not_one_hot, "it is not 1 in one entry and 0 else", "numpy.eye(n)[label]"),
    "positive": (_negative, "it has a negative entry", "its absolute value"),
}
