"""Claims whose shapes fit nothing: which shape was given, which is wanted, what is likely."""

from __future__ import annotations

from collections.abc import Mapping

from symgrad.errors import ShapeError
from symgrad.grading.verdict import Verdict
from symgrad.language.dimensions import ONE, SCALAR, Shape, describe

WRONG_SHAPE = "wrong_shape"
RULE = (
    "A gradient G has the shape of its variable X: dL = <G, dX>. In A @ B the columns of A are the "
    "rows of B; sums and elementwise products are of equal shapes."
)


def misfit(error: ShapeError, what: str, shapes: Mapping[Shape, str], expected: str) -> Verdict:
    """The verdict on a claim that has no shape, since those inside it do not fit."""
    message, _, proposal = error.message.partition(" Did you mean ")
    place = "" if error.line in (None, 1) else f"In line {error.line}: "
    proposed = f" Did you mean {proposal}" if proposal else "." * (message[-1:] not in ".?")
    return Verdict(
        False,
        WRONG_SHAPE,
        f"{place}{message}{proposed} {wanted(what, shapes) if shapes else ''}".rstrip(),
        expected,
        hints=(
            f"{place}{message.split(': ')[0]}",
            RULE,
            f"Did you mean {proposal}" if proposal else message,
        ),
    )


def likely_shape(given: Shape, wanted: Shape) -> str | None:
    """What is likely where an answer of one shape is given for another, if anything is."""
    if given == wanted or SCALAR in (given, wanted):
        return None
    if given == wanted[::-1]:
        return "A transpose is missing or too much."
    if ONE in given and ONE not in wanted and {*given} - {ONE} <= {*wanted}:
        return "An outer product a @ b.T is missing, or a sum is too much."
    if ONE in wanted and ONE not in given and {*wanted} - {ONE} <= {*given}:
        return "A product or sum with a vector is missing."
    return None


def wanted(what: str, shapes: Mapping[Shape, str]) -> str:
    """The shapes that a result may have, in a sentence."""
    name = what.replace("the", "The", 1) if what.startswith("the ") else what
    names = " or ".join(f"{shown(shape)} ({layout})" for shape, layout in shapes.items())
    return f"{name} is {names}."


def shown(shape: Shape) -> str:
    """A shape in words."""
    return "a scalar" if shape == SCALAR else describe(shape)
