"""How each example is trained on built-in data, and how its result is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from symgrad.data.tables import Array, Arrays
from symgrad.examples import builtin
from symgrad.language.expressions import Name
from symgrad.language.problem import Problem


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """The share of rows that are told right.

    `prediction` is the program's definition that decides, `target` the data with the answers. Rows
    of scores decide by the largest, a number by whether it is above `threshold`. Where `given`
    names a mask, the rows that it marks were used for training and do not count.
    """

    prediction: str
    target: str
    threshold: float = 0.0
    given: str | None = None

    def __call__(self, predictions: Array, data: Mapping[str, Array]) -> float:
        """The accuracy, from 0 to 1; predictions and target have one row (or number) each.

        >>> import numpy as np
        >>> accuracy = Accuracy(prediction="p", target="t", threshold=0.5)
        >>> accuracy(np.array([0.2, 0.9, 0.7]), {"t": np.array([0, 1, 0])}).__round__(3)
        0.667
        """
        right = self._decide(predictions) == self._decide(data[self.target])
        return float(right[data[self.given] == 0].mean() if self.given else right.mean())

    def predicting(self, problem: Problem) -> Problem:
        """The problem whose f is the prediction, for every example."""
        prediction = problem.definitions[self.prediction]
        output = Name(self.prediction, prediction.shape, prediction.batch)
        return replace(problem, output=output, output_name="f")

    def _decide(self, scores: Array) -> Array:
        scores = scores.reshape(len(scores), -1)
        return scores.argmax(axis=1) if scores.shape[1] > 1 else scores[:, 0] > self.threshold


@dataclass(frozen=True, kw_only=True)
class Example:
    """The data of an example and the options of its training.

    `data()` gives the arrays by name, `sizes` the dimensions that no array fixes. `optimizer` is a
    name as in `symgrad catalog`; a `batch_size` of None is the whole data. Without an `accuracy`
    the loss itself is the score.
    """

    data: Callable[[], Arrays]
    optimizer: str = "adam"
    learning_rate: float
    epochs: int
    batch_size: int | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)
    accuracy: Accuracy | None = None


SPECIES = Accuracy(prediction="p", target="y")

EXAMPLES: dict[str, Example] = {
    "deepwalk": Example(
        data=builtin.walked_pairs, sizes={"d": 8}, learning_rate=0.02, epochs=10, batch_size=256
    ),
    "graph_convolution": Example(
        data=builtin.factions,
        sizes={"h": 16},
        learning_rate=0.01,
        epochs=200,
        accuracy=Accuracy(prediction="P", target="Y", given="m"),
    ),
    "huber_regression": Example(
        data=builtin.petal_width, learning_rate=0.02, epochs=100, batch_size=32
    ),
    "linear_regression": Example(
        data=builtin.petal_width, learning_rate=0.02, epochs=100, batch_size=32
    ),
    "logistic_regression": Example(
        data=builtin.two_species,
        learning_rate=0.05,
        epochs=100,
        batch_size=20,
        accuracy=Accuracy(prediction="p", target="t", threshold=0.5),
    ),
    "max_margin": Example(
        data=builtin.signed_species,
        learning_rate=0.02,
        epochs=100,
        batch_size=20,
        accuracy=Accuracy(prediction="s", target="t"),
    ),
    "mlp_relu": Example(
        data=builtin.species,
        sizes={"h": 16},
        learning_rate=0.01,
        epochs=100,
        batch_size=16,
        accuracy=SPECIES,
    ),
    "mlp_sigmoid": Example(
        data=builtin.species,
        sizes={"h": 16},
        learning_rate=0.02,
        epochs=100,
        batch_size=16,
        accuracy=SPECIES,
    ),
    "softmax_regression": Example(
        data=builtin.species, learning_rate=0.05, epochs=100, batch_size=16, accuracy=SPECIES
    ),
    "two_layer_linear": Example(
        data=builtin.petal_from_sepal,
        sizes={"h": 2},
        optimizer="sgd",
        learning_rate=0.0002,
        epochs=100,
        batch_size=16,
    ),
}
