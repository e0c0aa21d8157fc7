"""Sums that are 0 because a mean was taken off:

    sum_i (x_i - mean(x)) / s = 0        and so        mean(g - x_hat (g^T x_hat) / n) = mean(g)

Only what is printed is written so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from symgrad.calculus import nodes as ix
from symgrad.calculus.nodes import ONE, Entry, Factor, Label, Node, Term
from symgrad.calculus.polynomials import contract
from symgrad.calculus.rebuilding import Counterpart, remade
from symgrad.calculus.recorded import note
from symgrad.calculus.terms import multiplied_out, opened, product

MOST_TERMS = 16  # of a sum that is multiplied out


class Centred(NamedTuple):
    """What nodes became, and those below which there is no such sum."""

    nodes: dict[Node, Counterpart]
    plain: set[Node]


def without_centred(
    root: Node, named: Callable[[Node], bool], known: Centred | None = None
) -> Node:
    """The node with sums over an index told apart where one of their terms is 0 so, up to nodes
    that have a name; what is `known` from a call with the same names is not made again."""
    nodes, plain = known or Centred({}, set())

    def kept(node: Node) -> bool:
        return node in plain or (node is not root and named(node))

    for node in ix.topological([root], lambda node: not kept(node)):
        if not kept(node) and all(map(kept, node.operands)) and not _has_lone_sum(node, named):
            plain.add(node)
    if root in plain:
        return root

    def combine(terms: list[Term], labels: tuple[Label, ...]) -> Entry:
        return contract([t for term in terms for t in _told_apart(term, named)], labels)

    return remade(root, kept, combine, nodes)


def _has_lone_sum(node: Node, named: Callable[[Node], bool]) -> bool:
    """Whether a sum over an index of one factor alone stands in it."""
    if not isinstance(node, ix.Polynomial):
        return False
    labels = ix.new_labels(node.axes)
    lone = (each for term in opened(node, labels) for each in _lone(term))
    return any(isinstance(f.node, ix.Polynomial) and not named(f.node) for f, _ in lone)


def _lone(term: Term) -> Iterator[tuple[Factor, Label]]:
    """The factors that alone have an index that is summed over."""
    for label in term.summed:
        carriers = [f for f in term.factors if label in f.labels]
        if len(carriers) == 1 and carriers[0].power == 1:
            yield carriers[0], label


def _told_apart(term: Term, named: Callable[[Node], bool]) -> list[Term]:
    """The term, or those of its terms that are not 0."""
    for factor, label in _lone(term):
        node = factor.node
        if _sums_to_zero(factor, label):
            note(factor.node, 0)
            return []
        if not isinstance(node, ix.Polynomial) or named(node):
            continue
        rest = term._replace(factors=term.beside(factor))
        parts = [product((rest, part)) for part in opened(node, factor.labels)]
        left = [t for part in parts for t in _told_apart(part, named)]
        if len(parts) == 1 or len(left) < len(parts):
            return left
    return [term]


def _sums_to_zero(factor: Factor, label: Label) -> bool:
    """Whether the sum of an entry over this index is 0 whatever its names stand for."""
    free = tuple(x for x in factor.labels if x is not label)
    terms = multiplied_out(Term(ONE, (factor,), (label,)), _parts, MOST_TERMS)
    if len(terms) < 2 or len(terms) > MOST_TERMS:
        return False
    node, _ = contract(terms, free)
    return isinstance(node, ix.Polynomial) and not node.terms


def _parts(factor: Factor) -> Sequence[Term] | None:
    node = ix.unnamed(factor.node)
    if factor.power != 1 or not isinstance(node, ix.Polynomial):
        return None
    return opened(node, factor.labels)
