"""What the models of a graph are given: its adjacency, normalized; a sparse one stays sparse."""

from __future__ import annotations

from typing import Any

import numpy as np

from symgrad.data.sparse import identity, is_sparse, sparse_array
from symgrad.data.tables import Array, Arrays, numeric
from symgrad.errors import DataError, whole_number


def normalized_adjacency(A: Array) -> Array:
    r"""D^(-1/2) (A + I) D^(-1/2), where D holds the degrees with the self-loops.

    Shapes: A is n x n, the result is n x n, symmetric where A is.
    Source: Kipf and Welling, Semi-supervised classification with graph convolutional networks
    (2017), equation 9.

    >>> normalized_adjacency(np.array([[0.0, 1.0], [1.0, 0.0]])).round(3)
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """
    A = _adjacency("normalized_adjacency", A)
    looped = A + identity(A.shape[0], is_sparse(A))
    scale = looped.sum(axis=1) ** -0.5
    normalized: Array = _scaled(_scaled(looped, scale).T, scale).T
    return normalized


def mean_adjacency(A: Array) -> Array:
    """D^(-1) A, where D holds the degrees: of the rows of X it makes the means over neighbors.

    Shapes: A is n x n, the result is n x n; the row of a node without neighbors is 0.

    >>> mean_adjacency(np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]))
    array([[0. , 0.5, 0.5],
           [1. , 0. , 0. ],
           [0. , 0. , 0. ]])
    """
    A = _adjacency("mean_adjacency", A)
    degrees = A.sum(axis=1)
    means: Array = _scaled(A, 1 / np.where(degrees == 0, 1, degrees))
    return means


def _adjacency(what: str, A: Any) -> Any:
    """A square matrix, dense or sparse. Raises: DataError for anything else."""
    if not is_sparse(A):
        return numeric(f"{what}: A", A, ("n", "n"))
    if A.shape[0] != A.shape[1]:
        raise DataError(f"{what}: A has shape {A.shape}; (n, n) is wanted")
    return sparse_array("A", A, float)


def _scaled(A: Any, factors: Array) -> Any:
    """The matrix with each row multiplied by its factor."""
    return A.multiply(factors[:, None]).tocsr() if is_sparse(A) else factors[:, None] * A


def corrupted(facts: Array, *, entities: int | None = None, seed: int = 0) -> Arrays:
    """Facts (head, relation, tail), and beside each one with another head or another tail.

    The other one is drawn at random of all entities, so that it makes no fact that is known.

    Shapes: facts is (count, 3), whole numbers from 0 on; h, r, t, h_c and t_c are (count,).
    Raises: DataError where every entity makes a known fact.
    Source: Bordes and others, Translating embeddings for modeling multi-relational data (2013).

    >>> table = corrupted(np.array([[0, 0, 1], [1, 0, 2]]), seed=1)
    >>> {name: list(map(int, column)) for name, column in table.items()}
    {'h': [0, 1], 'r': [0, 0], 't': [1, 2], 'h_c': [1, 0], 't_c': [1, 2]}
    """
    rng = np.random.default_rng(whole_number("seed", seed))
    facts = numeric("corrupted: facts", facts, ("count", 3), whole=True)
    least = int(facts[:, [0, 2]].max(initial=-1)) + 1
    count = least if entities is None else whole_number("entities", entities, least)
    known = {(*map(int, fact),) for fact in facts}
    h_c, _, t_c = np.array([_no_fact(fact, known, count, rng) for fact in facts]).T
    h, r, t = facts.T
    return {"h": h, "r": r, "t": t, "h_c": h_c, "t_c": t_c}


def _no_fact(
    fact: Array, known: set[tuple[int, ...]], count: int, rng: np.random.Generator
) -> tuple[int, ...]:
    """The fact with another head or tail, drawn until it is not known."""
    for side in rng.permutation([0, 2]):
        for entity in rng.permutation(count):
            other = (*map(int, fact[:side]), int(entity), *map(int, fact[side + 1 :]))
            if other not in known:
                return other
    raise DataError(f"corrupted: {fact.tolist()} is a known fact with any other head or tail, too")
