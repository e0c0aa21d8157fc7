"""Functions of a diagonal matrix by the entries on its diagonal, whatever these are made of, as the
operations' records have it:

    inv(diag(x)) = diag(1 / x)        logdet(diag(x)) = sum(log(|x|))        det(diag(x)) = prod(x)
"""

from __future__ import annotations

from functools import cache

from symgrad.calculus import nodes as ix
from symgrad.calculus.lowering import lowered_function
from symgrad.calculus.nodes import Entry, Label, Node, Term
from symgrad.calculus.polynomials import contract
from symgrad.calculus.recorded import record
from symgrad.calculus.rules import EVERY, NODE_RULES
from symgrad.calculus.tensors import tensor
from symgrad.calculus.terms import opened
from symgrad.language.dimensions import column as vector
from symgrad.language.dimensions import dimension
from symgrad.language.expressions import Expression, Name, Operation
from symgrad.language.operations.contractions import diag
from symgrad.language.operations.meanings import Rewrite
from symgrad.language.unparse import unparse

X = Name("x", vector(dimension("n")))


@cache
def rule(operation: Operation) -> Rewrite:
    """What a function of a diagonal matrix is, by its record."""

    def pattern(x: Expression) -> Expression:
        return operation(diag(x))

    value = operation.meaning.of_diagonal
    return Rewrite(
        name=f"{operation.name} of a diagonal matrix",
        pattern=pattern,
        replacement=value,
        identity=f"{unparse(pattern(X))} = {unparse(value(X))}",
        over=("vector",),
    )


def diagonal(matrix: Entry, row: Label, column: Label) -> Entry | None:
    """x_i, where the matrix is x_i [i = j] by structure; x may have no index."""
    terms = [matrix.term]
    if isinstance(matrix.node, ix.Polynomial):
        terms = opened(matrix.node, matrix.labels)
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
    record(rule(node.operation))
    value = lowered_function(node.operation.meaning.of_diagonal, [tensor(entry, (row,))])
    return contract(value.at(node.split(labels)[1]), labels)


NODE_RULES.setdefault(EVERY, []).append(_by_entries)
