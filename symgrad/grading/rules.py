"""Mistakes in a single derivative: forgotten, taken at the wrong place, or only in part."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import islice, product
from typing import TypeAlias

import numpy as np

from symgrad.grading.branches import Branches
from symgrad.grading.calculation import Use
from symgrad.grading.evidence import Evidence, Finding, Mistake
from symgrad.language.expressions import Number
from symgrad.language.operations.meanings import Composite, Elementwise, Function, Monomial
from symgrad.language.unparse import unparse

Applies: TypeAlias = Callable[[Use], bool]
Sent: TypeAlias = Callable[[Branches, Use, int], np.ndarray]
MOST_USES = 100  # operations that are looked at in a deep net, those nearest to the result first


def means(*meanings: type) -> Applies:
    """Whether a use is in a call of one of these, whose result has the shape of what is used."""
    return lambda use: (
        _keeps_shape(use) and isinstance(use.statement.call.operation.meaning, meanings)
    )


def _is_curved(use: Use) -> bool:
    """Whether it is in a function of one argument that is not linear in it."""
    arguments = use.statement.call.arguments
    alone = sum(not isinstance(argument, Number) for argument in arguments) == 1
    return alone and means(Elementwise, Function, Composite, Monomial)(use)


def _keeps_shape(use: Use) -> bool:
    call, argument = use.statement.call, use.argument.expression
    return (call.shape, call.batch) == (argument.shape, argument.batch)


def of_use(
    name: str,
    meaning: str,
    rule: str,
    sentence: str,
    correction: str,
    applies: Applies,
    *sent: Sent,
) -> Mistake:
    """The claim is what comes out when one use sends back one of `sent` instead of its
    cotangent."""

    def explain(evidence: Evidence) -> Finding | None:
        branches = evidence.branches
        if branches is None:
            return None
        uses = filter(applies, branches.calculation.uses)
        for use, send in product(islice(uses, MOST_USES), sent):
            ratio = evidence.mutant(use, partial(send, branches, use))
            if ratio is None:
                continue
            call, formula = use.statement.call, branches.formula(use.statement)
            names = {"call": unparse(call), "name": call.operation.name, "formula": formula}
            names["argument"] = unparse(call.arguments[use.position])
            found = Finding(sentence.format(**names), f"In {formula}.", correction.format(**names))
            if ratio.is_number(1):
                return found
            evidence.nearly.append((found, ratio))
        return None

    return Mistake(name, meaning, rule, explain)


def _unchanged(branches: Branches, use: Use, k: int) -> np.ndarray:
    return branches.incoming(use, k)


def diagonal(branches: Branches, use: Use, k: int, arrived: np.ndarray | None = None) -> np.ndarray:
    """The diagonal of the Jacobian times the cotangent, by pulling back each unit vector."""
    arrived = branches.incoming(use, k) if arrived is None else arrived
    diagonal = np.zeros_like(arrived)
    for index in np.ndindex(arrived.shape):
        unit = np.zeros_like(arrived)
        unit[index] = 1.0
        diagonal[index] = arrived[index] * branches.contribution(use, k, arrived=unit)[index]
    return diagonal


MISTAKES = (
    of_use(
        "diagonal_only",
        "Of the Jacobian of a function of whole vectors, as softmax is, only the diagonal.",
        "A function of a whole vector has a full Jacobian J; a cotangent g goes back as J^T g.",
        "Only the diagonal of the Jacobian of {call} is used: each entry of it depends on all "
        "entries of its argument, not only on its own.",
        "Multiply by all of the Jacobian of {call}, transposed.",
        means(Function),
        diagonal,
    ),
    of_use(
        "derivative_forgotten",
        "The derivative of an activation or another function taken as 1.",
        "The chain rule: through y = f(x) a cotangent is multiplied by f'(x).",
        "The derivative of {name} is forgotten, in {formula}.",
        "Multiply by the derivative of {name} at {argument}.",
        _is_curved,
        _unchanged,
    ),
    of_use(
        "inner_derivative_forgotten",
        "The factor of a linear operation taken as 1.",
        "The chain rule: the derivative of what is inside is a factor too.",
        "The derivative by {argument} is taken as 1, in {formula}.",
        "Multiply by the derivative of {call} by {argument}.",
        lambda use: _keeps_shape(use) and not _is_curved(use),
        _unchanged,
    ),
    of_use(
        "not_differentiated",
        "A function itself in the place of its derivative.",
        "The chain rule has the derivative f'(x), not f(x).",
        "The function {name} stands in the place of its derivative, in {formula}.",
        "Put the derivative of {name} in the place of {name} itself.",
        means(Elementwise, Composite),
        lambda b, use, k: np.asarray(b.incoming(use, k) * b.value(use.statement, k)),
    ),
    of_use(
        "derivative_at_output",
        "f'(f(x)) in place of f'(x).",
        "The derivative f' is taken at the argument x of f(x).",
        "The derivative is taken at the result, not at the argument, in {formula}.",
        "Take the derivative of {name} at {argument}.",
        means(Elementwise, Composite),
        lambda b, use, k: b.contribution(use, k, argument=b.value(use.statement, k)),
    ),
    of_use(
        "derivative_at_input",
        "x (1 - x) in place of s (1 - s) with s = sigmoid(x).",
        "Where a derivative is written by the result s = f(x), as s (1 - s), s is the result.",
        "The derivative is written with the argument where the result belongs, in {formula}.",
        "Write the derivative with {call} where {argument} stands.",
        means(Elementwise, Function),
        lambda b, use, k: b.contribution(use, k, result=b.value(use.argument, k)),
    ),
)
