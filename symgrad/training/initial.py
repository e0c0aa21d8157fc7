"""Initial values of parameters: the usual schemes for matrices; vectors and scalars start at 0.

A matrix that is applied as W @ x has shape (fan out, fan in). Values are drawn in float64 from a
seeded generator, so that equal seeds give equal parameters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from symgrad.errors import OptionError, did_you_mean
from symgrad.language.problem import Variable
from symgrad.training.data.arrays import Array
from symgrad.training.hyperparameters import POSITIVE

Shape: TypeAlias = tuple[int, ...]
Scheme: TypeAlias = Callable[[Shape, "np.random.Generator"], Array]
Choice: TypeAlias = str | Scheme


def uniform(spread: Callable[[Shape], int]) -> Scheme:
    """Uniform within +-sqrt(6 / n): the variance is 2 / n, where n = spread(shape)."""

    def scheme(shape: Shape, rng: np.random.Generator) -> Array:
        limit = math.sqrt(6 / spread(shape))
        return rng.uniform(-limit, limit, shape)

    return scheme


def gaussian(spread: Callable[[Shape], int]) -> Scheme:
    """Normal with mean 0 and variance 2 / n, where n = spread(shape)."""
    return lambda shape, rng: rng.normal(0.0, math.sqrt(2 / spread(shape)), shape)


def zeros(shape: Shape, rng: np.random.Generator) -> Array:
    """All entries 0."""
    return np.zeros(shape)


def normal(scale: float) -> Scheme:
    """The scheme of normal entries with mean 0 and this standard deviation.

    Raises: OptionError where scale is not positive.

    >>> normal(0.01)((2,), np.random.default_rng(0)).round(4)
    array([ 0.0013, -0.0013])
    """
    POSITIVE.check("normal: the scale", scale)
    return lambda shape, rng: rng.normal(0.0, scale, shape)


def fans(shape: Shape) -> tuple[int, int]:
    """(fan out, fan in): how many values a matrix gives, and how many it takes.

    >>> fans((3, 5)), fans((4,)), fans(())
    ((3, 5), (4, 1), (1, 1))
    """
    out, inward = (*shape, 1, 1)[:2]
    return out, inward


def glorot(shape: Shape) -> int:
    """Fan in + fan out: signals keep their variance both ways.

    Source: Glorot and Bengio, Understanding the difficulty of training deep feedforward neural
    networks, 2010, equations 12 (normal) and 16 (uniform).
    """
    return sum(fans(shape))


def he(shape: Shape) -> int:
    """Fan in: for layers that end in a ReLU.

    Source: He, Zhang, Ren and Sun, Delving deep into rectifiers, 2015, section 2.2.
    """
    return fans(shape)[1]


SCHEMES: dict[str, Scheme] = {
    "glorot": uniform(glorot),
    "glorot_uniform": uniform(glorot),
    "glorot_normal": gaussian(glorot),
    "he": gaussian(he),
    "he_normal": gaussian(he),
    "he_uniform": uniform(he),
    "normal": normal(1.0),
    "zeros": zeros,
}


def scheme_of(choice: Choice) -> Scheme:
    """A scheme by its name, or the scheme itself.

    Raises: OptionError where no scheme has the name.
    """
    if callable(choice):
        return choice
    if not isinstance(choice, str):
        raise OptionError(
            f"initial: a scheme is wanted, not {choice!r}; values are given with parameters="
        )
    if choice not in SCHEMES:
        raise OptionError(
            f"initial={choice!r} is not one of {', '.join(SCHEMES)}{did_you_mean(choice, SCHEMES)}"
        )
    return SCHEMES[choice]


def initial_values(
    variables: Mapping[str, tuple[Variable, Shape | list[Shape]]],
    choice: Choice | Mapping[str, Choice],
    seed: int,
) -> dict[str, Any]:
    """Initial values of these variables, each with its shape, or with those of its layers.

    A scheme is for the matrices; given by name, {"Z": "normal"}, it is for that variable whatever
    it is, and the others take Glorot's. Else a vector or scalar starts at 0, or where it is
    declared positive at 1; a vector declared a simplex at 1/n. Matrices declared positive,
    symmetric or orthogonal start so.
    Raises: OptionError where a scheme or a name is unknown.
    """
    chosen = choice if isinstance(choice, Mapping) else {}
    usual = scheme_of("glorot" if isinstance(choice, Mapping) else choice)
    for name in chosen:
        if name not in variables:
            raise OptionError(f"initial: {name} is no parameter{did_you_mean(name, variables)}")
    rng = np.random.default_rng(seed)
    values = {}
    for name, (variable, shape) in variables.items():
        scheme = scheme_of(chosen[name]) if name in chosen else None
        values[name] = _initial_of_each(variable, shape, scheme, usual, rng)
    return values


def _initial_of_each(
    variable: Variable,
    shape: Shape | list[Shape],
    scheme: Scheme | None,
    usual: Scheme,
    rng: np.random.Generator,
) -> Any:
    """The value of one variable, of each layer its own."""
    if isinstance(shape, list):
        return [_initial(variable, own, scheme, usual, rng) for own in shape]
    if variable.steps is None:
        return _initial(variable, shape, scheme, usual, rng)
    each = (_initial(variable, shape[1:], scheme, usual, rng) for _ in range(shape[0]))
    return np.stack([*each])


def _initial(
    variable: Variable,
    shape: Shape,
    scheme: Scheme | None,
    usual: Scheme,
    rng: np.random.Generator,
) -> Array:
    """The value of one variable."""
    if scheme is not None:
        return scheme(shape, rng)
    if len(shape) == 2:
        return _as_declared(variable, usual(shape, rng))
    if "simplex" in variable.facts:
        return np.full(shape, 1 / shape[0])
    return np.full(shape, 1.0 if "positive" in variable.facts else 0.0)


def _as_declared(variable: Variable, matrix: Array) -> Array:
    if "orthogonal" in variable.facts:
        return np.linalg.qr(matrix)[0]
    if "symmetric" in variable.facts:
        matrix = (matrix + matrix.T) / 2
    return np.abs(matrix) if "positive" in variable.facts else matrix
