"""Terms, sums of products of powers of entries: opened, multiplied, numbered."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeGuard

from symgrad.calculus import nodes as ix
from symgrad.calculus.nodes import ONE, ClosedFactor, ClosedTerm, Entry, Factor, Label, Term
from symgrad.language.dimensions import Dimension
from symgrad.language.expressions import Value, exact

FEW = 9  # factors: in a longer product their order is not looked for again
LAST = math.inf


def opened_term(term: ClosedTerm, labels: Sequence[Label]) -> Term:
    """A term of a node, with these labels on its axes and new ones for its sums."""
    letters = dict(enumerate(labels))
    for factor in term.factors if term.summed else ():
        for k, axis in zip(factor.labels, factor.node.axes, strict=True):
            if k not in letters:
                letters[k] = Label(axis)
    factors = tuple(
        Factor(f.node, tuple(letters[k] for k in f.labels), f.power) for f in term.factors
    )
    return Term(term.coefficient, factors, tuple(letters[k] for k in term.summed))


def opened_product(node: ix.Node, labels: Sequence[Label]) -> Term | None:
    """The one term of a node, opened; None where it is no sum of one."""
    term = ix.only_term(node)
    return None if term is None else opened_term(term, labels)


def opened(node: ix.Polynomial, labels: Sequence[Label]) -> list[Term]:
    """The terms of a node, with these labels on its axes and new ones for its sums."""
    return [opened_term(term, labels) for term in node.terms]


def identity(one: Label, other: Label) -> Factor:
    """[one = other]"""
    return Factor(ix.intern(ix.Identity, (one.axis, other.axis)), (one, other))


def place(
    coefficients: Sequence[int], offset: Dimension, letters: Sequence[Label], row: Label
) -> Entry:
    """[row = c i + d j + ... + offset], each letter once."""
    count: dict[Label, int] = {}
    for c, x in zip(coefficients, letters, strict=True):
        count[x] = count.get(x, 0) + c
    own = tuple(x for x, c in count.items() if c)
    if offset == 0 and [count[x] for x in own] == [1] and own[0].axis == row.axis:
        return Entry(*identity(own[0], row)[:2])
    number = ix.intern(
        ix.Place,
        tuple(x.axis for x in own),
        coefficients=tuple(count[x] for x in own),
        offset=offset,
    )
    hot = ix.intern(ix.OneHot, (*number.axes, row.axis), label=number)
    return Entry(hot, (*own, row))


def length(label: Label) -> Factor:
    """How many values the label takes, as a factor."""
    return Factor(ix.intern(ix.Length, (), axis=label.axis), ())


def terms_of(entry: Entry) -> tuple[Term, ...]:
    """The terms of a sum, or the one entry as a term."""
    if isinstance(entry.node, ix.Polynomial):
        return tuple(opened(entry.node, entry.labels))
    return (entry.term,)


def times(*values: Value) -> Value:
    """The product of numbers, exact while the fractions are small."""
    result: Value = ONE
    for value in values:
        if value != 1:
            result = exact(result * value)
    return result


def is_whole(power: Value) -> TypeGuard[Fraction]:
    """Whether a power is a whole number."""
    return isinstance(power, Fraction) and power.denominator == 1


def raised(value: Value, power: Value) -> Value | None:
    """value ** power, where it is exact or a float anyway; None for the root of a fraction."""
    if power == 1 or value == 1:
        return value
    if is_whole(power):
        if isinstance(value, Fraction) and abs(power) <= 64:
            return exact(value ** int(power))
        return float(value) ** int(power)
    return None


def product(terms: Iterable[Term]) -> Term:
    """The product of terms, whose summed indices are their own."""
    parts = list(terms)
    return Term(
        times(*(t.coefficient for t in parts)),
        tuple(f for t in parts for f in t.factors),
        tuple(x for t in parts for x in t.summed),
    )


def repeated(factor: Factor) -> Sequence[Term] | None:
    """A sum as its terms, the square of one as the products of these; None for anything else."""
    node, labels, power = factor
    if not isinstance(node, ix.Polynomial) or power not in (1, 2):
        return None
    once = opened(node, labels)
    return once if power == 1 else [product((a, b)) for a in once for b in opened(node, labels)]


def multiplied_out(
    term: Term, parts: Callable[[Factor], Sequence[Term] | None], most: float = math.inf
) -> list[Term]:
    """The term as a sum of products of factors of which `parts` gives no sum; it stops once there
    are more than `most`. (1 - [i = j]) / d_ij stays: at i = j it is 0, and d_ii may be."""
    pending, done = [(term, 0)], list[Term]()  # each with how many of its factors are no sums
    while pending and len(pending) + len(done) <= most:
        term, start = pending.pop()
        for k in range(start, len(term.factors)):
            rest = term.without(k)
            if (terms := parts(term.factors[k])) is not None and not _met(terms, rest):
                pending += [(product((rest, part)), k) for part in reversed(terms)]
                break
        else:
            done.append(term)
    return [*done, *(term for term, _ in reversed(pending))]


def _met(terms: Sequence[Term], rest: Term) -> bool:
    """Whether [i = j] in one of the terms meets a quotient by what depends on i and j."""
    below = [{*f.labels} for f in rest.factors if f.power < 0 and len(f.labels) > 1]
    return bool(below) and any(
        isinstance(f.node, ix.Identity) and any({*f.labels} <= labels for labels in below)
        for t in terms
        for f in t.factors
    )


def connected(factors: Iterable[Factor], by: Iterable[Label]) -> list[list[Factor]]:
    """The factors in groups: those that share one of these labels hang together."""
    joining = {*by}
    groups: list[tuple[set[Label], list[Factor]]] = []
    for factor in factors:
        labels = joining & {*factor.labels}
        touching = [g for g in groups if g[0] & labels]
        groups = [g for g in groups if g not in touching]
        members = [f for _, own in touching for f in own]
        groups.append((labels.union(*(g[0] for g in touching)), [*members, factor]))
    return [members for _, members in groups]


def numbered(
    factors: tuple[Factor, ...] | tuple[ClosedFactor, ...],
    position: Mapping[Any, int],
    symmetric: Callable[[ix.Node], bool],
) -> tuple[ClosedFactor, ...]:
    """The factors with numbers for labels, those of `position` first: equal terms have equal ones,
    in some order. The labels of a symmetric matrix are put in order."""
    numbers: dict[Hashable, int] = dict(position)

    def order(f: Factor | ClosedFactor) -> tuple[object, ...]:
        """What is joined to labels that have numbers comes first."""
        at = tuple(numbers.get(x, LAST) for x in f.labels)
        return min(at, default=LAST), f.node.serial, f.power, at

    rest: list[Factor | ClosedFactor] = [*factors]
    rest.sort(key=order)
    while rest:
        first = min(rest, key=order) if 2 < len(rest) < FEW else rest[0]
        rest.remove(first)
        for label in first.labels:
            numbers.setdefault(label, len(numbers))

    def closed(f: Factor | ClosedFactor) -> ClosedFactor:
        labels = tuple(numbers[x] for x in f.labels)
        turned = len(labels) == 2 and labels[0] > labels[1] and symmetric(f.node)
        return ClosedFactor(f.node, labels[::-1] if turned else labels, f.power)

    return tuple(map(closed, factors))


def key_of(factors: Iterable[ClosedFactor]) -> Hashable:
    """What equal terms share beside their coefficient."""
    return tuple(sorted((id(f.node), f.labels, f.power) for f in factors))
