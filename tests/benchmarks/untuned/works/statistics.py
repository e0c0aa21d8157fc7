"""Statistical models: survival times, probits, topics, a mixture with full covariances."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import add, divide, dot, exp, matmul, multiply, subtract

from tests.benchmarks.models import Arrays, Draw
from tests.benchmarks.peers import Gradient
from tests.benchmarks.untuned.work import Work, gradient

COX = """X: Matrix(n, d)
e: Vector(n)
w: Vector(d)
s = X @ w
loss = sum(e * (log(cumsum(exp(s))) - s)) / n"""
PROBIT = """x: Vector(n)
t: Scalar
w: Vector(n)
b: Scalar
loss = mean(-log((1 + erf(t * (w.T @ x + b) / sqrt(2))) / 2) for x, t in batch)"""
TOPICS = """N: Matrix(d, v)
U: Matrix(d, k)
V: Matrix(k, v)
loss = -sum(N * log(softmax(U, axis=1) @ softmax(V, axis=1))) / d"""
MIXTURE = """x: Vector(p)
A: Tensor(k, p, p)
M: Matrix(k, p)
a: Vector(k)
Z = einsum("kij,kj->ki", A, x.T - M)
loss = -mean(logsumexp(log_softmax(a) - sum(Z * Z, axis=1) / 2) for x in batch)"""


def _times(draw: Draw) -> Arrays:
    events = (draw.rng.random(5000) < 0.6).astype(float)
    return {"X": draw.normal(5000, 20), "e": events, "w": draw.weight(20)}


def _cox(inputs: Arrays) -> Gradient:
    """R = cumsum(exp(s)): sum e (log R - s); by s it is exp(s) times sums of e / R from the end"""
    X, e, w = (inputs[name] for name in "Xew")
    n = len(X)
    s, r, q, grad = np.empty(n), np.empty(n), np.empty(n), np.empty_like(w)

    def call() -> tuple[float, Arrays]:
        dot(X, w, s)
        events = dot(e, s)
        top = s.max()
        subtract(s, top, s)
        exp(s, s)
        np.cumsum(s, out=r)
        divide(e, r, q)
        np.log(r, r)
        add(r, top, r)
        loss = float(dot(e, r) - events) / n
        np.cumsum(q[::-1], out=r)
        multiply(s, r[::-1], s)
        subtract(s, e, s)
        dot(s, X, grad)
        return loss, {"w": multiply(grad, 1 / n, grad)}

    return call


def _cox_loss(jnp: Any, a: Any) -> Any:
    s = a["X"] @ a["w"]
    return (a["e"] * (jnp.log(jnp.cumsum(jnp.exp(s))) - s)).sum() / len(s)


def _signs(draw: Draw) -> Arrays:
    signs = np.sign(draw.normal(50_000))
    return {"x": draw.normal(50_000, 20), "t": signs, "w": draw.weight(20), "b": np.array(0.1)}


def _probit(inputs: Arrays) -> Gradient:
    """z = t (X w + b) / sqrt(2): log(1 + erf(z)), with slope 2 exp(-z^2) / sqrt(pi)"""
    from scipy.special import erf

    X, t, w, b = (inputs[name] for name in "xtwb")
    n = len(t)
    z, u, logs, ones = np.empty(n), np.empty(n), np.empty(n), np.ones(n)
    gw, gb = np.empty_like(w), np.empty_like(b)
    scaled, front = t / np.sqrt(2), -np.sqrt(2 / np.pi) / n

    def call() -> tuple[float, Arrays]:
        dot(X, w, z)
        add(z, b, z)
        multiply(z, scaled, z)
        erf(z, u)
        add(u, 1.0, u)
        np.log(u, logs)
        loss = np.log(2) - float(dot(logs, ones)) / n
        multiply(z, z, z)
        np.negative(z, z)
        exp(z, z)
        divide(z, u, z)
        multiply(z, t, z)
        dot(z, X, gw)
        gb[()] = front * dot(z, ones)
        return loss, {"w": multiply(gw, front, gw), "b": gb}

    return call


def _probit_loss(jnp: Any, a: Any) -> Any:
    import jax

    z = a["t"] * (a["x"] @ a["w"] + a["b"]) / np.sqrt(2)
    return -jnp.log((1 + jax.scipy.special.erf(z)) / 2).mean()


def _words(draw: Draw) -> Arrays:
    counts = draw.rng.poisson(0.3, (300, 800)).astype(float)
    return {"N": counts, "U": draw.normal(300, 10), "V": draw.normal(10, 800)}


def _topics(inputs: Arrays) -> Gradient:
    """P = p q for the rows' softmax p and q; -N / P goes back by q^T and p^T"""
    N, U, V = (inputs[name] for name in "NUV")
    d = len(U)
    p, q, P, logs = np.empty_like(U), np.empty_like(V), np.empty_like(N), np.empty_like(N)
    gU, gV, wide = np.empty_like(U), np.empty_like(V), np.empty_like(V)

    def softmax(x: Any, out: Any) -> None:
        subtract(x, x.max(axis=1)[:, None], out)
        exp(out, out)
        divide(out, out.sum(axis=1)[:, None], out)

    def back(p: Any, g: Any, room: Any) -> None:
        multiply(p, g, room)
        subtract(g, room.sum(axis=1)[:, None], g)
        multiply(p, g, g)

    def call() -> tuple[float, Arrays]:
        softmax(U, p)
        softmax(V, q)
        dot(p, q, P)
        np.log(P, logs)
        loss = -float(np.vdot(N, logs)) / d
        divide(N, P, P)
        multiply(P, -1 / d, P)
        dot(P, q.T, gU)
        dot(p.T, P, gV)
        back(q, gV, wide)
        back(p, gU, logs.reshape(-1)[: U.size].reshape(U.shape))
        return loss, {"U": gU, "V": gV}

    return call


def _topics_loss(jnp: Any, a: Any) -> Any:
    import jax

    P = jax.nn.softmax(a["U"], axis=1) @ jax.nn.softmax(a["V"], axis=1)
    return -(a["N"] * jnp.log(P)).sum() / len(P)


def _points(draw: Draw) -> Arrays:
    k, p = 6, 8
    factors = np.eye(p) + draw.normal(k, p, p) / 8
    return {
        "x": draw.normal(5000, p),
        "A": factors,
        "M": draw.normal(k, p),
        "a": draw.normal(k) / 10,
    }


def _mixture(inputs: Arrays) -> Gradient:
    """Z_k = (X - m_k) A_k^T, the components first in memory; responsibilities r times Z go back"""
    X, A, M, a = (inputs[name] for name in "xAMa")
    (n, p), k = X.shape, len(a)
    D, Z, S = (np.empty((k, n, p)) for _ in range(3))
    R, top, sums = np.empty((k, n)), np.empty(n), np.empty(n)
    ones, rows, every = np.ones(p), np.ones(n), np.ones(k)
    gA, gM, ga = np.empty_like(A), np.empty_like(M), np.empty_like(a)

    def call() -> tuple[float, Arrays]:
        subtract(X, M[:, None], D)
        matmul(D, A.transpose(0, 2, 1), Z)
        multiply(Z, Z, S)
        dot(S.reshape(-1, p), ones, R.reshape(-1))
        multiply(R, -0.5, R)
        prior = a - a.max()
        prior -= np.log(np.exp(prior).sum())
        add(R, prior[:, None], R)
        np.maximum.reduce(R, 0, None, top)
        subtract(R, top, R)
        exp(R, R)
        dot(every, R, sums)
        divide(R, sums, R)
        loss = -float(dot(np.log(sums, sums), rows) + dot(top, rows)) / n
        multiply(R, 1 / n, R)
        multiply(Z, R[:, :, None], Z)
        matmul(Z.transpose(0, 2, 1), D, gA)
        back = matmul(rows[None, None], Z)
        np.negative(matmul(back, A)[:, 0], gM)
        subtract(np.exp(prior), dot(R, rows), ga)
        return loss, {"A": gA, "M": gM, "a": ga}

    return call


def _mixture_loss(jnp: Any, a: Any) -> Any:
    import jax

    Z = jnp.einsum("kij,nkj->nki", a["A"], a["x"][:, None] - a["M"])
    scores = jax.nn.log_softmax(a["a"]) - (Z * Z).sum(-1) / 2
    return -jax.nn.logsumexp(scores, axis=1).mean()


WORKS = (
    Work("Cox, 5000 x 20", _times, gradient(COX, ("w",), _cox, _cox_loss)),
    Work("probit, 50,000 x 20", _signs, gradient(PROBIT, ("w", "b"), _probit, _probit_loss)),
    Work("topics, 300 x 800, 10", _words, gradient(TOPICS, ("U", "V"), _topics, _topics_loss)),
    Work(
        "full mixture, 5000 x 8, 6",
        _points,
        gradient(MIXTURE, ("A", "M", "a"), _mixture, _mixture_loss),
    ),
)
