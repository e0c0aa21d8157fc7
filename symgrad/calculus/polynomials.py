"""Sums of products of entries, in normal form.

`contract(terms, out)` is the tensor with the free labels `out`. On the way the laws of index
notation are applied:

    sum_j [i = j] x_j = x_i                an identity under a sum renames an index
    sum_j 1 = n                            an index that nothing carries counts
    x_i^a x_i^b = x_i^(a+b)                equal entries join
    c t + d t = (c + d) t                  equal terms join
    A_ij = A_ji, sum_i p_i = 1, y_i^2 = y_i   what was declared: symmetric, simplex, one-hot

and a factor that is itself only a scaled, transposed or spread entry is replaced by that entry.
Then the operations' rewrite rules are tried (see `symgrad.calculus.rewriting`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TypeAlias
from weakref import WeakKeyDictionary

import sympy

from symgrad.calculus.nodes import (
    ONE,
    Apply,
    Constant,
    Entry,
    Factor,
    Identity,
    Input,
    Label,
    Length,
    Map,
    Node,
    OneHot,
    Polynomial,
    Term,
    intern,
)
from symgrad.errors import ProgramError
from symgrad.language.expressions import Value, exact

MOST_FACTORS = 8  # that a product has before it is a factor of the next one
TermRule: TypeAlias = Callable[[Term, Factor], "list[Term] | None"]
TERM_RULES: dict[
    Hashable, list[TermRule]
] = {}  # what a factor looks like -> rules to try on its term


def contract(terms: Iterable[Term], out: Sequence[Label], factored: bool = False) -> Entry:
    """The sum of the terms as one node; its labels are those of `out` that it depends on.

    `factored` brings what all terms have in common before the sum: c a + c b = c (a + b)."""
    position: dict[Hashable, int] = {label: k for k, label in enumerate(out)}
    joined: dict[Hashable, Term] = {}
    pending = list(terms)[::-1]
    while pending:
        term = reduced(pending.pop())
        if term is None:
            continue
        rewritten = _rewrite(term) or _spread_identity(term)
        if rewritten is not None:
            pending.extend(reversed(rewritten))
            continue
        key, _ = _numbered(term, position)
        coefficient = term.coefficient
        if key in joined:
            coefficient = exact(joined[key].coefficient + coefficient)
            term = joined[key]
        joined[key] = term._replace(coefficient=coefficient)
    kept = [t for t in joined.values() if t.coefficient != 0]
    if factored and len(kept) > 1:
        common, rest = _common(kept)
        if common.factors or common.coefficient != 1:
            inner = _close(rest, out)
            return _close([common._replace(factors=(*common.factors, Factor(*inner)))], out)
    return _close(kept, out)


def opened(node: Polynomial, labels: Sequence[Label]) -> list[Term]:
    """The terms of a node, with these labels on its axes and new ones for its sums."""
    return [_opened(term, labels) for term in node.terms]


def identity(one: Label, other: Label) -> Factor:
    """[one = other]"""
    return Factor(intern(Identity, (one.axis, other.axis)), (one, other))


def length(label: Label) -> Factor:
    """How many values the label takes, as a factor."""
    return Factor(intern(Length, (), label.axis, axis=label.axis), ())


def magnitude(value: Value) -> Value:
    """|value|"""
    return -value if value < 0 else value


def times(*values: Value) -> Value:
    """The product of numbers, exact while the fractions are small."""
    result: Value = ONE
    for value in values:
        if value != 1:
            result = exact(result * value)
    return result


def product(terms: Iterable[Term]) -> Term:
    """The product of terms, whose summed indices are their own."""
    parts = list(terms)
    return Term(
        times(*(t.coefficient for t in parts)),
        tuple(f for t in parts for f in t.factors),
        tuple(x for t in parts for x in t.summed),
    )


def multiplied_out(
    term: Term, parts: Callable[[Factor], Sequence[Term] | None], most: float = math.inf
) -> list[Term]:
    """The term as a sum of products of factors of which `parts` gives no sum; it stops once there
    are more than `most`."""
    pending, done = [term], list[Term]()
    while pending and len(pending) + len(done) <= most:
        term = pending.pop()
        sums = ((k, found) for k, f in enumerate(term.factors) if (found := parts(f)) is not None)
        k, opened_factor = next(sums, (0, None))
        if opened_factor is None or any(map(infinite, term.factors)):
            done.append(term)
            continue
        rest = term._replace(factors=(*term.factors[:k], *term.factors[k + 1 :]))
        pending += [product((rest, part)) for part in reversed(opened_factor)]
    return [*done, *reversed(pending)]


def declared(node: Node, fact: str) -> bool:
    """Whether a node is a variable that is declared so, or its transpose."""
    if isinstance(node, Polynomial) and len(node.terms) == 1:
        ((coefficient, factors, summed),) = node.terms
        alone = coefficient == 1 and len(factors) == 1 and not summed
        same = alone and factors[0].power == 1 and len(factors[0].labels) == len(node.axes)
        node = factors[0].node if same else node
    return isinstance(node, Input) and fact in node.facts


def symmetric(node: Node) -> bool:
    """Whether node_ij = node_ji is known."""
    known = _symmetric.get(node)
    if known is None:
        known = _symmetric[node] = _is_symmetric(node)
    return known


_symmetric: WeakKeyDictionary[Node, bool] = WeakKeyDictionary()


def _is_symmetric(node: Node) -> bool:
    if len(node.axes) != 2 or node.axes[0] != node.axes[1]:
        return False
    if isinstance(node, Input):
        return "symmetric" in node.facts
    if isinstance(node, Apply):
        return bool(node.operation.meaning.symmetric) and symmetric(node.arguments[0][0])
    if isinstance(node, Polynomial):
        straight = {(_numbered(t, {0: 0, 1: 1})[0], t.coefficient) for t in node.terms}
        crossed = {(_numbered(t, {0: 1, 1: 0})[0], t.coefficient) for t in node.terms}
        return straight == crossed
    return isinstance(node, Identity)


def positive(node: Node) -> bool:
    """Whether every entry is known to be at least 0."""
    if isinstance(node, Input):
        return bool(node.facts & {"positive", "simplex", "one_hot"})
    if isinstance(node, Constant):
        return node.value > 0
    if isinstance(node, Polynomial):
        return all(
            t.coefficient > 0 and all(_even(f) or positive(f.node) for f in t.factors)
            for t in node.terms
        )
    if isinstance(node, (Map, Apply)):
        return bool(node.operation.meaning.positive)
    return isinstance(node, (Length, OneHot, Identity))


def vanishes(node: Node, labels: Sequence[Hashable]) -> bool:
    """Whether entries of node[labels] are 0 by structure, as those of diag(x) off the diagonal."""
    if isinstance(node, Identity):
        return labels[0] != labels[1]
    if isinstance(node, Polynomial):
        rank = len(node.axes)
        return all(
            any(
                f.power > 0
                and all(x < rank for x in f.labels)
                and vanishes(f.node, [labels[x] for x in f.labels])
                for f in t.factors
            )
            for t in node.terms
        )
    return isinstance(node, OneHot) or (isinstance(node, Input) and "one_hot" in node.facts)


def infinite(factor: Factor) -> bool:
    """Whether entries are 1 / 0 by structure: nothing that is 0 there may be worked in."""
    return factor.power < 0 and vanishes(factor.node, factor.labels)


def singular(node: Polynomial) -> bool:
    """Whether a term has 1 / 0 by structure: the sum must stay as it is, 0 / 0 being no 0."""
    return any(infinite(f) for t in node.terms for f in t.factors)


def _written_out(node: Node) -> Node:
    """A matrix of zeros and ones as a sum: below a fraction line it is no renaming of an index."""
    factor = Factor(node, tuple(range(len(node.axes))))
    key = frozenset([(((node.serial, factor.labels, ONE),), ONE)])
    return intern(Polynomial, node.axes, key, terms=(Term(ONE, (factor,)),))


def _even(factor: Factor) -> bool:
    return isinstance(factor.power, Fraction) and factor.power.numerator % 2 == 0


def _opened(term: Term, labels: Sequence[Label]) -> Term:
    if not term.summed:
        factors = tuple(
            Factor(f.node, tuple(labels[x] for x in f.labels), f.power) for f in term.factors
        )
        return Term(term.coefficient, factors)
    known: dict[Hashable, Label] = dict(enumerate(labels))
    for factor in term.factors:
        for k, x in enumerate(factor.labels):
            if x not in known:
                known[x] = Label(factor.node.axes[k])
    factors = tuple(
        Factor(f.node, tuple(known[x] for x in f.labels), f.power) for f in term.factors
    )
    return Term(term.coefficient, factors, tuple(known[x] for x in term.summed))


def reduced(term: Term) -> Term | None:
    """The term with its views, numbers, identities and facts worked in; None where it is zero."""
    coefficient = term.coefficient
    if coefficient == 0:
        return None
    factors: list[Factor] = []
    identities: list[tuple[Hashable, Hashable]] = []
    pending = list(reversed(term.factors))
    while pending:
        node, labels, power = pending.pop()
        if power == 0:
            continue  # 0**0 = 1, as NumPy has it
        if isinstance(node, Polynomial):
            if not node.terms:
                if power < 0:
                    raise ProgramError("division by zero: the denominator is 0 everywhere")
                return None
            view = _view(node, labels, power)
            if view is not None:
                coefficient = times(coefficient, view.coefficient)
                pending.extend(reversed(view.factors))
                continue
        number = _number(node, power)
        if number is not None:
            coefficient = times(coefficient, number)
        elif isinstance(node, (Identity, OneHot)) and power < 0:
            if vanishes(node, labels):
                factors.append(Factor(_written_out(node), labels, power))
        elif isinstance(node, Identity):
            identities.append(labels)
        else:
            factors.append(Factor(node, labels, power))
    summed = list(term.summed)
    if identities:
        factors = _substitute(factors, identities, summed)
    return _facts(coefficient, _joined(factors), summed)


def _view(node: Polynomial, labels: Sequence[Hashable], power: Value) -> Term | None:
    """The power of a node as a term, where the node is a scaled, transposed or spread entry."""
    if len(node.terms) != 1:
        return None
    (term,) = node.terms
    several = len([f for f in term.factors if f.node.axes and not isinstance(f.node, Identity)]) > 1
    if term.summed or (several and power != -1) or len(term.factors) >= MOST_FACTORS:
        return None
    if power < 0 and vanishes(node, labels):
        return None
    if any(infinite(f._replace(labels=tuple(labels[x] for x in f.labels))) for f in term.factors):
        return None
    if power == 1:
        return _opened(term, labels)  # type: ignore[arg-type]
    whole = isinstance(power, Fraction) and power.denominator == 1
    if not whole and not (
        term.coefficient > 0 and all(positive(f.node) and not _even(f) for f in term.factors)
    ):
        return None
    number = raised(term.coefficient, power)
    if number is None:
        return None
    factors = tuple(
        Factor(f.node, tuple(labels[x] for x in f.labels), f.power * power) for f in term.factors
    )
    return Term(number, factors)


def raised(value: Value, power: Value) -> Value | None:
    """value ** power, where it is exact or a float anyway; None for the root of a fraction."""
    if power == 1 or value == 1:
        return value
    if isinstance(power, Fraction) and power.denominator == 1:
        if isinstance(value, Fraction) and abs(power) <= 64:
            return exact(value ** int(power))
        return float(value) ** int(power)
    return None


def _number(node: Node, power: Value) -> Value | None:
    if isinstance(node, Length) and isinstance(node.axis, sympy.Integer):
        return raised(Fraction(int(node.axis)), power)
    if isinstance(node, Constant):
        return raised(node.value, power)
    return None


def _substitute(
    factors: list[Factor], identities: list[tuple[Hashable, Hashable]], summed: list[Hashable]
) -> list[Factor]:
    """Rename each summed index that an identity ties to another; identities of free indices
    stay."""
    for k, pair in enumerate(identities):
        one, other = pair if pair[0] in summed else pair[::-1]
        if one == other:
            continue
        if one in summed:
            summed.remove(one)
            renamed = {one: other}
            factors = [
                f._replace(labels=tuple(renamed.get(x, x) for x in f.labels)) for f in factors
            ]
            identities[k + 1 :] = [
                (renamed.get(a, a), renamed.get(b, b)) for a, b in identities[k + 1 :]
            ]
        else:
            factors = [*factors, identity(*pair)]  # type: ignore[arg-type]
    return factors


def _facts(coefficient: Value, factors: list[Factor], summed: Sequence[Hashable]) -> Term:
    """What was declared of the entries, and the sums over indices that nothing carries."""
    factors = [f._replace(power=ONE) if f.power > 1 and _is_one_hot(f.node) else f for f in factors]
    carried = [x for f in factors for x in f.labels]
    for factor in [f for f in factors if f.power == 1 and _sums_to_one(f.node)]:
        own = _summing(factor)
        if all(x in summed and carried.count(x) == 1 for x in own):
            factors.remove(factor)
            carried = [x for x in carried if x not in own]
            summed = [x for x in summed if x not in own]
    carrying = {x for f in factors for x in f.labels}
    for label in summed:
        if label not in carrying:
            factor = length(label)  # type: ignore[arg-type]
            number = _number(factor.node, ONE)
            if number is None:
                factors = _joined([*factors, factor])
            else:
                coefficient = times(coefficient, number)
    return Term(coefficient, tuple(factors), tuple(x for x in summed if x in carrying))


def _joined(factors: Iterable[Factor]) -> list[Factor]:
    """Equal entries joined by adding their powers."""
    powers: dict[tuple[Node, tuple[Hashable, ...], bool], Value] = {}
    for factor in factors:
        entry = (factor.node, factor.labels, infinite(factor))  # 0 / 0 is not 1
        powers[entry] = powers.get(entry, 0) + factor.power
    return [Factor(n, labels, p) for (n, labels, _), p in powers.items() if p != 0]


def _is_one_hot(node: Node) -> bool:
    if isinstance(node, Input):
        return "one_hot" in node.facts
    return isinstance(node, (OneHot, Identity))


def _sums_to_one(node: Node) -> bool:
    if isinstance(node, Input):
        return bool(node.facts & {"simplex", "one_hot"})
    return isinstance(node, OneHot) or (isinstance(node, Apply) and node.operation.meaning.simplex)


def _summing(factor: Factor) -> tuple[Hashable, ...]:
    """The indices over which entries that sum to one do so."""
    node = factor.node
    return node.split(factor.labels)[1] if isinstance(node, Apply) else factor.labels[-1:]


def _rewrite(term: Term) -> list[Term] | None:
    for factor in term.factors:
        for rule in TERM_RULES.get(trigger(factor), ()):
            rewritten = rule(term, factor)
            if rewritten is not None:
                return rewritten
    return None


def _spread_identity(term: Term) -> list[Term] | None:
    """(c [i = j] + B_ij) v_j = c [i = j] v_j + B_ij v_j where i and j are free: a seed meets a
    product."""
    if len(term.factors) < 2 or any(map(infinite, term.factors)):
        return None
    for k, factor in enumerate(term.factors):
        node = factor.node
        if factor.power != 1 or not isinstance(node, Polynomial) or len(node.terms) < 2:
            continue
        if any(x in term.summed for x in factor.labels):
            continue
        if any(isinstance(f.node, Identity) for t in node.terms for f in t.factors):
            others = (*term.factors[:k], *term.factors[k + 1 :])
            return [
                Term(
                    times(term.coefficient, t.coefficient),
                    (*t.factors, *others),
                    (*term.summed, *t.summed),
                )
                for t in opened(node, factor.labels)
            ]
    return None


def trigger(factor: Factor) -> Hashable:
    """What a rewrite rule recognises a factor by."""
    if isinstance(factor.node, (Map, Apply)):
        return factor.node.operation.name
    return factor.power


def _numbered(term: Term, position: Mapping[Hashable, int]) -> tuple[Hashable, tuple[Factor, ...]]:
    """A key that equal terms share, and the factors with numbers for labels."""
    known = dict(position)
    free = len(known)

    def order(f: Factor) -> tuple[object, ...]:
        return f.node.serial, f.power, tuple(position.get(x, free) for x in f.labels)

    ranked = term.factors if len(term.factors) < 2 else sorted(term.factors, key=order)
    for factor in ranked:
        for label in factor.labels:
            known.setdefault(label, len(known))
    numbered = tuple(
        Factor(f.node, _sorted_if_symmetric(f.node, tuple(known[x] for x in f.labels)), f.power)
        for f in term.factors
    )
    return tuple(sorted((f.node.serial, f.labels, f.power) for f in numbered)), numbered


def _sorted_if_symmetric(node: Node, labels: tuple[int, ...]) -> tuple[int, ...]:
    if len(labels) == 2 and labels[0] > labels[1] and symmetric(node):
        return labels[::-1]
    return labels


def _common(terms: list[Term]) -> tuple[Term, list[Term]]:
    """The number and the factors over free indices that all terms share, and what is left."""
    powers = [{(f.node, f.labels): f.power for f in t.factors} for t in terms]
    summed = {x for t in terms for x in t.summed}
    shared: dict[tuple[Node, tuple[Hashable, ...]], Value] = {}
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
        left = [(f, f.power - shared.get((f.node, f.labels), 0)) for f in term.factors]
        factors = tuple(f._replace(power=power) for f, power in left if power)
        rest.append(term._replace(coefficient=exact(term.coefficient / number), factors=factors))
    front = tuple(Factor(node, labels, power) for (node, labels), power in shared.items())
    return Term(number, front), rest


def _stays_plain(
    terms: list[Term], entry: tuple[Node, tuple[Hashable, ...]], summed: set[Hashable]
) -> bool:
    """Whether no term has to be spread over indices of the others when the entry is taken out."""
    if not entry[1]:
        return True
    left = [
        {x for f in t.factors if (f.node, f.labels) != entry for x in f.labels} - summed
        for t in terms
    ]
    return len(set().union(*left)) < 2 or all(own == left[0] for own in left)


def _close(terms: list[Term], out: Sequence[Label]) -> Entry:
    used = {label for t in terms for f in t.factors for label in f.labels}
    labels = tuple(label for label in out if label in used)
    if len(terms) == 1 and terms[0].coefficient == 1 and len(terms[0].factors) == 1:
        (factor,) = terms[0].factors
        if factor.power == 1 and len(set(factor.labels)) == len(factor.labels) == len(labels):
            return Entry(factor.node, factor.labels)
    position: dict[Hashable, int] = {label: k for k, label in enumerate(labels)}
    rank = len(labels)
    keys, numbered = [], []
    for term in terms:
        key, factors = _numbered(term, position)
        bound = {x for f in factors for x in f.labels if x >= rank}
        numbered.append(Term(term.coefficient, factors, tuple(sorted(bound))))
        keys.append((key, term.coefficient))
    axes = tuple(label.axis for label in labels)
    return Entry(intern(Polynomial, axes, frozenset(keys), terms=tuple(numbered)), labels)
