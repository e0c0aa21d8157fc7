"""How each example is trained on built-in data, arrays by the names of its variables.

Measurements are standardized: each has mean 0 and standard deviation 1 over the flowers used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from symgrad.data import iris, karate, standardized, walks
from symgrad.data.tables import Array, Arrays


@dataclass(frozen=True, kw_only=True)
class Example:
    """The data of an example and the options of its training.

    `data()` gives the arrays by name, `sizes` the dimensions that no array fixes. `optimizer` is a
    name as in `symgrad catalog`; a `batch_size` of None is the whole data. Where labels of the data
    are not used for training, `hidden(predictions, data)` is the share of them that is told right.
    """

    data: Callable[[], Arrays]
    optimizer: str = "adam"
    learning_rate: float
    epochs: int
    batch_size: int | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)
    hidden: Callable[[Array, Mapping[str, Array]], float] | None = None


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


EXAMPLES: dict[str, Example] = {
    "deepwalk": Example(
        data=walked_pairs, sizes={"d": 8}, learning_rate=0.02, epochs=10, batch_size=256
    ),
    "graph_convolution": Example(
        data=factions,
        sizes={"h": 16},
        learning_rate=0.01,
        epochs=200,
        hidden=hidden_factions,
    ),
    "huber_regression": Example(data=petal_width, learning_rate=0.02, epochs=100, batch_size=32),
    "linear_regression": Example(data=petal_width, learning_rate=0.02, epochs=100, batch_size=32),
    "logistic_regression": Example(
        data=two_species,
        learning_rate=0.05,
        epochs=100,
        batch_size=20,
    ),
    "max_margin": Example(
        data=signed_species,
        learning_rate=0.02,
        epochs=100,
        batch_size=20,
    ),
    "mlp_relu": Example(
        data=species,
        sizes={"h": 16},
        learning_rate=0.01,
        epochs=100,
        batch_size=16,
    ),
    "mlp_sigmoid": Example(
        data=species,
        sizes={"h": 16},
        learning_rate=0.02,
        epochs=100,
        batch_size=16,
    ),
    "softmax_regression": Example(data=species, learning_rate=0.05, epochs=100, batch_size=16),
    "two_layer_linear": Example(
        data=petal_from_sepal,
        sizes={"h": 2},
        optimizer="sgd",
        learning_rate=0.0002,
        epochs=100,
        batch_size=16,
    ),
}
