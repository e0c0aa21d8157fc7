"""Sums of products of entries, in normal form.

`contract(terms, out)` is the tensor with the free labels `out`. On the way the laws of index
notation are applied:

    sum_j [i = j] x_j = x_i                an identity under a sum renames an index
    sum_j 1 = n                            an index that nothing carries counts
    x_i^a x_i^b = x_i^(a+b)                equal entries join
    c t + d t = (c + d) t                  equal terms join
    A_ij = A_ji, sum_i p_i = 1, y_i^2 = y_i   what was declared: symmetric, simplex, one-hot

and a factor that is itself only a scaled, transposed or spread entry is replaced by that entry
(`reduction`). Then the operations' rewrite rules are tried (`rewriting`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

from symgrad.calculus import nodes as ix
from symgrad.calculus.entries import antisymmetric, even, infinite, odd, symmetric
from symgrad.calculus.nodes import ONE, ClosedTerm, Entry, Factor, Label, Node, Term
from symgrad.calculus.placing import is_part
from symgrad.calculus.reduction import reduced
from symgrad.calculus.rules import by_name, rules_for
from symgrad.calculus.terms import key_of, numbered, opened, product
from symgrad.language.expressions import Value, exact
from symgrad.language.literals import magnitude


def contract(
    terms: Iterable[Term], out: Sequence[Label], factored: bool = False, spread: bool = True
) -> Entry:
    """The sum of the terms as one node; its labels are those of `out` that it depends on.

    `factored` brings what all terms have in common before the sum: c a + c b = c (a + b). With
    `spread` a product with a sum that has an identity in it is a sum of products."""
    position = {label: k for k, label in enumerate(out)}
    joined: dict[Hashable, Term] = {}
    pending = list(terms)[::-1]
    while pending:
        term = reduced(pending.pop())
        if term is None:
            continue
        rewritten = _rewrite(term) or (spread and _spread_identity(term)) or _taken_apart(term)
        if rewritten is not None:
            pending.extend(reversed(rewritten))
            continue
        term = _in_order(term, position)
        key = key_of(numbered(term.factors, position, symmetric))
        coefficient = term.coefficient
        if key in joined:
            coefficient = exact(joined[key].coefficient + coefficient)
            term = joined[key]
        joined[key] = term._replace(coefficient=coefficient)
    nonzero = [t for t in joined.values() if t.coefficient != 0]
    if factored and len(nonzero) > 1:
        common, rest = _common(nonzero)
        if common.factors or common.coefficient != 1:
            inner = _close(rest, out)
            return _close([common._replace(factors=(*common.factors, Factor(*inner)))], out)
    return _close(nonzero, out)


def _in_order(term: Term, position: Mapping[Label, int]) -> Term:
    """The term with r_ij for r_ji = -r_ij, where i is before j of the labels of the sum."""
    factors, coefficient = list(term.factors), term.coefficient
    last = len(position)
    for k, f in enumerate(factors):
        if len(f.labels) != 2 or not antisymmetric(f.node):
            continue
        first, second = (position.get(x, last) for x in f.labels)
        if second < first and (even(f) or odd(f)):
            factors[k] = f._replace(labels=f.labels[::-1])
            coefficient = coefficient if even(f) else -coefficient
    return term._replace(coefficient=coefficient, factors=tuple(factors))


def _close(terms: list[Term], out: Sequence[Label]) -> Entry:
    """The sum as a node; a sum that is one entry is that entry."""
    used = {label for t in terms for f in t.factors for label in f.labels}
    labels = tuple(label for label in out if label in used)
    if len(terms) == 1 and terms[0].coefficient == 1 and len(terms[0].factors) == 1:
        (factor,) = terms[0].factors
        if factor.power == 1 and len(set(factor.labels)) == len(factor.labels) == len(labels):
            return factor.entry
    position = {label: k for k, label in enumerate(labels)}
    closed = []
    for term in terms:
        factors = numbered(term.factors, position, symmetric)
        bound = {k for f in factors for k in f.labels if k >= len(labels)}
        closed.append(ClosedTerm(term.coefficient, factors, tuple(sorted(bound))))
    axes = tuple(label.axis for label in labels)
    return by_name(Entry(ix.polynomial(axes, tuple(closed)), labels))


def _rewrite(term: Term) -> list[Term] | None:
    for factor in term.factors:
        for rule in rules_for(factor):
            rewritten = rule(term, factor)
            if rewritten is not None:
                return rewritten
    return None


def _spread_identity(term: Term) -> list[Term] | None:
    """(c [i = j] + B_ij) v_j = c [i = j] v_j + B_ij v_j where i and j are free: a seed meets a
    product. Beside M_ij it stays, which may be infinite for i = j."""
    if len(term.factors) < 2 or any(map(infinite, term.factors)):
        return None
    for k, (node, labels, power) in enumerate(term.factors):
        if power != 1 or not isinstance(node, ix.Polynomial) or len(node.terms) < 2:
            continue
        if any(x in term.summed for x in labels):
            continue
        parts = opened(node, labels)
        pairs = [f.labels for t in parts for f in t.factors if isinstance(f.node, ix.Identity)]
        others = [{*f.labels} for f in term.without(k).factors]
        if pairs and not any({*pair} <= each for pair in pairs for each in others):
            return [product((t, term.without(k))) for t in parts]
    return None


def _taken_apart(term: Term) -> list[Term] | None:
    """A part of a matrix that is put together of blocks, sum_r [r = i + a] M_rj, block by block."""
    rows = {f.labels[-1] for f in term.factors if is_part(f)} & {*term.summed}
    if not rows or any(map(infinite, term.factors)):
        return None
    for k, (node, labels, power) in enumerate(term.factors):
        if power != 1 or not isinstance(node, ix.Polynomial) or rows.isdisjoint(labels):
            continue
        if all(any(is_part(f) for f in t.factors) for t in opened(node, labels)):
            return [product((t, term.without(k))) for t in opened(node, labels)]
    return None


def _common(terms: list[Term]) -> tuple[Term, list[Term]]:
    """The number and the factors over free indices that all terms share, and what is left."""
    powers = [{(f.node, f.labels): f.power for f in t.factors} for t in terms]
    summed = {x for t in terms for x in t.summed}
    shared: dict[tuple[Node, tuple[Label, ...]], Value] = {}
    for entry in powers[0]:
        others = [p.get(entry, 0) for p in powers]
        one_sign = all(p > 0 for p in others) or all(p < 0 for p in others)
        if one_sign and summed.isdisjoint(entry[1]) and _stays_plain(terms, entry, summed):
            shared[entry] = min(others, key=magnitude)
    sizes: set[Value] = {magnitude(t.coefficient) for t in terms}
    number: Value = sizes.pop() if len(sizes) == 1 else ONE
    if all(t.coefficient < 0 for t in terms):
        number = -number
    rest = []
    for term in terms:
        lowered = [(f, f.power - shared.get((f.node, f.labels), 0)) for f in term.factors]
        factors = tuple(f._replace(power=power) for f, power in lowered if power)
        rest.append(term._replace(coefficient=exact(term.coefficient / number), factors=factors))
    front = tuple(Factor(node, labels, power) for (node, labels), power in shared.items())
    return Term(number, front), rest


def _stays_plain(
    terms: list[Term], entry: tuple[Node, tuple[Label, ...]], summed: set[Label]
) -> bool:
    """Whether no term has to be spread over more indices when the entry is taken out: it has those
    of the others, or all of the entry's anyway."""
    if not entry[1]:
        return True
    free = [
        {x for f in t.factors if (f.node, f.labels) != entry for x in f.labels} - summed
        for t in terms
    ]
    most = set().union(*free)
    return len(most) < 2 or all(labels == most or labels >= {*entry[1]} for labels in free)
