"""Products that have a name, found again in terms, and denominators that cancel: with r = e / s,

    e^2 / s^2 / nu = r^2 / nu        1 / (1 + r^2 / nu) / nu = 1 / (nu + r^2)
    1 - a / (a + b) = b / (a + b)

Only what is printed is written so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from fractions import Fraction

from symgrad.calculus import nodes as ix
from symgrad.calculus.entries import symmetric
from symgrad.calculus.nodes import ClosedFactor, ClosedTerm, Factor, Label, Node, Term
from symgrad.calculus.polynomials import contract
from symgrad.calculus.reduction import joined
from symgrad.calculus.terms import is_whole, multiplied_out, opened, product, repeated
from symgrad.language.expressions import Value
from symgrad.language.literals import magnitude

MOST_TERMS = 16  # of a sum that is multiplied out
Length = Callable[[Node], int]  # how many names and functions a node shows
Matched = tuple[dict[int, Label], dict[Factor, Value]]  # labels, and the power of each factor


@dataclass(frozen=True)
class Products:
    """Named products of several entries, or powers, by the first of these; `bases` are the nodes of
    which named ones are roots: they stay as they are, to be found again."""

    by_first: Mapping[Node, Sequence[Node]]
    bases: AbstractSet[Node]

    @classmethod
    def among(cls, nodes: Iterable[Node]) -> Products:
        """Those of these nodes that are one product, or a power."""
        by_first: dict[Node, list[Node]] = {}
        bases: set[Node] = set()
        for node in nodes:
            own = ix.unnamed(node)
            term = ix.only_term(own)
            if term is None or symmetric(own):
                continue
            coefficient, factors, _ = term
            if coefficient == 1 and [f.power for f in factors] not in ([], [1]):
                by_first.setdefault(factors[0].node, []).append(node)
                if [f.power for f in factors] == [Fraction(1, 2)]:
                    bases.add(factors[0].node)
        return cls(by_first, bases)


def folded(term: Term, named: Products, length: Length, root: int) -> Term:
    """The term with named products in the place of their factors, where it is shorter then; a root
    counts as so many names."""

    def count(each: Term) -> int:
        return sum(_length(f, named.bases, length, root) for f in each.factors)

    nodes = (node for factor in term.factors for node in named.by_first.get(factor.node, ()))
    others = (other for node in nodes for other in _with_name(term, node))
    shorter = (each for each in others if count(each) < count(term))
    return min((term, *(folded(each, named, length, root) for each in shorter)), key=count)


def _length(factor: Factor, bases: AbstractSet[Node], length: Length, root: int) -> int:
    """How much a factor shows: of what has a named root, that and a power of it."""
    power = factor.power
    if factor.node in bases and isinstance(power, Fraction) and power.denominator <= 2:
        return 2
    return length(factor.node) + root * (not is_whole(power))


def _with_name(term: Term, node: Node) -> Iterator[Term]:
    """The term with a product in the place of its factors, in each way in which they are found."""
    statement = ix.unnamed(node)
    assert isinstance(statement, ix.Polynomial)
    (own,) = statement.terms
    for labels, found in _matched(own.factors, term.factors, ({}, {})):
        power = _power({*found.values()})
        if power is None or (own.summed and power != 1) or not _is_whole(own, power):
            continue
        powers = {f: f.power - power * f.power / ratio for f, ratio in found.items()}
        rest = [f._replace(power=powers.get(f, f.power)) for f in term.factors]
        left = tuple(f for f in rest if f.power)
        bound = [labels[k] for k in own.summed]
        carried = {x for f in left for x in f.labels}
        if all(x in term.summed and x not in carried for x in bound):
            kept = isinstance(node, ix.Named) or own.summed  # what no term is opened to
            name = node if kept else ix.intern(ix.Alias, node.axes, of=node, inner=node)
            at = tuple(labels[k] for k in range(len(node.axes)))
            summed = tuple(x for x in term.summed if x not in bound)
            factors = joined((*left, Factor(name, at, power)))
            yield Term(term.coefficient, tuple(factors), summed)


def _is_whole(own: ClosedTerm, power: Value) -> bool:
    """Whether a power of a product is one of its factors too: x^2 to the 1/2 is |x|."""
    return is_whole(power) or all(f.power == 1 for f in own.factors)


def _power(ratios: set[Value]) -> Value | None:
    """The largest whole power of a product that has its factors to no higher ones than these."""
    if len(ratios) == 1:
        return next(iter(ratios))
    if any(not isinstance(r, Fraction) for r in ratios):
        return None
    least = min(ratios, key=magnitude)
    one_sign = len({r > 0 for r in ratios}) == 1
    return Fraction(int(least)) if one_sign and magnitude(least) >= 1 else None


def _matched(
    factors: Sequence[ClosedFactor], among: Sequence[Factor], match: Matched
) -> Iterator[Matched]:
    """Every way to find the factors of a product among others: what its labels are, and how many
    times its power each has."""
    if not factors:
        yield match
        return
    labels, found = match
    first = factors[0]
    for factor in among:
        if factor.node is not first.node or factor in found:
            continue
        ways = {factor.labels, factor.labels[::-1]} if symmetric(first.node) else {factor.labels}
        for way in ways:
            known = {**labels, **dict(zip(first.labels, way, strict=True))}
            agree = all(labels.get(k, x) is x for k, x in known.items())
            if agree and len({*known.values()}) == len(known):
                ratio = factor.power / first.power
                yield from _matched(factors[1:], among, (known, {**found, factor: ratio}))


def cancelled(term: Term, named: Callable[[Node], bool]) -> Term:
    """The term with a sum times its own denominator multiplied out: (1 + r / n) n = n + r."""
    for k, (node, labels, power) in enumerate(term.factors):
        if not isinstance(node, ix.Polynomial) or named(node) or len(node.terms) < 2:
            continue
        if power not in (1, -1):
            continue
        below = {f: f for t in opened(node, labels) for f in t.factors if f.power < 0}
        for factor in below:
            other = factor._replace(power=-factor.power * power)
            if other in term.factors and set(other.labels) <= set(labels):
                front = factor.raised(Fraction(-1)).term
                parts = [product((t, front)) for t in opened(node, labels)]
                whole = contract(parts, labels, factored=True)
                rest = [f for f in term.without(k).factors if f != other]
                again = term._replace(factors=(*rest, Factor(*whole, power)))
                return cancelled(again, named)
    return term


def over_one(
    terms: Sequence[Term], labels: Sequence[Label], named: Callable[[Node], bool]
) -> list[Term]:
    """The sum over its least common denominator, what is above it multiplied out; the terms
    themselves where there is none, or they become many."""
    below: dict[Factor, Value] = {}
    for factor in (f for t in terms for f in t.factors if f.power < 0):
        if set(factor.labels) <= set(labels):
            entry = factor._replace(power=Fraction(1))
            below[entry] = max(below.get(entry, Fraction(0)), -factor.power)
    if len(terms) < 2 or not below:
        return list(terms)
    front = Term(Fraction(1), tuple(f._replace(power=p) for f, p in below.items()))

    def parts(factor: Factor) -> Sequence[Term] | None:
        return None if named(factor.node) else repeated(factor)

    above: list[Term] = []
    for term in terms:
        whole = product((term, front))
        whole = whole._replace(factors=tuple(joined(whole.factors)))
        above += multiplied_out(whole, parts, MOST_TERMS)
        if len(above) > MOST_TERMS:
            return list(terms)
    sum_above = contract(above, labels, factored=True)
    divided = (f._replace(power=-p) for f, p in below.items())
    return [Term(Fraction(1), (Factor(*sum_above), *divided))]
