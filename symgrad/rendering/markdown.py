"""Markdown: headings, a list of steps, formulas between dollar signs."""

from __future__ import annotations

from symgrad.calculus.derivation import Derivation
from symgrad.rendering.document import (
    NO_PROOFS,
    Answer,
    Document,
    Line,
    Proofs,
    Verified,
    document,
    from_steps,
    shape_words,
)
from symgrad.rendering.latex import (
    latex_dimension,
    latex_expression,
    latex_left,
    latex_space,
    result_name,
)
from symgrad.rendering.proofs import latex_rows


def markdown(
    derivation: Derivation,
    verification: Verified,
    level: str = "steps",
    proofs: Proofs = NO_PROOFS,
) -> str:
    """A derivation as Markdown (GitHub's, Jupyter's and pandoc's dollar formulas)."""
    return "\n".join(_lines(document(derivation, verification, level, proofs))) + "\n"


def _lines(doc: Document) -> list[str]:
    left, right = doc.output
    lines = [
        f"## {doc.title}",
        "",
        "**Given** " + ", ".join(f"${latex_space(v)}$" for v in doc.variables),
        "",
    ]
    lines += [f"$${latex_expression(left)} = {latex_expression(right)}$$", ""]
    if doc.rewrites:
        lines += ["Used: " + "; ".join(f"`{identity}`" for identity in doc.rewrites) + ".", ""]
    for title, part in (("Forward", doc.forward), ("Backward", doc.backward)):
        if part:
            lines += [f"### {title}", "", *(row for line in part for row in _step(line))]
    lines += ["### Result", ""]
    for answer in doc.results:
        lines += _result(answer)
    return [*lines, f"*{doc.layout}* Checked: {doc.checked}."]


def _step(line: Line) -> list[str]:
    step = line.step
    left = latex_left(latex_expression(step.left), step.right)
    equation = f"{left} = {latex_expression(step.right)}"
    if step.simplified is not None:
        equation += f" = {latex_expression(step.simplified)}"
    rows = [f"({step.number}) ${equation}$ \u2014 {step.rule}{from_steps(step.uses)}", ""]
    if line.proof is not None:
        rows += [f"> {step.sentence}", ">"]
        for left, right, move in latex_rows(line.proof, latex_expression):
            rows.append(f"> ${left} = {right}$ \u2014 {move}  ")
        rows.append("")
    return rows


def _result(answer: Answer) -> list[str]:
    outcome, vectorized = answer.outcome, answer.vectorized
    left = latex_left(result_name(outcome), outcome.expression)
    whole = f"$${left} = {latex_expression(outcome.expression)}$$"
    rows = [f"$${latex_expression(n)} = {latex_expression(e)}$$" for n, e in outcome.definitions]
    rows += [whole, "", f"({shape_words(outcome.shape)})", ""]
    if vectorized is not None:
        whole = f"$${vectorized.left[1]} = {vectorized.latex}$$"
        size = r" \times ".join(latex_dimension(d) for d in vectorized.expression.shape)
        rows += [whole, "", f"(${size}$)", ""]
    return rows
