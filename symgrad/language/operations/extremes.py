"""The largest and the smallest entry of a vector, of a matrix, or along an axis.

Convention at a tie: the entries that are largest share the gradient equally. So the gradient of
max(x) is hardmax(x), with 1/k in the k largest entries.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from symgrad.language.dimensions import Shape
from symgrad.language.expressions import (
    Expression,
    Operation,
    Options,
    expression,
    is_scalar,
    register,
)
from symgrad.language.operations.meanings import Function
from symgrad.language.shapes import axis_of, of_several, reduced


def _shape(name: str) -> Callable[[tuple[Expression, ...], Options], Shape]:
    return lambda arguments, options: reduced(
        arguments[0].shape, axis_of(name, arguments[0], options)
    )


def _kept(arguments: tuple[Expression, ...], options: Options) -> Shape:
    of_several("hardmax", arguments[0], axis_of("hardmax", arguments[0], options))
    return arguments[0].shape


def _max(x, axis):  # type: ignore[no-untyped-def]
    return x.max(axis)


def _min(x, axis):  # type: ignore[no-untyped-def]
    return x.min(axis)


def _hardmax(x: Any, axis: Any) -> Any:
    chosen = np.asarray(x == x.max(axis, keepdims=True), x.dtype)
    return chosen / chosen.sum(axis, keepdims=True)


def _complex_extreme(extreme: Callable[..., Any]) -> Callable[..., Any]:
    def twin(x: Any, axis: Any) -> Any:
        chosen = x.real == extreme(x.real, axis, keepdims=True)
        return (x * chosen).sum(axis) / chosen.sum(axis)

    return twin


hardmax = register(
    Operation(
        name="hardmax",
        meaning=Function(
            over="all",
            pullback=lambda g, h, x: (expression(0) * x,),
            kernel=_hardmax,
            analytic=lambda x, axis: 0 * x + _hardmax(x.real, axis),
            steps=(
                ("m", "max", "x"),
                ("c", "equal", "x", "m"),
                ("k", "sum", "c"),
                ("h", "divide", "c", "k"),
            ),
            positive=True,
            simplex=True,
        ),
        shape=_kept,
        options=("axis",),
        reserved=False,
        rule="hardmax",
        sentence="Hardmax, 1 where the entry is largest and else 0, has derivative 0.",
        symbol="h",
        source="The limit of softmax(x / t) as t goes to 0",
    )
)


def _extreme(
    name: str,
    kernel: Callable[..., Any],
    extreme: Callable[..., Any],
    chosen: Callable[[Expression], Expression],
    steps: tuple[tuple[str, ...], ...],
) -> Operation:
    return register(
        Operation(
            name=name,
            meaning=Function(
                over="all",
                pullback=lambda g, y, x: (g * chosen(x),),
                kernel=kernel,
                analytic=_complex_extreme(extreme),
                steps=steps,
            ),
            shape=_shape(name),
            options=("axis",),
            reserved=False,
            prepare=lambda x, axis=None: x if is_scalar(x) else None,
            rule=f"{name} of entries",
            sentence="The entries that are the extreme one share the gradient.",
            symbol="m",
        )
    )


largest = _extreme("max", _max, np.max, lambda x: hardmax(x), (("y", "max", "x"),))
smallest = _extreme(
    "min",
    _min,
    np.min,
    lambda x: hardmax(-x),
    (("n", "negative", "x"), ("m", "max", "n"), ("y", "negative", "m")),
)
