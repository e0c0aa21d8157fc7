"""Mistakes in a single derivative that have a reason: it is there twice, it is another function's,
a root or a regularizer is left as it was."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from symgrad.calculus.lowering import lower
from symgrad.calculus.tensors import given
from symgrad.grading.branches import Branches
from symgrad.grading.calculation import Use
from symgrad.grading.evidence import Evidence, Finding, Mistake
from symgrad.grading.factors import multiple
from symgrad.grading.rules import Sent, diagonal, means, of_use
from symgrad.grading.variants import scalar_functions
from symgrad.language.dimensions import SCALAR
from symgrad.language.expressions import Name, Operation, is_call, leaves, mapped
from symgrad.language.operations.meanings import Composite, Elementwise, Function
from symgrad.language.operations.norms import norm2
from symgrad.language.unparse import unparse
from symgrad.numerics.interpreter import evaluate_nodes


def _diagonal_after(branches: Branches, use: Use, k: int) -> np.ndarray:
    """The contribution, times the diagonal of the Jacobian once more."""
    sent = branches.contribution(use, k)
    return np.asarray(sent * diagonal(branches, use, k, np.ones_like(sent)))


def _squared(branches: Branches, use: Use, k: int) -> np.ndarray:
    """As if the norm were squared."""
    factor = 2 * branches.value(use.statement, k)
    return branches.contribution(use, k, arrived=branches.incoming(use, k) * factor)


def _has_mask(use: Use) -> bool:
    meaning = use.statement.call.operation.meaning
    kinked = isinstance(meaning, Elementwise) and meaning.kink is not None
    return kinked and means(Elementwise)(use)


# another function's derivative


def _derivative(operation: Operation, by_result: bool) -> Callable[[np.ndarray], np.ndarray] | None:
    """The derivative of a scalar function, of its argument or of its result, where that says it,
    and it is not 0 everywhere."""
    x = Name("?x", SCALAR)
    (slope,) = operation.meaning.derivative(x)
    if by_result:
        result = Name("?y", SCALAR)
        slope = mapped(slope, lambda e: result if is_call(e, operation) else e)
        if any(isinstance(leaf, Name) and leaf.name == "?x" for leaf in leaves(slope)):
            return None
    names = {"?x": given("?x", SCALAR, frozenset()), "?y": given("?y", SCALAR, frozenset())}
    node = lower(slope, names).closed().node

    def at(values: np.ndarray) -> np.ndarray:
        flat = [
            evaluate_nodes([node], {"?x": value, "?y": value}, {})[node] for value in values.ravel()
        ]
        return np.reshape(np.asarray(flat, dtype=float), values.shape)

    return at if np.any(at(np.array([-0.7, 0.3]))) else None


def _instead(other: Operation, by_result: bool) -> Sent | None:
    """What is sent with another function's derivative, at the argument or written by the
    result."""
    slope = _derivative(other, by_result)
    if slope is None:
        return None

    def sent(branches: Branches, use: Use, k: int) -> np.ndarray:
        at = branches.value(use.statement if by_result else use.argument, k)
        return np.asarray(branches.incoming(use, k) * slope(at))

    return sent


def _another(evidence: Evidence) -> Finding | None:
    for other in scalar_functions():
        for by_result in (False, True):
            sent = _instead(other, by_result)
            if sent is None:
                continue
            found = of_use(
                "", "", "", _ANOTHER.format(other=other.name), _ITS, partial(_is_other, other), sent
            ).explain(evidence)
            if found is not None:
                return found
    return None


def _is_other(other: Operation, use: Use) -> bool:
    call = use.statement.call
    return call.operation is not other and len(call.arguments) == 1 and means(Elementwise)(use)


_ANOTHER = "The derivative of {other} stands in the place of that of {{name}}, in {{formula}}."
_ITS = "Write the derivative of {name} at {argument}."


# a regularizer left as it was


def _undifferentiated(evidence: Evidence) -> Finding | None:
    branches = evidence.branches
    if branches is None:
        return None
    exam = branches.exam
    for use in filter(branches.is_regularizer, branches.calculation.uses):

        def rest(k: int, use: Use = use) -> np.ndarray:
            return np.asarray(exam.want[k] - branches.part(use, k))

        def term(k: int, use: Use = use) -> np.ndarray:
            value = branches.value(use.argument, k)
            return np.array(np.broadcast_to(value, exam.want[k].shape))

        def square(k: int) -> np.ndarray:
            return np.asarray(exam.points[k].inputs[exam.name]) ** 2

        for part in (term, square):
            ratio = multiple(exam, part, rest, numbers=branches.points)
            if ratio is not None and ratio.number and not (part is term and ratio.unit):
                words = branches.describe(use)
                return Finding(
                    f"The regularizer stands in the answer as it is in the loss, not its "
                    f"derivative: {words}.",
                    f"In the part of the regularizer, {words}.",
                    f"Put the derivative of {unparse(use.argument.expression)} by {exam.name} "
                    "in its place.",
                )
    return None


MISTAKES = (
    of_use(
        "derivative_twice",
        "The derivative of a function once too often, as s (1 - s) after a cross-entropy.",
        "Each function on the way gives its derivative once; with a cross-entropy after sigmoid or "
        "softmax the factors cancel to p - y.",
        "The factor that is the derivative of {name} is there once too often, in {formula}.",
        "Leave one factor out that is the derivative of {name} at {argument}.",
        means(Elementwise, Function, Composite),
        lambda b, use, k: b.contribution(use, k, arrived=b.contribution(use, k)),
        _diagonal_after,
    ),
    of_use(
        "root_forgotten",
        "The derivative of a squared norm in place of that of the norm.",
        "The loss is a norm, not its square: d norm2(r) = r^T dr / norm2(r).",
        "The root of the norm is forgotten: the answer belongs to the square of {call}, or half "
        "of it.",
        "Divide by {call}: the derivative of norm2(r) is r / norm2(r).",
        lambda use: use.statement.call.operation is norm2,
        _squared,
        lambda b, use, k: np.asarray(_squared(b, use, k) / 2),
    ),
    of_use(
        "mask_reversed",
        "The derivative on the other side of a kink.",
        "A mask passes on what stands on its own side: relu passes where its argument is positive.",
        "The derivative of {name} is that of the other side of the kink, in {formula}.",
        "Take the derivative of {name} at {argument}, not at its negative.",
        _has_mask,
        lambda b, use, k: b.contribution(use, k, argument=-b.value(use.argument, k)),
    ),
    Mistake(
        "regularizer_not_differentiated",
        "A regularizer that stands in the answer as it does in the loss.",
        "The derivative of a sum is the sum of the derivatives, the regularizer's too.",
        _undifferentiated,
    ),
)
ANOTHER = Mistake(
    "another_activation",
    "The derivative of another activation.",
    "Each activation has its own derivative: sigmoid s (1 - s), tanh 1 - t^2, relu 1[z > 0].",
    _another,
)
