"""Panels of the parameters themselves: a table of vectors, and a path of two numbers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from symgrad.numerics.gradients import value_function
from symgrad.numerics.layers import flattened, views
from symgrad.training.data.arrays import Array
from symgrad.training.plots.shown import Shown
from symgrad.training.plots.style import COLOURS, GREY, PALE, SIGN, finish, label, points, size_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from symgrad.training.plots.style import Panel

NAMED = 60  # vectors that have room for their names
SIDE = 41  # points along each side of a contour's plane
LEVELS = 12
NAMED_LEVELS = [-1, -3, -6]  # those that are far enough from each other
LINE = 0.17  # inches of a line of small text
AROUND = [(1, 1), (-1, 1), (1, -1), (-1, -1)]  # where a name may stand beside its point


def embedding(shown: Shown) -> list[Panel]:
    """The vectors of each table, one for each number of an Index, by two principal components."""
    variables = shown.problem.variables
    counted = {str(v.dims[0]): v.name for v in variables.values() if v.kind == "Index"}
    found: list[Panel] = []
    for name, value in shown.parameters.items():
        dims = [str(d) for d in variables[name].dims]
        axes = [k for k, dim in enumerate(dims) if dim in counted]
        if len(dims) == 2 and axes and np.ndim(value) == 2 and min(np.shape(value)) > 1:
            vectors = np.moveaxis(np.asarray(value), axes[0], 0)
            names = shown.classes.get(counted[dims[axes[0]]], {})
            said = [label(names.get(float(k), str(k))) for k in range(len(vectors))]
            found.append(partial(_embedded, vectors=vectors, names=said, table=name))
    return found


def _embedded(ax: Axes, vectors: Array, names: list[str], table: str) -> None:
    at, shares = principal_components(vectors)
    ax.plot(at[:, 0], at[:, 1], **points(0))
    ax.margins(0.1)
    if len(at) <= NAMED:
        _name(ax, at, names)
    ax.set_title(f"{len(at)} vectors of {label(table)}")
    finish(ax, *(f"component {k} ({share:.0%} of variance)" for k, share in enumerate(shares, 1)))


def _name(ax: Axes, at: Array, names: list[str]) -> None:
    """The name of each point beside it, where no other point or name is; else none."""
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    inches = (at - [left, low]) / [right - left, high - low] * size_of(ax)
    taken = [(x - 0.04, y - 0.04, x + 0.04, y + 0.04) for x, y in inches]
    for (x, y), point, name in zip(inches, at, names, strict=True):
        wide = SIGN * len(name)
        for side, up in AROUND:
            corner = (
                x + 0.05 if side > 0 else x - 0.05 - wide,
                y + 0.03 if up > 0 else y - 0.03 - LINE,
            )
            box = (*corner, corner[0] + wide, corner[1] + LINE)
            if not any(_overlap(box, other) for other in taken):
                taken.append(box)
                how: Any = {
                    "ha": "left" if side > 0 else "right",
                    "va": "bottom" if up > 0 else "top",
                }
                offset = (4 * side, 2 * up)
                ax.annotate(
                    name, tuple(point), offset, textcoords="offset points", fontsize="small", **how
                )
                break


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether two boxes (left, low, right, high) share a point."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def principal_components(vectors: Array) -> tuple[Array, Array]:
    """The rows along their two directions of largest variance, and the share of it in each.

    Source: Pearson, On lines and planes of closest fit, 1901.

    >>> at, shares = principal_components(np.array([[0.0, 0.0], [2.0, 0.0], [4.0, 0.0]]))
    >>> np.abs(at).round(3).tolist(), shares.tolist()
    ([[2.0, 0.0], [0.0, 0.0], [2.0, 0.0]], [1.0, 0.0])
    """
    centred = vectors - vectors.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    total = float(np.sum(sizes**2)) or 1.0
    return (left * sizes)[:, :2], (sizes**2 / total)[:2]


def path(shown: Shown) -> list[Panel]:
    """The path of two parameters over the contours of the loss."""
    if len(shown.path) < 2:
        return []
    names = [
        name if np.size(value) == 1 else f"{name}[{k}]"
        for name, value in shown.parameters.items()
        for k in range(1, np.size(value) + 1)
    ]
    end = np.concatenate(flattened(list(shown.parameters.values())))

    def panel(ax: Axes) -> None:
        at = np.array(shown.path)
        u, v = (_around(column) for column in at.T)
        heights = _heights(shown, u, v)
        levels = _levels(heights)
        if len(levels) > 1:
            drawn = ax.contour(u, v, heights, levels=levels, colors=PALE, linewidths=0.8)
            ax.clabel(drawn, levels[NAMED_LEVELS], fmt="%.2g", fontsize="x-small", colors=GREY)
        few = max(1, len(at) // 40)
        ax.plot(*at.T, "-", color=COLOURS[2], linewidth=1, marker=".", markevery=few, label="path")
        ax.plot(*at[0], label="start", **points(0))
        ax.plot(*end, "*", color="black", markersize=10, label="result")
        ax.plot([], [], color=PALE, linewidth=0.8, label="loss")
        finish(ax, *map(label, names), above=True)

    return [panel]


def _around(values: Array) -> Array:
    """A range with all of the path, so far that where it ends is seen from all sides."""
    low, high = values.min(), values.max()
    reach = max(high - low, 1e-3 * max(abs(low), abs(high)), 1e-9)
    return np.linspace(low - 0.4 * reach, high + 0.4 * reach, SIDE)


def _heights(shown: Shown, u: Array, v: Array) -> Array:
    """The loss at each point of the plane, NaN where it is not finite."""
    loss = value_function(shown.problem)
    heights = np.full((len(v), len(u)), np.nan)
    numbers = np.empty(2)
    given = views(numbers, {name: np.shape(value) for name, value in shown.parameters.items()})
    for row, column in np.ndindex(heights.shape):
        numbers[:] = u[column], v[row]
        with np.errstate(all="ignore"):
            value = float(loss({**shown.arrays, **given})[0])
        heights[row, column] = value if np.isfinite(value) else np.nan
    return heights


def _levels(heights: Array) -> Array:
    """Heights in geometric steps above the lowest, so that a valley's floor is seen too."""
    finite = heights[np.isfinite(heights)]
    if not finite.size or finite.max() <= finite.min():
        return np.empty(0)
    low, reach = float(finite.min()), float(finite.max() - finite.min())
    return np.asarray(low + reach * np.geomspace(1e-3, 0.9, LEVELS))
