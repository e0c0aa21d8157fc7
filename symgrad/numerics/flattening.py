"""Products that only a sum over everything needs are not made: sum_n sum_k y_nk q_nk is one sum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from symgrad.calculus.nodes import Entry, Factor, Label, Node, Polynomial, Term, topological
from symgrad.calculus.polynomials import contract, opened, times
from symgrad.calculus.rebuilding import at, rebuilt

Result = tuple[Entry, tuple[Label, ...]]


def flattened(results: Sequence[Result]) -> list[Result]:
    """The results with products inside full sums multiplied out, where nothing else needs them."""
    roots = [entry.node for entry, _ in results]
    uses = Counter(operand for node in topological(roots) for operand in node.operands)
    uses.update(roots)

    def combine(terms: list[Term], labels: tuple[Label, ...]) -> Entry:
        return contract(terms if labels else [_flat(t, uses) for t in terms], labels)

    done = rebuilt(roots, combine=combine)
    return [(at(done[entry.node], entry.labels), labels) for entry, labels in results]


def _flat(term: Term, uses: Counter[Node]) -> Term:
    factors: list[Factor] = []
    coefficient, summed = term.coefficient, term.summed
    for factor in term.factors:
        node = factor.node
        single = isinstance(node, Polynomial) and len(node.terms) == 1 and uses[node] == 1
        if isinstance(node, Polynomial) and single and factor.power == 1:
            (inner,) = opened(node, factor.labels)
            coefficient = times(coefficient, inner.coefficient)
            factors += inner.factors
            summed = (*summed, *inner.summed)
        else:
            factors.append(factor)
    return Term(coefficient, tuple(factors), summed)
