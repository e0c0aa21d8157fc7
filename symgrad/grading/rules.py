"""Mistakes in a single derivative: forgotten, taken at the wrong place, or only in part."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice

import numpy as np

from symgrad.grading.branches import Branches
from symgrad.grading.calculation import Use
from symgrad.grading.evidence import Evidence
from symgrad.language.expressions import Number
from symgrad.language.operations.meanings import Composite, Elementwise, Function, Monomial
from symgrad.language.unparse import unparse

MOST = 100  # operations that are looked at in a deep net, those nearest to the result first
CURVED = (Elementwise, Function, Composite, Monomial)


def diagonal_only(evidence: Evidence) -> str | None:
    """Of the Jacobian of a function of whole vectors, as softmax is, only the diagonal."""
    for branches, use in _uses(evidence, Function):
        if evidence.is_mutant(use, partial(_diagonal, branches, use)):
            call = unparse(use.statement.call)
            return (
                f"Only the diagonal of the Jacobian of {call} is used: each entry of it depends on "
                "all entries of its argument, not only on its own."
            )
    return None


def not_differentiated(evidence: Evidence) -> str | None:
    """A function itself in the place of its derivative."""
    for branches, use in _uses(evidence, Elementwise, Composite):
        if evidence.is_mutant(use, partial(_itself, branches, use)):
            call = use.statement.call
            formula = branches.formula(use.statement)
            return (
                f"The function {call.operation.name} stands in the place of its derivative, in "
                f"{formula}."
            )
    return None


def derivative_forgotten(evidence: Evidence) -> str | None:
    """The derivative of an activation or another function taken as 1."""
    return _forgotten(evidence, curved=True)


def inner_derivative_forgotten(evidence: Evidence) -> str | None:
    """The factor of a linear operation taken as 1."""
    return _forgotten(evidence, curved=False)


def derivative_at_output(evidence: Evidence) -> str | None:
    """f'(f(x)) in place of f'(x)."""
    for branches, use in _uses(evidence, Elementwise, Composite):
        if evidence.is_mutant(use, partial(_at_output, branches, use)):
            formula = branches.formula(use.statement)
            return f"The derivative is taken at the result, not at the argument, in {formula}."
    return None


def derivative_at_input(evidence: Evidence) -> str | None:
    """x (1 - x) in place of s (1 - s) with s = sigmoid(x)."""
    for branches, use in _uses(evidence, Elementwise, Function):
        if evidence.is_mutant(use, partial(_at_input, branches, use)):
            formula = branches.formula(use.statement)
            return (
                "The derivative is written with the argument where the result belongs, in "
                f"{formula}."
            )
    return None


def _forgotten(evidence: Evidence, curved: bool) -> str | None:
    for branches, use in _uses(evidence, *(CURVED if curved else ())):
        call = use.statement.call
        alone = sum(not isinstance(a, Number) for a in call.arguments) == 1
        if (alone and isinstance(call.operation.meaning, CURVED)) != curved:
            continue
        if evidence.is_mutant(use, partial(_unchanged, branches, use)):
            formula = branches.formula(use.statement)
            if curved:
                return f"The derivative of {call.operation.name} is forgotten, in {formula}."
            argument = unparse(call.arguments[use.position])
            return f"The derivative by {argument} is taken as 1, in {formula}."
    return None


def _uses(evidence: Evidence, *meanings: type) -> Iterator[tuple[Branches, Use]]:
    """The uses in statements that have one of these meanings and the shape of the argument."""
    branches = evidence.branches
    if branches is not None:
        fitting = (use for use in branches.calculation.uses if _fits(use, meanings))
        yield from ((branches, use) for use in islice(fitting, MOST))


def _fits(use: Use, meanings: tuple[type, ...]) -> bool:
    call = use.statement.call
    argument = call.arguments[use.position]
    if (call.shape, call.batch) != (argument.shape, argument.batch):
        return False
    return not meanings or isinstance(call.operation.meaning, meanings)


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
