"""Mean, variance and standard deviation of entries: of all, or along an axis."""

from __future__ import annotations

from collections.abc import Callable

from symgrad.language.dimensions import ONE, SCALAR, core
from symgrad.language.expressions import Expression, Operation, Size, is_call
from symgrad.language.operations.arithmetic import matmul, power, subtract, transpose
from symgrad.language.operations.constants import filled, ones
from symgrad.language.operations.contractions import LETTERS, einsum, total
from symgrad.language.operations.meanings import Composite, declare
from symgrad.language.operations.norms import squared_norm
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
        elsewhere=(f"reduce_{name}",),
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


def moment_of(e: Expression, below: list[Expression]) -> Expression:
    """The mean or variance where it is a sum over as many entries as the sizes below it say; takes
    these out of what is below."""
    moment, x = var, _deviating(e)
    if is_call(e, total) and not e.options:
        moment, (x,) = mean, e.arguments
    elif is_call(e, matmul) and is_call(e.arguments[0], transpose) and e.shape == SCALAR:
        moment, x = mean, e.arguments[0].arguments[0] * e.arguments[1]
    if x is None:
        return e
    kept = list(below)
    for d in core(x.shape):
        size = next((b for b in kept if isinstance(b, Size) and b.dimension == d), None)
        if size is None:
            return e
        kept.remove(size)
    below[:] = kept
    return moment(x)


def _deviating(e: Expression) -> Expression | None:
    """x of norm2(x - mean(x))**2."""
    if is_call(e, squared_norm) and is_call(e.arguments[0], subtract):
        x, center = e.arguments[0].arguments
        if is_call(center, mean) and not center.options and center.arguments[0] == x:
            return x
    return None


def mean_along(x: Expression, axis: int) -> Expression:
    """The mean along an axis, which of squared deviations from another mean is the variance."""
    if is_call(x, power) and getattr(x.arguments[1], "value", None) == 2:
        (deviation, _) = x.arguments
        whole, center = deviation.arguments if is_call(deviation, subtract) else (x, x)
        if _repeats_mean(center, whole, axis):
            return var(whole, axis=axis)
    return mean(x, axis=axis)


def _repeats_mean(e: Expression, of: Expression, axis: int) -> bool:
    """Whether it is the mean along an axis, once for each of what it is the mean of."""
    if not is_call(e, matmul):
        return False
    each, own = e.arguments if axis == 0 else reversed(e.arguments)
    if axis == 1 and is_call(each, transpose):
        (each,) = each.arguments
    alike = is_call(own, mean) and own.options == {"axis": axis} and own.arguments[0] is of
    return alike and is_call(each, ones)


def root_of(e: Expression) -> Expression | None:
    """The standard deviation of which this is the square."""
    return std(*e.arguments, **e.options) if is_call(e, var) else None
