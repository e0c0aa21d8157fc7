"""Which nodes are lines of a derivation, and which are written out where they are used.

v = mean((x - mu)**2)                    x - mu is no line
loss = -sum(y * log(p))                  nor is log(p), as the loss is a number
f = W2 @ relu(W1 @ x)                    W1 x and relu(h) are
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from fractions import Fraction
from typing import NamedTuple

from symgrad.calculus import nodes as ix
from symgrad.calculus.nodes import Node, batch_of, core_axes

SHORT = 3  # names and numbers in what is written out
GIVEN = (ix.Input, ix.Named, ix.OneHot, ix.Length, ix.Constant)


class Examples(NamedTuple):
    """The loss of one example, of which a loss is the sum or the mean, plus what has no example."""

    loss: Node
    batch: str
    mean: bool


def examples(root: Node) -> Examples | None:
    """What a loss is of each example; None where examples meet elsewhere, too."""
    whole = ix.unnamed(root)
    if batch_of(root) is not None or not isinstance(whole, ix.Polynomial):
        return None
    meeting = [
        node
        for node in ix.topological([root])
        if batch_of(node) is None and any(map(batch_of, node.operands))
    ]
    terms = [t for t in whole.terms if any(batch_of(f.node) for f in t.factors)]
    if meeting != [root] or len(terms) != 1 or terms[0].coefficient != 1:
        return None
    (loss, *others) = (f for f in terms[0].factors if batch_of(f.node))
    weights = [f for f in terms[0].factors if not batch_of(f.node)]
    batch = str(batch_of(loss.node))
    mean = [f for f in weights if isinstance(f.node, ix.Length) and f.node.axis == batch]
    if others or loss.power != 1 or weights != mean or any(f.power != -1 for f in mean):
        return None
    if not loss.node.operands:  # an input: its examples have no loss but the whole one
        return None
    return Examples(loss.node, batch, bool(mean))


def stated(root: Node) -> set[Node]:
    """The nodes below the root, itself included, that are lines of their own."""
    order = ix.topological([root])
    lines = {node for node in order if _is_statement(node)}
    users = _users(order)
    into_numbers = _into_numbers(order, users)
    each = examples(root)
    kept = {root, each.loss} if each else {root}
    inside: set[Node] = set()
    ranges = _ranges(order)
    kept |= {node for node in order if node not in ranges and _is_of_pairs(node)}
    for node in order:
        if node not in lines or node in kept or (isinstance(node, ix.Named) and node.name):
            continue
        if (
            _is_sum(node, inside)
            or _is_entry(node)
            or node in ranges
            or _is_factor(node, users.get(node, ()), inside)
            or (node in into_numbers and _is_function(node, lines, inside))
            or _is_gate(node, users.get(node, ()), lines)
            or _is_below_root(node, users.get(node, ()))
        ):
            inside.add(node)
            lines.remove(node)
    return lines | {root}


def _ranges(order: Sequence[Node]) -> set[Node]:
    """The arrays that are made of indices alone, as 1 - 1[i > j] of a sum over j from i on."""
    given: set[Node] = set()
    ranges: set[Node] = set()
    for node in order:
        if isinstance(node, ix.Input) or not given.isdisjoint(node.operands):
            given.add(node)
        elif isinstance(node, ix.Place) or not ranges.isdisjoint(node.operands):
            ranges.add(node)
    return ranges


def _users(order: Sequence[Node]) -> dict[Node, list[Node]]:
    users: dict[Node, list[Node]] = {}
    for node in order:
        for operand in node.operands:
            users.setdefault(operand, []).append(node)
    return users


def _is_statement(node: Node) -> bool:
    """Whether a node does something: a number, or a view of another one, does not."""
    if isinstance(node, (ix.Map, ix.Apply, ix.Named)):
        return True
    if not isinstance(node, ix.Polynomial):
        return False
    if not node.axes and all(isinstance(operand, ix.Length) for operand in node.operands):
        return False
    if len(node.terms) != 1:
        return bool(node.terms)
    (term,) = node.terms
    spread = len(term.factors) == 1 and term.coefficient == 1 and term.factors[0].power == 1
    return not spread or bool(term.summed)


def _into_numbers(order: Sequence[Node], users: Mapping[Node, Sequence[Node]]) -> set[Node]:
    """The nodes that are used in numbers alone, or in what is so used entry by entry."""
    found: set[Node] = set()
    for node in reversed(order):
        using = users.get(node, [])
        if using and all(_is_number(u) or (u in found and _is_short(u)) for u in using):
            found.add(node)
    return found


def _is_number(node: Node) -> bool:
    return not core_axes(node.axes)


def _is_sum(node: Node, inside: AbstractSet[Node]) -> bool:
    """Whether a node is a short sum of what has names: x - mu, 1 - p, -z."""
    if not isinstance(node, ix.Polynomial) or not _is_short(node):
        return False
    for term in node.terms:
        moving = [f for f in term.factors if not isinstance(f.node, (ix.Length, ix.Constant))]
        if len(moving) > 1 or any(f.power != 1 for f in moving):
            return False
        if any(f.node in inside for f in moving):
            return False
    return True


def _is_of_pairs(node: Node) -> bool:
    """Whether a node is a sum for all pairs of entries, x_i - x_j, which is long as a matrix:
    x 1^T - 1 x^T."""
    if not isinstance(node, ix.Polynomial) or len(core_axes(node.axes)) != 2:
        return False
    moving = [f for t in node.terms for f in t.factors if core_axes(f.node.axes)]
    alone = all(len(core_axes(f.node.axes)) == 1 for f in moving)
    return alone and len(node.terms) > 1 and len({f.labels for f in moving}) > 1


def _is_function(node: Node, lines: AbstractSet[Node], inside: AbstractSet[Node]) -> bool:
    """Whether a node is a function, or a product, of a few entries that have names, or of such a
    function of one: log(sigmoid(z))."""
    if not _is_short(node):
        return False
    return all(
        operand in lines
        or isinstance(operand, (*GIVEN, ix.Polynomial))
        or (operand in inside and lines >= {*operand.operands})
        for operand in node.operands
    )


def _is_entry(node: Node) -> bool:
    """Whether a node is a row of what is given, Q[i]."""
    term = ix.only_term(node)
    if term is None:
        return False
    coefficient, factors, _ = term
    kinds = [type(f.node) for f in factors]
    plain = coefficient == 1 and all(f.power == 1 for f in factors)
    return plain and sorted(kinds, key=str) == [ix.Input, ix.OneHot]


def _is_factor(node: Node, users: Sequence[Node], inside: AbstractSet[Node]) -> bool:
    """Whether a number is a short sum that is added to others, times what is given:
    lam * (norm2(v)**2 + norm2(w)**2)."""
    if (
        not isinstance(node, ix.Polynomial)
        or not _is_number(node)
        or not 1 < len(node.terms) <= SHORT
    ):
        return False
    if any(f.node in inside for term in node.terms for f in term.factors):
        return False
    sums = [s for s in map(ix.unnamed, users) if isinstance(s, ix.Polynomial)]
    terms = [t for s in sums for t in s.terms]
    used = [t for t in terms if any(f.node is node for f in t.factors)]
    return len(users) == len(used) and all(_only_given(t, node) for t in used)


def _only_given(term: ix.ClosedTerm, beside: Node) -> bool:
    return all(
        f.power == 1 if f.node is beside else isinstance(f.node, GIVEN) for f in term.factors
    )


def _is_below_root(node: Node, users: Sequence[Node]) -> bool:
    """Whether a number is there for its root alone, as the mean of squares of a standard
    deviation."""
    if not _is_number(node) or not isinstance(node, ix.Polynomial) or len(users) != 1:
        return False
    term = ix.only_term(ix.unnamed(users[0]))
    return term is not None and [f.power for f in term.factors] == [Fraction(1, 2)]


def _is_gate(node: Node, users: Sequence[Node], lines: AbstractSet[Node]) -> bool:
    """Whether a node is a function of a line that only multiplies another, o * tanh(c)."""
    if not isinstance(node, ix.Map) or len(users) != 1:
        return False
    if not all(n in lines or isinstance(n, ix.Input) for n in node.operands):
        return False
    term = ix.only_term(ix.unnamed(users[0]))
    if term is None or term.summed:
        return False
    return len(term.factors) == 2 and all(f.power == 1 for f in term.factors)


def _is_short(node: Node) -> bool:
    """Whether it is written entry by entry with few names."""
    if isinstance(node, ix.Map):
        return len(node.arguments) <= SHORT
    if not isinstance(node, ix.Polynomial) or any(t.summed for t in node.terms):
        return False
    return sum(max(1, len(t.factors)) for t in node.terms) <= SHORT
