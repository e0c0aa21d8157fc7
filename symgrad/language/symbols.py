"""Variables as SymPy symbols: Scalar, Vector, Matrix, Index, each with the facts known of it."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from typing import Any, TypeAlias

import sympy
from sympy.core.symbol import Str

from symgrad.errors import ShapeError
from symgrad.language.dimensions import ONE, Dimension
from symgrad.language.expressions import Name
from symgrad.language.names import name_of
from symgrad.language.problem import Variable, variable_like
from symgrad.language.sympy_indices import base_of
from symgrad.language.sympy_nodes import MatrixOperators, Operators
from symgrad.language.sympy_rules import check_free, dimension_of

Extent: TypeAlias = str | int | Dimension  # a dimension, or the name of one


class Vector(MatrixOperators, sympy.MatrixSymbol):  # type: ignore[misc]
    """A column of n numbers, an n x 1 MatrixSymbol.

    Facts: positive, simplex (entries at least 0 that sum to 1), one_hot, data (no parameter).
    Raises: ShapeError for what is no dimension, ProgramError for an unknown fact.

    >>> y = Vector("y", "k", simplex=True)
    >>> y.shape, y - 2 * Vector("f", "k")
    ((k, 1), y - 2 * f)
    """

    variable: Variable

    def __new__(cls, name: Any, n: Extent, one: Any = 1, *rebuilt: Str, **facts: bool) -> Any:
        """The vector of that name; `one` and `rebuilt` stand where SymPy rebuilds it."""
        return _matrix(cls, "Vector", name, (n,), rebuilt if one == 1 else (one,), facts)


class Matrix(MatrixOperators, sympy.MatrixSymbol):  # type: ignore[misc]
    """An m x n MatrixSymbol.

    Facts: positive, symmetric, orthogonal, data (no parameter).
    Raises: ShapeError for what is no dimension, ProgramError for an unknown fact.

    >>> W, x = Matrix("W", "m", "n"), Vector("x", "n")
    >>> (W * x).shape
    (m, 1)
    """

    variable: Variable

    def __new__(cls, name: Any, m: Extent, n: Extent = "", *rebuilt: Str, **facts: bool) -> Any:
        """The matrix of that name; `rebuilt` stands where SymPy rebuilds it."""
        return _matrix(cls, "Matrix", name, (m, n), rebuilt, facts)


class Scalar(Operators, sympy.Symbol):  # type: ignore[misc]
    """A real number, a real Symbol. Facts: positive, data (no parameter).

    >>> lam = Scalar("lam", positive=True)
    >>> 1 - lam * lam, lam.is_positive
    (1 - lam * lam, True)
    """

    variable: Variable

    def __new__(cls, name: str, **facts: bool) -> Any:
        """The scalar of that name."""
        variable = _variable("Scalar", name, (), {fact for fact, holds in facts.items() if holds})
        return _symbol(cls, variable, real=True, positive="positive" in variable.facts or None)

    def _hashable_content(self) -> tuple[Any, ...]:
        return (*super()._hashable_content(), *sorted(self.variable.facts))

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, bool]]:
        return (self.name,), dict.fromkeys(self.variable.facts, True)


class Index(sympy.Symbol):  # type: ignore[misc]
    """An integer label from 0 to n - 1, such as a class or a node: `Z[v]` is row v of a matrix.

    >>> v, Z = Index("v", "n"), Matrix("Z", "n", "r")
    >>> Z[v].shape
    (r, 1)
    """

    variable: Variable
    expression: Name

    def __new__(cls, name: str, n: Extent) -> Any:
        """The label of that name."""
        variable = _variable("Index", name, (dimension_of(n),), set())
        return _symbol(cls, variable, integer=True, nonnegative=True)

    def _hashable_content(self) -> tuple[Any, ...]:
        return (*super()._hashable_content(), *self.variable.dims)

    def __getnewargs_ex__(self) -> tuple[tuple[str, Dimension], dict[str, bool]]:
        return (self.name, self.variable.dims[0]), {}


def variable_of(symbol: sympy.Symbol | sympy.MatrixSymbol | sympy.Indexed) -> Variable:
    """The variable that any symbol stands for, one of SymPy's own, too; an Indexed is of one.

    >>> variable_of(sympy.MatrixSymbol("x", 3, 1)).kind
    'Vector'
    """
    if isinstance(symbol, Scalar | Vector | Matrix | Index):
        return symbol.variable
    if isinstance(symbol, sympy.Indexed):
        base = base_of(symbol)
        return replace(variable_like(check_free(base.name), base.shape), facts=_known(symbol.base))
    if isinstance(symbol, sympy.MatrixSymbol):
        rows, columns = map(dimension_of, symbol.shape)
        column = columns == ONE and rows != ONE
        kind, dims = ("Vector", (rows,)) if column else ("Matrix", (rows, columns))
        return _variable(kind, name_of(symbol), dims, set())
    return _variable("Scalar", name_of(symbol), (), _known(symbol))


def _known(symbol: sympy.Expr) -> frozenset[str]:
    """What SymPy knows of it."""
    return frozenset({"positive"} if symbol.is_positive else ())


def _variable(kind: str, name: Any, dims: tuple[Dimension, ...], facts: Set[str]) -> Variable:
    return Variable(check_free(str(name)), kind, dims, frozenset(facts))


def _matrix(
    cls: Any, kind: str, name: Any, dims: tuple[Extent, ...], rebuilt: Any, facts: dict[str, bool]
) -> Any:
    """The symbol with args (name, rows, columns, facts ...), from which SymPy can rebuild it."""
    if "" in dims or not all(isinstance(fact, Str) for fact in rebuilt):
        count = "one dimension" if kind == "Vector" else "two dimensions"
        raise ShapeError(f"{name}: a {kind} has {count}; use Matrix(name, m, n)")
    holding = {fact.name for fact in rebuilt} | {fact for fact, holds in facts.items() if holds}
    variable = _variable(kind, name, tuple(map(dimension_of, dims)), holding)
    return _with_variable(
        sympy.Basic.__new__(cls, Str(variable.name), *variable.shape, *map(Str, sorted(holding))),
        variable,
    )


def _symbol(cls: Any, variable: Variable, **assumptions: bool | None) -> Any:
    """A Symbol past SymPy's cache, which does not know the facts."""
    holding = {fact: value for fact, value in assumptions.items() if value is not None}
    return _with_variable(sympy.Symbol.__xnew__(cls, variable.name, **holding), variable)


def _with_variable(symbol: Any, variable: Variable) -> Any:
    symbol.variable, symbol.expression = variable, variable.expression()
    return symbol
