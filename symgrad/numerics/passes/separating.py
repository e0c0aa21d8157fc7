"""Outer products that only other products need are not made: second derivatives are full of them.

P_njk = x_nj q_nk        sum_k P_njk A_kl is x_nj (sum_k q_nk A_kl)
P_nik = [i = k] q_ni     sum_k P_nik A_kl is q_ni A_il, without a diagonal matrix
P_nj = x_nj c_n          P_nj s_n is x_nj (c_n s_n): what is small meets first
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import TypeAlias

from symgrad.calculus.entries import singular
from symgrad.calculus.nodes import ONE, Factor, Identity, Label, OneHot, Polynomial, Term
from symgrad.calculus.reduction import reduced
from symgrad.calculus.terms import opened, product
from symgrad.numerics.passes.base import Flat, Pass, combined

Apart: TypeAlias = tuple[Factor, set[Label], list[Term]]  # a factor, its own indices, the rest


def separated(flat: Flat) -> Flat:
    """The program with the factors of outer products in products, instead of these."""
    return _Separating().over(flat)


class _Separating(Pass):
    def terms(self, terms: Sequence[Term], labels: tuple[Label, ...]) -> list[Term]:
        """The terms of a sum: as one outer product, where they have a factor for it in common."""
        made = super().terms(terms, labels)
        apart = [t for t in map(reduced, map(_opened, made)) if t is not None]
        front: list[Factor] = []
        rest, within = apart, self.axes(labels)
        while (found := _apart(rest, within)) is not None:
            factor, own, rest = found
            front.append(factor)
            within = tuple(x for x in within if x not in own)
        if front:
            inner = _diagonals_together(rest, rest, within)
            return [Term(ONE, (*front, Factor(*combined(inner, within))))]
        plain = [_opened(t, {*t.summed}) for t in made]
        return _diagonals_together(apart, plain, within) if len(apart) == len(plain) else plain

    def axes(self, labels: tuple[Label, ...]) -> tuple[Label, ...]:
        """Examples first: their sums are products of matrices, without a copy."""
        return tuple(sorted(labels, key=lambda x: not isinstance(x.axis, str)))


def _diagonals_together(
    terms: Sequence[Term], plain: Sequence[Term], labels: Sequence[Label]
) -> list[Term]:
    """[i = j] a_i + [i = j] b_j as [i = j] (a_i + b_i), beside the other terms as they are in
    `plain`."""
    of: dict[Factor | None, list[int]] = {}
    for k, term in enumerate(terms):
        free = (f for f in term.factors if isinstance(f.node, Identity) and len({*f.labels}) == 2)
        diagonal = next((f for f in free if {*f.labels} <= {*labels}), None)
        of.setdefault(diagonal, []).append(k)
    groups = {f: those for f, those in of.items() if f is not None and len(those) > 1}
    grouped = {k for those in groups.values() for k in those}
    made = [t for k, t in enumerate(plain) if k not in grouped]
    for diagonal, those in groups.items():
        row, column = diagonal.labels
        parts = [
            terms[k]._replace(
                factors=tuple(f.renamed({column: row}) for f in terms[k].factors if f != diagonal)
            )
            for k in those
        ]
        made.append(Term(ONE, (diagonal, Factor(*combined(parts, labels)))))
    return made


def _opened(term: Term, along: Container[Label] | None = None) -> Term:
    """A term with the factors of those of its factors that are such products. Where indices are
    given, only where that pays."""
    parts = []
    for k, factor in enumerate(term.factors):
        found = _product(factor)
        pays = along is None or found is None or _pays(term.without(k), factor, found[1], along)
        parts.append(found[0] if found is not None and pays else Term(ONE, (factor,)))
    return product([term._replace(factors=()), *parts])


def _pays(beside: Term, factor: Factor, apart: Apart, along: Container[Label]) -> bool:
    """Whether a product is better not made: an outer one with one of these indices, or one whose
    small part meets something as small beside it."""
    large, own, _ = apart
    if {*large.labels} < {*factor.labels}:
        return any(x in along for x in factor.labels)
    return any(f.labels and {*f.labels} <= {*factor.labels} - own for f in beside.factors)


def _product(factor: Factor) -> tuple[Term, Apart] | None:
    """The one product that it is, and what has an index alone in it; None of anything else."""
    node, labels, power = factor
    if not isinstance(node, Polynomial) or len(node.terms) != 1 or power != 1 or singular(node):
        return None
    term = opened(node, labels)[0]
    apart = _apart([term], labels)
    return None if apart is None else (term, apart)


def _apart(terms: Sequence[Term], labels: Sequence[Label]) -> Apart | None:
    """A factor that all terms have and that has indices of its own, but not all of the sum's; these
    indices, and what is left of the terms."""
    every = {*labels}
    for factor in terms[0].factors if terms else ():
        if isinstance(factor.node, OneHot) or factor.power < 0 or not {*factor.labels} <= every:
            continue
        if not all(factor in t.factors for t in terms):
            continue
        rest = [t._replace(factors=tuple(f for f in t.factors if f != factor)) for t in terms]
        own = {*factor.labels} - {x for t in rest for f in t.factors for x in f.labels}
        if own and own < every:
            return factor, own, rest
    return None
