"""Powers of one matrix, multiplied: X^i X^(k - 1 - i) = X^(k - 1). Where the exponent loses its
index, a sum over it counts equal terms."""

from __future__ import annotations

from collections import Counter

import sympy

from symgrad.calculus import nodes as ix
from symgrad.calculus.functions import apply_entry
from symgrad.calculus.lowering import lower
from symgrad.calculus.nodes import Entry, Factor, Label, Node, Term, new_labels
from symgrad.calculus.recorded import record
from symgrad.calculus.rules import TERM_RULES
from symgrad.calculus.terms import repeated
from symgrad.language.dimensions import ZERO, Dimension
from symgrad.language.operations.matrix_powers import NAME, power_to
from symgrad.language.operations.meanings import Rewrite
from symgrad.language.operations.places import Affine, as_number

PRODUCT = Rewrite(
    name="powers of a matrix",
    pattern=lambda x: x @ x,
    replacement=lambda x: x @ x,
    identity="X^i X^j = X^(i + j)",
    over=("matrix",),
)


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
        rest = tuple(f for f in term.factors if f is not one and f is not other)
        summed = tuple(x for x in term.summed if x is not one.labels[-1])
        return [term._replace(factors=(*rest, Factor(*entry)), summed=summed)]
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


TERM_RULES.setdefault(NAME, []).append(_multiplied)
