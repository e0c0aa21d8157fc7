"""Batches that no cache holds: softmax regression of 60,000 images, and a mixture of Gaussians."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.benchmarks.models import Arrays, Draw
from tests.benchmarks.peers import Gradient
from tests.benchmarks.untuned.work import Work, gradient

BLOCK = 100  # rows of 784 numbers in float32: 300 kB
SOFTMAX = """x: Vector(n)
y: Vector(k, one_hot=True)
W: Matrix(k, n)
b: Vector(k)
loss = mean(cross_entropy(y, softmax(W @ x + b)) for x, y in batch)"""
MIXTURE = """x: Vector(d)
M: Matrix(k, d)
a: Vector(k)
loss = logsumexp(a) - mean(logsumexp(a - sum((M - x.T)**2, axis=1) / 2) for x in batch)"""


def _images(draw: Draw) -> Arrays:
    X, Y = draw.normal(60_000, 784), draw.one_hot(60_000, 10)
    return {"x": X, "y": Y, "W": draw.weight(10, 784), "b": draw.normal(10) / 10}


def _softmax(inputs: Arrays) -> Gradient:
    """Z = X W^T + b, P = softmax(Z); (P - Y) / n goes back through X, block by block"""
    X, Y, W, b = (inputs[name] for name in "xyWb")
    count, dtype = len(X), X.dtype
    Z, E = np.empty((BLOCK, len(W)), dtype), np.empty((BLOCK, len(W)), dtype)
    top, ones, rows = np.empty(BLOCK, dtype), np.ones(len(W), dtype), np.ones(BLOCK, dtype)
    gW, gb, part = np.empty_like(W), np.empty_like(b), np.empty_like(W)

    def call() -> tuple[float, Arrays]:
        loss = 0.0
        gW.fill(0)
        gb.fill(0)
        for k in range(0, count, BLOCK):
            x, y = X[k : k + BLOCK], Y[k : k + BLOCK]
            np.dot(x, W.T, Z)
            np.add(Z, b, Z)
            np.maximum.reduce(Z, 1, None, top)
            np.subtract(Z, top[:, None], Z)
            np.exp(Z, E)
            np.dot(E, ones, top)
            loss -= float(np.vdot(y, Z))
            np.divide(E, top[:, None], E)
            np.subtract(E, y, E)
            np.dot(E.T, x, part)
            np.add(gW, part, gW)
            np.add(gb, np.dot(rows, E), gb)
            loss += float(np.dot(np.log(top, top), rows))  # of one-hot y
        return loss / count, {"W": np.divide(gW, count, gW), "b": np.divide(gb, count, gb)}

    return call


def _softmax_loss(jnp: Any, a: Any) -> Any:
    z = a["x"] @ a["W"].T + a["b"]
    top = z.max(1, keepdims=True)
    return ((jnp.log(jnp.exp(z - top).sum(1)) + top[:, 0]) - (a["y"] * z).sum(1)).mean()


def _points(draw: Draw) -> Arrays:
    return {"x": draw.normal(20_000, 16), "M": draw.normal(8, 16), "a": draw.normal(8) / 10}


def _mixture(inputs: Arrays) -> Gradient:
    """l = a - |x - m|^2 / 2 by products, R = softmax(l); dL/dM = diag(sum R / n) M - R^T X / n"""
    X, M, a = (inputs[name] for name in "xMa")
    count, block = len(X), 1000
    L, top, ones = np.empty((block, len(M))), np.empty(block), np.ones(block)
    squares = np.einsum("ij,ij->i", X, X) / 2
    gM, gsum, part = np.empty_like(M), np.empty_like(a), np.empty_like(M)

    def call() -> tuple[float, Arrays]:
        gM.fill(0)
        gsum.fill(0)
        e = np.exp(a - a.max())
        shift, loss = a - np.einsum("ij,ij->i", M, M) / 2, 0.0
        for k in range(0, count, block):
            x = X[k : k + block]
            np.dot(x, M.T, L)
            np.add(L, shift, L)
            np.maximum.reduce(L, 1, None, top)
            np.subtract(L, top[:, None], L)
            np.exp(L, L)
            loss -= float(np.dot(top - squares[k : k + block], ones))
            total = L.sum(1)
            loss -= float(np.dot(np.log(total), ones))
            np.divide(L, total[:, None], L)
            np.dot(L.T, x, part)
            np.add(gM, part, gM)
            np.add(gsum, np.dot(ones, L), gsum)
        slopes = {"M": (gsum[:, None] * M - gM) / count, "a": e / e.sum() - gsum / count}
        return loss / count + float(np.log(e.sum()) + a.max()), slopes

    return call


def _mixture_loss(jnp: Any, a: Any) -> Any:
    logits = a["a"] - ((a["M"] - a["x"][:, None]) ** 2).sum(2) / 2
    top, most = logits.max(1, keepdims=True), a["a"].max()
    each = jnp.log(jnp.exp(logits - top).sum(1)) + top[:, 0]
    return jnp.log(jnp.exp(a["a"] - most).sum()) + most - each.mean()


WORKS = (
    Work(
        "softmax, 60,000 x 784, float32",
        _images,
        gradient(SOFTMAX, ("W", "b"), _softmax, _softmax_loss),
        "float32",
    ),
    Work(
        "Gaussian mixture, 20,000 x 16, 8",
        _points,
        gradient(MIXTURE, ("M", "a"), _mixture, _mixture_loss),
    ),
)
