"""One term in normal form: views opened, equal entries joined, identities and facts worked in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

import sympy

from symgrad.calculus import nodes as ix
from symgrad.calculus.entries import even, infinite, positive, sums_to_one, vanishes, zeros_and_ones
from symgrad.calculus.functions import spread
from symgrad.calculus.nodes import ONE, Factor, Label, Node, Term, place_of
from symgrad.calculus.placing import met
from symgrad.calculus.recorded import note
from symgrad.calculus.terms import identity, is_whole, length, opened_term, place, raised, times
from symgrad.errors import ProgramError
from symgrad.language.expressions import Value

MOST_FACTORS = 8  # that a product has before it is a factor of the next one


def reduced(term: Term) -> Term | None:
    """The term with its views, numbers, identities and facts worked in; None where it is zero."""
    coefficient = term.coefficient
    if not coefficient:
        return None
    factors: list[Factor] = []
    identities: list[tuple[Label, ...]] = []
    pending = list(reversed(term.factors))
    while pending:
        factor = pending.pop()
        node, labels, power = factor
        if not power:
            continue  # 0**0 = 1, as NumPy has it
        if isinstance(node, ix.Polynomial) and not node.terms:
            if power < 0:
                raise ProgramError("division by zero: the denominator is 0 everywhere")
            return None
        if (view := _view(factor)) is not None:
            coefficient = times(coefficient, view.coefficient)
            pending.extend(reversed(view.factors))
        elif (number := _number(node, power)) is not None:
            coefficient = times(coefficient, number)
        elif isinstance(node, (ix.Identity, ix.OneHot)) and power < 0:
            if vanishes(node, labels):  # as a sum: below a fraction line it renames no index
                written_out = spread(node, tuple(range(len(labels))), node.axes)
                factors.append(Factor(written_out, labels, power))
        elif isinstance(node, ix.Identity):
            identities.append(labels)
        elif (at := place_of(node)) and len({*labels[:-1]}) < len(labels) - 1:  # [r = i + i]
            entry = place(at.coefficients, at.offset, labels[:-1], labels[-1])
            pending.append(Factor(*entry, power))
        else:
            factors.append(factor)
    summed = list(term.summed)
    if any(place_of(f.node) for f in factors):
        common = met(factors, summed)
        if common is None:
            return None
        identities += [f.labels for f in common if isinstance(f.node, ix.Identity)]
        factors = [f for f in common if not isinstance(f.node, ix.Identity)]
    if identities:
        factors = _substitute(factors, identities, summed)
    return _facts(coefficient, joined(factors), summed)


def joined(factors: Iterable[Factor]) -> list[Factor]:
    """Equal entries joined by adding their powers."""
    powers: dict[tuple[Node, tuple[Label, ...], bool], Value] = {}
    for factor in factors:
        entry = (factor.node, factor.labels, infinite(factor))  # 0 / 0 is not 1
        powers[entry] = powers[entry] + factor.power if entry in powers else factor.power
    return [Factor(n, labels, p) for (n, labels, _), p in powers.items() if p]


def _view(factor: Factor) -> Term | None:
    """The factor as a term, where its node is a scaled, transposed or spread entry."""
    node, labels, power = factor
    closed = ix.only_term(node)
    if closed is None or closed.summed:
        return None
    arrays = [f for f in closed.factors if f.node.axes and not isinstance(f.node, ix.Identity)]
    if (len(arrays) > 1 and power != -1) or len(closed.factors) >= MOST_FACTORS:
        return None
    if infinite(factor):
        return None
    term = opened_term(closed, labels)
    if any(map(infinite, term.factors)):
        return None
    if power == 1:
        return term
    if not is_whole(power) and not (
        term.coefficient > 0 and all(positive(f.node) and not even(f) for f in term.factors)
    ):
        return None
    number = raised(term.coefficient, power)
    if number is None:
        return None
    return Term(number, tuple(f.raised(power) for f in term.factors))


def _number(node: Node, power: Value) -> Value | None:
    if isinstance(node, ix.Length) and isinstance(node.axis, sympy.Integer):
        return raised(Fraction(int(node.axis)), power)
    if isinstance(node, ix.Constant):
        return raised(node.value, power)
    return None


def _substitute(
    factors: list[Factor], identities: list[tuple[Label, ...]], summed: list[Label]
) -> list[Factor]:
    """Rename each summed index that an identity ties to another; identities of free indices
    stay."""
    for k, pair in enumerate(identities):
        one, other = pair if pair[0] in summed else pair[::-1]
        if one is other:
            continue
        if one in summed:
            summed.remove(one)
            names = {one: other}
            factors = [f.renamed(names) for f in factors]
            identities[k + 1 :] = [
                tuple(names.get(x, x) for x in later) for later in identities[k + 1 :]
            ]
        else:
            factors = [*factors, identity(*pair)]
    return factors


def _facts(coefficient: Value, factors: list[Factor], summed: Sequence[Label]) -> Term:
    """What was declared of the entries, and the sums over indices that nothing carries."""
    factors = [
        f._replace(power=ONE) if zeros_and_ones(f.node) and f.power > 1 else f for f in factors
    ]
    carried = [x for f in factors for x in f.labels]
    for factor in [f for f in factors if f.power == 1]:
        over = sums_to_one(factor.node, factor.labels)
        if over and all(x in summed and carried.count(x) == 1 for x in over):
            factors.remove(factor)
            note(factor.node, 1)
            carried = [x for x in carried if x not in over]
            summed = [x for x in summed if x not in over]
    carrying = {x for f in factors for x in f.labels}
    for label in summed:
        if label not in carrying:
            factor = length(label)
            number = _number(factor.node, ONE)
            if number is None:
                factors = joined([*factors, factor])
            else:
                coefficient = times(coefficient, number)
    return Term(coefficient, tuple(factors), tuple(x for x in summed if x in carrying))
