"""Poisson regression of counts: one pass over the data forward, one back."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.benchmarks.models import Arrays, Draw
from tests.benchmarks.peers import Gradient
from tests.benchmarks.untuned.work import Work, gradient

PROGRAM = """x: Vector(n)
t: Scalar
w: Vector(n)
b: Scalar
z = w.T @ x + b
loss = mean(exp(z) - t * z for x, t in batch)"""


def _numbers(draw: Draw) -> Arrays:
    X, w = draw.normal(100_000, 30), draw.weight(30) / 4
    return {"x": X, "t": draw.rng.poisson(np.exp(X @ w)).astype(float), "w": w, "b": np.array(0.1)}


def _by_hand(inputs: Arrays) -> Gradient:
    """r = exp(X w + b); the residual r - t goes back through X"""
    X, t, w, b = (inputs[name] for name in "xtwb")
    z, r, ones, count = np.empty_like(t), np.empty_like(t), np.ones_like(t), len(t)
    gw, gb = np.empty_like(w), np.empty_like(b)

    def call() -> tuple[float, Arrays]:
        np.dot(X, w, z)
        np.add(z, b, z)
        np.exp(z, r)
        loss = float(np.dot(r, ones) - np.dot(t, z)) / count
        np.subtract(r, t, r)
        np.dot(r, X, gw)
        np.divide(gw, count, gw)
        gb[()] = np.dot(r, ones) / count
        return loss, {"w": gw, "b": gb}

    return call


def _loss(jnp: Any, a: Any) -> Any:
    z = a["x"] @ a["w"] + a["b"]
    return (jnp.exp(z) - a["t"] * z).mean()


WORKS = (Work("Poisson, 100,000 x 30", _numbers, gradient(PROGRAM, ("w", "b"), _by_hand, _loss)),)
