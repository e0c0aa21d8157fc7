"""Products with sparse matrices: in an order in which no matrix is filled on the way."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence, Set
from typing import Any, TypeAlias

import numpy as np

from symgrad.data.sparse import is_sparse
from symgrad.errors import DataError

Labels: TypeAlias = tuple[Hashable, ...]
Operand: TypeAlias = tuple[Any, Labels]


def refuse(names: Iterable[str], what: str) -> DataError:
    """The error where an operation would fill a sparse matrix."""
    found = sorted(names) or ["a matrix"]
    verb = "is" if len(found) == 1 else "are"
    return DataError(
        f"{' and '.join(found)} {verb} sparse, and {what} would need all entries, the zeros too; "
        "products, transposes and sums of sparse matrices do not. Compute it before it becomes "
        f"data, or give a dense matrix: {found[0]}.toarray()"
    )


# the order of products


def next_pair(
    items: Sequence[Labels], sparse: Sequence[bool], free: Set[Hashable]
) -> tuple[int, int] | None:
    """Which two of the factors to multiply first: a sparse matrix and what alone shares an index
    with it that the result has not, A_ij x_j, or before it what shares that index, d_j x_jk. None
    where there is no such index.

    >>> next_pair([("i", "j"), ("j", "k"), ("k", "l")], [True, False, False], {"i", "l"})
    (0, 1)
    >>> next_pair([("i", "j"), ("j",), ("j", "k")], [True, False, False], {"i", "k"})
    (1, 2)
    """
    for k, labels in enumerate(items):
        for label in labels if sparse[k] else ():
            other = next((x for x in labels if x != label), label)
            users = [n for n, own in enumerate(items) if n != k and label in own]
            if label in free or any(sparse[n] or other in items[n] for n in users):
                continue
            if users:
                return (k, users[0]) if len(users) == 1 else (users[0], users[1])
    return None


# products in the interpreter


def multiplied(operands: Iterable[Operand], out: Sequence[Hashable]) -> list[Operand]:
    """The factors with no sparse one among them, or a sparse one alone that is the whole product
    over `out`; its scalars stay apart.

    Raises: DataError for a product that would fill it.
    """
    factors = [_diagonal(a, labels) for a, labels in operands if labels]
    scalars = [(a, labels) for a, labels in operands if not labels]
    while any(is_sparse(a) for a, _ in factors):
        flags = [is_sparse(a) for a, _ in factors]
        pair = next_pair([labels for _, labels in factors], flags, {*out})
        if pair is not None:
            one, other = (factors[k] for k in pair)
            rest = [f for k, f in enumerate(factors) if k not in pair]
            factors = [_product(one, other), *rest]
            continue
        k = flags.index(True)
        matrix, rest = factors[k], factors[:k] + factors[k + 1 :]
        if not rest and set(matrix[1]) == set(out):
            return [*scalars, matrix]
        factors = _at_entries(matrix, rest, out)
    return [*scalars, *factors]


def _diagonal(a: Any, labels: Labels) -> Operand:
    """A_ii of a sparse matrix as a vector."""
    twice = is_sparse(a) and len({*labels}) == 1
    return (a.diagonal(), labels[:1]) if twice else (a, labels)


def _product(one: Operand, other: Operand) -> Operand:
    """A sparse factor times what shares an index with it; two dense ones entry by entry."""
    (a, mine), (b, its) = one, other
    if not is_sparse(a):
        union = tuple(dict.fromkeys((*mine, *its)))
        number = {x: k for k, x in enumerate(union)}
        places = ([number[x] for x in labels] for labels in (mine, its, union))
        left, right, both = places
        return np.einsum(a, left, b, right, both), union
    (label,) = set(mine) & set(its)
    matrix = a if mine[1] == label else a.T
    (row,) = (x for x in mine if x != label)
    array = np.moveaxis(b, its.index(label), 0)
    product = matrix @ array.reshape(array.shape[0], -1)
    rest = tuple(x for x in its if x != label)
    return product.reshape(matrix.shape[0], *array.shape[1:]), (row, *rest)


def _at_entries(matrix: Operand, rest: list[Operand], out: Sequence[Hashable]) -> list[Operand]:
    """A sparse factor and all others at its entries e: sum_e A_e B_(i_e, j_e), ..., added up where
    the result has one of its two indices."""
    a, own = matrix
    a = a.tocoo()
    at = dict(zip(own, (a.row, a.col), strict=True))
    kept = [x for x in own if x in out]
    values: list[Operand] = [(a.data, ("e",))]
    for b, labels in rest:
        if is_sparse(b):
            if set(labels) != set(own):
                raise refuse((), "a product of two sparse matrices entry by entry")
            b = (b if labels == own else b.T).tocsr()[a.row, a.col]
            values.append((np.asarray(b).reshape(-1), ("e",)))
            continue
        b = np.asarray(b)
        inside = [x for x in labels if x in at]
        if inside:
            order = (*inside, *(x for x in labels if x not in at))
            b = b.transpose([labels.index(x) for x in order])[tuple(at[x] for x in inside)]
            labels = ("e", *order[len(inside) :])
        values.append((b, labels))
    others = tuple(dict.fromkeys(x for _, labels in values for x in labels if x != "e"))
    number = {x: k for k, x in enumerate(("e", *others))}
    parts = [p for v, labels in values for p in (v, [number[x] for x in labels])]
    with_entry = ("e", *others) if kept else others
    found = np.einsum(*parts, [number[x] for x in with_entry])
    if not kept:
        return [(found, others)]
    size = dict(zip(own, a.shape, strict=True))
    if len(kept) == 2:
        raise refuse((), "a product with one entry by entry")
    total = np.zeros((size[kept[0]], *found.shape[1:]), found.dtype)
    np.add.at(total, at[kept[0]], found)
    return [(total, (kept[0], *others))]
