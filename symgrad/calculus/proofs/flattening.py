"""The statements of a proof in index notation, one node each; inner sums get a name."""

from __future__ import annotations

from dataclasses import dataclass, field

from symgrad.calculus.chain_rule import active_nodes
from symgrad.calculus.index_notation import Both, IndexNotation, Letters, both
from symgrad.calculus.naming import fresh
from symgrad.calculus.nodes import (
    ONE,
    Axis,
    Entry,
    Factor,
    Identity,
    Input,
    Label,
    Node,
    Polynomial,
    Term,
    batch_label,
    topological,
)
from symgrad.calculus.polynomials import contract, opened
from symgrad.calculus.proofs.lines import Form, Indexed, ProofLine, Value
from symgrad.calculus.proofs.subject import Subject
from symgrad.calculus.proofs.unfolding import Statement
from symgrad.calculus.proofs.vocabulary import as_node
from symgrad.language.expressions import Expression


@dataclass(frozen=True)
class IndexStatement:
    """target[labels] = entry; `target` is the symbol of a statement, or a sum inside one."""

    target: Node
    labels: tuple[Label, ...]
    entry: Entry
    moves: bool


@dataclass
class Flattened:
    """Every statement of a subject in index notation, with the lines that define them, and what
    each node is called: in index notation, and in matrix notation where it is the value of a
    statement."""

    subject: Subject
    names: dict[Node, Both] = field(default_factory=dict)
    written: dict[Node, Expression] = field(default_factory=dict)
    statements: list[IndexStatement] = field(default_factory=list)
    definitions: list[ProofLine] = field(default_factory=list)

    def __post_init__(self) -> None:
        vocabulary = self.subject.vocabulary
        for text, tensor in vocabulary.tensors.items():
            node = tensor.closed().node
            if isinstance(node, Input):
                self.names[node] = both(vocabulary.naming.inputs[text])
        self.variable = self.subject.node(self.subject.variable)
        if self.subject.is_unfolded:
            self._give(self.subject.whole)
        for statement in self.subject.statements:
            self._add(statement)

    @property
    def notation(self) -> IndexNotation:
        """Writes nodes by their names."""
        return IndexNotation(self.names.get)

    @property
    def moving(self) -> set[Node]:
        """The nodes that move: the variable and what was defined by it."""
        return {self.variable, *(s.target for s in self.statements if s.moves)}

    def at_symbol(self, statement: Statement) -> Entry:
        """The right side of a statement at the labels of its symbol."""
        symbol = self.subject.symbol(statement.name)
        pairs = zip(statement.tensor.axes, symbol.axes, strict=True)
        names = {a: b for a, b in pairs if a is not None and b is not None}
        return contract(statement.tensor.renamed(names), symbol.labels)

    def _add(self, statement: Statement) -> None:
        symbol = self.subject.symbol(statement.name).closed()
        entry = self.at_symbol(statement)
        order = topological([entry.node], lambda node: node not in self.moving)
        active = active_nodes(order, self.moving)
        for node in order:
            if node in active and node not in self.moving and node is not entry.node:
                name = fresh("u", self.subject.vocabulary.naming.taken)
                labels = tuple(map(new_label, node.axes))
                self._define(IndexStatement(node, labels, Entry(node, labels), True), (name, name))
        moves = entry.node in active
        called = both(statement.name)
        self._define(IndexStatement(symbol.node, symbol.labels, entry, moves), called)
        if entry.labels == symbol.labels and not isinstance(entry.node, (Input, Identity)):
            self.names.setdefault(entry.node, called)
            tensor = self.subject.symbol(statement.name)
            self.written.setdefault(entry.node, as_node(statement.name, symbol, tensor))

    def _give(self, whole: Statement) -> None:
        """The statement before it is taken apart."""
        symbol = self.subject.symbol(whole.name).closed()
        left: Both | Expression = whole.name
        right: Form | None = whole.expression
        if right is None:
            letters = Letters()
            left = self.notation.entry(symbol.node, symbol.labels, letters)
            right = self.indexed(terms_of(self.at_symbol(whole)), symbol.labels, letters)
        self.definitions.append(ProofLine(left, right, "given", Value(symbol.node)))

    def _define(self, statement: IndexStatement, called: Both) -> None:
        letters = Letters()
        terms = terms_of(statement.entry)
        right = self.indexed(terms, statement.labels, letters)
        self.names.setdefault(statement.target, called)
        left = self.notation.entry(statement.target, statement.labels, letters)
        move = "definition" if self.subject.is_unfolded or self.statements else "given"
        self.definitions.append(ProofLine(left, right, move, Value(statement.target)))
        self.statements.append(statement)

    def indexed(
        self, terms: tuple[Term, ...], labels: tuple[Label, ...], letters: Letters
    ) -> Indexed:
        """Terms as they are written, with these free indices."""
        return Indexed(self.notation.terms(terms, letters), terms, labels)


def new_label(axis: Axis) -> Label:
    """A new index; a batch has one for all, as everything is said of one example."""
    return batch_label(axis) if isinstance(axis, str) else Label(axis)


def terms_of(entry: Entry) -> tuple[Term, ...]:
    """An entry by its definition where it is a sum, else as it is."""
    if isinstance(entry.node, Polynomial):
        return tuple(opened(entry.node, entry.labels))
    return (Term(ONE, (Factor(*entry),)),)
