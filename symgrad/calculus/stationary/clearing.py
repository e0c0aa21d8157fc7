"""What an equation is multiplied or divided by until it is linear in its unknown: denominators,
common factors, and the unknown itself where its inverse is there.

    n / s - c / s^2 = 0           times s^2       n s - c = 0
    n S^-1 - S^-1 C S^-1 = 0      times S twice   n S - C = 0
    K (K a + lam a - y) = 0       times K^-1      K a + lam a - y = 0
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import gcd, lcm
from typing import NamedTuple

from symgrad.calculus import nodes as ix
from symgrad.calculus.entries import positive, symmetric
from symgrad.calculus.nodes import ONE, Entry, Factor, Label, Node, Term
from symgrad.calculus.polynomials import contract
from symgrad.calculus.stationary.equation import Equation, is_inverse
from symgrad.calculus.terms import key_of, numbered, product, terms_of, times
from symgrad.language.expressions import Value, exact
from symgrad.language.literals import magnitude
from symgrad.language.operations.smooth import exp

Place = tuple[Node, tuple[Label, ...]]


class Cleared(NamedTuple):
    """An equation, and what it was multiplied by: an entry at free labels; or from one side
    ("left", "right" or "both") the unknown, or the inverse of a matrix that stood there."""

    equation: Equation
    by: Entry
    side: str = ""


# denominators


def without_denominators(equation: Equation) -> Cleared | None:
    """The equation times every denominator in which the unknown stands, at free indices alone, and
    times other scalars below a fraction line (a mean stays one)."""
    least: dict[Place, Value] = {}
    for term in equation.terms:
        for f in term.factors:
            scalar = not f.labels and not isinstance(f.node, ix.Length)
            free = equation.depends(f.node) and set(f.labels) <= set(equation.labels)
            if f.power < 0 and (scalar or free):
                place = f.node, f.labels
                least[place] = min(least.get(place, f.power), f.power)
    if not least:
        return None
    return _times(equation, [Factor(*place, -power) for place, power in least.items()])


def _times(equation: Equation, factors: Sequence[Factor]) -> Cleared:
    """The equation times entries at its own labels."""
    by = Term(ONE, tuple(factors))
    terms = [product((t, by)) for t in equation.terms]
    return Cleared(equation.with_terms(terms), contract([by], equation.labels))


# factors that all terms have


def without_common(equation: Equation) -> Cleared | None:
    """The equation without the entries at free indices that all its terms have; never without the
    unknown itself, which may be 0."""
    if len(equation.terms) < 2:
        return None
    first, *rest = equation.terms
    shared = {
        (f.node, f.labels): f.power
        for f in first.factors
        if set(f.labels) <= set(equation.labels) and _dividable(f, equation)
    }
    for term in rest:
        powers = {(f.node, f.labels): f.power for f in term.factors}
        shared = {
            place: min(power, powers[place], key=magnitude)
            for place, power in shared.items()
            if place in powers and (powers[place] > 0) == (power > 0)
        }
    if not shared:
        return None
    return _times(equation, [Factor(*place, -power) for place, power in shared.items()])


def _dividable(factor: Factor, equation: Equation) -> bool:
    """Whether the equation may be divided by it: a mean stays one."""
    node = factor.node
    whole = set(factor.labels) == set(equation.labels) or not factor.labels
    axes = {x.axis for t in equation.terms for x in t.summed}
    mean = isinstance(node, ix.Length) and node.axis in axes
    kept = mean or isinstance(node, (ix.Identity, ix.OneHot))
    return whole and node is not equation.unknown and not kept


def never_zero(node: Node) -> bool:
    """Whether it is known that no entry is 0."""
    if isinstance(node, ix.Length):
        return True
    if isinstance(node, ix.Constant):
        return node.value != 0
    if isinstance(node, ix.Polynomial):
        known = all(never_zero(f.node) for t in node.terms for f in t.factors)
        product = len(node.terms) == 1 and not node.terms[0].summed
        return known and (product or (bool(node.terms) and positive(node)))
    if isinstance(node, ix.Map):
        return node.operation is exp
    return isinstance(node, ix.Input) and "positive" in node.facts


def number_of(equation: Equation) -> Value:
    """The number that the equation is divided by: what its coefficients have in common, with the
    sign of the unknown's first term."""
    sizes = [magnitude(t.coefficient) for t in equation.terms]
    exactly = [s for s in sizes if isinstance(s, Fraction)]
    number: Value = ONE
    if len(exactly) == len(sizes):
        number = Fraction(
            gcd(*(s.numerator for s in exactly)), lcm(*(s.denominator for s in exactly))
        )
    elif len({*sizes}) == 1:
        number = sizes[0]
    return -number if equation.others and equation.others[0].coefficient < 0 else number


def scale_of(entry: Entry) -> Term:
    """The number and the scalars that every term of a coefficient has."""
    first, *rest = terms_of(entry)
    scalars = {f for f in first.factors if not f.labels and not isinstance(f.node, ix.Length)}
    shared = scalars.intersection(*(t.factors for t in rest))
    sizes = {magnitude(t.coefficient) for t in (first, *rest)}
    number = times(first.coefficient) if len(sizes) == 1 else ONE
    return Term(number, tuple(f for f in first.factors if f in shared))


def over(terms: Iterable[Term], scale: Term) -> list[Term]:
    """Terms over a number and scalars."""
    below = tuple(f.raised(-ONE) for f in scale.factors)
    one_over = Term(exact(1 / scale.coefficient), below)
    return [product((t, one_over)) for t in terms]


# the unknown's inverse


def without_inverse(equation: Equation) -> Cleared | None:
    """The equation times its unknown, from one side or both, where it is linear in it then."""
    labels = equation.core
    if len(labels) != 2 or labels[0].axis != labels[1].axis:
        return None
    if not any(_inverts(f.node, equation) for t in equation.terms for f in t.factors):
        return None
    for side, which in (("left", labels[:1]), ("right", labels[1:]), ("both", labels)):
        for turned in (False, True):
            again = equation
            for label in which:
                again = _times_unknown(again, label, (label is labels[0]) != turned)
            if again.linear and again.others:
                new = Label(labels[0].axis)
                pair = (new, labels[0]) if turned else (labels[0], new)
                return Cleared(again, Entry(equation.unknown, pair), side=side)
    return None


def _inverts(node: Node, equation: Equation) -> bool:
    """Whether it is the unknown's inverse."""
    return is_inverse(node) and node.operands[0] is equation.unknown


def _times_unknown(equation: Equation, label: Label, first: bool) -> Equation:
    """sum_i U_ai E_i.. with a new label in the old one's place, or U_ia where it is not `first`."""
    terms = []
    for term in equation.terms:
        old = Label(label.axis)
        factors = [f.renamed({label: old}) for f in term.factors]
        at = (label, old) if first else (old, label)
        whole = (*factors, Factor(equation.unknown, at))
        terms.append(Term(term.coefficient, whole, (*term.summed, old)))
    return equation.with_terms(terms)  # where X^-1 X is the identity


# a matrix before all terms


def without_leading(equation: Equation) -> Cleared | None:
    """The equation without the square matrix that stands before, or behind, all of it."""
    for label, side in zip(equation.core, ("left", "right"), strict=False):
        groups: dict[object, list[tuple[Factor, Term]]] = {}
        for term in equation.terms:
            found = _leading(term, label, equation)
            if found is None:
                break
            factor, rest = found
            position = {x: k for k, x in enumerate(equation.labels)}
            key = key_of(numbered(rest.factors, position, symmetric))
            groups.setdefault(key, []).append((factor, rest))
        else:
            if len(groups) > 1 and (cleared := _factored(equation, label, side, groups)):
                return cleared
    return None


def _leading(term: Term, label: Label, equation: Equation) -> tuple[Factor, Term] | None:
    """The one square matrix that carries this free index, and the term without it."""
    carrying = [f for f in term.factors if label in f.labels]
    if len(carrying) != 1:
        return None
    (factor,) = carrying
    node, labels, power = factor
    if power != 1 or len(labels) != 2 or node.axes[0] != node.axes[1]:
        return None
    other = labels[1] if labels[0] is label else labels[0]
    if other not in term.summed or (equation.depends(node) and not is_inverse(node)):
        return None
    rest = tuple(f.renamed({other: label}) for f in term.beside(factor))
    return factor, Term(term.coefficient, rest, tuple(x for x in term.summed if x is not other))


def _factored(
    equation: Equation, label: Label, side: str, groups: dict[object, list[tuple[Factor, Term]]]
) -> Cleared | None:
    """The terms that are left where the same matrix stands before each of them."""
    inner = Label(label.axis)
    fronts, terms = set(), []
    for group in groups.values():
        size = magnitude(group[0][1].coefficient)
        sign = -1 if group[0][1].coefficient < 0 else 1
        parts = []
        for factor, rest in group:
            at = (label, inner) if factor.labels[0] is label else (inner, label)
            coefficient = exact(rest.coefficient / times(size, Fraction(sign)))
            parts.append(Term(coefficient, (Factor(factor.node, at),)))
        fronts.add(contract(parts, (label, inner)))
        terms.append(group[0][1])
    if len(fronts) != 1:
        return None
    return Cleared(equation.with_terms(terms), fronts.pop(), side=side)


def invertible(node: Node) -> bool:
    """Whether a matrix is an inverse itself, or known to have one."""
    known = isinstance(node, ix.Input) and "orthogonal" in node.facts
    return known or is_inverse(node) or isinstance(node, ix.Identity)
