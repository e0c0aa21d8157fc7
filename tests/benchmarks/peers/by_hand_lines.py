"""Linear and logistic regression by hand."""

from __future__ import annotations

import numpy as np
from numpy import add, dot, exp, log1p, maximum, multiply, negative, subtract

from tests.benchmarks.models import Arrays
from tests.benchmarks.peers import Gradient
from tests.benchmarks.peers.by_hand_buffers import flat_like


def linear(inputs: Arrays) -> Gradient:
    """mean((w.T x + b - t)^2)"""
    X, t, w, b = (inputs[name] for name in "xtwb")
    r, ones = np.empty_like(t), np.ones_like(t)
    _, grad = flat_like({"w": w, "b": b})
    count, scale = len(t), np.asarray(2 / len(t), t.dtype)
    gw, gb = grad["w"], grad["b"]

    def call() -> tuple[float, Arrays]:
        dot(X, w, r)
        add(r, b, r)
        subtract(r, t, r)
        loss = float(dot(r, r)) / count
        multiply(r, scale, r)
        dot(r, X, gw)
        gb[()] = dot(r, ones)
        return loss, grad

    return call


def logistic(inputs: Arrays) -> Gradient:
    """mean(softplus(z) - t z), z = w.T x + b; softplus(z) = max(z, 0) + log(1 + exp(-|z|))"""
    X, t, w, b = (inputs[name] for name in "xtwb")
    z, soft, p, ones = np.empty_like(t), np.empty_like(t), np.empty_like(t), np.ones_like(t)
    _, grad = flat_like({"w": w, "b": b})
    count, scale, zero = len(t), np.asarray(1 / len(t), t.dtype), np.zeros((), t.dtype)
    gw, gb = grad["w"], grad["b"]

    def call() -> tuple[float, Arrays]:
        dot(X, w, z)
        add(z, b, z)
        np.abs(z, soft)
        negative(soft, soft)
        exp(soft, soft)
        log1p(soft, soft)
        maximum(z, zero, p)
        add(soft, p, soft)
        loss = float(dot(soft, ones) - dot(t, z)) / count
        subtract(z, soft, p)  # log(sigmoid(z))
        exp(p, p)
        subtract(p, t, p)
        multiply(p, scale, p)
        dot(p, X, gw)
        gb[()] = dot(p, ones)
        return loss, grad

    return call
