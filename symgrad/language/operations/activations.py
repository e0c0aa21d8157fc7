"""Activations: sigmoid and softplus with their stable forms, and abbreviations built on them."""

from __future__ import annotations

import sympy

from symgrad.language.expressions import Operation
from symgrad.language.operations.elementwise import composite, elementwise
from symgrad.language.operations.meanings import rewrite
from symgrad.language.operations.piecewise import minimum, relu
from symgrad.language.operations.smooth import erf, exp, expm1, log, sqrt

sigmoid: Operation = elementwise(
    "sigmoid",
    lambda x: 1 / (1 + sympy.exp(-x)),
    lambda xp, x: 1 / (xp.exp(-x) + 1),
    derivative=lambda x: (sigmoid(x) * (1 - sigmoid(x)),),
    reflection=lambda x: 1 - sigmoid(x),
    latex=r"\sigma",
    elsewhere=("σ", "sigma", "expit", "sigm", "logistic_sigmoid"),
    sentence="The derivative of the sigmoid is s (1 - s), entry by entry.",
    positive=True,
    logarithm=lambda x: -softplus(-x),
    inverse=lambda y: log(y / (1 - y)),
    gives="probabilities",
)


softplus: Operation = elementwise(
    "softplus",
    lambda x: sympy.log(1 + sympy.exp(x)),
    lambda xp, x: xp.maximum(x, 0) + xp.log1p(xp.exp(-xp.abs(x))),
    symbol="s",
    derivative=lambda x: (sigmoid(x),),
    sentence="The derivative of softplus, log(1 + exp(x)), is the sigmoid.",
    positive=True,
)
gelu = composite(
    "gelu",
    lambda x: 0.5 * x * (1 + erf(x / sqrt(2))),
    source="Hendrycks and Gimpel, Gaussian Error Linear Units, 2016",
)
silu = composite(
    "silu", lambda x: x * sigmoid(x), source="Elfwing et al., 2017", elsewhere=("swish",)
)
leaky_relu = composite(
    "leaky_relu", lambda x: 0.01 * x + 0.99 * relu(x), source="Maas et al., 2013; slope 0.01"
)
elu = elementwise(
    "elu",
    lambda x: sympy.Piecewise((x, x > 0), (sympy.exp(x) - 1, True)),
    lambda xp, x: xp.maximum(x, 0) + xp.expm1(xp.minimum(x, 0)),
    derivative=lambda x: (exp(minimum(x, 0)),),
    seam=lambda x: x,
    sentence="The derivative of elu is 1 where x >= 0, and exp(x) below.",
    reserved=False,
    source="Clevert et al., 2015",
)
rewrite(
    "softplus of an exponential",
    lambda x: (log(1 + exp(x)), softplus(x)),
    "log(1 + exp(x)) = softplus(x), without overflow",
    for_code=True,
)
rewrite(
    "logistic ratio",
    lambda x, y: (exp(x) / (exp(x) + exp(y)), sigmoid(x - y)),
    "exp(x) / (exp(x) + exp(y)) = sigmoid(x - y), without overflow",
    for_code=True,
)
rewrite(
    "sigmoid",
    lambda x: (exp(x) / (1 + exp(x)), sigmoid(x)),
    "exp(x) / (1 + exp(x)) = sigmoid(x), without overflow",
    for_code=True,
)
rewrite(
    "sigmoid",
    lambda x: (1 / (1 + exp(x)), sigmoid(-x)),
    "1 / (1 + exp(x)) = sigmoid(-x), without overflow",
    for_code=True,
)
rewrite(
    "logarithm of a sigmoid",
    lambda x: (log(sigmoid(x)), -softplus(-x)),
    "log(sigmoid(x)) = -softplus(-x), without underflow",
    for_code=True,
)
rewrite(
    "logarithm of the opposite sigmoid",
    lambda x: (log(1 - sigmoid(x)), -softplus(x)),
    "log(1 - sigmoid(x)) = -softplus(x), without cancellation",
    for_code=True,
)
rewrite(
    "logarithm of a difference of sigmoids",
    lambda x, y: (log(sigmoid(x) - sigmoid(y)), log(-expm1(y - x)) - softplus(-x) - softplus(y)),
    "log(sigmoid(x) - sigmoid(y)) = log(1 - exp(y - x)) - softplus(-x) - softplus(y), "
    "without cancellation",
    for_code=True,
)
