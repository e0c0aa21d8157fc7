"""The eleven models as programs, and random numbers for them at four sizes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from symgrad.data.graphs import normalized_adjacency

Array: TypeAlias = npt.NDArray[Any]
Arrays: TypeAlias = dict[str, Array]


@dataclass(frozen=True)
class Size:
    """Examples in the batch, width of the layers, classes; nodes of the graph."""

    batch: int
    width: int
    nodes: int

    @property
    def classes(self) -> int:
        """Ten, or fewer where the layers are narrow."""
        return min(10, self.width)

    @property
    def rank(self) -> int:
        """Columns of the two factors of a matrix factorization."""
        return max(4, self.width // 16)


SIZES = {
    "tiny": Size(8, 8, 34),
    "small": Size(32, 32, 100),
    "medium": Size(64, 128, 300),
    "large": Size(256, 1024, 1000),
}


class Draw:
    """Random arrays; a weight is scaled by the square root of its columns."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def normal(self, *shape: int) -> Array:
        return self.rng.standard_normal(shape)

    def weight(self, *shape: int) -> Array:
        return np.asarray(self.normal(*shape) / np.sqrt(shape[-1]))

    def one_hot(self, count: int, classes: int) -> Array:
        return np.asarray(np.eye(classes)[self.rng.integers(0, classes, count)])


@dataclass(frozen=True)
class Model:
    """A program, what it is differentiated by, and numbers for all of its variables."""

    name: str
    program: str
    wrt: tuple[str, ...]
    draw: Callable[[Draw, Size], Arrays]

    def inputs(self, size: Size, dtype: str, seed: int = 0) -> Arrays:
        """Every variable of the program by its name."""
        drawn = self.draw(Draw(seed), size)
        return {name: np.array(array, dtype, order="C") for name, array in drawn.items()}


def _line(draw: Draw, size: Size) -> Arrays:
    t = (draw.normal(size.batch) > 0).astype(float)
    X, w = draw.normal(size.batch, size.width), draw.weight(size.width)
    return {"x": X, "t": t, "w": w, "b": np.array(0.1)}


def _two_layers(draw: Draw, size: Size) -> Arrays:
    examples = {name: draw.normal(size.batch, size.width) for name in ("x", "t")}
    return examples | {name: draw.weight(size.width, size.width) for name in ("U", "V")}


def layered(depth: int, activation: str) -> str:
    """The program of `depth` hidden layers with softmax and cross-entropy on top."""
    last = depth + 1
    lines = ["x: Vector(d0)", f"y: Vector(d{last}, one_hot=True)"]
    lines += [f"W{k}: Matrix(d{k}, d{k - 1})\nb{k}: Vector(d{k})" for k in range(1, last + 1)]
    below = ["x", *(f"h{k}" for k in range(1, last))]
    for k in range(1, last):
        lines.append(f"h{k} = {activation}(W{k} @ {below[k - 1]} + b{k})")
    lines.append(f"p = softmax(W{last} @ {below[-1]} + b{last})")
    return "\n".join([*lines, "loss = mean(cross_entropy(y, p) for x, y in batch)"])


def layered_numbers(draw: Draw, batch: int, widths: list[int]) -> Arrays:
    """Numbers for `layered`; the widths are those of x, the hidden layers and y."""
    numbers = {"x": draw.normal(batch, widths[0]), "y": draw.one_hot(batch, widths[-1])}
    for k, (before, after) in enumerate(zip(widths, widths[1:], strict=False), start=1):
        numbers[f"W{k}"], numbers[f"b{k}"] = draw.weight(after, before), draw.normal(after) / 10
    return numbers


def perceptron(name: str, depth: int, activation: str = "sigmoid") -> Model:
    """A classifier with hidden layers as wide as its input."""

    def numbers(draw: Draw, size: Size) -> Arrays:
        return layered_numbers(draw, size.batch, [size.width] * (depth + 1) + [size.classes])

    wrt = tuple(f"{letter}{k}" for k in range(1, depth + 2) for letter in "Wb")
    return Model(name, layered(depth, activation), wrt, numbers)


def _attention(draw: Draw, size: Size) -> Arrays:
    square = (size.width, size.width)
    data = {name: draw.normal(size.batch, size.width) for name in "XT"}
    return data | {name: draw.weight(*square) for name in ("Q", "K", "V", "O")}


def _factors(draw: Draw, size: Size) -> Arrays:
    shape = (size.batch, size.width)
    known = (draw.rng.random(shape) < 0.3).astype(float)
    U, V = draw.normal(size.batch, size.rank), draw.normal(size.width, size.rank)
    return {"M": known, "R": draw.normal(*shape), "U": U / 3, "V": V / 3}


def _graph(draw: Draw, size: Size) -> Arrays:
    n, hidden = size.nodes, min(64, 2 * size.width)
    edges = np.triu(draw.rng.random((n, n)) < 6 / n, 1).astype(float)
    A = normalized_adjacency(edges + edges.T)
    X, Y = draw.normal(n, min(64, size.width)), draw.one_hot(n, size.classes)
    W = {"W1": draw.weight(hidden, X.shape[1]), "W2": draw.weight(size.classes, hidden)}
    return {"A": A, "X": X, "Y": Y, **W}


LINE = "x: Vector(n)\nt: Scalar\nw: Vector(n)\nb: Scalar\nz = w.T @ x + b\n"
TWO_LAYERS = """x: Vector(n)
t: Vector(m)
U: Matrix(h, n)
V: Matrix(m, h)
loss = mean(norm2(V @ (U @ x) - t)**2 for x, t in batch)"""
ATTENTION = """X: Matrix(r, n)
T: Matrix(r, n)
Q: Matrix(n, n)
K: Matrix(n, n)
V: Matrix(n, n)
O: Matrix(n, n)
P = softmax((X @ Q.T) @ (X @ K.T).T / sqrt(n), axis=1)
loss = norm2(X + P @ (X @ V.T) @ O.T - T)**2 / r"""
FACTORS = """M: Matrix(m, n)
R: Matrix(m, n)
U: Matrix(m, k)
V: Matrix(n, k)
loss = norm2(M * (U @ V.T - R))**2 / 2 + 0.005 * (norm2(U)**2 + norm2(V)**2)"""
GRAPH = """A: Matrix(n, n)
X: Matrix(n, f)
Y: Matrix(n, c)
W1: Matrix(h, f)
W2: Matrix(c, h)
H = relu(A @ (X @ W1.T))
loss = -sum(Y * log_softmax(A @ (H @ W2.T), axis=1)) / n"""

MODELS = {
    model.name: model
    for model in (
        Model("linear", LINE + "loss = mean((z - t)**2 for x, t in batch)", ("w", "b"), _line),
        Model(
            "logistic",
            LINE + "loss = mean(softplus(z) - t * z for x, t in batch)",
            ("w", "b"),
            _line,
        ),
        perceptron("softmax", 0),
        Model("two-layer", TWO_LAYERS, ("U", "V"), _two_layers),
        perceptron("sigmoid-1", 1),
        perceptron("sigmoid-2", 2),
        perceptron("sigmoid-3", 3),
        perceptron("relu-2", 2, "relu"),
        Model("attention", ATTENTION, ("Q", "K", "V", "O"), _attention),
        Model("factors", FACTORS, ("U", "V"), _factors),
        Model("graph", GRAPH, ("W1", "W2"), _graph),
    )
}
