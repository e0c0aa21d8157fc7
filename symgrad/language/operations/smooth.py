"""Smooth scalar functions: exponential, logarithms, roots, powers, trigonometric and hyperbolic
ones."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import sympy

from symgrad.language.composing import ONE, ONES, applied, chain
from symgrad.language.expressions import (
    ATOM,
    POWER,
    PRODUCT,
    SIGN,
    Operation,
    Spelling,
    is_scalar,
    register,
)
from symgrad.language.formula import Root, Symbol
from symgrad.language.operations.elementwise import elementwise
from symgrad.language.operations.meanings import Monomial, rewrite
from symgrad.language.shapes import elementwise as elementwise_shape
from symgrad.language.typeset import power, times

HALF = Fraction(1, 2)
LOG = Symbol(latex=r"\log")

exp: Operation = elementwise(
    "exp", sympy.exp, np.exp, symbol="e", derivative=lambda x: (exp(x),), positive=True
)
log = elementwise("log", sympy.log, np.log, symbol="s", derivative=lambda x: (1 / x,))
log1p = elementwise(
    "log1p",
    lambda x: sympy.log(1 + x),
    np.log1p,
    symbol="s",
    derivative=lambda x: (1 / (1 + x),),
    notation=lambda call, x: applied(LOG, chain("+", ONE if is_scalar(call) else ONES, x)),
    reserved=False,
)
expm1 = elementwise(
    "expm1",
    lambda x: sympy.exp(x) - 1,
    np.expm1,
    symbol="e",
    derivative=lambda x: (exp(x),),
    reserved=False,
)
sin = elementwise("sin", sympy.sin, np.sin, derivative=lambda x: (cos(x),))
cos: Operation = elementwise("cos", sympy.cos, np.cos, derivative=lambda x: (-sin(x),))
tan: Operation = elementwise("tan", sympy.tan, np.tan, derivative=lambda x: (1 + tan(x) ** 2,))
arcsin = elementwise("arcsin", sympy.asin, np.arcsin, derivative=lambda x: ((1 - x**2) ** -HALF,))
arccos = elementwise(
    "arccos", sympy.acos, np.arccos, derivative=lambda x: (-((1 - x**2) ** -HALF),)
)
arctan = elementwise("arctan", sympy.atan, np.arctan, derivative=lambda x: (1 / (1 + x**2),))
sinh = elementwise("sinh", sympy.sinh, np.sinh, derivative=lambda x: (cosh(x),))
cosh: Operation = elementwise("cosh", sympy.cosh, np.cosh, derivative=lambda x: (sinh(x),))
tanh: Operation = elementwise("tanh", sympy.tanh, np.tanh, derivative=lambda x: (1 - tanh(x) ** 2,))
arcsinh = elementwise(
    "arcsinh", sympy.asinh, np.arcsinh, derivative=lambda x: ((1 + x**2) ** -HALF,), reserved=False
)
arccosh = elementwise(
    "arccosh", sympy.acosh, np.arccosh, derivative=lambda x: ((x**2 - 1) ** -HALF,), reserved=False
)
arctanh = elementwise(
    "arctanh", sympy.atanh, np.arctanh, derivative=lambda x: (1 / (1 - x**2),), reserved=False
)

sqrt = register(
    Operation(
        name="sqrt",
        meaning=Monomial(lambda call: (HALF,)),
        shape=elementwise_shape("sqrt"),
        rule="square root",
        sentence="The derivative of a square root is one half of its reciprocal.",
        notation=lambda call, x: Root((x,)),
        symbol="s",
    )
)


def _log_cosh(x):  # type: ignore[no-untyped-def]
    a = np.abs(x)
    return a + np.log1p(np.exp(-2 * a)) - np.log(2).astype(a.dtype)


log_cosh = elementwise(
    "log_cosh",
    lambda x: sympy.log(sympy.cosh(x)),
    _log_cosh,
    steps=(
        ("a", "absolute", "x"),
        ("b", "multiply", "a", "-2.0"),
        ("e", "exp", "b"),
        ("l", "log1p", "e"),
        ("s", "add", "a", "l"),
        ("c", "subtract", "s", repr(math.log(2))),
    ),
    symbol="s",
    analytic=lambda x: np.log(np.cosh(x)),
    derivative=lambda x: (tanh(x),),
    latex=r"\log\cosh",
    reserved=False,
)


def _erf(x):  # type: ignore[no-untyped-def]
    from math import erf

    return np.vectorize(erf, otypes=[np.result_type(1.0 * x)])(x)


erf = elementwise(
    "erf",
    sympy.erf,
    _erf,
    derivative=lambda x: (2 / math.sqrt(math.pi) * exp(-(x**2)),),
    reserved=False,
)
variable_power = elementwise(
    "variable_power",
    lambda x, y: x**y,
    np.power,
    arity=2,
    symbol="q",
    derivative=lambda x, y: (y * x ** (y - 1), xlogy(x**y, x)),
    text=Spelling("{0}**{1}", POWER, (ATOM, SIGN)),
    notation=power,
    sentence="A power x^y has derivative y x^(y-1) by the base, x^y log x by the exponent.",
)


def _xlogy(x, y):  # type: ignore[no-untyped-def]
    return np.where(x == 0, 0, x * np.log(np.where(x == 0, 1, y)))


xlogy: Operation = elementwise(
    "xlogy",
    lambda x, y: x * sympy.log(y),
    _xlogy,
    arity=2,
    symbol="m",
    analytic=lambda x, y: x * np.log(y),
    derivative=lambda x, y: (log(y), x / y),
    text=Spelling("{0} * log({1})", PRODUCT, (PRODUCT, 0)),
    notation=lambda call, x, y: times(call, x, applied(LOG, y)),
    sentence="x log y, which is 0 where x is 0.",
    reserved=False,
)
rewrite(
    name="logarithm of cosh",
    pattern=lambda x: log(cosh(x)),
    replacement=lambda x: log_cosh(x),
    identity="log(cosh(x)) without overflow",
)
rewrite(
    name="x log x",
    pattern=lambda x: x * log(x),
    replacement=lambda x: xlogy(x, x),
    identity="x log x is 0 at x = 0, its limit",
)
rewrite(
    name="x log (x/y)",
    pattern=lambda x, y: x * log(x / y),
    replacement=lambda x, y: xlogy(x, x / y),
    identity="x log (x/y) is 0 at x = 0, its limit",
    over=("scalar", "scalar"),
)
rewrite(
    name="logarithm near 1",
    pattern=lambda x: log(1 + x),
    replacement=lambda x: log1p(x),
    identity="log(1 + x) = log1p(x), exact for small x",
)
rewrite(
    name="logarithm of exp minus one",
    pattern=lambda x: log(exp(x) - 1),
    replacement=lambda x: x + log1p(-exp(-x)),
    identity="log(exp(x) - 1) = x + log(1 - exp(-x)), without overflow",
)
