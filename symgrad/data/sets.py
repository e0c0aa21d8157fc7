"""The data sets: Fisher's irises and Zachary's karate club."""

from __future__ import annotations

from importlib.resources import files

import numpy as np

from symgrad.data.graphs import normalized_adjacency
from symgrad.data.tables import Arrays, one_hot, read_table


def iris() -> Arrays:
    """150 irises, 50 of each species, as measured: nothing is scaled.

    X: (150, 4), in cm: length and width of the sepal, length and width of the petal.
    labels: (150,), 0 setosa, 1 versicolor, 2 virginica. Y: (150, 3), the labels one-hot.

    >>> data = iris()
    >>> data["X"][0], int(data["labels"][0])
    (array([5.1, 3.5, 1.4, 0.2]), 0)
    """
    *measured, species = _read("iris.csv").values()
    labels = np.unique(species, return_inverse=True)[1]
    return {"X": np.stack(measured, axis=1), "labels": labels, "Y": one_hot(labels)}


def karate() -> Arrays:
    """The friendships in a karate club of 34 that fell apart, and who went with whom.

    A: (34, 34), 1 between friends. A_hat: (34, 34), A with self-loops, normalized. edges: (78, 2),
    each friendship once. labels: (34,), 0 with the instructor, 1 with the officer. Y: (34, 2), the
    labels one-hot.

    >>> club = karate()
    >>> int(club["A"].sum()), club["labels"][[0, 33]]
    (156, array([0, 1]))
    """
    members, friendships = _read("karate_nodes.csv"), _read("karate_edges.csv")
    labels = np.unique(members["faction"], return_inverse=True)[1]
    edges = np.stack([friendships["source"], friendships["target"]], axis=1).astype(int)
    A = np.zeros((len(labels), len(labels)))
    A[edges[:, 0], edges[:, 1]] = A[edges[:, 1], edges[:, 0]] = 1.0
    A_hat = normalized_adjacency(A)
    return {"A": A, "A_hat": A_hat, "edges": edges, "labels": labels, "Y": one_hot(labels)}


def _read(name: str) -> Arrays:
    return read_table(files("symgrad.data").joinpath(name).read_text(encoding="utf-8").splitlines())
