"""What a compiled function calls: plain loops and functions of a number, which Numba compiles with
it. They refer to the constants of float64 here; `typed` has them in either type."""

from __future__ import annotations

from collections.abc import Callable
from math import factorial
from types import FunctionType
from typing import Any

import numpy as np

from symgrad.language.operations.special import ABOVE, BELOW

real, whole = np.float64, np.int64
ONE, TWO, HALF = 1.0, 2.0, 0.5
BITS, BIAS = 52, 1023  # behind the leading bit of a number, and of its exponent
LOG2E = 1.4426950408889634  # 1 / log 2
HIGH, LOW = 0.6931471803691238, 1.9082149292705877e-10  # log 2 in two parts
SHIFT = 6755399441055744.0  # 3 * 2**51: adding it rounds to a whole number
LARGE = 40.0  # exp of this and of this less 1 are the same
LARGEST, SMALLEST = 710.0, -746.0  # exp of these is infinite, and 0
FLAT, END = 22.0, 5.92  # tanh and erf of these are 1
LEAST = 2.2250738585072014e-308  # the least number with a leading bit of its own
ROOT = 0x3FE6A09E667F3BCD  # the bits of sqrt(1/2)
RAISED, BY = 18014398509481984.0, 54  # 2**54
OF_EXP = tuple(1 / factorial(k) for k in range(13, 1, -1))  # Taylor's, of exp(r) - 1 - r
OF_LOG = tuple(2 / k for k in range(23, 1, -2))


SINGLE = {  # the same in float32
    "real": np.float32,
    "whole": np.int32,
    "ONE": np.float32(1.0),
    "TWO": np.float32(2.0),
    "HALF": np.float32(0.5),
    "BITS": np.int32(23),
    "BIAS": np.int32(127),
    "LOG2E": np.float32(LOG2E),
    "HIGH": np.float32(0.693359375),
    "LOW": np.float32(-2.12194440e-4),
    "SHIFT": np.float32(12582912.0),
    "LARGE": np.float32(40.0),
    "LARGEST": np.float32(89.0),
    "SMALLEST": np.float32(-104.0),
    "FLAT": np.float32(10.0),
    "END": np.float32(5.92),
    "LEAST": np.float32(1.1754944e-38),
    "ROOT": np.int32(0x3F3504F3),
    "RAISED": np.float32(8388608.0),
    "BY": np.int32(23),
    "OF_EXP": tuple(np.float32(1 / factorial(k)) for k in range(7, 1, -1)),
    "OF_LOG": tuple(np.float32(2 / k) for k in range(11, 1, -2)),
    "ABOVE": tuple(map(np.float32, ABOVE)),
    "BELOW": tuple(map(np.float32, BELOW)),
}


def typed(dtype: str, compiled: Callable[[Any], Any] = lambda function: function) -> dict[str, Any]:
    """All of these for numbers of a type, each as `compiled` makes it; they call each other."""
    names = globals() | (SINGLE if dtype == "float32" else {})
    own = {n: f for n, f in globals().items() if isinstance(f, FunctionType) and f is not typed}
    made = {n: compiled(FunctionType(f.__code__, names)) for n, f in own.items()}
    names.update(made)
    return made


def put(array: Any, out: Any) -> None:
    """out = array, entry by entry: where a slice is assigned, Numba spends seconds on compiling
    what to say if the shapes differ."""
    for at, entry in np.ndenumerate(array):
        out[at] = entry


def transposed(a: Any, out: Any, rows: int, columns: int) -> None:
    """out = a.T, of so many rows and columns, 8 x 8 at a time: a line of memory has eight of
    the entries of a column."""
    for i in range(0, rows, 8):
        for j in range(0, columns, 8):
            if i + 8 <= rows and j + 8 <= columns:
                for k in range(8):
                    for l in range(8):  # noqa: E741
                        out[(i + k) * columns + j + l] = a[(j + l) * rows + i + k]
            else:
                for k in range(i, min(i + 8, rows)):
                    for l in range(j, min(j + 8, columns)):  # noqa: E741
                        out[k * columns + l] = a[l * rows + k]


def maximum(a: Any, b: Any) -> Any:
    """The larger of two numbers; nan where one is nan."""
    return a if a > b or a != a else b


def minimum(a: Any, b: Any) -> Any:
    """The smaller of two numbers; nan where one is nan."""
    return a if a < b or a != a else b


def row_of(label: Any, size: int) -> Any:
    """The row of a label from 0 to size - 1, or from -size to -1 counted from the end."""
    return label + size if label < 0 else label


def checked(label: Any, size: int) -> Any:
    """The row of a label that may name none; a loop that may raise runs on no vectors."""
    if label < -size or label >= size:
        raise IndexError("a label names no row")
    return row_of(label, size)


def check_labels(labels: Any, size: int) -> None:
    """That each of them names a row."""
    wrong = False
    for label in labels.reshape(labels.size):
        wrong |= (label < -size) | (label >= size)
    if wrong:
        raise IndexError("a label names no row")


def expm1_near(r: Any) -> Any:
    """exp(r) - 1 for r between log 2 / 2 and its negative, by the Taylor series."""
    e = OF_EXP[0]
    for each in OF_EXP[1:]:
        e = e * r + each
    return e * r * r + r


def exp(x: Any) -> Any:
    """exp(x) = 2**k exp(r), k the whole number nearest x / log 2, exp(r) by its Taylor series.

    Within 2e-16 of the value; unlike a call of the C library, a loop of it runs on vectors.
    """
    z = min(max(x, SMALLEST), LARGEST)
    shifted = z * LOG2E + SHIFT
    k = shifted - SHIFT
    r = (z - k * HIGH) - k * LOW
    half = whole(k) >> whole(1)  # 2**k in two factors, each in range where 2**k is not
    first = whole((half + BIAS) << BITS).view(real)
    second = whole((whole(k) - half + BIAS) << BITS).view(real)
    value = (expm1_near(r) + ONE) * first * second
    return value if x == x else x


def expm1(x: Any) -> Any:
    """exp(x) - 1 = 2**k (exp(r) - 1) + (2**k - 1); that of a large x is exp(x)."""
    z = min(max(x, -LARGE), LARGE)
    shifted = z * LOG2E + SHIFT
    k = shifted - SHIFT
    scale = whole((whole(k) + BIAS) << BITS).view(real)
    r = (z - k * HIGH) - k * LOW
    value = scale * expm1_near(r) + (scale - ONE)
    value = exp(x) if x > LARGE else value
    return value if x == x else x


def log(x: Any) -> Any:
    """log(x) = k log 2 + log(m), m between sqrt(1/2) and sqrt(2); with s = (m - 1) / (m + 1),
    log(m) = 2 (s + s**3 / 3 + s**5 / 5 + ...)."""
    z = x * RAISED if x < LEAST else x
    bits = real(z).view(whole)
    k = whole(whole(bits - ROOT) >> BITS)
    m = whole(bits - whole(k << BITS)).view(real)
    power = real(whole(k - BY) if x < LEAST else k)
    f = m - ONE
    s = f / (m + ONE)
    q = s * s
    t = OF_LOG[0]
    for each in OF_LOG[1:]:
        t = t * q + each
    h = HALF * f * f  # 2 s = f - s f = f - (h - s h)
    value = power * HIGH - ((h - (s * (h + t * q) + power * LOW)) - f)
    none = real(-np.inf) if x == 0.0 else real(np.nan)
    value = value if x > 0.0 else none
    return x if x == np.inf else value


def log1p(x: Any) -> Any:
    """log(1 + x) = log(u) + (x - (u - 1)) / u, u being 1 + x as it is rounded."""
    u = ONE + x
    small = (x - (u - ONE)) / u
    small = real(0.0) if u == 0.0 else small
    return log(u) + (real(0.0) if u == np.inf else small)


def tanh(x: Any) -> Any:
    """tanh(x) = e / (e + 2) of the size of x, e = exp(2 x) - 1, which is small where x is."""
    z = TWO * min(abs(x), FLAT)
    shifted = z * LOG2E + SHIFT
    k = shifted - SHIFT
    scale = whole((whole(k) + BIAS) << BITS).view(real)
    r = (z - k * HIGH) - k * LOW
    e = scale * expm1_near(r) + (scale - ONE)
    value = e / (e + TWO)
    value = value if x >= 0.0 else -value
    return value if x == x else x


def erf(x: Any) -> Any:
    """erf(x) = z p(z^2) / q(z^2), z being x between -5.92 and 5.92."""
    z = min(max(x, -END), END)
    square = z * z
    above, below = ABOVE[0], BELOW[0]
    for c in ABOVE[1:]:
        above = above * square + c
    for c in BELOW[1:]:
        below = below * square + c
    value = min(max(z * above / below, -ONE), ONE)
    return value if x == x else x


LONG = {erf.__code__}  # which LLVM inlines only if it is told to; else no loop is on vectors
