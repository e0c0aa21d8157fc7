"""The lines of a solution, and what must hold for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from symgrad.calculus.closed_form import closed_result
from symgrad.calculus.functions import aligned
from symgrad.calculus.index_notation import in_language
from symgrad.calculus.naming import Naming
from symgrad.calculus.nodes import Entry, Label, Node, new_labels
from symgrad.calculus.notation import Notation
from symgrad.calculus.polynomials import contract
from symgrad.calculus.stationary.equation import Equation, NoClosedForm
from symgrad.language.expressions import Expression
from symgrad.language.literals import retyped
from symgrad.language.phrases import quoted
from symgrad.language.unparse import unparse


class Line(NamedTuple):
    """One line: left = right, what was done, and why it may be done."""

    left: Expression
    right: Expression
    rule: str
    sentence: str


@dataclass
class Writing:
    """Writes entries by the user's names."""

    naming: Naming

    @property
    def _notation(self) -> Notation:
        return Notation(self.naming.reference, self.naming.bound, self.naming.taken)

    def write(self, entry: Entry, labels: Sequence[Label]) -> Expression:
        """An entry over these labels, as it is."""
        node = aligned(entry, labels)
        whole = self._notation.whole(node)
        if whole is None:
            whole = in_language(self._notation.index_form(node))
        if whole is None:
            raise NoClosedForm("an equation for it can be written in no notation that there is")
        return retyped(whole, self.naming.spelled)

    def short(self, entry: Entry, labels: Sequence[Label]) -> Expression:
        """The same simplified, where that is one expression."""
        form = closed_result(entry, tuple(labels), self.naming)
        said = None if form.definitions else in_language(form.expression)
        return self.write(entry, labels) if said is None else said

    def define(self, node: Node) -> Expression:
        """A node by its definition, in the language."""
        said = in_language(self._notation.defined(node))
        return self.write(Entry(node, new_labels(node.axes)), ()) if said is None else said


@dataclass
class Page(Writing):
    """The lines that solve for the unknown called `name`, as a column, where it is a row."""

    name: Expression
    lines: list[Line] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    remark: str = ""  # on what was found
    inverted: bool = False  # whether the unknown's inverse stood there

    def __str__(self) -> str:
        """The name of the unknown."""
        return unparse(self.name)

    def text(self, entry: Entry, labels: Sequence[Label] | None = None) -> str:
        """An entry in the language."""
        return unparse(self.short(entry, entry.labels if labels is None else labels))

    def defined(self, node: Node) -> str:
        """A node in the language: name and definition, or the latter alone."""
        text = self.text(Entry(node, new_labels(node.axes)))
        definition = unparse(self.define(node))
        named = text != definition and text.isidentifier()
        return f"{text} = {definition}" if named else definition

    def code(self, entry: Entry, labels: Sequence[Label] | None = None) -> str:
        """An entry in the language, marked as a formula of a sentence."""
        return quoted(self.short(entry, entry.labels if labels is None else labels))

    def line(self, left: Expression, right: Expression, rule: str, sentence: str) -> None:
        """A line, unless it says what the last one says."""
        said = [(unparse(line.left), unparse(line.right)) for line in self.lines[-1:]]
        if (unparse(left), unparse(right)) not in said:
            self.lines.append(Line(left, right, rule, sentence))

    def sides(
        self, left: Entry, right: Entry, labels: Sequence[Label], rule: str, sentence: str
    ) -> None:
        """left = right, of entries over these labels."""
        self.line(self.write(left, labels), self.write(right, labels), rule, sentence)

    def equation(self, equation: Equation, rule: str, sentence: str) -> None:
        """sum of terms = 0"""
        whole = contract(equation.terms, equation.labels)
        self.sides(whole, contract([], ()), equation.labels, rule, sentence)

    def need(self, condition: str) -> None:
        """Note what must hold."""
        if condition not in self.conditions:
            self.conditions.append(condition)
