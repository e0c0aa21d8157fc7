"""Markdown: headings, a list of steps, formulas between dollar signs."""

from __future__ import annotations

from collections.abc import Iterator

from symgrad.calculus.derivation import Derivation
from symgrad.calculus.proofs import Proof
from symgrad.language.table import Table
from symgrad.language.tex import latex
from symgrad.rendering.document import (
    NO_PROOFS,
    Document,
    Equation,
    Proofs,
    Verified,
    document,
    shape_formula,
)
from symgrad.rendering.proofs import rows


def markdown(
    derivation: Derivation,
    verification: Verified,
    level: str = "steps",
    proofs: Proofs = NO_PROOFS,
) -> str:
    """A derivation as Markdown (GitHub's, Jupyter's and pandoc's dollar formulas)."""
    return "\n".join(_lines(document(derivation, verification, level, proofs))) + "\n"


def _lines(doc: Document) -> Iterator[str]:
    spaces = (
        f"${latex(space, doc.table)}$" + (f" ({facts})" if facts else "")
        for space, facts in doc.variables
    )
    yield from (f"## {doc.title}", "", "**Given** " + ", ".join(spaces), "")
    yield from (f"$${_equation(doc.output, doc.table)}$$", "")
    if doc.rewrites:
        yield from ("Used: " + "; ".join(f"`{rule}`" for rule in doc.rewrites) + ".", "")
    for title, lines in doc.parts:
        yield from (f"### {title}", "")
        for line in lines:
            formula = _equation(line.equation, doc.table)
            yield from (f"({line.step.number}) ${formula}$ \u2014 {line.equation.note}", "")
            if line.proof is not None:
                yield from (f"> {line.step.sentence}", ">", *_proof(line.proof, doc.table), "")
    yield from ("### Result", "")
    for equation in (e for answer in doc.results for e in answer.equations):
        yield f"$${_equation(equation, doc.table)}$$"
        if equation.shape is not None:
            shape = shape_formula(equation.shape)
            size = "scalar" if shape is None else f"${latex(shape, doc.table)}$"
            yield from ("", f"({size})", "")
    yield f"*{doc.layout}* Checked: {doc.checked}."


def _proof(proof: Proof, table: Table) -> Iterator[str]:
    for left, right, move in rows(proof):
        front = "" if left is None else latex(left, table)
        yield f"> ${front} = {latex(right, table)}$ \u2014 {move}  "


def _equation(equation: Equation, table: Table) -> str:
    return " = ".join(latex(side, table) for side in (equation.left, *equation.sides))
