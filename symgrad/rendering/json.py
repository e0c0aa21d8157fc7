"""JSON: the whole derivation for a program to read."""

from __future__ import annotations

import json as _json
from typing import Any

from symgrad.calculus.derivation import Derivation
from symgrad.calculus.proofs import Proof
from symgrad.language.dimensions import Dimension
from symgrad.language.formula import Formula
from symgrad.language.plain import plain_text
from symgrad.language.table import Table
from symgrad.language.tex import latex
from symgrad.language.unparse import unparse
from symgrad.rendering.document import NO_PROOFS, Answer, Line, Proofs, Verified, document
from symgrad.rendering.proofs import rows


def json(derivation: Derivation, verification: Verified, proofs: Proofs = NO_PROOFS) -> str:
    """A derivation as JSON: texts in the language, LaTeX, rules, shapes, proofs."""
    doc = document(derivation, verification, "full", proofs)
    output = doc.output
    content = {
        "kind": derivation.kind,
        "wrt": list(derivation.wrt),
        "variables": [
            {
                "name": v.name,
                "kind": v.kind,
                "dims": _sizes(v.dims),
                "facts": sorted(v.facts),
                "batch": v.batch,
            }
            for v in derivation.problem.variables.values()
        ],
        "output": {
            "name": plain_text(output.left),
            "expression": plain_text(output.sides[0]),
            "latex": latex(output.sides[0], doc.table),
        },
        "rewrites": list(doc.rewrites),
        "steps": [_step(line, doc.table) for line in (*doc.forward, *doc.backward)],
        "results": [_result(answer, doc.table) for answer in doc.results],
        "layout": doc.layout,
        "max_relative_error": verification.max_relative_error,
    }
    return _json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _sizes(dims: tuple[Dimension, ...]) -> list[str]:
    return [str(d) for d in dims]


def _both(formula: Formula, table: Table) -> dict[str, str]:
    return {"expression": plain_text(formula), "latex": latex(formula, table)}


def _step(line: Line, table: Table) -> dict[str, Any]:
    step, (right, *simplified) = line.step, line.equation.sides
    return {
        "number": step.number,
        "kind": step.kind,
        "left": unparse(step.left),
        "right": plain_text(right),
        "simplified": plain_text(simplified[0]) if simplified else None,
        "latex": f"{latex(line.equation.left, table)} = {latex(right, table)}",
        "rule": step.rule,
        "uses": list(step.uses),
        "sentence": step.sentence,
        "shape": _sizes(step.shape),
        "proof": None if line.proof is None else _proof(line.proof, table),
    }


def _proof(proof: Proof, table: Table) -> dict[str, Any]:
    """The lines, each as text and in LaTeX; a left side is left out where it is the one before."""
    return {
        "kind": proof.kind,
        "lines": [
            {
                "left": "" if left is None else plain_text(left),
                "right": plain_text(right),
                "latex": f"{'' if left is None else latex(left, table)} = {latex(right, table)}",
                "move": move,
            }
            for left, right, move in rows(proof)
        ],
    }


def _result(answer: Answer, table: Table) -> dict[str, Any]:
    outcome = answer.outcome
    (result,) = (e for e in answer.equations if e.kind == "result")
    stacked = next((e for e in answer.equations if e.kind == "vectorized"), None)
    return {
        "key": outcome.key if isinstance(outcome.key, str) else list(outcome.key),
        "definitions": [
            [plain_text(e.left), plain_text(e.sides[0])]
            for e in answer.equations
            if e.kind == "definition"
        ],
        **_both(result.sides[0], table),
        "shape": _sizes(outcome.shape),
        "vectorized": None
        if stacked is None
        else {
            "left": plain_text(stacked.left),
            **_both(stacked.sides[0], table),
            "shape": _sizes(stacked.shape or ()),
        },
    }
