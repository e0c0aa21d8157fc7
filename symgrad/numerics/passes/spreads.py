"""Functions of a diagonal and low ranks, C = diag(d) + a A A^T + b B B^T, by a small matrix, where
the sizes say so. The columns of A and B stand beside each other, as one matrix u.

Unlike one number d, a diagonal may make the small matrix worse conditioned than C is; the routines
look at the numbers, and eliminate where it does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from symgrad.calculus.functions import apply_entry
from symgrad.calculus.nodes import ONE, Apply, Axis, Entry, Factor, Label, Node, Polynomial, Term
from symgrad.calculus.polynomials import contract
from symgrad.calculus.terms import identity, multiplied_out, opened, place, product
from symgrad.calculus.triangles import on_diagonal
from symgrad.language import expressions as ex
from symgrad.language.dimensions import ZERO
from symgrad.language.operations import low_rank
from symgrad.language.operations.meanings import Function
from symgrad.language.operations.namespace import Routine
from symgrad.numerics.arrays.contraction import Costs
from symgrad.numerics.passes.base import Flat, Pass
from symgrad.numerics.passes.flattening import flattened, outer
from symgrad.numerics.passes.low_rank import THIN, written_out

Part = tuple[Entry, tuple[Label, ...]]


def _operation(routine: Routine, **columns: Any) -> ex.Operation:
    """A routine as an operation."""
    count = routine.indices.count(",") + 1
    return ex.Operation(
        name=routine.name,
        meaning=Function(
            over="arguments",
            pullback=lambda g, y, *x: (),
            kernel=lambda xp, *x: xp.routine(routine, *x),
            **columns,
        ),
        shape=lambda arguments, options: arguments[0].shape,
        arity=(count, count),
        rule="",
        sentence="",
    )


def by_spreads(flat: Flat, sizes: Mapping[Axis, int]) -> Flat:
    """The results with such functions by small matrices."""
    if not sizes or not any(map(_of_spread, flat.nodes)):
        return flat
    small = _Spreads(Costs(sizes))
    after = small.over(flat)
    return flattened(after) if small.inverses else flat


SMALL_ROOT = _operation(low_rank.SMALL_ROOT)
INVERSE = _operation(low_rank.INVERSE, solver=lambda xp, *x: None)
DIAGONAL = _operation(low_rank.DIAGONAL)
LOG_DETERMINANT = _operation(low_rank.LOG_DETERMINANT)


def _of_spread(node: Node) -> bool:
    return isinstance(node, Apply) and node.operation.meaning.of_shifted is not None


class _Spreads(Pass):
    def __init__(self, costs: Costs) -> None:
        super().__init__()
        self.costs = costs
        self.inverses: set[Node] = set()
        self.sums: set[Node] = set()  # with such inverses

    def function(self, node: Node, labels: tuple[Label, ...]) -> Entry | None:
        """The function of a large matrix by the small one."""
        if not (isinstance(node, Apply) and _of_spread(node)):
            return None
        ((matrix, (row, column)),) = node.opened(labels)
        parts = self._parts(self.done[matrix.node].at(matrix.labels), row, column)
        leading, core = node.split(labels)
        if leading or parts is None:
            return None
        *known, w = _with_root(parts)
        if node.operation.meaning.solver:
            made = apply_entry(INVERSE, [*known, w], (), core)
        else:
            made = apply_entry(LOG_DETERMINANT, known, (), core)
        self.inverses.add(made.node)
        return made

    def terms(self, terms: Sequence[Term], labels: tuple[Label, ...]) -> list[Term]:
        """The terms, sums with such inverses multiplied out where they meet something."""
        done = [each for t in map(self.term, terms) for each in self._multiplied(t)]
        return [t._replace(factors=tuple(map(self._on_diagonal, t.factors))) for t in done]

    def _multiplied(self, term: Term) -> list[Term]:
        summed = {*term.summed}

        def parts(factor: Factor) -> Sequence[Term] | None:
            node, labels, power = factor
            meets = len({*labels}) < len(labels) or not summed.isdisjoint(labels)
            if power != 1 or node not in self.sums or not meets:
                return None
            assert isinstance(node, Polynomial)
            return opened(node, labels)

        return multiplied_out(term, parts)

    def _add(self, node: Node) -> None:
        super()._add(node)
        made = self.done[node].node
        if isinstance(made, Polynomial) and len(made.axes) == 2 and self._has_inverse(made):
            self.sums.add(made)

    def _has_inverse(self, node: Polynomial) -> bool:
        """Whether it is a sum with such inverses; the other terms are outer products."""
        known = self.inverses | self.sums
        inside = [any(f.node in known for f in t.factors) for t in node.terms]
        return any(inside) and all(
            own or outer(t) for own, t in zip(inside, node.terms, strict=True)
        )

    def _on_diagonal(self, factor: Factor) -> Factor:
        """The diagonal of such an inverse, which is not made for it."""
        node, labels, power = factor
        if node not in self.inverses or len({*labels}) != 1 or not isinstance(node, Apply):
            return factor
        return Factor(*apply_entry(DIAGONAL, node.opened(labels), (), labels[:1]), power)

    def _parts(self, matrix: Entry, row: Label, column: Label) -> list[Part] | None:
        """d, c and u of a matrix of this structure, each with its indices."""
        if not isinstance(matrix.node, Polynomial) or len(matrix.labels) != 2:
            return None
        terms = written_out(matrix.term)
        diagonal = [x for t in terms if (x := on_diagonal(t, row, column))]
        ranks = [_square(t, row, column) for t in terms if not on_diagonal(t, row, column)]
        known = [part for part in ranks if part]
        rank = sum(self.costs.length(k) for _, _, k in known)
        if not diagonal or not 0 < THIN * rank <= self.costs.length(row) or None in ranks:
            return None
        beside = Label(sum((k.axis for _, _, k in known), ZERO))
        numbers, columns, offset = [], [], ZERO
        for number, (node, labels), k in known:
            at = place((1,), offset, (k,), beside).term._replace(summed=(k,))
            numbers.append(product((number, at)))
            columns.append(product((Entry(node, labels).term, at)))
            offset += k.axis
        return [
            (contract(diagonal, (row,)), (row,)),
            (contract(numbers, (beside,)), (beside,)),
            (contract(columns, (row, beside)), (row, beside)),
        ]


def _with_root(parts: Sequence[Part]) -> list[Part]:
    """r, d, c, u and w of d, c and u."""
    (d, (row,)), (c, (k,)), (u, _) = parts
    other, own = Label(k.axis), Label(row.axis)
    v = contract([product((u.term, _inverse(d)))], (row, k))
    inverse = product((_inverse(c), Term(ONE, (identity(k, other),))))
    factors = Factor(*v).renamed({row: own}), Factor(*u).renamed({row: own, k: other})
    m = contract([inverse, Term(ONE, factors, (own,))], (k, other))
    r = apply_entry(SMALL_ROOT, [*parts[:2], (m, (k, other))], (), (other, k))
    w = contract([product((v.term, r.term))._replace(summed=(k,))], (row, other))
    return [(r, (other, k)), *parts, (w, (row, other))]


def _inverse(x: Entry) -> Term:
    """1 / x"""
    return Factor(*x, -ONE).term


def _square(term: Term, row: Label, column: Label) -> tuple[Term, Entry, Label] | None:
    """The number c, A and k of a term c sum_k A_ik A_jk."""
    arrays = [f for f in term.factors if f.labels]
    if len(arrays) != 2 or len(term.summed) != 1 or any(f.power != 1 for f in arrays):
        return None
    (k,) = term.summed
    left, right = sorted(arrays, key=lambda f: row not in f.labels)
    if left.node is not right.node or {*left.labels} != {row, k}:
        return None
    if tuple(column if x is row else x for x in left.labels) != right.labels:
        return None
    number = Term(term.coefficient, tuple(f for f in term.factors if not f.labels))
    return number, left.entry, k
