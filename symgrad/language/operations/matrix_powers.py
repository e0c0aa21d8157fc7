"""Powers of a matrix whose exponent is no number: X^k with k a dimension, X^j with an index j."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import sympy

from symgrad.errors import ProgramError
from symgrad.language import composing
from symgrad.language.dimensions import SCALAR, Dimension, Shape
from symgrad.language.expressions import Expression, Letter, Operation
from symgrad.language.operations.entries import Ranges, index_sum
from symgrad.language.operations.meanings import Composite, Function
from symgrad.language.operations.namespace import Routine
from symgrad.language.operations.places import Affine, as_number
from symgrad.language.shapes import given, of_square

NAME = "matrix_power"
_SQUARING = """
def matrix_power(xp, x, k):  # by repeated squaring; no number where k is none of 0, 1, 2, ...
    y = xp.tril(xp.triu(xp.ones_like(x)))
    k = xp.real(k + 0.0 * x[..., 0, 0])[..., None, None]
    whole = (k >= 0) & (k == xp.floor(k))
    k = xp.where(whole, k, 0.0 * k)
    while True:
        odd = k - 2.0 * xp.floor(k / 2.0) > 0
        y = xp.where(odd, y @ x, y)
        k = xp.floor(k / 2.0)
        if not bool(xp.any(k > 0)):
            return xp.where(whole, y, xp.nan * y)
        x = x @ x"""
POWER = Routine(
    name="matrix_power",
    indices="ij,->ij",
    source=_SQUARING,
    standard=_SQUARING.replace("xp.real", ""),
    loops="""
def matrix_power(x, k):
    y = np.eye(len(x), dtype=x.dtype)
    if k[0] < 0 or k[0] != np.floor(k[0]):
        return y * np.nan
    for _ in range(int(k[0])):
        y = y @ x
    return y""",
)


def not_known(what: str) -> Operation:
    """What stands for a derivative of three arguments that is not known: an error where it is
    needed."""

    def refused(*arguments: Expression) -> Expression:
        raise ProgramError(f"{what} is not known")

    return Operation(
        name="not_known",
        meaning=Composite(definition=refused),
        shape=lambda arguments, options: arguments[0].shape,
        arity=(3, 3),
        rule="",
        sentence="",
    )


_of_index = not_known(
    "the derivative of a power X^j whose exponent j is an index (that of X^k is, k a dimension)"
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Power(Operation):
    """X^k. Its derivative is a sum over j < k, so `exponent` is k, where that is a dimension."""

    exponent: Dimension | None

    def __reduce__(self) -> tuple[Callable[..., Operation], tuple[Any, ...]]:
        """Pickled by its exponent."""
        return power_to, (self.exponent,)


@cache
def power_to(exponent: Dimension | None) -> Power:
    """The operation that raises a matrix to this power; None of one with an index in it."""

    def pullback(g: Expression, y: Expression, x: Expression, k: Expression) -> Any:
        if exponent is None:
            return _of_index(g, x, k), 0 * k
        if exponent == 1:
            return g, 0 * k
        letter = Letter("j", exponent)
        before, after = Affine({letter: 1}), Affine({letter: -1}, sympy.expand(exponent - 1))
        left, right = (power_to(None)(x.T, as_number(count)) for count in (before, after))
        return index_sum(left @ g @ right, ranges=Ranges((letter,))), 0 * k

    return Power(
        name=NAME,
        exponent=exponent,
        meaning=Function(
            over="arguments",
            pullback=pullback,
            kernel=lambda xp, x, k: xp.routine(POWER, x, k),
            symmetric=True,
            identity="the product rule, factor by factor",
        ),
        arity=(2, 2),
        shape=of_square(NAME, _shape),
        rule="power of a matrix",
        sentence="Each of the k factors of X^k moves alone: a sum over j, of j factors before it.",
        notation=lambda call, x, k: composing.raised(x, k),
        symbol="Y",
        sympy_classes=(sympy.MatPow,),
    )


def _shape(x: Expression, k: Expression) -> Shape:
    if k.shape != SCALAR:
        raise ProgramError(f"matrix_power: the power is a number; {given(k)}")
    return x.shape
