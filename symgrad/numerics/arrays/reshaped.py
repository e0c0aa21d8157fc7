"""Arrays with an axis for two, or two for one: the index of a Kronecker product's rows is that of
the block and that in the block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from symgrad.calculus import nodes as ix
from symgrad.calculus.functions import apply_entry
from symgrad.calculus.nodes import Apply, Entry, Label, Node
from symgrad.language.expressions import Operation
from symgrad.language.operations.meanings import Function

Pair: TypeAlias = tuple[Label, Label]  # the index of the block, and that in the block
Pairs: TypeAlias = Mapping[Label, Pair]

# Not registered: of programs of arrays, not of the language.
RESHAPED = Operation(
    name="reshaped",
    meaning=Function(over="matrix", pullback=lambda g, y, x: (), kernel=lambda xp, x: x),
    shape=lambda arguments, options: arguments[0].shape,
    rule="reshaped",
    sentence="The same entries with other axes.",
)


def reshaped(node: Node) -> bool:
    """Whether it is an array with other axes."""
    return isinstance(node, Apply) and node.operation is RESHAPED


def joined(entry: Entry, pairs: Pairs) -> Entry:
    """An array with one axis for each pair."""
    own = [x for pair in pairs.values() for x in pair]
    leading = [x for x in entry.labels if x not in own]
    return apply_entry(RESHAPED, [(entry, own)], leading, [*pairs])


def cut(entry: Entry, pairs: Pairs) -> Entry:
    """An array with a pair of axes for some of its own."""
    labels = ix.new_labels(entry.node.axes)  # an entry may have one label twice
    at = {x: pairs[y] for x, y in zip(labels, entry.labels, strict=True) if y in pairs}
    names = dict(zip(labels, entry.labels, strict=True))
    new = {k: (Label(a.axis), Label(b.axis)) for k, (a, b) in at.items()}
    core = [x for pair in new.values() for x in pair]
    leading = [x for x in labels if x not in at]
    inner = apply_entry(RESHAPED, [(Entry(entry.node, labels), [*at])], leading, core)
    names |= {x: y for k in at for x, y in zip(new[k], at[k], strict=True)}
    return inner.renamed(names)


def inside(entry: Entry) -> tuple[Entry, Pairs] | None:
    """What an array has one axis for each pair of, and these pairs; None for any other."""
    if not reshaped(entry.node):
        return None
    assert isinstance(entry.node, Apply)
    ((inner, own),) = entry.node.opened(entry.labels)
    core = entry.node.split(entry.labels)[1]
    if len(own) < len(core):
        return None
    pairs: dict[Label, Pair] = {}
    names: dict[Label, Label] = {}
    for label, a, b in zip(core, own[::2], own[1::2], strict=True):
        first = pairs.setdefault(label, (a, b))
        if alike(first, (a, b)):
            names |= zip((a, b), first, strict=True)
        else:  # a diagonal that goes through blocks of other sizes
            return None
    return inner.renamed(names), pairs


def alike(one: Pair, other: Pair) -> bool:
    """Whether both run along the same axes."""
    return [x.axis for x in one] == [x.axis for x in other]
