"""The proof by differentials: dL = <G, dZ>, the differential of each statement in its place, and
what stands beside it moved across the inner product, until dX stands alone.

    <G, A dX> = <A^T G, dX>       <G, dX B> = <G B^T, dX>       <G, a * dx> = <G * a, dx>

Both are the one chain rule, read forward and backward, and written in matrix notation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, count

from symgrad.calculus.algebra import transposed
from symgrad.calculus.chain_rule import contributions, placed, tangent
from symgrad.calculus.derivation import Derivative, IndexForm
from symgrad.calculus.functions import aligned
from symgrad.calculus.nodes import ONE, Apply, Entry, Factor, Label, Map, Node, Term, batch_of
from symgrad.calculus.notation import Notation, full
from symgrad.calculus.polynomials import contract
from symgrad.calculus.proofs.lines import Differential, Pairing, Pairings, ProofLine
from symgrad.calculus.proofs.scalars import scalar_lines
from symgrad.calculus.proofs.uses import Proof, Statement, Uses
from symgrad.calculus.term_graph import NoMatrixForm
from symgrad.language.dimensions import SCALAR
from symgrad.language.expressions import Call, Expression, Name
from symgrad.language.operations.constants import filled, zeros
from symgrad.language.operations.contractions import einsum
from symgrad.language.unparse import unparse


def differential_proof(uses: Uses) -> Proof:
    """The lines of one step. Raises: NoMatrixForm."""
    if any(isinstance(x.axis, str) for x in uses.reverse.extra):
        raise NoMatrixForm(uses.variable)  # f is of each example
    writer = _Writer(uses)
    lines = [writer.definition(*each) for each in uses.definitions()]
    lines += [line for s in uses.statements.values() for line in writer.solved(s)]
    lines += [*scalar_lines(uses), *writer.changes(), *writer.result()]
    return Proof("differential", tuple(lines), uses)


class _Writer:
    """`beside` is what stands beside the differential of each node."""

    def __init__(self, uses: Uses) -> None:
        self.uses = uses
        self.extra = uses.reverse.extra  # the indices of f
        self.labels = {uses.variable: uses.labels}
        self.labels |= {node: s.labels for node, s in uses.statements.items()}
        self.beside = {user: uses.cotangent(user, self.labels[user]) for user in uses.users}
        self.top: Expression = Name("L", SCALAR)
        if isinstance(uses.step.left, Derivative):
            self.top = uses.step.left.top
        names = {*uses.taken, unparse(self.top)}
        self.sign = next(d for d in _signs() if not any(d + n in uses.taken for n in names))
        self.differentials = {node: self._differential(node) for node in self.labels}
        symbols = {uses.differential(node): node for node in self.labels}
        self.notation = Notation(
            lambda n: self._symbol(symbols[n]) if n in symbols else uses.named(n),
            uses.derivation.naming.bound,
        )

    def _differential(self, node: Node) -> Differential:
        differential = self._of(self.uses.name(node))
        self.uses.called[differential.name] = self.uses.differential(node)
        return differential

    def _of(self, e: Expression) -> Differential:
        return Differential(f"{self.sign}{unparse(e)}", e.shape, e.batch, of=e, sign=self.sign)

    def _symbol(self, node: Node) -> Expression:
        """The differential of a node, a column as the node is."""
        differential = self.differentials[node]
        return transposed(differential) if self.uses.is_row(node) else differential

    def definition(self, statement: Statement, move: str) -> ProofLine:
        """A statement, by its definition."""
        node = statement.node
        return ProofLine(self.uses.name(node), self.uses.right(statement), move, node)

    def solved(self, statement: Statement) -> Iterator[ProofLine]:
        """The differential of what solves an equation, from that of its sides."""
        solved, node = self.uses.equation(statement), statement.entry.node
        if solved is None or any(map(self.uses.is_row, solved.operands)):
            return
        left, right = solved.sides
        yield ProofLine(left, right, solved.said, None)
        both = self.notation.of(solved.moved(self.uses).node)
        yield ProofLine(both, filled(zeros, left.shape), "differential of both sides", None)
        solution, truth = (
            self._written(self._moved(statement), self.labels[node]),
            self.uses.differential(node),
        )
        yield ProofLine(self._symbol(node), solution, "solved for it", truth)

    # dL

    def changes(self) -> list[ProofLine]:
        """dL from the differentials of the uses down to that of the variable."""
        top = unparse(self.top)
        lines: list[ProofLine] = []
        if all(self.uses.name(user).name != top for user in self.uses.users):
            lines.append(self._line(self._pairings(), "what the gradient means"))
        for statement in reversed(self.uses.statements.values()):
            if statement.node in self.beside:
                lines += self._inserted(statement)
        return lines

    def _line(self, parts: list[Pairing], move: str) -> ProofLine:
        return ProofLine(self._of(self.top), Pairings(tuple(parts)), move, self.uses.change.node)

    def _pairings(self) -> list[Pairing]:
        return [self._pairing(node, entry) for node, entry in self.beside.items()]

    def _pairing(self, node: Node, beside: Entry, moved: Expression | None = None) -> Pairing:
        """<what stands beside, how the node moves>: by its symbol, or as it is written."""
        batch = None if self.uses.is_of_one_example else batch_of(node)
        return Pairing(
            self._written(beside, (*self.extra, *self.labels[node])),
            moved or self._symbol(node),
            batch,
        )

    def _written(self, entry: Entry, over: tuple[Label, ...]) -> Expression:
        """An entry over these indices, in matrix notation."""
        labels = tuple(x for x in over if x in entry.labels or not isinstance(x.axis, str))
        shown = aligned(entry, labels)
        return full(self.notation.of(shown), shown)

    def _inserted(self, statement: Statement) -> list[ProofLine]:
        """The differential of a statement in the place of its symbol, then moved across."""
        node = statement.node
        beside = self.beside.pop(node)
        moved = self._written(self._moved(statement), self.labels[node])
        whole = [*self._pairings(), self._pairing(node, beside, moved)]
        for of, entry in self._sent(statement, beside).items():
            terms = [Term(ONE, (Factor(*e),)) for e in (self.beside.pop(of, None), entry) if e]
            self.beside[of] = contract(terms, (*self.extra, *self.labels[of]))
        lines = [self._line(whole, self._rule(statement))]
        across = self._line(self._pairings(), "moved across")
        return lines if _texts(across) == _texts(lines[0]) else [*lines, across]

    def _moved(self, statement: Statement) -> Entry:
        """The differential of a statement."""
        symbols = {n: self.uses.differential(self.uses.plain(n)) for n in self.uses.moving}
        terms = tangent(statement.entry.node, statement.entry.labels, symbols)
        return contract(terms, statement.labels)

    def _sent(self, statement: Statement, beside: Entry) -> dict[Node, Entry]:
        """What comes to stand beside the differential of each operand that moves."""
        node, labels = statement.entry
        missing = tuple(x for x in statement.labels if x not in labels and x not in self._example)
        received: dict[Node, list[Term]] = {}
        for sent in contributions(node, labels, beside, self.extra, self.uses.moving):
            plain = self.uses.plain(sent.of)
            term = placed(self.labels[plain], sent)
            term = term._replace(summed=(*term.summed, *missing))
            received.setdefault(plain, []).append(term)
        over = {of: (*self.extra, *self.labels[of]) for of in received}
        return {of: contract(terms, over[of]) for of, terms in received.items()}

    @property
    def _example(self) -> Sequence[Label]:
        return self.uses.change.labels

    def _rule(self, statement: Statement) -> str:
        """The name of the rule by which a statement moves."""
        node = statement.entry.node
        if isinstance(node, Map):
            return f"derivative of {node.operation.name}, entry by entry"
        if isinstance(node, Apply) and node.operation.meaning.equation is None:
            return node.operation.meaning.identity or f"derivative of {node.operation.name}"
        right = self.uses.right(statement)
        operation = right.operation if isinstance(right, Call) else einsum
        return f"differential: {operation.rule}"

    def result(self) -> list[ProofLine]:
        """What stands beside the variable's differential, and as the step says it."""
        uses, step = self.uses, self.uses.step
        entry = self.beside.get(uses.variable, contract((), ()))
        beside = self._written(entry, (*self.extra, *self.labels[uses.variable]))
        symbol = unparse(self._symbol(uses.variable))
        results = [(beside, f"what stands beside {symbol}")]
        if not isinstance(step.right, IndexForm) and unparse(step.right) != unparse(beside):
            results.append((step.right, f"as in step ({step.number})"))
        change = uses.change.node
        return [ProofLine(step.left, right, move, change, True) for right, move in results]


def _signs() -> Iterator[str]:
    """What may stand before a name for its differential: d, unless that is another name."""
    return chain(("d", "D"), (f"d{k}_" for k in count(2)))


def _texts(line: ProofLine) -> list[tuple[str, ...]]:
    """A sum of inner products as it is written."""
    assert isinstance(line.right, Pairings)
    return [
        tuple(map(unparse, (p.left, p.right) if p.product is None else (p.product,)))
        for p in line.right.parts
    ]
