"""Softmax and its logarithms, of a vector or of each row of a matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from symgrad.language.dimensions import SCALAR, Shape
from symgrad.language.expressions import Expression, Operation, Options, register
from symgrad.language.operations.contractions import dot, total
from symgrad.language.operations.meanings import Function, rewrite
from symgrad.language.operations.smooth import exp, log
from symgrad.language.shapes import along_axis, reduced


def _kept(name: str):  # type: ignore[no-untyped-def]
    def rule(arguments: tuple[Expression, ...], options: Options) -> Shape:
        along_axis(name, arguments[0], options)
        return arguments[0].shape

    return rule


def _reduced(arguments: tuple[Expression, ...], options: Options) -> Shape:
    axis = along_axis("logsumexp", arguments[0], options)
    return SCALAR if axis is None else reduced(arguments[0].shape, axis)


def _softmax(x, axis):  # type: ignore[no-untyped-def]
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def _logsumexp(x, axis):  # type: ignore[no-untyped-def]
    m = x.max(axis, keepdims=True)
    return np.log(np.exp(x - m).sum(axis)) + m.squeeze(axis)


def _log_softmax(x, axis):  # type: ignore[no-untyped-def]
    z = x - x.max(axis, keepdims=True)
    return z - np.log(np.exp(z).sum(axis, keepdims=True))


SHIFTED = (  # exponentials that cannot overflow, and their sum
    ("m", "max", "x"),
    ("s", "subtract", "x", "m"),
    ("e", "exp", "s"),
    ("t", "sum", "e"),
)


def _exponentials(x: Any, axis: int) -> Any:
    return np.exp(x - x.real.max(axis, keepdims=True))


softmax = register(
    Operation(
        name="softmax",
        meaning=Function(
            over="vector",
            definition=lambda x: exp(x) / total(exp(x)),
            pullback=lambda g, p, x: (p * (g - dot(g, p)),),
            kernel=_softmax,
            steps=(*SHIFTED, ("p", "divide", "e", "t")),
            positive=True,
            simplex=True,
            analytic=lambda x, axis: (
                _exponentials(x, axis) / _exponentials(x, axis).sum(axis, keepdims=True)
            ),
        ),
        shape=_kept("softmax"),
        options=("axis",),
        rule="softmax",
        sentence="The incoming gradient meets the Jacobian of p = softmax(x), diag(p) - p p^T.",
        symbol="p",
        source="Bridle, Probabilistic interpretation of feedforward networks, 1990",
    )
)
log_softmax = register(
    Operation(
        name="log_softmax",
        meaning=Function(
            over="vector",
            definition=lambda x: x - log(total(exp(x))),
            pullback=lambda g, y, x: (g - softmax(x) * total(g),),
            kernel=_log_softmax,
            steps=(*SHIFTED, ("l", "log", "t"), ("q", "subtract", "s", "l")),
            analytic=lambda x, axis: x - np.log(np.exp(x).sum(axis, keepdims=True)),
        ),
        shape=_kept("log_softmax"),
        options=("axis",),
        rule="log-softmax",
        sentence="Log-softmax takes away softmax times the sum of the incoming gradient.",
        symbol="q",
    )
)
logsumexp = register(
    Operation(
        name="logsumexp",
        meaning=Function(
            over="vector",
            definition=lambda x: log(total(exp(x))),
            pullback=lambda g, y, x: (g * softmax(x),),
            kernel=_logsumexp,
            steps=(*SHIFTED, ("l", "log", "t"), ("y", "add", "l", "m")),
            analytic=lambda x, axis: np.log(np.exp(x).sum(axis)),
        ),
        shape=_reduced,
        options=("axis",),
        rule="log-sum-exp",
        sentence="The gradient of log-sum-exp is softmax.",
        symbol="s",
    )
)
rewrite(
    name="softmax",
    pattern=lambda x: exp(x) / total(exp(x)),
    replacement=lambda x: softmax(x),
    identity="exp(x) / sum(exp(x)) = softmax(x), without overflow",
    over=("vector",),
)
rewrite(
    name="logarithm of softmax",
    pattern=lambda x: log(softmax(x)),
    replacement=lambda x: log_softmax(x),
    identity="log(softmax(x)) = log_softmax(x), without underflow",
    over=("vector",),
)
rewrite(
    name="log-sum-exp",
    pattern=lambda x: log(total(exp(x))),
    replacement=lambda x: logsumexp(x),
    identity="log(sum(exp(x))) = logsumexp(x), without overflow",
    over=("vector",),
)
