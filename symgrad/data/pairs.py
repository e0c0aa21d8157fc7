"""Pairs of things that stand near each other: nodes on random walks, words in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from symgrad.data.tables import Array, Arrays, numeric, sequence
from symgrad.errors import DataError, OptionError, whole_number

FREQUENT = 0.75  # the power of a frequency that negative samples are drawn by


def walks(
    A: Array,
    *,
    length: int = 10,
    repeats: int = 10,
    window: int = 2,
    negatives: int = 3,
    p: float = 1.0,
    q: float = 1.0,
    seed: int = 0,
) -> Arrays:
    """Pairs of nodes that lie near each other on random walks, with negative samples.

    From every node `repeats` walks of `length` nodes start; two nodes at most `window` steps apart
    on a walk are a pair (u, v). With each come `negatives` nodes, drawn by degree to the power 3/4.
    A walk goes back to the node that it came from with a chance in proportion to 1 / p, on to one
    of that node's neighbors with 1, to any other with 1 / q. Every node needs a neighbor.

    Shapes: A is n x n; u and v are (pairs,), n is (pairs, negatives), all integers below n.
    Raises: DataError for a node without a neighbor, OptionError for p or q that is not positive.
    Source: Perozzi, Al-Rfou and Skiena, DeepWalk (2014); for p and q Grover and Leskovec, node2vec
    (2016), section 3.2.

    >>> pairs = walks(np.array([[0, 1], [1, 0]]), length=3, repeats=1, window=1, negatives=2)
    >>> pairs["u"], pairs["v"], pairs["n"].shape
    (array([0, 1, 1, 0, 1, 0, 0, 1]), array([1, 0, 0, 1, 0, 1, 1, 0]), (8, 2))
    """
    for name, number in (("p", p), ("q", q)):
        if not 0 < number < np.inf:
            raise OptionError(f"{name} is {number!r}; a positive number is wanted")
    whole_number("length", length, 2)
    whole_number("repeats", repeats, 1)
    A, rng = numeric("walks: A", A, ("n", "n")), np.random.default_rng(whole_number("seed", seed))
    alone = np.flatnonzero(~A.any(axis=1))
    if len(alone):
        raise DataError(f"walks: node {alone[0]} has no neighbor; leave it out")
    steps = _walks(A, length, repeats, (1 / p, 1 / q), rng)
    return skip_grams(steps, counts=A.sum(axis=1), window=window, negatives=negatives, seed=rng)


def _walks(
    A: Array, length: int, repeats: int, chances: tuple[float, float], rng: np.random.Generator
) -> Array:
    """Walks from every node, a row each."""
    neighbors = [np.flatnonzero(row) for row in A]
    steps = [np.tile(np.arange(len(A)), repeats)]
    for step in range(1, length):
        ways = [neighbors[node] for node in steps[-1]]
        if step == 1 or chances == (1, 1):
            steps.append(np.array([rng.choice(way) for way in ways]))
        else:
            weights = (
                _weights(A[u], way, u, chances) for u, way in zip(steps[-2], ways, strict=True)
            )
            drawn = (rng.choice(way, p=w) for way, w in zip(ways, weights, strict=True))
            steps.append(np.array([*drawn]))
    return np.stack(steps, axis=1)


def _weights(near: Array, way: Array, before: int, chances: tuple[float, float]) -> Array:
    """The chances of the nodes of `way` after the node `before`, whose neighbors are `near`."""
    back, away = chances
    weights = np.where(near[way] != 0, 1.0, away)
    weights[way == before] = back
    return np.asarray(weights / weights.sum())


def skip_grams(
    sequences: Iterable[Sequence[int] | Array],
    *,
    counts: Array | None = None,
    window: int = 2,
    negatives: int = 3,
    seed: int | np.random.Generator = 0,
) -> Arrays:
    """Pairs of numbers that stand near each other in sequences, with negative samples.

    Two numbers at most `window` places apart are a pair (u, v). With each come `negatives` numbers,
    drawn by how often each occurs (or by `counts` of them), to the power 3/4.

    Shapes: sequences hold whole numbers from 0 on; u and v are (pairs,), n is (pairs, negatives).
    Raises: DataError where there is no pair.
    Source: Mikolov and others, Distributed representations of words and phrases (2013), section 2.

    >>> pairs = skip_grams([[0, 1, 2], [1, 0]], window=1, negatives=2)
    >>> pairs["u"], pairs["v"], pairs["n"].shape
    (array([0, 1, 1, 2, 1, 0]), array([1, 0, 2, 1, 0, 1]), (6, 2))
    """
    whole_number("window", window, 1)
    whole_number("negatives", negatives, 0)
    rows = [
        numeric("skip_grams: a sequence", row, ("n",), whole=True)
        for row in sequence("skip_grams: the sequences", sequences)
        if np.size(row)
    ]
    rng = np.random.default_rng(seed)
    places = {len(row): _near(len(row), window) for row in rows}
    if not any(map(len, places.values())):
        raise DataError(f"skip_grams: no two numbers stand at most {window} places apart")
    pairs = np.concatenate([row[places[len(row)]] for row in rows])
    counts = np.bincount(np.concatenate(rows)) if counts is None else counts
    chances = np.asarray(counts) ** FREQUENT
    n = rng.choice(len(chances), size=(len(pairs), negatives), p=chances / chances.sum())
    return {"u": pairs[:, 0], "v": pairs[:, 1], "n": n}


def _near(length: int, window: int) -> Array:
    """The places of the pairs in a sequence, a row each."""
    each = range(length)
    pairs = [(i, j) for i in each for j in each[max(0, i - window) : i + window + 1] if i != j]
    return np.array(pairs, int).reshape(-1, 2)


def numbered(sentences: Iterable[Iterable[str]]) -> tuple[list[list[int]], list[str]]:
    """Sentences with numbers in the place of words, and the words in the order of their numbers.

    >>> numbered([["the", "cat", "sat"], ["the", "dog"]])
    ([[0, 1, 2], [0, 3]], ['the', 'cat', 'sat', 'dog'])
    """
    known: dict[str, int] = {}
    rows = [
        [known.setdefault(word, len(known)) for word in sequence("the words of a sentence", words)]
        for words in sequence("numbered: the sentences", sentences)
    ]
    return rows, [*known]
