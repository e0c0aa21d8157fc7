"""The two-layer linear net, attention, matrix factorization and graph convolution by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import add, divide, dot, exp, matmul, maximum, multiply, subtract, vdot

from tests.benchmarks.models import Arrays
from tests.benchmarks.peers import Gradient
from tests.benchmarks.peers.by_hand_buffers import cross_entropy, flat_like, through_relu


def two_layers(inputs: Arrays) -> Gradient:
    """mean(|V U x - t|^2)"""
    X, T, U, V = (inputs[name] for name in "xtUV")
    H, R, D = np.empty((len(X), len(U)), X.dtype), np.empty_like(T), np.empty_like(X @ U.T)
    _, grad = flat_like({"U": U, "V": V})
    gU, gV, flat, RT, DT = grad["U"], grad["V"], R.ravel(), R.T, D.T
    UT, VT = U.T, V.T
    count, scale = len(X), np.asarray(2 / len(X), X.dtype)

    def call() -> tuple[float, Arrays]:
        dot(X, UT, H)
        dot(H, VT, R)
        subtract(R, T, R)
        loss = float(dot(flat, flat)) / count
        multiply(R, scale, R)
        dot(RT, H, gV)
        dot(R, V, D)
        dot(DT, X, gU)
        return loss, grad

    return call


def attention(inputs: Arrays) -> Gradient:
    """|X + P (X V.T) O.T - T|^2 / r with P = softmax(X Q.T K X.T / sqrt(n)) row by row.

    One product gives X Q.T, X K.T and X V.T, and one takes all three gradients back.
    """
    X, T, Wo = inputs["X"], inputs["T"], inputs["O"]
    stacked = np.concatenate([inputs[name] for name in "QKV"])
    (r, n), dtype = X.shape, X.dtype
    _, grad = flat_like({name: inputs[name] for name in "QKVO"})
    flat = next(iter(grad.values())).base
    assert flat is not None
    g_stacked, gO = flat[: 3 * n * n].reshape(3 * n, n), grad["O"]
    QKV, D3 = np.empty((r, 3 * n), dtype), np.empty((r, 3 * n), dtype)
    q, k, v = (QKV[:, j * n : (j + 1) * n] for j in range(3))
    dq, dk, dv = (D3[:, j * n : (j + 1) * n] for j in range(3))
    P, dP = np.empty((r, r), dtype), np.empty((r, r), dtype)
    A, R, dA = np.empty_like(X), np.empty_like(X), np.empty_like(X)
    row, sums, ones = np.empty(r, dtype), np.empty(r, dtype), np.ones(r, dtype)
    kT, vT, PT, dPT, RT, D3T = k.T, v.T, P.T, dP.T, R.T, D3.T
    ST, OT, rows, column = stacked.T, Wo.T, row[:, None], sums[:, None]
    highest: Any = np.maximum.reduce
    total: Any = np.add.reduce
    shrink, scale, residual = np.asarray(n**-0.5, dtype), np.asarray(2 / r, dtype), R.ravel()

    def call() -> tuple[float, Arrays]:
        dot(X, ST, QKV)
        multiply(q, shrink, q)
        matmul(q, kT, P)
        highest(P, 1, None, row)
        subtract(P, rows, P)
        exp(P, P)
        dot(P, ones, sums)
        divide(P, column, P)
        matmul(P, v, A)
        dot(A, OT, R)
        add(R, X, R)
        subtract(R, T, R)
        loss = float(dot(residual, residual)) / r
        multiply(R, scale, R)
        dot(RT, A, gO)
        dot(R, Wo, dA)
        matmul(dA, vT, dP)
        matmul(PT, dA, dv)
        multiply(dA, A, A)  # its row sums are those of dP * P
        total(A, 1, None, row)
        subtract(dP, rows, dP)
        multiply(dP, P, dP)
        matmul(dP, k, dq)
        multiply(dq, shrink, dq)
        matmul(dPT, q, dk)
        dot(D3T, X, g_stacked)
        return loss, grad

    return call


def factors(inputs: Arrays) -> Gradient:
    """|M * (U V.T - R)|^2 / 2 + 0.005 (|U|^2 + |V|^2), where M holds zeros and ones"""
    M, R, U, V = (inputs[name] for name in "MRUV")
    E, tU, tV = np.empty_like(R), np.empty_like(U), np.empty_like(V)
    _, grad = flat_like({"U": U, "V": V})
    VT, ET = V.T, E.T
    gU, gV, flat, weight = grad["U"], grad["V"], E.ravel(), np.asarray(0.01, R.dtype)

    def call() -> tuple[float, Arrays]:
        dot(U, VT, E)
        subtract(E, R, E)
        multiply(E, M, E)
        loss = float(dot(flat, flat)) / 2 + 0.005 * float(vdot(U, U) + vdot(V, V))
        dot(E, V, gU)
        dot(ET, U, gV)
        multiply(U, weight, tU)
        add(gU, tU, gU)
        multiply(V, weight, tV)
        add(gV, tV, gV)
        return loss, grad

    return call


def graph(inputs: Arrays) -> Gradient:
    """Mean cross-entropy of softmax(A relu(A X W1.T) W2.T), row by row

    A X comes first: the gradient of W1 needs it, too.
    """
    A, X, W1, W2 = (inputs[name] for name in ("A", "X", "W1", "W2"))
    count, dtype = len(X), X.dtype
    Y = inputs["Y"] / dtype.type(count)
    F, (H, D) = np.empty_like(X), (np.empty((count, len(W1)), dtype) for _ in range(2))
    G, Z, C = (np.empty((count, len(W2)), dtype) for _ in range(3))
    _, grad = flat_like({"W1": W1, "W2": W2})
    g1, g2 = grad["W1"], grad["W2"]
    AT, DT, CT, W1T, W2T = A.T, D.T, C.T, W1.T, W2.T
    head, zero = cross_entropy(count, len(W2), dtype), np.zeros((), dtype)
    through = through_relu(dtype, np.empty_like(D))

    def call() -> tuple[float, Arrays]:
        dot(A, X, F)
        dot(F, W1T, H)
        maximum(H, zero, H)
        dot(H, W2T, G)
        dot(A, G, Z)
        loss = head(Z, Y)
        dot(AT, Z, C)
        dot(CT, H, g2)
        dot(C, W2, D)
        through(H, D)
        dot(DT, F, g1)
        return loss, grad

    return call
