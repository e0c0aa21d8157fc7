"""A derivation as plain data: what was given, its steps, its results. Printers only print it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from symgrad.calculus.chain_rule import Reverse
from symgrad.calculus.closed_form import ClosedForm, closed_form, closed_result
from symgrad.calculus.index_notation import Derivative, IndexForm
from symgrad.calculus.naming import Naming
from symgrad.calculus.nodes import Entry, Label, Node
from symgrad.calculus.rebuilding import at
from symgrad.calculus.term_graph import NoMatrixForm
from symgrad.language.dimensions import Shape
from symgrad.language.expressions import Expression, Name
from symgrad.language.operations.meanings import Rewrite
from symgrad.language.problem import Problem
from symgrad.language.table import Table
from symgrad.language.unparse import unparse

Key = str | tuple[str, str]
LONGEST_INDEX_FORM = 100  # characters


@dataclass(frozen=True)
class Step:
    """One line of a derivation.

    `left = right = simplified` (the last only where it says more). `uses` are the numbers of the
    steps that the rule refers to. `node` is what the line computes, `of` the forward node whose
    cotangent it is, `plain` the same without cotangents where that may be short.
    """

    number: int
    kind: str  # "forward" or "backward"
    left: Expression
    right: Expression
    rule: str
    uses: tuple[int, ...]
    sentence: str
    shape: Shape
    naming: Naming = field(repr=False)
    node: Node
    of: Node | None = None
    plain: Entry | None = None

    @cached_property
    def simplified(self) -> Expression | None:
        """The right-hand side without cotangents, where that is short and says something else."""
        if self.plain is None:
            return None
        labels = tuple(Label(axis) for axis in self.node.axes)
        try:
            form = closed_form(at(self.plain, labels), labels, self.naming)
        except NoMatrixForm:  # it passes a tensor
            return None
        same = unparse(form.expression) == unparse(self.right)
        return None if same or form.definitions else form.expression


@dataclass(frozen=True)
class Outcome:
    """One result, as the derivation's last line says it: in closed form where that is short, else
    by the names of the steps, or with `definitions` of its own.

    `entry` and `labels` are the result in index notation: its axes in the order of the layout.
    `transposed` says that this is the transpose of the derivative called `name`. `last` is what the
    last step has for it, if anything; `long` says that the closed form is longer than that.
    """

    key: Key
    name: Expression
    shape: Shape
    entry: Entry
    labels: tuple[Label, ...]
    naming: Naming = field(repr=False)
    last: Expression | None
    long: bool
    transposed: bool = False

    @cached_property
    def closed(self) -> ClosedForm | IndexForm:
        """The result in closed form, however long."""
        return closed_result(self.entry, self.labels, self.naming)

    @cached_property
    def _written(self) -> ClosedForm | IndexForm:
        if self.last is not None and (self.long or _is_long(self.closed)):
            return ClosedForm((), self.last)
        return self.closed

    @property
    def definitions(self) -> tuple[tuple[Name, Expression], ...]:
        """What the expression needs beside the names of the steps, in order."""
        return () if isinstance(self._written, IndexForm) else self._written.definitions

    @property
    def expression(self) -> Expression:
        """The right-hand side."""
        form = self._written
        return form if isinstance(form, IndexForm) else form.expression


def _is_long(form: ClosedForm | IndexForm) -> bool:
    if isinstance(form, IndexForm):
        return len(form.text) > LONGEST_INDEX_FORM
    return bool(form.definitions)


@dataclass(frozen=True)
class Derivation:
    """All of it. `value` is the loss (or f); `seeds` are the names of inputs that a caller gives
    beside the problem's: the cotangent of a pull-back, the directions of a directional
    derivative. What is declared of a variable is not used before it is differentiated by: `inputs`
    are these variables' nodes and `free` the value so, as the steps and the `passes` have them."""

    problem: Problem
    naming: Naming
    kind: str
    wrt: tuple[str, ...]
    value: Entry
    value_labels: tuple[Label, ...]
    steps: tuple[Step, ...]
    outcomes: Mapping[Key, Outcome]
    rewrites: tuple[Rewrite, ...] = ()
    seeds: Mapping[str, str] = field(default_factory=dict)
    layout: str = ""
    passes: tuple[
        Reverse, ...
    ] = ()  # forward nodes and their cotangents, as the chain rule gave them
    names: Mapping[Node, Expression] = field(default_factory=dict)
    inputs: Mapping[str, Node] = field(default_factory=dict)
    free: Entry | None = None

    @cached_property
    def table(self) -> Table:
        """What each name looks like: the user's first, then those of the steps."""
        table = Table(name for name in sorted(self.naming.symbols) if name != "loss")
        top = self.names.get(self.value.node)
        if isinstance(top, Name) and top.name not in self.naming.symbols:
            table.symbols["loss"] = table.symbol(top.name)
        return table


__all__ = ["Derivation", "Derivative", "IndexForm", "Key", "Outcome", "Step"]
