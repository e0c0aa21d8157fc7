"""A number in front of a large array, given to what is small.

    g_n = 2 / N (p_n - t_n),   sum_n g_n x_nj       2 / N is multiplied into the products

That is done where nothing but sums over many of its entries needs the array, or an array of as many
entries of which this holds. So it is with rows that are added to a table of fewer rows:

    sum_n [r = u_n] 2 / N g_n     2 / N is multiplied into the table
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from symgrad.calculus.nodes import ONE, Factor, Label, Node, OneHot, Polynomial, Term, new_labels
from symgrad.calculus.terms import opened, times
from symgrad.language.expressions import Value
from symgrad.language.literals import magnitude
from symgrad.numerics.arrays.scatters import scatters
from symgrad.numerics.interpreter import Sizes, entries
from symgrad.numerics.passes.base import Flat, Pass, combined

MANY = 1 << 11  # entries, from which on a line over them takes longer than another call
FEWER = 4  # times as many entries as the sums over them


class Front(NamedTuple):
    """What all terms of a sum have in common that has no index."""

    coefficient: Value
    factors: frozenset[Factor]


def with_fronts(flat: Flat, sizes: Sizes, tables: bool) -> Flat:
    """The results, with such numbers where they cost less; in front of `tables`, too."""
    large = {n for n in flat.nodes if entries(n.axes, sizes) >= MANY} if sizes else set()
    summed = _summed_alone(flat, large, sizes) if large else set()
    found = summed or (tables and large and any(_has_table(n, sizes) for n in flat.nodes))
    return _Fronts(summed, sizes if tables else {}).over(flat) if found else flat


class _Fronts(Pass):
    """Of the arrays that are `summed` alone, and of tables where their `sizes` are given."""

    def __init__(self, summed: set[Node], sizes: Sizes) -> None:
        super().__init__()
        self.summed, self.sizes = summed, sizes
        self.fronts: dict[Node, Front] = {}
        self.node: Node | None = None

    def _add(self, node: Node) -> None:
        self.node = node
        super()._add(node)

    def terms(self, terms: Sequence[Term], labels: tuple[Label, ...]) -> list[Term]:
        """The terms of a sum, without its front; of a table behind it."""
        made = super().terms(terms, labels)
        alone = self.node in self.summed
        if not made or not (alone or any(_is_table(term, labels, self.sizes) for term in made)):
            return made
        front = _front(made)
        rest = [_without(term, front) for term in made]
        if alone:
            self.fronts[self.node] = front  # type: ignore[index]
            return rest
        return [Term(front.coefficient, (*front.factors, Factor(*combined(rest, labels))))]

    def term(self, term: Term) -> Term:
        """A term, with the fronts of its factors."""
        made = super().term(term)
        for front in (self.fronts[f.node] for f in term.factors if f.node in self.fronts):
            coefficient = times(front.coefficient, made.coefficient)
            made = Term(coefficient, (*front.factors, *made.factors), made.summed)
        return made


def _has_table(node: Node, sizes: Sizes) -> bool:
    labels = new_labels(node.axes)
    terms = opened(node, labels) if isinstance(node, Polynomial) else []
    return any(_is_table(term, labels, sizes) for term in terms)


def _is_table(term: Term, labels: tuple[Label, ...], sizes: Sizes) -> bool:
    """Whether it is many more rows than those that they are added to."""
    if not sizes or not scatters(term, labels):
        return False
    picked = {f.labels[-1] for f in term.factors if isinstance(f.node, OneHot)}
    rows = entries([x.axis for x in (*labels, *term.summed) if x not in picked], sizes)
    return rows >= max(MANY, FEWER * entries([x.axis for x in labels], sizes))


def _front(terms: Sequence[Term]) -> Front:
    """What all terms have in common: a coefficient, with its sign, and factors without labels."""
    own = [frozenset(f for f in t.factors if not f.labels) for t in terms]
    sizes = {magnitude(t.coefficient) for t in terms}
    coefficient = sizes.pop() if len(sizes) == 1 else ONE
    minus = all(t.coefficient < 0 for t in terms)
    return Front(times(-coefficient if minus else coefficient), frozenset.intersection(*own))


def _without(term: Term, front: Front) -> Term:
    rest = tuple(f for f in term.factors if f not in front.factors)
    return Term(times(term.coefficient, 1 / front.coefficient), rest, term.summed)


def _summed_alone(flat: Flat, large: set[Node], sizes: Sizes) -> set[Node]:
    """Of these the sums that only sums over many of their entries need, themselves or by others."""
    users: defaultdict[Node, list[Node]] = defaultdict(list)  # that need it as an array
    elsewhere = {entry.node for entry, _ in flat.results}
    for node in flat.nodes:
        if not isinstance(node, Polynomial):
            elsewhere.update(node.operands)
            continue
        volume = entries(node.axes, sizes)
        for term in node.terms:
            for factor in term.factors:
                of = entries(factor.node.axes, sizes)
                if factor.power != 1 or (FEWER * volume > of and (term.summed or volume != of)):
                    elsewhere.add(factor.node)
                elif FEWER * volume > of:
                    users[factor.node].append(node)
    found: set[Node] = set()
    large = large - elsewhere
    for node in reversed(flat.nodes):
        if isinstance(node, Polynomial) and node in large and found >= {*users[node]}:
            found.add(node)
    return found
