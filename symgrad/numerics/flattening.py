"""Products that only another product needs are not made where that costs less.

sum_n (sum_k y_nk q_nk)    one sum over n and k
Y (c b^T) Y                with an inverse Y: (Y c) (b^T Y), two systems with a vector each
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from symgrad.calculus.entries import singular
from symgrad.calculus.nodes import (
    ONE,
    ClosedTerm,
    Entry,
    Label,
    Node,
    Polynomial,
    Term,
    topological,
)
from symgrad.calculus.polynomials import contract
from symgrad.calculus.rebuilding import Counterpart, rebuilt
from symgrad.calculus.terms import opened, product
from symgrad.numerics.systems import solvable

Result = tuple[Entry, tuple[Label, ...]]


@dataclass(frozen=True)
class Flat:
    """The results, and what became of each node, pass by pass."""

    results: Sequence[Result]
    passes: tuple[Mapping[Node, Counterpart], ...] = ()

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


def flattened(results: Sequence[Result]) -> Flat:
    """The results with such products multiplied out, where nothing else needs them."""
    nodes = _nodes(results)
    flat = _once(Flat(results), nodes)
    fewer = _nodes(flat.results)
    while any(map(solvable, nodes)) and len(fewer) < len(nodes):  # what is made is a product again
        nodes, flat = fewer, _once(flat, fewer)
        fewer = _nodes(flat.results)
    return flat


def _nodes(results: Sequence[Result]) -> list[Node]:
    return topological(entry.node for entry, _ in results)


def _once(before: Flat, nodes: Sequence[Node]) -> Flat:
    roots = [entry.node for entry, _ in before.results]
    uses = Counter(operand for node in nodes for operand in _occurrences(node))
    uses.update(roots)

    def alone(node: Polynomial) -> bool:
        return len(node.terms) == 1 and uses[node] == 1

    def cheap(node: Polynomial) -> bool:
        outer = uses[node] == 1 and len(node.axes) > 1 and all(map(_outer, node.terms))
        return alone(node) or outer or _multiple(node)

    def flat(term: Term, labels: tuple[Label, ...]) -> list[Term]:
        if not labels:
            return _multiplied(term, alone)
        terms = _multiplied(term, cheap)
        inverse = any(solvable(f.node) for t in terms for f in t.factors)
        return terms if inverse else [term]

    def combine(terms: list[Term], labels: tuple[Label, ...]) -> Entry:
        return contract([each for t in terms for each in flat(t, labels)], labels)

    return before.after(rebuilt(roots, combine=combine))


def _occurrences(node: Node) -> Sequence[Node]:
    """The operands of a node, each as often as it stands there."""
    if isinstance(node, Polynomial):
        return [f.node for t in node.terms for f in t.factors]
    return node.operands


def _multiplied(term: Term, opens: Callable[[Polynomial], bool]) -> list[Term]:
    """A term multiplied out, with the definitions of the nodes that `opens` chooses."""
    done = [term._replace(factors=())]
    for factor in term.factors:
        inner = [Term(ONE, (factor,))]
        node = factor.node
        if (
            isinstance(node, Polynomial)
            and factor.power == 1
            and opens(node)
            and not singular(node)
        ):
            inner = opened(node, factor.labels)
        done = [product((t, each)) for t in done for each in inner]
    return done


def _outer(term: ClosedTerm) -> bool:
    """Whether it is an outer product, a_i b_j or (sum_k A_ik a_k) b_j: nothing joins i and j."""
    joined = [set(f.labels) for f in term.factors if f.labels]
    for label in term.summed:
        meeting = [x for x in joined if label in x]
        joined = [x for x in joined if label not in x] + [set().union(*meeting)]
    return all(len(x.difference(term.summed)) < 2 for x in joined)


def _multiple(node: Polynomial) -> bool:
    """Whether it is a number times an array."""
    return len(node.terms) == 1 and sum(bool(f.labels) for f in node.terms[0].factors) == 1
