"""Kronecker products are not made where a product meets them.

    y_I = sum_J kron(A, B)_IJ x_J      with I = (i, j), J = (k, l): y_ij = sum_kl A_ik B_jl x_kl

Arrays with an axis for a pair of indices are reshaped, without a copy; the sum over pairs is one of
products of small matrices, A X B^T. The two partial sums of the derivative are such sums, too, and
the inverse and the log-determinant are those of A and B, by the operations' records. Those of c
kron(A, B) + d I, A and B symmetric and large enough, are of the eigenvalues c a_p b_q + d: the
eigenvectors are kron(U, V), where those of A and B are U and V.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from math import prod

from symgrad.calculus import nodes as ix
from symgrad.calculus.entries import symmetric
from symgrad.calculus.functions import apply_entry
from symgrad.calculus.lowering import lowered_function
from symgrad.calculus.nodes import (
    ONE,
    Apply,
    Axis,
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
from symgrad.calculus.triangles import on_diagonal
from symgrad.language.expressions import Value
from symgrad.language.operations.spectra import eigenvectors
from symgrad.numerics.arrays.contraction import Costs
from symgrad.numerics.arrays.reshaped import Pair, Pairs, alike, cut, inside, joined
from symgrad.numerics.passes.base import Flat, Pass, combined
from symgrad.numerics.passes.flattening import flattened
from symgrad.numerics.passes.low_rank import written_out

Side = tuple[Entry, tuple[Label, ...]]
SPECTRA = 200  # times the operations of an inverse that eigenvalues and eigenvectors take, at most


def without_kronecker(flat: Flat, sizes: Mapping[Axis, int]) -> Flat:
    """The results with the factors of Kronecker products in products, instead of these."""
    found = any(map(_is_product, flat.nodes))
    return flattened(_Kronecker(Costs(sizes)).over(flat)) if found else flat


def _is_product(node: Node) -> bool:
    """Whether it is a Kronecker product: its rows and columns are pairs of indices."""
    return isinstance(node, Apply) and " " in node.operation.meaning.pairs.partition("->")[2]


def _pairs(axes: Sequence[Label], spec: str, letters: Mapping[str, Label]) -> Pairs:
    """The pair of indices that each axis is, by its letters."""
    return {x: (letters[at[0]], letters[at[1]]) for x, at in zip(axes, spec.split(), strict=True)}


class _Kronecker(Pass):
    def __init__(self, costs: Costs) -> None:
        super().__init__()
        self.costs = costs
        self.spectra = False  # whether it has made eigenvectors

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
        if of is None:
            return None
        if not isinstance(matrix.node, Apply) or not _is_product(matrix.node):
            return self._of_shifted(node, matrix, own, labels)
        parts = [tensor(x, at) for x, at in matrix.node.opened(matrix.labels)]
        shapes = [ix.matrix_shape(x.axis for x in part.core) for part in parts]
        if any(rows != columns for rows, columns in shapes):
            return None
        value = lowered_function(of, parts)
        return self._made(combined([*value.at(node.split(labels)[1])], labels))

    def _of_shifted(
        self, node: Apply, matrix: Entry, own: Sequence[Label], labels: tuple[Label, ...]
    ) -> Entry | None:
        """A function of c kron(A, B) + d I by the eigenvalues of A and B."""
        of = node.operation.meaning.of_diagonal
        parts = _shifted(matrix, own)
        if of is None or parts is None or not self._pays(parts[0]):
            return None
        self.spectra = True
        sides, front, shift = parts
        (_, a), (_, b) = sides
        over, *ends = ((Label(a[0].axis), Label(b[0].axis)) for _ in range(3))
        values = [_eigenvalue(*side, x) for side, x in zip(sides, over, strict=True)]
        spectrum = combined([product((front, *values)), *shift], over)
        every, again = (Label(own[0].axis) for _ in range(2))
        value = lowered_function(of, [tensor(joined(spectrum, {every: over}), (every,))])
        core = node.split(labels)[1]
        if not core:
            return self._made(combined([*value.at(())], labels))
        (term,) = value.at((every, again))
        inner = on_diagonal(term, every, again)
        assert inner is not None
        vectors = [
            _eigenvector(*side, row, x).term
            for end in ends
            for side, row, x in zip(sides, end, over, strict=True)
        ]
        whole = product((self._cut(inner, {every: over}), *vectors))._replace(summed=over)
        pairs = dict(zip(core, ends, strict=True))
        return self._made(joined(combined([whole], [x for end in ends for x in end]), pairs))

    def _pays(self, sides: Sequence[Side]) -> bool:
        """Whether matrices have few enough rows beside their Kronecker product."""
        rows = [self.costs.length(at[0]) for _, at in sides]
        return prod(rows) ** 3 > SPECTRA * sum(n**3 for n in rows)

    def _made(self, entry: Entry) -> Entry:
        """What becomes of an entry that this pass has made."""
        for node in ix.topological([entry.node], lambda n: n not in self.done):
            if node not in self.done:
                self._add(node)
        return self.done[entry.node].at(entry.labels)

    def terms(self, terms: Sequence[Term], labels: tuple[Label, ...]) -> list[Term]:
        """The terms; sums with eigenvectors multiplied out where they are summed over."""
        made = list(map(self.term, terms))
        if self.spectra:
            parts = ((t, partial(_summed_over, over=t.summed)) for t in made)
            made = [each for t, sums in parts for each in multiplied_out(t, sums)]
        return self._multiplied(made, labels)

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
            if made and power == len(parts) == 1:
                return self._cut(term, own)
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


def _shifted(matrix: Entry, own: Sequence[Label]) -> tuple[list[Side], Term, list[Term]] | None:
    """A and B, c and d of c kron(A, B) + d I, where A and B are known to be symmetric."""
    if len(matrix.labels) != 2 or not isinstance(matrix.node, Polynomial):
        return None
    front, *others = sorted(written_out(matrix.term), key=lambda t: bool(on_diagonal(t, *own)))
    shift = [x for t in others if (x := on_diagonal(t, *own))]
    arrays = [k for k, f in enumerate(front.factors) if f.labels]
    if len(shift) != len(others) or any(f.labels for t in shift for f in t.factors):
        return None
    if len(arrays) != 1 or front.summed or not _is_product(front.factors[arrays[0]].node):
        return None
    node, labels, power = front.factors[arrays[0]]
    assert isinstance(node, Apply)
    sides = node.opened(labels)
    known = power == 1 and all(symmetric(x.node) for x, _ in sides)
    return (sides, front.without(arrays[0]), shift) if known else None


def _eigenvector(matrix: Entry, own: Sequence[Label], row: Label, x: Label) -> Factor:
    """An entry of an eigenvector of a symmetric matrix."""
    return Factor(*apply_entry(eigenvectors, [(matrix, own)], (), (row, x)))


def _eigenvalue(matrix: Entry, own: Sequence[Label], x: Label) -> Term:
    """v^T A v, v being the eigenvector of a symmetric matrix that has this number."""
    ends = (_eigenvector(matrix, own, row, x) for row in own)
    value = Term(ONE, (Factor(*matrix), *ends), tuple(own))
    return Factor(*combined([value], (x,))).term


def _summed_over(factor: Factor, over: Collection[Label]) -> Sequence[Term] | None:
    """The terms of a sum with such an array in it, on its diagonal or where it is summed over."""
    labels = {*factor.labels}
    if not isinstance(factor.node, Polynomial) or factor.power != 1:
        return None
    if len(labels) == len(factor.labels) and not labels <= {*over}:
        return None
    terms = opened(factor.node, factor.labels)
    return terms if any(inside(f.entry) for t in terms for f in t.factors) else None


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
