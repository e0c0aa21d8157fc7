"""Models that people write: robust regressions, an autoencoder, a factorization machine, pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import add, divide, dot, exp, multiply, subtract

from tests.benchmarks.models import Arrays, Draw
from tests.benchmarks.peers import Gradient
from tests.benchmarks.peers.by_hand_buffers import flat_like
from tests.benchmarks.untuned.work import Work, gradient

LINE = "x: Vector(n)\nt: Scalar\nw: Vector(n)\nb: Scalar\nr = w.T @ x + b - t\n"
HUBER = LINE + "loss = mean(where(abs(r) < 1, r**2 / 2, abs(r) - 1 / 2) for x, t in batch)"
STUDENT = LINE + "loss = mean(log(1 + r**2 / 4) for x, t in batch)"
TIED = """x: Vector(n)
W: Matrix(h, n)
b: Vector(h)
c: Vector(n)
loss = mean(norm2(W.T @ sigmoid(W @ x + b) + c - x)**2 for x in batch)"""
MACHINE = """x: Vector(n)
t: Scalar
w: Vector(n)
b: Scalar
V: Matrix(k, n)
z = w.T @ x + b + (norm2(V @ x)**2 - sum((V * V) @ (x * x))) / 2
loss = mean(softplus(z) - t * z for x, t in batch)"""
PAIRS = """A: Matrix(m, n)
B: Matrix(m, n)
U: Matrix(d, n)
V: Matrix(d, n)
loss = -trace(log_softmax((A @ U.T) @ (B @ V.T).T, axis=1)) / m"""


def _line(draw: Draw) -> Arrays:
    X, w = draw.normal(100_000, 30), draw.weight(30)
    t = X @ w + draw.rng.standard_t(2, len(X))
    return {"x": X, "t": t, "w": w / 2, "b": np.array(0.1)}


def _residuals(inputs: Arrays, slope: Any) -> Gradient:
    """r = X w + b - t; `slope` puts the loss's derivative in the place of r"""
    X, t, w, b = (inputs[name] for name in "xtwb")
    r, ones, count = np.empty_like(t), np.ones_like(t), len(t)
    _, grad = flat_like({"w": w, "b": b})
    through = slope(t)

    def call() -> tuple[float, Arrays]:
        dot(X, w, r)
        add(r, b, r)
        subtract(r, t, r)
        loss = through(r) / count
        dot(r, X, grad["w"])
        grad["w"] /= count
        grad["b"][()] = dot(r, ones) / count
        return loss, grad

    return call


def _huber(inputs: Arrays) -> Gradient:
    """With c = r between -1 and 1 the loss is c (r - c / 2), its derivative c"""

    def slope(t: Any) -> Any:
        c = np.empty_like(t)

        def through(r: Any) -> float:
            np.clip(r, -1, 1, c)
            loss = float(dot(c, r) - dot(c, c) / 2)
            r[:] = c
            return loss

        return through

    return _residuals(inputs, slope)


def _student(inputs: Arrays) -> Gradient:
    """log(1 + r^2 / 4), 2 r / (4 + r^2)"""

    def slope(t: Any) -> Any:
        s, logs, ones = np.empty_like(t), np.empty_like(t), np.ones_like(t)

        def through(r: Any) -> float:
            multiply(r, r, s)
            multiply(s, 0.25, s)
            add(s, 1.0, s)
            np.log(s, logs)
            divide(r, s, r)
            multiply(r, 0.5, r)
            return float(dot(logs, ones))

        return through

    return _residuals(inputs, slope)


def _tied_numbers(draw: Draw) -> Arrays:
    W = draw.weight(64, 784)
    return {"x": draw.normal(256, 784), "W": W, "b": draw.normal(64), "c": draw.normal(784)}


def _tied(inputs: Arrays) -> Gradient:
    """H = sigmoid(X W.T + b), R = H W + c - X"""
    X, W, b, c = (inputs[name] for name in "xWbc")
    H, D, R = np.empty((len(X), len(W))), np.empty((len(X), len(W))), np.empty_like(X)
    _, grad = flat_like({"W": W, "b": b, "c": c})
    back, ones, count, residual = np.empty_like(W), np.ones(len(X)), len(X), R.ravel()

    def call() -> tuple[float, Arrays]:
        dot(X, W.T, H)
        add(H, b, H)
        np.negative(H, H)
        exp(H, H)
        add(H, 1.0, H)
        divide(1.0, H, H)
        dot(H, W, R)
        add(R, c, R)
        subtract(R, X, R)
        loss = float(dot(residual, residual)) / count
        multiply(R, 2 / count, R)
        dot(R, W.T, D)
        multiply(D, H, D)
        dot(H.T, R, grad["W"])
        subtract(1.0, H, H)
        multiply(D, H, D)
        dot(D.T, X, back)
        add(grad["W"], back, grad["W"])
        dot(ones, D, grad["b"])
        dot(ones, R, grad["c"])
        return loss, grad

    return call


def _machine_numbers(draw: Draw) -> Arrays:
    X, V = draw.normal(20_000, 60), draw.weight(8, 60)
    t = (draw.normal(len(X)) > 0).astype(float)
    return {"x": X, "t": t, "w": draw.weight(60), "b": np.array(0.1), "V": V}


def _machine(inputs: Arrays) -> Gradient:
    """The squares are summed over the factors before they meet the data: a vector, no matrix."""
    X, t, w, b, V = (inputs[name] for name in "xtwbV")
    P, squares, ones = np.empty((len(X), len(V))), np.empty_like(X), np.ones(len(t))
    z, r, soft, count = np.empty_like(t), np.empty_like(t), np.empty_like(t), len(t)
    _, grad = flat_like({"w": w, "b": b, "V": V})

    def call() -> tuple[float, Arrays]:
        dot(X, V.T, P)
        multiply(X, X, squares)
        dot(squares, np.einsum("kn,kn->n", V, V), r)
        np.einsum("ik,ik->i", P, P, out=z)
        subtract(z, r, z)
        multiply(z, 0.5, z)
        dot(X, w, r)
        add(z, r, z)
        add(z, b, z)
        np.abs(z, soft)
        np.negative(soft, soft)
        exp(soft, soft)
        np.log1p(soft, soft)
        np.maximum(z, 0.0, r)
        add(soft, r, soft)
        loss = float(dot(soft, ones) - dot(t, z)) / count
        subtract(z, soft, r)
        exp(r, r)
        subtract(r, t, r)
        multiply(r, 1 / count, r)
        multiply(P, r[:, None], P)
        dot(P.T, X, grad["V"])
        subtract(grad["V"], V * dot(r, squares), grad["V"])
        dot(r, X, grad["w"])
        grad["b"][()] = dot(r, ones)
        return loss, grad

    return call


def _pair_numbers(draw: Draw) -> Arrays:
    data = {name: draw.normal(256, 128) for name in "AB"}
    return data | {name: draw.weight(32, 128) for name in "UV"}


def _pairs(inputs: Arrays) -> Gradient:
    """The diagonal of log(softmax(E F.T)), row by row; the gradient by E F.T is (P - 1) / m"""
    A, B, U, V = (inputs[name] for name in "ABUV")
    m = len(A)
    E, F, dE, dF = (np.empty((m, len(U))) for _ in range(4))
    S, top, sums, ones = np.empty((m, m)), np.empty(m), np.empty(m), np.ones(m)
    diagonal, highest = S.reshape(-1)[:: m + 1], np.maximum.reduce
    _, grad = flat_like({"U": U, "V": V})

    def call() -> tuple[float, Arrays]:
        dot(A, U.T, E)
        dot(B, V.T, F)
        dot(E, F.T, S)
        highest(S, 1, None, top)
        subtract(S, top[:, None], S)
        picked = float(dot(diagonal, ones))
        exp(S, S)
        dot(S, ones, sums)
        divide(1 / m, sums, top)
        multiply(S, top[:, None], S)
        subtract(diagonal, 1 / m, diagonal)
        loss = (float(dot(np.log(sums), ones)) - picked) / m
        dot(S, F, dE)
        dot(S.T, E, dF)
        dot(dE.T, A, grad["U"])
        dot(dF.T, B, grad["V"])
        return loss, grad

    return call


def _huber_loss(jnp: Any, a: Any) -> Any:
    r = jnp.abs(a["x"] @ a["w"] + a["b"] - a["t"])
    return jnp.where(r < 1, r * r / 2, r - 0.5).mean()


def _student_loss(jnp: Any, a: Any) -> Any:
    r = a["x"] @ a["w"] + a["b"] - a["t"]
    return jnp.log(1 + r * r / 4).mean()


def _tied_loss(jnp: Any, a: Any) -> Any:
    H = 1 / (1 + jnp.exp(-(a["x"] @ a["W"].T + a["b"])))
    R = H @ a["W"] + a["c"] - a["x"]
    return (R * R).sum() / len(R)


def _machine_loss(jnp: Any, a: Any) -> Any:
    X, V = a["x"], a["V"]
    z = X @ a["w"] + a["b"] + (((X @ V.T) ** 2).sum(1) - (X * X) @ (V * V).sum(0)) / 2
    return (jnp.logaddexp(0.0, z) - a["t"] * z).mean()


def _pairs_loss(jnp: Any, a: Any) -> Any:
    S = (a["A"] @ a["U"].T) @ (a["B"] @ a["V"].T).T
    S = S - S.max(1, keepdims=True)
    return (jnp.log(jnp.exp(S).sum(1)) - jnp.diagonal(S)).mean()


WORKS = (
    Work("Huber, 100,000 x 30", _line, gradient(HUBER, ("w", "b"), _huber, _huber_loss)),
    Work(
        "Student's t, 100,000 x 30", _line, gradient(STUDENT, ("w", "b"), _student, _student_loss)
    ),
    Work(
        "tied autoencoder, 256 x 784",
        _tied_numbers,
        gradient(TIED, ("W", "b", "c"), _tied, _tied_loss),
    ),
    Work(
        "factorization machine, 20,000 x 60",
        _machine_numbers,
        gradient(MACHINE, ("w", "b", "V"), _machine, _machine_loss),
    ),
    Work("pairs, 256 x 128", _pair_numbers, gradient(PAIRS, ("U", "V"), _pairs, _pairs_loss)),
)
