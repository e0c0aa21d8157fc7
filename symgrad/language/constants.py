"""Numbers made of pi and roots, and the names that the language has for numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

CONSTANTS: Mapping[str, float] = {"pi": math.pi, "e": math.e}
UNITS: Mapping[str, float] = {
    "pi": math.pi,
    "1 / pi": 1 / math.pi,
    "pi**2": math.pi**2,
    "sqrt(pi)": math.sqrt(math.pi),
    "1 / sqrt(pi)": 1 / math.sqrt(math.pi),
    "sqrt(2 * pi)": math.sqrt(2 * math.pi),
    "1 / sqrt(2 * pi)": 1 / math.sqrt(2 * math.pi),
    "sqrt(2)": math.sqrt(2),
    "1 / sqrt(2)": 1 / math.sqrt(2),
}
LARGEST = 1000  # of the whole numbers in a multiple


class Multiple(NamedTuple):
    """top * unit / bottom, or where the unit is `below` top / (bottom * unit)."""

    top: int
    bottom: int
    unit: str
    below: bool


def multiple(value: float) -> Multiple | None:
    """The number as a multiple of pi, of its root, or of the root of 2, where it is one.

    >>> multiple(2 / math.sqrt(math.pi))
    Multiple(top=2, bottom=1, unit='sqrt(pi)', below=True)
    """
    if not 1e-3 < abs(value) < 1e4:
        return None
    found = []
    for unit, size in UNITS.items():
        ratio = Fraction(value / size).limit_denominator(LARGEST)
        if ratio and abs(float(ratio) * size / value - 1) < 1e-15 and abs(ratio) < LARGEST:
            front, _, below = unit.partition("1 / ")
            found.append(Multiple(ratio.numerator, ratio.denominator, below or front, bool(below)))
    return min(found, key=lambda m: abs(m.top) + m.bottom, default=None)


def in_constants(value: Fraction | float) -> str:
    """A float as text of the language with pi, e and roots; nothing where it is none of them.

    >>> in_constants(0.5641895835477563), in_constants(2 * math.pi), in_constants(0.1)
    ('1 / sqrt(pi)', '2 * pi', '')
    """
    if isinstance(value, Fraction):
        return ""
    if value == math.e:
        return "e"
    found = multiple(value)
    if found is None:
        return ""
    top, bottom, unit, below = found
    if below:
        under = unit if bottom == 1 else f"({bottom} * {unit})"
        return f"{top} / {under}"
    over = {1: unit, -1: f"-{unit}"}.get(top, f"{top} * {unit}")
    return over if bottom == 1 else f"{over} / {bottom}"
