"""Layers that networks have between their products: normalized, gated, attending to neighbors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import add, divide, dot, exp, multiply, subtract, tanh

from tests.benchmarks.models import Array, Arrays, Draw
from tests.benchmarks.peers import Gradient
from tests.benchmarks.peers.by_hand_buffers import cross_entropy, flat_like
from tests.benchmarks.untuned.work import Work, gradient

NORMALIZED = """x: Vector(n)
y: Vector(k, one_hot=True)
W1: Matrix(h, n)
b1: Vector(h)
g: Vector(h)
c: Vector(h)
W2: Matrix(k, h)
b2: Vector(k)
z = W1 @ x + b1
u = z - mean(z)
a = relu(g * u / sqrt(mean(u**2) + 1e-5) + c)
loss = mean(-y.T @ log_softmax(W2 @ a + b2) for x, y in batch)"""
GATES = "".join(f"W{k}: Matrix(h, n)\nU{k}: Matrix(h, h)\nb{k}: Vector(h)\n" for k in "zrq")
GATED = f"""x: Vector(n)
s: Vector(h)
t: Vector(h)
{GATES}z = sigmoid(Wz @ x + Uz @ s + bz)
r = sigmoid(Wr @ x + Ur @ s + br)
q = tanh(Wq @ x + Uq @ (r * s) + bq)
loss = mean(norm2((1 - z) * s + z * q - t)**2 for x, s, t in batch)"""
ATTENDING = """X: Matrix(n, m)
Y: Matrix(n, k, one_hot=True)
M: Matrix(n, n)
W: Matrix(m, k)
p: Vector(k)
q: Vector(k)
H = X @ W
A = softmax(leaky_relu(H @ p @ ones(n).T + ones(n) @ (H @ q).T) + M, axis=1)
loss = -sum(Y * log_softmax(A @ H, axis=1)) / n"""
COSINES = """x: Vector(n)
u: Vector(n)
t: Scalar
W: Matrix(h, n)
p = tanh(W @ x)
q = tanh(W @ u)
loss = mean((p.T @ q / (norm2(p) * norm2(q)) - t)**2 for x, u, t in batch)"""
OF_NORMALIZED = ("W1", "b1", "g", "c", "W2", "b2")
OF_GATED = tuple(f"{letter}{k}" for k in "zrq" for letter in "WUb")


def _rows(a: Array, b: Array, out: Array) -> None:
    """The inner product of each row of one with that of the other."""
    np.einsum("ij,ij->i", a, b, out=out)


def _normalized_numbers(draw: Draw) -> Arrays:
    data = {"x": draw.normal(256, 128), "y": draw.one_hot(256, 10)}
    weights = {"W1": draw.weight(256, 128), "W2": draw.weight(10, 256), "b2": draw.weight(10)}
    return data | weights | {"g": 1 + draw.weight(256)} | {k: draw.weight(256) for k in ("b1", "c")}


def _normalized(inputs: Arrays) -> Gradient:
    """u is (z - mean) r, r the reciprocal deviation; back r (G - mean(G) - u mean(G u))"""
    x, y = inputs["x"], inputs["y"]
    W1, b1, g, c, W2, b2 = (inputs[name] for name in OF_NORMALIZED)
    _, grad = flat_like({name: inputs[name] for name in OF_NORMALIZED})
    count, width = len(x), len(b1)
    u, a, D = (np.empty((count, width)) for _ in range(3))
    P, targets, entropy = np.empty_like(y), y / count, cross_entropy(count, len(b2), y.dtype)
    r, s, mask = np.empty(count), np.empty(count), np.empty(u.shape, bool)
    rows, ones = np.ones(count), np.full(width, 1 / width)

    def call() -> tuple[float, Arrays]:
        dot(x, W1.T, u)
        add(u, b1, u)
        dot(u, ones, s)
        subtract(u, s[:, None], u)
        _rows(u, u, r)
        multiply(r, 1 / width, r)
        add(r, 1e-5, r)
        np.sqrt(r, r)
        divide(1.0, r, r)
        multiply(u, r[:, None], u)
        multiply(u, g, a)
        add(a, c, a)
        np.maximum(a, 0.0, a)
        dot(a, W2.T, P)
        add(P, b2, P)
        loss = entropy(P, targets)
        dot(P.T, a, grad["W2"])
        dot(rows, P, grad["b2"])
        dot(P, W2, D)
        np.greater(a, 0.0, mask)
        multiply(D, mask, D)
        dot(rows, D, grad["c"])
        multiply(D, u, a)
        dot(rows, a, grad["g"])
        dot(a, g / width, s)
        multiply(D, g, D)
        multiply(u, s[:, None], u)
        subtract(D, u, D)
        dot(D, ones, s)  # the mean of u is 0
        subtract(D, s[:, None], D)
        multiply(D, r[:, None], D)
        dot(D.T, x, grad["W1"])
        dot(rows, D, grad["b1"])
        return loss, grad

    return call


def _gated_numbers(draw: Draw) -> Arrays:
    data = {"x": draw.normal(64, 64), "s": draw.normal(64, 128), "t": draw.normal(64, 128)}
    for k in "zrq":
        data |= {f"W{k}": draw.weight(128, 64), f"U{k}": draw.weight(128, 128)}
        data[f"b{k}"] = draw.weight(128)
    return data


def _gated(inputs: Arrays) -> Gradient:
    """The state is s + z (q - s); D goes back to q by z, to z by q - s, to r by D U s"""
    x, s, t = (inputs[name] for name in "xst")
    _, grad = flat_like({name: inputs[name] for name in OF_GATED})
    z, r, q, rs, D, E, other = (np.empty_like(s) for _ in range(7))
    rows, count, flat = np.ones(len(x)), len(x), D.reshape(-1)

    def into(k: str, state: Array, out: Array) -> None:
        dot(x, inputs[f"W{k}"].T, out)
        dot(state, inputs[f"U{k}"].T, other)
        add(out, other, out)
        add(out, inputs[f"b{k}"], out)

    def sigmoid(a: Array) -> None:
        np.negative(a, a)
        exp(a, a)
        add(a, 1.0, a)
        divide(1.0, a, a)

    def back(k: str, slope: Array, state: Array) -> None:
        dot(slope.T, x, grad[f"W{k}"])
        dot(slope.T, state, grad[f"U{k}"])
        dot(rows, slope, grad[f"b{k}"])

    def call() -> tuple[float, Arrays]:
        into("z", s, z)
        sigmoid(z)
        into("r", s, r)
        sigmoid(r)
        multiply(r, s, rs)
        into("q", rs, q)
        tanh(q, q)
        subtract(q, s, E)
        multiply(z, E, D)
        add(D, s, D)
        subtract(D, t, D)
        loss = float(dot(flat, flat)) / count
        multiply(D, 2 / count, D)
        multiply(D, z, D)
        multiply(E, D, E)  # to z: D (q - s) z (1 - z)
        subtract(1.0, z, z)
        multiply(E, z, E)
        back("z", E, s)
        multiply(q, q, q)
        subtract(1.0, q, q)
        multiply(D, q, D)
        back("q", D, rs)
        dot(D, inputs["Uq"], E)
        multiply(E, rs, E)
        subtract(1.0, r, r)
        multiply(E, r, E)
        back("r", E, s)
        return loss, grad

    return call


def _attending_numbers(draw: Draw) -> Arrays:
    near = draw.rng.random((300, 300)) < 0.05
    np.fill_diagonal(near, True)
    data = {"X": draw.normal(300, 64), "Y": draw.one_hot(300, 10), "M": np.where(near, 0.0, -30.0)}
    return data | {"W": draw.weight(64, 10), "p": draw.weight(10), "q": draw.weight(10)}


def _attending(inputs: Arrays) -> Gradient:
    """A row of the slope by the scores has the sum (D H.T A)_ii = (D (A H).T)_ii: of few columns"""
    X, Y, M, W, p, q = (inputs[name] for name in "XYMWpq")
    _, grad = flat_like({"W": W, "p": p, "q": q})
    count, classes = Y.shape
    A, D = np.empty_like(M), np.empty_like(M)
    H, P, U, back = (np.empty_like(Y) for _ in range(4))
    s, t, ones, mask = np.empty(count), np.empty(count), np.ones(count), np.empty(M.shape, bool)
    targets, entropy = Y / count, cross_entropy(count, classes, Y.dtype)
    highest: Any = np.maximum.reduce

    def call() -> tuple[float, Arrays]:
        dot(X, W, H)
        dot(H, p, s)
        dot(H, q, t)
        add(s[:, None], t, A)
        np.greater(A, 0.0, mask)
        multiply(A, 0.01, D)
        np.maximum(A, D, A)
        add(A, M, A)
        highest(A, 1, None, s)
        subtract(A, s[:, None], A)
        exp(A, A)
        dot(A, ones, s)
        divide(1.0, s, s)
        multiply(A, s[:, None], A)
        dot(A, H, U)
        P[:] = U
        loss = entropy(P, targets)
        dot(P, H.T, D)
        _rows(P, U, s)
        subtract(D, s[:, None], D)
        multiply(D, A, D)
        dot(A.T, P, back)
        multiply(mask, 0.99, A)
        add(A, 0.01, A)
        multiply(D, A, D)
        dot(D, ones, s)
        dot(ones, D, t)
        dot(s, H, grad["p"])
        dot(t, H, grad["q"])
        add(back, s[:, None] * p, back)
        add(back, t[:, None] * q, back)
        dot(X.T, back, grad["W"])
        return loss, grad

    return call


def _cosine_numbers(draw: Draw) -> Arrays:
    data = {"x": draw.normal(256, 128), "u": draw.normal(256, 128), "t": draw.normal(256)}
    return data | {"W": draw.weight(64, 128)}


def _cosines(inputs: Arrays) -> Gradient:
    """c = p.q / (|p| |q|) goes back to p as (q / (|p| |q|) - c p / |p|^2)"""
    x, u, t, W = (inputs[name] for name in "xutW")
    p, q, D, other = (np.empty((len(x), len(W))) for _ in range(4))
    c, pp, qq, e = (np.empty_like(t) for _ in range(4))
    _, grad = flat_like({"W": W})
    back, count = np.empty_like(W), len(t)

    def through(a: Array, b: Array, squares: Array) -> None:
        multiply(b, pp[:, None], D)
        multiply(a, squares[:, None], other)
        subtract(D, other, D)
        multiply(a, a, other)
        subtract(1.0, other, other)
        multiply(D, other, D)

    def call() -> tuple[float, Arrays]:
        dot(x, W.T, p)
        tanh(p, p)
        dot(u, W.T, q)
        tanh(q, q)
        _rows(p, p, pp)
        _rows(q, q, qq)
        _rows(p, q, c)
        both = 1 / np.sqrt(pp * qq)
        multiply(c, both, c)
        subtract(c, t, e)
        loss = float(dot(e, e)) / count
        multiply(e, 2 / count, e)
        multiply(c, e, c)
        to_p, to_q = c / pp, c / qq
        multiply(both, e, pp)
        through(p, q, to_p)
        dot(D.T, x, grad["W"])
        through(q, p, to_q)
        dot(D.T, u, back)
        add(grad["W"], back, grad["W"])
        return loss, grad

    return call


def _entropy(jnp: Any, Z: Any, Y: Any) -> Any:
    Z = Z - Z.max(1, keepdims=True)
    return (jnp.log(jnp.exp(Z).sum(1)) - (Y * Z).sum(1)).mean()


def _normalized_loss(jnp: Any, a: Any) -> Any:
    z = a["x"] @ a["W1"].T + a["b1"]
    u = z - z.mean(1, keepdims=True)
    h = a["g"] * u / jnp.sqrt((u * u).mean(1, keepdims=True) + 1e-5) + a["c"]
    return _entropy(jnp, jnp.maximum(h, 0) @ a["W2"].T + a["b2"], a["y"])


def _gated_loss(jnp: Any, a: Any) -> Any:
    x, s = a["x"], a["s"]
    z, r = (1 / (1 + jnp.exp(-(x @ a[f"W{k}"].T + s @ a[f"U{k}"].T + a[f"b{k}"]))) for k in "zr")
    q = jnp.tanh(x @ a["Wq"].T + (r * s) @ a["Uq"].T + a["bq"])
    return (((1 - z) * s + z * q - a["t"]) ** 2).sum() / len(x)


def _attending_loss(jnp: Any, a: Any) -> Any:
    H = a["X"] @ a["W"]
    S = (H @ a["p"])[:, None] + H @ a["q"]
    S = jnp.where(S > 0, S, 0.01 * S) + a["M"]
    E = jnp.exp(S - S.max(1, keepdims=True))
    return _entropy(jnp, (E / E.sum(1, keepdims=True)) @ H, a["Y"])


def _cosine_loss(jnp: Any, a: Any) -> Any:
    p, q = jnp.tanh(a["x"] @ a["W"].T), jnp.tanh(a["u"] @ a["W"].T)
    c = (p * q).sum(1) / jnp.sqrt((p * p).sum(1) * (q * q).sum(1))
    return ((c - a["t"]) ** 2).mean()


WORKS = (
    Work(
        "layer norm, 256 x 128, 256",
        _normalized_numbers,
        gradient(NORMALIZED, OF_NORMALIZED, _normalized, _normalized_loss),
    ),
    Work(
        "step of a GRU, 64 x 64, 128",
        _gated_numbers,
        gradient(GATED, OF_GATED, _gated, _gated_loss),
    ),
    Work(
        "graph attention, 300 nodes",
        _attending_numbers,
        gradient(ATTENDING, ("W", "p", "q"), _attending, _attending_loss),
    ),
    Work(
        "cosines, 256 x 128, 64",
        _cosine_numbers,
        gradient(COSINES, ("W",), _cosines, _cosine_loss),
    ),
)
