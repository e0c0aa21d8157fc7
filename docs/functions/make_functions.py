"""Writes docs/functions.md and its pictures: python docs/functions/make_functions.py.

Needs the extra `plot`. A solid line is the function, a dashed one its derivative: they are read in
grey. Where a function has a kink or a jump a dot tells the value that is used there.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import symgrad as sg
from symgrad.catalog_entries import Entry, entry_of, is_elementwise
from symgrad.language.expressions import OPERATIONS, Operation

STYLE = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 9,
    "lines.linewidth": 1.4,
    "legend.frameon": False,
    "path.simplify_threshold": 0.3,
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "symgrad",  # the same names of parts in every run
}
SIZE = (3.2, 2.3)  # inches
REACH = 4.0  # of x, and of what is shown of f and f'
GIVEN = {"huber": ", 1"}  # further arguments
EPS = 1e-7
HEAD = """# Functions of one variable

What `symgrad catalog` lists of functions of each entry and of losses, with its picture: f is the
solid line, f' the dashed one. Where f has a kink or a jump, dots are the values that are used
there. `symgrad catalog` has all the others, too.

| f and f' | drawn |
| --- | --- |
"""


def functions() -> Iterator[tuple[Operation, Entry]]:
    """Those of one number, with their formulas."""
    for operation in OPERATIONS.values():
        alone = operation.arity == (1, 1) or operation.name in GIVEN
        if operation.called and alone and operation.category in ("function", "loss"):
            entry = entry_of(operation) if is_elementwise(operation) else None
            if entry is not None:
                yield operation, entry


def page() -> str:
    """All of them in a table."""
    return HEAD + "".join(_row(operation.name, entry) for operation, entry in functions())


def _row(name: str, entry: Entry) -> str:
    formula = f" = `{entry.formula}`" if entry.formula else ""
    _, derivative = entry.derivatives[0]
    picture = f"![{name} and its derivative](functions/{name}.svg)"
    return f"| `{entry.written}`{formula}<br>derivative `{derivative}` | {picture} |\n"


def values(name: str, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """f and f' at numbers; NaN where f is not finite."""
    call = f"{name}(x{GIVEN.get(name, '')})"
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        f = np.ravel(sg.evaluate(f"x: Vector(n)\nf = {call}", {"x": x}))
        slope = sg.derive(f"x: Vector(n)\nloss = sum({call})", ["x"]).lambdify()(x=x)[1]["x"]
    outside = ~np.isfinite(f)
    return np.where(outside, np.nan, f), np.where(outside | ~np.isfinite(slope), np.nan, slope)


def breaks(name: str) -> np.ndarray:
    """Where f or f' jumps, of the halves of whole numbers."""
    at = np.arange(-REACH, REACH + 0.5, 0.5)
    (f0, s0), (f1, s1) = values(name, at - EPS), values(name, at + EPS)
    return at[(np.abs(f1 - f0) > 1e-3) | (np.abs(s1 - s0) > 1e-3)]


def draw(name: str) -> Figure:
    """The picture of a function."""
    kinks = breaks(name)
    sides = np.sort(np.concatenate([np.linspace(-REACH, REACH, 201), kinks - EPS, kinks + EPS]))
    sides = sides[~np.isin(sides, kinks)]
    x = np.sort(np.concatenate([sides, kinks]))
    f, slope = values(name, x)
    figure = Figure(figsize=SIZE, layout="constrained")
    ax = figure.subplots()
    called = f"{name}(x{GIVEN.get(name, '')})"
    lines = ((f, "-", "black", called), (slope, "--", "0.4", "derivative"))
    for y, dash, color, label in lines:
        shown = np.where(np.isin(x, kinks) | (np.abs(y) > 2 * REACH), np.nan, y)
        ax.plot(x, shown, dash, color=color, label=label)
    for at in kinks:
        k = int(np.searchsorted(x, at))
        for y, _, color, _ in lines:
            if abs(y[k - 1] - y[k + 1]) > 1e-3:
                ends = [y[k - 1], y[k + 1]]
                ax.plot([at, at], ends, "o", color=color, markerfacecolor="white", markersize=4)
            ax.plot([at], [y[k]], "o", color=color, markersize=4)
    finish(ax, f, slope)
    return figure


def finish(ax: Axes, *shown: np.ndarray) -> None:
    """The axes through 0, the part that is shown, the legend above."""
    y = np.concatenate(shown)
    y = y[np.abs(y) <= REACH]
    ax.axhline(0, color="0.8", linewidth=0.8, zorder=0)
    ax.axvline(0, color="0.8", linewidth=0.8, zorder=0)
    ax.set(xlim=(-REACH, REACH), ylim=(min(y) - 0.3, max(y) + 0.3), xlabel="x")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0, handlelength=1.6)


def main(folder: Path) -> None:
    """Write the page and its pictures."""
    folder.with_suffix(".md").write_text(page(), encoding="utf-8")
    with mpl.rc_context(STYLE):
        for operation, _ in functions():
            path = folder / f"{operation.name}.svg"
            draw(operation.name).savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main(Path(__file__).parent)
