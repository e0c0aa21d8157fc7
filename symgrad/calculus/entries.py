"""What is known of a node's entries: by what is declared, or by structure."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from fractions import Fraction

from symgrad.calculus import nodes as ix
from symgrad.calculus.nodes import ClosedFactor, ClosedTerm, Factor, Node
from symgrad.calculus.terms import is_whole, key_of, numbered
from symgrad.language.expressions import Value

Crossed = tuple[Hashable, Value]


def declared(node: Node, fact: str) -> bool:
    """Whether a node is a variable that is declared so, or its transpose."""
    if (term := ix.only_term(node)) is not None:
        coefficient, factors, summed = term
        alone = coefficient == 1 and len(factors) == 1 and not summed
        same = alone and factors[0].power == 1 and len(factors[0].labels) == len(node.axes)
        node = factors[0].node if same else node
    return isinstance(node, ix.Input) and fact in node.facts


@ix.cached
def antisymmetric(node: Node) -> bool:
    """Whether node_ij = -node_ji is known, as of the differences x_i - x_j."""
    if not ix.is_square(node):
        return False
    node = ix.unnamed(node)
    if isinstance(node, ix.Map):  # an odd function, entry by entry
        ((first, at), *others) = node.arguments
        return node.operation.meaning.parity < 0 and not others and antisymmetric(first)
    if isinstance(node, ix.Polynomial) and node.terms:
        straight, crossed = _crossed(node)
        return straight == {(key, -coefficient) for key, coefficient in crossed}
    return False


def _crossed(node: ix.Polynomial) -> tuple[set[Crossed], set[Crossed]]:
    """The terms of a matrix, and of its transpose, as what may be compared."""
    straight, crossed = ({_alike(t, at) for t in node.terms} for at in ({0: 0, 1: 1}, {0: 1, 1: 0}))
    return straight, crossed


def _alike(term: ClosedTerm, at: dict[int, int]) -> Crossed:
    """What equal terms share, and the coefficient; r_ji of r_ij = -r_ji as -r_ij."""
    factors, coefficient = [], term.coefficient
    for f in _on_diagonal(term, at[0]):
        labels = tuple(at.get(x, x) for x in f.labels)
        if labels == (1, 0) and (even(f) or odd(f)) and antisymmetric(f.node):
            coefficient = coefficient if even(f) else -coefficient
            f = f._replace(labels=f.labels[::-1])
        factors.append(f)
    return key_of(numbered(tuple(factors), at, symmetric)), coefficient


@ix.cached
def symmetric(node: Node) -> bool:
    """Whether node_ij = node_ji is known."""
    if not ix.is_square(node):
        return False
    node = ix.unnamed(node)
    if isinstance(node, ix.Input):
        return "symmetric" in node.facts
    if isinstance(node, ix.Apply):
        if node.operation.meaning.mutual:
            return len({*node.arguments}) == 1
        matrices = (n for n, at in node.arguments if at.count(None) == 2)
        return bool(node.operation.meaning.symmetric) and all(map(symmetric, matrices))
    if isinstance(node, ix.Map):  # f(S_ij, c), entry by entry
        ((first, _), *others) = node.arguments
        if node.operation.meaning.parity > 0 and not others and antisymmetric(first):
            return True
        return all(not at or (len(at) == 2 and symmetric(n)) for n, at in node.arguments)
    if isinstance(node, ix.Polynomial):
        straight, crossed = _crossed(node)
        return straight == crossed
    if (place := ix.place_of(node)) is not None:  # [i = n - 1 - j]
        return place.coefficients == (-1,) and node.axes[0] == place.offset + 1
    return isinstance(node, ix.Identity)


def _on_diagonal(term: ClosedTerm, first: int) -> tuple[ClosedFactor, ...]:
    """The factors, those beside [i = j] at the one of them: u_j [i = j] = u_i [i = j]."""
    if not any(isinstance(f.node, ix.Identity) and {*f.labels} == {0, 1} for f in term.factors):
        return term.factors
    return tuple(
        f
        if isinstance(f.node, ix.Identity)
        else f._replace(labels=tuple(first if x in (0, 1) else x for x in f.labels))
        for f in term.factors
    )


def positive(node: Node) -> bool:
    """Whether every entry is known to be at least 0."""
    node = ix.unnamed(node)
    if isinstance(node, ix.Input):
        return bool(node.facts & {"positive", "simplex", "one_hot"})
    if isinstance(node, ix.Constant):
        return node.value > 0
    if isinstance(node, ix.Polynomial):
        return all(
            t.coefficient > 0 and all(even(f) or positive(f.node) for f in t.factors)
            for t in node.terms
        )
    if isinstance(node, (ix.Map, ix.Apply)):
        return bool(node.operation.meaning.positive)
    return isinstance(node, (ix.Length, ix.OneHot, ix.Identity))


def even(factor: Factor | ClosedFactor) -> bool:
    """Whether it is an even power."""
    return isinstance(factor.power, Fraction) and factor.power.numerator % 2 == 0


def odd(factor: Factor | ClosedFactor) -> bool:
    """Whether it is an odd power."""
    return is_whole(factor.power) and factor.power.numerator % 2 == 1


def zeros_and_ones(node: Node) -> bool:
    """Whether every entry is its own square."""
    if isinstance(node, ix.Input):
        return "one_hot" in node.facts
    return isinstance(node, (ix.OneHot, ix.Identity))


def sums_to_one(node: Node, labels: tuple[ix.Label, ...]) -> tuple[ix.Label, ...]:
    """The labels over which the entries are known to sum to 1; none where they are not."""
    node = ix.unnamed(node)
    if isinstance(node, ix.Input):
        return labels[-1:] if node.facts & {"simplex", "one_hot"} else ()
    if isinstance(node, ix.Apply):
        return node.split(labels)[1] if node.operation.meaning.simplex else ()
    return labels[-1:] if isinstance(node, ix.OneHot) else ()


def vanishes(node: Node, labels: Sequence[Hashable]) -> bool:
    """Whether entries of node[labels] are 0 by structure, as those of diag(x) off the diagonal."""
    node = ix.unnamed(node)
    if isinstance(node, ix.Identity):
        return labels[0] != labels[1]
    if isinstance(node, ix.Polynomial):
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
    return zeros_and_ones(node)


def infinite(factor: Factor | ClosedFactor) -> bool:
    """Whether entries are 1 / 0 by structure: nothing that is 0 there may be worked in."""
    return factor.power < 0 and vanishes(factor.node, factor.labels)


def singular(node: ix.Polynomial) -> bool:
    """Whether a term has 1 / 0 by structure: the sum must stay as it is, 0 / 0 being no 0."""
    return any(infinite(f) for t in node.terms for f in t.factors)
