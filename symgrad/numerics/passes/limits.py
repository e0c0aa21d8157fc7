"""What is 0 by a limit where a logarithm or a quotient has no number:

    x log(y) = 0          where x = 0, though y be 0
    d(x log(y)) = x / y = 0 by y there, and log(y) dx = 0 where dx = 0
    d(y^x) = x y^(x - 1) = 0         by y where x = 0, though y be 0
    d(s^p) = 2 p x s^(p - 1) = 0     where s = sum x^2 is 0, p > 1/2; and s / sqrt(s) = 0
    d(sqrt(s)) = x / sqrt(s) = 0     there by convention, as that of norm2(x)

The code takes y as 1 where its weight is 0 and y is near 0 or very large. A quotient is treated so
where a logarithm of its denominator has that weight, or that root is computed, in the same program:
0 / 0 is no number elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from fractions import Fraction
from typing import Any
from weakref import WeakKeyDictionary

import sympy

from symgrad.calculus import nodes as ix
from symgrad.calculus.entries import even, positive
from symgrad.calculus.functions import map_entry
from symgrad.calculus.logarithms import has_logarithm
from symgrad.calculus.nodes import (
    ONE,
    ClosedFactor,
    Factor,
    Label,
    Node,
    Polynomial,
    Term,
    only_term,
)
from symgrad.calculus.polynomials import contract
from symgrad.calculus.terms import opened
from symgrad.language import expressions as ex
from symgrad.language.operations.meanings import Elementwise
from symgrad.language.operations.smooth import log, log1p, variable_power, xlogy
from symgrad.numerics.passes.base import Flat, Pass


def _guard(name: str, instead: int) -> ex.Operation:
    return ex.Operation(
        name=name,
        meaning=Elementwise(
            definition=lambda x, y: sympy.Piecewise((instead, sympy.Eq(x, 0)), (y, True)),
            kernel=lambda xp, x, y: xp.guarded(y, x, instead),
            derivative=lambda x, y: (0 * x, ex.expression(1)),
        ),
        shape=lambda arguments, options: arguments[1].shape,
        arity=(2, 2),
        rule="limit",
        sentence=f"The second, or {instead} where the first is 0 and the second extreme.",
    )


one_or, zero_or = _guard("one_or", 1), _guard("zero_or", 0)
GUARDS = {log: one_or, log1p: zero_or}  # log1p(0) = log(1)
GIVEN = (ix.Length, ix.Constant, ix.Identity)


def at_limits(flat: Flat) -> Flat:
    """The results, by their limits where a weight is 0."""
    limits = _Limits(flat.nodes)
    return limits.over(flat) if limits.weights or limits.powers else flat


class _Limits(Pass):
    def __init__(self, order: Sequence[Node]) -> None:
        super().__init__()
        sums = [(node, ix.new_labels(node.axes)) for node in order if isinstance(node, Polynomial)]
        beside = [(t, f) for node, labels in sums for t in opened(node, labels) for f in t.factors]
        pairs = [
            (weight.node, _argument(logarithm))
            for term, factor in beside
            for logarithm in _logarithms(factor)
            for weight in _weights(term, factor)
        ]
        for node in order:
            if isinstance(node, ix.Map) and node.operation is xlogy:
                (weight, _), (argument, _) = node.arguments
                pairs.append((weight, argument))
        self.weights = {(below, weight) for weight, node in pairs for below in _factors(node)}
        self.roots = {f.node for _, f in beside if f.power == Fraction(1, 2)}
        self.powers = any(self._of_zero(*each) for each in beside)

    def term(self, term: Term) -> Term:
        """A term with guards where a weight may be 0."""
        return term._replace(factors=tuple(self._factor(term, f) for f in term.factors))

    def _factor(self, term: Term, factor: Factor) -> Factor:
        weights = _weights(term, factor)
        if zeros := self._of_zero(term, factor):
            return self._power(factor, zeros)
        if factor.power < 0:
            weights = [w for w in weights if (factor.node, w.node) in self.weights]
            return self._guarded(one_or, self.made(factor), weights)
        weights = [w for w in weights if not _looks_up(w)]
        inside = bool(weights) and any(_logarithms(factor))
        return self._logarithm(factor, weights) if inside else self.made(factor)

    def _guarded(
        self,
        guard: ex.Operation,
        made: Factor,
        weights: Sequence[Factor],
        labels: Sequence[Label] = (),
    ) -> Factor:
        """A factor, as another number where a weight is 0; `labels` are those of both, where the
        weights have more."""
        if not weights:
            return made
        labels = labels or made.labels
        weight = contract([Term(ONE, tuple(map(self.made, weights)))], labels)
        entry = map_entry(guard, [weight, made.entry], labels)
        return Factor(*entry, made.power)

    def _power(self, factor: Factor, weights: Sequence[Factor]) -> Factor:
        """A power whose base is guarded."""
        made = self.made(factor)
        if not isinstance(made.node, ix.Map):
            return self._guarded(one_or, made, weights)
        base, exponent = made.node.entries(made.labels)
        safe = self._guarded(one_or, Factor(*base), weights, made.labels)
        return Factor(*map_entry(made.node.operation, [safe.entry, exponent], made.labels))

    def _logarithm(self, factor: Factor, weights: Sequence[Factor]) -> Factor:
        """The logarithm, or the sum with one in it, with its argument guarded."""
        node, labels, power = factor
        if isinstance(node, ix.Map):
            inner = self.made(Factor(*node.entries(labels)[0]))
            safe = self._guarded(GUARDS[node.operation], inner, weights)
            return Factor(*map_entry(node.operation, [safe.entry], labels))
        assert isinstance(node, Polynomial)

        def again(term: Term) -> Term:
            parts = (
                self._logarithm(f, weights) if any(_logarithms(f, within=False)) else self.made(f)
                for f in term.factors
            )
            return term._replace(factors=tuple(parts))

        return Factor(*contract(map(again, opened(node, labels)), labels), power)

    def _of_zero(self, term: Term, factor: Factor) -> list[Factor]:
        """What is 0 where a power of 0 has no number that counts: the exponent's own factors beside
        it; or a root of a sum of squares, beside more of what is squared than it divides by."""
        node, labels, power = factor
        if _on_diagonal(factor):
            return []
        if isinstance(node, ix.Map) and node.operation is variable_power and power == 1:
            _, (exponent, _) = node.arguments
            own = {*exponent.operands}  # y^0 is a number itself
            return [w for w in _within(term, factor) if own & {w.node, *w.node.operands}]
        squared = _squared(node) if power < 0 else None
        if not squared:
            return []
        order = -power if isinstance(node, ix.Apply) else -2 * power
        degree = sum(_degree(f, squared) for f in term.factors)
        root = order == degree == 1 and node in self.roots
        return [factor._replace(power=ONE)] if root or degree > order else []


def _squared(root: Node) -> AbstractSet[Node]:
    """What is 0 where a sum of squares, or a norm, is 0."""
    for node in ix.topological([root], lambda n: n not in _of_squares and _is_sum(n)):
        if node not in _of_squares:
            _of_squares[node] = _squared_in(node)
    return _of_squares[root]


_of_squares: WeakKeyDictionary[Node, AbstractSet[Node]] = WeakKeyDictionary()


def _is_sum(node: Node) -> bool:
    return isinstance(node, Polynomial) and all(t.coefficient >= 0 for t in node.terms)


def _squared_in(node: Node) -> AbstractSet[Node]:
    """The same, where it is known of the operands of a sum."""
    if isinstance(node, ix.Apply) and node.operation.meaning.kink is not None and positive(node):
        return {node.arguments[0][0]}
    if not isinstance(node, Polynomial) or not _is_sum(node):
        return set()
    each = [
        set[Node]().union(
            *({f.node} if even(f) else _of_squares[f.node] for f in t.factors if _may_be_zero(f))
        )
        for t in node.terms
    ]
    return set[Node]().union(*each) if all(each) else set()


def _may_be_zero(factor: Factor | ClosedFactor) -> bool:
    """Not a size, nor what is divided by."""
    return factor.power > 0 and not isinstance(factor.node, (ix.Length, ix.Constant))


def _degree(factor: Factor | ClosedFactor, roots: AbstractSet[Node]) -> Any:
    """How many of these nodes are multiplied in it."""
    node, _, power = factor
    if node in roots:
        return power
    if not isinstance(node, Polynomial) or power < 0 or not node.terms:
        return 0
    return power * min(sum(f.power for f in t.factors if f.node in roots) for t in node.terms)


def _factors(node: Node) -> tuple[Node, ...]:
    """A node, and the factors of it where it is a product."""
    return (node,) if only_term(node) is None else (node, *node.operands)


def _on_diagonal(factor: Factor) -> bool:
    """Whether it is an entry A_ii."""
    return len({*factor.labels}) < len(factor.labels)


def _logarithms(factor: Factor, within: bool = True) -> Iterator[ix.Map]:
    """The logarithm that the factor is, or those in the terms of a sum, of what may be 0."""
    node, labels, power = factor
    if power != 1:
        return
    if isinstance(node, ix.Map) and node.operation in GUARDS:
        whole = len(node.arguments[0][1]) == len(labels)
        if whole and not _is_positive(node.arguments[0][0]):
            yield node
    elif isinstance(node, Polynomial) and within and len(node.terms) > 1:
        for term in opened(node, labels):
            for inner in term.factors if not term.summed else ():
                if set(inner.labels) == set(labels):
                    yield from _logarithms(inner, within=False)


def _argument(logarithm: ix.Map) -> Node:
    """What the logarithm is of: of log1p(x) it is 1 + x."""
    ((argument, _),) = logarithm.arguments
    if logarithm.operation is log:
        return argument
    labels = ix.new_labels(argument.axes)
    return contract([Term(ONE, ()), Term(ONE, (Factor(argument, labels),))], labels).node


def _is_positive(node: Node) -> bool:
    """Whether it is an exponential or a sum with one: no entry is 0."""
    if isinstance(node, Polynomial):
        return any(has_logarithm(f.node) for t in node.terms for f in t.factors)
    return has_logarithm(node) or isinstance(node, (ix.Constant, ix.Length))


def _weights(term: Term, factor: Factor) -> list[Factor]:
    """The factors beside it that are over the same indices and may be 0."""
    same = sorted(map(id, factor.labels))
    return [f for f in _within(term, factor) if sorted(map(id, f.labels)) == same]


def _within(term: Term, factor: Factor) -> list[Factor]:
    """The factors beside it that are over no other indices and may be 0."""
    if _on_diagonal(factor):
        return []
    return [
        f
        for f in term.factors
        if f is not factor
        and f.power > 0
        and {*f.labels} <= {*factor.labels}
        and not isinstance(f.node, GIVEN)
        and not has_logarithm(f.node)
        and not any(_logarithms(f))
    ]


def _looks_up(factor: Factor) -> bool:
    """Whether it is one label, whose entry alone is read."""
    return isinstance(factor.node, ix.OneHot) and len(factor.labels) == 1
