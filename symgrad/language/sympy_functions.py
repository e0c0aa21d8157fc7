"""The functions of the language on SymPy expressions, and sums over a batch of examples."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, TypeAlias

import sympy

from symgrad.errors import ProgramError
from symgrad.language.dimensions import Dimension
from symgrad.language.expressions import Operation
from symgrad.language.operations.constants import eye, filled, ones, zeros
from symgrad.language.scope import function_named
from symgrad.language.symbols import Extent
from symgrad.language.sympy_nodes import call, total
from symgrad.language.sympy_rules import dimension_of
from symgrad.language.sympy_trees import sympified

SympyFunction: TypeAlias = Callable[..., sympy.Expr]


def batch_sum(expression: object, over: object) -> sympy.Expr:
    """The sum over the examples of a batch; `over` are the symbols of which each has its own.

    Raises: ProgramError where `over` is not made of symbols.

    >>> w, x, t = sympy.symbols("w x t", real=True)
    >>> batch_sum((w * x - t) ** 2, over=(x, t))
    sum((w * x - t)**2 for x, t in batch)
    """
    return total(batch_sum.__name__, expression, _over(over))


def batch_mean(expression: object, over: object) -> sympy.Expr:
    """The mean over the examples of a batch; `over` are the symbols of which each has its own."""
    return total(batch_mean.__name__, expression, _over(over))


def _over(symbols: object) -> tuple[sympy.Basic, ...]:
    several = isinstance(symbols, Iterable) and not isinstance(symbols, str | sympy.Basic)
    return tuple(map(sympified, symbols if several else (symbols,)))  # type: ignore[call-overload]


@cache
def _function(name: str, operation: Operation) -> SympyFunction:
    """The operation as a function of SymPy expressions."""

    def function(*arguments: object, **options: Any) -> sympy.Expr:
        for option, value in options.items():
            own = option in operation.parameters
            kinds = (int, float, sympy.Integer, sympy.Float) if own else (int, sympy.Integer)
            if not isinstance(value, kinds) or isinstance(value, bool):
                kind = "a number" if own else "a number, 0 or 1"
                raise ProgramError(f"{name}: {option} must be {kind}, not {value!r}")
        match arguments:
            case [str(spec), *rest] if "spec" in operation.options:
                return call(operation.name, *rest, spec=spec, **options)
        return call(operation.name, *arguments, **options)

    return _documented(function, name, operation)


@cache
def _constant(operation: Operation) -> SympyFunction:
    """A constant of the language as SymPy's own, `ones(n)` as `OneMatrix(n, 1)`."""

    def function(*dimensions: Extent) -> sympy.Expr:
        rows, columns = filled(operation, tuple(map(dimension_of, dimensions))).shape
        return MATRICES[operation.name](rows, columns)

    return _documented(function, operation.name, operation)


def _documented(function: SympyFunction, name: str, operation: Operation) -> SympyFunction:
    function.__name__ = function.__qualname__ = name
    function.__doc__ = operation.sentence
    return function


MATRICES: dict[str, Callable[[Dimension, Dimension], sympy.Expr]] = {
    ones.name: sympy.OneMatrix,
    zeros.name: sympy.ZeroMatrix,
    eye.name: lambda rows, columns: sympy.Identity(rows),
}


def sympy_function(name: str) -> SympyFunction | None:
    """The function of the language of that name on SymPy expressions, if there is one.

    >>> softmax = sympy_function("softmax")
    >>> softmax(sympy.MatrixSymbol("x", 3, 1))
    softmax(x)
    """
    operation = function_named(name)
    if operation is None:
        return None
    return _constant(operation) if name in MATRICES else _function(name, operation)
