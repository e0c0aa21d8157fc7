"""Nodes made again from their definitions, with other operands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from symgrad.calculus import nodes as ix
from symgrad.calculus.functions import aligned, apply_entry, map_entry
from symgrad.calculus.nodes import Entry, Factor, Label, Node, Term
from symgrad.calculus.polynomials import contract
from symgrad.calculus.recorded import NOTHING, Recorded, record_again, recorded
from symgrad.calculus.terms import opened

Combine = Callable[[list[Term], tuple[Label, ...]], Entry]


class Counterpart(NamedTuple):
    """A node that belongs to another one, as its tangent or as what became of it, and which of the
    other's axes it has, in its order; and what was used to make it."""

    node: Node
    places: tuple[int, ...]
    used: Recorded = NOTHING

    @classmethod
    def of(cls, entry: Entry, labels: Sequence[Label]) -> Counterpart:
        """What has this entry where the other node has these labels."""
        position = {label: k for k, label in enumerate(labels)}
        return cls(entry.node, tuple(position[x] for x in entry.labels))

    def at(self, labels: Sequence[Label]) -> Entry:
        """The node at the labels of the other one."""
        return Entry(self.node, tuple(labels[k] for k in self.places))


def factored(terms: list[Term], labels: tuple[Label, ...]) -> Entry:
    """The sum with what its terms have in common before it."""
    return contract(terms, labels, factored=True)


def without_aliases(entries: Sequence[Entry]) -> list[Entry]:
    """The entries simplified through the names of cotangents."""
    found = rebuilt([entry.node for entry in entries])
    return [found[entry.node].at(entry.labels) for entry in entries]


def rebuilt(
    roots: Iterable[Node],
    keep: Callable[[Node], bool] = lambda node: False,
    combine: Combine = factored,
    instead: Mapping[Node, Node] | None = None,
    known: dict[Node, Counterpart] | None = None,
) -> dict[Node, Counterpart]:
    """Every node below the roots without aliases, simplified through them; sums are put together by
    `combine`, nodes to `keep` stay as they are, and other inputs stand `instead` of some. What is
    `known` from such a call is not made again, and what is made is added to it."""
    done = {} if known is None else known
    other = instead or {}
    for node in ix.topological(roots, lambda node: not keep(node) and node not in done):
        if node in done:
            continue
        labels = ix.new_labels(node.axes)
        with recorded() as used:
            if node in other or keep(node):
                entry = Entry(other.get(node, node), labels)
            else:
                entry = again(node, labels, done, combine)
        done[node] = Counterpart.of(entry, labels)._replace(used=used)
    return done


def remade(
    root: Node,
    keep: Callable[[Node], bool],
    combine: Combine,
    known: dict[Node, Counterpart] | None = None,
) -> Node:
    """The root rebuilt, over all its axes. What is `known` of the nodes below it, from calls that
    keep and combine alike, is not made again; how it was made is noted again."""
    known = {} if known is None else known
    known.pop(root, None)  # below another root it may be kept
    for node in ix.topological([root], lambda node: not keep(node)):
        if node in known:
            record_again(known[node].used)
    rebuilt([root], keep, combine, known=known)
    labels = ix.new_labels(root.axes)
    return aligned(known.pop(root).at(labels), labels)


def again(
    node: Node, labels: tuple[Label, ...], done: dict[Node, Counterpart], combine: Combine
) -> Entry:
    """A node from its definition, at these labels, with what became of its operands."""
    match node:
        case ix.Alias():
            return done[node.inner].at(labels)
        case ix.Named():
            return again(node.inner, labels, done, combine)
        case ix.Polynomial():
            terms = [
                t._replace(
                    factors=tuple(Factor(*done[f.node].at(f.labels), f.power) for f in t.factors)
                )
                for t in opened(node, labels)
            ]
            return combine(terms, labels)
        case ix.Map():
            arguments = [done[n].at(tuple(labels[k] for k in at)) for n, at in node.arguments]
            return map_entry(node.operation, arguments, labels)
        case ix.Apply():
            leading, core = node.split(labels)
            placed = [(done[n].at(inside), acted) for (n, inside), acted in node.opened(labels)]
            return apply_entry(node.operation, placed, leading, core)
    return Entry(node, labels)
