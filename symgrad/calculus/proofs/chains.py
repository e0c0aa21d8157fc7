"""The derivation of a gradient by differentials, one chain for each variable: the whole way to the
loss as one use of the variable, what lies between being what that use is taken apart into.

    L = |r|^2,  r = W x - y        dL = 2 r^T dr = <2 r, dW x> = <2 r x^T, dW>

What matrix notation has no form for is said entry by entry, in lines of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from symgrad.calculus.chain_rule import active_nodes
from symgrad.calculus.derivation import Derivation, Derivative, IndexForm
from symgrad.calculus.index_notation import EntryNotation
from symgrad.calculus.letters import Letters
from symgrad.calculus.nodes import ONE, Entry, Factor, Label, Node, Term, topological
from symgrad.calculus.polynomials import contract
from symgrad.calculus.proofs.differential import NAMED, ProofWriter
from symgrad.calculus.proofs.lines import Indexed, ProofLine
from symgrad.calculus.proofs.uses import Proof, Statement, Uses
from symgrad.calculus.step_rules import SEVERAL, statement_rule
from symgrad.calculus.term_graph import NoMatrixForm
from symgrad.calculus.terms import terms_of
from symgrad.language.expressions import Expression
from symgrad.language.operations.entries import at
from symgrad.language.phrases import Phrase, as_phrase, phrase, quoted
from symgrad.language.plain import plain_text
from symgrad.language.typeset import typeset
from symgrad.language.unparse import unparse


@dataclass
class Whole(Uses):
    """A loss as the one use of a variable; none where it does not depend on it. `apart` says
    whether functions are taken apart by their definitions."""

    apart: bool = False

    @cached_property
    def users(self) -> tuple[Node, ...]:
        """The loss."""
        assert self.derivation.free is not None
        root = self.derivation.free.node
        return (root,) if self.variable in topological([root]) else ()

    @property
    def meant(self) -> str:
        """Why dL is the variable's own differential, or 0."""
        if self.users:
            return "by definition"
        names = unparse(self.top), self.name(self.variable).name
        return phrase("{0} does not depend on {1}", *names)

    def fixed(self, user: Node) -> set[Node]:
        """Nothing that the variable moves stays."""
        return set()

    def unfold(self, user: Node) -> None:
        """The statements between the variable and the loss."""
        order = topological([user])
        active = active_nodes(order, [self.variable])
        for node in (n for n in order if n in active and n is not self.variable):
            self.add(node, self.apart)
        self.inner[user] = [s for node, s in self.statements.items() if node is not user]

    def definitions(self) -> Iterator[tuple[Statement, str]]:
        """What no step has defined, and functions by their definitions."""
        for node, statement in self.statements.items():
            if node in self.new or not statement.is_whole:
                yield statement, "definition"

    @cached_property
    def _rules(self) -> dict[tuple[str, Node], str]:
        """The rules of the forward steps, and of the backward ones by what they are of."""
        return {(s.kind, s.of or s.node): s.rule for s in self.derivation.steps}

    def rule(self, statement: Statement) -> Phrase | None:
        """The rule of the step that a statement is, of a sum that of the term that moves."""
        node, number = statement.node, self.lines.numbers.get(statement.node)
        if number is None:
            return None
        moving = [n for n in node.operands if n in self.statements or n is self.variable]
        rule = self._rules.get(("backward", moving[0])) if len(moving) == 1 else None
        if rule in (None, SEVERAL.name):
            rule = self._rules["forward", node]
        return phrase("{0}, from {1}", as_phrase(rule), f"({number})")


def whole_of(derivation: Derivation, name: str, apart: bool = False) -> Whole:
    """A variable in all of the loss."""
    (backward,) = derivation.passes
    outcome = derivation.outcomes[name]
    answer = None
    if not (outcome.long or outcome.moved or outcome.turned or outcome.closed.definitions):
        closed = outcome.closed.expression
        answer = None if isinstance(closed, IndexForm) else closed
    node = derivation.inputs[name]
    said = "by the program's names"
    return Whole(derivation, backward, node, outcome.name, answer, said, apart=apart)


def chain(derivation: Derivation, name: str, full: bool = False) -> Proof:
    """The whole derivation of a gradient by one variable: from dL to what stands beside the
    variable's own differential; with `full` the functions in it are taken apart, and each
    differential has its reason. Raises: NoMatrixForm."""
    return _Chain(whole_of(derivation, name, apart=full)).proof(reasons=full)


class _Chain(ProofWriter):
    def definition(self, statement: Statement, move: str) -> ProofLine:
        """A statement, by its entries where it has no matrix form."""
        try:
            return super().definition(statement, move)
        except NoMatrixForm:
            name, terms = self.uses.name(statement.node), terms_of(statement.entry)
            return self._entries(name, statement.labels, terms, move, statement.node)

    def rule(self, statement: Statement) -> str:
        """The name of the rule by which a statement moves."""
        try:
            return super().rule(statement)
        except NoMatrixForm:
            rule = statement_rule(statement.entry.node, None).name
            return phrase("differential: {0}", as_phrase(rule))

    def inserted(self, statement: Statement) -> list[ProofLine]:
        """The lines of a statement, by entries where they have no matrix form."""
        named = [*self.named(statement)]
        before = {**self.beside}
        try:
            return named + super().inserted(statement)
        except NoMatrixForm:
            self.beside = before
            return named + self._inserted_by_entries(statement)

    def named(self, statement: Statement) -> Iterator[ProofLine]:
        """A cotangent under its name, where it is long or has no matrix form."""
        try:
            yield from super().named(statement)
        except NoMatrixForm:
            node = statement.node
            cotangent = self.uses.cotangent(node, self.labels[node])
            name = self.uses.reference(cotangent.node)
            terms = self._terms(self.beside[node])
            if isinstance(name, Derivative) and len(terms) + len(terms[0].factors) > 2:
                yield self._entries(name, cotangent.labels, terms, NAMED, cotangent.node)
                self.beside[node] = cotangent

    def _terms(self, entry: Entry) -> tuple[Term, ...]:
        """An entry by its name, or the sum that it is."""
        if self.uses.named(entry.node) is not None:
            return (entry.term,)
        return terms_of(entry)

    def _inserted_by_entries(self, statement: Statement) -> list[ProofLine]:
        moved = {statement.node: self.signs.moved(statement)}
        lines = [self._by_entries(moved, self.rule(statement))]
        self.send(statement, self.beside[statement.node])
        try:
            return [*lines, self.line(self.pairings(), "moved across")]
        except NoMatrixForm:
            across = self._by_entries({}, "moved across")
            again = _text(across) == _text(lines[0])
            return lines if again else [*lines, across]

    def _by_entries(self, moved: dict[Node, Entry], move: str) -> ProofLine:
        """dL as a sum over entries, some nodes by how they move."""
        terms = tuple(term for node in self.beside for term in self._paired(node, moved))
        top = self.signs.differential(self.uses.top)
        return self._entries(top, (), terms, move, self.uses.change.node)

    def _entries(
        self,
        left: Expression,
        labels: tuple[Label, ...],
        terms: tuple[Term, ...],
        move: str,
        truth: Node,
    ) -> ProofLine:
        """left[labels] as a sum of terms."""
        letters = Letters({}, self.uses.derivation.naming.taken | self.uses.taken)
        entry = typeset(at(left, *letters.all(labels)))
        notation = self.signs.notation
        written = EntryNotation(notation.reference, notation.whole, notation.bound)
        right = Indexed(typeset(written.terms(terms, letters)), terms, labels)
        return ProofLine(entry, right, move, truth)

    def _paired(self, node: Node, moved: dict[Node, Entry]) -> Iterator[Term]:
        labels = self.labels[node]
        along = moved.get(node) or Entry(self.uses.differential(node), labels)
        factors = (Factor(*self.beside[node]), Factor(*along))
        yield from terms_of(contract([Term(ONE, factors, labels)], ()))

    def result(self) -> list[ProofLine]:
        """The gradient, by entries where it has no matrix form."""
        try:
            return super().result()
        except NoMatrixForm:
            places, node = self.uses.labels, self.uses.variable
            terms = self._terms(self.beside[node]) if node in self.beside else ()  # 0
            move = phrase("what stands beside {0}", quoted(self.signs.differentials[node]))
            line = self._entries(self.uses.left, places, terms, move, self.uses.change.node)
            whole = Indexed(_form(line).written, terms, ())
            return [replace(line, right=whole, by_entry=True)]


def _text(line: ProofLine) -> str:
    return plain_text(_form(line).written)


def _form(line: ProofLine) -> Indexed:
    assert isinstance(line.right, Indexed)
    return line.right
