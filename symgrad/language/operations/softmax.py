"""Softmax and its logarithms, of a vector or of each row of a matrix."""

from __future__ import annotations

from typing import Any

from symgrad.errors import ShapeError
from symgrad.language.dimensions import ONE, describe
from symgrad.language.expressions import Expression, Operation
from symgrad.language.operations.constants import filled, ones
from symgrad.language.operations.contractions import dot, total
from symgrad.language.operations.elementwise import of_vectors
from symgrad.language.operations.meanings import rewrite
from symgrad.language.operations.namespace import Namespace
from symgrad.language.operations.smooth import exp, log
from symgrad.language.shapes import along_axis, reduced


def _softmax(xp: Namespace, x: Any, axis: Any) -> Any:
    e = xp.exp(x - xp.max(x, axis))
    return e / xp.sum(e, axis)


def _logsumexp(xp: Namespace, x: Any, axis: Any) -> Any:
    m = xp.max(x, axis)
    return xp.log(xp.sum(xp.exp(x - m), axis)) + m


def _log_softmax(xp: Namespace, x: Any, axis: Any) -> Any:
    z = x - xp.max(x, axis)
    return z - xp.log(xp.sum(xp.exp(z), axis))


def _sums(e: Expression, x: Expression, axis: int | None = None) -> Expression:
    """The sum of a vector; of the rows or columns of a matrix x in the place of each entry."""
    if axis is None or ONE in x.shape:
        return total(e)
    if len(x.shape) > 2:
        raise ShapeError(f"the sums along an axis of {describe(x.shape)} have no matrix form")
    one = filled(ones, (x.shape[axis],))
    return total(e, axis=1) @ one.T if axis == 1 else one @ total(e, axis=0)


softmax: Operation = of_vectors(
    "softmax",
    definition=lambda x, **axis: exp(x) / _sums(exp(x), x, **axis),
    pullback=lambda g, p, x: (p * (g - dot(g, p)),),
    kernel=_softmax,
    positive=True,
    logarithm=lambda x: log_softmax(x),
    simplex=True,
    gives="probabilities",
    rule="softmax",
    sentence="The incoming gradient meets the Jacobian of p = softmax(x), diag(p) - p p^T.",
    symbol="p",
    source="Bridle, Probabilistic interpretation of feedforward networks, 1990",
)
log_softmax: Operation = of_vectors(
    "log_softmax",
    definition=lambda x, **axis: x - log(_sums(exp(x), x, **axis)),
    pullback=lambda g, y, x: (g - softmax(x) * total(g),),
    kernel=_log_softmax,
    lowered=True,
    gives="logarithms",
    rule="log-softmax",
    sentence="Log-softmax takes away softmax times the sum of the incoming gradient.",
    symbol="q",
)
logsumexp = of_vectors(
    "logsumexp",
    definition=lambda x, **axis: log(total(exp(x), **axis)),
    pullback=lambda g, y, x: (g * softmax(x),),
    kernel=_logsumexp,
    elsewhere=("lse",),
    shape=reduced("logsumexp", along_axis),
    rule="log-sum-exp",
    sentence="The gradient of log-sum-exp is softmax.",
    symbol="s",
)
rewrite(
    "softmax",
    lambda x: (exp(x) / total(exp(x)), softmax(x)),
    "exp(x) / sum(exp(x)) = softmax(x), without overflow",
    for_code=True,
    over=("vector",),
)
rewrite(
    "logarithm of softmax",
    lambda x: (log(softmax(x)), log_softmax(x)),
    "log(softmax(x)) = log_softmax(x), without underflow",
    for_code=True,
    over=("vector",),
)
rewrite(
    "softmax by log-sum-exp",
    lambda x: (exp(x) * exp(-logsumexp(x)), softmax(x)),
    "exp(x) exp(-logsumexp(x)) = softmax(x)",
    over=("vector",),
)
rewrite(
    "log-sum-exp",
    lambda x: (log(total(exp(x))), logsumexp(x)),
    "log(sum(exp(x))) = logsumexp(x), without overflow",
    for_code=True,
    over=("vector",),
)
