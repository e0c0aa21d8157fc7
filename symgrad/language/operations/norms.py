"""Norms over all entries of a vector or matrix."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from symgrad.language import composing
from symgrad.language import expressions as ex
from symgrad.language.dimensions import SCALAR
from symgrad.language.formula import Formula
from symgrad.language.operations.arithmetic import power
from symgrad.language.operations.contractions import alone, dot, total
from symgrad.language.operations.meanings import Composite, Function, declare, rewrite
from symgrad.language.operations.namespace import Namespace, Routine
from symgrad.language.operations.piecewise import absolute
from symgrad.language.operations.smooth import sqrt
from symgrad.language.quotients import quotient
from symgrad.language.shapes import kept, reduced
from symgrad.language.typeset import along, function

SCALE = Routine(
    name="scale_of",
    indices="i,->",
    source="""
def scale_of(xp, x, q):  # 1; the largest |x| where q, the sum of squares, is out of range
    q, (low, high) = q.real, (1e-290, 1e300) if q.real.itemsize == 8 else (1e-30, 1e38)
    s = xp.ones_like(q)
    if not (low < q.min(initial=1) and q.max(initial=1) < high):
        apart = ~((low < q) & (q < high))
        axes = tuple(range(1, x.ndim - q.ndim + 1))
        largest = abs(x.real[apart]).max(axes, initial=0)
        s[apart] = largest + (largest == 0)
    return s""",
    standard="""
def scale_of(xp, x, q):
    largest = xp.max(xp.abs(x), axis=tuple(range(q.ndim, x.ndim)))
    return largest + xp.astype(largest == 0, largest.dtype)""",
    loops="""
def scale_of(x, q):
    low, high = (1e-290, 1e300) if x.itemsize == 8 else (1e-30, 1e38)
    largest = x.dtype.type(1)
    if not low < q < high:
        largest = x.dtype.type(0)
        for each in x.flat:
            if abs(each) > largest or each != each:
                largest = abs(each)
        largest += largest == 0
    return largest""",
)
ROOT = Routine(
    name="root_of",
    indices="i,,->",
    source="""
def root_of(xp, x, q, s):  # the norm of x / s
    r, apart = xp.array(xp.sqrt(q)), s != 1
    if apart.any():
        u = x[apart].T / s[apart]
        r[apart] = xp.sqrt(xp.sum(u * u, axis=tuple(range(u.ndim - 1))))
    return r""",
    standard="""
def root_of(xp, x, q, s):
    axes = tuple(range(s.ndim, x.ndim))
    u = x / xp.reshape(s, (*s.shape, *(1 for _ in axes)))
    return xp.sqrt(xp.sum(u * u, axis=axes))""",
    loops="""
def root_of(x, q, s):
    if s != 1:
        q = x.dtype.type(0)
        for each in x.flat:
            q += (each / s) ** 2
    return np.sqrt(q)""",
)


def _scaled(xp: Namespace, x: Any, axis: Any) -> tuple[Any, Any]:
    """s, and |x / s|: no square is too large or too small; s is 1 where none of x is."""
    q = xp.sum(x * x, axis)
    s = xp.routine(SCALE, x, q, axis=axis)
    return s, xp.routine(ROOT, x, q, s, axis=axis)


def _norm2(xp: Namespace, x: Any, axis: Any) -> Any:
    s, r = _scaled(xp, x, axis)
    return r * s


def _unit(xp: Namespace, x: Any, axis: Any) -> Any:
    s, r = _scaled(xp, x, axis)
    return xp.scaled(x, s, r + xp.equal(r, 0))


def _unit_pullback(
    g: ex.Expression, u: ex.Expression, x: ex.Expression
) -> tuple[ex.Expression, ...]:
    return ((g - dot(g, u) * u) / norm2(x),)


def _of_single(x: ex.Expression, axis: int | None = None) -> ex.Expression | None:
    """The norm of one entry is its absolute value."""
    entry = alone(x, axis)
    return None if entry is None else absolute(entry)


def _unit_notation(call: ex.Call, x: Formula) -> Formula:
    if call.options.get("axis") is not None:
        return function(call, x)
    return quotient(x, composing.norm(x), scalar=False)


norm2: ex.Operation = declare(
    "norm2",
    Function,
    over="all",
    definition=lambda x: sqrt(dot(x, x)),
    pullback=lambda g, n, x: (g * unit(x),),
    kernel=_norm2,
    positive=True,
    kink=lambda x: norm2(x),
    aliases=("norm",),
    shape=reduced("norm2"),
    options=("axis",),
    prepare=_of_single,
    rule="norm",
    sentence="The gradient of a norm is its argument as a unit vector (0 at 0, by convention).",
    notation=lambda call, x: along(call, composing.norm(x)),
    symbol="n",
)
unit: ex.Operation = declare(
    "unit",
    Function,
    over="all",
    definition=lambda x: x / norm2(x),
    pullback=_unit_pullback,
    kernel=_unit,
    kink=lambda x: norm2(x),
    reserved=False,
    shape=kept("unit"),
    options=("axis",),
    rule="unit vector",
    sentence="A unit vector changes only across its own direction.",
    notation=_unit_notation,
    symbol="v",
)
norm1 = declare(
    "norm1",
    Composite,
    definition=lambda x, **axis: total(absolute(x), **axis),
    shape=reduced("norm1"),
    options=("axis",),
    rule="sum of absolute values",
    sentence="The gradient of a sum of absolute values is the sign of each entry.",
    notation=lambda call, x: along(call, composing.norm(x), composing.ONE),
)
squared_norm = declare(
    "squared_norm",
    Composite,
    definition=lambda x: dot(x, x),
    reserved=False,
    shape=lambda arguments, options: SCALAR,
    rule="squared norm",
    sentence="The gradient of a squared norm is twice its argument.",
    text=ex.Spelling("norm2({0})**2", ex.POWER),
    notation=lambda call, x: composing.raised(composing.norm(x), composing.TWO),
    symbol="l",
)
rewrite(
    "norm",
    lambda x: (sqrt(dot(x, x)), norm2(x)),
    "sqrt(x^T x) = norm2(x), with gradient 0 at 0",
    over=("all",),
)
rewrite(
    "norm times unit vector",
    lambda x: (norm2(x) * unit(x), x),
    "norm2(x) times the unit vector of x is x",
    over=("all",),
    partial=True,
)
rewrite(
    "squared norm",
    lambda x: (norm2(x) ** 2, dot(x, x)),
    "norm2(x)^2 = x^T x",
    of_writing=True,
    over=("all",),
)
rewrite(
    "squared norm times unit vector",
    lambda x: (unit(x) * dot(x, x), norm2(x) * x),
    "norm2(x)^2 times the unit vector of x is norm2(x) x",
    over=("all",),
)
rewrite(
    "squared norm over norm",
    lambda x: (dot(x, x) / norm2(x), norm2(x)),
    "x^T x / norm2(x) = norm2(x)",
    over=("all",),
)


def vector_of(e: ex.Expression, below: list[ex.Expression]) -> ex.Expression:
    """x where it is the unit vector of x and a power of the norm of x stands below it, which is of
    a higher power then: unit(x) / norm2(x) = x / norm2(x)**2."""
    if not (ex.is_call(e, unit) and not e.options):
        return e
    (x,) = e.arguments
    for k, scalar in enumerate(below):
        if (exponent := _exponent(scalar, x)) is not None:
            below[k] = norm2(x) ** ex.Number(ex.exact(exponent + 1))
            return x
    return e


def _exponent(e: ex.Expression, x: ex.Expression) -> ex.Value | None:
    """k of norm2(x)**k."""
    base, exponent = e, ex.Number(Fraction(1))
    if ex.is_call(e, power) and isinstance(e.arguments[1], ex.Number):
        base, exponent = e.arguments[0], e.arguments[1]
    if not (isinstance(base, ex.Call) and base.arguments == (x,) and not base.options):
        return None
    once = {norm2: 1, squared_norm: 2}.get(base.operation)
    return None if once is None else ex.exact(once * exponent.value)
