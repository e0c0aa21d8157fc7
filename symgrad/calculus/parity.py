"""What is known of a function where its argument turns its sign.

    f(-u) = f(u) of an even function, and so f'(-u) = -f'(u)        |u| = u where u is at least 0

Of u and -u the one that was met first is kept, so that f(x - y) and f(y - x) are one node.
"""

from __future__ import annotations

from fractions import Fraction

from symgrad.calculus import nodes as ix
from symgrad.calculus.entries import positive
from symgrad.calculus.functions import map_entry
from symgrad.calculus.nodes import Entry, Factor, Label, Node, Term
from symgrad.calculus.polynomials import contract
from symgrad.calculus.recorded import Applied, record
from symgrad.calculus.rules import EVERY, NODE_RULES
from symgrad.calculus.terms import opened


def _idle(node: Node, labels: tuple[Label, ...]) -> Entry | None:
    """The argument of a function that changes nothing but negative numbers."""
    if not isinstance(node, ix.Map) or not node.operation.meaning.keeps_positive:
        return None
    (argument,) = node.entries(labels)
    if not positive(argument.node):
        return None
    name = node.operation.name
    said = f"{name}(x) = x, where x is at least 0"
    record(Applied(f"{name} of what is not negative", said))
    return argument


def _turned(node: Node, labels: tuple[Label, ...]) -> Entry | None:
    """f(-u) by f(u), of a function that is even or odd."""
    if not isinstance(node, ix.Map) or not node.operation.meaning.parity:
        return None
    ((argument, own),) = node.entries(labels)
    if not isinstance(argument, ix.Polynomial) or not argument.terms:
        return None
    opposite = contract(
        (t._replace(coefficient=-t.coefficient) for t in opened(argument, own)), own
    )
    if opposite.node.serial > argument.serial or len(opposite.labels) < len(own):
        return None
    value = map_entry(node.operation, [opposite], labels)
    if node.operation.meaning.parity > 0:
        return value
    return contract((Term(Fraction(-1), (Factor(*value),)),), labels)


NODE_RULES.setdefault(EVERY, []).extend((_idle, _turned))
