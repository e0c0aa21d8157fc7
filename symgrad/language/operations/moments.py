"""Mean, variance and standard deviation of entries: of all, or along an axis."""

from __future__ import annotations

from collections.abc import Callable

from symgrad.language.dimensions import ONE
from symgrad.language.expressions import Expression, Operation, Size
from symgrad.language.operations.constants import filled, ones
from symgrad.language.operations.contractions import LETTERS, einsum, total
from symgrad.language.operations.meanings import Composite, declare
from symgrad.language.shapes import reduced


def _mean(x: Expression, **options: int) -> Expression:
    axis = options.get("axis")
    counted = [d for k, d in enumerate(x.shape) if d != ONE and axis in (None, k)]
    result = total(x, **options)
    for d in counted:
        result = result / Size(d)
    return result


def _centered(x: Expression, axis: int | None = None) -> Expression:
    """x without its mean, along an axis without each one's."""
    if axis is None or (ONE in x.shape and len(x.shape) == 2):
        return x - (mean(x) if axis is None else mean(x, axis=axis))
    letters = LETTERS[: len(x.shape)]
    rest = letters.replace(letters[axis], "")
    every = filled(ones, (x.shape[axis],))
    return x - einsum(mean(x, axis=axis), every, spec=f"{rest},{letters[axis]}->{letters}")


def _moment(
    name: str, definition: Callable[..., Expression], sentence: str, reserved: bool = False
) -> Operation:
    return declare(
        name,
        Composite,
        definition=definition,
        shape=reduced(name),
        options=("axis",),
        rule=f"{name} of entries",
        reserved=reserved,
        sentence=sentence,
    )


mean = _moment("mean", _mean, "A mean is the sum divided by the number of entries.", reserved=True)
var = _moment(
    "var",
    lambda x, **axis: mean(_centered(x, **axis) ** 2, **axis),
    "The variance is the mean squared deviation.",
)
std = _moment(
    "std",
    lambda x, **axis: var(x, **axis) ** 0.5,
    "The standard deviation is the root of the variance.",
)
