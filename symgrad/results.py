"""What a derivation ends in: each derivative as text, LaTeX, SymPy, or entry by entry."""

from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import shorten
from typing import Any

import sympy

from symgrad import rendering
from symgrad.calculus import derivation as data
from symgrad.calculus.closed_form import ClosedForm
from symgrad.calculus.derivation import Key, Outcome
from symgrad.calculus.functions import aligned
from symgrad.calculus.index_notation import IndexForm, in_language
from symgrad.calculus.notation import Notation
from symgrad.calculus.recurrences.joined import Joined
from symgrad.calculus.vectorized import Vectorized, vectorized
from symgrad.errors import MissingKeyError, OptionError
from symgrad.language.expressions import Expression
from symgrad.language.sympy_output import sympy_of
from symgrad.language.table import Table
from symgrad.language.unparse import unparse


class Results(dict[Key, Any]):
    """The results of a derivation by their keys. Raises: MissingKeyError for a key without one."""

    def __missing__(self, key: object) -> Any:
        raise MissingKeyError(
            f"there is no result for {key!r}; there are {', '.join(map(repr, self))}"
        )


@dataclass(frozen=True)
class Component:
    """The entry of a derivative at index letters, as text of the language and in LaTeX.

    `array` is the whole: vector(... for i in range(n)), which reads back."""

    name: str
    form: IndexForm = field(repr=False)
    table: Table = field(repr=False)

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters of its indices, in the order of its axes."""
        return tuple(letter.name for letter in self.form.letters)

    @property
    def text(self) -> str:
        """sum(A[i, j] * x[j] for j in range(n))"""
        return unparse(self.form.body)

    @property
    def latex(self) -> str:
        r"""\sum_{j} A_{ij} x_{j}"""
        return rendering.latex_expression(self.form.body, self.table)

    @property
    def array(self) -> str:
        """All entries, as text of the language."""
        return unparse(self.form.expression)

    @property
    def line(self) -> str:
        """The entry with its indices: x[i]: ..."""
        at = f"[{', '.join(self.letters)}]" if self.letters else ""
        return f"{self.name}{at}: {self.text}"

    def __repr__(self) -> str:
        """The entry."""
        return f"<Component {shorten(self.line, 160, placeholder='...')}>"

    def _repr_latex_(self) -> str:
        """The entry."""
        return f"$${self.latex}$$"

    def __str__(self) -> str:
        return self.text


def component_of(outcome: Outcome, table: Table) -> Component:
    """A result by its definition in index notation; what the user named keeps its name."""
    naming = outcome.naming
    notation = Notation(naming.reference, naming.bound, naming.taken)
    form = notation.index_form(aligned(outcome.entry, outcome.labels))
    key = outcome.key if isinstance(outcome.key, str) else ", ".join(outcome.key)
    return Component(key, form, table)


@dataclass(frozen=True)
class Result:
    """One derivative in closed form, written when it is asked for.

    `expression` is text of the language: after the problem's declarations and definitions it parses
    and has the value; where it would be long, its own definitions come first, one a line.
    `notation` is "matrix", or "index" where matrix notation cannot say it. `latex` is the
    right-hand side.
    """

    data: data.Derivation = field(repr=False)
    key: Key

    @property
    def _form(self) -> ClosedForm:
        return self.data.outcomes[self.key].brief

    @property
    def notation(self) -> str:
        """ "matrix" or "index"."""
        return "index" if isinstance(self._form.expression, IndexForm) else "matrix"

    @property
    def expression(self) -> str:
        """The right-hand side as text."""
        return self._form.text

    @property
    def latex(self) -> str:
        """The right-hand side in LaTeX, its own definitions after it."""
        form = self._form
        table = self.data.table

        def written(e: Expression) -> str:
            return rendering.latex_expression(e, table)

        parts = [f"{written(name)} = {written(value)}" for name, value in form.definitions]
        return r",\quad ".join([written(form.expression), *parts])

    @property
    def vectorized(self) -> Vectorized | None:
        """d vec(f) / d vec(X)^T of a Jacobian or Hessian with three or four indices, by Kronecker
        products (`text` and `latex`); None where it has no such form.

        >>> import symgrad as sg
        >>> derivation = sg.jacobian("A: Matrix(m, m)\\nX: Matrix(m, n)\\nf = A @ X", "X")
        >>> derivation.results["X"].vectorized.text
        'kron(eye(n), A)'
        """
        return vectorized(self.data, self.data.outcomes[self.key])

    def component(self) -> Component:
        """The entry [i, j] of the derivative, as text with indices (`str`, `.text`) and `.latex`.

        >>> import symgrad as sg
        >>> derived = sg.derive("A: Matrix(n, n)\\nx: Vector(n)\\nloss = x.T @ A @ x", "A")
        >>> print(derived.results["A"].component())
        x[i] * x[j]
        """
        return component_of(self.data.outcomes[self.key], self.data.table)

    def sympy(self) -> sympy.Basic:
        """The derivative as a SymPy expression of the problem's variables: a matrix expression, or
        where it is said entry by entry a Sum, a FunctionMatrix, an ArrayComprehension.

        Raises: SymgradError for the number of examples of a batch.

        >>> import symgrad as sg
        >>> derived = sg.derive("A: Matrix(n, n)\\nx: Vector(n)\\nloss = x.T @ A @ x", "x")
        >>> derived.results["x"].sympy()
        (A + A.T)*x
        """
        form, problem = self._form, self.data.problem
        own = {name.name: value for name, value in form.definitions}
        return sympy_of(
            in_language(form.expression), {**problem.definitions, **own}, problem.symbols
        )

    def _repr_latex_(self) -> str:
        """The right-hand side."""
        return f"$${self.latex}$$"

    def __str__(self) -> str:
        return self.expression


@dataclass(frozen=True)
class StepResult(Result):
    """One gradient of a program with steps: its last line, after the lines that it uses."""

    data: Joined = field(repr=False)  # type: ignore[assignment]

    @property
    def notation(self) -> str:
        """ "matrix"."""
        return "matrix"

    @property
    def expression(self) -> str:
        """The right-hand side as text, of a series that of an entry, after the equations that it
        uses: what is at T, and at every other step."""
        return self.data.text(str(self.key))

    @property
    def latex(self) -> str:
        """The right-hand side in LaTeX."""
        e = self.data.results[str(self.key)].expression
        return rendering.latex_expression(e, self.data.table)

    @property
    def vectorized(self) -> None:
        """A gradient has at most two indices."""
        return None

    def sympy(self) -> sympy.Basic:
        """Raises: OptionError: SymPy has no recursion of states."""
        raise OptionError("a result with states over time has no form in SymPy")

    def component(self) -> Component:
        """Raises: OptionError: the recursion is said in matrix notation."""
        raise OptionError("a result with states over time is not written entry by entry")
