"""The proof by differentials: dL = <G, dZ>, the differential of each statement, and factors moved
across the inner product until dX stands alone; what stands beside it is the cotangent."""

from __future__ import annotations

from symgrad.calculus.algebra import transposed
from symgrad.calculus.derivation import Derivative, IndexForm
from symgrad.calculus.functions import aligned
from symgrad.calculus.naming import fresh
from symgrad.calculus.nodes import Alias, Node
from symgrad.calculus.notation import full
from symgrad.calculus.proofs.definitions import written_out
from symgrad.calculus.proofs.differentials import differential
from symgrad.calculus.proofs.index import given
from symgrad.calculus.proofs.lines import Differential, Pairing, Pairings, Proof, ProofLine
from symgrad.calculus.proofs.moves import across, is_alone, joined, split
from symgrad.calculus.proofs.scalars import scalar_lines
from symgrad.calculus.proofs.symbols import Symbols
from symgrad.calculus.proofs.uses import Statement, Uses
from symgrad.calculus.term_graph import NoMatrixForm
from symgrad.language.dimensions import SCALAR
from symgrad.language.expressions import Expression, Name, is_scalar
from symgrad.language.unparse import unparse


def differential_proof(uses: Uses) -> Proof:
    """The lines of one step. Raises: NoMatrixForm."""
    if uses.reverse.extra:
        raise NoMatrixForm(uses.variable)  # dL is no number
    writer = _Writer(uses)
    lines = (*writer.definitions(), *scalar_lines(uses), *writer.lines)
    return uses.proof("differential", lines, writer.names)


class _Writer:
    """Writes dL = ... from the uses of the variable down to the variable alone."""

    def __init__(self, uses: Uses) -> None:
        self.uses = uses
        self.lines: list[ProofLine] = []
        self.symbols = Symbols(uses.derivation.naming.bound)
        self.differentials: dict[str, Differential] = {}
        self.names: dict[str, Node] = {}
        for node in (uses.variable, *uses.statements):
            name = uses.name(node).name
            self.differentials[name] = symbol = self._differential(uses.name(node))
            self.names[symbol.name] = uses.differential(node)
        moving = [uses.name(node).name for node in (uses.variable, *uses.parts)]
        self.moving = {name: self.differentials[name] for name in moving}
        self.pairings = [self._paired(user) for user in uses.users]
        self.top: Expression = Name("L", SCALAR)
        if isinstance(uses.step.left, Derivative) and is_scalar(uses.step.left.top):
            self.top = uses.step.left.top
        name = f"d{unparse(self.top)}"
        self.left = Differential(name, self.top.shape, self.top.batch, of=self.top)
        self._write()

    def _differential(self, name: Name) -> Differential:
        symbol = fresh(f"d{name.name}", self.uses.taken)
        return Differential(symbol, name.shape, name.batch, of=name)

    def definitions(self) -> list[ProofLine]:
        """The statements, and those that they are taken apart into."""
        uses, lines = self.uses, []
        if uses.variable in uses.new:
            right = full(uses.notation.definition(uses.variable), uses.variable)
            lines.append(self._definition(uses.variable, right, "where it is"))
        for user in uses.users:
            if uses.statements[user].entry.node is not user:
                right = full(uses.notation.definition(user), user)
                right = transposed(right) if uses.is_row(user) else right
                lines.append(self._definition(user, right, given(uses, user)))
        for node, statement in uses.statements.items():
            whole = node in uses.users and statement.entry.node is node
            move = given(uses, node) if whole else "definition"
            right = uses.right(statement)
            lines.append(self._definition(node, right, move))
            if unparse(plain := written_out(right)) != unparse(right):
                lines.append(self._definition(node, plain, "definition"))
        return lines

    def _definition(self, node: Node, right: Expression, move: str) -> ProofLine:
        return ProofLine(self.uses.name(node), right, move, node)

    def _paired(self, user: Node) -> Pairing:
        """<G, dZ> of a use."""
        uses = self.uses
        name = uses.name(user)
        batch = None if uses.is_of_one_example else name.batch
        return Pairing(self._cotangent(user, name), self.differentials[name.name], batch)

    def _cotangent(self, user: Node, name: Name) -> Expression:
        """The cotangent of a statement by its name, or the number that it is."""
        uses = self.uses
        entry, labels = uses.reverse.of(user)
        inner = entry.node.inner if isinstance(entry.node, Alias) else entry.node
        named = uses.reference(entry.node) or uses.reference(inner)
        if isinstance(named, Name) and entry.labels == labels and named.shape == name.shape:
            return named
        written = full(uses.notation.of(aligned(entry, labels)), user)
        return transposed(written) if uses.is_row(user) else written

    # dL

    def _write(self) -> None:
        top = unparse(self.top)
        if all(self.uses.name(user).name != top for user in self.uses.users):
            self._line("what the gradient means")
        for statement in reversed(self.uses.statements.values()):
            self._insert(statement)
        if len(self.pairings) != 1:
            raise NoMatrixForm(self.uses.variable)
        step = self.uses.step
        beside = self.pairings[0].left
        column = transposed(beside) if self.uses.is_row(self.uses.variable) else beside
        move = (
            f"what stands beside {self.differentials[self.uses.name(self.uses.variable).name].name}"
        )
        self._conclude(column, move)
        if not isinstance(step.right, IndexForm) and unparse(step.right) != unparse(column):
            self._conclude(step.right, f"as in step ({step.number})")

    def _conclude(self, right: Expression, move: str) -> None:
        change, _ = self.uses.change
        self.lines.append(ProofLine(self.uses.step.left, right, move, change, by_entry=True))

    def _line(self, move: str) -> None:
        change, _ = self.uses.change
        self.lines.append(ProofLine(self.left, Pairings(tuple(self.pairings)), move, change))

    def _insert(self, statement: Statement) -> None:
        """The differential of a statement in the place of its name, and moved across."""
        name = self.uses.name(statement.node)
        symbol = self.differentials[name.name]
        place = next((k for k, p in enumerate(self.pairings) if p.right is symbol), None)
        if place is None:
            return
        moved, rules = differential(name, written_out(self.uses.right(statement)), self.moving)
        if moved is None:
            raise NoMatrixForm(statement.node)
        beside = self.pairings[place]
        self.pairings[place] = Pairing(beside.left, moved, beside.batch)
        self._line(", ".join(rules) or "differential")
        self._move()

    def _move(self) -> None:
        self._split()
        while not all(map(is_alone, self.pairings)):
            rules: dict[str, None] = {}
            moved = []
            for pairing in self.pairings:
                if not is_alone(pairing):
                    pairing, rule = across(pairing, self.symbols)
                    rules.setdefault(rule)
                moved.append(pairing)
            self.pairings = moved
            self._line(f"moved across: {', '.join(rules)}")
            self._split()
        together = joined(self.pairings, self.symbols)
        if len(together) < len(self.pairings):
            self.pairings = together
            self._line("terms of one differential joined")

    def _split(self) -> None:
        parts = [part for pairing in self.pairings for part in split(pairing)]
        if [p.right for p in parts] != [p.right for p in self.pairings]:
            self.pairings = parts
            self._line("the inner product is linear")
