"""Whether two gradients are the same, before they are timed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.benchmarks.models import Arrays

TOLERANCE = {"float64": 1e-10, "float32": 2e-4}


def copied(value: Any, gradients: Mapping[str, Any]) -> tuple[float, Arrays]:
    """The loss and gradients as NumPy arrays that no later call overwrites."""
    return float(value), {name: np.array(array) for name, array in gradients.items()}


def difference(found: tuple[float, Arrays], wanted: tuple[float, Arrays]) -> float:
    """The largest difference, relative to the largest entry of its array; inf for other shapes."""
    worst = abs(found[0] - wanted[0]) / (1 + abs(wanted[0]))
    for name, expected in wanted[1].items():
        own = found[1][name]
        if own.shape != expected.shape or not np.isfinite(own).all():
            return float("inf")
        worst = max(worst, float(np.abs(own - expected).max() / (1 + np.abs(expected).max())))
    return worst
