"""How each example is trained on built-in data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from symgrad.data.tables import Array, Arrays
from symgrad.examples import builtin


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


EXAMPLES: dict[str, Example] = {
    "deepwalk": Example(
        data=builtin.walked_pairs, sizes={"d": 8}, learning_rate=0.02, epochs=10, batch_size=256
    ),
    "graph_convolution": Example(
        data=builtin.factions,
        sizes={"h": 16},
        learning_rate=0.01,
        epochs=200,
        hidden=builtin.hidden_factions,
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
    ),
    "max_margin": Example(
        data=builtin.signed_species,
        learning_rate=0.02,
        epochs=100,
        batch_size=20,
    ),
    "mlp_relu": Example(
        data=builtin.species,
        sizes={"h": 16},
        learning_rate=0.01,
        epochs=100,
        batch_size=16,
    ),
    "mlp_sigmoid": Example(
        data=builtin.species,
        sizes={"h": 16},
        learning_rate=0.02,
        epochs=100,
        batch_size=16,
    ),
    "softmax_regression": Example(
        data=builtin.species, learning_rate=0.05, epochs=100, batch_size=16
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
