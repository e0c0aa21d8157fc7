"""Small systems for large ones, where the sizes say so.

    C = d I + L R^T        M = d I + R^T L, which is smaller where L and R have few columns

The inverse and the log-determinant of C are those of M and products, by the operations' records.
What C^-1 multiplies is multiplied out, so that nothing of its size is made: C^-1 b is made of b
and of L (M^-1 (R^T b)). As d is one number, M is no nearer to a singular matrix than C is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from symgrad.calculus import nodes as ix
from symgrad.calculus.lowering import lowered_function
from symgrad.calculus.nodes import (
    ONE,
    Axis,
    Entry,
    Factor,
    Label,
    Node,
    Polynomial,
    Term,
    is_square,
)
from symgrad.calculus.polynomials import contract
from symgrad.calculus.tensors import Tensor, tensor
from symgrad.calculus.terms import opened, product
from symgrad.calculus.triangles import on_diagonal
from symgrad.numerics.arrays.contraction import Costs
from symgrad.numerics.passes.base import Flat, Pass
from symgrad.numerics.passes.flattening import flattened

THIN = 2  # times as many rows as columns, at least


def by_small_systems(flat: Flat, sizes: Mapping[Axis, int]) -> Flat:
    """The results with small systems for large ones, where a matrix has that structure."""
    if not sizes or not any(map(_of_system, flat.nodes)):
        return flat
    small = _SmallSystems(Costs(sizes))
    after = small.over(flat)
    if not small.found:
        return flat
    if not small.kept.isdisjoint(after.nodes):  # filled after all
        after = _SmallSystems(Costs(sizes), keeps=False).over(flat)
    return flattened(after)


def _of_system(node: Node) -> bool:
    return isinstance(node, ix.Apply) and node.operation.meaning.of_shifted is not None


class _Factors(NamedTuple):
    """L, R and M^-1 of an inverse: C^-1 L = L M^-1, R^T C^-1 = M^-1 R^T, where nothing cancels."""

    left: Entry
    right: Entry
    rows: tuple[Label, Label]
    columns: tuple[Label, Label]
    small: Node | None

    @classmethod
    def of(cls, inverse: Node, parts: Sequence[Tensor]) -> _Factors:
        """L and R up to a number, and what stands between them."""
        (row, k), (column, own) = (part.core for part in parts)
        left, right = (_array(part) for part in parts)
        terms = inverse.terms if isinstance(inverse, Polynomial) else ()
        small = [f.node for t in terms for f in t.factors if _of_system(f.node)]
        return cls(left, right, (row, column), (k, own), small[0] if small else None)

    def passed(self, inverse: Factor, other: Factor, x: Label) -> Term | None:
        """sum_x of the inverse and L or R, None where the other factor is neither."""
        side = inverse.labels.index(x)  # R^T is on the left of the inverse
        array = (self.right, self.left)[side]
        row, k = self.rows[1 - side], self.columns[1 - side]
        if self.small is None or other.node is not array.node:
            return None
        names = dict(zip(array.labels, other.labels, strict=True))
        kept, inner = inverse.labels[1 - side], Label(k.axis)
        moved = Factor(*array).renamed({row: kept, k: inner})
        at = (inner, names[k]) if side else (names[k], inner)
        return Term(ONE, (moved, Factor(self.small, at)), (inner,))


def _opened(factor: Factor) -> list[Term]:
    """The terms of a sum."""
    assert isinstance(factor.node, Polynomial)
    return opened(factor.node, factor.labels)


def written_out(term: Term) -> list[Term]:
    """The terms of a multiple of a sum, or of a product."""
    arrays = [k for k, f in enumerate(term.factors) if f.labels]
    if len(arrays) == 1:
        factor, number = term.factors[arrays[0]], term.without(arrays[0])
        if isinstance(factor.node, Polynomial) and factor.power == 1:
            parts = [product((number, t)) for t in _opened(factor)]
            return [each for part in parts for each in written_out(part)]
    return [term]


def _array(part: Tensor) -> Entry:
    """What a product of one term is, without its numbers."""
    (term,) = part.terms
    arrays = tuple(f for f in term.factors if f.labels)
    return contract([Term(ONE, arrays, term.summed)], part.core)


class _SmallSystems(Pass):
    def __init__(self, costs: Costs, keeps: bool = True) -> None:
        super().__init__()
        self.costs = costs
        self.keeps = keeps  # what stands between two inverses as it is
        self.kept: set[Node] = set()
        self.found = False
        self.inverses: set[Node] = set()  # such, and what is made of them in the same structure
        self.factors: dict[Node, _Factors] = {}
        self.met = False  # whether one of these was met

    def function(self, node: Node, labels: tuple[Label, ...]) -> Entry | None:
        """The function of a large matrix by the small one."""
        if not (isinstance(node, ix.Apply) and _of_system(node)):
            return None
        ((matrix, (row, column)),) = node.opened(labels)
        values = self._shifted(self.done[matrix.node].at(matrix.labels), row, column)
        if values is None:
            return None
        self.found = True
        value = lowered_function(node.operation.meaning.of_shifted, values)
        core = node.split(labels)[1]
        made = contract(value.at(core), labels)
        if core:
            self.inverses.add(made.node)
            self.factors[made.node] = _Factors.of(made.node, values[1:])
        return made

    def _shifted(self, matrix: Entry, row: Label, column: Label) -> list[Tensor] | None:
        """d, L and R of a matrix of this structure."""
        if not isinstance(matrix.node, Polynomial) or len(matrix.labels) != 2:
            return None
        terms = written_out(matrix.term)
        others = [t for t in terms if on_diagonal(t, row, column) is None]
        d = contract([x for t in terms if (x := on_diagonal(t, row, column))], (row,))
        if len(others) != 1 or len(others) == len(terms) or d.labels:
            return None
        parts = self._cut(others[0], row, column)
        left, right, k = parts or (None, None, None)
        if left is None or right is None or k is None:
            return None
        own = Label(k.axis)
        right = right._replace(factors=tuple(f.renamed({k: own}) for f in right.factors))
        return [tensor(d), Tensor((left,), (row, k)), Tensor((right,), (column, own))]

    def _cut(self, term: Term, row: Label, column: Label) -> tuple[Term, Term, Label | None] | None:
        """A term sum_k L_ik R_jk as L_ik and R_jk, where k is short, or there is none."""
        rows = self.costs.length(row)
        cuts = sorted(term.summed, key=self.costs.length)
        for k in (None, *(x for x in cuts if THIN * self.costs.length(x) <= rows)):
            if (parts := _parted(term, row, column, k)) is not None:
                return *parts, k
        return None

    # what is made of such an inverse

    def terms(self, terms: Sequence[Term], labels: tuple[Label, ...]) -> list[Term]:
        """The terms, such inverses multiplied out where they multiply something."""
        self.met = False
        made = [*map(self.term, terms)]
        stay = [t for t in made if self.keeps and self._between(t, labels)]
        self.met |= bool(stay)
        return [each for t in made for each in ([t] if t in stay else self._applied(t))]

    def _add(self, node: Node) -> None:
        super()._add(node)
        made = self.done[node].node
        if isinstance(made, Polynomial) and self.met and self._is_thin(made):
            self.inverses.add(made)
            labels = ix.new_labels(made.axes)
            if any(self._between(t, labels) for t in opened(made, labels)):
                self.kept.add(made)

    def _between(self, term: Term, labels: tuple[Label, ...]) -> bool:
        """Whether it is C^-1 S C^-1, which is smaller once it meets something."""
        ends = [[f for f in term.factors if x in f.labels] for x in labels]
        inverses = [each[0] for each in ends if len(each) == 1 and self._met(each[0])]
        return len(labels) == len(inverses) == 2 and inverses[0] is not inverses[1]

    def _met(self, factor: Factor) -> bool:
        return factor.power == 1 and factor.node in self.inverses

    def _is_thin(self, node: Node) -> bool:
        """Whether it is a sum of such inverses, diagonals and products with few columns."""
        if not isinstance(node, Polynomial) or not is_square(node):
            return False
        row, column = ix.new_labels(node.axes)
        return all(
            self._is_inverse(t)
            or self._between(t, (row, column))
            or on_diagonal(t, row, column)
            or self._cut(t, row, column)
            for t in opened(node, (row, column))
        )

    def _is_inverse(self, term: Term) -> bool:
        """Whether it is a number times such an inverse."""
        arrays = [f for f in term.factors if f.labels]
        return len(arrays) == 1 and arrays[0].power == 1 and arrays[0].node in self.inverses

    def _applied(self, term: Term) -> list[Term]:
        """The term with such inverses multiplied out: each meets one other factor first."""
        at = [k for k, f in enumerate(term.factors) if f.node in self.inverses and f.power == 1]
        self.met |= bool(at)
        sums = [k for k in at if term.factors[k].node not in self.factors]
        sums = [k for k in sums if {*term.factors[k].labels} <= {*term.summed}]
        if sums:  # of a number each summand is one
            whole = (product((term.without(sums[0]), t)) for t in _opened(term.factors[sums[0]]))
            return [each for t in whole for each in self._applied(t)]
        meetings = [each for k in at for each in self._meetings(term, k)]
        if meetings:
            k, p, x = min(meetings, key=lambda each: self._cost(term, each))
            inverse, other = term.factors[k], term.factors[p]
            if self._is_thin(other.node):
                whole = (product((term.without(p), t)) for t in _opened(other))
                return [each for t in whole for each in self._applied(t)]
            rest = [f for q, f in enumerate(term.factors) if q not in (k, p)]
            after = Term(term.coefficient, (*rest,), tuple(y for y in term.summed if y is not x))
            return self._applied(product((after, self._product(inverse, other, x))))
        for k in at:
            inverse, others = term.factors[k], term.without(k)
            if {*term.summed} & {*inverse.labels} or len({*inverse.labels}) == 1:
                parts = _opened(inverse)
                return [each for t in parts for each in self._applied(product((others, t)))]
        return [term]

    def _meetings(self, term: Term, k: int) -> Iterator[tuple[int, int, Label]]:
        """The factors that such an inverse may be multiplied by, each at the index x that is summed
        over then."""
        inverse = term.factors[k]
        for x in {*inverse.labels} & {*term.summed}:
            carriers = [p for p, f in enumerate(term.factors) if x in f.labels and p != k]
            if len(carriers) == 1 and len({*inverse.labels}) == 2:
                (p,) = carriers
                other = term.factors[p]
                new = other.power == 1 and other.node not in self.inverses
                small = self.costs.volume(other.labels) < self.costs.volume(inverse.labels)
                if new and (small or self._is_thin(other.node)):
                    yield k, p, x

    def _cost(self, term: Term, meeting: tuple[int, int, Label]) -> tuple[int, int, int]:
        k, p, _ = meeting
        return self.costs.volume(term.factors[p].labels), p, k

    def _product(self, inverse: Factor, other: Factor, x: Label) -> Term:
        """sum_x inverse other"""
        factors = self.factors.get(inverse.node)
        passed = factors and factors.passed(inverse, other, x)
        if passed:
            return passed
        met = Term(ONE, (other,), (x,))
        terms = [each for t in _opened(inverse) for each in self._applied(product((met, t)))]
        out = dict.fromkeys(y for y in (*inverse.labels, *other.labels) if y is not x)
        return contract(terms, (*out,)).term


def _parted(term: Term, row: Label, column: Label, k: Label | None) -> tuple[Term, Term] | None:
    """The part of a term that k alone joins to its column, behind the other part; None where its
    row is joined to it else."""
    reached, left, right = {column}, list(term.factors), list[Factor]()
    while near := [f for f in left if not reached.isdisjoint(f.labels)]:
        left = [f for f in left if f not in near]
        right += near
        reached.update(x for f in near for x in f.labels if x is not k)
    if row in reached:
        return None
    summed = [x for x in term.summed if x is not k]
    return (
        Term(term.coefficient, (*left,), tuple(x for x in summed if x not in reached)),
        Term(ONE, (*right,), tuple(x for x in summed if x in reached)),
    )
