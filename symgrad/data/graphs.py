"""What the models of a graph are given: its normalized adjacency, and random walks on it."""

from __future__ import annotations

import numpy as np

from symgrad.data.tables import Array, Table


def normalized_adjacency(A: Array) -> Array:
    r"""D^(-1/2) (A + I) D^(-1/2), where D holds the degrees with the self-loops.

    Shapes: A is n x n, the result is n x n, symmetric where A is.
    Source: Kipf and Welling, Semi-supervised classification with graph convolutional networks
    (2017), equation 9.

    >>> normalized_adjacency(np.array([[0.0, 1.0], [1.0, 0.0]])).round(3)
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """
    looped = A + np.eye(len(A))
    scale = looped.sum(axis=1) ** -0.5
    return np.asarray(scale[:, None] * looped * scale)


def walks(
    A: Array,
    *,
    length: int = 10,
    repeats: int = 10,
    window: int = 2,
    negatives: int = 3,
    seed: int = 0,
) -> Table:
    """Pairs of nodes that lie near each other on random walks, with negative samples.

    From every node `repeats` walks of `length` nodes start; two nodes at most `window` steps apart
    on a walk are a pair (u, v). With each come `negatives` nodes, drawn by degree to the power 3/4.
    Every node needs a neighbor.

    Shapes: A is n x n; u and v are (pairs,), n is (pairs, negatives), all integers below n.
    Source: Perozzi, Al-Rfou and Skiena, DeepWalk (2014); the negative samples are those of Mikolov
    and others, Distributed representations of words and phrases (2013).

    >>> pairs = walks(np.array([[0, 1], [1, 0]]), length=3, repeats=1, window=1, negatives=2)
    >>> pairs["u"], pairs["v"], pairs["n"].shape
    (array([0, 1, 1, 0, 1, 0, 0, 1]), array([1, 0, 0, 1, 0, 1, 1, 0]), (8, 2))
    """
    rng = np.random.default_rng(seed)
    neighbors = [np.flatnonzero(row) for row in A]
    walk = np.tile(np.arange(len(A)), repeats)
    steps = [walk]
    for _ in range(length - 1):
        walk = np.array([rng.choice(neighbors[node]) for node in walk])
        steps.append(walk)
    near = [(i, j) for i in range(length) for j in range(length) if i != j and abs(i - j) <= window]
    u = np.stack([steps[i] for i, _ in near], axis=1).ravel()
    v = np.stack([steps[j] for _, j in near], axis=1).ravel()
    chances = np.asarray(A).sum(axis=1) ** 0.75
    n = rng.choice(len(A), size=(len(u), negatives), p=chances / chances.sum())
    return {"u": u, "v": v, "n": n}
