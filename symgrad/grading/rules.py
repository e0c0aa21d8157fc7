"""Mistakes in a single derivative: forgotten, taken at the wrong place, or only in part."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import islice

import numpy as np

from symgrad.grading.branches import Branches
from symgrad.grading.calculation import Use
from symgrad.grading.evidence import Evidence, Finding, Mistake
from symgrad.language.expressions import Call, Number
from symgrad.language.operations.meanings import Composite, Elementwise, Function, Monomial
from symgrad.language.unparse import unparse

MOST_USES = 100  # operations that are looked at in a deep net, those nearest to the result first


def _means(*meanings: type) -> Callable[[Call], bool]:
    return lambda call: isinstance(call.operation.meaning, meanings)


def _is_curved(call: Call) -> bool:
    """Whether it is a function of one argument that is not linear in it."""
    alone = sum(not isinstance(argument, Number) for argument in call.arguments) == 1
    return alone and _means(Elementwise, Function, Composite, Monomial)(call)


def _has_its_shape(use: Use) -> bool:
    call, argument = use.statement.call, use.argument.expression
    return (call.shape, call.batch) == (argument.shape, argument.batch)


def _mistake(
    name: str,
    meaning: str,
    rule: str,
    sentence: str,
    correction: str,
    applies: Callable[[Call], bool],
    sent: Callable[[Branches, Use, int], np.ndarray],
) -> Mistake:
    """The claim is what comes out when one use sends back `sent` instead of its cotangent."""

    def explain(evidence: Evidence) -> Finding | None:
        branches = evidence.branches
        if branches is None:
            return None
        uses = filter(_has_its_shape, branches.calculation.uses)
        for use in islice((use for use in uses if applies(use.statement.call)), MOST_USES):
            if evidence.is_mutant(use, partial(sent, branches, use)):
                call = use.statement.call
                formula = branches.formula(use.statement)
                names = {"call": unparse(call), "name": call.operation.name, "formula": formula}
                names["argument"] = unparse(call.arguments[use.position])
                return Finding(
                    sentence.format(**names), f"In {formula}.", correction.format(**names)
                )
        return None

    return Mistake(name, meaning, rule, explain)


def _unchanged(branches: Branches, use: Use, k: int) -> np.ndarray:
    return branches.incoming(use, k)


def _itself(branches: Branches, use: Use, k: int) -> np.ndarray:
    return np.asarray(branches.incoming(use, k) * branches.value(use.statement, k))


def _at_output(branches: Branches, use: Use, k: int) -> np.ndarray:
    return branches.contribution(use, k, argument=branches.value(use.statement, k))


def _at_input(branches: Branches, use: Use, k: int) -> np.ndarray:
    return branches.contribution(use, k, result=branches.value(use.argument, k))


def _diagonal(branches: Branches, use: Use, k: int) -> np.ndarray:
    """The diagonal of the Jacobian times the cotangent, by pulling back each unit vector."""
    arrived = branches.incoming(use, k)
    diagonal = np.zeros_like(arrived)
    for index in np.ndindex(arrived.shape):
        unit = np.zeros_like(arrived)
        unit[index] = 1.0
        diagonal[index] = arrived[index] * branches.contribution(use, k, arrived=unit)[index]
    return diagonal


MISTAKES = (
    _mistake(
        "diagonal_only",
        "Of the Jacobian of a function of whole vectors, as softmax is, only the diagonal.",
        "A function of a whole vector has a full Jacobian J; a cotangent g goes back as J^T g.",
        "Only the diagonal of the Jacobian of {call} is used: each entry of it depends on all "
        "entries of its argument, not only on its own.",
        "Multiply by all of the Jacobian of {call}, transposed.",
        _means(Function),
        _diagonal,
    ),
    _mistake(
        "derivative_forgotten",
        "The derivative of an activation or another function taken as 1.",
        "The chain rule: through y = f(x) a cotangent is multiplied by f'(x).",
        "The derivative of {name} is forgotten, in {formula}.",
        "Multiply by the derivative of {name} at {argument}.",
        _is_curved,
        _unchanged,
    ),
    _mistake(
        "inner_derivative_forgotten",
        "The factor of a linear operation taken as 1.",
        "The chain rule: the derivative of what is inside is a factor too.",
        "The derivative by {argument} is taken as 1, in {formula}.",
        "Multiply by the derivative of {call} by {argument}.",
        lambda call: not _is_curved(call),
        _unchanged,
    ),
    _mistake(
        "not_differentiated",
        "A function itself in the place of its derivative.",
        "The chain rule has the derivative f'(x), not f(x).",
        "The function {name} stands in the place of its derivative, in {formula}.",
        "Put the derivative of {name} in the place of {name} itself.",
        _means(Elementwise, Composite),
        _itself,
    ),
    _mistake(
        "derivative_at_output",
        "f'(f(x)) in place of f'(x).",
        "The derivative f' is taken at the argument x of f(x).",
        "The derivative is taken at the result, not at the argument, in {formula}.",
        "Take the derivative of {name} at {argument}.",
        _means(Elementwise, Composite),
        _at_output,
    ),
    _mistake(
        "derivative_at_input",
        "x (1 - x) in place of s (1 - s) with s = sigmoid(x).",
        "Where a derivative is written by the result s = f(x), as s (1 - s), s is the result.",
        "The derivative is written with the argument where the result belongs, in {formula}.",
        "Write the derivative with {call} where {argument} stands.",
        _means(Elementwise, Function),
        _at_input,
    ),
)
