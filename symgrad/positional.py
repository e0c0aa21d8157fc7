"""The derived function of SymPy symbols, its arguments in their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import sympy

from symgrad.calculus import as_problem
from symgrad.calculus import derive as calculus
from symgrad.errors import UnknownNameError
from symgrad.language.names import name_of
from symgrad.language.problem import Wrt
from symgrad.numerics.function import compile_derivation

Values: TypeAlias = tuple[Any, ...]


def lambdify(
    symbols: Sequence[sympy.Basic], expression: sympy.Basic | str, wrt: Wrt = None
) -> Callable[..., Values]:
    """A NumPy function of the values of these symbols, as sympy.lambdify makes one: it returns the
    value of the expression, and its gradient by each of `wrt` (default: all symbols).

    Raises: SymgradError where a symbol is none of the expression, or one of it is missing.

    >>> n = sympy.Symbol("n", integer=True, positive=True)
    >>> A, x = sympy.MatrixSymbol("A", n, n), sympy.MatrixSymbol("x", n, 1)
    >>> f = lambdify([x, A], (x.T * A * x)[0, 0], wrt=[x])
    >>> value, by_x = f([1.0, 2.0], [[2.0, 0.0], [0.0, 3.0]])
    >>> float(value), by_x
    (14.0, array([ 4., 12.]))
    """
    problem = as_problem(expression)
    names = [*map(name_of, symbols)]
    counts = [*map(str, problem.counts)]
    for name in names:
        if name not in problem.variables and name not in counts:
            raise UnknownNameError(f"{name} does not stand in the expression")
    if missing := [name for name in (*problem.variables, *counts) if name not in names]:
        raise UnknownNameError(f"no argument is given for {', '.join(missing)}")
    variables = (problem.variables[name] for name in names if name not in counts)
    chosen = [v.name for v in variables if v.differentiable]
    keys = problem.wrt(chosen if wrt is None else wrt)
    function = compile_derivation(calculus.derived("gradient", problem, keys))

    def derived(*values: Any) -> Values:
        """The value, and the gradients."""
        if len(values) != len(names):
            raise TypeError(f"{len(names)} arguments are wanted: {', '.join(names)}")
        value, gradient = function(dict(zip(names, values, strict=True)))
        return (value, *(gradient[key] for key in keys))

    return derived
