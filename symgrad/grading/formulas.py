"""Mistakes that one operation of the formula explains, and assumptions that nobody made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from symgrad.grading.evidence import Evidence, Finding, Mistake
from symgrad.grading.exam import close
from symgrad.grading.sentences import SENTENCES, described
from symgrad.language.problem import Variable


def _changed(kind: str, evidence: Evidence) -> Finding | None:
    """One kind of change, see `symgrad.grading.rewritings`."""
    found = evidence.replacement
    return None if found is None or found.kind != kind else described(evidence, found)


def _assumption(evidence: Evidence) -> Finding | None:
    for variable in evidence.exam.claim.problem.variables.values():
        for fact, words, restrict in _restrictions(variable):
            if _right_under(evidence, variable.name, restrict):
                return Finding(
                    f"The answer is right only where {variable.name} {words}, which the problem "
                    f"does not say ({fact}=True).",
                    f"Where {variable.name} is used.",
                    f"Declare {fact}=True of {variable.name}, or do not use that it {words}.",
                )
    return None


def _restrictions(
    variable: Variable,
) -> list[tuple[str, str, Callable[[np.ndarray], np.ndarray]]]:
    if variable.kind == "Vector" and not variable.facts & {"simplex", "one_hot"}:
        return [("simplex", "sums to 1", _normalized)]
    square = variable.kind == "Matrix" and variable.dims[0] == variable.dims[1]
    if not square or variable.facts & {"symmetric", "orthogonal"}:
        return []
    return [
        ("symmetric", "is symmetric", lambda a: (a + np.swapaxes(a, -1, -2)) / 2),
        ("orthogonal", "is orthogonal", lambda a: np.linalg.qr(a)[0]),
    ]


def _normalized(array: np.ndarray) -> np.ndarray:
    positive = np.abs(array) + 0.1
    return np.asarray(positive / positive.sum(axis=-1, keepdims=True))


def _right_under(
    evidence: Evidence, name: str, restrict: Callable[[np.ndarray], np.ndarray]
) -> bool:
    exam = evidence.exam
    compared = 0
    for point, noise in zip(exam.points, exam.noise, strict=True):
        inputs = {**point.inputs, name: restrict(point.inputs[name])}
        moved = exam.adapted(replace(point, inputs=inputs))
        got, want = exam.claimed_at(moved), exam.right_at(moved)
        if np.all(np.isfinite(want)):
            compared += 1
            if not close(got, want, 4 * noise):
                return False
    return compared > 1


def _mistake(kind: str) -> Mistake:
    sentence = SENTENCES[kind]
    meaning = f"{sentence.wrong.format('A')} where {sentence.right.format('B')} belongs."
    return Mistake(kind, meaning, sentence.rule, partial(_changed, kind))


OF_OPERATIONS = (
    "elementwise_product",
    "matrix_product",
    "transposed_factor",
    "order_of_factors",
    "wrong_sign",
)
MISTAKES = (
    *map(_mistake, OF_OPERATIONS),
    Mistake(
        "assumption",
        "Right only under an assumption that the problem does not make.",
        "Only what the problem declares of a variable may be used.",
        _assumption,
    ),
    *(_mistake(kind) for kind in SENTENCES if kind not in OF_OPERATIONS),
)
