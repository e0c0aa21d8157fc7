"""JSON: the whole derivation for a program to read."""

from __future__ import annotations

import json as _json
from typing import Any

from symgrad.calculus.derivation import Derivation
from symgrad.calculus.proofs import Proof
from symgrad.language.unparse import unparse
from symgrad.rendering.document import NO_PROOFS, Answer, Line, Proofs, Verified, document
from symgrad.rendering.latex import latex_expression
from symgrad.rendering.proofs import latex_rows, text_rows
from symgrad.rendering.text import text_expression


def json(derivation: Derivation, verification: Verified, proofs: Proofs = NO_PROOFS) -> str:
    """A derivation as JSON: texts in the language, LaTeX, rules, shapes, proofs."""
    doc = document(derivation, verification, "full", proofs)
    left, right = doc.output
    content = {
        "kind": derivation.kind,
        "wrt": list(derivation.wrt),
        "variables": [
            {
                "name": v.name,
                "kind": v.kind,
                "dims": [str(d) for d in v.dims],
                "facts": sorted(v.facts),
                "batch": v.batch,
            }
            for v in doc.variables
        ],
        "output": {
            "name": unparse(left),
            "expression": unparse(right),
            "latex": latex_expression(right),
        },
        "rewrites": list(doc.rewrites),
        "steps": [_step(line) for line in (*doc.forward, *doc.backward)],
        "results": [_result(answer) for answer in doc.results],
        "layout": doc.layout,
        "max_relative_error": verification.max_relative_error,
    }
    return _json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _step(line: Line) -> dict[str, Any]:
    step = line.step
    simplified = step.simplified
    return {
        "number": step.number,
        "kind": step.kind,
        "left": unparse(step.left),
        "right": text_expression(step.right),
        "simplified": None if simplified is None else unparse(simplified),
        "latex": f"{latex_expression(step.left)} = {latex_expression(step.right)}",
        "rule": step.rule,
        "uses": list(step.uses),
        "sentence": step.sentence,
        "shape": [str(d) for d in step.shape],
        "proof": None if line.proof is None else _proof(line.proof),
    }


def _proof(proof: Proof) -> dict[str, Any]:
    """The lines, each as text and in LaTeX; a left side is left out where it is the one before."""
    rows = zip(text_rows(proof), latex_rows(proof, latex_expression), strict=True)
    return {
        "kind": proof.kind,
        "lines": [
            {"left": left, "right": right, "latex": f"{latex[0]} = {latex[1]}", "move": move}
            for (left, right, move), latex in rows
        ],
    }


def _result(answer: Answer) -> dict[str, Any]:
    outcome, vectorized = answer.outcome, answer.vectorized
    return {
        "key": outcome.key if isinstance(outcome.key, str) else list(outcome.key),
        "definitions": [[name.name, unparse(value)] for name, value in outcome.definitions],
        "expression": text_expression(outcome.expression),
        "latex": latex_expression(outcome.expression),
        "shape": [str(d) for d in outcome.shape],
        "vectorized": None
        if vectorized is None
        else {
            "left": vectorized.left[0],
            "expression": vectorized.text,
            "latex": vectorized.latex,
            "shape": [str(d) for d in vectorized.expression.shape],
        },
    }
