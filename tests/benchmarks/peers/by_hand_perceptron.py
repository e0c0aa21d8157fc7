"""Perceptrons with softmax and cross-entropy by hand: back-propagation in buffers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy import add, divide, dot, exp, multiply, negative, subtract

from tests.benchmarks.models import Array, Arrays
from tests.benchmarks.peers.by_hand_buffers import Through, cross_entropy, flat_like, through_relu

On = Callable[[Array, Array], float]
maximum = np.maximum


def perceptron(arrays: Arrays, *, relu: bool, batch: int) -> tuple[On, Array, Arrays]:
    """A function of examples x and targets y (divided by their number) that returns the loss; the
    flat gradient that it writes; and views of that for W1, b1, ...

    The weights in `arrays` are read where they stand.
    """
    weights = {name: array for name, array in arrays.items() if name[0] in "Wb"}
    flat, grad = flat_like(weights)
    dtype, layers = flat.dtype, range(1, len(weights) // 2 + 1)
    H = [np.empty((batch, len(weights[f"b{k}"])), dtype) for k in layers]  # the last one is Z
    D = [*map(np.empty_like, H[:-1]), H[-1]]
    activate = _relu(dtype) if relu else _sigmoid(dtype)
    masked = through_relu if relu else _through_sigmoid
    through = [masked(dtype, np.empty_like(Hk)) for Hk in H[:-1]]
    head, ones, Z = cross_entropy(batch, H[-1].shape[1], dtype), np.ones(batch, dtype), H[-1]
    up = [(weights[f"W{k}"].T, weights[f"b{k}"], H[k - 1]) for k in layers]
    hidden, (WT, b, _) = up[:-1], up[-1]
    down = []
    for k in layers[:0:-1]:
        g = (grad[f"W{k}"], grad[f"b{k}"])
        down.append(
            (D[k - 1], D[k - 1].T, H[k - 2], *g, weights[f"W{k}"], D[k - 2], through[k - 2])
        )
    D1, g1, gb1 = D[0].T, grad["W1"], grad["b1"]

    def call(x: Array, y: Array) -> float:
        below = x
        for WkT, bk, Hk in hidden:
            dot(below, WkT, Hk)
            add(Hk, bk, Hk)
            activate(Hk)
            below = Hk
        dot(below, WT, Z)
        add(Z, b, Z)
        loss = head(Z, y)
        for Dk, DkT, Hb, gW, gb, W, Db, through_k in down:
            dot(DkT, Hb, gW)
            dot(ones, Dk, gb)
            dot(Dk, W, Db)
            through_k(Hb, Db)
        dot(D1, x, g1)
        dot(ones, D[0], gb1)
        return loss

    return call, flat, grad


def _relu(dtype: np.dtype[np.floating]) -> Callable[[Array], None]:
    zero = np.zeros((), dtype)

    def activate(H: Array) -> None:
        maximum(H, zero, H)

    return activate


def _sigmoid(dtype: np.dtype[np.floating]) -> Callable[[Array], None]:
    one = np.ones((), dtype)

    def activate(H: Array) -> None:
        negative(H, H)
        exp(H, H)
        add(H, one, H)
        divide(one, H, H)

    return activate


def _through_sigmoid(dtype: np.dtype[np.floating], scratch: Array) -> Through:
    """D times the derivative of the sigmoid, whose values are H."""
    one = np.ones((), dtype)

    def through(H: Array, D: Array) -> None:
        multiply(D, H, D)
        subtract(one, H, scratch)
        multiply(D, scratch, D)

    return through
