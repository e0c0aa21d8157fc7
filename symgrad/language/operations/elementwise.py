"""Scalar functions, applied to each entry: exp, log, sigmoid, relu, maximum, ...

Each is declared by its definition; SymPy derives the derivative where no textbook form is given.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from symgrad.language.expressions import (
    OPERATIONS,
    POWER,
    Call,
    Expression,
    Operation,
    expression,
    is_scalar,
    register,
)
from symgrad.language.operations.meanings import Composite, Elementwise, Monomial, rewrite
from symgrad.language.shapes import elementwise as elementwise_shape


def elementwise(
    name: str,
    definition: Callable[..., sympy.Expr],
    kernel: Callable[..., Any],
    *,
    sentence: str = "",
    symbol: str = "h",
    arity: int = 1,
    prepare: Callable[..., Expression | None] | None = None,
    text: str = "",
    latex: str | Callable[[Call], str] = "",
    precedence: int = 5,
    binds: tuple[int, ...] = (),
    source: str = "",
    **meaning: Any,
) -> Operation:
    """Declare a scalar function by its definition in SymPy and its NumPy kernel."""
    if isinstance(kernel, np.ufunc):
        meaning.setdefault("analytic", kernel)
    return register(
        Operation(
            name=name,
            meaning=Elementwise(definition=definition, kernel=kernel, **meaning),
            shape=elementwise_shape(name),
            arity=(arity, arity),
            rule=f"{name}, elementwise",
            sentence=sentence or f"{name} acts on each entry: multiply by its derivative, entry by entry.",
            prepare=prepare,
            text=text,
            latex=latex or (rf"\operatorname{{{name}}}" if not hasattr(sympy, name) else rf"\{name}"),
            precedence=precedence,
            binds=binds,
            symbol=symbol,
            source=source,
        )
    )


def _zero(x: Expression) -> Expression:
    return expression(0) * x


exp = elementwise("exp", sympy.exp, np.exp, symbol="e", derivative=lambda x: (exp(x),), positive=True)
log = elementwise("log", sympy.log, np.log, symbol="s", derivative=lambda x: (1 / x,))
log1p = elementwise(
    "log1p",
    lambda x: sympy.log(1 + x),
    np.log1p,
    symbol="s",
    derivative=lambda x: (1 / (1 + x),),
    latex=r"\log\left(1 + {0:bare}\right)",
)
expm1 = elementwise(
    "expm1", lambda x: sympy.exp(x) - 1, np.expm1, symbol="e", derivative=lambda x: (exp(x),)
)
sin = elementwise("sin", sympy.sin, np.sin, derivative=lambda x: (cos(x),))
cos = elementwise("cos", sympy.cos, np.cos, derivative=lambda x: (-sin(x),))
tan = elementwise("tan", sympy.tan, np.tan, derivative=lambda x: (1 + tan(x) ** 2,))
arcsin = elementwise("arcsin", sympy.asin, np.arcsin, derivative=lambda x: ((1 - x**2) ** _half(-1),))
arccos = elementwise("arccos", sympy.acos, np.arccos, derivative=lambda x: (-((1 - x**2) ** _half(-1)),))
arctan = elementwise("arctan", sympy.atan, np.arctan, derivative=lambda x: (1 / (1 + x**2),))
sinh = elementwise("sinh", sympy.sinh, np.sinh, derivative=lambda x: (cosh(x),))
cosh = elementwise("cosh", sympy.cosh, np.cosh, derivative=lambda x: (sinh(x),))
tanh = elementwise("tanh", sympy.tanh, np.tanh, derivative=lambda x: (1 - tanh(x) ** 2,))


def _half(times: int = 1) -> Fraction:
    return Fraction(times, 2)


sqrt = register(
    Operation(
        name="sqrt",
        meaning=Monomial(lambda call: (Fraction(1, 2),)),
        shape=elementwise_shape("sqrt"),
        rule="square root",
        sentence="The derivative of a square root is one half of its reciprocal.",
        latex=r"\sqrt{{{0:bare}}}",
        symbol="s",
    )
)



def _stable_sigmoid(x):  # type: ignore[no-untyped-def]
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


def _analytic_sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


sigmoid = elementwise(
    "sigmoid",
    lambda x: 1 / (1 + sympy.exp(-x)),
    _stable_sigmoid,
    analytic=_analytic_sigmoid,
    derivative=lambda x: (sigmoid(x) * (1 - sigmoid(x)),),
    latex=r"\sigma",
    sentence="The derivative of the sigmoid is s (1 - s), entry by entry.",
    positive=True,
)


def _softplus(x):  # type: ignore[no-untyped-def]
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


softplus = elementwise(
    "softplus",
    lambda x: sympy.log(1 + sympy.exp(x)),
    _softplus,
    symbol="s",
    analytic=lambda x: np.log(1 + np.exp(x)),
    derivative=lambda x: (sigmoid(x),),
    sentence="The derivative of softplus, log(1 + exp(x)), is the sigmoid.",
    positive=True,
)


def _log_cosh(x):  # type: ignore[no-untyped-def]
    a = np.abs(x)
    return a + np.log1p(np.exp(-2 * a)) - np.log(2).astype(a.dtype)


log_cosh = elementwise(
    "log_cosh",
    lambda x: sympy.log(sympy.cosh(x)),
    _log_cosh,
    symbol="s",
    analytic=lambda x: np.log(np.cosh(x)),
    derivative=lambda x: (tanh(x),),
    latex=r"\log\cosh",
)


def _erf(x):  # type: ignore[no-untyped-def]
    from math import erf

    return np.vectorize(erf, otypes=[np.result_type(x)])(x)


erf = elementwise(
    "erf",
    sympy.erf,
    _erf,
    derivative=lambda x: (expression(2 / math.sqrt(math.pi)) * exp(-(x**2)),),
    latex=r"\operatorname{erf}",
)


def _step(x):  # type: ignore[no-untyped-def]
    return (x > 0).astype(x.dtype)


step = elementwise(
    "step",
    lambda x: sympy.Piecewise((1, x > 0), (0, True)),
    _step,
    analytic=lambda x: 0 * x + (x.real > 0),
    derivative=lambda x: (_zero(x),),
    kink=lambda x: x,
    latex=r"\mathbb{{1}}_{{>0}}",
    sentence="The unit step, 1 where x > 0 and else 0, has derivative 0.",
)
sign = elementwise(
    "sign",
    lambda x: sympy.Piecewise((1, x > 0), (-1, x < 0), (0, True)),
    np.sign,
    analytic=lambda x: 0 * x + np.sign(x.real),
    derivative=lambda x: (_zero(x),),
    kink=lambda x: x,
    latex=r"\operatorname{sign}",
    sentence="The sign has derivative 0.",
)
absolute = elementwise(
    "abs",
    lambda x: sympy.Piecewise((x, x > 0), (-x, True)),
    np.abs,
    analytic=lambda x: x * np.sign(x.real),
    derivative=lambda x: (sign(x),),
    kink=lambda x: x,
    latex=r"\left|{0:bare}\right|",
    sentence="The derivative of the absolute value is the sign (0 at 0, by convention).",
    positive=True,
)


def _relu(x):  # type: ignore[no-untyped-def]
    return np.maximum(x, 0)


relu = elementwise(
    "relu",
    lambda x: sympy.Piecewise((x, x > 0), (0, True)),
    _relu,
    analytic=lambda x: np.where(x.real > 0, x, 0 * x),
    derivative=lambda x: (step(x),),
    kink=lambda x: x,
    sentence="ReLU passes the gradient on where its argument is positive, and stops it elsewhere.",
    positive=True,
)
maximum = elementwise(
    "maximum",
    lambda x, y: sympy.Piecewise((x, x > y), (y, True)),
    np.maximum,
    arity=2,
    analytic=lambda x, y: 0.5 * (x + y + (x - y) * np.sign((x - y).real)),
    derivative=lambda x, y: (0.5 * (1 + sign(x - y)), 0.5 * (1 - sign(x - y))),
    kink=lambda x, y: x - y,
    latex=r"\max",
    sentence="A maximum passes the gradient on to the larger argument (a tie: half to each).",
)
minimum = elementwise(
    "minimum",
    lambda x, y: sympy.Piecewise((x, x < y), (y, True)),
    np.minimum,
    arity=2,
    analytic=lambda x, y: 0.5 * (x + y - (x - y) * np.sign((x - y).real)),
    derivative=lambda x, y: (0.5 * (1 - sign(x - y)), 0.5 * (1 + sign(x - y))),
    kink=lambda x, y: x - y,
    latex=r"\min",
    sentence="A minimum passes the gradient on to the smaller argument (a tie: half to each).",
)
variable_power = elementwise(
    "variable_power",
    lambda x, y: x**y,
    np.power,
    arity=2,
    symbol="q",
    derivative=lambda x, y: (y * x ** (y - 1), x**y * log(x)),
    text="{0}**{1}",
    latex=lambda call: "{0}^{{{1:bare}}}" if is_scalar(call) else r"{0}^{{\odot {1:bare}}}",
    precedence=POWER,
    binds=(5, 3),
    sentence="A power with a variable exponent: the base has derivative y x^(y-1), the exponent x^y log x.",
)



def _xlogy(x, y):  # type: ignore[no-untyped-def]
    return np.where(x == 0, 0, x * np.log(np.where(x == 0, 1, y)))


xlogy = elementwise(
    "xlogy",
    lambda x, y: x * sympy.log(y),
    _xlogy,
    arity=2,
    symbol="m",
    analytic=lambda x, y: x * np.log(y),
    derivative=lambda x, y: (log(y), x / y),
    text="{0} * log({1})",
    latex=r"{0} \log {1}",
    precedence=2,
    binds=(2, 0),
    sentence="x log y, which is 0 where x is 0.",
)


def composite(
    name: str,
    definition: Callable[..., Expression],
    *,
    arity: tuple[int, int] = (1, 1),
    category: str = "function",
    source: str = "",
    latex: str = "",
) -> Operation:
    """Declare an abbreviation for another expression, elementwise in its arguments."""
    return register(
        Operation(
            name=name,
            meaning=Composite(definition),
            shape=elementwise_shape(name),
            arity=arity,
            rule="definition",
            sentence=f"{name} stands for its definition.",
            latex=latex or rf"\operatorname{{{name.replace('_', ' ')}}}",
            category=category,
            source=source,
        )
    )


gelu = composite(
    "gelu",
    lambda x: 0.5 * x * (1 + erf(x / OPERATIONS["sqrt"](2))),
    source="Hendrycks and Gimpel, Gaussian Error Linear Units, 2016",
)
silu = composite("silu", lambda x: x * sigmoid(x), source="Elfwing et al., 2017")
leaky_relu = composite(
    "leaky_relu", lambda x: relu(x) - 0.01 * relu(-x), source="Maas et al., 2013; slope 0.01"
)
elu = composite("elu", lambda x: relu(x) + exp(minimum(x, 0)) - 1, source="Clevert et al., 2015")

rewrite(
    name="softplus of an exponential",
    pattern=lambda x: log(1 + exp(x)),
    replacement=lambda x: softplus(x),
    identity="log(1 + exp(x)) = softplus(x), without overflow",
)
rewrite(
    name="logistic ratio",
    pattern=lambda x, y: exp(x) / (exp(x) + exp(y)),
    replacement=lambda x, y: sigmoid(x - y),
    identity="exp(x) / (exp(x) + exp(y)) = sigmoid(x - y), without overflow",
    over=("scalar", "scalar"),
)
rewrite(
    name="sigmoid",
    pattern=lambda x: exp(x) / (1 + exp(x)),
    replacement=lambda x: sigmoid(x),
    identity="exp(x) / (1 + exp(x)) = sigmoid(x), without overflow",
)
rewrite(
    name="sigmoid",
    pattern=lambda x: 1 / (1 + exp(x)),
    replacement=lambda x: sigmoid(-x),
    identity="1 / (1 + exp(x)) = sigmoid(-x), without overflow",
)
rewrite(
    name="logarithm of a sigmoid",
    pattern=lambda x: log(sigmoid(x)),
    replacement=lambda x: -softplus(-x),
    identity="log(sigmoid(x)) = -softplus(-x), without underflow",
)
rewrite(
    name="logarithm of the opposite sigmoid",
    pattern=lambda x: log(1 - sigmoid(x)),
    replacement=lambda x: -softplus(x),
    identity="log(1 - sigmoid(x)) = -softplus(x), without cancellation",
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
