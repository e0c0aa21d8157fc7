"""Products of tensors: attention with several heads, and a convolution over patches."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.benchmarks.models import Arrays, Draw
from tests.benchmarks.peers import Gradient
from tests.benchmarks.untuned.work import Work, gradient

HEADS = """X: Tensor(b, t, d)
U: Tensor(h, k, d)
V: Tensor(h, k, d)
W: Tensor(h, k, d)
Y: Tensor(b, h, t, k)
Q = einsum("btd,hkd->bhtk", X, U)
K = einsum("btd,hkd->bhtk", X, V)
E = exp(einsum("bhtk,bhsk->bhts", Q, K))
A = einsum("bhts,bht->bhts", E, 1 / einsum("bhts->bht", E))
loss = sum((einsum("bhts,bsd,hkd->bhtk", A, X, W) - Y)**2)"""

PATCHES = """X: Tensor(b, c, H, W, 3, 3)
K: Tensor(o, c, 3, 3)
Y: Tensor(b, o, H, W)
loss = sum((relu(einsum("bchwij,ocij->bohw", X, K)) - Y)**2)"""


def _heads(draw: Draw) -> Arrays:
    weights = {name: draw.weight(4, 32, 128) / 2 for name in "UVW"}
    return {"X": draw.normal(8, 64, 128), "Y": draw.normal(8, 4, 64, 32), **weights}


def _heads_by_hand(inputs: Arrays) -> Gradient:
    """C = A V of each head; dS = A (dA - sum_s dA A)"""
    X, Y = inputs["X"], inputs["Y"]
    weights = [inputs[name] for name in "UVW"]
    (b, t, d), (h, k, _) = X.shape, weights[0].shape
    flat = X.reshape(b * t, d)
    joined = np.concatenate([w.reshape(h * k, d) for w in weights])
    P, dP = np.empty((b * t, 3 * h * k)), np.empty((b * t, 3 * h * k))
    S, dA, C = np.empty((b, h, t, t)), np.empty((b, h, t, t)), np.empty((b, h, t, k))

    def split(array: Any) -> list[Any]:
        return list(array.reshape(b, t, 3, h, k).transpose(2, 0, 3, 1, 4))

    (Q, K, V), (dQ, dK, dV) = split(P), split(dP)

    def call() -> tuple[float, Arrays]:
        np.dot(flat, joined.T, P)
        np.matmul(Q, K.transpose(0, 1, 3, 2), S)
        np.subtract(S, S.max(3, keepdims=True), S)
        np.exp(S, S)
        np.divide(S, S.sum(3, keepdims=True), S)
        np.matmul(S, V, C)
        np.subtract(C, Y, C)
        loss = float(np.vdot(C, C))
        np.multiply(C, 2.0, C)
        np.matmul(C, V.transpose(0, 1, 3, 2), dA)
        dV[...] = S.transpose(0, 1, 3, 2) @ C
        np.subtract(dA, np.einsum("bhts,bhts->bht", dA, S)[..., None], dA)
        np.multiply(dA, S, dA)
        dQ[...] = dA @ K
        dK[...] = dA.transpose(0, 1, 3, 2) @ Q
        slopes = np.dot(dP.T, flat).reshape(3, h, k, d)
        return loss, dict(zip("UVW", slopes, strict=True))

    return call


def _heads_loss(jnp: Any, a: Any) -> Any:
    Q, K, V = (jnp.einsum("btd,hkd->bhtk", a["X"], a[name]) for name in "UVW")
    S = jnp.einsum("bhtk,bhsk->bhts", Q, K)
    E = jnp.exp(S - S.max(3, keepdims=True))
    A = E / E.sum(3, keepdims=True)
    return ((jnp.einsum("bhts,bhsk->bhtk", A, V) - a["Y"]) ** 2).sum()


def _patches(draw: Draw) -> Arrays:
    X, K = draw.normal(8, 3, 26, 26, 3, 3), draw.normal(16, 3, 3, 3)
    return {"X": X, "K": K, "Y": draw.normal(8, 16, 26, 26)}


def _patches_by_hand(inputs: Arrays) -> Gradient:
    """The patches as the rows of a matrix; Z = X K.T"""
    X, K, Y = inputs["X"], inputs["K"], inputs["Y"]
    rows = np.empty((8 * 26 * 26, 27))
    wanted, kernels = np.empty((len(rows), 16)), K.reshape(16, 27)
    Z, R = np.empty_like(wanted), np.empty_like(wanted)
    slope, positive = np.empty_like(kernels), np.empty(Z.shape, bool)

    def call() -> tuple[float, Arrays]:
        rows.reshape(8, 26, 26, 3, 3, 3)[...] = X.transpose(0, 2, 3, 1, 4, 5)
        wanted.reshape(8, 26, 26, 16)[...] = Y.transpose(0, 2, 3, 1)
        np.dot(rows, kernels.T, Z)
        np.maximum(Z, 0.0, out=R)
        np.subtract(R, wanted, R)
        loss = float(np.vdot(R, R))
        np.greater(Z, 0.0, positive)
        np.multiply(R, positive, R)
        np.multiply(np.dot(R.T, rows, slope), 2.0, slope)
        return loss, {"K": slope.reshape(K.shape)}

    return call


def _patches_loss(jnp: Any, a: Any) -> Any:
    Z = jnp.einsum("bchwij,ocij->bohw", a["X"], a["K"])
    return ((jnp.maximum(Z, 0.0) - a["Y"]) ** 2).sum()


WORKS = (
    Work("four heads", _heads, gradient(HEADS, ("U", "V", "W"), _heads_by_hand, _heads_loss)),
    Work("convolution", _patches, gradient(PATCHES, ("K",), _patches_by_hand, _patches_loss)),
)
