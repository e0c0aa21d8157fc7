"""What a compiled function calls: plain loops, which Numba compiles with it."""

from __future__ import annotations

from typing import Any

import numpy as np

LOG2E = 1.4426950408889634  # 1 / log 2
HIGH, LOW = 0.6931471803691238, 1.9082149292705877e-10  # log 2 in two parts
LARGEST, SMALLEST = 710.0, -746.0  # exp of these is infinite, and 0
SHIFT = 6755399441055744.0  # 3 * 2**51: adding it rounds to a whole number


def product(a: Any, b: Any, out: Any) -> None:
    """out = a b, a product of matrices, or of a matrix and a vector."""
    if a.size and b.size:
        np.dot(a, b, out)
    else:
        out[:] = 0.0


def put(array: Any, out: Any) -> None:
    """out = array, entry by entry: where a slice is assigned, Numba spends seconds on compiling
    what to say if the shapes differ."""
    for at, entry in np.ndenumerate(array):
        out[at] = entry


def maximum(a: Any, b: Any) -> Any:
    """The larger of two numbers; nan where one is nan."""
    return a if a > b or a != a else b


def minimum(a: Any, b: Any) -> Any:
    """The smaller of two numbers; nan where one is nan."""
    return a if a < b or a != a else b


def checked(label: Any, size: int) -> Any:
    """A label from 0 to size - 1, or from -size to -1 counted from the end."""
    if label < -size or label >= size:
        raise IndexError("a label names no row")
    return label + size if label < 0 else label


def cofactors(x: Any) -> Any:
    """det(x) inv(x).T by singular values, so also of a singular matrix."""
    u, s, v = np.linalg.svd(np.ascontiguousarray(x))
    sign = np.linalg.det(u) * np.linalg.det(v)
    for i in range(s.size):
        others = sign
        for j in range(s.size):
            if j != i:
                others *= s[j]
        for k in range(s.size):
            u[k, i] *= others
    return u @ v


def exp(x: Any) -> Any:
    """exp(x) = 2**k exp(r), k the whole number nearest x / log 2, exp(r) by its Taylor series.

    Within 2e-16 of the value; unlike a call of the C library, a loop of it runs on vectors.
    """
    z = min(max(x, SMALLEST), LARGEST)
    shifted = z * LOG2E + SHIFT
    k = shifted - SHIFT
    r = (z - k * HIGH) - k * LOW
    e = 1 / 6227020800.0
    for factorial in (479001600.0, 39916800.0, 3628800.0, 362880.0, 40320.0, 5040.0, 720.0, 120.0):
        e = e * r + 1 / factorial
    e = (((e * r + 1 / 24.0) * r + 1 / 6.0) * r + 0.5) * r
    half = np.int64(k) >> 1  # 2**k in two factors, each in range where 2**k is not
    first = np.int64((half + 1023) << 52).view(np.float64)
    second = np.int64((np.int64(k) - half + 1023) << 52).view(np.float64)
    value = (e * r + r + 1.0) * first * second
    return value if x == x else x
