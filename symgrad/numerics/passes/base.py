"""A flat program, and passes over it: each node made again, its terms as the pass writes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from symgrad.calculus import nodes as ix
from symgrad.calculus.nodes import Entry, Factor, Label, Node, Polynomial, Term
from symgrad.calculus.polynomials import contract
from symgrad.calculus.rebuilding import Counterpart, again
from symgrad.calculus.terms import opened

combined = partial(contract, spread=False)  # of a sum with an identity in it, as one array
Result = tuple[Entry, tuple[Label, ...]]


@dataclass(frozen=True)
class Flat:
    """The results, and what became of each node, pass by pass."""

    results: Sequence[Result]
    passes: tuple[Mapping[Node, Counterpart], ...] = ()

    @cached_property
    def nodes(self) -> list[Node]:
        """The nodes of the results, operands first."""
        return ix.topological(entry.node for entry, _ in self.results)

    @cached_property
    def uses(self) -> Counter[Node]:
        """How often each node is needed."""
        uses = Counter(x for node in self.nodes for x in ix.occurrences(node))
        uses.update(entry.node for entry, _ in self.results)
        return uses

    def of(self, entry: Entry) -> Entry:
        """What became of a node; itself where the results did not need it."""
        for made in self.passes:
            if entry.node in made:
                entry = made[entry.node].at(entry.labels)
        return entry

    def after(self, made: Mapping[Node, Counterpart]) -> Flat:
        """The same after one more pass."""
        results = [(made[entry.node].at(entry.labels), labels) for entry, labels in self.results]
        return Flat(results, (*self.passes, made))


class Pass:
    """What became of each node of `flat`, operands first."""

    normal = True  # whether the sums are in normal form, so that what keeps its terms stays
    flat: Flat

    def __init__(self) -> None:
        self.done: dict[Node, Counterpart] = {}

    def term(self, term: Term) -> Term:
        """A term, of what became of its factors."""
        return term._replace(factors=tuple(map(self.made, term.factors)))

    def terms(self, terms: Sequence[Term], labels: tuple[Label, ...]) -> list[Term]:
        """The terms of a sum over these labels."""
        return [*map(self.term, terms)]

    def function(self, node: Node, labels: tuple[Label, ...]) -> Entry | None:
        """A function in another form; None where it keeps its own."""
        return None

    def axes(self, labels: tuple[Label, ...]) -> tuple[Label, ...]:
        """The labels of a sum in the order of its axes."""
        return labels

    def made(self, factor: Factor) -> Factor:
        """What became of a factor."""
        if factor.node not in self.done:  # the pass has added it
            self._add(factor.node)
        return Factor(*self.done[factor.node].at(factor.labels), factor.power)

    def over(self, flat: Flat) -> Flat:
        """The program after the pass over its nodes."""
        self.flat = flat
        for node in flat.nodes:
            self._add(node)
        return flat.after(self.done)

    def _add(self, node: Node) -> None:
        labels = ix.new_labels(node.axes)
        if isinstance(node, Polynomial):
            before = opened(node, labels)
            terms, order = self.terms(before, labels), self.axes(labels)
            stays = self.normal and terms == before and order == labels
            entry = Entry(node, labels) if stays else combined(terms, order)
        else:
            entry = self.function(node, labels) or again(node, labels, self.done, combined)
        self.done[node] = Counterpart.of(entry, labels)
