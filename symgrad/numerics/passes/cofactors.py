"""det(X) inv(X).T as the matrix of cofactors, which a singular X has too.

By the singular values X = U diag(s) V: the cofactors are det(U) det(V) U diag(p) V, p_i the product
of all s but s_i. So what is near singular has them without the error of an inverse.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from symgrad.calculus import nodes as ix
from symgrad.calculus.nodes import Apply, Factor, Node, Term
from symgrad.language import expressions as ex
from symgrad.language.operations.meanings import Function
from symgrad.language.operations.namespace import Routine
from symgrad.numerics.arrays.systems import solvable
from symgrad.numerics.passes.base import Flat, Pass

COFACTORS = Routine(
    name="cofactors",
    indices="ij->ij",
    source="""
def cofactors(xp, x):  # det(x) inv(x).T by singular values, so also of a singular matrix
    u, s, v = xp.linalg.svd(x)
    one = xp.tril(xp.triu(xp.ones_like(x)))
    others = xp.prod(s[..., None, :] * (1 - one) + one, axis=-1)
    sign = xp.linalg.det(u) * xp.linalg.det(v)
    return (u * (sign[..., None] * others)[..., None, :]) @ v""",
    loops="""
def cofactors(x):
    u, s, v = np.linalg.svd(np.ascontiguousarray(x))
    sign = np.linalg.det(u) * np.linalg.det(v)
    for i in range(s.size):
        others = sign
        for j in range(s.size):
            if j != i:
                others *= s[j]
        for k in range(s.size):
            u[k, i] *= others
    return u @ v""",
)

cofactors = ex.Operation(
    name=COFACTORS.name,
    meaning=Function(
        over="matrix",
        pullback=lambda g, y, x: (0 * x,),
        kernel=lambda xp, x: xp.routine(COFACTORS, x),
        symmetric=True,
    ),
    shape=lambda arguments, options: arguments[0].shape,
    text=ex.Spelling("det({0}) * inv({0}).T", ex.PRODUCT),
    rule="cofactors",
    sentence="The matrix of cofactors of X is det(X) inv(X).T.",
)


def with_cofactors(flat: Flat) -> Flat:
    """The results with cofactors instead of determinants that meet their inverse."""
    meet = any(map(_has_cofactors, flat.nodes)) and any(map(solvable, flat.nodes))
    return _Cofactors().over(flat) if meet else flat


class _Cofactors(Pass):
    def term(self, term: Term) -> Term:
        """A term with cofactors, which are made of what became of their matrix."""
        return term._replace(factors=tuple(map(self.made, _term(term).factors)))


def _has_cofactors(node: Node) -> bool:
    return isinstance(node, Apply) and bool(node.operation.meaning.cofactors)


def _term(term: Term) -> Term:
    """A term in which a determinant and the inverse of its matrix are the cofactors."""
    for k, determinant in enumerate(term.factors):
        if determinant.power < 1 or not _has_cofactors(determinant.node):
            continue
        others = term.without(k).factors
        for j, inverse in enumerate(others):
            if inverse.power == 1 and _of_one_matrix(determinant, inverse):
                rest = [*others[:j], *others[j + 1 :]]
                if determinant.power != 1:
                    rest.append(determinant._replace(power=determinant.power - 1))
                return term._replace(factors=(_cofactors(inverse), *rest))
    return term


def _of_one_matrix(determinant: Factor, inverse: Factor) -> bool:
    one, other = determinant.node, inverse.node
    if not isinstance(one, Apply) or not isinstance(other, Apply) or not solvable(other):
        return False
    same: Sequence[Any] = (one.arguments[0][0], other.arguments[0][0])
    return same[0] is same[1] and determinant.labels == inverse.labels[:-2]


def _cofactors(inverse: Factor) -> Factor:
    """The cofactors where the inverse stands, transposed."""
    node = inverse.node
    assert isinstance(node, Apply)
    made = ix.intern(
        Apply, node.axes, operation=cofactors, arguments=node.arguments, core=node.core
    )
    *leading, row, column = inverse.labels
    return Factor(made, (*leading, column, row))
