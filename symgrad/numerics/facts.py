"""Whether numbers are what their variable is declared to be: else results would be wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

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
            size = error(np.reshape(plain_array(name, value), shape).astype(float))
            if not size <= TOLERANCE:
                raise DataError(
                    f"{name} is declared {fact}, but {what.format(name)} (an entry differs by "
                    f"{size:.1g}); leave out {fact}=True, or give {repair.format(name)}"
                )


def _largest(array: Any) -> float:
    return float(np.max(np.abs(array), initial=0.0))


def _asymmetry(a: Any) -> float:
    return _largest(a - np.swapaxes(a, -1, -2)) / max(1.0, _largest(a))


def _not_orthogonal(a: Any) -> float:
    return _largest(np.swapaxes(a, -1, -2) @ a - np.eye(a.shape[-1]))


def _off_the_simplex(p: Any) -> float:
    return max(_largest(p.sum(-1) - 1), _negative(p))


def _not_one_hot(y: Any) -> float:
    return max(_largest(y - np.round(y)), _off_the_simplex(np.round(y)))


def _negative(x: Any) -> float:
    return _largest(np.minimum(x, 0))


FACTS: Mapping[str, tuple[Callable[[Any], float], str, str]] = {
    "symmetric": (_asymmetry, "{0} is not {0}^T", "({0} + {0}.T) / 2"),
    "orthogonal": (_not_orthogonal, "{0}^T {0} is not the identity", "the Q of numpy.linalg.qr"),
    "simplex": (_off_the_simplex, "it is no probabilities with the sum 1", "{0} / {0}.sum()"),
    "one_hot": (_not_one_hot, "it is not 1 in one entry and 0 else", "numpy.eye(n)[label]"),
    "positive": (_negative, "it has a negative entry", "its absolute value"),
}
