"""Functions of a number that compiled code calls; Numba compiles them with it. They refer to the
constants of float64 here; `typed` has them, and the loops of `memory`, in either type."""

from __future__ import annotations

from collections.abc import Callable
from math import factorial
from types import FunctionType
from typing import Any

import numpy as np

from symgrad.language.operations.special import ABOVE, BELOW
from symgrad.numerics.compiled import memory

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
OF_ARCTAN = tuple((-1) ** (k // 2) / k for k in range(23, 1, -2))
EIGHTH = 0.41421356237309503  # the tangent of pi / 8
OF_SIN = tuple((-1) ** (k // 2) / factorial(k) for k in range(17, 1, -2))
OF_COS = tuple((-1) ** (k // 2) / factorial(k) for k in range(18, 1, -2))
QUARTERS = 0.6366197723675814  # 2 / pi
FIRST, SECOND = 1.5707963267341256, 6.077100506303966e-11  # pi / 2 is the sum of four
THIRD, FOURTH = 2.0222662487111665e-21, 8.4784276603689e-32
TURNED = 1e6  # products of the first parts with the quarters of a smaller angle are exact
LEADING = -(1 << 27)  # the bits of a number's half that comes first
HALF_PI, LOG2 = 1.5707963267948966, 0.6931471805599453
FAR = 134217728.0  # 2**27: the square of this and one more are the same


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
    "OF_ARCTAN": tuple(np.float32((-1) ** (k // 2) / k) for k in range(11, 1, -2)),
    "EIGHTH": np.float32(EIGHTH),
    "OF_SIN": tuple(np.float32((-1) ** (k // 2) / factorial(k)) for k in range(9, 1, -2)),
    "OF_COS": tuple(np.float32((-1) ** (k // 2) / factorial(k)) for k in range(10, 1, -2)),
    "QUARTERS": np.float32(QUARTERS),
    "FIRST": np.float32(1.5703125),
    "SECOND": np.float32(0.0004837512969970703),
    "THIRD": np.float32(7.549533620476723e-08),
    "FOURTH": np.float32(2.563344151594519e-12),
    "TURNED": np.float32(1e4),
    "LEADING": np.int32(-(1 << 12)),
    "HALF_PI": np.float32(HALF_PI),
    "LOG2": np.float32(LOG2),
    "FAR": np.float32(4096.0),
    "ABOVE": tuple(map(np.float32, ABOVE)),
    "BELOW": tuple(map(np.float32, BELOW)),
}


def typed(dtype: str, compiled: Callable[[Any], Any] = lambda function: function) -> dict[str, Any]:
    """All of these for numbers of a type, each as `compiled` makes it; they call each other."""
    names = vars(memory) | globals() | (SINGLE if dtype == "float32" else {})
    own = {n: f for n, f in names.items() if isinstance(f, FunctionType) and f is not typed}
    made = {n: compiled(FunctionType(f.__code__, names)) for n, f in own.items()}
    names.update(made)
    return made


def maximum(a: Any, b: Any) -> Any:
    """The larger of two numbers; nan where one is nan."""
    return a if a > b or a != a else b


def minimum(a: Any, b: Any) -> Any:
    """The smaller of two numbers; nan where one is nan."""
    return a if a < b or a != a else b


def beyond(x: Any, share: Any) -> Any:
    """0; infinite where x is not below this share of the exponents of floats."""
    return real(0.0) if x < share * LARGEST else real(np.inf)


def least(x: Any, share: Any) -> Any:
    """0; infinite where log |x| is not above minus this share of the exponents of floats."""
    return real(0.0) if abs(x) > exp(-share * LARGEST) else real(np.inf)


def polynomial(coefficients: Any, x: Any) -> Any:
    """c_n x**n + ... + c_1 x + c_0: even powers and odd ones apart, which a processor computes at
    the same time."""
    square = x * x
    first, second = coefficients[0], coefficients[1]
    for each in coefficients[2::2]:
        first = first * square + each
    for each in coefficients[3::2]:
        second = second * square + each
    return first * x + second if len(coefficients) % 2 == 0 else second * x + first


def expm1_near(r: Any) -> Any:
    """exp(r) - 1 for r between log 2 / 2 and its negative, by the Taylor series."""
    return polynomial(OF_EXP, r) * r * r + r


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


def binary(x: Any) -> tuple[Any, Any]:
    """k and f of a positive x = 2**k (1 + f), 1 + f between sqrt(1/2) and sqrt(2)."""
    z = x * RAISED if x < LEAST else x
    bits = real(z).view(whole)
    k = whole(whole(bits - ROOT) >> BITS)
    m = whole(bits - whole(k << BITS)).view(real)
    return real(whole(k - BY) if x < LEAST else k), m - ONE


def log1p_rest(f: Any, h: Any) -> Any:
    """What is missing of log(1 + f) in f - h, h = f**2 / 2: with s = f / (f + 2),
    log(1 + f) = 2 (s + s**3 / 3 + s**5 / 5 + ...), and 2 s = f - s f = f - (h - s h)."""
    s = f / (f + TWO)
    q = s * s
    return s * (h + polynomial(OF_LOG, q) * q)


def log(x: Any) -> Any:
    """log(x) = k log 2 + log(1 + f)."""
    k, f = binary(x)
    h = HALF * f * f
    value = k * HIGH - ((h - (log1p_rest(f, h) + k * LOW)) - f)
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


def leading(x: Any) -> Any:
    """x without the last half of its bits: the product of two such numbers is exact."""
    return whole(real(x).view(whole) & LEADING).view(real)


def power(x: Any, y: Any) -> Any:
    """x**y by exp(y log|x|), the logarithm and its product as sums of two numbers."""
    k, f = binary(abs(x))
    g = leading(f)
    h, rest = HALF * g * g, HALF * (f - g) * (f + g)  # f**2 / 2
    above, near = k * HIGH, f - h
    large = above + near
    part = large - above
    small = (above - (large - part)) + (near - part) + ((f - near) - h) - rest
    small += log1p_rest(f, h + rest) + k * LOW
    known = abs(x) > 0.0 and abs(x) < np.inf
    logarithm = large + small if known else log(abs(x))
    small = small - (logarithm - large) if known else real(0.0)
    a, b = leading(y), leading(logarithm)
    product = y * logarithm
    missing = (a * b - product) + a * (logarithm - b) + (y - a) * logarithm + y * small
    value = exp(product)
    value += value * missing if abs(missing) < ONE and value < np.inf else real(0.0)
    value = ONE if abs(x) == ONE else value
    return signed_power(value, y, x)


def signed_power(value: Any, y: Any, x: Any) -> Any:
    """x**y of |x|**y: its sign is that of x where y is odd, and there is none where x is negative
    and y is no whole number."""
    half = HALF * y
    odd = np.floor(half) != half and np.floor(y) == y
    value = -value if odd and np.copysign(ONE, x) < 0.0 else value
    value = value if x >= 0.0 or np.floor(y) == y or x == -np.inf else real(np.nan)
    return ONE if y == 0.0 or x == 1.0 else value


def raised(logs: Any, y: Any, x: Any) -> Any:
    """x**y by log|x|."""
    return signed_power(exp(y * logs), y, x)


def logarithm(logs: Any, x: Any) -> Any:
    """log(x) by log|x|."""
    return real(np.nan) if x < 0.0 else logs


def weighed_logarithm(logs: Any, x: Any, weight: Any) -> Any:
    """log(guarded(x, weight, 1)) by log|x|."""
    ordinary = weight != 0.0 or (x > real(1e-6) and x < real(1e6))
    return logarithm(logs, x) if ordinary else real(0.0)


def sine(x: Any, more: Any) -> Any:
    """sin(x + more pi / 2) of an angle that is not too large, `more` a whole number: that of its
    distance r from the nearest k pi / 2, or the cosine of r, by Taylor's series."""
    shifted = x * QUARTERS + SHIFT
    k = shifted - SHIFT
    r = (((x - k * FIRST) - k * SECOND) - k * THIRD) - k * FOURTH
    square = r * r
    a, b = polynomial(OF_SIN, square), polynomial(OF_COS, square)
    turns = whole(k) + more
    value = ONE + square * b if turns & 1 else r + r * square * a
    return -value if turns & 2 else value


def sines(angles: Any, out: Any, more: Any) -> None:
    """out = sin(angles + more pi / 2), more 0 or 1; large angles are left to the library, in a loop
    of their own, as it takes one number after another."""
    large = False
    for k in range(angles.size):
        large |= not abs(angles[k]) < TURNED
        out[k] = sine(angles[k], whole(more))
    for k in range(angles.size if large else 0):
        if not abs(angles[k]) < TURNED:
            out[k] = np.cos(angles[k]) if more else np.sin(angles[k])


def each_sin(angles: Any, out: Any) -> None:
    """out = sin(angles)."""
    sines(angles, out, 0)


def each_cos(angles: Any, out: Any) -> None:
    """out = cos(angles)."""
    sines(angles, out, 1)


def sinh(x: Any) -> Any:
    """sinh(x) = (e + e / (e + 1)) / 2 of the size of x, e = exp(x) - 1; exp(x) / 2 of a large x."""
    z = abs(x)
    e, half = expm1(min(z, LARGE)), exp(HALF * z)
    value = HALF * (e + e / (e + ONE)) if z < LARGE else HALF * half * half
    value = value if x >= 0.0 else -value
    return value if x == x else x


def cosh(x: Any) -> Any:
    """cosh(x) = (e + 1 / e) / 2 of the size of x, e = exp(x); exp(x) / 2 of a large x."""
    z = abs(x)
    e, half = exp(min(z, LARGE)), exp(HALF * z)
    value = HALF * (e + ONE / e) if z < LARGE else HALF * half * half
    return value if x == x else x


def arctan(x: Any) -> Any:
    """arctan(x) = pi / 4 + arctan((x - 1) / (x + 1)) from tan(pi / 8) on, pi / 2 - arctan(1 / x)
    from its reciprocal on; the rest is twice that of z / (1 + sqrt(1 + z**2)), by its series."""
    z = abs(x)
    far, near = z * EIGHTH > ONE, z < EIGHTH
    above = -ONE if far else (z if near else z - ONE)
    below = z if far else (ONE if near else z + ONE)
    known = HALF_PI if far else (real(0.0) if near else HALF * HALF_PI)
    z = above / below
    z = z / (ONE + np.sqrt(ONE + z * z))
    square = z * z
    value = known + TWO * (z + z * square * polynomial(OF_ARCTAN, square))
    value = value if x >= 0.0 else -value
    return value if x == x else x


def arcsin(x: Any) -> Any:
    """The angle whose tangent is x / sqrt(1 - x**2)."""
    return arctan(x / np.sqrt((ONE - x) * (ONE + x)))


def arccos(x: Any) -> Any:
    """Twice the angle whose tangent is sqrt((1 - x) / (1 + x))."""
    return TWO * arctan(np.sqrt((ONE - x) / (ONE + x)))


def arcsinh(x: Any) -> Any:
    """log(x + sqrt(1 + x**2)) of the size of x; log(2 x) of a large x."""
    z = abs(x)
    near = min(z, FAR)
    square = near * near
    value = log1p(near + square / (ONE + np.sqrt(ONE + square)))
    value = value if z < FAR else log(z) + LOG2
    value = value if x >= 0.0 else -value
    return value if x == x else x


def arctanh(x: Any) -> Any:
    """log((1 + x) / (1 - x)) / 2 of the size of x."""
    z = abs(x)
    value = HALF * log1p(TWO * z / (ONE - z))
    value = value if x >= 0.0 else -value
    return value if x == x else x


def erf(x: Any) -> Any:
    """erf(x) = z p(z^2) / q(z^2), z being x between -5.92 and 5.92; 1 or -1 beyond."""
    z = min(max(x, -END), END)
    square = z * z
    above, below = polynomial(ABOVE, square), polynomial(BELOW, square)
    value = min(max(z * above / below, -ONE), ONE)
    value = value if abs(x) < END else (ONE if x > 0.0 else -ONE)
    return value if x == x else x


LONG = {  # of many operations: LLVM inlines them if it is told to; else no loop is on vectors
    f.__name__
    for f in (exp, expm1, log, log1p, tanh, power, raised, sine, sinh, cosh)
    + (arctan, arcsin, arccos, arcsinh, arctanh, erf)
}
