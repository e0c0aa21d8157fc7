"""Right results of another convention: how the entries of a symmetric matrix count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from symgrad.grading.comparison import all_close
from symgrad.grading.evidence import Evidence, Finding, Mistake

FORMS: dict[str, tuple[str, Callable[[np.ndarray], np.ndarray]]] = {
    "independent": ("G itself, in which the entries ij and ji are independent", lambda g: g),
    "entries": (
        "G + G.T - diag(diag(G)), in which the entries ij and ji count as one",
        lambda g: g + g.T - np.diag(np.diag(g)),
    ),
    "part": ("(G + G.T) / 2, the symmetric part", lambda g: (g + g.T) / 2),
}


def _symmetric(evidence: Evidence) -> Finding | None:
    exam = evidence.exam
    if exam.kind != "gradient" or exam.batch is not None:
        return None
    shape = exam.claim.expression.shape
    if not exam.right_shape or len(shape) != 2 or shape[0] != shape[1]:
        return None
    own = exam.symmetric
    plain = exam if own == "independent" else replace(exam, symmetric="independent")
    for convention, (words, form) in FORMS.items():
        if convention == own:
            continue
        wanted = [form(np.atleast_2d(want)) for want in plain.want]
        got = [np.atleast_2d(array) for array in exam.got]
        if all_close(got, wanted, exam.noise):
            name = exam.name
            return Finding(
                f"This is right in another convention of symmetric matrices: of the gradient G by "
                f"{name} it is {words}. {_asked(own, name)}",
                f"In how the entries of {name} that are equal are counted.",
                f"Give {FORMS[own][0]}.",
            )
    return None


def _asked(convention: str, name: str) -> str:
    """What is wanted instead, or how to have the answer's convention."""
    if convention == "independent":
        return f"Here every entry of {name} counts by itself."
    return f"Here symmetric={convention!r} is asked for: {FORMS[convention][0]}."


SYMMETRIC = Mistake(
    "symmetric_convention",
    "Right in the convention that counts the entries of a symmetric matrix as one.",
    "Conventions of the derivative by a symmetric matrix differ: its entries count as independent, "
    "or those that are equal as one.",
    _symmetric,
)
