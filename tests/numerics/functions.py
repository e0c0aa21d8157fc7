"""Python functions with right gradients at hard points: what the check of them is tried on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import erf, pi
from typing import Any

import numpy as np

RNG = np.random.default_rng(8)
ERF = np.vectorize(erf)
Gradient = Any


@dataclass(frozen=True)
class Case:
    """A function, a point, and its gradient there."""

    name: str
    function: Callable[..., Any]
    at: Any
    gradient: Callable[..., Gradient]


def softmax(z: np.ndarray, axis: int | None = None) -> np.ndarray:
    e = np.exp(z - z.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def logsumexp(z: np.ndarray) -> float:
    return float(z.max() + np.log(np.exp(z - z.max()).sum()))


def sigmoid(x: Any) -> Any:
    return np.exp(-np.logaddexp(0, -x))


A = RNG.standard_normal((4, 3))
B = RNG.standard_normal(4)
G = RNG.standard_normal(5)
X = RNG.standard_normal((6, 3))
Y = np.eye(3)[RNG.integers(0, 3, 6)]
S = RNG.standard_normal((3, 3))
WEIGHTS = np.array([1.0, 1e-6, 2.0])
HARD = RNG.standard_normal(6)
LAYER = RNG.standard_normal(5)


def normalized(x: np.ndarray, eps: float) -> float:
    return float(G[: x.size] @ ((x - x.mean()) / np.sqrt(x.var() + eps)))


def slope_of_normalized(x: np.ndarray, eps: float) -> np.ndarray:
    s = np.sqrt(x.var() + eps)
    hat, g = (x - x.mean()) / s, G[: x.size]
    return (g - g.mean() - hat * (g * hat).mean()) / s


def pearson(x: np.ndarray) -> float:
    a, b = x - x.mean(), G - G.mean()
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def slope_of_pearson(x: np.ndarray) -> np.ndarray:
    a, b = x - x.mean(), G - G.mean()
    n, m = np.linalg.norm(a), np.linalg.norm(b)
    return b / (n * m) - a * (a @ b) / (n**3 * m)


def net(W: np.ndarray, b: np.ndarray) -> float:
    return float(np.sum(np.tanh(X @ W + b) ** 2))


def slope_of_net(W: np.ndarray, b: np.ndarray) -> dict[str, np.ndarray]:
    h = np.tanh(X @ W + b)
    d = 2 * h * (1 - h**2)
    return {"W": X.T @ d, "b": d.sum(0)}


def regression(W: np.ndarray, b: np.ndarray) -> float:
    return float(sum(logsumexp(z) - y @ z for z, y in zip(X @ W + b, Y, strict=True)))


def slope_of_regression(W: np.ndarray, b: np.ndarray) -> dict[str, np.ndarray]:
    p = softmax(X @ W + b, 1) - Y
    return {"W": X.T @ p, "b": p.sum(0)}


def batch_normalized(W: np.ndarray, b: np.ndarray) -> float:
    z = X @ W + b
    return float(np.sum(np.sin(np.arange(18).reshape(6, 3)) * (z - z.mean(0)) / z.std(0)))


def slope_of_batch_normalized(W: np.ndarray, b: np.ndarray) -> dict[str, np.ndarray]:
    z, g = X @ W + b, np.sin(np.arange(18).reshape(6, 3))
    hat = (z - z.mean(0)) / z.std(0)
    d = (g - g.mean(0) - hat * (g * hat).mean(0)) / z.std(0)
    return {"W": X.T @ d, "b": d.sum(0)}


def huber(x: np.ndarray, delta: float) -> float:
    r = np.abs(x)
    return float(np.where(r <= delta, r**2 / 2, delta * (r - delta / 2)).sum())


RIGHT = [
    Case("logits of 800", logsumexp, np.array([800.0, 0.0, 1.0]), softmax),
    Case("tied logits", logsumexp, np.array([800.0, 800.0, 799.0]), softmax),
    Case("softplus(800)", lambda x: np.logaddexp(0, x).sum(), np.array([800.0, -800, 30]), sigmoid),
    Case(
        "an overflow inside",
        lambda x: float(np.sum(1 / (1 + np.exp(-x)))),
        np.array([-710.5, 720.0, -750.0]),
        lambda x: sigmoid(x) * sigmoid(-x),
    ),
    Case(
        "a gradient of 0",
        lambda x: float(np.sum((x / np.linalg.norm(x)) ** 2)),
        np.array([0.3, -2.0, 0.01]),
        lambda x: np.zeros(3),
    ),
    Case("constant", lambda x: float(softmax(x).sum()), G, lambda x: 0 * x),
    Case(
        "layer norm of 2",
        lambda x: normalized(x, 0.0),
        np.array([0.3, 1.2]),
        lambda x: 0 * x,
    ),
    Case("layer norm", lambda x: normalized(x, 0.0), LAYER, lambda x: slope_of_normalized(x, 0.0)),
    Case(
        "BERT's layer norm",
        lambda x: normalized(x, 1e-12),
        LAYER * 1e-3,
        lambda x: slope_of_normalized(x, 1e-12),
    ),
    Case(
        "batch norm, with a bias that does nothing",
        batch_normalized,
        {"W": S, "b": np.array([0.1, 0.2, -0.3])},
        slope_of_batch_normalized,
    ),
    Case("Pearson", pearson, LAYER, slope_of_pearson),
    Case(
        "log det X'X",
        lambda x: np.linalg.slogdet(x.T @ x)[1],
        A,
        lambda x: 2 * np.linalg.pinv(x).T,
    ),
    Case(
        "least squares by its inverse",
        lambda b: float(B @ A @ np.linalg.inv(A.T @ A) @ A.T @ b) + float(b @ b),
        B + 1,
        lambda b: A @ np.linalg.pinv(A) @ B + 2 * b,
    ),
    Case(
        "near a kink",
        lambda w: float(np.sum(np.maximum(w, 0) + ERF(w))),
        np.array([1e-7, -1e-7, 0.5]),
        lambda w: (w > 0) + 2 / np.sqrt(pi) * np.exp(-(w**2)),
    ),
    Case(
        "a threshold of 100",
        lambda x: huber(x, 100.0),
        np.array([99.999, 100.001, -250.0]),
        lambda x: np.clip(x, -100, 100),
    ),
    Case(
        "entries of 1 and 1e-6",
        lambda x: float(WEIGHTS @ np.sin(x)),
        np.array([0.3, 0.4, 0.5]),
        lambda x: WEIGHTS * np.cos(x),
    ),
    Case("large", lambda x: float(np.sum(x**4)), 1e6 * HARD, lambda x: 4 * x**3),
    Case("small", lambda x: float(np.sum(np.sin(x))), 1e-9 * HARD, np.cos),
    Case("tiny loss", lambda x: 1e-200 * float(x @ x), HARD, lambda x: 2e-200 * x),
    Case(
        "beside a pole", lambda x: float(np.sum(np.log(x))), np.array([1e-8, 2.0]), lambda x: 1 / x
    ),
    Case(
        "a unit vector of a tiny one",
        lambda x: float(G[:3] @ x / np.linalg.norm(x)),
        1e-15 * HARD[:3],
        lambda x: (G[:3] - (G[:3] @ x) * x / (x @ x)) / np.linalg.norm(x),
    ),
    Case("x log x near 0", lambda x: x * np.log(x), 1e-6, lambda x: np.log(x) + 1),
    Case(
        "sharp",
        lambda x: np.tanh(1e5 * x).sum(),
        np.array([1e-6, 0.0]),
        lambda x: 1e5 / np.cosh(1e5 * x) ** 2,
    ),
    Case("linear", lambda W: float(np.sum(A * W)), np.ones((4, 3)), lambda W: A),
    Case("dead", lambda x: float(np.maximum(x, 0).sum()), np.array([-1.0, -2.0]), lambda x: 0 * x),
    Case("softmax regression", regression, {"W": 3 * S, "b": np.zeros(3)}, slope_of_regression),
    Case("a net", net, {"W": S, "b": np.array([0.1, 0.2, -0.3])}, slope_of_net),
]
