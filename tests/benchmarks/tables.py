"""Tables as Markdown, so that what is printed can stand in a page."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib import metadata
from importlib.util import find_spec

PACKAGES = ("symgrad", "numpy", "sympy", "numba", "jax", "torch", "scikit-learn")


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """The rows under their head, columns aligned; numbers to two places."""
    cells = [list(head), *([written(cell) for cell in row] for row in rows)]
    widths = [max(len(row[k]) for row in cells) for k in range(len(head))]
    lines = [
        "| " + " | ".join(_padded(cell, widths[k], k) for k, cell in enumerate(row)) + " |"
        for row in cells
    ]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([lines[0], "| " + " | ".join(rule) + " |", *lines[1:]])


def _padded(cell: str, width: int, column: int) -> str:
    return cell.rjust(width) if column else cell.ljust(width)


def written(cell: object) -> str:
    """A number with two decimals, or none where it is large; nothing for None."""
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:.0f}" if abs(cell) >= 1000 else f"{cell:.2f}"
    return str(cell)


def versions() -> str:
    """What the numbers were measured with."""
    found = [f"Python {platform.python_version()}"]
    for name in PACKAGES:
        if find_spec(name.replace("scikit-learn", "sklearn")) is not None:
            found.append(f"{name} {metadata.version(name)}")
    if kernels := os.environ.get("OPENBLAS_CORETYPE"):  # slower than what NumPy chooses, often
        found.append(f"OPENBLAS_CORETYPE={kernels}")
    return ", ".join(found)
