"""Diagonal and triangular matrices, known by structure: L_ij = 0 where i < j, U_ij = 0 where i > j.

Functions of a diagonal matrix go by the entries on its diagonal, as the operations' records say:

    inv(diag(x)) = diag(1 / x)        logdet(diag(x)) = sum(log(|x|))        det(diag(x)) = prod(x)

A product sum_k A_ik B_kj of two of a side is one, as i >= k >= j; so is what is multiplied entry by
entry with one, an inverse of one, and a sum of several.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from functools import cache
from weakref import WeakKeyDictionary

from symgrad.calculus import nodes as ix
from symgrad.calculus.functions import apply_entry
from symgrad.calculus.lowering import lower, lowered_function
from symgrad.calculus.nodes import ClosedTerm, Entry, Label, Node, Term
from symgrad.calculus.polynomials import contract
from symgrad.calculus.recorded import Applied, record
from symgrad.calculus.rules import EVERY, NODE_RULES
from symgrad.calculus.tensors import Tensor, tensor
from symgrad.calculus.terms import terms_of
from symgrad.language.dimensions import column, dimension
from symgrad.language.expressions import Expression, Name, Operation
from symgrad.language.operations.contractions import diag
from symgrad.language.operations.meanings import Rewrite
from symgrad.language.phrases import phrase
from symgrad.language.unparse import unparse

BOTH = frozenset({"lower", "upper"})
NEITHER: frozenset[str] = frozenset()
N = dimension("n")
TRIANGULAR, SQUARE = "{0} for a triangular X", "{0} for square X and Y"
X, Y = Name("X", (N, N)), Name("Y", (N, N))
ENTRIES = Name("x", column(N))
_sides: WeakKeyDictionary[Node, frozenset[str]] = WeakKeyDictionary()


# diagonal matrices


@cache
def by_diagonal(operation: Operation) -> Rewrite:
    """What a function of a diagonal matrix is, by its record."""

    def sides(x: Expression) -> tuple[Expression, Expression]:
        return operation(diag(x)), operation.meaning.of_diagonal(x)

    identity = " = ".join(map(unparse, sides(ENTRIES)))
    return Rewrite(f"{operation.name} of a diagonal matrix", sides, identity, over=("vector",))


def diagonal(matrix: Entry, row: Label, column: Label) -> Entry | None:
    """x_i, where the matrix is x_i [i = j] by structure; x may have no index."""
    terms = terms_of(matrix)
    entries = [x for t in terms if (x := on_diagonal(t, row, column)) is not None]
    if len(entries) < len(terms):
        return None
    return contract(entries, [x for x in matrix.labels if x is not column])


def on_diagonal(term: Term, row: Label, column: Label) -> Term | None:
    """x_i of a term x_i [i = j]; None of any other."""
    for k, (node, labels, power) in enumerate(term.factors):
        if isinstance(node, ix.Identity) and {*labels} == {row, column} and power > 0:
            rest = term.without(k)
            return rest._replace(factors=tuple(f.renamed({column: row}) for f in rest.factors))
    return None


def _by_entries(node: Node, labels: tuple[Label, ...]) -> Entry | None:
    """A function of a matrix that is diagonal by structure."""
    if not isinstance(node, ix.Apply) or node.operation.meaning.of_diagonal is None:
        return None
    ((matrix, (row, column)),) = node.opened(labels)
    entry = diagonal(matrix, row, column)
    if entry is None:
        return None
    record(by_diagonal(node.operation))
    value = lowered_function(node.operation.meaning.of_diagonal, [tensor(entry, (row,))])
    return contract(value.at(node.split(labels)[1]), labels)


# which matrices are triangular


def sides(node: Node) -> frozenset[str]:
    """Which triangles a matrix is known to be: both where it is diagonal."""
    return ix.worked_out(node, _sides, _sides_of)


def _sides_of(node: Node) -> frozenset[str]:
    node = ix.unnamed(node)
    if not ix.is_square(node):
        return NEITHER
    if isinstance(node, ix.Identity):
        return BOTH
    if isinstance(node, ix.Apply):
        meaning = node.operation.meaning
        within = _sides.get(node.arguments[0][0], NEITHER)
        own = {meaning.triangle} & BOTH
        return frozenset(own | within if meaning.projects or meaning.triangle == "kept" else own)
    if isinstance(node, ix.Polynomial) and node.terms:
        found = BOTH
        for term in node.terms:
            found &= _of_term(term)
        return found
    return NEITHER


def _of_term(term: ClosedTerm) -> frozenset[str]:
    """On which sides a product vanishes: i >= j by steps over the indices of its factors."""
    below: list[tuple[Hashable, Hashable]] = []
    for factor in term.factors:
        if factor.power > 0 and len(factor.labels) == 2:
            known = _sides.get(factor.node, NEITHER)
            one, other = factor.labels
            below += [(one, other)] * ("lower" in known) + [(other, one)] * ("upper" in known)
    first = {"lower": _reaches(0, 1, below), "upper": _reaches(1, 0, below)}
    return frozenset(side for side, found in first.items() if found)


def _reaches(start: Hashable, end: Hashable, steps: Iterable[tuple[Hashable, Hashable]]) -> bool:
    reached, left = {start}, [*steps]
    while near := [step for step in left if step[0] in reached]:
        left = [step for step in left if step not in near]
        reached.update(other for _, other in near)
    return end in reached


# what functions of these are


def _of_triangle(node: Node, labels: tuple[Label, ...]) -> Entry | None:
    """A function of a matrix that is triangular, or a product of two such."""
    if not isinstance(node, ix.Apply) or node.operation.meaning.over != "matrix":
        return None
    (matrix, at), *others = node.opened(labels)
    leading, core = node.split(labels)
    if others or leading or len(at) != 2:
        return None
    whole = [tensor(matrix, at)]
    operation, meaning = node.operation, node.operation.meaning
    if meaning.projects and (known := sides(matrix.node)):
        value = X if meaning.triangle in known else diag(diag(X))
        return _made(operation, X, value, TRIANGULAR, whole, core)
    if meaning.of_diagonal and not core and sides(matrix.node):
        value = meaning.of_diagonal(diag(X))
        return _made(operation, X, value, TRIANGULAR, whole, core)
    if meaning.triangle == "kept" and sides(matrix.node) and (inner := _transposed(matrix)):
        return apply_entry(operation, [(inner, inner.labels)], (), core[::-1])
    if meaning.of_product and (parts := _factors(matrix)):
        return _made(operation, X @ Y, meaning.of_product(X, Y), SQUARE, parts, core)
    return None


def _transposed(matrix: Entry) -> Entry | None:
    """What a matrix is the transpose of."""
    (term, *more) = terms_of(matrix)
    (factor, *others) = term.factors or (None,)
    if more or others or factor is None or term.coefficient != 1 or factor.power != 1:
        return None
    return factor.entry if factor.labels == matrix.labels[::-1] else None


def _factors(matrix: Entry) -> Sequence[Tensor]:
    """The square matrices X and Y of a product X Y, where both are triangular."""
    if not isinstance(ix.unnamed(matrix.node), ix.Polynomial):
        return ()
    terms = terms_of(matrix)
    if len(terms) != 1 or terms[0].coefficient != 1 or len(terms[0].factors) != 2:
        return ()
    row, column = matrix.labels
    left, right = sorted(terms[0].factors, key=lambda f: row not in f.labels)
    if any(f.power != 1 or not sides(f.node) for f in (left, right)):
        return ()
    (k,) = terms[0].summed
    return tensor(left.entry, (row, k)), tensor(right.entry, (k, column))


def _made(
    operation: Operation,
    of: Expression,
    value: Expression,
    said: str,
    parts: Sequence[Tensor],
    core: tuple[Label, ...],
) -> Entry:
    """The value that a function has of X, or of X Y, of these matrices."""
    identity = phrase(said, f"{unparse(operation(of))} = {unparse(value)}")
    record(Applied(f"{operation.name} of {'X' if of is X else 'a product'}", identity))
    values = {name.name: part for name, part in zip((X, Y), parts, strict=False)}
    return contract(lower(value, values).at(core), core)


NODE_RULES.setdefault(EVERY, []).extend((_by_entries, _of_triangle))
