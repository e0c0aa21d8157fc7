"""Functions that bend once, as a leaky relu does, by few operations of each entry.

a x + b relu(x) = max(a x, (a + b) x)           and so any two lines through 0, however written
a y + b y step(x) = y (a + b step(x))           the slope of such a function, times what comes
max(a x, b x) = x (a + b + (a - b) sign(a x - b x)) / 2      where the sign is needed anyway
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from fractions import Fraction

from symgrad.calculus import nodes as ix
from symgrad.calculus.functions import map_entry
from symgrad.calculus.nodes import ONE, Entry, Factor, Label, Node, Term
from symgrad.calculus.terms import opened, times
from symgrad.language.expressions import Value, exact
from symgrad.language.operations.piecewise import maximum, minimum, sign, step
from symgrad.numerics.passes.base import Flat, Pass, combined
from symgrad.numerics.passes.cases import NONE, NoFormError, arguments, forms_of, has_cases

HALF = Fraction(1, 2)


def by_lines(flat: Flat) -> Flat:
    """The results, with such functions by their two lines."""
    return _Bends().over(flat) if any(map(has_cases, flat.nodes)) else flat


class _Bends(Pass):
    def function(self, node: Node, labels: tuple[Label, ...]) -> Entry | None:
        """The larger or smaller of two multiples of x by a sign, where that is needed."""
        if not isinstance(node, ix.Map) or node.operation not in (maximum, minimum):
            return None
        (x, a), (y, b) = map(_multiple, node.entries(labels))
        if x != y or a == -b:
            return None
        apart = combined([Term(exact(a - b), (Factor(*x),))], labels)
        side = map_entry(sign, [apart], labels)
        if side.node not in self.flat.uses:
            return None
        self.made(Factor(*apart))
        half = times(a - b if node.operation is maximum else b - a, HALF)
        lines = [Term(times(a + b, HALF), ()), Term(half, (self.made(Factor(*side)),))]
        return combined(
            [Term(ONE, (self.made(Factor(*x)), Factor(*combined(lines, labels))))], labels
        )

    def terms(self, terms: Sequence[Term], labels: tuple[Label, ...]) -> list[Term]:
        """The terms of a sum, those of one such function as one."""
        groups: dict[Entry, list[Term]] = {}
        for term in terms:
            if (x := _bent(term)) is not None:
                groups.setdefault(x, []).append(term)
        for term in terms if groups else ():
            if (x := _alone(term)) in groups:
                groups[x].append(term)
        made, gone = [], set()
        for x, group in groups.items():
            if len(group) > 1 and (bend := self._bend(group, x)) is not None:
                made.append(bend)
                gone.update(group)
        return _slopes([*(self.term(t) for t in terms if t not in gone), *made])

    def _bend(self, terms: Sequence[Term], x: Entry) -> Term | None:
        """Terms in x alone as the larger or smaller of two lines; None where they are none."""
        try:
            ends, forms = forms_of(combined(terms, x.labels), x)
        except NoFormError:
            return None
        slopes = [form.terms.get((NONE, 1), 0) for form in forms]
        if ends != [0] or not all(slopes) or any({*form.terms} != {(NONE, 1)} for form in forms):
            return None
        base = self.made(Factor(*x))
        lines = [combined([Term(slope, (base,))], x.labels) for slope in slopes]
        operation = maximum if slopes[1] > slopes[0] else minimum
        return map_entry(operation, lines, x.labels).term


def _alone(term: Term) -> Entry | None:
    """What a term is a multiple of; None of more."""
    if term.summed or len(term.factors) != 1 or not _plain(term.factors[0]):
        return None
    return term.factors[0].entry


def _multiple(entry: Entry) -> tuple[Entry, Value]:
    """What an entry is a multiple of, and how many times it."""
    node, labels = entry
    terms = opened(node, labels) if isinstance(node, ix.Polynomial) else []
    x = _alone(terms[0]) if len(terms) == 1 else None
    return (entry, ONE) if x is None else (x, terms[0].coefficient)


def _bent(term: Term) -> Entry | None:
    """What a term is a multiple of a function by cases of."""
    entry = _alone(term)
    return next(arguments(entry), None) if entry and has_cases(entry.node) else None


def _slopes(terms: list[Term]) -> list[Term]:
    """The terms, those with the same factors but for a step as one."""
    places: dict[Hashable, int] = {_key(term): k for k, term in enumerate(terms)}
    made: dict[int, Term | None] = {}
    for k, term in enumerate(terms):
        for at, factor in enumerate(term.factors):
            if not _is_step(factor) or len(term.factors) == 1:
                continue
            rest = term.without(at)
            other = places.get(_key(rest), k)
            if other != k and k not in made and other not in made:
                lines = [Term(terms[other].coefficient, ()), Term(term.coefficient, (factor,))]
                slope = Factor(*combined(lines, factor.labels))
                made |= {
                    other: rest._replace(coefficient=ONE, factors=(*rest.factors, slope)),
                    k: None,
                }
    found = (made.get(k, term) for k, term in enumerate(terms))
    return [term for term in found if term is not None]


def _plain(factor: Factor) -> bool:
    """Whether it is an entry as it is, at different indices."""
    return factor.power == 1 and len({*factor.labels}) == len(factor.labels)


def _is_step(factor: Factor) -> bool:
    node = factor.node
    return isinstance(node, ix.Map) and node.operation is step and _plain(factor)


def _key(term: Term) -> Hashable:
    """The factors, whatever the number before them."""
    return frozenset(term.factors), frozenset(term.summed)
