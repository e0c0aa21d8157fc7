"""Ratings, pairs, ordered answers and rare classes: models of what people choose, a survival time
and a network of distances."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import add, divide, dot, exp, multiply, subtract

from tests.benchmarks.models import Arrays, Draw
from tests.benchmarks.peers import Gradient
from tests.benchmarks.untuned.work import Work, gradient

RATINGS = """u: Index(m)
v: Index(n)
t: Scalar
U: Matrix(m, k)
V: Matrix(n, k)
a: Vector(m)
b: Vector(n)
c: Scalar
loss = mean((c + a[u] + b[v] + U[u].T @ V[v] - t)**2 for u, v, t in batch)"""
OF_RATINGS = ("U", "V", "a", "b", "c")
PAIRS = """u: Index(n)
v: Index(n)
s: Vector(n)
loss = mean(softplus(s[v] - s[u]) for u, v in batch)"""
ORDERED = """x: Vector(n)
low: Scalar
high: Scalar
w: Vector(n)
s = w.T @ x
loss = mean(-log(sigmoid(high - s) - sigmoid(low - s)) for x, low, high in batch)"""
FOCAL = """x: Vector(n)
y: Index(c)
W: Matrix(c, n)
p = softmax(W @ x)
loss = mean(-(1 - p[y])**2 * log(p[y]) for x, y in batch)"""
WEIBULL = """x: Vector(n)
t: Scalar
e: Scalar
w: Vector(n)
k: Scalar
s = w.T @ x
loss = mean((t / exp(s))**k - e * (log(k) - s + (k - 1) * (log(t) - s)) for x, t, e in batch)"""
BUMPS = """x: Vector(n)
t: Scalar
C: Matrix(k, n)
w: Vector(k)
g: Scalar
h = exp(-g * sum((C - x.T)**2, axis=1))
loss = mean((w.T @ h - t)**2 for x, t in batch)"""


def _rated(draw: Draw) -> Arrays:
    m, n, k, count = 2000, 1000, 32, 20_000
    labels = {"u": draw.rng.integers(0, m, count), "v": draw.rng.integers(0, n, count)}
    tables = {"U": draw.weight(m, k), "V": draw.weight(n, k), "a": draw.normal(m)}
    return {**labels, **tables, "b": draw.normal(n), "c": np.array(0.3), "t": draw.normal(count)}


def _ratings(inputs: Arrays) -> Gradient:
    """The residuals are a sparse matrix E of users by items: E V and E^T U go back"""
    from scipy.sparse import csr_array

    u, v, t, U, V, a, b, c = (inputs[name] for name in ("u", "v", "t", *OF_RATINGS))
    (m, k), n, count = U.shape, len(V), len(u)
    A, B, e, part = np.empty((count, k)), np.empty((count, k)), np.empty(count), np.empty(count)
    ones, wide = np.ones(count), np.ones(k)

    def call() -> tuple[float, Arrays]:
        U.take(u, 0, A, "clip")
        V.take(v, 0, B, "clip")
        multiply(A, B, A)
        dot(A, wide, e)
        add(e, a.take(u, 0, part, "clip"), e)
        add(e, b.take(v, 0, part, "clip"), e)
        add(e, c, e)
        subtract(e, t, e)
        loss = float(dot(e, e)) / count
        multiply(e, 2 / count, e)
        E = csr_array((e, (u, v)), shape=(m, n))
        by_user, by_item = np.bincount(u, e, m), np.bincount(v, e, n)
        return loss, {"U": E @ V, "V": E.T @ U, "a": by_user, "b": by_item, "c": dot(e, ones)}

    return call


def _ratings_loss(jnp: Any, a: Any) -> Any:
    u, v = a["u"], a["v"]
    e = a["c"] + a["a"][u] + a["b"][v] + (a["U"][u] * a["V"][v]).sum(1) - a["t"]
    return (e * e).mean()


def _paired(draw: Draw) -> Arrays:
    u, v = draw.rng.integers(0, 500, (2, 50_000))
    return {"u": u, "v": v, "s": draw.normal(500)}


def _pairs(inputs: Arrays) -> Gradient:
    """d = s_v - s_u: softplus and its slope by one e = exp(-|d|)"""
    u, v, s = (inputs[name] for name in "uvs")
    d, e, p, g = (np.empty(len(u)) for _ in range(4))

    def call() -> tuple[float, Arrays]:
        s.take(v, 0, d, "clip")
        subtract(d, s.take(u, 0, e, "clip"), d)
        np.abs(d, e)
        np.negative(e, e)
        exp(e, e)
        add(e, 1.0, p)
        np.maximum(d, 0.0, out=g)
        loss = float(g.sum() + np.log(p, g).sum()) / len(u)
        np.copyto(e, 1.0, where=d >= 0)
        divide(e, p, e)
        grad = np.bincount(v, e, len(s)) - np.bincount(u, e, len(s))
        return loss, {"s": multiply(grad, 1 / len(u), grad)}

    return call


def _pairs_loss(jnp: Any, a: Any) -> Any:
    return jnp.logaddexp(0, a["s"][a["v"]] - a["s"][a["u"]]).mean()


def _answers(draw: Draw) -> Arrays:
    low = draw.normal(50_000)
    high = low + 1 + draw.rng.random(50_000)
    return {"x": draw.normal(50_000, 20), "low": low, "high": high, "w": draw.weight(20)}


def _ordered(inputs: Arrays) -> Gradient:
    """p = sigmoid(h - s) - sigmoid(l - s) = f - g: the slope of -log p by s is 1 - f - g"""
    x, low, high, w = (inputs[name] for name in ("x", "low", "high", "w"))
    s, f, g, n, grad = np.empty(len(x)), np.empty(len(x)), np.empty(len(x)), len(x), np.empty(20)
    ones = np.ones(n)

    def sigmoid(at: Any, out: Any) -> None:
        subtract(s, at, out)
        exp(out, out)
        add(out, 1.0, out)
        divide(1.0, out, out)

    def call() -> tuple[float, Arrays]:
        dot(x, w, s)
        sigmoid(high, f)
        sigmoid(low, g)
        loss = -float(dot(np.log(subtract(f, g, s), s), ones)) / n
        add(f, g, f)
        subtract(1.0, f, f)
        dot(f, x, grad)
        return loss, {"w": divide(grad, n, grad)}

    return call


def _ordered_loss(jnp: Any, a: Any) -> Any:
    import jax

    s = a["x"] @ a["w"]
    return -jnp.log(jax.nn.sigmoid(a["high"] - s) - jax.nn.sigmoid(a["low"] - s)).mean()


def _classes(draw: Draw) -> Arrays:
    labels = draw.rng.integers(0, 10, 5000)
    return {"x": draw.normal(5000, 64), "y": labels, "W": draw.weight(10, 64)}


def _focal(inputs: Arrays) -> Gradient:
    """By q = p_y the slope is r = 2 (1 - q) log q - (1 - q)^2 / q; r q ([y] - p) goes back"""
    x, y, W = (inputs[name] for name in "xyW")
    n, rows, grad = len(x), np.arange(len(x)), np.empty_like(W)
    P, ones = np.empty((n, len(W))), np.ones(len(W))

    def call() -> tuple[float, Arrays]:
        dot(x, W.T, P)
        subtract(P, P.max(axis=1)[:, None], P)
        exp(P, P)
        divide(P, dot(P, ones)[:, None], P)
        q = P[rows, y]
        far, logs = 1 - q, np.log(q)
        square = far * far
        loss = -float(dot(square, logs)) / n
        r = (2 * far * logs * q - square) / n
        multiply(P, -r[:, None], P)
        P[rows, y] += r
        return loss, {"W": dot(P.T, x, grad)}

    return call


def _focal_loss(jnp: Any, a: Any) -> Any:
    import jax

    logs = jax.nn.log_softmax(a["x"] @ a["W"].T)[jnp.arange(len(a["y"])), a["y"]]
    return -((1 - jnp.exp(logs)) ** 2 * logs).mean()


def _lasting(draw: Draw) -> Arrays:
    times, events = draw.rng.exponential(size=50_000), draw.rng.random(50_000) < 0.6
    data = {"x": draw.normal(50_000, 20), "t": times + 0.01, "e": events.astype(float)}
    return {**data, "w": draw.weight(20), "k": np.array(1.5)}


def _weibull(inputs: Arrays) -> Gradient:
    """u = log t - s and v = exp(k u): v - e (log k + k u - log t), with the slope k (v - e) by u"""
    x, t, e, w, k = (inputs[name] for name in ("x", "t", "e", "w", "k"))
    logs, n, u, v, ones = np.log(t), len(t), np.empty_like(t), np.empty_like(t), np.ones_like(t)
    seen, known, grad = e.sum(), float(dot(e, np.log(t))), np.empty_like(w)

    def call() -> tuple[float, Arrays]:
        dot(x, w, u)
        subtract(logs, u, u)
        multiply(u, k, v)
        exp(v, v)
        loss = (dot(v, ones) - seen * np.log(k) - k * dot(e, u) + known) / n
        subtract(v, e, v)
        by_k = (dot(v, u) - seen / k) / n
        dot(v, x, grad)
        return float(loss), {"w": multiply(grad, -k / n, grad), "k": by_k}

    return call


def _weibull_loss(jnp: Any, a: Any) -> Any:
    s, k, t = a["x"] @ a["w"], a["k"], a["t"]
    density = jnp.log(k) - s + (k - 1) * (jnp.log(t) - s)
    return ((t / jnp.exp(s)) ** k - a["e"] * density).mean()


def _places(draw: Draw) -> Arrays:
    data = {"x": draw.normal(5000, 8), "t": draw.normal(5000)}
    return {**data, "C": draw.normal(40, 8), "w": draw.normal(40), "g": np.array(0.2)}


def _bumps(inputs: Arrays) -> Gradient:
    """D = |x|^2 + |c|^2 - 2 x.c and h = exp(-g D); E = r w^T h goes back to D by -g"""
    x, t, C, w, g = (inputs[name] for name in "xtCwg")
    n, k = len(x), len(C)
    D, H, rows, ones, squares = np.empty((n, k)), np.empty((n, k)), np.ones(n), np.ones(8), x * x
    square, far = dot(squares, ones), np.empty_like(C)

    def call() -> tuple[float, Arrays]:
        dot(x, -2 * C.T, D)
        add(D, square[:, None], D)
        add(D, (C * C).sum(axis=1), D)
        multiply(D, -g, H)
        exp(H, H)
        r = dot(H, w)
        subtract(r, t, r)
        loss = float(dot(r, r)) / n
        multiply(r, 2 / n, r)
        by_w = dot(r, H)
        multiply(H, r[:, None], H)
        multiply(H, w, H)
        by_g = -float(np.vdot(H, D))
        by_C = C * dot(rows, H)[:, None]
        subtract(by_C, dot(H.T, x, far), by_C)
        return loss, {"C": multiply(by_C, -2 * g, by_C), "w": by_w, "g": by_g}

    return call


def _bumps_loss(jnp: Any, a: Any) -> Any:
    far = a["x"][:, None] - a["C"]
    return ((jnp.exp(-a["g"] * (far * far).sum(-1)) @ a["w"] - a["t"]) ** 2).mean()


WORKS = (
    Work("ratings, 20,000", _rated, gradient(RATINGS, OF_RATINGS, _ratings, _ratings_loss)),
    Work("pairs of 500, 50,000", _paired, gradient(PAIRS, ("s",), _pairs, _pairs_loss)),
    Work(
        "ordered answers, 50,000 x 20",
        _answers,
        gradient(ORDERED, ("w",), _ordered, _ordered_loss),
    ),
    Work("focal loss, 5000 x 64, 10", _classes, gradient(FOCAL, ("W",), _focal, _focal_loss)),
    Work("Weibull, 50,000 x 20", _lasting, gradient(WEIBULL, ("w", "k"), _weibull, _weibull_loss)),
    Work(
        "radial bases, 5000 x 8, 40",
        _places,
        gradient(BUMPS, ("C", "w", "g"), _bumps, _bumps_loss),
    ),
)
