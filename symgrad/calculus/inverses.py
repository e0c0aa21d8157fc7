"""Inverses of products of square matrices, told apart where factors cancel then:

    (A X B)^-1 = B^-1 X^-1 A^-1, so that B (A X B)^-1 A = X^-1

Only what is printed is written so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from symgrad.calculus.functions import apply_entry
from symgrad.calculus.nodes import Apply, Factor, Label, Term, core_labels, new_labels
from symgrad.calculus.terms import opened_product
from symgrad.language.operations.linear_algebra import inv


def told_apart(term: Term) -> Term:
    """The term with the inverse of each factor in the place of an inverse of their product."""
    factors: list[Factor] = []
    between: list[Label] = []
    for factor in term.factors:
        chain = _chain(factor)
        if chain is None:
            factors.append(factor)
            continue
        row, column = factor.node.split(factor.labels)[1]  # type: ignore[attr-defined]
        inner = new_labels([row.axis] * (len(chain) - 1))
        between += inner
        places = pairwise((row, *inner, column))
        factors += (_inverse(*each, *at) for each, at in zip(reversed(chain), places, strict=True))
    return Term(term.coefficient, tuple(factors), (*term.summed, *between))


def _chain(factor: Factor) -> list[tuple[Factor, bool]] | None:
    """The square factors of the product of which this is the inverse, and whether each stands in it
    as its transpose; None where it is none."""
    node = factor.node
    if not isinstance(node, Apply) or node.operation is not inv or factor.power != 1:
        return None
    ((argument, (row, column)),) = node.opened(factor.labels)
    product = opened_product(*argument)
    if product is None:
        return None
    chain = [*_path(product.factors, row, column)]
    square = all(x.axis == row.axis for x in product.summed)
    whole = len(chain) == len(product.factors) > 1 and product.coefficient == 1
    return chain if whole and square else None


def _path(factors: Sequence[Factor], row: Label, column: Label) -> Iterator[tuple[Factor, bool]]:
    """The matrices on the way from one label to another."""
    left = list(factors)
    while row is not column:
        found = [f for f in left if row in f.labels]
        if len(found) != 1 or found[0].power != 1:
            return
        (factor,) = found
        first, *more = core_labels(factor.labels)
        if len(more) != 1:
            return
        yield factor, row is not first
        left.remove(factor)
        row = more[0] if row is first else first


def _inverse(factor: Factor, turned: bool, row: Label, column: Label) -> Factor:
    """The entry at row and column of the inverse of a matrix, or of its transpose."""
    acted = core_labels(factor.labels)
    leading = [x for x in factor.labels if x not in acted]
    core = (column, row) if turned else (row, column)
    return Factor(*apply_entry(inv, [(factor.entry, acted)], leading, core))
