"""Symmetric matrices: the likelihood of a Gaussian process, and a graph with a symmetric adjacency.

By hand one Cholesky factor of LAPACK's serves the determinant, the system and the inverse, and the
adjacency meets each matrix once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from symgrad.data.graphs import normalized_adjacency
from tests.benchmarks.models import Arrays, Draw
from tests.benchmarks.peers import Gradient
from tests.benchmarks.untuned.work import Work, gradient

PROCESS = """D: Matrix(n, n, symmetric=True)
y: Vector(n)
s: Scalar
l: Scalar
e: Scalar
K = s**2 * exp(-D / (2 * l**2)) + e**2 * eye(n)
loss = y.T @ solve(K, y) / 2 + logdet(K) / 2"""
GRAPH = """A: Matrix(n, n, symmetric=True)
X: Matrix(n, f)
Y: Matrix(n, c)
W: Matrix(f, h)
V: Matrix(h, c)
Z = A @ relu(A @ X @ W) @ V
loss = -sum(Y * log_softmax(Z, axis=1)) / n"""


def _points(draw: Draw) -> Arrays:
    X = draw.normal(200, 3)
    distances = ((X[:, None] - X) ** 2).sum(-1)
    scales = {"s": np.array(1.3), "l": np.array(0.9), "e": np.array(0.4)}
    return {"D": distances, "y": draw.normal(200), **scales}


def _process_by_hand(inputs: Arrays) -> Gradient:
    """a = K^-1 y; the gradient of K is (K^-1 - a a^T) / 2"""
    from scipy.linalg import lapack

    D, y = inputs["D"], inputs["y"]
    E, K, G, outer = (np.empty_like(D) for _ in range(4))
    s, length, e = (inputs[name] for name in "sle")
    step = len(D) + 1
    grad = {name: np.empty_like(inputs[name]) for name in "sle"}

    def call() -> tuple[float, Arrays]:
        np.multiply(D, -0.5 / length**2, E)
        np.exp(E, E)
        np.multiply(E, s * s, K)
        K.flat[::step] += e * e
        upper, _ = lapack.dpotrf(K.T)
        a, _ = lapack.dpotrs(upper, y)
        loss = float(y @ a / 2 + np.log(upper.diagonal()).sum())
        inverse, _ = lapack.dpotri(upper)
        np.add(inverse, inverse.T, G)
        G.flat[::step] *= 0.5
        np.multiply(a[:, None], a, outer)
        np.subtract(G, outer, G)
        grad["e"][()] = e * np.trace(G)
        np.multiply(G, E, G)
        grad["s"][()] = s * G.sum()
        grad["l"][()] = s * s * np.vdot(G, D) / (2 * length**3)
        return loss, grad

    return call


def _process_loss(jnp: Any, a: Any) -> Any:
    import jax.scipy.linalg as linalg

    n = len(a["y"])
    K = a["s"] ** 2 * jnp.exp(-a["D"] / (2 * a["l"] ** 2)) + a["e"] ** 2 * jnp.eye(n)
    factor = linalg.cho_factor(K, lower=True)
    determinant = 2 * jnp.log(jnp.diagonal(factor[0])).sum()
    return a["y"] @ linalg.cho_solve(factor, a["y"]) / 2 + determinant / 2


def _nodes(draw: Draw) -> Arrays:
    n = 2000
    edges = np.triu(draw.rng.random((n, n)) < 6 / n, 1).astype(float)
    A = normalized_adjacency(edges + edges.T)
    data = {"A": A, "X": draw.normal(n, 32), "Y": draw.one_hot(n, 7)}
    return data | {"W": draw.weight(32, 16), "V": draw.weight(16, 7)}


def _graph_by_hand(inputs: Arrays) -> Gradient:
    """A X comes first: the gradient of W needs it, too"""
    A, X, Y, W, V = (inputs[name] for name in "AXYWV")
    grad = {"W": np.empty_like(W), "V": np.empty_like(V)}
    count = len(X)

    def call() -> tuple[float, Arrays]:
        F = A @ X
        H = np.maximum(F @ W, 0)
        Z = A @ (H @ V)
        Z -= Z.max(axis=1)[:, None]
        P = np.exp(Z)
        total = P.sum(axis=1)[:, None]
        loss = -float(np.vdot(Y, Z - np.log(total))) / count
        P /= total
        P -= Y
        P /= count
        C = A @ P
        np.dot(H.T, C, grad["V"])
        D = C @ V.T
        D *= H > 0
        np.dot(F.T, D, grad["W"])
        return loss, grad

    return call


def _graph_loss(jnp: Any, a: Any) -> Any:
    import jax

    Z = a["A"] @ (jax.nn.relu(a["A"] @ a["X"] @ a["W"]) @ a["V"])
    return -(a["Y"] * jax.nn.log_softmax(Z, axis=1)).sum() / len(Z)


WORKS = (
    Work(
        "Gaussian process, 200",
        _points,
        gradient(PROCESS, ("s", "l", "e"), _process_by_hand, _process_loss),
    ),
    Work("graph, 2000 nodes", _nodes, gradient(GRAPH, ("W", "V"), _graph_by_hand, _graph_loss)),
)
