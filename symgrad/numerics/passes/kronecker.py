"""Kronecker products are not made where a product meets them.

    y_I = sum_J kron(A, B)_IJ x_J      with I = (i, j), J = (k, l): y_ij = sum_kl A_ik B_jl x_kl

Arrays with an axis for a pair of indices are reshaped, without a copy; the sum over pairs is one of
products of small matrices, A X B^T. The two partial sums of the derivative are such sums, too, and
the inverse and the log-determinant are those of A and B, by the operations' records.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from symgrad.calculus import nodes as ix
from symgrad.calculus.functions import apply_entry
from symgrad.calculus.lowering import lowered_function
from symgrad.calculus.nodes import (
    ONE,
    Apply,
    Entry,
    Factor,
    Identity,
    Label,
    Node,
    Polynomial,
    Term,
)
from symgrad.calculus.tensors import tensor
from symgrad.calculus.terms import identity, multiplied_out, opened, product, terms_of
from symgrad.language.expressions import Value
from symgrad.numerics.arrays.reshaped import Pair, Pairs, alike, cut, inside, joined
from symgrad.numerics.passes.base import Flat, Pass, combined
from symgrad.numerics.passes.flattening import flattened


def without_kronecker(flat: Flat) -> Flat:
    """The results with the factors of Kronecker products in products, instead of these."""
    found = any(map(_is_product, flat.nodes))
    return flattened(_Kronecker().over(flat)) if found else flat


def _is_product(node: Node) -> bool:
    """Whether it is a Kronecker product: its rows and columns are pairs of indices."""
    return isinstance(node, Apply) and " " in node.operation.meaning.pairs.partition("->")[2]


def _pairs(axes: Sequence[Label], spec: str, letters: Mapping[str, Label]) -> Pairs:
    """The pair of indices that each axis is, by its letters."""
    return {x: (letters[at[0]], letters[at[1]]) for x, at in zip(axes, spec.split(), strict=True)}


class _Kronecker(Pass):
    def function(self, node: Node, labels: tuple[Label, ...]) -> Entry | None:
        """A Kronecker product as an outer product that is reshaped, and what is made of one."""
        if not isinstance(node, Apply):
            return None
        if not node.operation.meaning.pairs:
            return self._of_product(node, labels)
        leading, core = node.split(labels)
        given = [(self.done[n].at(at), own) for (n, at), own in node.opened(labels)]
        inputs, out = node.operation.meaning.pairs.split("->")
        (first, second), ((_, own), (_, other)) = inputs.split(","), given
        letters = dict(zip(second, other, strict=True))
        if _is_product(node):
            letters |= zip(first, own, strict=True)
            pairs = _pairs(core, out, letters)
            inner = [x for pair in pairs.values() for x in pair]
            whole = combined([product(entry.term for entry, _ in given)], (*leading, *inner))
            return joined(whole, pairs) if {*inner} <= {*whole.labels} else None
        letters |= zip(out, core, strict=True)
        pairs = _pairs(own, first, letters)
        (g, _), (x, over) = given
        sums = partial(_sum_over, labels=own)
        terms = [each for t in terms_of(g) for each in multiplied_out(t, sums)]
        dense = [t for t in terms if _is_dense(t, pairs)]
        against = x.term._replace(summed=over)
        made = [product((self._cut(t, pairs), against)) for t in terms if t not in dense]
        if dense:
            matrix = combined(dense, g.labels), own
            made.append(apply_entry(node.operation, [matrix, given[1]], leading, core).term)
        return combined(self._multiplied(made, labels), labels)

    def _of_product(self, node: Apply, labels: tuple[Label, ...]) -> Entry | None:
        """A function of the Kronecker product of square matrices, by these."""
        of = node.operation.meaning.of_kron
        ((matrix, own),) = node.opened(labels)[:1]
        if of is None or not isinstance(matrix.node, Apply) or not _is_product(matrix.node):
            return None
        parts = [tensor(x, at) for x, at in matrix.node.opened(matrix.labels)]
        shapes = [ix.matrix_shape(x.axis for x in part.core) for part in parts]
        if any(rows != columns for rows, columns in shapes):
            return None
        value = lowered_function(of, parts)
        made = combined([*value.at(node.split(labels)[1])], labels)
        for each in ix.topological([made.node], lambda n: n not in self.done):
            if each not in self.done:
                self._add(each)
        return self.done[made.node].at(made.labels)

    def terms(self, terms: Sequence[Term], labels: tuple[Label, ...]) -> list[Term]:
        """The terms, Kronecker products multiplied out where they are summed over."""
        return self._multiplied([*map(self.term, terms)], labels)

    def _multiplied(self, terms: Sequence[Term], labels: Sequence[Label]) -> list[Term]:
        done: list[Term] = []
        for term in map(_without_multiples, terms):
            pairs = self._pairs(term)
            if not pairs:
                done.append(term)
                continue
            own = {x: pairs[x] for x in labels if x in pairs}
            order = [x for x in labels if x not in own] + [x for k in own for x in own[k]]
            inner = self._multiplied([self._cut(term, pairs)], order)
            done += [joined(combined(inner, order), own).term] if own else inner
        return done

    def _pairs(self, term: Term) -> Pairs:
        """The pairs for indices of a term: for those summed over of Kronecker products, and for
        the others of these."""
        made = [m[1] for f in term.factors if f.power in (1, 2) and (m := inside(f.entry))]
        made = [own for own in made if not _is_dense(term, own)]
        pairs: dict[Label, Pair] = {}
        reached = {*term.summed}
        while near := [own for own in made if not reached.isdisjoint(own)]:
            made = [own for own in made if own not in near]
            for x, pair in (item for own in near for item in own.items()):
                pairs.setdefault(x, (Label(pair[0].axis), Label(pair[1].axis)))
                reached.add(x)
        return pairs

    def _cut(self, term: Term, pairs: Pairs) -> Term:
        """A term with pairs of indices for some of its own; an outer product is not made."""
        pairs = {**self._pairs(term), **pairs}
        summed = tuple(y for x in term.summed for y in pairs.get(x, (x,)))
        parts = [self._factor(f, pairs) for f in term.factors]
        return product((Term(term.coefficient, (), summed), *parts))

    def _factor(self, factor: Factor, pairs: Pairs) -> Term:
        """A factor with pairs of indices; of an outer product the factors of it."""
        node, labels, power = factor
        own = {x: pair for x, pair in pairs.items() if x in labels}
        if not own:
            return factor.term
        if isinstance(node, Identity) and len(own) == 2 and alike(*own.values()):
            return Term(ONE, tuple(identity(*both) for both in zip(*own.values(), strict=True)))
        made = inside(Entry(node, labels))
        if made and all(x in own and alike(own[x], pair) for x, pair in made[1].items()):
            (node, labels), within = made
            names = {a: b for x in within for a, b in zip(within[x], own.pop(x), strict=True)}
            labels = tuple(names.get(x, x) for x in labels)
        if power in (1, 2) and isinstance(node, Polynomial) and len(node.terms) == 1:
            (term,) = opened(node, labels)
            parts = _apart(term)
            if len(parts) > 1:
                number = Term(term.coefficient ** int(power), ())
                return product((number, *(self._part(t, own, power) for t in parts)))
        if own:
            node, labels = cut(Entry(node, labels), own)
        return Factor(node, labels, power).term

    def _part(self, term: Term, pairs: Pairs, power: Value) -> Term:
        """A power of one factor of an outer product."""
        made = self._cut(term, pairs)
        if not made.summed:
            factors = tuple(f.raised(power) for f in made.factors)
            return Term(made.coefficient ** int(power), factors)
        free = dict.fromkeys(x for f in made.factors for x in f.labels if x not in made.summed)
        return Factor(*combined([made], (*free,)), power).term


def _without_multiples(term: Term) -> Term:
    """A term with Kronecker products for their multiples."""
    parts = []
    for factor in term.factors:
        node, labels, power = factor
        parts.append(factor.term)
        if isinstance(node, Polynomial) and len(node.terms) == power == 1:
            (part,) = opened(node, labels)
            arrays = [f for f in part.factors if f.labels]
            if len(arrays) == 1 and arrays[0].power == 1 and inside(arrays[0].entry):
                parts[-1] = part
    return product((term._replace(factors=()), *parts))


def _sum_over(factor: Factor, labels: Collection[Label]) -> Sequence[Term] | None:
    """The terms of a sum that has all of these indices."""
    if isinstance(factor.node, Polynomial) and factor.power == 1 and {*labels} <= {*factor.labels}:
        return opened(factor.node, factor.labels)
    return None


def _is_dense(term: Term, own: Pairs) -> bool:
    """Whether an array that is no Kronecker product has all of these indices."""
    arrays = [f for f in term.factors if not isinstance(f.node, Identity)]
    return any({*own} <= {*f.labels} and not inside(f.entry) for f in arrays)


def _apart(term: Term) -> list[Term]:
    """The parts of a product that no index joins, but of a batch."""
    parts: list[tuple[list[Factor], set[Label]]] = []
    for factor in term.factors:
        labels = {x for x in factor.labels if x in term.summed or not ix.is_batch(x)}
        near = [part for part in parts if not part[1].isdisjoint(labels)]
        parts = [part for part in parts if part not in near]
        together = [f for factors, _ in near for f in factors]
        parts.append(([*together, factor], labels.union(*(own for _, own in near))))
    return [Term(ONE, tuple(fs), tuple(x for x in term.summed if x in own)) for fs, own in parts]
