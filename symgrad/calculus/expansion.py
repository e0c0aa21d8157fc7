"""Nodes made shorter for a closed form: products in products multiplied out, sums where that makes
them shorter, as (1 - t) p - t sigmoid(-z) is p - t.

Only what is printed is treated so; numbers are computed by the stable form.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from fractions import Fraction
from typing import TypeGuard

from symgrad.calculus import nodes as ix
from symgrad.calculus.entries import positive, singular
from symgrad.calculus.folding import MOST_TERMS, Length, Products, cancelled, folded, over_one
from symgrad.calculus.gathering import between, gathered
from symgrad.calculus.inverses import told_apart
from symgrad.calculus.lowering import lowered_function
from symgrad.calculus.nodes import Entry, Factor, Label, Map, Node, Polynomial, Term, topological
from symgrad.calculus.polynomials import contract
from symgrad.calculus.rebuilding import Counterpart, remade
from symgrad.calculus.reduction import joined
from symgrad.calculus.tensors import tensor
from symgrad.calculus.terms import (
    connected,
    is_whole,
    multiplied_out,
    opened,
    opened_product,
    repeated,
    times,
)
from symgrad.language.literals import magnitude


def simplified(
    root: Node,
    named: Callable[[Node], bool],
    products: Products,
    length: Length,
    known: dict[Node, Counterpart] | None = None,
) -> Node:
    """A node by a definition in which products are multiplied out, up to nodes that have a name;
    `products` are such nodes that may be found again in a longer product. What is `known` of the
    nodes below it, from a call with the same names, is not made again."""

    def combine(terms: list[Term], labels: tuple[Label, ...]) -> Entry:
        flat = _flat(terms, named)
        node, own = _shorter(contract(flat, labels), named)
        if not isinstance(node, Polynomial):
            return Entry(node, own)
        terms = _between(opened(node, own), own, named)
        ways = [terms]
        for root in (1, 0):  # one in each term may be one before all of them
            other = [cancelled(folded(t, products, length, root), named) for t in terms]
            other = gathered(other, own)
            ways += [other, over_one(other, own, named)]
        if len(terms) == 1 and _has_quotient(terms[0]):  # (1 - x / y) / y = (y - x) / y^2
            apart = _up_to_names(terms[0], named)
            joint = [t._replace(factors=tuple(joined(t.factors))) for t in apart]
            ways.append(over_one(joint, own, named))
        ways.append(list(map(told_apart, terms)))
        ways.append(list(map(_beside_arguments, terms)))
        ways.append([_beside_sums(t, named) for t in terms])
        tried = [way for k, way in enumerate(ways) if way not in ways[:k]]
        entries = [contract(way, labels, factored=True) for way in tried]
        entries = [entry for k, entry in enumerate(entries) if entry not in entries[:k]]
        shorter = [_without_sums(entry, named) for entry in entries]
        return min((*entries, *shorter), key=lambda entry: length(entry.node))

    def keep(node: Node) -> bool:
        return node is not root and (named(node) or node in products.bases)

    return remade(root, keep, combine, known)


def multiplied(root: Node, named: Callable[[Node], bool]) -> Node:
    """A node in which sums over more than two indices, and their squares, are multiplied out, while
    these are few: (X_ij - X_kj) A_ik has no matrix form, X_ij A_ik - X_kj A_ik has."""

    def parts(factor: Factor) -> Sequence[Term] | None:
        return None if named(factor.node) or len(factor.labels) < 3 else repeated(factor)

    def combine(terms: list[Term], labels: tuple[Label, ...]) -> Entry:
        return contract(
            [t for term in terms for t in multiplied_out(term, parts, MOST_TERMS)], labels
        )

    return remade(root, lambda node: node is not root and named(node), combine)


def _flat(terms: Sequence[Term], named: Callable[[Node], bool]) -> list[Term]:
    """The terms with the products in them, as far as they have no name, multiplied out; a sum that
    stands alone becomes its terms."""
    pending, flat = list(reversed(terms)), []
    while pending:
        found = _opened_once(pending.pop(), named)
        if isinstance(found, Term):
            flat.append(found)
        else:
            pending += reversed(found)
    return flat


def _opened_once(term: Term, named: Callable[[Node], bool]) -> Term | list[Term]:
    """The term with its products multiplied out, or the terms of the sum that it is."""
    factors: list[Factor] = []
    coefficient, summed = term.coefficient, term.summed
    pending = list(reversed(term.factors))
    while pending:
        factor = pending.pop()
        node = factor.node
        if _is_product(node) and not named(node) and factor.power == 1:
            pending.extend(reversed(_product(node, factor.labels)))
        elif not isinstance(node, Polynomial) or named(node) or singular(node) or factor.power != 1:
            factors.append(factor)
        elif len(node.terms) == 1:
            (inner,) = opened(node, factor.labels)
            coefficient = times(coefficient, inner.coefficient)
            summed = (*summed, *inner.summed)
            pending.extend(reversed(inner.factors))
        elif not (factors or pending or summed) and magnitude(coefficient) == 1:
            return [
                t._replace(coefficient=times(coefficient, t.coefficient))
                for t in opened(node, factor.labels)
            ]
        else:
            factors.append(factor)
    return Term(coefficient, tuple(factors), summed)


def _is_product(node: Node) -> TypeGuard[Map]:
    """Whether it is a function that is a product but where an argument is 0: x log(y)."""
    if not isinstance(node, Map) or node.operation.meaning.product is None:
        return False
    return not any(isinstance(n, Polynomial) and not n.terms for n in node.operands)


def _product(node: Map, labels: Sequence[Label]) -> tuple[Factor, ...]:
    """The factors of that product."""
    product = node.operation.meaning.product
    (term,) = lowered_function(product, [*map(tensor, node.entries(labels))]).terms
    return term.factors


def _between(
    terms: list[Term], labels: Sequence[Label], named: Callable[[Node], bool]
) -> list[Term]:
    """The terms of a matrix multiplied out, where some of them are joined between two matrices
    then; else the terms themselves."""
    if len(labels) != 2 or sum(len(t.factors) for t in terms) < 2:
        return terms
    expanded = [part for t in terms for part in _up_to_names(t, named)]
    joined = between(expanded, labels)
    return joined if len(joined) < len(expanded) <= MOST_TERMS else terms


def _beside_sums(term: Term, named: Callable[[Node], bool]) -> Term:
    """The term with powers of products as those of each sum and of what stands beside them, with
    roots where that is positive: (|x|^2 |y|^2 / n)^p = (|x|^2)^p (|y|^2)^p / n^p."""
    factors: list[Factor] = []
    for factor in term.factors:
        node, labels, power = factor
        opens = power != 1 and isinstance(node, Polynomial) and not (singular(node) or named(node))
        inner = opened_product(node, labels) if opens else None
        if inner is None:
            factors.append(factor)
            continue
        whole = is_whole(power)
        apart = whole or not any(_deviates(f.node) for f in inner.factors)
        outside = [f for f in inner.factors if not {*f.labels} & {*inner.summed}]
        beside = [f for f in outside if apart and (whole or positive(f.node))]
        within = tuple(f for f in inner.factors if f not in beside)
        factors += [f.raised(power) for f in beside]
        left = inner._replace(factors=within)
        parts = _sums(left)
        sums = [Factor(*contract([t], labels), power) for t in parts]
        alone = apart or all(t.summed for t in parts)  # a deviation's mean square stays one
        if not alone or not (whole or all(positive(f.node) for f in sums)):
            sums = [Factor(*contract([left], labels), power)]
        factors += sums
    return _with_sums_joined(term._replace(factors=tuple(joined(factors))))


def _beside_arguments(term: Term) -> Term:
    """The term with x / |x| for the unit vector of x where x stands beside it, and so of other
    functions that are multiples of their arguments: x v^T is x x^T / |x|."""
    nodes = {f.node for f in term.factors}
    factors = (each for f in term.factors for each in _multiple(f, nodes) or [f])
    return term._replace(factors=tuple(joined(factors)))


def _multiple(factor: Factor, nodes: AbstractSet[Node]) -> Sequence[Factor] | None:
    """The factors that a function of one of the nodes is by its definition, that among them."""
    node, labels, power = factor
    if power != 1 or not isinstance(node, ix.Apply) or not node.operation.meaning.along:
        return None
    ((argument, acted),) = node.opened(labels)
    if argument.node not in nodes or (define := node.operation.meaning.definition) is None:
        return None
    value = lowered_function(define, [tensor(argument, acted)])
    term, *others = value.terms
    if others or term.coefficient != 1 or term.summed:
        return None
    if all(f.node is not argument.node for f in term.factors):
        return None
    core = dict(zip(value.core, node.split(labels)[1], strict=True))
    return [f.renamed(core) for f in term.factors]


def _has_quotient(term: Term) -> bool:
    """Whether a sum in a quotient has the same denominator in it."""
    below = {f.node for f in term.factors if f.power < 0}
    sums = (f.node for f in term.factors if f.power == 1 and isinstance(f.node, Polynomial))
    inside = (f for node in sums for t in node.terms for f in t.factors)
    return bool(below) and any(f.power < 0 and f.node in below for f in inside)


def _with_sums_joined(term: Term) -> Term:
    """The term with sums in it joined with their powers: |x|^2 (|x|^2)^p = (|x|^2)^(p + 1)."""
    powers = {f.node for f in term.factors if f.power != 1}
    if not powers:
        return term
    factors: list[Factor] = []
    summed: list[Label] = []
    for group in _sums(term._replace(coefficient=Fraction(1))):
        free = dict.fromkeys(x for f in group.factors for x in f.labels if x not in group.summed)
        if group.summed and (whole := contract([group], (*free,))).node in powers:
            factors.append(Factor(*whole))
        else:
            factors += group.factors
            summed += group.summed
    return Term(term.coefficient, tuple(joined(factors)), tuple(summed))


def _sums(term: Term) -> list[Term]:
    """The sums that a term is the product of: those that share no index that is summed over."""
    sums = []
    for group in connected(term.factors, term.summed):
        carried = {x for f in group for x in f.labels}
        own = tuple(x for x in term.summed if x in carried)
        sums.append(Term(Fraction(1), tuple(group), own))
    first, *rest = sums or [term]
    return [first._replace(coefficient=term.coefficient), *rest]


def _deviates(node: Node) -> bool:
    """Whether it is x - mean(x): the root of its mean square is a standard deviation."""
    terms = node.terms if isinstance(node, Polynomial) else ()
    return any(isinstance(f.node, ix.Length) and f.power < 0 for t in terms for f in t.factors)


def _without_sums(entry: Entry, named: Callable[[Node], bool]) -> Entry:
    """A sum made shorter, or those in a product: ((1 - y) p - y (1 - p)) x = (p - y) x."""
    node, labels = entry
    term = opened_product(node, labels)
    if term is None:
        return _shorter(entry, named)
    factors = tuple(
        f if named(f.node) else Factor(*_shorter(f.entry, named), f.power) for f in term.factors
    )
    if factors == term.factors:
        return entry
    made = [f for f in factors if f not in term.factors]
    return contract([_with_sign_in(term._replace(factors=factors), made)], labels)


def _with_sign_in(term: Term, differences: Sequence[Factor]) -> Term:
    """The term with its minus in one of these sums, where that has as many minus signs as plus
    signs, or more: p - y for -(y - p)."""
    for f in differences if term.coefficient < 0 else ():
        parts = opened(f.node, f.labels) if isinstance(f.node, Polynomial) else []
        if f.power == 1 and 0 < sum(t.coefficient > 0 for t in parts) <= len(parts) / 2:
            turned = contract([t._replace(coefficient=-t.coefficient) for t in parts], f.labels)
            factors = tuple(Factor(*turned) if each is f else each for each in term.factors)
            return term._replace(coefficient=-term.coefficient, factors=factors)
    return term


def _shorter(entry: Entry, named: Callable[[Node], bool]) -> Entry:
    """The same sum with its products multiplied out, up to nodes that have a name, if it has fewer
    factors then; a product if it is one again: S_ij (B_ij + B_ji) = 2 S_ij B_ij."""
    node, labels = entry
    if not isinstance(node, Polynomial):
        return entry
    terms = opened(node, labels)
    expanded: list[Term] = []
    for term in terms:
        expanded += _up_to_names(term, named)
        if len(expanded) > MOST_TERMS:
            return entry
    if len(expanded) == len(terms):
        return entry
    other = contract(expanded, labels)
    if len(terms) == 1 and isinstance(other.node, Polynomial) and len(other.node.terms) > 1:
        return entry
    return other if _size(other.node, named) < _size(node, named) else entry


def _size(node: Node, named: Callable[[Node], bool]) -> int:
    """How many names and functions a sum shows, with those of the sums in its products."""

    def inside(each: Node) -> bool:
        return isinstance(each, Polynomial) and (each is node or not named(each))

    size: dict[Node, int] = {}
    for each in topological([node], inside):
        size[each] = 1
        if isinstance(each, Polynomial) and inside(each):
            size[each] = sum(1 + sum(size[f.node] for f in t.factors) for t in each.terms)
    return size[node]


def _up_to_names(term: Term, named: Callable[[Node], bool]) -> Sequence[Term]:
    """A product of sums multiplied out, up to nodes that have a name."""

    def parts(factor: Factor) -> Sequence[Term] | None:
        return None if named(factor.node) else _parts(factor)

    return multiplied_out(term, parts, MOST_TERMS)


def _parts(factor: Factor) -> Sequence[Term] | None:
    """A factor as a sum: a short sum of entries, or a function of a negative argument."""
    node = factor.node
    if factor.power != 1:
        return None
    if isinstance(node, Polynomial) and 1 < len(node.terms) <= 3:
        return opened(node, factor.labels)
    if isinstance(node, Map) and node.operation.meaning.reflection is not None:
        ((argument, labels),) = node.entries(factor.labels)
        terms = argument.terms if isinstance(argument, Polynomial) else ()
        if isinstance(argument, Polynomial) and terms and all(t.coefficient < 0 for t in terms):
            return _reflected(node, argument, labels)
    return None


def _reflected(node: Map, argument: Polynomial, labels: tuple[Label, ...]) -> Sequence[Term]:
    """f(-x) by the function's reflection."""
    minus = [Term(-t.coefficient, t.factors, t.summed) for t in opened(argument, labels)]
    value = tensor(contract(minus, labels))
    return lowered_function(node.operation.meaning.reflection, [value]).terms
