"""One term in index notation as a matrix: the indices of the result stacked to the index of its
rows, those of the variable to the index of its columns. The forms are in `vectorized`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from symgrad.calculus.algebra import is_negative, negated, over, product, times, transposed
from symgrad.calculus.functions import aligned
from symgrad.calculus.nodes import ONE, Factor, Identity, Label, Term
from symgrad.calculus.notation import Notation, full
from symgrad.calculus.polynomials import contract
from symgrad.calculus.term_graph import NoMatrixForm
from symgrad.calculus.terms import connected
from symgrad.language import dimensions
from symgrad.language.dimensions import Shape, column
from symgrad.language.expressions import (
    Expression,
    Name,
    Operation,
    Value,
    is_call,
    is_scalar,
)
from symgrad.language.operations import arithmetic as op
from symgrad.language.operations import kronecker
from symgrad.language.operations.constants import eye, filled
from symgrad.language.operations.contractions import diag

Pair = tuple[Label | None, Label | None]  # the index of the rows and that of the columns
Join = Callable[[Expression, Expression], Expression]

# Not registered: signs of this notation, which programs cannot use.
vec = Operation(
    name="vec",
    meaning=None,
    shape=lambda arguments, options: column(dimensions.product(arguments[0].shape)),
    rule="vec",
    sentence="vec stacks the columns of a matrix.",
    latex=r"\operatorname{vec}",
)
kron = replace(kronecker.kron, shape=lambda arguments, options: _blocks(*arguments))  # of vectors
SIGNS = {operation.name: operation for operation in (vec, kron)}


@dataclass(frozen=True)
class Stacking:
    """Writes terms with these indices of rows and of columns."""

    rows: tuple[Label, ...]
    columns: tuple[Label, ...]
    commutation: Name
    notation: Notation

    @property
    def free(self) -> AbstractSet[Label]:
        """The indices of the result."""
        return {*self.rows, *self.columns}

    def term(self, term: Term) -> Expression:
        """The matrix of one term, scalars in front of it."""
        parts = _parts(term.factors, self.free)
        scalars = [f for free, factors in parts if not free for f in factors]
        body = self._body([f for free, factors in parts if free for f in factors])
        return times(self._written(term.coefficient, scalars, []), body)

    def _body(self, factors: list[Factor]) -> Expression:
        forms = list(self._forms())
        for form in forms:
            matrix = self._joined(factors, *form)
            if matrix is not None:
                return matrix
        for form in forms[1:]:
            above, inside, below = self._apart(factors, *form[:2])
            matrix = self._joined(inside, *form)
            if matrix is not None:
                return self._scaled(above, matrix, below)
        raise NoMatrixForm(factors)

    def _forms(self) -> Iterator[tuple[Pair, Pair, Join]]:
        """Which indices make up the two factors, and what joins them."""
        yield _placed(self.rows)[0], _placed(self.columns)[0], _outer
        for i, j in _placed(self.rows):
            for k, m in _placed(self.columns):
                yield (i, k), (j, m), _kron
        if len(self.rows) == len(self.columns) == 2:
            (i, j), (k, m) = self.rows, self.columns
            yield (i, m), (j, k), lambda fast, slow: self._commuted(_kron(fast, slow))

    def _commuted(self, matrix: Expression) -> Expression:
        return self.commutation if is_call(matrix, eye) else product(matrix, self.commutation)

    def _joined(
        self, factors: list[Factor], first: Pair, second: Pair, join: Join
    ) -> Expression | None:
        """The matrix in this form; None where factors that hang together have indices of both."""
        placed: tuple[list[Factor], list[Factor]] = ([], [])
        for free, members in _parts(factors, self.free):
            if not (free <= {*first} or free <= {*second}):
                return None
            placed[not free <= {*first}].extend(members)
        return join(self._matrix(first, placed[0]), self._matrix(second, placed[1]))

    def _apart(
        self, factors: list[Factor], first: Pair, second: Pair
    ) -> tuple[list[Factor], list[Factor], list[Factor]]:
        """Factors of the row's two indices, what is left, and factors of the column's two; where
        [i = k], i and k are one."""
        equal: dict[Label, Label] = {}
        for node, labels, _ in factors:
            if isinstance(node, Identity) and ({*labels} <= {*first} or {*labels} <= {*second}):
                equal |= {labels[0]: labels[1], labels[1]: labels[0]}
        above: list[Factor] = []
        inside: list[Factor] = []
        below: list[Factor] = []
        for free, members in _parts(factors, self.free, self.free):
            if free <= {*first} or free <= {*second}:
                inside += members
                continue
            for stack, place in ((self.rows, above), (self.columns, below)):
                to = {x: x if x in stack else equal.get(x, x) for x in free}
                if len(stack) == 2 and {*to.values()} <= {*stack}:
                    place += [f.renamed(to) for f in members]
                    break
            else:
                inside += members
        return above, inside, below

    def _scaled(self, above: list[Factor], matrix: Expression, below: list[Factor]) -> Expression:
        """diag(vec(a)) M diag(vec(b)): the rows of M times the entries of a, its columns times
        those of b."""
        for factors, labels in ((above, self.rows), (below, self.columns)):
            if factors:
                scale = diag(vec(self._written(ONE, factors, [*labels])))
                sides = (scale, matrix) if factors is above else (matrix, scale)
                matrix = scale if is_call(matrix, eye) else product(*sides)
        return matrix

    def _matrix(self, pair: Pair, factors: list[Factor]) -> Expression:
        """The product of the factors over these indices: a matrix, a column or a row."""
        value = self._written(ONE, factors, [x for x in pair if x is not None])
        return transposed(value) if pair[0] is None else value

    def _written(self, coefficient: Value, factors: list[Factor], free: list[Label]) -> Expression:
        summed = dict.fromkeys(x for f in factors for x in f.labels if x not in free)
        term = Term(coefficient, tuple(factors), tuple(summed))
        node = aligned(contract([term], free), free)
        return full(self.notation.of(node), node)


def _parts(
    factors: Sequence[Factor], free: AbstractSet[Label], apart: AbstractSet[Label] = frozenset()
) -> list[tuple[AbstractSet[Label], list[Factor]]]:
    """Factors that hang together by their indices, those in `apart` aside, and which of the free
    indices they have."""
    groups = connected(factors, {x for f in factors for x in f.labels} - apart)
    return [({x for f in group for x in f.labels} & free, group) for group in groups]


def _placed(labels: tuple[Label, ...]) -> list[Pair]:
    """Two indices in order; one in either place."""
    if len(labels) == 2:
        return [(labels[0], labels[1])]
    return [(labels[0], None), (None, labels[0])]


def stacked(matrix: Expression) -> Expression:
    """vec(matrix); a column is its own."""
    return matrix if matrix.shape[1] == dimensions.ONE else _linear(vec, matrix)


def _outer(rows: Expression, columns: Expression) -> Expression:
    right = transposed(stacked(columns))
    return _linear(lambda left: product(left, right), stacked(rows))


def _linear(function: Callable[[Expression], Expression], e: Expression) -> Expression:
    """A linear function of e, the scalars of e in front."""
    if is_negative(e):
        return negated(_linear(function, negated(e)))
    if is_call(e, op.multiply) and is_scalar(e.arguments[0]):
        return times(e.arguments[0], _linear(function, e.arguments[1]))
    if is_call(e, op.divide) and is_scalar(e.arguments[1]):
        return over(_linear(function, e.arguments[0]), e.arguments[1])
    return function(e)


def _kron(fast: Expression, slow: Expression) -> Expression:
    """vec(A X B) = kron(B.T, A) vec(X): the first index runs fastest."""
    if is_call(slow, eye) and is_call(fast, eye):
        return filled(eye, _blocks(slow, fast)[:1])
    return kron(slow, fast)


def _blocks(slow: Expression, fast: Expression) -> Shape:
    return tuple(a * b for a, b in zip(slow.shape, fast.shape, strict=True))
