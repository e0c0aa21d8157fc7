"""Whether numbers are what their variable is declared to be: else results would be wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from symgrad.data.sparse import entries_changed, identity, is_sparse, sparse_array
from symgrad.errors import DataError
from symgrad.language.problem import Problem
from symgrad.numerics.libraries import plain_array
from symgrad.numerics.sizes import normal_shape, whole_shape

TOLERANCE = 1e-4  # of float32 data


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
                own = np.reshape(plain_array(name, value), shape).astype(float)
            size = error(own)
            if not size <= TOLERANCE:
                raise DataError(
                    f"{name} is declared {fact}, but {what.format(name)} (an entry differs by "
                    f"{size:.1g}); leave out {fact}=True, or give {repair.format(name)}"
                )


def _largest(array: Any) -> float:
    array = array.data if is_sparse(array) else array
    return float(np.max(np.abs(array), initial=0.0))


def _transpose(a: Any) -> Any:
    return a.T if is_sparse(a) else np.swapaxes(a, -1, -2)


def _asymmetry(a: Any) -> float:
    return _largest(a - _transpose(a)) / max(1.0, _largest(a))


def _not_orthogonal(a: Any) -> float:
    return _largest(_transpose(a) @ a - identity(a.shape[-1], is_sparse(a)))


def _off_the_simplex(p: Any) -> float:
    return max(_largest(p.sum(-1) - 1), _negative(p))


def _not_one_hot(y: Any) -> float:
    whole = entries_changed(np.round, y) if is_sparse(y) else np.round(y)
    return max(_largest(y - whole), _off_the_simplex(whole))


def _negative(x: Any) -> float:
    return _largest(np.minimum(x.data if is_sparse(x) else x, 0))


FACTS: Mapping[str, tuple[Callable[[Any], float], str, str]] = {
    "symmetric": (_asymmetry, "{0} is not {0}^T", "({0} + {0}.T) / 2"),
    "orthogonal": (_not_orthogonal, "{0}^T {0} is not the identity", "the Q of numpy.linalg.qr"),
    "simplex": (_off_the_simplex, "it is no probabilities with the sum 1", "{0} / {0}.sum()"),
    "one_hot": (_not_one_hot, "it is not 1 in one entry and 0 else", "numpy.eye(n)[label]"),
    "positive": (_negative, "it has a negative entry", "its absolute value"),
}
