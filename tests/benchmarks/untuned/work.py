"""What a piece of work is: numbers, and ways to compute the same from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeAlias

import numpy as np

import symgrad as sg
from tests.benchmarks.models import Arrays, Draw
from tests.benchmarks.peers import PEERS, YARDSTICK, Gradient

Way: TypeAlias = Callable[[Arrays], Gradient]


@dataclass(frozen=True)
class Work:
    """Numbers for all of its variables; its ways by the names of peers, by hand the first.

    A way takes the numbers and returns a call without arguments, which returns a value and a
    mapping of arrays. What a way does before it returns that call is not timed. Every array of
    numbers is floating point of `dtype`, but for integers and sparse matrices, which stay as they
    are drawn. Ways that agree to rounding only after cancellation say their own tolerance.
    """

    name: str
    draw: Callable[[Draw], Mapping[str, Any]]
    ways: Mapping[str, Way]
    dtype: str = "float64"
    tolerance: float | None = None

    def __post_init__(self) -> None:
        assert next(iter(self.ways)) == YARDSTICK and set(self.ways) <= set(PEERS), self.name

    def inputs(self, seed: int = 0) -> dict[str, Any]:
        """Every variable of the program by its name."""
        return {name: self._typed(array) for name, array in self.draw(Draw(seed)).items()}

    def _typed(self, array: Any) -> Any:
        floating = isinstance(array, np.ndarray | float) and np.asarray(array).dtype.kind == "f"
        return np.array(array, self.dtype, order="C") if floating else array


def gradient(program: str, wrt: tuple[str, ...], by_hand: Way, loss: Any = None) -> dict[str, Way]:
    """The ways to the loss and its gradients: `loss(jnp, inputs)` is the loss in JAX."""
    ways = {
        YARDSTICK: by_hand,
        "symgrad": derived(program, wrt),
        "symgrad, numba": derived(program, wrt, modules="numba"),
    }
    return ways if loss is None else ways | {"JAX": compiled(loss, wrt)}


def derived(program: str, wrt: tuple[str, ...], **options: Any) -> Way:
    """symgrad's function with buffers of its own; options are those of `lambdify`."""

    def way(inputs: Arrays) -> Gradient:
        dtype = _dtype(inputs)
        function = sg.derive(program, wrt).lambdify(dtype=dtype, reuse_buffers=True, **options)
        return lambda: function(inputs)

    return way


def compiled(loss: Callable[[Any, Mapping[str, Any]], Any], wrt: tuple[str, ...]) -> Way:
    """JAX's value_and_grad under jit; the data are arguments, not constants."""

    def way(inputs: Arrays) -> Gradient:
        jax, jnp = import_module("jax"), import_module("jax.numpy")
        jax.config.update("jax_enable_x64", True)
        weights = {name: jnp.asarray(inputs[name]) for name in wrt}
        data = {name: jnp.asarray(array) for name, array in inputs.items() if name not in weights}
        function = jax.jit(jax.value_and_grad(lambda w, d: loss(jnp, {**d, **w})))

        def call() -> tuple[Any, Mapping[str, Any]]:
            value, slopes = jax.block_until_ready(function(weights, data))
            return value, slopes

        return call

    return way


def _dtype(inputs: Mapping[str, Any]) -> str:
    kinds = (np.asarray(array).dtype for array in inputs.values() if hasattr(array, "dtype"))
    return next((str(dtype) for dtype in kinds if dtype.kind == "f"), "float64")
