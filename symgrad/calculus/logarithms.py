"""Logarithms of products, powers and entries, taken apart where a function has a logarithm.

log(exp(x) y) is x + log(y), log(1 / s) is -log(s), and the logarithm of the entry that a one-hot
vector chooses is the chosen logarithm. What is left of a product stays under one logarithm.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import symgrad.calculus.rewriting  # noqa: F401  the patterns, which are tried first
from symgrad.calculus import nodes as ix
from symgrad.calculus.entries import even, positive
from symgrad.calculus.functions import map_entry
from symgrad.calculus.lowering import lowered_function
from symgrad.calculus.nodes import Entry, Factor, Label, Node, Term
from symgrad.calculus.polynomials import contract
from symgrad.calculus.recorded import Applied, record
from symgrad.calculus.rules import FOR_CODE, NODE_RULES
from symgrad.calculus.tensors import tensor
from symgrad.calculus.terms import opened_product, times
from symgrad.language.dimensions import SCALAR, column, dimension
from symgrad.language.expressions import Name, Operation
from symgrad.language.operations.meanings import Elementwise, Rewrite
from symgrad.language.operations.smooth import exp, log
from symgrad.language.unparse import unparse

PRODUCT = Rewrite(
    "logarithm of a product",
    lambda x, y: (log(exp(x) * y), x + log(y)),
    "log(x y) = log(x) + log(y), where x is positive",
    for_code=True,
)
POWER = Rewrite(
    "logarithm of a power",
    lambda x: (log(x**3), 3 * log(x)),
    "log(x^p) = p log(x), where x is positive",
    for_code=True,
)
CHOSEN = Applied(
    "logarithm of a chosen entry", "log(y^T x) = y^T log(x), where y is one-hot", for_code=True
)


def _logarithm(node: Node, labels: tuple[Label, ...]) -> Entry | None:
    """The logarithm of one term, taken apart."""
    assert isinstance(node, ix.Map)
    ((argument, own),) = node.entries(labels)
    if isinstance(argument, ix.Map) and has_logarithm(argument):
        record(_said(argument.operation))  # x^y: other functions have rules of their own
        return logarithm_of(argument, own)
    term = opened_product(argument, own)
    if term is None:
        return None
    if term.summed:
        return _chosen(term, labels)
    if not term.coefficient > 0:
        return None
    if len(term.factors) == 1 and term.coefficient == 1:
        return _power(term.factors[0], labels)
    apart = [f for f in term.factors if _splits(f)]
    if not apart:
        return None
    record(PRODUCT)
    rest = term._replace(factors=tuple(f for f in term.factors if f not in apart))
    parts = [_times_log(f, labels) for f in apart]
    if rest.factors or rest.coefficient != 1:
        parts.append(_log([rest], labels))
    return contract(parts, labels)


def has_logarithm(node: Node) -> bool:
    """Whether it is a positive function whose logarithm is said without it."""
    if not isinstance(node, (ix.Map, ix.Apply)) or node.operation.meaning.logarithm is None:
        return False
    return bool(node.operation.meaning.positive) or positive(node.arguments[0][0])


@cache
def _said(operation: Operation) -> Applied:
    """The logarithm of a function, by its record: log(x**y) = y * log(x)."""
    names = [Name(name, SCALAR) for name in "xyz"[: operation.arity[1]]]
    if not isinstance(operation.meaning, Elementwise):
        names = [Name("x", column(dimension("n")))]
    value = operation.meaning.logarithm(*names)
    said = f"{unparse(log(operation(*names)))} = {unparse(value)}"
    if not operation.meaning.positive:
        said += ", where x is positive"
    return Applied(f"logarithm of {operation.name}", said, for_code=True)


def logarithm_of(node: ix.Map | ix.Apply, labels: tuple[Label, ...]) -> Entry:
    """The logarithm of such a function."""
    if isinstance(node, ix.Map):
        values = [tensor(e) for e in node.entries(labels)]
        inner: tuple[Label, ...] = ()
    else:
        ((argument, inner),) = node.opened(labels)
        values = [tensor(argument, inner)]
    result = lowered_function(node.operation.meaning.logarithm, values)
    return contract(result.at(inner), labels)


def _splits(factor: Factor) -> bool:
    """Whether it has a logarithm, or is a positive sum in which something has."""
    found: set[Node] = set()
    for node in ix.topological([factor.node], _is_sum):
        inside = _is_sum(node) and any(operand in found for operand in node.operands)
        if has_logarithm(node) or (inside and (opposite(node) or positive(node))):
            found.add(node)
    return factor.node in found


def _is_sum(node: Node) -> bool:
    if not isinstance(node, ix.Polynomial):
        return False
    return len(node.terms) > 1 or any(t.summed for t in node.terms)


def opposite(node: Node) -> bool:
    """Whether it is 1 - p of a probability p."""
    if not isinstance(node, ix.Polynomial) or len(node.terms) != 2:
        return False
    one, (coefficient, factors, summed) = sorted(node.terms, key=lambda t: len(t.factors))
    if one != (1, (), ()):
        return False
    alone = coefficient == -1 and len(factors) == 1 and not summed and factors[0].power == 1
    meaning = getattr(getattr(factors[0].node, "operation", None), "meaning", None)
    probability = getattr(meaning, "simplex", False) or getattr(meaning, "reflection", None)
    return alone and bool(probability)


def _power(factor: Factor, labels: Sequence[Label]) -> Entry | None:
    if factor.power == 1 and isinstance(factor.node, (ix.Map, ix.Apply)):
        return _entry(factor.node, factor.labels, labels)
    if factor.power == 1 or (even(factor) and not (positive(factor.node) or _splits(factor))):
        return None
    record(POWER)
    return contract([_times_log(factor, labels)], labels)


def _entry(node: ix.Map | ix.Apply, at: tuple[Label, ...], labels: Sequence[Label]) -> Entry | None:
    """log(f(x))_ii, an entry of the logarithm."""
    if not has_logarithm(node):
        return None
    record(_said(node.operation))
    own = ix.new_labels(node.axes)
    value = logarithm_of(node, own).renamed(dict(zip(own, at, strict=True)))
    return contract([value.term], labels)


def _times_log(factor: Factor, labels: Sequence[Label]) -> Term:
    """log(x^p) = p log(x)"""
    value = _log([factor.entry.term], labels)
    return value._replace(coefficient=times(value.coefficient, factor.power))


def _log(terms: Sequence[Term], labels: Sequence[Label]) -> Term:
    entry = contract(terms, labels)
    term = ix.only_term(entry.node)
    if term is not None and not term.factors:
        entry = Entry(ix.intern(ix.Constant, (), value=term.coefficient), ())
    return map_entry(log, [entry], labels).term


def _chosen(term: Term, labels: tuple[Label, ...]) -> Entry | None:
    """log(sum_r y_r x_r) = sum_r y_r log(x_r), where y is one-hot; of x_rs one index at a time."""
    if term.coefficient != 1 or len(term.factors) < 2:
        return None
    for k, factor in enumerate(term.factors):
        if factor.power != 1 or not _one_hot(factor.node):
            continue
        *others, over = factor.labels
        if over in term.summed and not set(others) & set(term.summed):
            rest = term.without(k)._replace(summed=tuple(x for x in term.summed if x is not over))
            if isinstance(factor.node, ix.OneHot) and not any(map(_splits, rest.factors)):
                continue  # one logarithm of the entry, not of all
            record(CHOSEN)
            value = _log([rest], (*labels, over))
            return contract(
                [value._replace(factors=(factor, *value.factors), summed=(over,))], labels
            )
    return None


def _one_hot(node: Node) -> bool:
    if isinstance(node, ix.Input):
        return "one_hot" in node.facts
    return isinstance(node, ix.OneHot)


NODE_RULES.setdefault(log.name, []).append(_logarithm)
FOR_CODE.add(_logarithm)
