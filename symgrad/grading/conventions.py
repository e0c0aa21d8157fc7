"""Right results of another convention: the entries of a symmetric matrix counted as one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from symgrad.grading.comparison import all_close
from symgrad.grading.evidence import Evidence, Finding, Mistake

FORMS: tuple[tuple[str, Callable[[np.ndarray], np.ndarray]], ...] = (
    (
        "G + G.T - diag(diag(G)), in which the entries ij and ji count as one",
        lambda g: g + g.T - np.diag(np.diag(g)),
    ),
    ("(G + G.T) / 2, the symmetric part", lambda g: (g + g.T) / 2),
)


def _symmetric(evidence: Evidence) -> Finding | None:
    exam = evidence.exam
    if exam.kind != "gradient" or exam.batch is not None:
        return None
    shape = exam.claim.expression.shape
    if not exam.right_shape or len(shape) != 2 or shape[0] != shape[1]:
        return None
    for words, form in FORMS:
        wanted = [form(np.atleast_2d(want)) for want in exam.want]
        got = [np.atleast_2d(array) for array in exam.got]
        if all_close(got, wanted, exam.noise):
            name = exam.name
            return Finding(
                f"This is right in another convention of symmetric matrices: of the gradient G by "
                f"{name} it is {words}. Here every entry of {name} counts by itself.",
                f"In how the entries of {name} that are equal are counted.",
                f"Give G itself, the gradient in which {name}_ij and {name}_ji are independent.",
            )
    return None


SYMMETRIC = Mistake(
    "symmetric_convention",
    "Right in the convention that counts the entries of a symmetric matrix as one.",
    "Conventions of the derivative by a symmetric matrix differ: its entries count as independent, "
    "or those that are equal as one.",
    _symmetric,
)
