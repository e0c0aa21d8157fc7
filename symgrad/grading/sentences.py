"""A wrong operation of a formula, in sentences."""

from __future__ import annotations

from typing import NamedTuple

from symgrad.grading.branches import shortened
from symgrad.grading.changes import Replacement
from symgrad.grading.evidence import Evidence, Finding
from symgrad.grading.factors import Ratio
from symgrad.language.unparse import unparse


class Sentence(NamedTuple):
    """What is said of one kind of wrong operation: what is wrong, what is right, the same without
    saying it, and the rule that it is against."""

    wrong: str
    right: str
    hidden: str
    rule: str


KEEPS = (
    "A derivative is a sum of products: by the product rule and the chain rule each factor stays "
    "but the one that is differentiated."
)
SENTENCES = {
    "elementwise_product": Sentence(
        "The elementwise product {0} stands",
        "the matrix product {0}",
        "a matrix product",
        "Through a matrix product z = W x a cotangent g goes back by matrix products: W^T g and "
        "g x^T.",
    ),
    "matrix_product": Sentence(
        "The matrix product {0} stands",
        "the elementwise product {0}",
        "an elementwise product",
        "Through an elementwise function or product a cotangent goes back entry by entry.",
    ),
    "transposed_factor": Sentence(
        "A transpose is wrong: {0} stands",
        "{0}",
        "another",
        "From Z = A X B a cotangent G goes back as A^T G B^T.",
    ),
    "order_of_factors": Sentence(
        "The factors are in the wrong order: {0} stands",
        "{0}",
        "another",
        "Matrices do not commute: from Z = A X B a cotangent G goes back as A^T G B^T.",
    ),
    "wrong_sign": Sentence(
        "A sign is wrong: {0} stands",
        "{0}",
        "another",
        "Of a difference a - b the second part has derivative -1.",
    ),
    "misplaced_mask": Sentence(
        "A mask is on the wrong side of a matrix product: {0} stands",
        "{0}",
        "another",
        "A mask multiplies the cotangent of the values that it masked: through h = m * (W x) back "
        "goes W^T (m * g).",
    ),
    "off_by_one": Sentence(
        "The steps are off by one: {0} stands",
        "{0}",
        "another",
        "In step t a recurrence uses the state of step t - 1: dL/dW = sum over t of "
        "delta[t] h[t-1]^T.",
    ),
    "wrong_function": Sentence(
        "The wrong function is used: {0} stands",
        "{0}",
        "another",
        "Look up the derivative of the function: (sin)' = cos, (tanh)' = 1 - tanh^2.",
    ),
    "wrong_exponent": Sentence(
        "An exponent is wrong: {0} stands",
        "{0}",
        "another",
        "A power brings its exponent down and keeps one less: d(u^3) = 3 u^2 du.",
    ),
    "wrong_number": Sentence(
        "A number is wrong: {0} stands",
        "{0}",
        "another number",
        "Numbers change by exponents alone, which come down: d(u^2) = 2 u du.",
    ),
    "wrong_axis": Sentence(
        "The wrong axis: {0} stands",
        "{0}",
        "another",
        "axis=0 goes along the columns and leaves a row, axis=1 along the rows and leaves a "
        "column.",
    ),
    "wrong_value": Sentence(
        "The wrong value is used: {0} stands",
        "{0}",
        "another",
        "A derivative is taken at the value that went into the function, layer by layer.",
    ),
    "missing_operand": Sentence("A term is missing in a sum: {0} stands", "{0}", "another", KEEPS),
    "missing_factor": Sentence(
        "A factor is missing in a product: {0} stands", "{0}", "another", KEEPS
    ),
    "extra_term": Sentence("A term is too much in a sum: {0} stands", "{0}", "another", KEEPS),
    "extra_factor": Sentence(
        "A factor is too much in a product: {0} stands", "{0}", "another", KEEPS
    ),
}


def off(part: str, ratio: Ratio) -> Finding:
    """That a claim has a wrong multiple of a part of it, or none."""
    if not ratio.number:
        return Finding(f"A term is missing: {part}.", f"In {part}.", f"Add {part}.")
    if ratio.is_number(-1):
        return Finding(f"The sign is wrong of {part}.", f"In {part}.", f"Change its sign: {part}.")
    return Finding(times(part, ratio), f"In {part}.", f"Multiply {part} by {1 / ratio}.")


def times(what: str, ratio: Ratio) -> str:
    """The answer has `ratio` times this: a factor is missing, or is too much."""
    if ratio.is_small:
        return f"The answer has {ratio} times {what}: the factor {1 / ratio} is missing."
    return f"The answer has {ratio} times {what}: the factor {ratio} is too much."


def described(evidence: Evidence, found: Replacement) -> Finding:
    """What is wrong; what is right only where that is not yet the whole answer."""
    kind = SENTENCES[found.kind]
    wrong, right = shortened(unparse(found.wrong)), shortened(unparse(found.right))
    told = kind.hidden if evidence.is_answer(found.right) else kind.right.format(right)
    return Finding(
        f"{kind.wrong.format(wrong)} where {told} belongs.",
        f"In {wrong}.",
        f"In the place of {wrong} belongs {kind.right.format(right)}.",
    )
