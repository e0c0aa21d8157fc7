"""Nodes for functions: scalar functions of entries, functions of whole vectors and matrices."""

from __future__ import annotations

from collections.abc import Sequence

from symgrad.calculus import nodes as ix
from symgrad.calculus.nodes import ONE, Axis, ClosedFactor, ClosedTerm, Entry, Label, Node
from symgrad.calculus.rules import by_name, rules_of
from symgrad.language.expressions import Operation


def map_entry(operation: Operation, arguments: Sequence[Entry], out: Sequence[Label]) -> Entry:
    """operation(arguments), entry by entry; labels in the order of `out`."""
    used = {label for argument in arguments for label in argument.labels}
    labels = tuple(label for label in out if label in used)
    position = {label: k for k, label in enumerate(labels)}
    placed = tuple((node, tuple(position[x] for x in at)) for node, at in arguments)
    axes = tuple(label.axis for label in labels)
    node = ix.intern(ix.Map, axes, operation=operation, arguments=placed)
    return _rewritten(operation, node, labels)


def apply_entry(
    operation: Operation,
    arguments: Sequence[tuple[Entry, Sequence[Label]]],
    leading: Sequence[Label],
    core: Sequence[Label],
) -> Entry:
    """operation(arguments); each argument comes with the labels that the function acts on.

    `leading` are the other labels, which only enumerate; `core` are those of the result. Of a
    function of vectors the labels stay in the argument's order, else the core comes last."""
    along = operation.meaning.along
    ordered: list[Entry] = []
    for argument, own in arguments:
        first = [x for x in leading if x in argument.labels]
        kept = along and set(own) <= set(argument.labels)
        labels = argument.labels if kept else (*first, *own)
        ordered.append(Entry(aligned(argument, labels), labels))
    acted = {x for _, own in arguments for x in own}
    stays = core if along else ()
    carried = [x for a in ordered for x in a.labels if x in stays or x not in acted]
    labels = tuple(dict.fromkeys([*carried, *core]))
    position = {label: k for k, label in enumerate(labels)}
    placed = tuple(
        (node, tuple(None if x in acted else position[x] for x in own)) for node, own in ordered
    )
    places = tuple(sorted(position[x] for x in core))
    axes = tuple(label.axis for label in labels)
    node = ix.intern(ix.Apply, axes, operation=operation, arguments=placed, core=places)
    return _rewritten(operation, node, labels)


def aligned(entry: Entry, labels: Sequence[Label]) -> Node:
    """A node with exactly these labels as its axes, in order: transposed and spread where
    needed."""
    turned = isinstance(entry.node, ix.Identity) and entry.labels[::-1]
    if tuple(labels) in (entry.labels, turned):
        return entry.node
    from_labels = {label: k for k, label in enumerate(labels)}
    return spread(
        entry.node, tuple(from_labels[x] for x in entry.labels), tuple(x.axis for x in labels)
    )


def spread(node: Node, positions: tuple[int, ...], axes: tuple[Axis, ...]) -> Node:
    """node as a tensor with these axes, its own at the positions given."""
    return ix.polynomial(axes, (ClosedTerm(ONE, (ClosedFactor(node, positions),)),))


def _rewritten(operation: Operation, node: Node, labels: tuple[Label, ...]) -> Entry:
    for rule in rules_of(operation.name):
        if (entry := rule(node, labels)) is not None:
            return entry
    return by_name(Entry(node, labels))
