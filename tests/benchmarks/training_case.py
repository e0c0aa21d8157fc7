"""What is trained: a perceptron on handwritten digits, in one order of the examples for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy as np

from tests.benchmarks.models import Array, Arrays, Draw, layered, layered_numbers

ADAM = SimpleNamespace(rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8)
SGD = SimpleNamespace(rate=0.1)


@dataclass(frozen=True)
class Case:
    """A training: model, data, first parameters, batch size, optimizer ("SGD" or "Adam")."""

    name: str
    depth: int
    relu: bool
    X: Array
    Y: Array
    parameters: Arrays
    batch: int
    optimizer: str

    @property
    def program(self) -> str:
        """The model as a program."""
        return layered(self.depth, "relu" if self.relu else "sigmoid")

    @property
    def steps(self) -> int:
        """Full minibatches of an epoch."""
        return len(self.X) // self.batch


@dataclass(frozen=True)
class Epochs:
    """One epoch, given the order of the examples; and the parameters as they are now."""

    epoch: Callable[[Array], None]
    parameters: Callable[[], Any]


def digits(dtype: str) -> tuple[Array, Array]:
    """1437 of scikit-learn's handwritten digits: 64 pixels from 0 to 1, and the class one-hot."""
    X, labels = import_module("sklearn.datasets").load_digits(return_X_y=True)
    chosen = np.random.default_rng(0).permutation(len(X))[:1437]
    return (X[chosen] / 16).astype(dtype), np.eye(10, dtype=dtype)[labels[chosen]]


MODELS = {
    "softmax": (0, 0, False),
    "sigmoid-1 of 32": (1, 32, False),
    "relu-2 of 128": (2, 128, True),
}


def cases(dtype: str) -> list[Case]:
    """Three models, two batch sizes, two optimizers."""
    X, Y = digits(dtype)
    found = []
    for name, (depth, width, relu) in MODELS.items():
        drawn = layered_numbers(Draw(1), 1, [64, *[width] * depth, 10])
        start = {k: v.astype(dtype) for k, v in drawn.items() if k[0] in "Wb"}
        for batch in (32, 128):
            for optimizer in ("SGD", "Adam"):
                found.append(Case(name, depth, relu, X, Y, start, batch, optimizer))
    return found
