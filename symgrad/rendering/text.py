"""Plain text for a terminal: the language's own notation, aligned."""

from __future__ import annotations

from collections.abc import Iterator

from symgrad.calculus.derivation import Derivation
from symgrad.language.plain import plain_text
from symgrad.rendering.document import (
    NO_PROOFS,
    Document,
    Equation,
    Line,
    Proofs,
    Verified,
    document,
    shape_formula,
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


def _lines(doc: Document) -> Iterator[str]:
    spaces = [plain_text(space) + (f", {facts}" if facts else "") for space, facts in doc.variables]
    yield from _section("Given", [*spaces, _equation(doc.output)])
    if doc.rewrites:
        yield from _section("Used", list(doc.rewrites))
    for title, lines in doc.parts:
        yield from _section(title, [row for line in lines for row in _step(line)])
    equations = (e for answer in doc.results for e in answer.equations)
    yield from _section("Result", [row for e in equations for row in _noted("", e)])
    yield from _section("Layout", [doc.layout])
    yield from _section("Checked", [doc.checked])


def _section(title: str, rows: list[str]) -> Iterator[str]:
    yield f"{title:<10}{rows[0]}"
    yield from (INDENT + row for row in rows[1:])
    yield ""


def _equation(equation: Equation) -> str:
    return " = ".join(map(plain_text, (equation.left, *equation.sides)))


def _noted(number: str, equation: Equation) -> list[str]:
    """An equation with what is said of it: beside it, or below where it is long."""
    note, row = equation.note, number + _equation(equation)
    if equation.shape is not None:
        shape = shape_formula(equation.shape)
        note = f"({'scalar' if shape is None else plain_text(shape)})"
        return [f"{row:<{NOTE}}  {note}"]
    if len(row) <= NOTE or not note:
        return [f"{row:<{NOTE}}  {note}".rstrip()]
    return [row, f"{'':<{NOTE}}  {note}"]


def _step(line: Line) -> list[str]:
    rows = _noted(f"({line.step.number}) ", line.equation)
    if line.proof is not None:
        rows += [f"    {row}" for row in (line.step.sentence, *aligned_text(line.proof, NOTE - 4))]
    return rows
