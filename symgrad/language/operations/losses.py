"""Losses: what a prediction costs, beside its label."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy

from symgrad.errors import ShapeError
from symgrad.language import composing
from symgrad.language.composing import lowered, raised
from symgrad.language.dimensions import SCALAR, Shape
from symgrad.language.expressions import Expression, Name, Operation, Options, ShapeRule
from symgrad.language.operations.activations import softplus
from symgrad.language.operations.cases import where
from symgrad.language.operations.contractions import total
from symgrad.language.operations.elementwise import composite, elementwise
from symgrad.language.operations.entries import at
from symgrad.language.operations.namespace import Namespace
from symgrad.language.operations.norms import norm1, norm2
from symgrad.language.operations.piecewise import absolute, relu, sign
from symgrad.language.operations.smooth import log
from symgrad.language.shapes import given, same, vector


def _label_and_prediction(name: str) -> ShapeRule:
    def rule(arguments: tuple[Expression, ...], options: Options) -> Shape:
        label, prediction = arguments
        if isinstance(prediction, Name) and prediction.index_of is not None:
            raise ShapeError(
                f"{name}: {prediction.name} is an integer label; the label comes first"
            )
        if not (isinstance(label, Name) and label.index_of is not None):
            same(name, arguments)
        elif vector(name, prediction) != label.index_of:
            raise ShapeError(
                f"{name}: {given(prediction)}, but {label.name} is below {label.index_of}"
            )
        return SCALAR

    return rule


def _cross_entropy(y: Expression, p: Expression) -> Expression:
    if isinstance(y, Name) and y.index_of is not None:
        return -at(log(p), y)
    return -total(y * log(p))


def loss(
    name: str,
    definition: Callable[..., Expression],
    sentence: str,
    **columns: Any,
) -> Operation:
    """Declare a loss of a label (an integer one too, with `labels`) and a prediction."""
    return composite(
        name,
        definition,
        shape=_label_and_prediction(name),
        arity=(2, 2),
        sentence=sentence,
        symbol="l",
        category="loss",
        **columns,
    )


cross_entropy = loss(
    "cross_entropy",
    _cross_entropy,
    "Cross-entropy is -sum_i y_i log p_i (y one-hot, a distribution, or an Index): by p its "
    "gradient is -y / p.",
    latex=r"\operatorname{CE}",
    elsewhere=("ce",),
    labels=True,
    takes="probabilities",
)
squared_error = loss(
    "squared_error",
    lambda y, f: norm2(y - f) ** 2,
    "The L2 loss: the squared distance of label and prediction.",
    notation=lambda call, y, f: raised(composing.norm(composing.chain("-", y, f)), composing.TWO),
)
absolute_error = loss(
    "absolute_error",
    lambda y, f: norm1(y - f),
    "The L1 loss: the sum of absolute differences.",
    notation=lambda call, y, f: lowered(composing.norm(composing.chain("-", y, f)), composing.ONE),
)
binary_cross_entropy = loss(
    "binary_cross_entropy",
    lambda t, p: -total(t * log(p) + (1 - t) * log(1 - p)),
    "Cross-entropy of labels t in [0, 1] and probabilities p, summed over the entries.",
    latex=r"\operatorname{BCE}",
    elsewhere=("bce",),
    takes="probabilities",
)


def _huber(xp: Namespace, r: Any, delta: Any) -> Any:
    a = xp.abs(r)
    q = xp.minimum(a, delta)
    return 0.5 * q * q + delta * (a - q)


huber: Operation = elementwise(
    "huber",
    lambda r, d: sympy.Piecewise(
        (r**2 / 2, (r <= d) & (r >= -d)), (d * (sympy.Abs(r) - d / 2), True)
    ),
    _huber,
    arity=2,
    derivative=lambda r, d: (where(absolute(r), d, d * sign(r), r), relu(absolute(r) - d)),
    seam=lambda r, d: absolute(r) - d,
    prepare=lambda r, delta=None: huber(r, 1) if delta is None else None,
    sentence="The derivative of the Huber loss is the residual, clipped at -delta and delta.",
    category="loss",
    symbol="l",
    source="Huber, Robust estimation of a location parameter, 1964; delta = 1 where not given",
)
hinge = composite(
    "hinge",
    lambda m: relu(1 - m),
    category="loss",
    source="Max-margin loss of a margin m = y f(x), y = 1 or -1",
)
logistic = composite(
    "logistic", lambda m: softplus(-m), category="loss", source="Of a margin m = y f(x)"
)
