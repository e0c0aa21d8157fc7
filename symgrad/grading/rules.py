"""Mistakes in a single derivative: forgotten, taken at the wrong place, or only in part."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from symgrad.grading.branches import Branches
from symgrad.grading.evidence import Evidence
from symgrad.grading.program import Edge
from symgrad.language.expressions import Number
from symgrad.language.operations.meanings import Composite, Elementwise, Function, Monomial
from symgrad.language.unparse import unparse

MOST = 100  # operations that are looked at in a deep net, those nearest to the result first
CURVED = (Elementwise, Function, Composite, Monomial)


def diagonal_only(evidence: Evidence) -> str | None:
    """Of the Jacobian of a function of whole vectors, as softmax is, only the diagonal."""
    for branches, edge in _edges(evidence, Function):
        if evidence.is_mutant(edge, partial(_diagonal, branches, edge)):
            call = unparse(branches.program.slots[edge[0]].call)
            return (
                f"Only the diagonal of the Jacobian of {call} is used: each entry of it depends on "
                "all entries of its argument, not only on its own."
            )
    return None


def not_differentiated(evidence: Evidence) -> str | None:
    """A function itself in the place of its derivative."""
    for branches, edge in _edges(evidence, Elementwise, Composite):
        if evidence.is_mutant(edge, partial(_itself, branches, edge)):
            call = branches.program.slots[edge[0]].call
            formula = branches.formula(edge[0])
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
    for branches, edge in _edges(evidence, Elementwise, Composite):
        if evidence.is_mutant(edge, partial(_at_output, branches, edge)):
            formula = branches.formula(edge[0])
            return f"The derivative is taken at the result, not at the argument, in {formula}."
    return None


def derivative_at_input(evidence: Evidence) -> str | None:
    """x (1 - x) in place of s (1 - s) with s = sigmoid(x)."""
    for branches, edge in _edges(evidence, Elementwise, Function):
        if evidence.is_mutant(edge, partial(_at_input, branches, edge)):
            formula = branches.formula(edge[0])
            return (
                "The derivative is written with the argument where the result belongs, in "
                f"{formula}."
            )
    return None


def _forgotten(evidence: Evidence, curved: bool) -> str | None:
    for branches, edge in _edges(evidence, *(CURVED if curved else ())):
        call = branches.program.slots[edge[0]].call
        alone = sum(not isinstance(a, Number) for a in call.arguments) == 1
        if (alone and isinstance(call.operation.meaning, CURVED)) != curved:
            continue
        if evidence.is_mutant(edge, partial(_unchanged, branches, edge)):
            formula = branches.formula(edge[0])
            if curved:
                return f"The derivative of {call.operation.name} is forgotten, in {formula}."
            argument = unparse(call.arguments[edge[1]])
            return f"The derivative by {argument} is taken as 1, in {formula}."
    return None


def _edges(evidence: Evidence, *meanings: type) -> Iterator[tuple[Branches, Edge]]:
    """The edges whose slot has one of these meanings and the shape of its argument."""
    branches = evidence.branches
    if branches is None:
        return
    slots = branches.program.slots
    found = 0
    for edge in branches.edges:
        slot = slots[edge[0]]
        argument = slot.call.arguments[edge[1]]
        if (slot.call.shape, slot.call.batch) != (argument.shape, argument.batch):
            continue
        if meanings and not isinstance(slot.call.operation.meaning, meanings):
            continue
        yield branches, edge
        found += 1
        if found >= MOST:
            return


def _unchanged(branches: Branches, edge: Edge, k: int) -> np.ndarray:
    return branches.incoming(edge, k)


def _itself(branches: Branches, edge: Edge, k: int) -> np.ndarray:
    return np.asarray(branches.incoming(edge, k) * branches.values(k)[edge[0]])


def _at_output(branches: Branches, edge: Edge, k: int) -> np.ndarray:
    return branches.contribution(edge, k, argument=branches.values(k)[edge[0]])


def _at_input(branches: Branches, edge: Edge, k: int) -> np.ndarray:
    argument = branches.program.slots[edge[0]].arguments[edge[1]]
    return branches.contribution(edge, k, result=branches.values(k)[argument])


def _diagonal(branches: Branches, edge: Edge, k: int) -> np.ndarray:
    """The diagonal of the Jacobian times the cotangent, by pulling back each unit vector."""
    arrived = branches.incoming(edge, k)
    found = np.zeros_like(arrived)
    for index in np.ndindex(arrived.shape):
        unit = np.zeros_like(arrived)
        unit[index] = 1.0
        found[index] = arrived[index] * branches.contribution(edge, k, arrived=unit)[index]
    return found
