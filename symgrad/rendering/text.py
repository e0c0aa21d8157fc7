"""Plain text for a terminal: the language's own notation, aligned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from symgrad.language.plain import plain_text
from symgrad.rendering.document import Document, Line
from symgrad.rendering.equations import Equation, shape_formula
from symgrad.rendering.prose import plain

INDENT = " " * 10
NOTE = 58  # the column in which the rules begin


def text(doc: Document) -> str:
    """A derivation as text."""
    return "\n".join(_lines(doc)).rstrip() + "\n"


def _lines(doc: Document) -> Iterator[str]:
    spaces = [plain_text(space) + (f", {facts}" if facts else "") for space, facts in doc.variables]
    words = doc.words
    given = [row for equation in doc.program for row in _noted("", equation)]
    yield from _section(words("Given"), [*spaces, *given])
    if doc.rewrites:
        yield from _section(words("Used"), list(doc.rewrites))
    for title, lines in doc.parts:
        yield from _section(title, [row for line in lines for row in _step(line)])
    for chain in doc.chains:
        yield from _section(chain.title, [row[2:] for row in text_rows(chain.equations)])
    equations = doc.equations
    yield from _section(words("Result"), [row for e in equations for row in _noted("", e)])
    yield from _section(doc.layout_title, [plain(doc.layout)])
    yield from _section(words("Checked"), [doc.checked])
    if doc.computed:
        yield from _section(words("Computed"), list(doc.computed))


def _section(title: str, rows: list[str]) -> Iterator[str]:
    if len(title) >= len(INDENT):
        yield title
    else:
        yield f"{title:<10}{rows.pop(0)}"
    yield from (INDENT + row for row in rows)
    yield ""


def _equation(equation: Equation) -> str:
    return " = ".join(map(plain_text, equation.formulas))


def _noted(number: str, equation: Equation) -> list[str]:
    """An equation with what is said of it: beside it, or below where it is long."""
    row = number + _equation(equation)
    note = plain(equation.note)
    if equation.shape is not None:
        shape = f"({plain_text(shape_formula(equation.shape))})"
        if not note:
            return [f"{row:<{NOTE}}  {shape}"]
        note = f"{note}  {shape}"
    return _beside(row, note, NOTE)


def _beside(row: str, note: str, column: int) -> list[str]:
    if len(row) <= column or not note:
        return [f"{row:<{column}}  {note}".rstrip()]
    return [row, f"{'':<{column}}  {note}"]


def _step(line: Line) -> list[str]:
    rows = _noted(f"({line.step.number}) ", line.equation)
    if line.sentence:
        rows += [f"    {row}" for row in (plain(line.sentence), *text_rows(line.why, NOTE - 4))]
    return rows


def text_rows(equations: Iterable[Equation], column: int = NOTE) -> Iterator[str]:
    """The lines of a proof one below the other, the moves beside them, from this column on."""
    before = ""
    for equation in equations:
        left, right = equation.left, plain_text(equation.sides[0])
        before = " " * len(before) if left is None else plain_text(left)
        yield from _beside(f"  {before} = {right}", _told(equation), column)


def _told(equation: Equation) -> str:
    """What is said beside a line of a proof."""
    fits = [] if equation.fits is None else [plain_text(equation.fits)]
    return ": ".join((*fits, plain(equation.note)))
