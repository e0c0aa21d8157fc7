"""Layers of networks: batch norm, a low-rank adapter, a mixture of experts, rotary attention, and
a loss that tells pairs apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import add, divide, dot, exp, matmul, multiply, subtract, tanh

from tests.benchmarks.models import Array, Arrays, Draw
from tests.benchmarks.peers import Gradient
from tests.benchmarks.peers.by_hand_buffers import flat_like
from tests.benchmarks.untuned.work import Work, gradient

BATCH_NORM = """X: Matrix(n, p)
T: Matrix(n, k)
W: Matrix(h, p)
g: Vector(h)
c: Vector(h)
V: Matrix(k, h)
Z = X @ W.T
U = Z - mean(Z, axis=0)
H = relu(U / sqrt(mean(U**2, axis=0) + 1e-5) * g.T + c.T)
loss = sum((H @ V.T - T)**2) / n"""
OF_NORM = ("W", "g", "c", "V")
ADAPTER = """x: Vector(n)
t: Vector(m)
W: Matrix(m, n)
A: Matrix(r, n)
B: Matrix(m, r)
loss = mean(norm2(tanh(W @ x + B @ A @ x) - t)**2 for x, t in batch)"""
EXPERTS = """x: Vector(n)
t: Vector(m)
G: Matrix(e, n)
W: Tensor(e, h, n)
V: Tensor(e, m, h)
p = softmax(G @ x)
y = einsum("e,emh,eh->m", p, V, tanh(einsum("ehn,n->eh", W, x)))
loss = mean(norm2(y - t)**2 for x, t in batch)"""
APART = """X: Matrix(n, p)
Y: Matrix(n, p)
U: Matrix(d, p)
V: Matrix(d, p)
s: Scalar
A = unit(X @ U.T, axis=1)
B = unit(Y @ V.T, axis=1)
S = exp(s) * A @ B.T
loss = -trace(log_softmax(S, axis=1) + log_softmax(S, axis=0)) / (2 * n)"""
ROTARY = """X: Tensor(b, n, d)
T: Tensor(b, n, d)
C: Matrix(n, d)
S: Matrix(n, d)
R: Matrix(d, d)
Q: Matrix(d, d)
K: Matrix(d, d)
V: Matrix(d, d)
q = einsum("bnd,de->bne", X, Q)
k = einsum("bnd,de->bne", X, K)
u = einsum("bne,ne->bne", q, C) + einsum("bnd,de,ne->bne", q, R, S)
v = einsum("bne,ne->bne", k, C) + einsum("bnd,de,ne->bne", k, R, S)
A = softmax(einsum("bne,bme->bnm", u, v) / sqrt(d), axis=2)
loss = sum((einsum("bnm,bmd,de->bne", A, X, V) - T)**2) / b"""


def _normed(draw: Draw) -> Arrays:
    return {
        "X": draw.normal(256, 128),
        "T": draw.normal(256, 10),
        "W": draw.weight(256, 128),
        "g": 1 + draw.normal(256) / 8,
        "c": draw.normal(256) / 8,
        "V": draw.weight(10, 256),
    }


def _batch_norm(inputs: Arrays) -> Gradient:
    """u = (z - mean) / s; d by g u goes back as (d - mean d - u mean(d u)) g / s"""
    X, T, W, g, c, V = (inputs[name] for name in ("X", "T", *OF_NORM))
    n, h = len(X), len(W)
    U, H, D = (np.empty((n, h)) for _ in range(3))
    E, mask, ones, mean = np.empty_like(T), np.empty((n, h), bool), np.ones(n), np.empty(h)
    _, grad = flat_like({name: inputs[name] for name in OF_NORM})
    residual = E.reshape(-1)

    def call() -> tuple[float, Arrays]:
        dot(X, W.T, U)
        dot(ones, U, mean)
        multiply(mean, 1 / n, mean)
        subtract(U, mean, U)
        multiply(U, U, D)
        dot(ones, D, mean)
        multiply(mean, 1 / n, mean)
        add(mean, 1e-5, mean)
        np.sqrt(mean, mean)
        divide(U, mean, U)
        multiply(U, g, H)
        add(H, c, H)
        np.maximum(H, 0.0, out=H)
        dot(H, V.T, E)
        subtract(E, T, E)
        loss = float(dot(residual, residual)) / n
        multiply(E, 2 / n, E)
        dot(E.T, H, grad["V"])
        dot(E, V, D)
        np.greater(H, 0.0, mask)
        multiply(D, mask, D)
        dot(ones, D, grad["c"])
        multiply(D, U, H)
        dot(ones, H, grad["g"])
        multiply(U, grad["g"] / n, U)
        subtract(D, U, D)
        subtract(D, grad["c"] / n, D)
        multiply(D, g / mean, D)
        dot(D.T, X, grad["W"])
        return loss, grad

    return call


def _batch_norm_loss(jnp: Any, a: Any) -> Any:
    Z = a["X"] @ a["W"].T
    U = Z - Z.mean(0)
    H = jnp.maximum(U / jnp.sqrt((U * U).mean(0) + 1e-5) * a["g"] + a["c"], 0)
    return ((H @ a["V"].T - a["T"]) ** 2).sum() / len(Z)


def _adapted(draw: Draw) -> Arrays:
    data = {name: draw.normal(256, 512) for name in "xt"}
    small = {"A": draw.weight(8, 512), "B": draw.weight(512, 8)}
    return data | {"W": draw.weight(512, 512)} | small


def _adapter(inputs: Arrays) -> Gradient:
    """The weights stay: only what is narrow goes back"""
    x, t, W, A, B = (inputs[name] for name in "xtWAB")
    n, m = t.shape
    Y, D, low, back = np.empty((n, m)), np.empty((n, m)), np.empty((n, 8)), np.empty((n, 8))
    _, grad = flat_like({"A": A, "B": B})
    residual = D.reshape(-1)

    def call() -> tuple[float, Arrays]:
        dot(x, W.T, Y)
        dot(x, A.T, low)
        dot(low, B.T, D)
        add(Y, D, Y)
        tanh(Y, Y)
        subtract(Y, t, D)
        loss = float(dot(residual, residual)) / n
        multiply(Y, Y, Y)
        subtract(1.0, Y, Y)
        multiply(D, 2 / n, D)
        multiply(D, Y, D)
        dot(D.T, low, grad["B"])
        dot(D, B, back)
        dot(back.T, x, grad["A"])
        return loss, grad

    return call


def _adapter_loss(jnp: Any, a: Any) -> Any:
    y = jnp.tanh(a["x"] @ a["W"].T + a["x"] @ a["A"].T @ a["B"].T)
    return ((y - a["t"]) ** 2).sum(1).mean()


def _gated(draw: Draw) -> Arrays:
    weights = {"G": draw.weight(4, 64), "W": draw.weight(4, 32, 64), "V": draw.weight(4, 16, 32)}
    return {"x": draw.normal(512, 64), "t": draw.normal(512, 16), **weights}


def _experts(inputs: Arrays) -> Gradient:
    """The units of all experts as columns, weighted by p: y is one product"""
    x, t, G, W, V = (inputs[name] for name in "xtGWV")
    n, (e, h, m) = len(x), (*W.shape[:2], V.shape[1])
    into, out = W.reshape(e * h, -1), np.empty((e * h, m))
    P, H, Q, D = np.empty((n, e)), np.empty((n, e * h)), np.empty((n, e * h)), np.empty((n, m))
    back, slope, ones = np.empty((n, e * h)), np.empty((e * h, m)), np.ones(e)
    grouped = [a.reshape(n, e, h) for a in (H, Q, back)]
    s, c, residual = np.empty(n), np.empty((n, e)), D.reshape(-1)
    _, grad = flat_like({"G": G, "W": W, "V": V})

    def call() -> tuple[float, Arrays]:
        out.reshape(e, h, m)[...] = V.transpose(0, 2, 1)
        dot(x, G.T, P)
        exp(subtract(P, np.maximum.reduce(P.T.copy(), 0)[:, None], P), P)
        dot(P, ones, s)
        divide(P, s[:, None], P)
        dot(x, into.T, H)
        tanh(H, H)
        multiply(grouped[0], P[:, :, None], grouped[1])
        dot(Q, out, D)
        subtract(D, t, D)
        loss = float(dot(residual, residual)) / n
        multiply(D, 2 / n, D)
        dot(Q.T, D, slope)
        grad["V"][...] = slope.reshape(e, h, m).transpose(0, 2, 1)
        dot(D, out.T, back)
        np.einsum("neh,neh->ne", grouped[0], grouped[2], out=c)
        np.einsum("ne,ne->n", c, P, out=s)
        subtract(c, s[:, None], c)
        multiply(c, P, c)
        dot(c.T, x, grad["G"])
        multiply(grouped[2], P[:, :, None], grouped[2])
        multiply(H, H, H)
        subtract(1.0, H, H)
        multiply(back, H, back)
        dot(back.T, x, grad["W"].reshape(e * h, -1))
        return loss, grad

    return call


def _experts_loss(jnp: Any, a: Any) -> Any:
    E = jnp.exp(a["x"] @ a["G"].T)
    H = jnp.tanh(jnp.einsum("ehk,nk->neh", a["W"], a["x"]))
    y = jnp.einsum("ne,emh,neh->nm", E / E.sum(1, keepdims=True), a["V"], H)
    return ((y - a["t"]) ** 2).sum(1).mean()


def _near_and_far(draw: Draw) -> Arrays:
    data = {name: draw.normal(256, 128) for name in "XY"}
    return data | {name: draw.weight(64, 128) for name in "UV"} | {"s": np.array(1.0)}


def _told_apart(inputs: Arrays) -> Gradient:
    """The softmax of rows and that of columns, of one table of exponentials each"""
    X, Y, U, V, s = (inputs[name] for name in "XYUVs")
    n, d = len(X), len(U)
    A, B, dA, dB = (np.empty((n, d)) for _ in range(4))
    S, E, F, norms = np.empty((n, n)), np.empty((n, n)), np.empty((n, n)), np.empty((2, n))
    top, sums, ones = np.empty(n), np.empty(n), np.ones(n)
    _, grad = flat_like({"U": U, "V": V, "s": s})
    diagonal = E.reshape(-1)[:: n + 1]

    def along(a: Array, norm: Array) -> None:
        np.einsum("nd,nd->n", a, a, out=norm)
        np.sqrt(norm, norm)
        divide(a, norm[:, None], a)

    def across(a: Array, da: Array, norm: Array) -> None:
        np.einsum("nd,nd->n", a, da, out=top)
        subtract(da, top[:, None] * a, da)
        divide(da, norm[:, None], da)

    def call() -> tuple[float, Arrays]:
        dot(X, U.T, A)
        dot(Y, V.T, B)
        along(A, norms[0])
        along(B, norms[1])
        dot(A, B.T, S)
        scale = float(np.exp(s))
        multiply(S, scale, S)
        trace = float(S.trace())
        np.maximum.reduce(S, 1, None, top)
        subtract(S, top[:, None], E)
        exp(E, E)
        dot(E, ones, sums)
        loss = float(np.log(sums).sum() + top.sum())
        multiply(E, (1 / sums)[:, None], E)
        np.maximum.reduce(S, 0, None, top)
        subtract(S, top, F)
        exp(F, F)
        dot(ones, F, sums)
        loss += float(np.log(sums).sum() + top.sum()) - 2 * trace
        multiply(F, 1 / sums, F)
        add(E, F, E)
        subtract(diagonal, 2.0, diagonal)
        multiply(E, 1 / (2 * n), E)
        grad["s"][()] = dot(E.reshape(-1), S.reshape(-1))
        multiply(E, scale, E)
        dot(E, B, dA)
        dot(E.T, A, dB)
        across(A, dA, norms[0])
        across(B, dB, norms[1])
        dot(dA.T, X, grad["U"])
        dot(dB.T, Y, grad["V"])
        return loss / (2 * n), grad

    return call


def _told_apart_loss(jnp: Any, a: Any) -> Any:
    import jax

    A, B = a["X"] @ a["U"].T, a["Y"] @ a["V"].T
    A, B = (Z / jnp.sqrt((Z * Z).sum(1, keepdims=True)) for Z in (A, B))
    S = jnp.exp(a["s"]) * A @ B.T
    both = jax.nn.log_softmax(S, 1) + jax.nn.log_softmax(S, 0)
    return -jnp.trace(both) / (2 * len(S))


def _turned(draw: Draw) -> Arrays:
    places, rates = np.arange(64.0)[:, None], 100.0 ** (-np.arange(16) / 16)
    angles = np.repeat(places * rates, 2, axis=1)
    data = {"X": draw.normal(8, 64, 32), "T": draw.normal(8, 64, 32)}
    pairs = {"C": np.cos(angles), "S": np.sin(angles)}
    pairs["R"] = np.kron(np.eye(16), [[0.0, 1.0], [-1.0, 0.0]])
    return data | pairs | {name: draw.weight(32, 32) for name in "QKV"}


def _rotary(inputs: Arrays) -> Gradient:
    """u = q C + (q R) S is q turned in pairs, and goes back turned the other way"""
    X, T, C, S, R, Q, K, V = (inputs[name] for name in "XTCSRQKV")
    (b, n, d), root = X.shape, np.sqrt(X.shape[2])
    flat = X.reshape(-1, d)
    q, k, u, v, other, Z = (np.empty((b, n, d)) for _ in range(6))
    A, D, E = np.empty((b, n, n)), np.empty((b, n, n)), np.empty((b, n, d))
    top, sums = np.empty((b, n)), np.empty((b, n))
    _, grad = flat_like({"Q": Q, "K": K, "V": V})

    def turn(a: Array, out: Array, sign: float) -> None:
        """Pairs (x, y) to (x c - y s, x s + y c)"""
        multiply(a[..., 1::2], S[:, ::2], other[..., ::2])
        multiply(a[..., ::2], S[:, ::2], other[..., 1::2])
        multiply(a, C, out)
        (subtract if sign > 0 else add)(out[..., ::2], other[..., ::2], out[..., ::2])
        (add if sign > 0 else subtract)(out[..., 1::2], other[..., 1::2], out[..., 1::2])

    def call() -> tuple[float, Arrays]:
        dot(flat, Q, q.reshape(-1, d))
        dot(flat, K, k.reshape(-1, d))
        turn(q, u, 1)
        turn(k, v, 1)
        matmul(u, v.transpose(0, 2, 1), A)
        multiply(A, 1 / root, A)
        np.maximum.reduce(A, 2, None, top)
        subtract(A, top[:, :, None], A)
        exp(A, A)
        np.add.reduce(A, 2, None, sums)
        divide(A, sums[:, :, None], A)
        matmul(A, X, Z)
        dot(Z.reshape(-1, d), V, E.reshape(-1, d))
        subtract(E, T, E)
        loss = float(dot(E.reshape(-1), E.reshape(-1))) / b
        multiply(E, 2 / b, E)
        dot(Z.reshape(-1, d).T, E.reshape(-1, d), grad["V"])
        dot(E.reshape(-1, d), V.T, Z.reshape(-1, d))
        matmul(Z, X.transpose(0, 2, 1), D)
        np.einsum("bnm,bnm->bn", D, A, out=sums)
        subtract(D, sums[:, :, None], D)
        multiply(D, A, D)
        multiply(D, 1 / root, D)
        matmul(D, v, q)
        matmul(D.transpose(0, 2, 1), u, k)
        turn(q, u, -1)
        turn(k, v, -1)
        dot(flat.T, u.reshape(-1, d), grad["Q"])
        dot(flat.T, v.reshape(-1, d), grad["K"])
        return loss, grad

    return call


def _rotary_loss(jnp: Any, a: Any) -> Any:
    X, C, S = a["X"], a["C"], a["S"]

    def turned(z: Any) -> Any:
        other = jnp.stack([-z[..., 1::2], z[..., ::2]], 3).reshape(z.shape)
        return z * C + other * S

    P = turned(X @ a["Q"]) @ turned(X @ a["K"]).transpose(0, 2, 1) / X.shape[2] ** 0.5
    E = jnp.exp(P - P.max(2, keepdims=True))
    return (((E / E.sum(2, keepdims=True)) @ X @ a["V"] - a["T"]) ** 2).sum() / len(X)


WORKS = (
    Work(
        "batch norm, 256 x 128, 256",
        _normed,
        gradient(BATCH_NORM, OF_NORM, _batch_norm, _batch_norm_loss),
    ),
    Work(
        "low-rank adapter, 256 x 512, 8",
        _adapted,
        gradient(ADAPTER, ("A", "B"), _adapter, _adapter_loss),
    ),
    Work(
        "experts, 512 x 64, 4 of 32",
        _gated,
        gradient(EXPERTS, ("G", "W", "V"), _experts, _experts_loss),
    ),
    Work(
        "told apart, 256 x 128, 64",
        _near_and_far,
        gradient(APART, ("U", "V", "s"), _told_apart, _told_apart_loss),
    ),
    Work(
        "rotary attention, 8 x 64 x 32",
        _turned,
        gradient(ROTARY, ("Q", "K", "V"), _rotary, _rotary_loss),
    ),
)
