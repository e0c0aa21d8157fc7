"""Squared distances by products of matrices, without the differences of all pairs.

    sum_d (x_id - y_jd)^2       a function of x and y
    sum_j g_ij (x_id - y_jd)    (sum_j g_ij) x_id - sum_j g_ij y_jd

The differences are an array over i, j and d. They are not made where nothing else needs them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from symgrad.calculus import nodes as ix
from symgrad.calculus.entries import singular
from symgrad.calculus.functions import apply_entry
from symgrad.calculus.nodes import ONE, ClosedFactor, ClosedTerm, Factor, Label, Node, Term
from symgrad.calculus.polynomials import contract
from symgrad.calculus.terms import opened, product
from symgrad.language import expressions as ex
from symgrad.language.operations.meanings import Function
from symgrad.language.operations.namespace import Routine
from symgrad.numerics.passes.base import Flat, Pass

Sides = tuple[frozenset[int], frozenset[int]]  # the axes of x_id, and of y_jd, in x_id - y_jd
Use = tuple[Node, ClosedTerm, ClosedFactor]

DISTANCES = Routine(
    name="squared_distances",
    indices="id,jd->ij",
    apart="ij",
    into=True,
    source="""
def squared_distances(xp, x, y, out=None):  # |x|^2 + |y|^2 - 2 x.y; by differences if that cancels
    width, same = x.shape[-1], y is x
    rows = max(1, 65536 // max(1, y.shape[-2]))  # that stay in the cache
    parts = [slice(k, k + rows) for k in range(0, x.shape[-2], rows)]
    if width in (1, 2):
        out = xp.subtract(x[..., :, None, 0], y[..., None, :, 0], out=out)
        for own in parts:
            part = out[..., own, :]
            part *= part
            for k in range(1, width):
                apart = x[..., own, None, k] - y[..., None, :, k]
                apart *= apart
                part += apart
        return out
    middle = xp.sum(y, axis=-2, keepdims=True) / max(1, y.shape[-2])
    a = x - middle
    b = a if same else y - middle
    one, other = (xp.einsum("...id,...id->...i", z, z) for z in (a, b))
    left, right = a, b
    if not same:  # (a, |a|^2, 1) . (-2 b, 1, |b|^2)
        left, right = (xp.ones((*z.shape[:-1], width + 2), z.dtype) for z in (a, b))
        left[..., :-2], left[..., -2] = a, one
        right[..., :-2], right[..., -1] = -2.0 * b, other
    out = xp.matmul(left, xp.swapaxes(right, -1, -2), out=out)
    near, count = [], 1 + 65536 // max(1, width)
    for own in parts:
        part = out[..., own, :]
        if same:  # symmetric, rounding too
            part *= -2.0
            part += one[..., own, None] + other[..., None, :]
            xp.einsum("...ii->...i", part[..., own])[...] = xp.inf  # 0, below
        most = 0.015625 * one[..., own, None]
        if part.size and part.min() > most.max():
            continue
        far = part > most
        if not far.all():
            *leading, i, j = xp.unravel_index(xp.flatnonzero(~far), far.shape)
            near.append((*leading, i + own.start, j))
    if same:
        xp.einsum("...ii->...i", out)[...] = xp.sum(0.0 * x, axis=-1)
    for each in near:
        for k in range(0, each[0].size, count):
            *leading, i, j = (z[k : k + count] for z in each)
            apart = x[(*leading, i)] - y[(*leading, j)]
            out[(*leading, i, j)] = squares = xp.einsum("kd,kd->k", apart, apart)
            if same:
                out[(*leading, j, i)] = squares
    return out""",
    standard="""
def squared_distances(xp, x, y):
    return xp.sum((x[..., :, None, :] - y[..., None, :, :]) ** 2, axis=-1)""",
    loops="""
def squared_distances(x, y):
    result = np.zeros((x.shape[0], y.shape[0]), x.dtype)
    for i in range(x.shape[0]):
        for j in range(y.shape[0]):
            total = x.dtype.type(0)
            for d in range(x.shape[1]):
                total += (x[i, d] - y[j, d]) ** 2
            result[i, j] = total
    return result""",
    analytic="""
def squared_distances(xp, x, y):
    return xp.sum((x[..., :, None, :] - y[..., None, :, :]) ** 2, axis=-1)""",
)

distances = ex.Operation(
    name=DISTANCES.name,
    meaning=Function(
        over="matrix",
        pullback=lambda g, y, *x: tuple(0 * each for each in x),
        kernel=lambda xp, x, y: xp.routine(DISTANCES, x, y),
        positive=True,
        mutual=True,
    ),
    arity=(2, 2),
    shape=lambda arguments, options: tuple(each.shape[0] for each in arguments),
    rule="squared distances",
    sentence="The squared distances of the rows of two matrices.",
)


def without_differences(flat: Flat) -> Flat:
    """The results without the differences of pairs, where only their squares' sums and sums of
    their multiples are needed."""
    made = _Distances(flat)
    return made.over(flat) if made.sides else flat


class _Distances(Pass):
    def __init__(self, flat: Flat) -> None:
        super().__init__()
        self.sides: dict[Node, Sides] = {}  # of differences that are not made, and their multiples
        self.uses: dict[Node, list[Use]] = defaultdict(list)
        needed = {entry.node for entry, _ in flat.results}
        for node in flat.nodes:
            if not isinstance(node, ix.Polynomial):
                needed.update(node.operands)
                continue
            for term in node.terms:
                for factor in term.factors:
                    self.uses[factor.node].append((node, term, factor))
            if (sides := _sides(node) or self._of_multiple(node)) is not None:
                self.sides[node] = sides
        for node in reversed(flat.nodes):
            if node in self.sides and (node in needed or not all(map(self._fits, self.uses[node]))):
                del self.sides[node]

    def _of_multiple(self, node: ix.Polynomial) -> Sides | None:
        """The sides of r_ij (x_id - y_jd)."""
        among = [f for t in node.terms for f in t.factors if f.node in self.sides]
        if len(node.terms) != 1 or node.terms[0].summed or [f.power for f in among] != [1]:
            return None
        (factor,) = among
        one, other = (frozenset(factor.labels[k] for k in s) for s in self.sides[factor.node])
        return one, other

    def _fits(self, use: Use) -> bool:
        """Whether a term can do without the differences."""
        node, term, factor = use
        repeated = len({*factor.labels}) < len(factor.labels)
        if repeated or sum(f.node in self.sides for f in term.factors) > 1:
            return False
        if factor.power == 1:
            return node in self.sides or self._sums(factor, term.summed)
        return self._squared(factor, term) is not None

    def _sums(self, factor: Factor | ClosedFactor, summed: Sequence[object]) -> bool:
        """Whether a sum is over an index that one side alone has."""
        one, other = self.sides[factor.node]
        return any(factor.labels[k] in summed for k in one ^ other)

    def _squared(self, factor: Factor | ClosedFactor, term: Term | ClosedTerm) -> int | None:
        """The axis d of sum_d (x_id - y_jd)^2; None where that is not what a term has."""
        one, other = self.sides[factor.node]
        alone = [k for k, x in enumerate(factor.labels) if _is_alone(x, term)]
        proper = len(alone) == len(one - other) == len(other - one) == 1
        if factor.power != 2 or not proper or alone[0] in one ^ other:
            return None
        return alone[0] if _sides(factor.node) else None

    def terms(self, terms: Sequence[Term], labels: tuple[Label, ...]) -> list[Term]:
        """The terms without differences."""
        return [each for t in terms for each in self._written(t)]

    def _written(self, term: Term) -> list[Term]:
        for k, factor in enumerate(term.factors):
            if factor.node not in self.sides:
                continue
            rest = term.without(k)
            if factor.power == 1 and self._sums(factor, term.summed):
                inner = _opened(factor)
                return [each for t in inner for each in self._written(product((rest, t)))]
            if (axis := self._squared(factor, term)) is not None:
                over = factor.labels[axis]
                factors = (*self.term(rest).factors, self._distances(factor, over))
                summed = tuple(x for x in rest.summed if x is not over)
                return [rest._replace(factors=factors, summed=summed)]
        return [self.term(term)]

    def _distances(self, factor: Factor, over: Label) -> Factor:
        """sum_d (x_id - y_jd)^2, of what became of x and y."""
        one, other = (tuple(factor.labels[k] for k in sorted(s)) for s in self.sides[factor.node])
        terms = _opened(factor)
        left = [t for t in terms if {*_open(t)} <= {*one}]
        right = _negated([t for t in terms if t not in left])
        if left[0].coefficient < 0:  # the same squares
            left, right = map(_negated, (left, right))
        leading = [x for x in one if x in other and x is not over]
        core = [next(x for x in side if x not in (*leading, over)) for side in (one, other)]
        arguments = [
            (contract(map(self.term, side), labels), (row, over))
            for side, labels, row in zip((left, right), (one, other), core, strict=True)
        ]
        return Factor(*apply_entry(distances, arguments, leading, core), ONE)


def _sides(node: Node) -> Sides | None:
    """The axes of two sums, x_id and y_jd, whose difference a node is; None where it is none."""
    if not isinstance(node, ix.Polynomial) or len(node.axes) < 3 or singular(node):
        return None
    own = [frozenset(_open(t)) for t in node.terms]
    largest = [x for x in dict.fromkeys(own) if not any(x < y for y in own)]
    if len(largest) != 2 or frozenset().union(*largest) != frozenset(range(len(node.axes))):
        return None
    one, other = largest
    return (one, other) if min(one - other) < min(other - one) else (other, one)


def _opened(factor: Factor) -> list[Term]:
    assert isinstance(factor.node, ix.Polynomial)
    return opened(factor.node, factor.labels)


def _open(term: Any) -> list[Any]:
    """The labels of a term that it does not sum over."""
    return [x for f in term.factors for x in f.labels if x not in term.summed]


def _negated(terms: Sequence[Term]) -> list[Term]:
    return [t._replace(coefficient=-t.coefficient) for t in terms]


def _is_alone(label: object, term: Term | ClosedTerm) -> bool:
    """Whether a term sums over an index that one factor alone has."""
    return label in term.summed and sum(label in f.labels for f in term.factors) == 1
