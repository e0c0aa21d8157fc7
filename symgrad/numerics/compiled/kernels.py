"""What a compiled function calls: plain loops, which Numba compiles with it."""

from __future__ import annotations

from typing import Any

import numpy as np

from symgrad.numerics.source.of_math import ABOVE, BELOW

LOG2E = 1.4426950408889634  # 1 / log 2
HIGH, LOW = 0.6931471803691238, 1.9082149292705877e-10  # log 2 in two parts
LARGEST, SMALLEST = 710.0, -746.0  # exp of these is infinite, and 0
SHIFT = 6755399441055744.0  # 3 * 2**51: adding it rounds to a whole number
SHIFT_SINGLE = np.float32(12582912.0)  # 3 * 2**22, the same in float32
HIGH_SINGLE, LOW_SINGLE = np.float32(0.693359375), np.float32(-2.12194440e-4)


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


def expm1_near(r: Any) -> Any:
    """exp(r) - 1 for r between log 2 / 2 and its negative, by the Taylor series."""
    e = 1 / 6227020800.0
    for factorial in (479001600.0, 39916800.0, 3628800.0, 362880.0, 40320.0, 5040.0, 720.0, 120.0):
        e = e * r + 1 / factorial
    e = (((e * r + 1 / 24.0) * r + 1 / 6.0) * r + 0.5) * r
    return e * r + r


def exp(x: Any) -> Any:
    """exp(x) = 2**k exp(r), k the whole number nearest x / log 2, exp(r) by its Taylor series.

    Within 2e-16 of the value; unlike a call of the C library, a loop of it runs on vectors.
    """
    z = min(max(x, SMALLEST), LARGEST)
    shifted = z * LOG2E + SHIFT
    k = shifted - SHIFT
    r = (z - k * HIGH) - k * LOW
    half = np.int64(k) >> 1  # 2**k in two factors, each in range where 2**k is not
    first = np.int64((half + 1023) << 52).view(np.float64)
    second = np.int64((np.int64(k) - half + 1023) << 52).view(np.float64)
    value = (expm1_near(r) + 1.0) * first * second
    return value if x == x else x


def expm1_near_single(r: Any) -> Any:
    """The same in float32."""
    e = np.float32(1 / 5040.0)
    for factorial in (720.0, 120.0, 24.0, 6.0, 2.0):
        e = e * r + np.float32(1 / factorial)
    return e * r * r + r


def exp_single(x: Any) -> Any:
    """exp(x) in float32."""
    z = min(max(x, np.float32(-104.0)), np.float32(89.0))
    shifted = z * np.float32(LOG2E) + SHIFT_SINGLE
    k = shifted - SHIFT_SINGLE
    r = (z - k * HIGH_SINGLE) - k * LOW_SINGLE
    half = np.int32(k) >> np.int32(1)
    first = np.int32((half + np.int32(127)) << np.int32(23)).view(np.float32)
    second = np.int32((np.int32(k) - half + np.int32(127)) << np.int32(23)).view(np.float32)
    value = (expm1_near_single(r) + np.float32(1.0)) * first * second
    return value if x == x else x


def log(x: Any) -> Any:
    """log(x) = k log 2 + log(m), m between sqrt(1/2) and sqrt(2); with s = (m - 1) / (m + 1),
    log(m) = 2 (s + s**3 / 3 + s**5 / 5 + ...)."""
    tiny = x < 2.2250738585072014e-308  # the least number with a leading bit of its own
    z = x * 18014398509481984.0 if tiny else x  # 2**54
    bits = np.float64(z).view(np.int64)
    k = (bits - 0x3FE6A09E667F3BCD) >> 52  # the bits of sqrt(1/2)
    m = np.int64(bits - (k << 52)).view(np.float64)
    power = np.float64(k - 54 if tiny else k)
    f = m - 1.0
    s = f / (m + 1.0)
    q = s * s
    t = 2 / 23.0
    for n in (21.0, 19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0):
        t = t * q + 2 / n
    h = 0.5 * f * f  # 2 s = f - s f = f - (h - s h)
    value = power * HIGH - ((h - (s * (h + t * q) + power * LOW)) - f)
    none = -np.inf if x == 0.0 else np.nan
    return x if x == np.inf else value if x > 0.0 else none


def log1p(x: Any) -> Any:
    """log(1 + x) = log(u) + (x - (u - 1)) / u, u being 1 + x as it is rounded."""
    u = 1.0 + x
    small = (x - (u - 1.0)) / u
    small = 0.0 if u == 0.0 else small
    return log(u) + (0.0 if u == np.inf else small)


def tanh(x: Any) -> Any:
    """tanh(x) = e / (e + 2) of the size of x, e = exp(2 x) - 1, which is small where x is."""
    z = 2.0 * min(abs(x), 22.0)
    shifted = z * LOG2E + SHIFT
    k = shifted - SHIFT
    scale = np.int64((np.int64(k) + 1023) << 52).view(np.float64)
    r = (z - k * HIGH) - k * LOW
    e = scale * expm1_near(r) + (scale - 1.0)
    value = e / (e + 2.0)
    value = value if x >= 0.0 else -value
    return value if x == x else x


def erf(x: Any) -> Any:
    """erf(x) = z p(z^2) / q(z^2), z being x between -5.92 and 5.92."""
    z = min(max(x, -5.92), 5.92)
    square = z * z
    above, below = ABOVE[0], BELOW[0]
    for c in ABOVE[1:]:
        above = above * square + c
    for c in BELOW[1:]:
        below = below * square + c
    value = min(max(z * above / below, -1.0), 1.0)
    return value if x == x else x


def log_single(x: Any) -> Any:
    """log(x) in float32."""
    one, least = np.float32(1.0), np.float32(1.1754944e-38)
    z = x * np.float32(8388608.0) if x < least else x  # 2**23
    bits = np.float32(z).view(np.int32)
    k = np.int32(np.int32(bits - np.int32(0x3F3504F3)) >> np.int32(23))
    m = np.int32(bits - np.int32(k << np.int32(23))).view(np.float32)
    power = np.float32(np.int32(k - np.int32(23)) if x < least else k)
    f = m - one
    s = f / (m + one)
    q = s * s
    t = np.float32(2 / 11.0)
    for n in (9.0, 7.0, 5.0, 3.0):
        t = t * q + np.float32(2 / n)
    h = np.float32(0.5) * f * f
    value = power * HIGH_SINGLE - ((h - (s * (h + t * q) + power * LOW_SINGLE)) - f)
    none = np.float32(-np.inf) if x == 0.0 else np.float32(np.nan)
    value = value if x > 0.0 else none
    return x if x == np.inf else value


def log1p_single(x: Any) -> Any:
    """log(1 + x) in float32."""
    one, zero = np.float32(1.0), np.float32(0.0)
    u = one + x
    small = (x - (u - one)) / u
    small = zero if u == 0.0 else small
    return log_single(u) + (zero if u == np.inf else small)


def tanh_single(x: Any) -> Any:
    """tanh(x) in float32."""
    two = np.float32(2.0)
    z = two * min(abs(x), np.float32(10.0))
    shifted = z * np.float32(LOG2E) + SHIFT_SINGLE
    k = shifted - SHIFT_SINGLE
    scale = np.int32((np.int32(k) + np.int32(127)) << np.int32(23)).view(np.float32)
    r = (z - k * HIGH_SINGLE) - k * LOW_SINGLE
    e = scale * expm1_near_single(r) + (scale - np.float32(1.0))
    value = e / (e + two)
    value = value if x >= 0.0 else -value
    return value if x == x else x


def erf_single(x: Any) -> Any:
    """erf(x) in float32."""
    one, end = np.float32(1.0), np.float32(5.92)
    z = min(max(x, -end), end)
    square = z * z
    above, below = np.float32(ABOVE[0]), np.float32(BELOW[0])
    for c in ABOVE[1:]:
        above = above * square + np.float32(c)
    for c in BELOW[1:]:
        below = below * square + np.float32(c)
    value = min(max(z * above / below, -one), one)
    return value if x == x else x


LONG = (erf, erf_single)  # which LLVM inlines only if it is told to; else no loop is on vectors
