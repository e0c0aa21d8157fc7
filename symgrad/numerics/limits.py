"""What is 0 by a limit where a logarithm or a quotient has no number:

    x log(y) = 0          where x = 0, though y be 0
    d(x log(y)) = x / y = 0 by y there, and log(y) dx = 0 where dx = 0
    d(y^x) = x y^(x - 1) = 0         by y where x = 0, though y be 0
    d(s^p) = 2 p x s^(p - 1) = 0     where s = sum x^2 is 0, p > 1/2; and s / sqrt(s) = 0

The code takes y as 1 where its weight is 0. A quotient is treated so where a logarithm of its
denominator has that weight in the same program: 0 / 0 is no number elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import sympy

from symgrad.calculus import nodes as ix
from symgrad.calculus.entries import even
from symgrad.calculus.functions import map_entry
from symgrad.calculus.logarithms import has_logarithm
from symgrad.calculus.nodes import ONE, Entry, Factor, Node, Polynomial, Term
from symgrad.calculus.polynomials import contract
from symgrad.calculus.rebuilding import Counterpart, again
from symgrad.calculus.terms import opened
from symgrad.language import expressions as ex
from symgrad.language.operations.meanings import Elementwise
from symgrad.language.operations.smooth import log, log1p, variable_power, xlogy
from symgrad.numerics.flattening import Flat


def _guard(name: str, instead: int) -> ex.Operation:
    return ex.Operation(
        name=name,
        meaning=Elementwise(
            definition=lambda x, y: sympy.Piecewise((instead, sympy.Eq(x, 0)), (y, True)),
            kernel=lambda xp, x, y: xp.where(xp.equal(x, 0), instead, y),
            derivative=lambda x, y: (0 * x, ex.expression(1)),
        ),
        shape=lambda arguments, options: arguments[1].shape,
        arity=(2, 2),
        rule="limit",
        sentence=f"The second, or {instead} where the first is 0.",
        text=ex.Spelling("{1}", ex.ATOM, (0, ex.ATOM)),
    )


one_or, zero_or = _guard("one_or", 1), _guard("zero_or", 0)
GUARDS = {log: one_or, log1p: zero_or}  # log1p(0) = log(1)
GIVEN = (ix.Length, ix.Constant, ix.Identity)


def at_limits(flat: Flat) -> Flat:
    """The results, by their limits where a weight is 0."""
    order = ix.topological(entry.node for entry, _ in flat.results)
    limits = _Limits()
    for node in order:
        limits.note(node)
    if not (limits.weights or limits.powers):
        return flat
    for node in order:
        limits.add(node)
    return flat.after(limits.done)


@dataclass
class _Limits:
    done: dict[Node, Counterpart] = field(default_factory=dict)
    weights: set[tuple[Node, Node]] = field(default_factory=set)  # what is below, and its weight
    powers: bool = False  # whether there are powers to guard

    def note(self, node: Node) -> None:
        """Remember which logarithms have which weights."""
        labels = ix.new_labels(node.axes)
        if isinstance(node, ix.Map) and node.operation is xlogy:
            self._pair(*(operand for operand, _ in node.arguments))
        for term in opened(node, labels) if isinstance(node, Polynomial) else ():
            for factor in term.factors:
                self.powers = self.powers or bool(_of_zero(term, factor))
                for logarithm in _logarithms(factor):
                    for beside in _weights(term, factor):
                        self._pair(beside.node, _argument(logarithm))

    def _pair(self, weight: Node, argument: Node) -> None:
        single = isinstance(argument, Polynomial) and len(argument.terms) == 1
        below = (argument, *argument.operands) if single else (argument,)
        self.weights |= {(node, weight) for node in below}

    def add(self, node: Node) -> None:
        """The node again, of what became of its operands."""
        labels = ix.new_labels(node.axes)
        if isinstance(node, Polynomial):
            entry = contract([self._term(t) for t in opened(node, labels)], labels)
        else:
            entry = again(node, labels, self.done, contract)
        self.done[node] = Counterpart.of(entry, labels)

    def _term(self, term: Term) -> Term:
        factors = []
        for factor in term.factors:
            weights = _weights(term, factor)
            if powered := _of_zero(term, factor):
                factors.append(self._power(factor, powered))
                continue
            if factor.power < 0:
                weights = [w for w in weights if (factor.node, w.node) in self.weights]
                made = self._made(factor)
                factors.append(self._guarded(one_or, made, weights) if weights else made)
                continue
            weights = [w for w in weights if not _looks_up(w)]
            inside = bool(weights) and any(_logarithms(factor))
            factors.append(self._logarithm(factor, weights) if inside else self._made(factor))
        return term._replace(factors=tuple(factors))

    def _made(self, factor: Factor) -> Factor:
        return Factor(*self.done[factor.node].at(factor.labels), factor.power)

    def _guarded(self, guard: ex.Operation, made: Factor, weights: Sequence[Factor]) -> Factor:
        """A factor, as another number where a weight is 0."""
        weight = contract([Term(ONE, tuple(map(self._made, weights)))], made.labels)
        entry = map_entry(guard, [weight, Entry(made.node, made.labels)], made.labels)
        return Factor(*entry, made.power)

    def _power(self, factor: Factor, weights: Sequence[Factor]) -> Factor:
        """A power whose base is guarded."""
        made = self._made(factor)
        if not isinstance(made.node, ix.Map):
            return self._guarded(one_or, made, weights)
        base, exponent = (
            Factor(n, tuple(made.labels[k] for k in at)) for n, at in made.node.arguments
        )
        safe = self._guarded(one_or, base._replace(labels=made.labels), weights)
        entries = [Entry(f.node, f.labels) for f in (safe, exponent)]
        return Factor(*map_entry(made.node.operation, entries, made.labels))

    def _logarithm(self, factor: Factor, weights: Sequence[Factor]) -> Factor:
        """The logarithm, or the sum with one in it, with its argument guarded."""
        node, labels, power = factor
        if isinstance(node, ix.Map):
            ((argument, at),) = node.arguments
            inner = self._made(Factor(argument, tuple(labels[k] for k in at)))
            safe = self._guarded(GUARDS[node.operation], inner, weights)
            return Factor(*map_entry(node.operation, [Entry(safe.node, safe.labels)], labels))
        assert isinstance(node, Polynomial)

        def again(term: Term) -> Term:
            parts = (
                self._logarithm(f, weights) if any(_logarithms(f, within=False)) else self._made(f)
                for f in term.factors
            )
            return term._replace(factors=tuple(parts))

        return Factor(*contract(map(again, opened(node, labels)), labels), power)


def _of_zero(term: Term, factor: Factor) -> list[Factor]:
    """What is 0 where a power of 0 has no number that counts: the exponent's own factors beside it,
    a sum of squares beside one of their roots."""
    node, labels, power = factor
    if len({*labels}) < len(labels):
        return []
    if isinstance(node, ix.Map) and node.operation is variable_power and power == 1:
        (base, _), (exponent, _) = node.arguments
        if base.axes != node.axes:
            return []
        own = {exponent, *exponent.operands}
        return [w for w in _weights(term, factor) if own & {w.node, *w.node.operands}]
    if isinstance(node, ix.Apply) and power == -1 and node.operation.meaning.kink is not None:
        argument = node.arguments[0][0]
        squared = any(_is_square(f.node, argument) for f in term.factors if f.power > 0)
        return [factor._replace(power=ONE)] if squared else []
    if not isinstance(node, Polynomial) or not -0.5 < power < 0:
        return []
    squares = [f for t in node.terms for f in t.factors if even(f)]
    whole = all(any(f in squares for f in t.factors) and t.coefficient > 0 for t in node.terms)
    roots = {f.node for f in squares}
    return (
        [factor._replace(power=ONE)] if whole and any(f.node in roots for f in term.factors) else []
    )


def _is_square(node: Node, root: Node) -> bool:
    """Whether it is a multiple of squares of the other: 0 where that is 0, as its norm is."""
    return isinstance(node, Polynomial) and all(
        any(f.node is root and even(f) for f in t.factors) for t in node.terms
    )


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
    if len({*factor.labels}) < len(factor.labels):  # entries A_ii
        return []
    return [
        f
        for f in term.factors
        if f is not factor
        and f.power > 0
        and sorted(map(id, f.labels)) == sorted(map(id, factor.labels))
        and not isinstance(f.node, GIVEN)
        and not has_logarithm(f.node)
        and not any(_logarithms(f))
    ]


def _looks_up(factor: Factor) -> bool:
    """Whether it is one label, whose entry alone is read."""
    return isinstance(factor.node, ix.OneHot) and len(factor.labels) == 1
