"""Smooth scalar functions: exponential, logarithms, roots, powers, trigonometric and hyperbolic
ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from math import prod
from typing import Any, TypeAlias

import sympy

from symgrad.language import expressions as ex
from symgrad.language.composing import ONE, ONES, applied, chain
from symgrad.language.formula import Root, Symbol
from symgrad.language.operations.elementwise import elementwise
from symgrad.language.operations.meanings import Monomial, declare, rewrite
from symgrad.language.operations.namespace import Namespace
from symgrad.language.operations.special import ERF
from symgrad.language.shapes import elementwise as elementwise_shape
from symgrad.language.typeset import power, times

HALF = Fraction(1, 2)
Derivative: TypeAlias = Callable[[ex.Expression], tuple[ex.Expression]]
LOG, COSH = Symbol(latex=r"\log"), Symbol(latex=r"\cosh")

exp: ex.Operation = elementwise(
    "exp",
    sympy.exp,
    latex=r"\exp",
    symbol="e",
    derivative=lambda x: (exp(x),),
    positive=True,
    logarithm=lambda x: x,
    inverse=lambda y: log(y),
)
log: ex.Operation = elementwise(
    "log",
    sympy.log,
    latex=r"\log",
    symbol="s",
    derivative=lambda x: (1 / x,),
    inverse=exp,
    elsewhere=("ln",),
)


def _log_of_one_and(call: ex.Call, texts: tuple[str, ...]) -> str:
    """log(1 + x), log(1 - x)"""
    (x,) = texts
    return f"log(1 - {x[1:]})" if x.startswith("-") else f"log(1 + {x})"


log1p = elementwise(
    "log1p",
    lambda x: sympy.log(1 + x),
    symbol="s",
    derivative=lambda x: (1 / (1 + x),),
    text=ex.Spelling(_log_of_one_and, ex.ATOM, (ex.SUM,)),
    notation=lambda call, x: applied(LOG, chain("+", ONE if ex.is_scalar(call) else ONES, x)),
    reserved=False,
)
expm1 = elementwise(
    "expm1",
    lambda x: sympy.exp(x) - 1,
    symbol="e",
    derivative=lambda x: (exp(x),),
    reserved=False,
)


def _half(xp: Namespace, x: Any) -> tuple[Any, Any]:
    """t = tan(x / 2) and q = 2 / (1 + t^2): sin(x) = t q, cos(x) = q - 1."""
    t = xp.tan(x * 0.5)
    return t, 2 / (t * t + 1)


sin = elementwise(
    "sin",
    sympy.sin,
    latex=r"\sin",
    parity=-1,
    derivative=lambda x: (cos(x),),
    vectors=lambda xp, x: prod(_half(xp, x)),
)
cos: ex.Operation = elementwise(
    "cos",
    sympy.cos,
    latex=r"\cos",
    parity=1,
    derivative=lambda x: (-sin(x),),
    vectors=lambda xp, x: _half(xp, x)[1] - 1,
)
tan: ex.Operation = elementwise(
    "tan", sympy.tan, latex=r"\tan", parity=-1, derivative=lambda x: (1 + tan(x) ** 2,)
)
arcsin = elementwise(
    "arcsin",
    sympy.asin,
    latex=r"\arcsin",
    parity=-1,
    derivative=lambda x: ((1 - x**2) ** -HALF,),
    elsewhere=("asin",),
)
arccos = elementwise(
    "arccos",
    sympy.acos,
    latex=r"\arccos",
    derivative=lambda x: (-((1 - x**2) ** -HALF),),
    elsewhere=("acos",),
)
arctan = elementwise(
    "arctan",
    sympy.atan,
    latex=r"\arctan",
    parity=-1,
    derivative=lambda x: (1 / (1 + x**2),),
    elsewhere=("atan",),
)


def _arctan2(xp: Namespace, y: Any, x: Any) -> Any:
    """The arctangent of the quotient that is at most 1; 0 at the origin."""
    steep = xp.greater(xp.abs(y), xp.abs(x))
    low, high = xp.where(steep, x, y), xp.where(steep, y, x)
    angle = xp.arctan(low / (high + xp.equal(high, 0)))
    side = 1 - 2 * xp.greater(0, y)  # 1 on the positive half, where y is 0 too
    turned = xp.greater(0, x) * side * math.pi
    return xp.where(steep, side * (math.pi / 2) - angle, turned + angle)


arctan2 = elementwise(
    "arctan2",
    sympy.atan2,
    _arctan2,
    arity=2,
    latex=r"\operatorname{arctan2}",
    derivative=lambda y, x: (x / (x**2 + y**2), -y / (x**2 + y**2)),
    elsewhere=("atan2",),
    sentence="The angle of the point (x, y) turns by (x dy - y dx) / (x^2 + y^2).",
    reserved=False,
)
sinh = elementwise("sinh", sympy.sinh, latex=r"\sinh", parity=-1, derivative=lambda x: (cosh(x),))
cosh: ex.Operation = elementwise(
    "cosh", sympy.cosh, latex=r"\cosh", parity=1, derivative=lambda x: (sinh(x),), positive=True
)
tanh: ex.Operation = elementwise(
    "tanh",
    sympy.tanh,
    latex=r"\tanh",
    parity=-1,
    derivative=lambda x: (1 - tanh(x) ** 2,),
    inverse=lambda y: arctanh(y),
)


def _reciprocal(name: str, of: str, derivative: Derivative, **columns: Any) -> ex.Operation:
    """Declare 1 over a function of the namespace, as sec is of cos."""
    columns |= {"derivative": derivative, "reserved": False}
    return elementwise(name, getattr(sympy, name), lambda xp, x: 1 / getattr(xp, of)(x), **columns)


sec: ex.Operation = _reciprocal("sec", "cos", lambda x: (sec(x) * tan(x),), latex=r"\sec")
csc: ex.Operation = _reciprocal("csc", "sin", lambda x: (-csc(x) * cot(x),), latex=r"\csc")
cot: ex.Operation = _reciprocal("cot", "tan", lambda x: (-(csc(x) ** 2),), latex=r"\cot")
sech: ex.Operation = _reciprocal(
    "sech",
    "cosh",
    lambda x: (-sech(x) * tanh(x),),
    positive=True,
    logarithm=lambda x: -log(cosh(x)),
)
csch: ex.Operation = _reciprocal("csch", "sinh", lambda x: (-csch(x) * coth(x),))
coth: ex.Operation = _reciprocal("coth", "tanh", lambda x: (-(csch(x) ** 2),), latex=r"\coth")
arcsinh = elementwise(
    "arcsinh",
    sympy.asinh,
    parity=-1,
    derivative=lambda x: ((1 + x**2) ** -HALF,),
    elsewhere=("asinh", "arsinh"),
    reserved=False,
)
arccosh = elementwise(
    "arccosh",
    sympy.acosh,
    derivative=lambda x: ((x**2 - 1) ** -HALF,),
    elsewhere=("acosh", "arcosh"),
    reserved=False,
)
arctanh: ex.Operation = elementwise(
    "arctanh",
    sympy.atanh,
    parity=-1,
    derivative=lambda x: (1 / (1 - x**2),),
    elsewhere=("atanh", "artanh"),
    reserved=False,
)

sqrt = declare(
    "sqrt",
    Monomial,
    powers=lambda call: (HALF,),
    shape=elementwise_shape("sqrt"),
    rule="square root",
    sentence="The derivative of a square root is one half of its reciprocal.",
    notation=lambda call, x: Root((x,)),
    symbol="s",
)


def _log_cosh(xp: Namespace, x: Any) -> Any:
    a = xp.abs(x)
    return a + xp.log1p(xp.exp(a * -2)) - math.log(2)


log_cosh = elementwise(
    "log_cosh",
    lambda x: sympy.log(sympy.cosh(x)),
    _log_cosh,
    symbol="s",
    derivative=lambda x: (tanh(x),),
    notation=lambda call, x: applied(LOG, applied(COSH, x)),
    reserved=False,
)


erf = elementwise(
    "erf",
    sympy.erf,
    lambda xp, x: xp.entrywise(ERF, x, lambda x: 2 / math.sqrt(math.pi) * xp.exp(-x * x)),
    parity=-1,
    derivative=lambda x: (2 / math.sqrt(math.pi) * exp(-(x**2)),),
    reserved=False,
)
variable_power = elementwise(
    "variable_power",
    lambda x, y: x**y,
    lambda xp, x, y: xp.power(x, y),
    arity=2,
    symbol="q",
    derivative=lambda x, y: (y * x ** (y - 1), xlogy(x**y, x)),
    logarithm=lambda x, y: y * log(x),
    called=False,
    text=ex.Spelling("{0}**{1}", ex.POWER, (ex.ATOM, ex.SIGN)),
    notation=power,
    rule="general power",
    sentence="A power x^y has derivative y x^(y-1) by the base, x^y log x by the exponent.",
)


xlogy: ex.Operation = elementwise(
    "xlogy",
    lambda x, y: x * sympy.log(y),
    lambda xp, x, y: x * xp.log(xp.guarded(y, x, 1)),  # 0 log 1 where x is 0
    arity=2,
    symbol="m",
    derivative=lambda x, y: (log(y), x / y),
    product=lambda x, y: x * log(y),
    text=ex.Spelling("{0} * log({1})", ex.PRODUCT, (ex.PRODUCT, 0)),
    notation=lambda call, x, y: times(call, x, applied(LOG, y)),
    sentence="x log y, which is 0 where x is 0.",
    reserved=False,
)
rewrite(
    "logarithm of an exponential",
    lambda x: (log(exp(x)), x),
    "log(exp(x)) = x, without overflow",
    for_code=True,
)
rewrite(
    "logarithm of cosh",
    lambda x: (log(cosh(x)), log_cosh(x)),
    "log(cosh(x)) = log_cosh(x), without overflow",
    for_code=True,
)
rewrite(
    "x log x",
    lambda x: (x * log(x), xlogy(x, x)),
    "x log(x) = xlogy(x, x), 0 at x = 0, its limit",
    for_code=True,
)
rewrite(
    "x log (x/y)",
    lambda x, y: (x * log(x / y), xlogy(x, x / y)),
    "x log(x/y) = xlogy(x, x/y), 0 at x = 0, its limit",
    for_code=True,
)
rewrite(
    "power times its base", lambda x, y: (x**y * x, x ** (y + 1)), "x^y x = x^(y + 1)", partial=True
)
rewrite(
    "power over its base",
    lambda x, y: (x**y / x, x ** (y - 1)),
    "x^y / x = x^(y - 1)",
    partial=True,
)
rewrite(
    "powers of one base",
    lambda x, y, z: (x**y * x**z, x ** (y + z)),
    "x^y x^z = x^(y + z)",
)
rewrite(
    "quotient of powers of one base",
    lambda x, y, z: (x**y / x**z, x ** (y - z)),
    "x^y / x^z = x^(y - z)",
)
rewrite(
    "logarithm near 1",
    lambda x: (log(1 + x), log1p(x)),
    "log(1 + x) = log1p(x), exact for small x",
    for_code=True,
)
rewrite(
    "logarithm of exp minus one",
    lambda x: (log(exp(x) - 1), x + log1p(-exp(-x))),
    "log(exp(x) - 1) = x + log(1 - exp(-x)), without overflow",
    for_code=True,
)
