"""What matrix notation cannot say, in the language: sums of products of entries as einsum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from symgrad.calculus import nodes as ix
from symgrad.calculus.algebra import over, power, scaled, signed_sum, times
from symgrad.calculus.nodes import Factor, Label, Node, Term, core_axes
from symgrad.calculus.term_graph import NoMatrixForm
from symgrad.calculus.terms import opened
from symgrad.language.dimensions import ONE, core
from symgrad.language.expressions import Expression, Number, Value, is_scalar
from symgrad.language.operations.batches import batch_sum, over_batch
from symgrad.language.operations.constants import filled, ones
from symgrad.language.operations.contractions import einsum

LETTERS = "ijklpqrstuvabcdefgh"
MOST = 8  # factors of one einsum
Written = Callable[[Node], "Expression | None"]


@dataclass
class TensorNotation:
    """Expressions for nodes of any order.

    `name(node)` is what a node is called, `whole(node)` what it is in matrix notation, where it has
    one; `bound` are each batch's variables."""

    name: Written
    whole: Written
    bound: dict[str, tuple[str, ...]]
    written: dict[Node, Expression] = field(default_factory=dict)

    def definition(self, root: Node) -> Expression:
        """A node by its definition, over all its axes in their order. Raises: NoMatrixForm."""
        for node in ix.topological([root], lambda n: n is root or self._named(n) is None):
            if node is not root:
                self.written[node] = self._named(node) or self._definition(node)
        return self._definition(root)

    def _named(self, node: Node) -> Expression | None:
        return self.written.get(node) or self.name(node) or self.whole(node)

    def _definition(self, node: Node) -> Expression:
        match node:
            case ix.Alias():
                return self.written[node.inner]
            case ix.Polynomial():
                labels = ix.new_labels(node.axes)
                free = [x for x in labels if not isinstance(x.axis, str)]
                parts = [self._term(term, free) for term in opened(node, labels)]
                if parts:
                    return signed_sum(parts)
            case ix.Map():
                return node.operation(*(self._spread(n, at, node) for n, at in node.arguments))
            case ix.Apply() if len(node.arguments) == 1:
                return self._along(node)
        raise NoMatrixForm(node)

    def _spread(self, node: Node, at: Sequence[int], result: Node) -> Expression:
        """An argument of an elementwise function over all the result's indices."""
        labels = ix.new_labels(result.axes)
        own = [Factor(node, tuple(labels[k] for k in at))]
        return self._product(own, [x for x in labels if not isinstance(x.axis, str)])

    def _along(self, node: ix.Apply) -> Expression:
        """A function of vectors along one axis."""
        labels = ix.new_labels(node.axes)
        ((entry, acted),) = node.opened(labels)
        own = [x for x in entry.labels if not isinstance(x.axis, str)]
        if len(acted) != 1 or len(own) < 2 or node.operation.meaning.over == "matrix":
            raise NoMatrixForm(node)
        value = node.operation(self.written[entry.node], axis=own.index(acted[0]))
        kept = own if node.core else [x for x in own if x is not acted[0]]
        return _placed(value, kept, [x for x in labels if not isinstance(x.axis, str)])

    # sums of products

    def _term(self, term: Term, free: list[Label]) -> Expression:
        batches = [x for x in term.summed if isinstance(x.axis, str)]
        if not batches:
            return _front(term.coefficient, *self._split(term.factors, free))
        inside = [f for f in term.factors if f.node.axes]
        others = [f for f in term.factors if not f.node.axes]
        if len(batches) > 1 or not any(batches[0] in f.labels for f in inside):
            raise NoMatrixForm(term)
        body = _front(Fraction(1), *self._split(inside, free))
        batch = batches[0].axis
        total = over_batch(batch_sum, body, self.bound[batch], batch)
        return _front(term.coefficient, self._split(others, [])[0], total)

    def _split(
        self, factors: Sequence[Factor], free: list[Label]
    ) -> tuple[list[tuple[Expression, Value]], Expression | None]:
        """The scalars among factors, each with its power, and the product of all others."""
        scalars = [(self.written[f.node], f.power) for f in factors if not core_axes(f.node.axes)]
        rest = [f for f in factors if core_axes(f.node.axes)]
        return scalars, self._product(rest, free) if rest or free else None

    def _product(self, factors: Sequence[Factor], free: list[Label]) -> Expression:
        """sum of products of entries, over these indices."""
        own = [
            (self._powered(f), [x for x in f.labels if not isinstance(x.axis, str)])
            for f in factors
        ]
        had = {x for _, labels in own for x in labels}
        own += [(filled(ones, (x.axis,)), [x]) for x in free if x not in had]
        while len(own) > MOST:
            left = {x for _, labels in own[MOST:] for x in labels} | {*free}
            kept = [x for x in dict.fromkeys(x for _, ls in own[:MOST] for x in ls) if x in left]
            own = [(_einsum(own[:MOST], kept), kept), *own[MOST:]]
        return _einsum(own, free)

    def _powered(self, factor: Factor) -> Expression:
        value = self.written[factor.node]
        if factor.power > 0:
            return power(value, factor.power)
        return Number(Fraction(1)) / power(value, -factor.power)


def _front(
    coefficient: Value, scalars: Sequence[tuple[Expression, Value]], rest: Expression | None
) -> Expression:
    """A coefficient and scalars before the rest, negative powers below it."""
    result = rest
    for value, exponent in scalars:
        if exponent > 0:
            own = power(value, exponent)
            result = own if result is None else times(own, result)
    result = Number(coefficient) if result is None else scaled(coefficient, result)
    for value, exponent in scalars:
        if exponent < 0:
            result = over(result, power(value, -exponent))
    return result


def _einsum(factors: Sequence[tuple[Expression, list[Label]]], free: list[Label]) -> Expression:
    """The product of factors at their labels, over the free ones."""
    if len(factors) == 1 and factors[0][1] == free and len({*free}) == len(free):
        return factors[0][0]
    labels = dict.fromkeys([*free, *(x for _, own in factors for x in own)])
    if len(labels) > len(LETTERS):
        raise NoMatrixForm(free)
    letters = dict(zip(labels, LETTERS, strict=False))
    for value, own in factors:
        dims = value.shape if len(value.shape) > 2 else core(value.shape)
        if len(dims) != len(own) or any(d == ONE for d in dims):
            raise NoMatrixForm(value)
    spec = ",".join("".join(letters[x] for x in own) for _, own in factors)
    into = "".join(letters[x] for x in free)
    return einsum(*(value for value, _ in factors), spec=f"{spec}->{into}")


def _placed(value: Expression, labels: list[Label], wanted: list[Label]) -> Expression:
    """A value at labels with these in another order."""
    if is_scalar(value) or {*labels} != {*wanted}:
        raise NoMatrixForm(value)
    return _einsum([(value, labels)], wanted)
