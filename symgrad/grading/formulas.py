"""Mistakes that one operation of the formula explains, in sentences."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from symgrad.grading.assumptions import where_symmetric
from symgrad.grading.branches import shortened
from symgrad.grading.evidence import Evidence, Finding, Mistake
from symgrad.grading.factors import Ratio
from symgrad.grading.rewritings import Change
from symgrad.language.unparse import unparse


class Kind(NamedTuple):
    """What is said before "... stands where ... belongs", what the two are called, where that says
    it, and the rule that it is against."""

    wrong: str
    rule: str
    right: str = ""


BACK = "From Z = A X B a cotangent G goes back as A^T G B^T."
OUTER = (
    "The derivative of a.T @ X @ b by the matrix X is the outer product a @ b.T; the inner product "
    "a.T @ b is a number."
)
KEEPS = (
    "A derivative is a sum of products: by the product rule and the chain rule each factor stays "
    "but the one that is differentiated."
)
LOOKED_UP = "Look up the derivative of the function: (sin)' = cos, (tanh)' = 1 - tanh^2."
KINDS = {
    "elementwise_product": Kind(
        "The elementwise product",
        "Through a matrix product z = W x a cotangent g goes back by matrix products: W^T g and "
        "g x^T.",
        "a matrix product",
    ),
    "matrix_product": Kind(
        "The matrix product",
        "Through an elementwise function or product a cotangent goes back entry by entry.",
        "an elementwise product",
    ),
    "inner_product": Kind("The inner product", OUTER, "an outer product"),
    "outer_product": Kind("The outer product", OUTER, "an inner product"),
    "transposed_factor": Kind("A transpose is wrong:", BACK),
    "order_of_factors": Kind(
        "The factors are in the wrong order:",
        f"Matrices do not commute: {BACK[0].lower()}{BACK[1:]}",
    ),
    "wrong_sign": Kind(
        "A sign is wrong:", "Of a difference a - b the second part has derivative -1."
    ),
    "brackets": Kind(
        "Brackets are wrong:",
        "A product or a sum goes as far as the next + or -: all of a (b - c) needs its brackets.",
    ),
    "misplaced_mask": Kind(
        "A mask is on the wrong side of a matrix product:",
        "A mask multiplies the cotangent of the values that it masked: through h = m * (W x) back "
        "goes W^T (m * g).",
    ),
    "off_by_one": Kind(
        "The steps are off by one:",
        "In step t a recurrence uses the state of step t - 1: dL/dW = sum over t of "
        "delta[t] h[t-1]^T.",
    ),
    "missing_function": Kind("A function is forgotten:", LOOKED_UP),
    "extra_function": Kind("A function is too much:", LOOKED_UP),
    "wrong_function": Kind("The wrong function is used:", LOOKED_UP),
    "order_of_sum": Kind(
        "A sum and what is taken of it are exchanged:",
        "The square of a sum is no sum of squares: (a + b)^2 = a^2 + 2 a b + b^2; so it is with "
        "every function but multiples.",
    ),
    "wrong_exponent": Kind(
        "An exponent is wrong:",
        "A power brings its exponent down and keeps one less: d(u^3) = 3 u^2 du.",
    ),
    "wrong_number": Kind(
        "A number is wrong:",
        "Numbers change by exponents alone, which come down: d(u^2) = 2 u du.",
    ),
    "wrong_axis": Kind(
        "The wrong axis:",
        "axis=0 goes along the columns and leaves a row, axis=1 along the rows and leaves a "
        "column.",
    ),
    "wrong_value": Kind(
        "The wrong value is used:",
        "A derivative is taken at the value that went into the function, layer by layer.",
    ),
    "missing_operand": Kind("A term is missing in a sum:", KEEPS),
    "missing_factor": Kind("A factor is missing in a product:", KEEPS),
    "extra_term": Kind("A term is too much in a sum:", KEEPS),
    "extra_factor": Kind("A factor is too much in a product:", KEEPS),
}


def described(evidence: Evidence, found: Change) -> Finding:
    """What is wrong; what is right only where that is not yet the whole answer."""
    kind = KINDS[found.kind]
    wrong, right = shortened(unparse(found.old)), shortened(unparse(found.new))
    if kind.right:
        right = f"the {kind.right.partition(' ')[2]} {right}"
    told = kind.right or "another" if evidence.is_answer(found.new) else right
    stands = "stands" if evidence.is_written(found.old) else "stands, in effect,"
    only = where_symmetric(evidence.exam) if found.kind == "transposed_factor" else ""
    return Finding(
        f"{kind.wrong} {wrong} {stands} where {told} belongs. {only}".rstrip(),
        f"In {wrong}.",
        f"In the place of {wrong} belongs {right}.",
    )


def off(part: str, ratio: Ratio) -> Finding:
    """That a claim has a wrong multiple of a part of it, or none."""
    if not ratio.number:
        return Finding(f"A term is missing: {part}.", f"In {part}.", f"Add {part}.")
    if ratio.is_number(-1):
        return Finding(f"The sign is wrong of {part}.", f"In {part}.", f"Change its sign: {part}.")
    return Finding(times(part, ratio), f"In {part}.", f"Multiply {part} by {1 / ratio}.")


def times(what: str, ratio: Ratio) -> str:
    """The answer has `ratio` times this: a factor is missing, or is too much."""
    word = f"{1 / ratio} is missing" if ratio.is_small else f"{ratio} is too much"
    return f"The answer has {ratio} times {what}: the factor {word}."


def _changed(kind: str, evidence: Evidence) -> Finding | None:
    """One kind of change, see `symgrad.grading.variants`."""
    found = evidence.replacement
    return None if found is None or found.kind != kind else described(evidence, found)


def _mistake(kind: str) -> Mistake:
    wrong, rule, _ = KINDS[kind]
    return Mistake(kind, f"{wrong} A stands where B belongs.", rule, partial(_changed, kind))


EARLY = tuple(KINDS)[:7]  # before what is right under an assumption alone
OF_VECTORS = tuple(map(_mistake, ("inner_product", "outer_product")))
MASK = _mistake("misplaced_mask")
OPERATIONS = tuple(map(_mistake, (*EARLY, "wrong_axis")))
OTHERS = tuple(_mistake(k) for k in KINDS if k not in (*EARLY, "wrong_axis", MASK.name))
