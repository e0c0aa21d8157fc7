"""Nodes made again from their definitions, with other operands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from symgrad.calculus.functions import apply_entry, map_entry
from symgrad.calculus.nodes import (
    Alias,
    Apply,
    Entry,
    Factor,
    Label,
    Map,
    Node,
    Polynomial,
    Term,
    topological,
)
from symgrad.calculus.polynomials import contract, opened

Combine = Callable[[list[Term], tuple[Label, ...]], Entry]


def factored(terms: list[Term], labels: tuple[Label, ...]) -> Entry:
    """The sum with what its terms have in common before it."""
    return contract(terms, labels, factored=True)


def rebuilt(
    roots: Iterable[Node],
    keep: Callable[[Node], bool] = lambda node: False,
    combine: Combine = factored,
    instead: Mapping[Node, Node] | None = None,
) -> dict[Node, Entry]:
    """Every node below the roots without aliases, simplified through them; sums are put together by
    `combine`, nodes to `keep` stay as they are, and other inputs stand `instead` of some.

    An entry's labels are positions among the old node's axes: those that it still depends on."""
    done: dict[Node, Entry] = {}
    other = instead or {}
    for node in topological(roots, lambda node: not keep(node)):
        labels = tuple(Label(axis) for axis in node.axes)
        if node in other or keep(node):
            entry = Entry(other.get(node, node), labels)
        else:
            entry = _again(node, labels, done, combine)
        position = {label: k for k, label in enumerate(labels)}
        done[node] = Entry(entry.node, tuple(position[x] for x in entry.labels))  # type: ignore[misc]
    return done


def at(entry: Entry, labels: tuple[Label, ...]) -> Entry:
    """A rebuilt node at the labels of the old one."""
    return Entry(entry.node, tuple(labels[k] for k in entry.labels))  # type: ignore[call-overload]


def _again(
    node: Node, labels: tuple[Label, ...], done: dict[Node, Entry], combine: Combine
) -> Entry:
    match node:
        case Alias():
            return at(done[node.inner], labels)
        case Polynomial():
            terms = [
                t._replace(
                    factors=tuple(Factor(*at(done[f.node], f.labels), f.power) for f in t.factors)
                )
                for t in opened(node, labels)
            ]
            return combine(terms, labels)
        case Map():
            arguments = [at(done[n], tuple(labels[k] for k in own)) for n, own in node.arguments]
            return map_entry(node.operation, arguments, labels)
        case Apply():
            leading, core = node.split(labels)
            placed = [(at(done[n], own), acted) for (n, own), acted in node.opened(labels)]
            return apply_entry(node.operation, placed, leading, core)
    return Entry(node, labels)
