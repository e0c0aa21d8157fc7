"""A pass over a flat program: each node made again, its terms as the pass writes them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

from symgrad.calculus import nodes as ix
from symgrad.calculus.nodes import Entry, Factor, Label, Node, Polynomial, Term
from symgrad.calculus.polynomials import contract
from symgrad.calculus.rebuilding import Counterpart, again
from symgrad.calculus.terms import opened
from symgrad.numerics.flattening import Flat


class Pass(ABC):
    """What became of each node, operands first."""

    def __init__(self) -> None:
        self.done: dict[Node, Counterpart] = {}

    @abstractmethod
    def term(self, term: Term) -> Term:
        """A term, of what became of its factors."""

    def function(self, node: Node, labels: tuple[Label, ...]) -> Entry | None:
        """A function in another form; None where it keeps its own."""
        return None

    def made(self, factor: Factor) -> Factor:
        """What became of a factor."""
        if factor.node not in self.done:  # the pass has added it
            self._add(factor.node)
        return Factor(*self.done[factor.node].at(factor.labels), factor.power)

    def over(self, flat: Flat, order: Iterable[Node]) -> Flat:
        """The program after the pass over its nodes, in this order."""
        for node in order:
            self._add(node)
        return flat.after(self.done)

    def _add(self, node: Node) -> None:
        labels = ix.new_labels(node.axes)
        if isinstance(node, Polynomial):
            entry = contract(map(self.term, opened(node, labels)), labels)
        else:
            entry = self.function(node, labels) or again(node, labels, self.done, contract)
        self.done[node] = Counterpart.of(entry, labels)
