"""What is claimed to be a gradient: an array for each name, or a function that gives them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from symgrad.errors import DataError, did_you_mean
from symgrad.numerics.checks.quotients import EPS
from symgrad.numerics.libraries import plain_array


def claims(
    gradient: Any, shapes: Mapping[str, tuple[int, ...]], alone: bool, wrt: bool = False
) -> tuple[dict[str, np.ndarray], float]:
    """The claimed arrays by name, and their coarsest rounding. A claim is a dictionary, may have
    the value before it, and is an array `alone` where that can be meant; `wrt` says that other
    names could have been chosen.

    Raises: DataError where names or shapes are others.
    """
    if isinstance(gradient, tuple) and len(gradient) == 2 and isinstance(gradient[1], Mapping):
        gradient = gradient[1]
    if not isinstance(gradient, Mapping):
        if not alone:
            raise DataError(
                f"the gradient is a {type(gradient).__name__}; a dictionary with "
                f"{', '.join(shapes)} is wanted"
            )
        gradient = dict.fromkeys(shapes, gradient)
    for name in shapes:
        if name not in gradient:
            some = ",".join(n for n in shapes if n in gradient) if wrt else ""
            told = f"; given are {', '.join(some.split(','))}: wrt them alone (--wrt {some})"
            told = told if some else did_you_mean(name, map(str, gradient))
            raise DataError(f"the gradient by {name} is missing{told}")
    arrays = {name: numbers(f"the gradient by {name}", gradient[name]) for name in shapes}
    for name, array in arrays.items():
        if array.shape != shapes[name]:
            raise DataError(f"the gradient by {name} has shape {array.shape}, not {shapes[name]}")
    return arrays, precision(gradient[name] for name in shapes)


def numbers(name: str, value: Any) -> np.ndarray:
    """An array of floats, a copy.

    Raises: DataError where there is none."""
    try:
        return np.array(plain_array(name, value), float)
    except (TypeError, ValueError):
        raise DataError(f"{name} is no array of numbers") from None


def precision(arrays: Iterable[Any]) -> float:
    """The coarsest rounding among arrays: that of float32 where one is.

    >>> round(precision([np.ones(2), np.ones(2, "float32")]), 9)
    1.19e-07
    """
    types = [getattr(a, "dtype", None) for a in arrays]
    floats = [np.finfo(t).eps for t in types if isinstance(t, np.dtype) and t.kind == "f"]
    return max([EPS, *map(float, floats)])


def called(function: Callable[..., Any], values: Mapping[str, Any]) -> Any:
    """A function called with those values that its parameters are named after, or with all of them
    in one dictionary.

    Raises: DataError where neither fits.

    >>> called(lambda x, **others: (x, sorted(others)), {"x": 1, "y": 2, "z": 3})
    (1, ['y', 'z'])
    >>> called(lambda inputs: inputs["x"], {"x": 1, "y": 2})
    1
    """
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # written in C
        return function(values)
    if any(p.kind == p.VAR_KEYWORD for p in parameters):
        return function(**values)
    needed = [p.name for p in parameters if p.default is p.empty and p.kind != p.VAR_POSITIONAL]
    if needed and all(name in values for name in needed):
        return function(**{p.name: values[p.name] for p in parameters if p.name in values})
    if len(needed) == 1:
        return function(values)
    raise DataError(
        f"{function.__name__} takes {', '.join(needed) or 'nothing'}; its parameters are to be "
        f"among {', '.join(values)}, or one dictionary of them"
    )


def first_name(function: Callable[..., Any]) -> str:
    """What a function calls its first argument."""
    try:
        return next(iter(inspect.signature(function).parameters), "x")
    except (TypeError, ValueError):
        return "x"
