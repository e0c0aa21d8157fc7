"""SymPy's numbers and matrices, and tensors by their entries: products and single entries of them,
as they are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy
from sympy.matrices.expressions.matexpr import MatrixElement

from symgrad.language import expressions as ex
from symgrad.language.constants import multiple
from symgrad.language.dimensions import SCALAR, Shape

UNITS = {"pi": sympy.pi, "pi**2": sympy.pi**2, "sqrt(pi)": sympy.sqrt(sympy.pi)}
UNITS |= {"sqrt(2)": sympy.sqrt(2), "sqrt(2 * pi)": sympy.sqrt(2 * sympy.pi)}


@dataclass(frozen=True)
class Tensor:
    """An array of three indices or more: its entry as a function of them."""

    entry: Callable[..., sympy.Expr]


def is_matrix(value: Any) -> bool:
    """Whether it is a matrix expression."""
    return isinstance(value, sympy.MatrixExpr)


def entry_of(value: Any, at: Sequence[Any]) -> Any:
    """The entry of a number, a matrix or a tensor."""
    if isinstance(value, Tensor):
        return value.entry(*at)
    return matrix_entry(value, [*at, sympy.Integer(0)][:2]) if is_matrix(value) else value


def matrix_entry(value: Any, at: Sequence[Any]) -> Any:
    """The entry of a matrix; of a row or column there is one only along the other axis."""
    if not is_matrix(value):
        return value
    places = [0 if d == 1 else i for i, d in zip(at, value.shape, strict=True)]
    if isinstance(value, sympy.FunctionMatrix):
        return value.lamda(*places)
    if isinstance(value, sympy.Identity):
        return sympy.KroneckerDelta(*places)
    return MatrixElement(value, *places)


def spread(value: Any, shape: Shape) -> Any:
    """A number as a matrix of this shape, a row or column as several alike."""
    if shape == SCALAR or len(shape) > 2:
        return value
    if not is_matrix(value):
        return times(value, sympy.OneMatrix(*shape))
    rows, columns = value.shape
    if rows == 1 and shape[0] != 1:
        value = times(sympy.OneMatrix(shape[0], 1), value)
    if columns == 1 and shape[1] != 1:
        value = times(value, sympy.OneMatrix(1, shape[1]))
    return value


def times(*factors: Any) -> Any:
    """A product, scalars first; SymPy's own sign would evaluate what is inside, and write out its
    entries."""
    if not any(map(is_matrix, factors)):
        return sympy.Mul(*factors)
    flat = [x for factor in factors for x in parts_of(factor, sympy.MatMul)]
    scalar = sympy.Mul(*(x for x in flat if not is_matrix(x)))
    matrices = [x for x in flat if is_matrix(x)]
    if scalar.is_Matrix:  # a call of ours, which may be both
        return scalar * times(*matrices)
    front = [] if scalar == 1 else [scalar]
    return matrices[0] if not front and len(matrices) == 1 else sympy.MatMul(*front, *matrices)


def parts_of(value: Any, kind: type) -> tuple[Any, ...]:
    """The terms of a sum, the factors of a product."""
    return value.args if isinstance(value, kind) else (value,)  # type: ignore[attr-defined]


def number_in(value: Any, shape: Shape) -> Any:
    """The entry of a 1 x 1 matrix that is to be a number; else the value itself."""
    return MatrixElement(value, 0, 0) if shape == SCALAR and is_matrix(value) else value


def number(value: ex.Value) -> sympy.Expr:
    """A number, by pi and roots where it is made of these."""
    if isinstance(value, Fraction):
        return sympy.Rational(value.numerator, value.denominator)
    if value == float(sympy.E):
        return sympy.E
    found = multiple(value)
    if found is None:
        return sympy.Float(value)
    unit, ratio = UNITS[found.unit], sympy.Rational(found.top, found.bottom)
    return ratio / unit if found.below else ratio * unit
