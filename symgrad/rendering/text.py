"""Plain text for a terminal: the language's own notation, aligned."""

from __future__ import annotations

from symgrad.calculus.derivation import Derivation, IndexForm, Outcome
from symgrad.language.expressions import Expression
from symgrad.language.problem import Variable
from symgrad.language.unparse import unparse
from symgrad.rendering.document import (
    FACTS,
    NO_PROOFS,
    Answer,
    Document,
    Line,
    Proofs,
    Verified,
    document,
    from_steps,
    gradient_of,
    shape_words,
)
from symgrad.rendering.proofs import aligned_text

INDENT = " " * 10
NOTE = 58  # the column in which the rules begin


def text(
    derivation: Derivation,
    verification: Verified,
    level: str = "steps",
    proofs: Proofs = NO_PROOFS,
) -> str:
    """A derivation as text."""
    return "\n".join(_lines(document(derivation, verification, level, proofs))).rstrip() + "\n"


def text_expression(e: Expression) -> str:
    """An expression as text; what has no matrix form in index notation."""
    return e.text if isinstance(e, IndexForm) else unparse(e)


def text_left(left: str, right: Expression) -> str:
    """The left side of an equation, with indices where the right side is in index notation."""
    if not isinstance(right, IndexForm) or not right.indices:
        return left
    return f"{left}_{right.indices}" if left.isidentifier() else f"({left})_{right.indices}"


def result_name(outcome: Outcome) -> str:
    """grad_W L for a gradient, else the derivative's name; (...).T where it is the transpose."""
    gradient = gradient_of(outcome)
    if gradient is None:
        name = unparse(outcome.name)
    else:
        top, bottom = gradient
        name = f"grad_{unparse(bottom)} {unparse(top)}"
    return f"({name}).T" if outcome.transposed else name


def _lines(doc: Document) -> list[str]:
    left, right = doc.output
    lines = _section("Given", [*map(_space, doc.variables), f"{unparse(left)} = {unparse(right)}"])
    if doc.rewrites:
        lines += _section("Used", list(doc.rewrites))
    for title, part in (("Forward", doc.forward), ("Backward", doc.backward)):
        if part:
            lines += _section(title, [row for line in part for row in _step(line)])
    lines += _section("Result", [row for answer in doc.results for row in _result(answer)])
    lines += _section("Layout", [doc.layout])
    lines += _section("Checked", [doc.checked])
    return lines


def _section(title: str, rows: list[str]) -> list[str]:
    return [f"{title:<10}{rows[0]}", *(INDENT + row for row in rows[1:]), ""]


def _space(variable: Variable) -> str:
    if variable.kind == "Index":
        return f"{variable.name} in 0, ..., {variable.dims[0]} - 1"
    dims = " x ".join(map(str, variable.dims))
    power = "" if not dims else f"^{dims}" if len(variable.dims) == 1 else f"^({dims})"
    facts = [FACTS[f] for f in sorted(variable.facts) if f in FACTS]
    return f"{variable.name} in R{power}" + (f", {', '.join(facts)}" if facts else "")


def _step(line: Line) -> list[str]:
    step = line.step
    equation = f"({step.number}) {text_left(unparse(step.left), step.right)}"
    equation += f" = {text_expression(step.right)}"
    if step.simplified is not None:
        equation += f" = {unparse(step.simplified)}"
    note = f"{step.rule}{from_steps(step.uses)}"
    rows = (
        [f"{equation:<{NOTE}}  {note}"]
        if len(equation) <= NOTE
        else [equation, f"{'':<{NOTE}}  {note}"]
    )
    if line.proof is not None:
        rows += [f"    {row}" for row in (step.sentence, *aligned_text(line.proof, NOTE - 4))]
    return rows


def _result(answer: Answer) -> list[str]:
    outcome, vectorized = answer.outcome, answer.vectorized
    equation = text_left(result_name(outcome), outcome.expression)
    equation += f" = {text_expression(outcome.expression)}"
    rows = [f"{name.name} = {unparse(value)}" for name, value in outcome.definitions]
    rows.append(f"{equation:<{NOTE}}  ({shape_words(outcome.shape)})")
    if vectorized is not None:
        equation = f"{vectorized.left[0]} = {vectorized.text}"
        rows.append(f"{equation:<{NOTE}}  ({shape_words(vectorized.expression.shape)})")
    return rows
