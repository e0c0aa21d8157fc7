"""The same gradients by other means. A module offers `gradient(model, inputs)`, a call without
arguments that returns the loss and its gradients, and for perceptrons `training(...)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any, TypeAlias

Gradient: TypeAlias = Callable[[], tuple[Any, Mapping[str, Any]]]

YARDSTICK = "by hand"
# name -> (module here, what it needs)
PEERS = {
    YARDSTICK: ("by_hand", "numpy"),
    "symgrad": ("with_symgrad", "symgrad"),
    "symgrad, numba": ("with_numba", "numba"),
    "JAX": ("with_jax", "jax"),
    "PyTorch": ("with_torch", "torch"),
}


def load(chosen: list[str] | None = None) -> dict[str, ModuleType]:
    """The peers whose libraries are installed, the yardstick first."""
    return {
        name: import_module(f"tests.benchmarks.peers.{module}")
        for name, (module, needs) in PEERS.items()
        if (not chosen or name in (YARDSTICK, *chosen)) and find_spec(needs) is not None
    }
