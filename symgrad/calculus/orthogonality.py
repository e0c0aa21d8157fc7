"""What is declared orthogonal: Q^T Q = Q Q^T = I, in index notation

    sum_k Q_ki Q_kj = sum_k Q_ik Q_jk = [i = j]        and so        sum_i (Q u)_i^2 = sum_j u_j^2

The other identities stand beside their operations (inverse, determinant).
"""

from __future__ import annotations

from symgrad.calculus.entries import declared
from symgrad.calculus.functions import apply_entry
from symgrad.calculus.nodes import Apply, Entry, Factor, Label, Node, Polynomial, Term
from symgrad.calculus.polynomials import contract
from symgrad.calculus.recorded import record
from symgrad.calculus.rules import NODE_RULES, TERM_RULES
from symgrad.calculus.terms import identity, opened, product, repeated
from symgrad.language.operations.constants import eye, filled
from symgrad.language.operations.meanings import Rewrite
from symgrad.language.operations.norms import norm2
from symgrad.language.phrases import phrase

ORTHOGONAL = "orthogonal"
PRODUCT = Rewrite(
    "orthogonal matrix",
    lambda x: (x.T @ x, filled(eye, x.shape[:1])),
    phrase("{0} for an orthogonal X", "X^T X = X X^T = I"),
    over=("matrix",),
    fact=ORTHOGONAL,
)


NORM = Rewrite(
    "norm and orthogonal matrix",
    lambda x, y: (norm2(x @ y), norm2(y)),
    phrase("{0} for an orthogonal X", "norm2(X u) = norm2(u)"),
    over=("matrix", "vector"),
    fact=ORTHOGONAL,
)


def _product(term: Term, factor: Factor) -> list[Term] | None:
    """sum_k Q_ki Q_kj = [i = j], and the same with rows; of one entry sum_k Q_ki^2 = 1."""
    if not declared(factor.node, ORTHOGONAL) or factor.power not in (1, 2):
        return None
    for axis, other in ((-1, -2), (-2, -1)):
        shared = factor.labels[axis]
        if factor.power == 2:
            if _alone(term, shared, 1):
                return [_without(term, (factor,), shared)]
            continue
        for partner in term.factors:
            alike = partner.node is factor.node and partner.power == 1 and partner is not factor
            if not alike or not _alone(term, shared, 2) or partner.labels[axis] is not shared:
                continue
            if partner.labels[:-2] == factor.labels[:-2]:
                tie = identity(factor.labels[other], partner.labels[other])
                return [_without(term, (factor, partner), shared, tie)]
    return None


def _length(term: Term, factor: Factor) -> list[Term] | None:
    """sum_i (Q u)_i^2 = sum_j u_j^2"""
    node = factor.node
    if factor.power != 2 or not isinstance(node, Polynomial) or len(node.terms) != 1:
        return None
    if not any(_alone(term, x, 1) and _turned(node, k) for k, x in enumerate(factor.labels)):
        return None
    rest = term._replace(factors=term.beside(factor))
    return [product((rest, square)) for square in repeated(factor) or ()]


def _norm(node: Node, labels: tuple[Label, ...]) -> Entry | None:
    """norm2(Q u) = norm2(u)"""
    assert isinstance(node, Apply)
    (((argument, places), acted),) = node.opened(labels)
    if not isinstance(argument, Polynomial) or len(argument.terms) != 1:
        return None
    for k, label in enumerate(places):
        if label in acted and _turned(argument, k):
            (term,) = opened(argument, places)
            turning = next(f for f in term.factors if label in f.labels)
            (other,) = (x for x in turning.labels[-2:] if x is not label)
            summed = tuple(x for x in term.summed if x is not other)
            record(NORM)
            inside = [other if x is label else x for x in places]
            rest = contract([term._replace(factors=term.beside(turning), summed=summed)], inside)
            length = [other if x is label else x for x in acted]
            return apply_entry(node.operation, [(rest, length)], node.split(labels)[0], ())
    return None


def _turned(node: Polynomial, k: int) -> bool:
    """Whether the k-th index of a product is that of an orthogonal matrix alone, and the matrix's
    other index is summed over, but no index that tells one such matrix from another."""
    (term,) = node.terms
    carriers = [f for f in term.factors if k in f.labels]
    if len(carriers) != 1 or carriers[0].power != 1 or not declared(carriers[0].node, ORTHOGONAL):
        return False
    *lead, row, column = carriers[0].labels
    other = column if k == row else row
    return k in (row, column) and other in term.summed and not set(lead) & set(term.summed)


def _alone(term: Term, label: Label, times_carried: int) -> bool:
    """Whether the label is summed over and stands so many times in the term."""
    carried = sum(f.labels.count(label) for f in term.factors)
    return label in term.summed and carried == times_carried


def _without(term: Term, factors: tuple[Factor, ...], shared: Label, *new: Factor) -> Term:
    """The term without these factors and the sum that they share."""
    record(PRODUCT)
    summed = tuple(x for x in term.summed if x is not shared)
    return term._replace(factors=(*term.beside(*factors), *new), summed=summed)


def _install() -> None:
    for power in (1, 2):
        TERM_RULES.setdefault(power, []).insert(0, _product)
    TERM_RULES.setdefault(2, []).insert(0, _length)
    NODE_RULES.setdefault(norm2.name, []).append(_norm)


_install()
