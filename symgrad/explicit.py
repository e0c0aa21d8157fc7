"""The Jacobian of an explicit column of expressions, one row for each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import sympy

from symgrad import rendering
from symgrad.calculus import as_problem
from symgrad.calculus import derive as calculus
from symgrad.calculus.derivation import Derivation
from symgrad.errors import ShapeError
from symgrad.language.dimensions import SCALAR
from symgrad.language.names import name_of
from symgrad.language.problem import Problem, Wrt
from symgrad.language.sympy_output import sympy_of
from symgrad.language.sympy_trees import sympified

if TYPE_CHECKING:
    import numpy as np

    from symgrad.numerics.checks.steps import Verification


class Explicit:
    """A matrix whose entries are derivatives of their own."""

    def _entries(self, form: str) -> list[list[str]]:
        """The entries in "text" or "latex", row by row."""
        raise NotImplementedError

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The entries as text, row by row."""
        return tuple(map(tuple, self._entries("text")))

    @property
    def latex(self) -> str:
        """The matrix in LaTeX."""
        rows = r" \\ ".join(map(" & ".join, self._entries("latex")))
        return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {shorten(str(self), 160, placeholder='...')}>"

    def _repr_latex_(self) -> str:
        return f"$${self.latex}$$"

    def __str__(self) -> str:
        """[[2 * x, 1], [y, x]]"""
        rows = (f"[{', '.join(row)}]" for row in self.rows)
        return f"[{', '.join(rows)}]"


@dataclass(frozen=True, repr=False)
class ExplicitJacobian(Explicit):
    """The Jacobian of `sympy.Matrix([f1, f2])` by numbers, a row for each expression, a column for
    each variable; `wrt` are their names.

    `derivations` has the gradient of each expression; None where it has none of the variables.
    """

    problems: tuple[Problem, ...]
    derivations: tuple[Derivation | None, ...]
    wrt: tuple[str, ...]

    def _entries(self, form: str) -> list[list[str]]:
        return [[_written(d, name, form) for name in self.wrt] for d in self.derivations]

    def verify(self, seed: int = 0) -> Verification:
        """Check every step of every row at random numbers."""
        from symgrad.numerics.checks.steps import Verification
        from symgrad.numerics.checks.verification import verify

        checks = (verify(d, seed) for d in self.derivations if d is not None)
        return Verification(tuple(step for check in checks for step in check.steps))

    def evaluate(self, inputs: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
        """The expressions and their Jacobian at numbers."""
        import numpy as np

        from symgrad.numerics.function import compile_derivation

        matrix, values = np.zeros((len(self.problems), len(self.wrt))), []
        for row, problem, derivation in zip(matrix, self.problems, self.derivations, strict=True):
            own = {name: inputs[name] for name in problem.variables if name in inputs}
            value, slopes = compile_derivation(derivation or calculus.value(problem))(own)
            row[:] = [slopes.get(name, 0.0) for name in self.wrt] if derivation else 0.0
            values.append(value)
        return np.array(values), matrix


@dataclass(frozen=True, repr=False)
class ExplicitGradient(Explicit):
    """The gradient of a number by an explicit matrix of symbols, entry by entry in its layout."""

    derivation: Derivation
    wrt: sympy.ImmutableMatrix

    def _entries(self, form: str) -> list[list[str]]:
        return [[_written(self.derivation, name_of(x), form) for x in r] for r in self.wrt.tolist()]

    def sympy(self) -> sympy.Matrix:
        """The matrix of SymPy expressions of the symbols that were given."""
        problem = self.derivation.problem
        outcomes = self.derivation.outcomes

        def entry(symbol: sympy.Symbol) -> sympy.Expr:
            if name_of(symbol) not in outcomes:
                return sympy.Integer(0)
            closed = outcomes[name_of(symbol)].closed
            own = {name.name: value for name, value in closed.definitions}
            return sympy_of(closed.expression, {**problem.definitions, **own}, problem.symbols)

        return sympy.Matrix(*self.wrt.shape, [entry(symbol) for symbol in self.wrt])


def _written(derivation: Derivation | None, name: str, form: str) -> str:
    """An entry as text or LaTeX; 0 where the expression does not have the variable."""
    outcome = None if derivation is None else derivation.outcomes.get(name)
    if derivation is None or outcome is None:
        return "0"
    closed = outcome.closed
    if form == "text":
        return closed.text
    return rendering.latex_expression(closed.expression, derivation.table)


def _column(expressions: Any) -> sympy.MatrixBase:
    """A list, or an array of SymPy's, as a matrix; text in it is never read."""
    if isinstance(expressions, sympy.MatrixBase):
        return expressions
    if isinstance(expressions, sympy.NDimArray) and expressions.rank() != 1:
        raise ShapeError(
            f"a Jacobian is of a column of expressions; this is an array of {expressions.rank()} "
            "axes: give its entries as one, sympy.flatten(array)"
        )
    return sympy.Matrix([sympified(x) for x in expressions])


def explicit_jacobian(expressions: Any, wrt: Wrt) -> ExplicitJacobian:
    """The Jacobian of a column (or row, list, array) of expressions by variables that are numbers.

    >>> x, y = sympy.symbols("x y")
    >>> print(explicit_jacobian(sympy.Matrix([x**2 + y, x * y + y**2]), [x, y]))
    [[2 * x, 1], [y, 2 * y + x]]
    """
    column = _column(expressions)
    if 1 not in column.shape:
        raise ShapeError(
            f"a Jacobian is of a column of expressions; this is {column.shape}: give its entries "
            "as one, matrix.vec(), column by column"
        )
    problems = tuple(map(as_problem, column))
    variables = {name: v for problem in problems for name, v in problem.variables.items()}
    whole = Problem(variables, {}, problems[0].output)
    names = whole.wrt(wrt)
    for name in names:
        if variables[name].shape != SCALAR:
            raise ShapeError(f"{name} is no number: derive each expression by it with sg.derive")
    derivations = []
    for problem in problems:
        own = [name for name in names if name in problem.variables]
        derivations.append(calculus.derived("gradient", problem, own) if own else None)
    return ExplicitJacobian(problems, tuple(derivations), names)
