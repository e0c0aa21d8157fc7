"""Dimensions: names such as n, or positive whole numbers. A shape is (rows, columns)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import sympy

from symgrad.errors import ShapeError

Dimension: TypeAlias = sympy.Expr
Shape: TypeAlias = tuple[Dimension, ...]

ONE = sympy.Integer(1)
SCALAR: Shape = (ONE, ONE)
LARGEST = 10**6


def dimension(name: str | int | Dimension) -> Dimension:
    """The dimension of that name or number.

    >>> dimension("n"), dimension(3)
    (n, 3)
    """
    if isinstance(name, str):
        return sympy.Symbol(name, integer=True, positive=True)
    if isinstance(name, bool) or not isinstance(name, (int, sympy.Integer)):
        if isinstance(name, sympy.Expr) and name.is_positive and name.is_integer:
            return name
        raise ShapeError(f"a dimension is a name or a positive whole number, not {name!r}")
    if not 1 <= name <= LARGEST:
        raise ShapeError(f"dimension {name}: a dimension is a name or a number from 1 to {LARGEST}")
    return sympy.Integer(name)


def dims(names: str) -> tuple[Dimension, ...]:
    """Several dimensions at once, from names with spaces or commas between.

    >>> dims("d h k")
    (d, h, k)
    """
    return tuple(dimension(name) for name in names.replace(",", " ").split())


def core(shape: Shape) -> tuple[Dimension, ...]:
    """The dimensions that index notation has an index for: all that are not 1."""
    return tuple(d for d in shape if d != ONE)


def column(d: Dimension) -> Shape:
    """The shape of a vector with d entries."""
    return (d, ONE)


def describe(shape: Shape) -> str:
    """A shape as the error messages show it: `d x 1`."""
    return " x ".join(map(str, shape))


def kind(shape: Shape) -> str:
    """`Scalar`, `Vector`, `Row`, `Matrix` or `Tensor`."""
    if len(shape) > 2:
        return "Tensor"
    rows, columns = shape
    if columns == ONE:
        return "Scalar" if rows == ONE else "Vector"
    return "Row" if rows == ONE else "Matrix"


def product(dimensions: Sequence[Dimension]) -> Dimension:
    """How many entries."""
    return sympy.Mul(*dimensions) if dimensions else ONE
