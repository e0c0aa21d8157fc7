"""The largest and the smallest entry of a vector, of a matrix, or along an axis.

Convention at a tie: the entries that are largest share the gradient equally.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from symgrad.language.dimensions import Shape
from symgrad.language.expressions import Expression, Operation, Options, is_scalar, register
from symgrad.language.operations.contractions import total
from symgrad.language.operations.meanings import Function
from symgrad.language.operations.piecewise import absolute, sign
from symgrad.language.shapes import axis_of, reduced


def _shape(name: str) -> Callable[[tuple[Expression, ...], Options], Shape]:
    return lambda arguments, options: reduced(
        arguments[0].shape, axis_of(name, arguments[0], options)
    )


def _shared(g: Expression, y: Expression, x: Expression) -> tuple[Expression, ...]:
    """The gradient, shared by the entries that are the extreme one."""
    chosen = 1 - absolute(sign(y - x))
    return (g * chosen / total(chosen),)


def _max(x, axis):  # type: ignore[no-untyped-def]
    return x.max(axis)


def _min(x, axis):  # type: ignore[no-untyped-def]
    return x.min(axis)


def _complex_extreme(extreme: Callable[..., Any]) -> Callable[..., Any]:
    def twin(x: Any, axis: Any) -> Any:
        chosen = x.real == extreme(x.real, axis, keepdims=True)
        return (x * chosen).sum(axis) / chosen.sum(axis)

    return twin


def _extreme(name: str, kernel: Callable[..., Any], extreme: Callable[..., Any]) -> Operation:
    return register(
        Operation(
            name=name,
            meaning=Function(
                over="all",
                pullback=_shared,
                kernel=kernel,
                analytic=_complex_extreme(extreme),
                steps=(("y", name, "x"),) if name == "max" else (),
            ),
            shape=_shape(name),
            options=("axis",),
            reserved=False,
            prepare=lambda x, axis=None: x if is_scalar(x) else None,
            rule=f"{name} of entries",
            sentence="The entries that are the extreme one share the gradient.",
            latex=rf"\{name}",
            symbol="m",
        )
    )


largest = _extreme("max", _max, np.max)
smallest = _extreme("min", _min, np.min)
