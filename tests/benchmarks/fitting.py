"""How long `sg.fit` takes to scikit-learn's loss, and until it has converged: python -m
tests.benchmarks.fitting

Each with its default options but the penalty; ratios to the time of scikit-learn's `fit`, medians
of rounds. The first call of a program is a column of its own: it reads and derives.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from time import process_time
from typing import Any

import tests.benchmarks.pinning  # noqa: F401  isort: skip  (before NumPy is imported)

import numpy as np

import symgrad as sg
from tests.benchmarks.tables import table

ROUNDS = 9
LAM = 1e-4
SOFTMAX = f"""x: Vector(d)
y: Index(k)
W: Matrix(k, d)
b: Vector(k)
loss = mean(cross_entropy(y, softmax(W @ x + b)) for x, y in batch) + {LAM} * norm2(W)**2"""
LOGISTIC = f"""x: Vector(d)
y: Scalar
w: Vector(d)
b: Scalar
p = sigmoid(w.T @ x + b)
loss = mean(binary_cross_entropy(y, p) for x, y in batch) + {LAM} * norm2(w)**2"""


@dataclass(frozen=True)
class Fitted:
    """Seconds of scikit-learn's fit; of symgrad's to its loss, and to its end; and the epochs."""

    theirs: float
    to_loss: float
    whole: float
    epochs: int


def digits() -> Mapping[str, Any]:
    """1797 handwritten digits, 64 pixels from 0 to 1."""
    X, y = import_module("sklearn.datasets").load_digits(return_X_y=True)
    return {"x": X / 16, "y": y}


def large() -> Mapping[str, Any]:
    """100,000 examples of 50 features."""
    rng = np.random.default_rng(0)
    X, w = rng.normal(size=(100_000, 50)), rng.normal(size=50)
    return {"x": X, "y": (X @ w + rng.logistic(size=len(X)) > 0).astype(float)}


ROWS: dict[str, tuple[str, Callable[[], Mapping[str, Any]]]] = {
    "softmax, 1797 x 64, 10 classes": (SOFTMAX, digits),
    "logistic, 100,000 x 50": (LOGISTIC, large),
}


def fitted(program: str, data: Mapping[str, Any]) -> Fitted:
    """Both, one after the other."""
    model = import_module("sklearn.linear_model").LogisticRegression
    start = process_time()
    found = model(C=1 / (2 * len(data["y"]) * LAM), max_iter=10_000).fit(data["x"], data["y"])
    theirs = process_time() - start
    name, weights = ("W", found.coef_) if program is SOFTMAX else ("w", found.coef_[0])
    bias = found.intercept_ if program is SOFTMAX else found.intercept_[0]
    least = float(sg.evaluate(program, {**data, name: weights, "b": bias}))
    ends: list[float] = []  # of the epochs
    start = process_time()
    result = sg.fit(program, data, callbacks=[lambda _: ends.append(process_time() - start)])
    whole = process_time() - start
    losses = result.history.losses  # each is that of the parameters at the end of the epoch before
    reached = next(k for k, loss in enumerate(losses) if loss <= least)
    return Fitted(theirs, ends[reached - 1], whole, result.epochs)


def main() -> None:
    """Print the table."""
    rows: list[list[object]] = []
    for name, (program, given) in ROWS.items():
        data = given()
        first = fitted(program, data)
        runs = [fitted(program, data) for _ in range(ROUNDS)]
        ratios = [(r.to_loss / r.theirs, r.whole / r.theirs) for r in runs]
        to_loss, whole = (statistics.median(column) for column in zip(*ratios, strict=True))
        theirs = statistics.median(r.theirs for r in runs)
        again = first.to_loss / theirs
        rows.append([name, 1e3 * theirs, to_loss, whole, again, runs[0].epochs])
    head = ["model", "scikit-learn, ms", "to its loss", "to the end", "first call", "epochs"]
    print(table(head, rows))


if __name__ == "__main__":
    main()
