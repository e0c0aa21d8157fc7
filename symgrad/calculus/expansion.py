"""Sums multiplied out where that makes them shorter: (1 - t) p - t sigmoid(-z) is p - t.

Only what is printed is treated so; numbers are computed by the stable form.
"""

from __future__ import annotations

from collections.abc import Sequence

from symgrad.calculus.lowering import lower, tensor
from symgrad.calculus.nodes import Entry, Factor, Label, Map, Node, Polynomial, Term
from symgrad.calculus.polynomials import contract, opened, times
from symgrad.language.dimensions import SCALAR
from symgrad.language.expressions import Name

MOST_TERMS = 16


def shorter(entry: Entry) -> Entry:
    """The same sum with its products multiplied out, if it has fewer factors then."""
    node, labels = entry
    if not isinstance(node, Polynomial) or len(node.terms) < 2:
        return entry
    terms = opened(node, labels)
    expanded: list[Term] = []
    for term in terms:
        expanded += _multiplied_out(term)
        if len(expanded) > MOST_TERMS:
            return entry
    if len(expanded) == len(terms):
        return entry
    other = contract(expanded, labels, factored=True)
    return other if _size(other.node) < _size(node) else entry


def _size(node: Node) -> int:
    """How many names and functions a sum shows, with those of the sums in its products."""
    if not isinstance(node, Polynomial):
        return 1
    return sum(1 + sum(_size(f.node) for f in t.factors) for t in node.terms)


def _multiplied_out(term: Term) -> list[Term]:
    """The term as a sum of products without sums."""
    for k, factor in enumerate(term.factors):
        parts = _parts(factor)
        if parts is not None:
            others = (*term.factors[:k], *term.factors[k + 1 :])
            return [
                more
                for part in parts
                for more in _multiplied_out(
                    Term(
                        times(term.coefficient, part.coefficient),
                        (*others, *part.factors),
                        term.summed,
                    )
                )
            ]
    return [term]


def _parts(factor: Factor) -> Sequence[Term] | None:
    """A factor as a sum: a short sum of entries, or a function of a negative argument."""
    node = factor.node
    if factor.power != 1:
        return None
    if isinstance(node, Polynomial) and 1 < len(node.terms) <= 3:
        return None if any(t.summed for t in node.terms) else opened(node, factor.labels)
    if isinstance(node, Map) and node.operation.meaning.reflection is not None:
        ((argument, at),) = node.arguments
        if isinstance(argument, Polynomial) and all(t.coefficient < 0 for t in argument.terms):
            return _reflected(node, argument, tuple(factor.labels[k] for k in at))
    return None


def _reflected(node: Map, argument: Polynomial, labels: tuple[Label, ...]) -> Sequence[Term]:
    """f(-x) by the function's reflection."""
    minus = [Term(-t.coefficient, t.factors, t.summed) for t in opened(argument, labels)]
    opposite = contract(minus, labels)
    x = Name("?x", SCALAR)
    value = {x.name: tensor(Entry(*opposite), others=opposite.labels)}
    return lower(node.operation.meaning.reflection(x), value).terms
