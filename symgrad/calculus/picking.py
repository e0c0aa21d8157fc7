"""The entry that a one-hot vector picks, by its name: with p_t = sum_k y_k p_k

    y_j p_j = y_j p_t        and so        p_j (y_j - p_t) = p_t (y_j - p_j)

Only what is printed is written so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from symgrad.calculus import nodes as ix
from symgrad.calculus.entries import declared
from symgrad.calculus.folding import Products
from symgrad.calculus.nodes import Factor, Node, Term
from symgrad.calculus.terms import opened, product
from symgrad.language.operations.arithmetic import multiply
from symgrad.language.operations.contractions import dot
from symgrad.language.operations.meanings import Rewrite

ONE_HOT = "one_hot"
PICKED = Rewrite(
    name="entry of a one-hot vector",
    pattern=lambda y, x: multiply(y, x),
    replacement=lambda y, x: multiply(dot(y, x), y),
    identity="y * x = (y^T x) y, where y is one-hot",
    over=("vector", "vector"),
    fact=ONE_HOT,
)


def picked(term: Term, named: Products, has_name: Callable[[Node], bool]) -> list[Term] | None:
    """The term, its sums in which a one-hot vector stands multiplied out, with named entries that
    it picks; None where there are none."""
    for k, factor in enumerate(term.factors):
        node = factor.node
        if not isinstance(node, ix.Polynomial) or has_name(node) or factor.power != 1:
            continue
        parts = [product((part, term.without(k))) for part in opened(node, factor.labels)]
        found = [_by_name(part, named) for part in parts]
        if any(found):
            return [new or part for new, part in zip(found, parts, strict=True)]
    new = _by_name(term, named)
    return [new] if new else None


def _by_name(term: Term, named: Products) -> Term | None:
    """The term with a name for an entry that a one-hot vector beside it picks."""
    for hot in term.factors:
        if not declared(hot.node, ONE_HOT) or hot.power < 1:
            continue
        for entry, name in _picks(hot, named):
            for k, factor in enumerate(term.factors):
                if factor[:2] == entry and factor.power > 0:
                    rest = term.without(k)
                    return rest._replace(factors=(*rest.factors, name._replace(power=factor.power)))
    return None


def _picks(hot: Factor, named: Products) -> Iterator[tuple[tuple[Node, object], Factor]]:
    """The entries x_ij beside y_ij of which sum_k y_ik x_ik has a name, and that."""
    for name in (n for nodes in named.by_first.values() for n in nodes):
        statement = ix.unnamed(name)
        assert isinstance(statement, ix.Polynomial)
        ((_, factors, summed),) = statement.terms
        if len(factors) != 2 or any(f.power != 1 for f in factors):
            continue
        for own, other in (factors, factors[::-1]):
            if own.node is not hot.node or summed != own.labels[-1:] or other.node is hot.node:
                continue
            at = dict(zip(own.labels, hot.labels, strict=True))
            if {*other.labels} <= {*at} and summed[0] in other.labels:
                labels = tuple(at[x] for x in range(len(name.axes)))
                yield (other.node, tuple(at[x] for x in other.labels)), Factor(name, labels)
