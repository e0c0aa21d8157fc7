"""The statements that a node stands in, taken apart into statements whose rules are known, and what
everything in them is called.

    p = softmax(x)      e = exp(x),  s = sum(e),  p = e / s
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from symgrad.calculus.algebra import transposed
from symgrad.calculus.chain_rule import Reverse, partials
from symgrad.calculus.derivation import Derivation, Derivative, IndexForm, Step
from symgrad.calculus.entries import symmetric
from symgrad.calculus.functions import aligned
from symgrad.calculus.naming import fresh
from symgrad.calculus.nodes import (
    ONE,
    Alias,
    Apply,
    Axis,
    Entry,
    Factor,
    Input,
    Label,
    Map,
    Node,
    Term,
    batch_label,
    batch_of,
    intern,
    is_batch,
    matrix_shape,
    topological,
    unnamed,
)
from symgrad.calculus.notation import Notation, full
from symgrad.calculus.polynomials import contract
from symgrad.calculus.proofs.definitions import as_it_is, renamed, taken_apart
from symgrad.calculus.proofs.lines import Kind, ProofLine
from symgrad.calculus.term_graph import NoMatrixForm
from symgrad.language.dimensions import SCALAR
from symgrad.language.expressions import Call, Expression, Name, names_in
from symgrad.language.phrases import phrase


@dataclass(frozen=True)
class Statement:
    """node[labels] = entry: the node itself, or what a symbol or a function stands for."""

    node: Node
    labels: tuple[Label, ...]
    entry: Entry
    written: Expression | None = None  # where that is plain from a definition in the language

    @property
    def is_whole(self) -> bool:
        """Whether it is not taken apart."""
        return self.entry.node is unnamed(self.node)


def _symbol(node: Node, notation: Notation) -> str:
    """What a statement is called if it has no name."""
    if isinstance(node, (Map, Apply)):
        return node.operation.symbol
    with suppress(NoMatrixForm):
        right = notation.definition(node)
        return right.operation.symbol if isinstance(right, Call) else "u"
    return "u"


@dataclass
class Lines:
    """What the steps of a derivation say of statements, and what is written out in these."""

    derivation: Derivation

    @cached_property
    def numbers(self) -> dict[Node, int]:
        """The number of the step that says each statement."""
        return {s.node: s.number for s in self.derivation.steps if s.kind == "forward"}

    def given(self, user: Node) -> str:
        """Where a use is from."""
        number = self.numbers.get(user)
        return "given" if number is None else phrase("step {0}", f"({number})")

    @cached_property
    def typed(self) -> dict[Node, Expression]:
        """What the steps say of each statement by the names of its operands alone, in the shape of
        its name."""
        steps = (s for s in self.derivation.steps if s.kind == "forward")
        plain = (s for s in steps if not isinstance(s.right, IndexForm))
        return {s.node: s.right for s in plain if self._names_operands(s.node, s.right)}

    def _names_operands(self, node: Node, right: Expression) -> bool:
        if any(n.operands and n not in self.numbers for n in node.operands):
            return False
        given, names = self.derivation.naming.given, self.derivation.names
        called = (given(n) if isinstance(n, Input) else names.get(n) for n in node.operands)
        operands = {name for e in called if e is not None for name in names_in(e)}
        return names_in(right).keys() <= operands

    def between(self, variable: Node, user: Node) -> list[Node]:
        """What moves in a use and is written out in it, operands first."""
        moving = {variable: None}
        for node in topological([user], lambda node: node is user or node not in self.numbers):
            own = node not in self.numbers and node is not user
            if own and any(operand in moving for operand in node.operands):
                moving[node] = None
        return [*moving][1:]


@dataclass
class Uses:
    """The statements in which a node stands: `users` are their nodes, `statements` what they are
    taken apart into, operands first. `left` is the derivative by the node, and `answer` what it
    is `said` to be, if anything."""

    derivation: Derivation
    reverse: Reverse
    variable: Node
    left: Expression
    answer: Expression | None
    said: str
    statements: dict[Node, Statement] = field(default_factory=dict)
    inner: dict[Node, list[Statement]] = field(default_factory=dict)  # those before each user's
    new: dict[Node, Expression] = field(default_factory=dict)  # names that stand here only
    symbols: dict[Node, Node] = field(default_factory=dict)  # of values, by what they are
    moved: dict[Node, Node] = field(default_factory=dict)  # the symbol of each one's differential
    called: dict[str, Node] = field(default_factory=dict)  # what the names that stand here mean

    def __post_init__(self) -> None:
        names = self.derivation.names.values()
        self.taken = self.derivation.naming.taken.union(*map(names_in, names))
        self.name(self.variable, "v")
        self.labels = tuple(map(label_of, self.variable.axes))
        for user in self.users:
            self.unfold(user)

    @cached_property
    def lines(self) -> Lines:
        """What the steps say of statements."""
        return Lines(self.derivation)

    @cached_property
    def users(self) -> tuple[Node, ...]:
        """The nodes of the statements, in the order of their steps."""
        users = self.reverse.lines_with(self.variable, self.lines.numbers)
        return tuple(sorted(users, key=lambda node: self.lines.numbers.get(node, 0)))

    @property
    def variables(self) -> tuple[Node, Node]:
        """The variable, and as it stands in what is taken apart."""
        return self.variable, as_it_is(self.variable)

    @property
    def moving(self) -> set[Node]:
        """The nodes that move in a statement. Of two uses, each stays where it stands in the
        other."""
        inside = {*self.statements} - {*self.users}
        return {*self.variables, *inside, *map(as_it_is, inside)}

    def plain(self, node: Node) -> Node:
        """The node that moves, of one that stands for it in what is taken apart."""
        return node.inner if isinstance(node, Alias) and node.of is node.inner else node

    @property
    def is_of_one_example(self) -> bool:
        """Whether all is said of one example of a batch."""
        batch = batch_of(self.variable)
        return batch is not None and all(batch in user.axes for user in self.users)

    @property
    def top(self) -> Expression:
        """What is differentiated, by its name."""
        return self.left.top if isinstance(self.left, Derivative) else Name("L", SCALAR)

    @property
    def meant(self) -> str:
        """Why the first line is true."""
        return "what the gradient means"

    def rule(self, statement: Statement) -> str | None:
        """The rule of a statement, where it is a step."""
        return None

    def fixed(self, user: Node) -> set[Node]:
        """The operands of a use that stay while the variable moves in it."""
        moving = self.lines.between(self.variable, user)
        return {n for part in (user, *moving) for n in part.operands} - {self.variable, *moving}

    @property
    def change(self) -> Entry:
        """The node that stands for dL, at its labels."""
        labels = self.reverse.extra
        if self.is_of_one_example:
            labels = (*labels, batch_label(str(batch_of(self.variable))))
        axes = tuple(x.axis for x in labels)
        node = intern(Input, axes, ("dL", self.variable), name="dL", facts=frozenset())
        return Entry(node, labels)

    def differential(self, node: Node) -> Node:
        """The node that stands for the differential of a node."""
        if node not in self.moved:
            fields = {"name": f"d{self.name(node).name}", "facts": frozenset()}
            self.moved[node] = intern(Input, node.axes, ("d", node), **fields)
        return self.moved[node]

    # what is taken apart

    def unfold(self, user: Node) -> None:
        """The statements that a use is taken apart into, itself the last of them."""
        own = [s for node in self.lines.between(self.variable, user) for s in self.add(node)]
        self.inner[user] = [*own, *self.add(user)[:-1]]

    def add(self, node: Node, apart: bool = True) -> list[Statement]:
        """The statement that a node is, a function taken `apart` if there is a definition."""
        inner = unnamed(node)
        self.name(node, _symbol(inner, self.notation))
        labels = tuple(map(label_of, node.axes))
        statements = [Statement(node, labels, Entry(inner, labels))]
        if apart and isinstance(inner, Apply) and inner.operation.meaning.definition is not None:
            *parts, last = self._taken_apart(inner, labels)
            statements = [*parts, replace(last, node=node)]
        for s in statements:
            self.statements[s.node] = s
            if s.labels == s.entry.labels:
                self.symbols[s.entry.node] = s.node
        return statements

    def _taken_apart(self, user: Apply, labels: tuple[Label, ...]) -> list[Statement]:
        called = {f"?{k}": self.notation.whole(node) for k, (node, _) in enumerate(user.arguments)}
        plain = not user.split(labels)[0] and None not in called.values()
        statements = []
        for part in taken_apart(user, labels):
            written = renamed(part.call, called) if plain else None
            statements.append(Statement(*part.symbol, part.entry, written))
            if part.symbol.node is not user:
                called[part.name] = self.name(part.symbol.node, part.call.operation.symbol)
        return statements

    # what it is called

    def reference(self, node: Node) -> Expression | None:
        """A name, or its transpose where a node is the transpose of what has the name."""
        if isinstance(node, Input) and node not in self.new:
            return self.derivation.naming.given(node)
        named = self.derivation.names.get(node) or self.new.get(node)
        return replace(named, symmetric=symmetric(node)) if type(named) is Name else named

    def named(self, node: Node) -> Expression | None:
        """The same, of what has the value of a named node too."""
        return self.reference(self.symbols.get(node, node))

    def name(self, node: Node, symbol: str = "u") -> Name:
        """The name of a node; a new one where it has none."""
        called = self.reference(node)
        if called is None:
            shape = matrix_shape(node.axes)
            called = self.new[node] = Name(fresh(symbol, self.taken), shape, batch_of(node))
            self.called[called.name] = node
        while isinstance(called, Call):
            (called,) = called.arguments
        assert isinstance(called, Name)
        return called

    def is_row(self, node: Node) -> bool:
        """Whether what has the node's name is its transpose."""
        return isinstance(self.reference(node), Call)

    @property
    def notation(self) -> Notation:
        """Writes nodes by their names."""
        return Notation(self.reference, self.derivation.naming.bound, self.taken)

    def right(self, statement: Statement) -> Expression:
        """The right side of a statement, in the shape of its name. Raises: NoMatrixForm."""
        right = statement.written
        if statement.is_whole and statement.node in self.lines.typed:
            return self.lines.typed[statement.node]
        if right is None:
            node = aligned(statement.entry, statement.labels)
            named = node is not statement.node and self.reference(node) is not None
            right = self.notation.of(node) if named else self.notation.definition(node)
        return self.in_shape(full(right, statement.node), statement.node)

    def in_shape(self, column: Expression, node: Node) -> Expression:
        """What has the value of a node in the shape of its name."""
        return transposed(column) if self.is_row(node) else column

    def cotangent(self, user: Node, labels: tuple[Label, ...]) -> Entry:
        """The cotangent of a statement at these labels of it."""
        entry, own = self.reverse.of(user)
        names = dict(zip(own, (*self.reverse.extra, *labels), strict=True))
        placed = entry.renamed(names)
        weight = self.reverse.weight(user, self.variable)
        if not weight:
            return placed
        return contract([Term(ONE, (*weight, Factor(*placed)))], (*self.reverse.extra, *labels))

    def definitions(self) -> Iterator[tuple[Statement, str]]:
        """The statements, and those that they are taken apart into, each with where it is from."""
        if self.variable in self.new:
            yield Statement(self.variable, self.labels, Entry(self.variable, self.labels)), "where"
        for user in self.users:
            labels = self.statements[user].labels
            if not self.statements[user].is_whole:
                yield Statement(user, labels, Entry(user, labels)), self.lines.given(user)
        for node, statement in self.statements.items():
            whole = node in self.users and statement.is_whole
            yield statement, self.lines.given(node) if whole else "definition"


@dataclass(frozen=True)
class Proof:
    """The lines that lead from the statements in which a node stands to its cotangent."""

    kind: Kind | Literal["chain-rule"]
    lines: tuple[ProofLine, ...]
    uses: Uses


def uses_of(derivation: Derivation, step: Step) -> Uses | None:
    """The uses of the node of a backward step; None where there are none."""
    of = step.of
    found = next((p for p in derivation.passes if of in p.cotangents), None)
    if of is None or found is None or not found.users.get(of):
        return None
    answer = None if isinstance(step.right, IndexForm) else step.right
    said = phrase("as in step {0}", f"({step.number})")
    return Uses(derivation, found, of, step.left, answer, said)


def label_of(axis: Axis) -> Label:
    """A new index; a batch has one for all, as everything is said of one example."""
    return batch_label(axis) if isinstance(axis, str) else Label(axis)


def part_of(uses: Uses, user: Node) -> Node:
    """The node that stands for what one use sends, at the labels of the change."""
    axes = uses.change.node.axes
    return intern(Input, axes, ("dL", uses.variable, user), name="dL", facts=frozenset())


def examples_meet(uses: Uses, user: Node) -> bool:
    """Whether in one statement of a use an example is of the variable's others: x - mean(x)."""
    if batch_of(user) is None or batch_of(uses.variable) is None:
        return False
    entries = (s.entry for s in (*uses.inner[user], uses.statements[user]))
    found = ((e, x) for e in entries for p in partials(*e, uses.moving) for x in p.labels)
    return any(is_batch(x) and x not in e.labels for e, x in found)
