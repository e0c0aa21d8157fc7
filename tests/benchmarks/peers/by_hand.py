"""Hand-written NumPy: buffers made once, every result written into one, one flat gradient.

The yardstick. A call overwrites what the last one returned.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.benchmarks.models import Arrays, Model
from tests.benchmarks.peers import Gradient, by_hand_lines, by_hand_matrices
from tests.benchmarks.peers.by_hand_perceptron import perceptron
from tests.benchmarks.peers.by_hand_training import training

Written = Callable[[Arrays], Gradient]
WRITTEN: dict[str, Written] = {
    "linear": by_hand_lines.linear,
    "logistic": by_hand_lines.logistic,
    "two-layer": by_hand_matrices.two_layers,
    "attention": by_hand_matrices.attention,
    "factors": by_hand_matrices.factors,
    "graph": by_hand_matrices.graph,
}


def gradient(model: Model, inputs: Arrays) -> Gradient:
    """The loss and all gradients on these inputs."""
    if model.name in WRITTEN:
        return WRITTEN[model.name](inputs)
    relu, count = model.name.startswith("relu"), len(inputs["x"])
    function, _, grad = perceptron(inputs, relu=relu, batch=count)
    x, y = inputs["x"], inputs["y"] / inputs["y"].dtype.type(count)
    return lambda: (function(x, y), grad)


__all__ = ["gradient", "training"]
