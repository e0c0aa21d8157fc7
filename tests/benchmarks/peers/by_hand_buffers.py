"""What the hand-written gradients share: one flat gradient, and softmax with cross-entropy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.benchmarks.models import Array, Arrays

Through = Callable[[Array, Array], None]
BYTES_PAY = 4096  # entries from which a mask of bytes is faster than one of numbers


def flat_like(arrays: Arrays) -> tuple[Array, Arrays]:
    """A vector for all of them, and a view of it in the shape of each."""
    total = sum(array.size for array in arrays.values())
    flat = np.zeros(total, next(iter(arrays.values())).dtype)
    views, start = {}, 0
    for name, array in arrays.items():
        views[name] = flat[start : start + array.size].reshape(array.shape)
        start += array.size
    return flat, views


def cross_entropy(
    count: int, classes: int, dtype: np.dtype[np.floating]
) -> Callable[[Array, Array], float]:
    """Mean cross-entropy of softmax(Z), row by row, where Z is count x classes.

    The targets come divided by their count. Z is overwritten by the loss's gradient.
    """
    top, sums = np.empty(count, dtype), np.empty(count, dtype)
    ones, rows = np.ones(classes, dtype), np.ones(count, dtype)
    share, column = np.asarray(1 / count, dtype), top[:, None]
    highest: Any = np.maximum.reduce
    subtract, multiply, divide = np.subtract, np.multiply, np.divide
    exp, log, dot, vdot = np.exp, np.log, np.dot, np.vdot

    def call(Z: Array, Y: Array) -> float:
        highest(Z, 1, None, top)
        subtract(Z, column, Z)
        picked = vdot(Y, Z)
        exp(Z, Z)
        dot(Z, ones, sums)
        divide(share, sums, top)
        multiply(Z, column, Z)
        subtract(Z, Y, Z)
        log(sums, sums)
        return float(dot(sums, rows) / count - picked)

    return call


def through_relu(dtype: np.dtype[np.floating], scratch: Array) -> Through:
    """D times the derivative of relu, whose values are H."""
    zero, sign, multiply, greater = np.zeros((), dtype), np.sign, np.multiply, np.greater
    mask = np.empty(scratch.shape, bool)

    def small(H: Array, D: Array) -> None:
        sign(H, scratch)
        multiply(D, scratch, D)

    def large(H: Array, D: Array) -> None:
        greater(H, zero, mask)
        multiply(D, mask, D)

    return small if scratch.size < BYTES_PAY else large
