"""A result entry by entry: (A x)_i = sum_j A_ij x_j."""

from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import shorten

from symgrad import rendering
from symgrad.calculus.derivation import Outcome
from symgrad.calculus.functions import aligned
from symgrad.calculus.index_notation import IndexForm
from symgrad.calculus.notation import Notation
from symgrad.language.table import Table
from symgrad.language.unparse import unparse


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
