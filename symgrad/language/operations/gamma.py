"""The logarithm of the gamma function and its derivatives: digamma, trigamma, polygamma.

From x = 10 on by the asymptotic series of Abramowitz and Stegun (6.3.18, 6.4.11), whose rest is
below 1e-16; closer to 0 by the recurrence over ten steps, and below 0 by reflection (6.4.7). Errors
are some 1e-15 of the largest of these parts.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache
from typing import Any

import sympy

from symgrad.errors import ProgramError
from symgrad.language import expressions as ex
from symgrad.language.composing import applied
from symgrad.language.dimensions import Shape
from symgrad.language.formula import Formula
from symgrad.language.operations.elementwise import composite, elementwise
from symgrad.language.operations.meanings import Elementwise
from symgrad.language.operations.namespace import Namespace
from symgrad.language.operations.special import DIGAMMA, LOG_GAMMA
from symgrad.language.shapes import elementwise as elementwise_shape
from symgrad.language.typeset import along, sign

STEPS = 10
BERNOULLI = ("1/6", "-1/30", "1/42", "-1/30", "5/66", "-691/2730", "7/6", "-3617/510")
LARGEST_ORDER = 20
NAMES = {0: "digamma", 1: "trigamma"}
ELSEWHERE = {0: ("psi",)}


class log_gamma(sympy.Function):  # type: ignore[misc]  # noqa: N801
    """log |Gamma(x)|, a real number also below 0, where SymPy's loggamma is complex."""

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """digamma(x)"""
        return sympy.polygamma(0, self.args[0])

    def _eval_evalf(self, prec: int) -> sympy.Expr:
        return sympy.log(sympy.Abs(sympy.gamma(self.args[0])))._eval_evalf(prec)


def _log_gamma(xp: Namespace, x: Any) -> Any:
    return xp.entrywise(LOG_GAMMA, x, lambda at: _digamma(xp, at))


def _digamma(xp: Namespace, x: Any) -> Any:
    return xp.entrywise(DIGAMMA, x, lambda at: _polygamma(xp, 1, at))


def _polygamma(xp: Namespace, order: int, x: Any) -> Any:
    """The derivative of this order of digamma."""
    above = xp.greater(x, 0)
    value = _of_positive(xp, order, xp.where(above, x, 1 - x))
    within = xp.where(above, 0.5, x - xp.floor(x + 0.5))
    cotangent = xp.cos(math.pi * within) / xp.sin(math.pi * within)
    reflected = (-1) ** order * value - math.pi ** (order + 1) * _horner(_slopes(order), cotangent)
    return xp.where(above, value, reflected)


def _of_positive(xp: Namespace, order: int, x: Any) -> Any:
    """(-1)^(m+1) m! sum_k (x + k)^-(m+1), the first terms as they are, the rest by Euler and
    Maclaurin."""
    z = x + STEPS
    w = 1 / z
    head = sum(_power(1 / (x + k), order + 1) for k in range(STEPS))
    series = [float(c) for c in _series(order)]
    tail = _power(w, order + 1) * (0.5 + w * _horner(series, w * w))
    whole = _power(w, order) / order + tail + head
    return (-1) ** (order + 1) * math.factorial(order) * whole


def _series(order: int) -> list[Fraction]:
    """B_2j / (2j)! times the rising factorial of m + 1, of 2j - 1 factors."""
    rising = [math.factorial(order + 2 * j - 1) // math.factorial(order) for j in range(1, 9)]
    return [
        Fraction(b) * rising[j - 1] / math.factorial(2 * j)
        for j, b in enumerate(BERNOULLI, start=1)
    ]


def _slopes(order: int) -> list[float]:
    """The derivative of cot(t) as a polynomial of cot(t), whose own is -1 - cot(t)^2."""
    c = [0.0, 1.0]
    for _ in range(order):
        slope = [k * a for k, a in enumerate(c)][1:]
        c = [-a - b for a, b in zip([*slope, 0.0, 0.0], [0.0, 0.0, *slope], strict=True)]
    return c


def _power(x: Any, exponent: int) -> Any:
    value = x
    for _ in range(exponent - 1):
        value = value * x
    return value


def _horner(coefficients: list[float], x: Any) -> Any:
    value = coefficients[-1]
    for c in coefficients[-2::-1]:
        value = value * x + c
    return value


gammaln = elementwise(
    "gammaln",
    log_gamma,
    _log_gamma,
    symbol="s",
    derivative=lambda x: (digamma(x),),
    sympy_classes=(sympy.loggamma,),
    elsewhere=("lgamma", "loggamma", "log_gamma"),
    sentence="The derivative of log |Gamma(x)| is digamma(x), by definition.",
    source="Abramowitz and Stegun, Handbook of Mathematical Functions, chapter 6",
)


def _with_order(call: ex.Call, order: int) -> Formula:
    """The name of the family, with the order lowered beside it."""
    return along(polygamma.node(call.arguments, {"order": order}), sign(polygamma))


@cache
def of_order(order: int) -> ex.Operation:
    """The derivative of this order of digamma."""
    columns: dict[str, Any] = {
        "definition": lambda x: sympy.polygamma(order, x),
        "kernel": lambda xp, x: _polygamma(xp, order, x) if order else _digamma(xp, x),
        "derivative": lambda x: (of_order(order + 1)(x),),
        "sentence": "Each function of the polygamma family has the next one as its derivative.",
    }
    if order in NAMES:
        return elementwise(NAMES[order], elsewhere=ELSEWHERE.get(order, ()), **columns)
    sentence = columns.pop("sentence")
    return ex.Operation(
        name=f"polygamma_{order}",
        meaning=Elementwise(**columns),
        shape=elementwise_shape("polygamma"),
        rule="polygamma, elementwise",
        sentence=sentence,
        text=ex.Spelling(f"polygamma({{0}}, order={order})", places=(0,)),
        notation=lambda call, x: applied(_with_order(call, order), x),
        symbol="h",
    )


def _of_order(x: ex.Expression, *, order: float = 1) -> ex.Expression:
    return of_order(int(order))(x)


def _shape(arguments: tuple[ex.Expression, ...], options: ex.Options) -> Shape:
    order = options.get("order", 1)
    if order != int(order) or not 0 <= order <= LARGEST_ORDER:
        raise ProgramError(f"polygamma: the order is a whole number from 0 to {LARGEST_ORDER}")
    return elementwise_shape("polygamma")(arguments, options)


def _order_first(*arguments: ex.Expression, **options: float) -> ex.Expression | None:
    """polygamma(m, x), as SciPy and SymPy have it."""
    if len(arguments) == 1:
        return None
    order, x = arguments
    if not isinstance(order, ex.Number):
        raise ProgramError("polygamma: the order is a number; write polygamma(x, order=2)")
    m = float(order.value)
    return polygamma(x, order=int(m) if m == int(m) else m)


digamma: ex.Operation = of_order(0)
trigamma: ex.Operation = of_order(1)
polygamma = composite(
    "polygamma",
    _of_order,
    arity=(1, 2),
    prepare=_order_first,
    shape=_shape,
    sympy_classes=(sympy.polygamma,),
    sentence="polygamma(x, order=m) is the m-th derivative of digamma(x).",
)
