"""Mistakes that one operation of the formula explains."""

from __future__ import annotations

from functools import partial

from symgrad.grading.evidence import Evidence, Finding, Mistake
from symgrad.grading.sentences import SENTENCES, described


def _changed(kind: str, evidence: Evidence) -> Finding | None:
    """One kind of change, see `symgrad.grading.rewritings`."""
    found = evidence.replacement
    return None if found is None or found.kind != kind else described(evidence, found)


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
    "wrong_axis",
)
MASK = _mistake("misplaced_mask")
OPERATIONS = tuple(map(_mistake, OF_OPERATIONS))
OTHERS = tuple(_mistake(kind) for kind in SENTENCES if kind not in (*OF_OPERATIONS, MASK.name))
