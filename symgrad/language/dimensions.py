"""Dimensions: names such as n, or positive whole numbers. A shape is (rows, columns)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import sympy

from symgrad.errors import ShapeError, text_wanted

Dimension: TypeAlias = sympy.Expr
Shape: TypeAlias = tuple[Dimension, ...]

ONE, ZERO = sympy.Integer(1), sympy.Integer(0)
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


def dimension_text(d: Dimension) -> str:
    """A dimension as a program has it; of a sum what is added comes first.

    >>> n, m = dims("n m")
    >>> dimension_text(n - m + 1), dimension_text(2 * n)
    ('n - m + 1', '2*n')
    """
    if not d.is_Add:
        return str(d)
    (minus, first), *rest = summands(d)
    text = f"-{first}" if minus else str(first)
    return text + "".join(f" {'-' if minus else '+'} {term}" for minus, term in rest)


def summands(d: Dimension) -> list[tuple[bool, Dimension]]:
    """The terms of a sum, each with whether it is taken away: positive ones first, numbers last."""
    terms = [(bool(t.could_extract_minus_sign()), t) for t in d.as_ordered_terms()]
    terms.sort(key=lambda term: (term[1].is_Number, term[0]))
    return [(minus, -t if minus else t) for minus, t in terms]


def reachable(number: Dimension) -> bool:
    """Whether it is at least 0 once every size is large enough: n - 2, and 0."""
    if number.is_Integer:
        return bool(number >= 0)
    terms = sympy.expand(number).as_ordered_terms()
    return all(t.is_Integer or not t.could_extract_minus_sign() for t in terms)


def possible(number: Dimension) -> bool:
    """Whether it is at least 0 at some sizes: n - k, and not -k."""
    terms = sympy.expand(number).as_ordered_terms()
    grows = any(not t.is_Integer and not t.could_extract_minus_sign() for t in terms)
    return grows or reachable(sympy.expand(number))


def size_of(number: Dimension) -> Dimension:
    """A sum of dimensions and numbers as a dimension.

    >>> size_of(dimension("n") - 1)
    n - 1
    """
    number = sympy.expand(number)
    if not possible(number - 1):
        raise ShapeError(f"{dimension_text(number)} is no dimension: it is never positive")
    return dimension(int(number)) if number.is_Integer else number


def dims(names: str) -> tuple[Dimension, ...]:
    """Several dimensions at once, from names with spaces or commas between.

    >>> dims("d h k")
    (d, h, k)
    """
    found = text_wanted("a list of dimensions", names).replace(",", " ").split()
    for name in found:
        if not name.isidentifier():
            raise ShapeError(f"{name!r} is no name of a dimension, such as n or d1")
    return tuple(map(dimension, found))


def core(shape: Shape) -> tuple[Dimension, ...]:
    """The dimensions that index notation has an index for: all that are not 1."""
    return tuple(d for d in shape if d != ONE)


def indexed_dims(shape: Shape) -> tuple[Dimension, ...]:
    """The dimensions that a written index runs along: all of an array with three axes or more."""
    return shape if len(shape) > 2 else core(shape)


def column(d: Dimension) -> Shape:
    """The shape of a vector with d entries."""
    return (d, ONE)


def describe(shape: Shape) -> str:
    """A shape as the error messages show it: `d x 1`."""
    return " x ".join(map(dimension_text, shape))


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
