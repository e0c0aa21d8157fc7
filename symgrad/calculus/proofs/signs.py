"""The signs of differentials, dX for how X moves, and what is written with them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, count

from symgrad.calculus.algebra import transposed
from symgrad.calculus.chain_rule import tangent
from symgrad.calculus.closed_form import shortened
from symgrad.calculus.functions import aligned
from symgrad.calculus.nodes import Entry, Label, Node
from symgrad.calculus.notation import Notation, full
from symgrad.calculus.polynomials import contract
from symgrad.calculus.proofs.lines import Differential
from symgrad.calculus.proofs.product_rule import NoProductRule, differential_of
from symgrad.calculus.proofs.uses import Statement, Uses
from symgrad.calculus.term_graph import NoMatrixForm
from symgrad.language.expressions import Expression
from symgrad.language.unparse import unparse


class Signs:
    """The differentials of a variable and of all statements that it moves; `texts` are theirs,
    `labels` the indices of each node."""

    def __init__(self, uses: Uses) -> None:
        self.uses = uses
        self.labels = {uses.variable: uses.labels}
        self.labels |= {node: s.labels for node, s in uses.statements.items()}
        names = {*uses.taken, unparse(uses.top)}
        self.sign = next(d for d in _letters() if not any(d + n in uses.taken for n in names))
        self.differentials = {node: self._called(node) for node in self.labels}
        self.texts = {unparse(self.of(node)) for node in self.labels}
        self.lengths: dict[Node, int] = {}
        symbols = {uses.differential(node): node for node in self.labels}
        self.notation = Notation(
            lambda n: self.of(symbols[n]) if n in symbols else uses.named(n),
            uses.derivation.naming.bound,
            uses.taken,
        )

    def _called(self, node: Node) -> Differential:
        differential = self.differential(self.uses.name(node))
        self.uses.called[differential.name] = self.uses.differential(node)
        return differential

    def differential(self, e: Expression) -> Differential:
        """The sign of the differential of what is called so."""
        return Differential(f"{self.sign}{unparse(e)}", e.shape, e.batch, of=e, sign=self.sign)

    def of(self, node: Node) -> Expression:
        """The differential of a node, a column as the node is."""
        differential = self.differentials[node]
        return transposed(differential) if self.uses.is_row(node) else differential

    def written(self, entry: Entry, over: tuple[Label, ...]) -> Expression:
        """An entry over these indices, in matrix notation."""
        shown = aligned(entry, entry.along(over))
        return full(self.notation.of(shown), shown)

    def beside(self, entry: Entry, over: tuple[Label, ...]) -> Expression:
        """The same of what stands beside a differential, made short as a result is."""
        shown = aligned(entry, entry.along(over))
        short = shortened(shown, self.notation.reference, self.lengths)
        return full(self.notation.of(short), shown)

    def differentiated(self, statement: Statement) -> Expression:
        """The differential of a statement, by the product rule as it is written where that is all
        that it takes."""
        node, name = statement.node, self.uses.name
        if not self.uses.is_row(node):
            inside = self.uses.moving
            moving = {name(n).name: d for n, d in self.differentials.items() if n in inside}
            try:
                found = differential_of(self.uses.right(statement), moving)
            except (NoProductRule, NoMatrixForm):
                found = None
            if found is not None:
                return found
        return self.written(self.moved(statement), self.labels[node])

    def moved(self, statement: Statement) -> Entry:
        """The differential of a statement."""
        symbols = {n: self.uses.differential(self.uses.plain(n)) for n in self.uses.moving}
        terms = tangent(statement.entry.node, statement.entry.labels, symbols)
        return contract(terms, statement.labels)


def _letters() -> Iterator[str]:
    """What may stand before a name for its differential: d, unless that is another name."""
    return chain(("d", "D"), (f"d{k}_" for k in count(2)))
