"""Functions of Python's `math` with a text of their own, for whole arrays: NumPy has none of them,
and a call for each entry takes ten times as long."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from textwrap import fill

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


def _listed(numbers: Sequence[float]) -> str:
    return fill(
        f"{', '.join(map(repr, numbers))},", 96, initial_indent=" " * 8, subsequent_indent=" " * 8
    )


ERF = f"""
def erf(x):  # x p(x^2) / q(x^2) within 5 roundings; 1 beyond 5.92
    if np.size(x) < 200:
        return np.vectorize(math.erf, otypes=[np.asarray(x).dtype])(x)
    p = (
{_listed(ABOVE)}
    )
    q = (
{_listed(BELOW)}
    )
    result = np.clip(x, -5.92, 5.92)
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
    return np.clip(result, -1.0, 1.0)"""

OF_ARRAYS = {f"math.{function.__name__}": text for function, text in ((math.erf, ERF),)}


def of_array(name: str) -> str:
    """What computes a function of an array."""
    return (
        name.removeprefix("math.") if name in OF_ARRAYS else f"np.vectorize({name}, otypes=[dtype])"
    )


def texts(names: Iterable[str]) -> list[str]:
    """The texts of those of these functions that have one."""
    return [OF_ARRAYS[name] for name in dict.fromkeys(names) if name in OF_ARRAYS]
