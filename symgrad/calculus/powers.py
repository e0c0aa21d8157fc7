"""Powers of one matrix, multiplied: X^i X^(k - 1 - i) = X^(k - 1). Where the exponent loses its
index, a sum over it counts equal terms. And x^y, y a number after all: x^a x^(1 - a) = x."""

from __future__ import annotations

from collections import Counter

import sympy

from symgrad.calculus import nodes as ix
from symgrad.calculus.functions import apply_entry
from symgrad.calculus.lowering import lower
from symgrad.calculus.nodes import ONE, ClosedTerm, Entry, Factor, Label, Node, Term, new_labels
from symgrad.calculus.polynomials import contract
from symgrad.calculus.recorded import Applied, record
from symgrad.calculus.rules import NODE_RULES, TERM_RULES
from symgrad.calculus.terms import multiplied_out, repeated
from symgrad.language.dimensions import ZERO, Dimension
from symgrad.language.operations.matrix_powers import NAME, power_to
from symgrad.language.operations.places import Affine, as_number
from symgrad.language.operations.smooth import variable_power

MOST_TERMS = 16  # of an exponent that may come out as a number
PRODUCT = Applied("powers of a matrix", "X^i X^j = X^(i + j)")


def _multiplied(term: Term, one: Factor) -> list[Term] | None:
    """The term with one power instead of this and the next, whose exponents add to no index."""
    for other in term.factors:
        if other is one or not _chained(term, one, other):
            continue
        counts, offset = _exponent(one, other)
        if any(counts.values()) or offset == ZERO:
            continue
        record(PRODUCT)
        matrix = _matrix(one)
        acted = new_labels(matrix.axes)
        number = lower(as_number(Affine({}, offset)), {}).closed()
        arguments = [(Entry(matrix, acted), acted), (number, ())]
        entry = apply_entry(power_to(offset), arguments, (), (one.labels[-2], other.labels[-1]))
        summed = tuple(x for x in term.summed if x is not one.labels[-1])
        return [term._replace(factors=(*term.beside(one, other), Factor(*entry)), summed=summed)]
    return None


def _chained(term: Term, one: Factor, other: Factor) -> bool:
    """Whether these are powers of one matrix of which the second is multiplied from the right, and
    which nothing else stands at."""
    if not all(_is_power(f) and len(_matrix(f).axes) == 2 for f in (one, other)):
        return False
    shared = one.labels[-1]
    carried = sum(f.labels.count(shared) for f in term.factors)
    alone = shared in term.summed and carried == 2 and other.labels[-2] is shared
    return alone and _matrix(one) is _matrix(other)


def _is_power(factor: Factor) -> bool:
    """Whether this is X^k, k no number."""
    node = factor.node
    return isinstance(node, ix.Apply) and node.operation.name == NAME and factor.power == 1


def _matrix(factor: Factor) -> Node:
    """What is raised."""
    assert isinstance(factor.node, ix.Apply)
    return factor.node.arguments[0][0]


def _exponent(*powers: Factor) -> tuple[Counter[Label], Dimension]:
    """How often each index counts in the sum of the exponents, and what is added to these."""
    counts, offset = Counter[Label](), ZERO
    for power in powers:
        assert isinstance(power.node, ix.Apply)
        _, (exponent, _) = power.node.opened(power.labels)
        for term in repeated(Factor(*exponent)) or (exponent.term,):
            times, place = int(term.coefficient), [f.node for f in term.factors]
            match place:
                case []:
                    offset += times
                case [ix.Length(axis=axis)]:
                    offset += times * axis
                case [ix.Place(coefficients=own, offset=start)]:
                    offset += times * start
                    labels = term.factors[0].labels
                    counts.update({x: times * c for x, c in zip(labels, own, strict=True)})
    return counts, sympy.expand(offset)


def _to_number(node: Node, labels: tuple[Label, ...]) -> Entry | None:
    """A power whose exponent came out as a number."""
    assert isinstance(node, ix.Map)
    (base, at), (exponent, own) = node.arguments
    places = tuple(labels[k] for k in own)
    terms = multiplied_out(Entry(exponent, places).term, repeated, MOST_TERMS)
    match contract(terms, places).node:
        case ix.Constant(value=number) | ix.Polynomial(terms=[ClosedTerm(number, (), ())]):
            power = Factor(base, tuple(labels[k] for k in at), number)
            return contract((Term(ONE, (power,)),), labels)
        case ix.Polynomial(terms=()):
            return contract((Term(ONE, ()),), labels)
    return None


TERM_RULES.setdefault(NAME, []).append(_multiplied)
NODE_RULES.setdefault(variable_power.name, []).append(_to_number)
