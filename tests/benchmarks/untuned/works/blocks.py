"""Blocks of networks: a residual block, channels that are weighted, codes that are drawn, pairs
that are near or far."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import add, divide, dot, exp, multiply, subtract, tanh

from tests.benchmarks.models import Array, Arrays, Draw
from tests.benchmarks.peers import Gradient
from tests.benchmarks.untuned.work import Work, gradient

# from NumPy 2.0 on; einsum takes a little longer
ROW_PRODUCTS = getattr(np, "vecdot", lambda a, b, out: np.einsum("ijk,ijk->ij", a, b, out=out))
RESIDUAL = """x: Vector(n)
t: Vector(n)
g: Vector(n)
c: Vector(n)
W: Matrix(h, n)
b: Vector(h)
V: Matrix(n, h)
d: Vector(n)
u = x - mean(x)
a = g * u / sqrt(mean(u**2) + 1e-5) + c
loss = mean(norm2(x + V @ relu(W @ a + b) + d - t)**2 for x, t in batch)"""
OF_RESIDUAL = ("g", "c", "W", "b", "V", "d")
CHANNELS = """X: Tensor(n, c, s)
Y: Tensor(n, c, s)
W: Matrix(r, c)
V: Matrix(c, r)
Z = mean(X, axis=2)
G = sigmoid(relu(Z @ W.T) @ V.T)
loss = sum((einsum("nc,ncs->ncs", G, X) - Y)**2) / n"""
CODES = """x: Vector(n)
e: Vector(k)
W: Matrix(h, n)
M: Matrix(k, h)
S: Matrix(k, h)
V: Matrix(h, k)
U: Matrix(n, h)
a = tanh(W @ x)
m = M @ a
s = S @ a
z = m + exp(s / 2) * e
y = U @ tanh(V @ z)
loss = mean(sum(softplus(y) - x * y) + sum(exp(s) + m**2 - 1 - s) / 2 for x, e in batch)"""
OF_CODES = ("W", "M", "S", "V", "U")
NEAR = """x: Vector(n)
y: Vector(n)
t: Scalar
W: Matrix(h, n)
d = tanh(W @ x) - tanh(W @ y)
r = norm2(d)**2
loss = mean(t * r + (1 - t) * relu(1 - sqrt(r + 1e-6))**2 for x, y, t in batch)"""


def _residuals(draw: Draw) -> Arrays:
    x, t = draw.normal(256, 128), draw.normal(256, 128)
    return {
        "x": x,
        "t": t,
        "g": 1 + draw.normal(128) / 8,
        "c": draw.normal(128) / 8,
        "W": draw.weight(256, 128),
        "b": draw.normal(256) / 8,
        "V": draw.weight(128, 256),
        "d": draw.normal(128) / 8,
    }


def _residual(inputs: Arrays) -> Gradient:
    """u = x - mean, r = 1 / sqrt(mean u^2 + 1e-5): g r u + c is a layer's input; the x are data"""
    x, t, g, c, W, b, V, d = (inputs[name] for name in ("x", "t", *OF_RESIDUAL))
    (n, m), h = x.shape, len(W)
    u, a, e, square = (np.empty((n, m)) for _ in range(4))
    z, back, mask = np.empty((n, h)), np.empty((n, h)), np.empty((n, h), bool)
    ones, wide, mean = np.ones(n), np.full(m, 1 / m), np.empty(n)
    grads = {name: np.empty_like(inputs[name]) for name in OF_RESIDUAL}

    def call() -> tuple[float, Arrays]:
        dot(x, wide, mean)
        subtract(x, mean[:, None], u)
        multiply(u, u, square)
        dot(square, wide, mean)
        add(mean, 1e-5, mean)
        np.sqrt(mean, mean)
        divide(u, mean[:, None], u)
        multiply(u, g, a)
        add(a, c, a)
        dot(a, W.T, z)
        add(z, b, z)
        np.maximum(z, 0.0, out=z)
        dot(z, V.T, e)
        add(e, x, e)
        add(e, d, e)
        subtract(e, t, e)
        loss = float(dot(e.reshape(-1), e.reshape(-1))) / n
        multiply(e, 2 / n, e)
        dot(e.T, z, grads["V"])
        dot(ones, e, grads["d"])
        dot(e, V, back)
        np.greater(z, 0.0, mask)
        multiply(back, mask, back)
        dot(back.T, a, grads["W"])
        dot(ones, back, grads["b"])
        dot(back, W, a)
        dot(ones, a, grads["c"])
        multiply(a, u, a)
        dot(ones, a, grads["g"])
        return loss, grads

    return call


def _residual_loss(jnp: Any, a: Any) -> Any:
    x = a["x"]
    u = x - x.mean(1, keepdims=True)
    z = a["g"] * u / jnp.sqrt((u * u).mean(1, keepdims=True) + 1e-5) + a["c"]
    y = x + jnp.maximum(z @ a["W"].T + a["b"], 0) @ a["V"].T + a["d"]
    return ((y - a["t"]) ** 2).sum(1).mean()


def _images(draw: Draw) -> Arrays:
    return {
        "X": draw.normal(32, 64, 196),
        "Y": draw.normal(32, 64, 196),
        "W": draw.weight(16, 64),
        "V": draw.weight(64, 16),
    }


def _channels(inputs: Arrays) -> Gradient:
    """E = G X - Y goes back as sums of E X along the places of each channel"""
    X, Y, W, V = (inputs[name] for name in "XYWV")
    n, c, s = X.shape
    E, Z, G, back = np.empty_like(X), np.empty((n, c)), np.empty((n, c)), np.empty((n, c))
    H, low, ones = np.empty((n, len(W))), np.empty((n, len(W))), np.full(s, 1 / s)
    gW, gV = np.empty_like(W), np.empty_like(V)

    def call() -> tuple[float, Arrays]:
        dot(X.reshape(-1, s), ones, Z.reshape(-1))
        dot(Z, W.T, H)
        np.maximum(H, 0.0, out=H)
        dot(H, V.T, G)
        np.negative(G, G)
        exp(G, G)
        add(G, 1.0, G)
        divide(1.0, G, G)
        multiply(X, G[:, :, None], E)
        subtract(E, Y, E)
        loss = float(dot(E.reshape(-1), E.reshape(-1))) / n
        ROW_PRODUCTS(E, X, back)
        multiply(back, 2 / n, back)
        multiply(back, G, back)
        subtract(1.0, G, G)
        multiply(back, G, back)
        dot(back.T, H, gV)
        dot(back, V, low)
        multiply(low, H > 0, low)
        dot(low.T, Z, gW)
        return loss, {"W": gW, "V": gV}

    return call


def _channels_loss(jnp: Any, a: Any) -> Any:
    import jax

    Z = a["X"].mean(2)
    G = jax.nn.sigmoid(jnp.maximum(Z @ a["W"].T, 0) @ a["V"].T)
    return ((G[:, :, None] * a["X"] - a["Y"]) ** 2).sum() / len(Z)


def _drawn(draw: Draw) -> Arrays:
    return {
        "x": draw.rng.random((128, 784)),
        "e": draw.normal(128, 20),
        "W": draw.weight(200, 784),
        "M": draw.weight(20, 200),
        "S": draw.weight(20, 200),
        "V": draw.weight(200, 20),
        "U": draw.weight(784, 200),
    }


def _codes(inputs: Arrays) -> Gradient:
    """One exp(-|y|) for softplus and sigmoid; exp(s / 2) squared is exp(s)"""
    x, e, W, M, S, V, U = (inputs[name] for name in ("x", "e", *OF_CODES))
    (n, p), (k, h) = x.shape, M.shape
    y, q, f = np.empty((n, p)), np.empty((n, p)), np.empty((n, p))
    a, o, back, part = (np.empty((n, h)) for _ in range(4))
    m, s, z, w = (np.empty((n, k)) for _ in range(4))
    grads = {name: np.empty_like(inputs[name]) for name in OF_CODES}

    def unsquashed(g: Array, of: Array) -> None:
        multiply(of, of, of)
        subtract(1.0, of, of)
        multiply(g, of, g)

    def call() -> tuple[float, Arrays]:
        dot(x, W.T, a)
        tanh(a, a)
        dot(a, M.T, m)
        dot(a, S.T, s)
        multiply(s, 0.5, w)
        exp(w, w)
        multiply(w, e, z)
        add(z, m, z)
        dot(z, V.T, o)
        tanh(o, o)
        dot(o, U.T, y)
        loss = -float(dot(x.reshape(-1), y.reshape(-1)))
        np.abs(y, q)
        np.negative(q, q)
        exp(q, q)
        add(q, 1.0, f)
        loss += float(np.maximum(y, 0.0).sum())
        np.copyto(q, 1.0, where=y >= 0)
        divide(q, f, y)
        np.log(f, f)
        loss += float(f.sum())
        loss += (float(np.vdot(w, w) + np.vdot(m, m) - s.sum()) - n * k) / 2
        subtract(y, x, y)
        multiply(y, 1 / n, y)
        dot(y.T, o, grads["U"])
        dot(y, U, back)
        unsquashed(back, o)
        dot(back.T, z, grads["V"])
        dot(back, V, z)
        multiply(m, 1 / n, m)
        add(m, z, m)
        multiply(z, e, z)
        multiply(z, w, z)
        multiply(w, w, w)
        subtract(w, 1.0, w)
        multiply(w, 1 / n, w)
        add(z, w, z)
        multiply(z, 0.5, z)
        dot(m.T, a, grads["M"])
        dot(z.T, a, grads["S"])
        dot(m, M, back)
        dot(z, S, part)
        add(back, part, back)
        unsquashed(back, a)
        dot(back.T, x, grads["W"])
        return loss / n, grads

    return call


def _codes_loss(jnp: Any, i: Any) -> Any:
    import jax

    x = i["x"]
    a = jnp.tanh(x @ i["W"].T)
    m, s = a @ i["M"].T, a @ i["S"].T
    y = jnp.tanh((m + jnp.exp(s / 2) * i["e"]) @ i["V"].T) @ i["U"].T
    fit = (jax.nn.softplus(y) - x * y).sum(1)
    return (fit + (jnp.exp(s) + m**2 - 1 - s).sum(1) / 2).mean()


def _pairs(draw: Draw) -> Arrays:
    x, y = draw.normal(512, 128), draw.normal(512, 128)
    alike = (draw.rng.random(512) < 0.5).astype(float)
    return {"x": x, "y": y, "t": alike, "W": draw.weight(64, 128) / 4}


def _near(inputs: Arrays) -> Gradient:
    """d goes back times 2 (t - (1 - t) relu(1 - q) / q) for the distance q"""
    x, y, t, W = (inputs[name] for name in "xytW")
    n, h = len(x), len(W)
    p, q, d, room = (np.empty((n, h)) for _ in range(4))
    r, gap, ones = np.empty(n), np.empty(n), np.ones(h)
    grad, other, far = np.empty_like(W), np.empty_like(W), 1 - t

    def call() -> tuple[float, Arrays]:
        dot(x, W.T, p)
        tanh(p, p)
        dot(y, W.T, q)
        tanh(q, q)
        subtract(p, q, d)
        multiply(d, d, room)
        dot(room, ones, r)
        loss = float(dot(t, r))
        add(r, 1e-6, r)
        np.sqrt(r, r)
        subtract(1.0, r, gap)
        np.maximum(gap, 0.0, out=gap)
        multiply(gap, far, room[:, 0])
        loss += float(dot(room[:, 0], gap))
        divide(room[:, 0], r, r)
        subtract(t, r, r)
        multiply(r, 2 / n, r)
        multiply(d, r[:, None], d)
        for a, of, out in ((p, x, grad), (q, y, other)):
            multiply(a, a, a)
            subtract(1.0, a, a)
            multiply(a, d, a)
            dot(a.T, of, out)
        return loss / n, {"W": subtract(grad, other, grad)}

    return call


def _near_loss(jnp: Any, a: Any) -> Any:
    d = jnp.tanh(a["x"] @ a["W"].T) - jnp.tanh(a["y"] @ a["W"].T)
    r = (d * d).sum(1)
    far = jnp.maximum(1 - jnp.sqrt(r + 1e-6), 0) ** 2
    return (a["t"] * r + (1 - a["t"]) * far).mean()


WORKS = (
    Work(
        "residual block, 256 x 128, 256",
        _residuals,
        gradient(RESIDUAL, OF_RESIDUAL, _residual, _residual_loss),
    ),
    Work(
        "weighted channels, 32 x 64 x 196",
        _images,
        gradient(CHANNELS, ("W", "V"), _channels, _channels_loss),
    ),
    Work("drawn codes, 128 x 784", _drawn, gradient(CODES, OF_CODES, _codes, _codes_loss)),
    Work("near and far, 512 x 128, 64", _pairs, gradient(NEAR, ("W",), _near, _near_loss)),
)
