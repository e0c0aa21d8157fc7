"""Random numbers for the variables of a program."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

import symgrad as sg

NONE: Mapping[str, int] = MappingProxyType({})


def random_inputs(
    problem: sg.Problem,
    sizes: Mapping[str, int] = NONE,
    *,
    seed: int = 0,
    count: int = 6,
    between: tuple[float, float] | None = None,
) -> dict[str, Any]:
    """An array for each variable: labels that are in range, numbers around 0 or `between` two.
    `sizes` are those of dimensions by their names, a batch has `count` examples."""
    rng = np.random.default_rng(seed)
    inputs: dict[str, Any] = {}
    for name, v in problem.variables.items():
        lead = [] if v.batch is None else [count]
        dims = [int(d.subs({s: sizes[str(s)] for s in d.free_symbols})) for d in v.dims]
        if v.kind == "Index":
            inputs[name] = rng.integers(0, dims[0], lead)
        elif between is None:
            inputs[name] = np.asarray(rng.normal(size=[*lead, *dims]))
        else:
            inputs[name] = np.asarray(rng.uniform(*between, [*lead, *dims]))
    return inputs
