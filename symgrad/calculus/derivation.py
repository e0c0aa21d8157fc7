"""A derivation as plain data: what was given, its steps, its results. Printers only print it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

from symgrad.calculus.chain_rule import Reverse
from symgrad.calculus.closed_form import ClosedForm, closed_result, named_form
from symgrad.calculus.index_notation import Derivative, IndexForm
from symgrad.calculus.naming import Naming
from symgrad.calculus.nodes import Entry, Label, Node, topological
from symgrad.calculus.recorded import Applied
from symgrad.calculus.step import SOLVING, Step
from symgrad.calculus.term_graph import NoMatrixForm
from symgrad.language.dimensions import SCALAR, Shape
from symgrad.language.expressions import Expression, Name, is_call, leaves, parts
from symgrad.language.operations.arithmetic import transpose
from symgrad.language.operations.meanings import REWRITES
from symgrad.language.problem import Problem, Variable, variable_like
from symgrad.language.table import Look, Table
from symgrad.language.unparse import unparse

Key = str | tuple[str, str]
LONGEST_INDEX_FORM = 160  # characters
LONGEST_RESULT = 120  # characters, where the last step says it in half of them
LONGEST_DEFINED = 100  # characters of a result with definitions of its own


@dataclass(frozen=True)
class Outcome:
    """One result, as the derivation's last line says it: in closed form where that is short, else
    by the names of the steps, or with `definitions` of its own.

    `entry` and `labels` are the result in index notation: its axes in the order of the layout.
    `transposed` says that this is the transpose of the derivative called `name`, `convention` how
    the entries of a symmetric variable count (see `conventions`). `last` is what the
    last step has for it, if anything; `long` says that the closed form is longer than that.
    `written` is the same in terms of the program's definitions, where that may be short.
    """

    key: Key
    name: Expression
    shape: Shape
    entry: Entry
    labels: tuple[Label, ...]
    naming: Naming = field(repr=False)
    last: Expression | None
    long: bool
    written: Entry | None = None
    transposed: bool = False
    convention: str = "independent"

    @property
    def moved(self) -> bool:
        """Whether it is made of what the chain rule gives: its transpose, or by a convention."""
        return self.transposed or self.convention != "independent"

    @property
    def turned(self) -> bool:
        """Whether the steps have its transpose: in another layout, or by a row variable."""
        return self.transposed or self.shape[:1] == SCALAR[:1]

    @cached_property
    def closed(self) -> ClosedForm:
        """The result in closed form, however long."""
        return closed_result(self.entry, self.labels, self.naming)

    @cached_property
    def brief(self) -> ClosedForm:
        """The shorter one of the closed form and that in terms of the program's definitions."""
        form = self._in_definitions
        return form if form and len(form.text) <= len(self.closed.text) else self.closed

    @cached_property
    def form(self) -> ClosedForm:
        """What the derivation's last line says: by the names of the steps where it would be long,
        without being written out to see that."""
        last = None if self.last is None else ClosedForm((), self.last)
        if isinstance(self.last, IndexForm) and not isinstance(self.closed.expression, IndexForm):
            last = None
        long = self.long or _is_long(self.closed)
        closed = (self._in_definitions or last or self.closed) if long else self.brief
        if last is None or closed is last or len(closed.text) <= LONGEST_RESULT:
            return closed
        return last if 2 * len(last.text) <= len(closed.text) else closed

    @cached_property
    def _in_definitions(self) -> ClosedForm | None:
        """The closed form in terms of the program's definitions, where it is short."""
        if self.written is None:
            return None
        try:
            form = named_form(self.written, self.labels, self.naming)
        except NoMatrixForm:
            return None
        return form if not form.definitions or len(form.text) <= LONGEST_DEFINED else None

    def beside(self, named: Mapping[Node, Name]) -> Outcome:
        """The same result after others, which have these names for what they define. A long one is
        not written out to see whether it defines anything."""
        if not named or not (self.long or self.definitions):
            return self
        taken = self.naming.taken | {name.name for name in named.values()}
        definitions = {**self.naming.definitions, **named}
        return replace(self, naming=replace(self.naming, definitions=definitions, taken=taken))

    @property
    def definitions(self) -> tuple[tuple[Name, Expression], ...]:
        """What the expression needs beside the names of the steps, in order."""
        return self.form.definitions

    @property
    def named(self) -> dict[Node, Name]:
        """What these definitions are names of."""
        return {n: name for n, (name, _) in zip(self.form.nodes, self.definitions, strict=True)}

    @property
    def expression(self) -> Expression:
        """The right-hand side."""
        return self.form.expression


def _is_long(form: ClosedForm) -> bool:
    if isinstance(form.expression, IndexForm):
        return len(unparse(form.expression.body)) > LONGEST_INDEX_FORM
    return bool(form.definitions)


@dataclass(frozen=True, eq=False)
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
    applied: tuple[Applied, ...] = ()  # the rules by which it was derived
    seeds: Mapping[str, str] = field(default_factory=dict)
    layout: str = ""
    passes: tuple[Reverse, ...] = ()  # what the chain rule gave, pass by pass
    names: Mapping[Node, Expression] = field(default_factory=dict)
    inputs: Mapping[str, Node] = field(default_factory=dict)
    free: Entry | None = None
    upstream: tuple[Derivative, Name] | None = None  # dL/df of a pull-back, and what it is called

    def __repr__(self) -> str:
        """What it is, without its steps."""
        by = ", ".join(self.wrt)
        return f"<{self.kind} of {self.problem.output_name} by {by}: {len(self.steps)} steps>"

    @cached_property
    def printed(self) -> Mapping[Key, Outcome]:
        """The results one after the other: what several use is defined once."""
        named: dict[Node, Name] = {}
        found = {}
        for key, alone in self.outcomes.items():
            found[key] = alone.beside(named)
            named |= found[key].named
        return found

    @cached_property
    def rewrites(self) -> tuple[Applied, ...]:
        """The rules that were applied: those of declared facts in the closed forms, too, which may
        be used there alone. They are found when they are asked for, as those forms are."""
        facts = {rule.fact for rule in REWRITES if rule.fact}
        if not any(facts & v.facts for v in self.problem.variables.values()):
            return self.applied
        forms = [step.closed for step in self.steps]
        forms += [form for o in self.outcomes.values() for form in (o.closed, o.form)]
        used = {r.identity: r for form in forms if form for r in form.applied if r.fact}
        told = {rule.identity for rule in self.applied}
        return (*self.applied, *(rule for rule in used.values() if rule.identity not in told))

    @cached_property
    def table(self) -> Table:
        """What each name looks like."""
        return self.table_in(Look())

    def table_in(self, look: Look) -> Table:
        """What each name looks like: the user's first, then those of the steps."""
        look = replace(look, given=frozenset(self.problem.variables))
        names = (name for name in sorted(self.naming.symbols) if name != "loss")
        table = Table(names, look=look)
        if self.output_called not in self.naming.symbols:
            table.symbols["loss"] = table.symbol(self.output_called)
        return table

    @property
    def shapes(self) -> dict[str, Shape]:
        """The shape of each name, of the user's and of the steps'."""
        problem = self.problem
        given = {v.name: v.shape for v in (*problem.variables.values(), *self.seed_variables)}
        given |= {name: value.shape for name, value in problem.definitions.items()}
        own = [step.left for step in self.steps]
        own += [name for outcome in self.printed.values() for name, _ in outcome.definitions]
        return given | shapes_of(own)

    @property
    def output_called(self) -> str:
        """What the steps call the loss (or f), where that is no definition of the user's."""
        top = self.names.get((self.free or self.value).node)
        if top is not None and is_call(top, transpose):
            (top,) = top.arguments
        given = self.problem.output_name
        moved = self.value.labels != self.value_labels
        own = isinstance(top, Name) and top.name not in self.naming.symbols and not moved
        return top.name if isinstance(top, Name) and own else given

    @property
    def seed_variables(self) -> list[Variable]:
        """The inputs that a caller gives beside the problem's."""
        return [
            variable_like(name, self.problem.output.shape)
            if self.kind == "pullback"
            else replace(self.problem.variables[of], name=name, facts=frozenset())
            for name, of in self.seeds.items()
        ]

    def __reduce__(self) -> tuple[Callable[..., Derivation], tuple[object, ...]]:
        """Pickled with nodes and expressions before what they stand in: nothing recurses over the
        depth of a model. What was written on request is not pickled."""
        state = {f.name: getattr(self, f.name) for f in fields(self)}
        state["steps"] = tuple(replace(step) for step in self.steps)
        state["outcomes"] = {key: replace(outcome) for key, outcome in self.outcomes.items()}
        state["passes"] = tuple(replace(backward) for backward in self.passes)
        nodes = [*self.names, *self.naming.definitions, self.value.node]
        for step in self.steps:
            nodes += [
                step.node,
                *filter(None, (step.of, *(p and p.node for p in (step.plain, step.named)))),
            ]
        nodes += [outcome.entry.node for outcome in self.outcomes.values()]
        nodes += [e.node for backward in self.passes for e in backward.cotangents.values()]
        nodes = sorted(topological(nodes), key=lambda node: node.serial)  # as they were made
        written = [e for step in self.steps for e in (step.left, step.right)]
        written += [*self.problem.definitions.values(), self.problem.output]
        pieces = [piece for e in written for piece in parts(e)]
        return _unpickled, (nodes, pieces, state)


def shapes_of(names: Iterable[Expression]) -> dict[str, Shape]:
    """The shape of each name, among them rows by the names of columns; derivatives left out."""
    inner = (leaf for name in names for leaf in leaves(name))
    return {x.name: x.shape for x in inner if isinstance(x, Name) and type(x) is Name}


def _unpickled(nodes: object, pieces: object, state: dict[str, Any]) -> Derivation:
    return Derivation(**state)


__all__ = ["SOLVING", "Derivation", "Derivative", "IndexForm", "Key", "Outcome", "Step"]
