"""Activations: sigmoid and softplus with their stable forms, and abbreviations built on them."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy

from symgrad.language.expressions import Operation
from symgrad.language.operations.elementwise import composite, elementwise
from symgrad.language.operations.meanings import rewrite
from symgrad.language.operations.piecewise import minimum, relu
from symgrad.language.operations.smooth import erf, exp, log, sqrt


def _stable_sigmoid(x):  # type: ignore[no-untyped-def]
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


def _analytic_sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


sigmoid: Operation = elementwise(
    "sigmoid",
    lambda x: 1 / (1 + sympy.exp(-x)),
    _stable_sigmoid,
    analytic=_analytic_sigmoid,
    derivative=lambda x: (sigmoid(x) * (1 - sigmoid(x)),),
    reflection=lambda x: 1 - sigmoid(x),
    steps=(
        ("a", "negative", "x"),
        ("e", "exp", "a"),
        ("d", "add", "e", "1.0"),
        ("s", "divide", "1.0", "d"),
    ),
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
    steps=(
        ("a", "absolute", "x"),
        ("b", "negative", "a"),
        ("e", "exp", "b"),
        ("l", "log1p", "e"),
        ("m", "maximum", "x", "0.0"),
        ("s", "add", "m", "l"),
    ),
    sentence="The derivative of softplus, log(1 + exp(x)), is the sigmoid.",
    positive=True,
)
gelu = composite(
    "gelu",
    lambda x: 0.5 * x * (1 + erf(x / sqrt(2))),
    source="Hendrycks and Gimpel, Gaussian Error Linear Units, 2016",
)
silu = composite("silu", lambda x: x * sigmoid(x), source="Elfwing et al., 2017")
leaky_relu = composite(
    "leaky_relu", lambda x: 0.01 * x + 0.99 * relu(x), source="Maas et al., 2013; slope 0.01"
)


def _elu(x):  # type: ignore[no-untyped-def]
    return np.maximum(x, 0) + np.expm1(np.minimum(x, 0))


elu = elementwise(
    "elu",
    lambda x: sympy.Piecewise((x, x > 0), (sympy.exp(x) - 1, True)),
    _elu,
    analytic=lambda x: np.where(x.real > 0, x, np.exp(x) - 1),
    derivative=lambda x: (exp(minimum(x, 0)),),
    steps=(
        ("m", "maximum", "x", "0.0"),
        ("n", "minimum", "x", "0.0"),
        ("e", "expm1", "n"),
        ("h", "add", "m", "e"),
    ),
    sentence="The derivative of elu is 1 where x >= 0, and exp(x) below.",
    reserved=False,
    source="Clevert et al., 2015",
)
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
