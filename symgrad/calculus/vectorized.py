r"""The vectorised form of a Jacobian or Hessian with more than two indices: d vec(Y) / d vec(X)^T.

vec stacks the columns of a matrix, so the indices i, j of Y become the row and k, l of X the column
of one matrix. A term of the index notation has such a form where it falls into factors of two
indices each:

    a_ik b_jl             kron(b, a)                Y = A X B gives kron(B.T, A)
    a_ij b_kl             vec(a) @ vec(b).T         Y = trace(X) A
    a_il b_jk             kron(b, a) @ K            Y = A X.T B; K vec(X) = vec(X.T)
    a_ij [i = k] [j = l]  diag(vec(a))              Y = exp(X)

A vector has one index, and takes the place of either of the two. Where one term has no such form,
nothing is offered. The texts are notation, not programs: the language has no vec, no K, and no kron
of a vector.

Source: Magnus and Neudecker, Matrix Differential Calculus, ch. 2, 3 and 9.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from symgrad.calculus.algebra import is_call, product, signed_sum, times, transposed
from symgrad.calculus.closed_form import LONGEST, leaf_count
from symgrad.calculus.derivation import Derivation, Outcome
from symgrad.calculus.functions import aligned
from symgrad.calculus.index_notation import Both
from symgrad.calculus.naming import fresh
from symgrad.calculus.nodes import ONE, Entry, Factor, Identity, Label, Node, Polynomial, Term
from symgrad.calculus.notation import Notation, full
from symgrad.calculus.polynomials import contract, opened
from symgrad.calculus.polynomials import times as multiplied
from symgrad.calculus.term_graph import NoMatrixForm
from symgrad.language import dimensions
from symgrad.language.dimensions import Shape, column, core
from symgrad.language.expressions import Call, Expression, Name, Operation, Value, leaves
from symgrad.language.latex import latex
from symgrad.language.operations.constants import eye, filled, zeros
from symgrad.language.operations.contractions import diag
from symgrad.language.operations.kronecker import kron
from symgrad.language.unparse import unparse

Pair = tuple[Label | None, Label | None]  # the index of the rows and that of the columns
Join = Callable[[Expression, Expression], Expression]
MOST_TERMS = 16

vec = Operation(  # not registered: a sign of this notation, which programs cannot use
    name="vec",
    meaning=None,
    shape=lambda arguments, options: column(dimensions.product(arguments[0].shape)),
    rule="vec",
    sentence="vec stacks the columns of a matrix.",
    latex=r"\operatorname{vec}",
)


@dataclass(frozen=True)
class Vectorized:
    """d vec(Y) / d vec(X)^T as text and as LaTeX, and the matrix that it is.

    `commutation` is what K is called, where it stands there; `by` is the variable."""

    left: Both
    expression: Expression
    commutation: Name | None
    by: str

    @property
    def text(self) -> str:
        """The right-hand side as text."""
        return unparse(self.expression)

    @property
    def latex(self) -> str:
        """The right-hand side in LaTeX."""
        return latex(self.expression)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the signs mean."""
        if self.commutation is None:
            return (vec.sentence,)
        k = self.commutation.name
        return (
            vec.sentence,
            f"{k} is the commutation matrix, {k} vec({self.by}) = vec({self.by}^T).",
        )

    def __str__(self) -> str:
        return self.text


def vectorized(derivation: Derivation, outcome: Outcome) -> Vectorized | None:
    """The vectorised form of a result with three or four indices; None where it has none."""
    if derivation.kind not in ("jacobian", "hessian") or len(outcome.labels) < 3:
        return None
    if any(isinstance(x.axis, str) for x in outcome.labels):
        return None  # one for each example
    by = outcome.key if isinstance(outcome.key, str) else outcome.key[1]
    variable = derivation.problem.variables[by]
    split = len(outcome.labels) - len(core(variable.shape))
    rows, columns = outcome.labels[:split], outcome.labels[split:]
    if not (1 <= len(rows) <= 2 and 1 <= len(columns) <= 2) or _long(derivation, outcome):
        return None
    n, m = (dimensions.product([x.axis for x in own]) for own in (columns, rows))
    commutation = Name(fresh("K", set(derivation.naming.taken)), (n, n))
    notation = Notation(derivation.naming.reference, derivation.naming.bound)
    writer = _Writer(rows, columns, commutation, notation)
    try:
        parts = [writer.term(term) for term in _terms(outcome.entry, outcome.labels)]
    except NoMatrixForm:
        return None
    expression = signed_sum(parts) if parts else filled(zeros, (m, n))
    used = commutation if commutation in leaves(expression) else None
    return Vectorized(_left(derivation, outcome, by), expression, used, by)


def _long(derivation: Derivation, outcome: Outcome) -> bool:
    return leaf_count(outcome.entry.node, derivation.naming.reference, {}) > LONGEST


def _left(derivation: Derivation, outcome: Outcome, by: str) -> Both:
    """The derivative's name, a matrix in it as vec of it."""
    variables = derivation.problem.variables
    x = _stacked(Name(by, variables[by].shape))
    if isinstance(outcome.key, tuple):
        a = _stacked(Name(outcome.key[0], variables[outcome.key[0]].shape))
        below = rf"\partial {latex(a)} \, \partial {latex(x.T)}"
        return f"d2L / d {unparse(a)} d {unparse(x.T)}", rf"\frac{{\partial^2 L}}{{{below}}}"
    y = _stacked(Name(derivation.problem.output_name, derivation.problem.output.shape))
    above, below = rf"\partial {latex(y)}", rf"\partial {latex(x.T)}"
    return f"d {unparse(y)} / d {unparse(x.T)}", rf"\frac{{{above}}}{{{below}}}"


# the terms, multiplied out


def _terms(entry: Entry, labels: Sequence[Label]) -> list[Term]:
    """The result as a sum of products of vectors and matrices."""
    expanded = _multiplied_out(Term(ONE, (Factor(*entry),)))
    node, own = contract(expanded, labels)
    terms = opened(node, own) if isinstance(node, Polynomial) else [Term(ONE, (Factor(node, own),))]
    if len(terms) > MOST_TERMS:
        raise NoMatrixForm(node)
    return terms


def _multiplied_out(term: Term) -> list[Term]:
    """The term with its tensors and products by their definitions."""
    for k, factor in enumerate(term.factors):
        if factor.power == 1 and _is_compound(factor.node):
            others = (*term.factors[:k], *term.factors[k + 1 :])
            return [
                more
                for part in opened(factor.node, factor.labels)  # type: ignore[arg-type]
                for more in _multiplied_out(
                    Term(
                        multiplied(term.coefficient, part.coefficient),
                        (*others, *part.factors),
                        (*term.summed, *part.summed),
                    )
                )
            ]
    return [term]


def _is_compound(node: Node) -> bool:
    rank = len(node.axes)
    return isinstance(node, Polynomial) and (rank > 2 or (rank == 2 and len(node.terms) == 1))


# one term


@dataclass(frozen=True)
class _Part:
    """Factors that hang together by their indices; `free` are those of the result."""

    free: frozenset[Label]
    factors: tuple[Factor, ...]


def _parts(factors: Sequence[Factor], free: Sequence[Label]) -> list[_Part]:
    groups: list[tuple[set[Label], list[Factor]]] = []
    for factor in factors:
        own, members = set(factor.labels), [factor]
        for group in [g for g in groups if g[0] & own]:
            groups.remove(group)
            own, members = own | group[0], [*group[1], *members]
        groups.append((own, members))
    return [_Part(frozenset(own.intersection(free)), tuple(members)) for own, members in groups]


@dataclass(frozen=True)
class _Writer:
    """Writes terms with these indices of rows and of columns."""

    rows: tuple[Label, ...]
    columns: tuple[Label, ...]
    commutation: Name
    notation: Notation

    def term(self, term: Term) -> Expression:
        """The matrix of one term, scalars in front of it."""
        parts = _parts(term.factors, [*self.rows, *self.columns])
        scalars = [f for part in parts if not part.free for f in part.factors]
        front = self._written(term.coefficient, scalars, [])
        return times(front, self._body([part for part in parts if part.free]))

    def _body(self, parts: list[_Part]) -> Expression:
        for first, second, join in self._forms():
            left = [p for p in parts if p.free <= {*first}]
            right = [p for p in parts if p.free <= {*second}]
            if len(left) + len(right) == len(parts):
                return join(self._matrix(first, left), self._matrix(second, right))
        return self._diagonal(parts)

    def _forms(self) -> Iterator[tuple[Pair, Pair, Join]]:
        """Which indices make up the two factors, and what joins them."""
        yield _placed(self.rows)[0], _placed(self.columns)[0], _outer
        for i, j in _placed(self.rows):
            for k, m in _placed(self.columns):
                yield (i, k), (j, m), _kron
        if len(self.rows) == len(self.columns) == 2:
            (i, j), (k, m) = self.rows, self.columns
            yield (i, m), (j, k), lambda fast, slow: self._commuted(_kron(fast, slow))

    def _diagonal(self, parts: list[_Part]) -> Expression:
        """a_ij [i = k] [j = l] is diag(vec(a))."""
        factors = [f for part in parts for f in part.factors]
        for columns in (self.columns, self.columns[::-1]):
            to = dict(zip(columns, self.rows, strict=False))
            rest = [f for f in factors if not _ties(f, to)]
            if len(rest) == len(factors) - 2:
                placed = [f._replace(labels=tuple(to.get(x, x) for x in f.labels)) for f in rest]
                matrix = diag(vec(self._written(ONE, placed, [*self.rows])))
                return matrix if columns is self.columns else self._commuted(matrix)
        raise NoMatrixForm(factors)

    def _commuted(self, matrix: Expression) -> Expression:
        return self.commutation if is_call(matrix, eye) else product(matrix, self.commutation)

    def _matrix(self, pair: Pair, parts: list[_Part]) -> Expression:
        """The product of the parts over these indices: a matrix, a column or a row."""
        free = [x for x in pair if x is not None]
        factors = [f for part in parts for f in part.factors]
        value = self._written(ONE, factors, free)
        return transposed(value) if pair[0] is None else value

    def _written(self, coefficient: Value, factors: list[Factor], free: list[Label]) -> Expression:
        summed = dict.fromkeys(x for f in factors for x in f.labels if x not in free)
        term = Term(coefficient, tuple(factors), tuple(summed))
        node = aligned(contract([term], free), free)
        return full(self.notation.of(node), node)


def _placed(labels: tuple[Label, ...]) -> list[Pair]:
    """Two indices in order; one in either place."""
    if len(labels) == 2:
        return [(labels[0], labels[1])]
    return [(labels[0], None), (None, labels[0])]


def _ties(factor: Factor, to: dict[Label, Label]) -> bool:
    """Whether it is [i = k] for an index k that goes to i."""
    return isinstance(factor.node, Identity) and set(factor.labels) in map(set, to.items())


def _stacked(matrix: Expression) -> Expression:
    """vec(matrix); a column is its own."""
    return matrix if matrix.shape[1] == dimensions.ONE else vec(matrix)


def _outer(rows: Expression, columns: Expression) -> Expression:
    return product(_stacked(rows), transposed(_stacked(columns)))


def _kron(fast: Expression, slow: Expression) -> Expression:
    """vec(A X B) = kron(B.T, A) vec(X): the first index runs fastest."""
    shape: Shape = tuple(a * b for a, b in zip(slow.shape, fast.shape, strict=True))
    if is_call(slow, eye) and is_call(fast, eye):
        return filled(eye, shape[:1])
    return Call(kron, (slow, fast), shape)
