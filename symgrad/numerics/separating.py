"""Outer products that only other products need are not made: second derivatives are full of them.

P_njk = x_nj q_nk        sum_k P_njk A_kl is x_nj (sum_k q_nk A_kl)
P_nik = [i = k] q_ni     sum_k P_nik A_kl is q_ni A_il, without a diagonal matrix
"""

from __future__ import annotations

from collections.abc import Container, Sequence

from symgrad.calculus import nodes as ix
from symgrad.calculus.entries import singular
from symgrad.calculus.nodes import ONE, Factor, Identity, Label, OneHot, Polynomial, Term
from symgrad.calculus.reduction import reduced
from symgrad.calculus.terms import opened, product
from symgrad.numerics.passes import Flat, Pass, combined


def separated(flat: Flat) -> Flat:
    """The program with the factors of outer products in products, instead of these."""
    return _Separating().over(flat)


class _Separating(Pass):
    def terms(self, terms: Sequence[Term], labels: tuple[Label, ...]) -> list[Term]:
        """The terms of a sum: as one outer product, where they have a factor for it in common."""
        made = super().terms(terms, labels)
        rest = [t for t in map(reduced, map(_opened, made)) if t is not None]
        front: list[Factor] = []
        within = self.axes(labels)
        while (found := _apart(rest, within)) is not None:
            factor, own, rest = found
            front.append(factor)
            within = tuple(x for x in within if x not in own)
        together = _diagonals_together(rest, within)
        if front:
            return [Term(ONE, (*front, Factor(*combined(together, within))))]
        if len(together) < len(rest):
            return together
        return [_opened(t, {*t.summed}) for t in made]

    def axes(self, labels: tuple[Label, ...]) -> tuple[Label, ...]:
        """Examples first: their sums are products of matrices, without a copy."""
        return tuple(sorted(labels, key=lambda x: not isinstance(x.axis, str)))


def _diagonals_together(terms: Sequence[Term], labels: Sequence[Label]) -> list[Term]:
    """[i = j] a_i + [i = j] b_j as [i = j] (a_i + b_i), beside the other terms."""
    made: list[Term] = []
    of: dict[Factor, list[Term]] = {}
    for term in terms:
        free = (f for f in term.factors if isinstance(f.node, Identity) and len({*f.labels}) == 2)
        diagonal = next((f for f in free if {*f.labels} <= {*labels}), None)
        (made if diagonal is None else of.setdefault(diagonal, [])).append(term)
    for diagonal, those in of.items():
        row, column = diagonal.labels
        rest = [t._replace(factors=tuple(f for f in t.factors if f != diagonal)) for t in those]
        on_it = [
            t._replace(factors=tuple(f.renamed({column: row}) for f in t.factors)) for t in rest
        ]
        total = Term(ONE, (diagonal, Factor(*combined(on_it, labels))))
        made += [total] if len(those) > 1 else those
    return made


def _opened(term: Term, along: Container[Label] | None = None) -> Term:
    """A term with the factors of those of its factors that are outer products; only of those that
    have one of these indices."""
    parts = []
    for factor in term.factors:
        chosen = along is None or any(x in along for x in factor.labels)
        parts.append((_outer(factor) if chosen else None) or Term(ONE, (factor,)))
    return product([term._replace(factors=()), *parts])


def _outer(factor: Factor) -> Term | None:
    """The product that it is, where one of its factors has an index alone; else None."""
    node, labels, power = factor
    if not isinstance(node, Polynomial) or len(node.terms) != 1 or power != 1 or singular(node):
        return None
    own = ix.new_labels(node.axes)
    return opened(node, labels)[0] if _apart(opened(node, own), own) else None


def _apart(
    terms: Sequence[Term], labels: Sequence[Label]
) -> tuple[Factor, set[Label], list[Term]] | None:
    """A factor that all terms have and that has an index of its own and not all indices; these
    indices, and what is left of the terms."""
    for factor in terms[0].factors if terms else ():
        if isinstance(factor.node, OneHot) or factor.power < 0 or not {*factor.labels} < {*labels}:
            continue
        if not all(factor in t.factors for t in terms):
            continue
        rest = [t._replace(factors=tuple(f for f in t.factors if f != factor)) for t in terms]
        own = {*factor.labels} - {x for t in rest for f in t.factors for x in f.labels}
        if own:
            return factor, own, rest
    return None
