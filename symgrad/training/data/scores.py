"""Where a score meets a label in a loss.

A score is a sum that is linear in parameters, so that it can be any number, and has nothing of the
label; and all that is trained goes through it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from symgrad.calculus.nodes import (
    ONE,
    ClosedTerm,
    Entry,
    Factor,
    Input,
    Label,
    Node,
    Polynomial,
    Term,
    intern,
    new_labels,
    topological,
)
from symgrad.calculus.polynomials import contract
from symgrad.calculus.rebuilding import rebuilt
from symgrad.calculus.terms import opened
from symgrad.language.problem import Problem


@dataclass
class Meeting:
    """The graph of a loss, a score in it and a label; `node` is made of the label alone, and all
    that the loss takes of it."""

    graph: LossGraph
    score: Node
    label: Input
    node: Node


class _Part(NamedTuple):
    """A score in a product, the other factors, and what these are summed over."""

    score: Entry
    rest: tuple[Factor, ...]
    summed: tuple[Label, ...]


@dataclass
class LossGraph:
    """The nodes of a loss, and which variables each is made of."""

    problem: Problem
    root: Node

    @cached_property
    def order(self) -> list[Node]:
        """The nodes, operands first."""
        return topological([self.root])

    @cached_property
    def below(self) -> dict[Node, frozenset[str]]:
        """The variables below each node."""
        found: dict[Node, frozenset[str]] = {}
        for node in self.order:
            own = {node.name} if isinstance(node, Input) else set()
            found[node] = frozenset(own).union(*(found[n] for n in node.operands))
        return found

    def trained(self, node: Node) -> bool:
        """Whether it has a value for each example that parameters change."""
        return self.has_batch(node) and not self.below[node].isdisjoint(self.problem.parameters)

    def has_batch(self, node: Node) -> bool:
        """Whether it has a value for each example."""
        return any(isinstance(axis, str) for axis in node.axes)

    def met(self, label: str) -> Meeting | None:
        """Where a score meets this label."""
        if label not in self.below[self.root]:
            return None
        score = next((n for n in reversed(self.order) if self._is_score(n, label)), None)
        apart = self.told_apart(label)  # nearer to the loss, if it is not the same
        return apart or (self.meeting(label, score) if score is not None else None)

    def meeting(self, label: str, score: Node) -> Meeting:
        """Where this score meets the label."""
        own = [n for n in self.above(score) if self.below[n] == {label} and self.has_batch(n)]
        alone = [n for n in own if self._is_all_of(n, label)]
        (variable,) = (n for n in own if isinstance(n, Input))
        return Meeting(self, score, variable, alone[-1])

    def told_apart(self, label: str) -> Meeting | None:
        """The same where a score is a part of a product, as w' x is of t (w' x): a new input stands
        for it, wherever it is."""
        terms = (t for n in self.order if isinstance(n, Polynomial) for t in _terms(n))
        parts = [part for term in terms for part in self._part(term, label)]
        found = [part.score.node for part in parts]
        if not found:
            return None
        inner = found[-1]
        score = intern(Input, inner.axes, name="its score", facts=frozenset())

        def changed(term: Term) -> Term:
            for part in self._part(term, label):
                if part.score.node is inner:
                    factor = Factor(score, part.score.labels)
                    return Term(term.coefficient, (*part.rest, factor), part.summed)
            return term

        def combine(terms: list[Term], labels: tuple[Label, ...]) -> Entry:
            return contract(map(changed, terms), labels)

        root = rebuilt([self.root], combine=combine)[self.root].node
        graph = LossGraph(self.problem, root)
        return None if any(map(graph.trained, graph.order)) else graph.meeting(label, score)

    def _part(self, term: Term, label: str) -> Iterator[_Part]:
        """The score w_i x_ni, summed over i, in a term t_n w_i x_ni."""
        at = [f for f in term.factors if _names(f.node) == {label} and f.power == ONE]
        linear = [f for f in term.factors if f.power == ONE and self._is_parameter(f.node)]
        if len(at) > 1 or len(linear) != 1:
            return
        own = {x for x in term.summed if not isinstance(x.axis, str)}
        if not own.isdisjoint(x for f in at for x in f.labels):
            return  # a weight of sums of others
        inner = [f for f in term.factors if f is linear[0] or not own.isdisjoint(f.labels)]
        if len(inner) == 1:  # of numbers there is no sum
            inner += [f for f in term.factors if f not in at and self.has_batch(f.node)]
        free = dict.fromkeys(x for f in inner for x in f.labels if x not in own)
        first = sorted(free, key=lambda x: not isinstance(x.axis, str))  # the batch's
        score = contract([Term(ONE, tuple(inner), tuple(own))], first)
        if self.has_batch(score.node) and label not in _names(score.node):
            rest = tuple(f for f in term.factors if f not in inner)
            yield _Part(score, rest, tuple(x for x in term.summed if x not in own))

    def _is_parameter(self, node: Node) -> bool:
        return isinstance(node, Input) and node.name in self.problem.parameters

    def _is_all_of(self, node: Node, label: str) -> bool:
        """Whether the label is nowhere but below this node."""
        others = topological([self.root], lambda n: n is not node)
        return not any(isinstance(n, Input) and n.name == label for n in others if n is not node)

    def _is_score(self, node: Node, label: str) -> bool:
        """Whether it is a sum linear in a parameter, without the label, and all that is trained
        goes through it."""
        if not isinstance(node, Polynomial) or not self.trained(node) or label in self.below[node]:
            return False
        factors = (f for term in node.terms for f in term.factors)
        if not any(f.power == ONE and self._is_parameter(f.node) for f in factors):
            return False
        through: set[Node] = {node}
        for other in self.order:
            if not through.isdisjoint(other.operands):
                through.add(other)
        above = self.above(node)
        products = (
            t for n in above if isinstance(n, Polynomial) and n is not node for t in n.terms
        )
        return all(n in through for n in above if self.trained(n)) and not any(
            self._is_trained_product(term, through) for term in products
        )

    def _is_trained_product(self, term: ClosedTerm, through: set[Node]) -> bool:
        """Whether it is one of examples and parameters, and nothing that goes through the score."""
        nodes = [f.node for f in term.factors]
        own = not any(n in through for n in nodes) and any(map(self.has_batch, nodes))
        return own and any(not self.below[n].isdisjoint(self.problem.parameters) for n in nodes)

    def above(self, score: Node) -> list[Node]:
        """The nodes that the loss is made of, down to the score."""
        return topological([self.root], lambda node: node is not score)


def _names(node: Node) -> set[str]:
    """The variables below a node."""
    return {n.name for n in topological([node]) if isinstance(n, Input)}


def _terms(node: Polynomial) -> list[Term]:
    return opened(node, new_labels(node.axes))
