"""A curve in text, for terminals, logs and files that have no pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from symgrad.training.hyperparameters import checked_count

MARKS = "*o+x#@%&"
SPREAD = 100  # a loss that falls by more is drawn by its logarithm
NARROWEST = 24  # signs


def is_wide(values: Sequence[float]) -> bool:
    """Whether values, all above 0, spread so far that only their logarithms are told apart."""
    finite = [value for value in values if math.isfinite(value)]
    return bool(finite) and min(finite) > 0 and max(finite) > SPREAD * min(finite)


def text_curve(
    series: Mapping[str, Sequence[float]],
    *,
    width: int = 72,
    height: int = 10,
    across: str,
    up: str,
) -> str:
    """Each of the series in a mark of its own, the first one on top, over its numbers from 1 on.

    Units: width and height of the panel in signs, its width with the axis. What is not finite is
    left out.

    >>> print(text_curve({"": [4, 2, 1, 1]}, width=24, height=4, across="epoch", up="loss"))
    loss
    4 |**
      |  ***
      |     *****
    1 |          **********
      +--------------------
       1      epoch       4
    """
    checked_count("height", height)
    width = max(checked_count("width", width), NARROWEST)
    values = [v for each in series.values() for v in each if math.isfinite(v)]
    if not values:
        return "no finite number to draw"
    wide = is_wide(values)
    low, high = min(values), max(values)
    left = max(len(f"{high:.4g}"), len(f"{low:.4g}"))
    columns, count = width - left - 3, max(map(len, series.values()))
    grid = np.full((height, columns), " ")
    for (_, each), mark in reversed(list(zip(series.items(), _marks(series), strict=True))):
        for column, row in _places(each, low, high, wide, columns, height, count):
            grid[row, column] = mark
    names = [f"{high:.4g}" if high > low else "", *[""] * (height - 2), f"{low:.4g}"][-height:]
    lines = [f"{n:>{left}} |{''.join(row).rstrip()}" for n, row in zip(names, grid, strict=True)]
    lines.append(f"{'':{left}} +{'-' * columns}")
    ends = f"1{across:^{columns - 1 - len(str(count))}}{count}"
    lines.append(f"{'':{left}}  {ends}")
    said = f"{up} (logarithmic axis)" if wide else up
    return "\n".join([said, *lines, *_legend(series, width, left)])


def _marks(series: Mapping[str, Sequence[float]]) -> list[str]:
    return [MARKS[k % len(MARKS)] for k in range(len(series))]


def _places(
    values: Sequence[float],
    low: float,
    high: float,
    wide: bool,
    columns: int,
    height: int,
    count: int,
) -> list[tuple[int, int]]:
    """Where the values are in the grid, those between two of them on the line that joins them."""
    scaled = [math.log(v) if wide and v > 0 else v for v in values]
    bottom, top = (math.log(low), math.log(high)) if wide else (low, high)
    at = np.linspace(0, count - 1, columns)
    numbers = np.arange(len(values), dtype=float)
    heights = np.interp(at, numbers, scaled, right=np.nan)
    found = []
    for column, number in enumerate(heights):
        if math.isfinite(number):
            share = (number - bottom) / (top - bottom) if top > bottom else 0.0
            found.append((column, round((1 - share) * (height - 1))))
    return found


def _legend(series: Mapping[str, Sequence[float]], width: int, left: int) -> list[str]:
    """Which mark is whose, where there are several: in a line, or one below the other."""
    if len(series) < 2:
        return []
    each = [f"{mark} {name}" for name, mark in zip(series, _marks(series), strict=True)]
    line = "  ".join(each)
    return [f"{'':{left}}  {text}" for text in ([line] if len(line) + left < width else each)]
