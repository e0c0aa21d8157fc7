"""Functions of each entry that NumPy has not: the error function, log |Gamma(x)|, digamma.

SciPy's are called where there is an array to write into. The texts here are for all others, and
where SciPy is not installed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from textwrap import fill

from symgrad.language.operations.namespace import Routine

# erf(x) is x p(x^2) / q(x^2) within 5 roundings, 1 beyond 5.92: the coefficients of p and q
ABOVE = (
    5.5277431975791274e-17,
    3.685468800653319e-14,
    4.390764554074312e-12,
    2.0726864189810748e-10,
    7.710116499683582e-09,
    1.8762579107934022e-07,
    4.181509108991335e-06,
    6.03293993207329e-05,
    0.0008851486173734064,
    0.0071093245454465345,
    0.06692157622324622,
    0.22336038171978553,
    1.1283791670955126,
)
BELOW = (
    7.133940433766274e-19,
    1.870308972693045e-15,
    4.766359769294219e-13,
    3.1812465897010223e-11,
    1.3155486689693701e-09,
    3.942758279805872e-08,
    9.089943580287889e-07,
    1.649902192022614e-05,
    0.0002365668743131916,
    0.002647228997198732,
    0.022449025309883054,
    0.136401475307051,
    0.5312813176928133,
    1.0,
)
# log(x) - 1 / (2 x) - digamma(x) is w p(w) for w = 1 / x^2, from x = 10 on: B_2j / (2 j)
ASYMPTOTIC = (
    -3617 / 8160,
    1 / 12,
    -691 / 32760,
    1 / 132,
    -1 / 240,
    1 / 252,
    -1 / 120,
    1 / 12,
)
OF_NUMBERS = """
import math


def {name}(xp, x):  # by the library's own, where it has one
    if hasattr(xp, "{function}"):
        return xp.{function}(x)
    flat = xp.reshape(x, (-1,))
    values = [math.{function}(float(flat[k])) for k in range(flat.shape[0])]
    return xp.reshape(xp.asarray(values, dtype=x.dtype, device=device_of(x)), x.shape)"""


def _listed(numbers: Sequence[float]) -> str:
    return fill(
        f"{', '.join(map(repr, numbers))},", 96, initial_indent=" " * 8, subsequent_indent=" " * 8
    )


ERF = Routine(
    name="erf",
    indices="->",
    scipy="erf",
    source=f"""
import math


def erf(xp, x):  # x p(x^2) / q(x^2) within 5 roundings; 1 beyond 5.92
    if xp.size(x) < 200:
        return xp.vectorize(math.erf, otypes=[xp.asarray(x).dtype])(x)
    p = (
{_listed(ABOVE)}
    )
    q = (
{_listed(BELOW)}
    )
    result = xp.clip(x, -5.92, 5.92)
    entries = result.ravel("K")
    for k in range(0, entries.size, 8192):
        part = entries[k : k + 8192]
        square = part * part
        above, below = p[0] * square + p[1], q[0] * square + q[1]
        for total, coefficients in ((above, p[2:]), (below, q[2:])):
            for c in coefficients:
                total *= square
                total += c
        part *= above
        part /= below
    return xp.clip(result, -1.0, 1.0)""",
    standard=OF_NUMBERS.format(name="erf", function="erf"),
)
LOG_GAMMA = Routine(
    name="log_gamma",
    indices="->",
    scipy="gammaln",
    source="""
import math


def log_gamma(xp, x):  # log |Gamma(x)|, infinite at 0, -1, -2, ...
    x = xp.asarray(x)
    pole = (x <= 0) & (x == xp.floor(x))
    value = xp.vectorize(math.lgamma, otypes=[x.dtype])(xp.where(pole, 1, x))
    return xp.where(pole, xp.asarray(xp.inf, x.dtype), value)""",
    standard=OF_NUMBERS.format(name="off_poles", function="lgamma")
    + """


def log_gamma(xp, x):  # log |Gamma(x)|, infinite at 0, -1, -2, ...
    pole = (x <= 0) & (x == xp.floor(x))
    value = off_poles(xp, xp.where(pole, xp.ones_like(x), x))
    return xp.where(pole, xp.full_like(x, math.inf), value)""",
    loops="""
def log_gamma(x):
    return math.lgamma(x)""",
)
DIGAMMA = Routine(
    name="digamma",
    indices="->",
    scipy="psi",
    source=f"""
def digamma(xp, x):  # the series from 10 on; below that as of x + 10, below 0 by reflection
    above = x > 0
    z = xp.where(above, x, 1 - x)
    near = z < 10
    low = xp.where(near, z, xp.ones_like(z))
    rising, slope = low, xp.ones_like(low)  # z (z + 1) ... (z + 9) and its derivative
    for k in range(1, 10):
        rising, slope = rising * (low + k), slope * (low + k) + rising
    z = xp.where(near, z + 10, z)
    w, series = 1 / z, 0.0
    square = w * w
    for c in (
{_listed(ASYMPTOTIC)}
    ):
        series = (series + c) * square
    value = xp.log(z) - w / 2 - series - xp.where(near, slope / rising, xp.zeros_like(z))
    turn = xp.where(above, xp.ones_like(z) / 2, x - xp.floor(x + 0.5)) * {math.pi}
    cotangent = xp.where(above, xp.zeros_like(z), xp.cos(turn) / xp.sin(turn))
    return value - {math.pi} * cotangent""",
    loops=f"""
def digamma(x):
    z = np.float64(x if x > 0 else 1 - x)
    rising, slope = z, 1.0
    if z < 10.0:
        for k in range(1, 10):
            slope = slope * (z + k) + rising
            rising = rising * (z + k)
        slope /= rising
        z += 10.0
    else:
        slope = 0.0
    w, series = 1.0 / z, 0.0
    for c in (
{_listed(ASYMPTOTIC)}
    ):
        series = (series + c) * w * w
    value = math.log(z) - 0.5 * w - series - slope
    if not x > 0:
        turn = math.pi * (x - np.floor(x + 0.5))
        value -= math.pi * math.cos(turn) / math.sin(turn)
    return value""",
)
