"""The built-in data in the form in which the example programs want it: arrays by variable name.

Measurements are standardized: each has mean 0 and standard deviation 1 over the flowers used.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from symgrad.data import iris, karate, standardized, walks
from symgrad.data.tables import Array, Arrays

PETAL_WIDTH = 3
INSTRUCTOR, OFFICER = 0, 33


def petal_width() -> Arrays:
    """x: (150, 3), the three other measurements, standardized; t: (150,), the petal width in cm."""
    X = iris()["X"]
    return {"x": standardized(np.delete(X, PETAL_WIDTH, axis=1)), "t": X[:, PETAL_WIDTH]}


def petal_from_sepal() -> Arrays:
    """x: (150, 2), the sepal; y: (150, 2), the petal; both length and width, standardized."""
    X = standardized(iris()["X"])
    return {"x": X[:, :2], "y": X[:, 2:]}


def species() -> Arrays:
    """x: (150, 4), the measurements, standardized; y: (150, 3), the species, one-hot."""
    data = iris()
    return {"x": standardized(data["X"]), "y": data["Y"]}


def two_species() -> Arrays:
    """x: (100, 4), standardized; t: (100,), 0 for versicolor and 1 for virginica."""
    data = iris()
    two = data["labels"] > 0
    return {"x": standardized(data["X"][two]), "t": data["labels"][two] - 1.0}


def signed_species() -> Arrays:
    """The flowers of `two_species`, with -1 for versicolor and 1 for virginica."""
    data = two_species()
    return data | {"t": 2 * data["t"] - 1}


def factions() -> Arrays:
    """A_hat: (34, 34); X: (34, 34), the identity; Y: (34, 2); m: (34,), 1 where the label is given.

    Given are the labels of the two leaders alone.
    """
    club = karate()
    m = np.zeros(len(club["labels"]))
    m[[INSTRUCTOR, OFFICER]] = 1.0
    return {"A_hat": club["A_hat"], "X": np.eye(len(m)), "Y": club["Y"], "m": m}


def hidden_factions(predictions: Array, data: Mapping[str, Array]) -> float:
    """The share of the members whose label is not given that are told right; predictions have a row
    of probabilities for each member."""
    right = predictions.argmax(axis=1) == data["Y"].argmax(axis=1)
    return float(right[data["m"] == 0].mean())


def walked_pairs() -> Arrays:
    """u, v, n1, n2, n3: (11560,) each, members of the karate club."""
    pairs = walks(karate()["A"])
    n = pairs.pop("n")
    return pairs | {f"n{i + 1}": n[:, i] for i in range(n.shape[1])}
