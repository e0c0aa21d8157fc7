"""Text for a terminal, as wide as it is: the language's own notation, which reads back, or the
mathematical signs of Unicode."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from symgrad.errors import one_of, whole_number
from symgrad.language.formula import Formula
from symgrad.language.plain import plain_text
from symgrad.language.table import PLAIN, Table
from symgrad.language.unicode import columns, mathematics
from symgrad.rendering.document import Document, Line
from symgrad.rendering.equations import Equation, shape_formula
from symgrad.rendering.lines import beside, broken, chain, filled
from symgrad.rendering.words import plain

NOTATIONS = ("code", "math")
WIDTH, NARROWEST = 80, 40
INDENT = 10  # of what stands beside the titles
SENTENCE, PROOF = 4, 6  # how far in they stand below their step
ESCAPES = {"title": "\x1b[1m", "number": "\x1b[36m", "note": "\x1b[2m"}
PLAINLY = "\x1b[0m"


@dataclass(frozen=True)
class Sheet:
    """What text is written on: how wide it is, in which notation, and whether in colour."""

    width: int = WIDTH
    notation: str = NOTATIONS[0]
    table: Table = PLAIN
    colour: bool = False

    def __post_init__(self) -> None:
        one_of("notation", self.notation, NOTATIONS)
        whole_number("width", self.width, NARROWEST)

    def formula(self, formula: Formula) -> str:
        """A formula on one line."""
        if self.notation == "code":
            return plain_text(formula)
        return mathematics(formula, self.table)

    def painted(self, role: str, text: str) -> str:
        """A title, a number or a note in its colour."""
        return f"{ESCAPES[role]}{text}{PLAINLY}" if self.colour and text else text

    def equation(self, equation: Equation, width: int, front: str = "") -> list[str]:
        """An equation behind its number, and what is said of it at the right margin."""
        left, *sides = map(self.formula, equation.formulas)
        lines = chain(left, sides, width, front)
        noted = beside(lines, self.told(equation), width)
        first, *more = self._noted(lines, noted)
        return [self.painted("number", first[: len(front)]) + first[len(front) :], *more]

    def told(self, equation: Equation) -> str:
        """What is said beside an equation."""
        fits = [] if equation.fits is None else [self.formula(equation.fits)]
        note = ": ".join((*fits, plain(equation.note)))
        if equation.shape is None:
            return note
        return f"{note}  ({self.formula(shape_formula(equation.shape))})".lstrip()

    def _noted(self, lines: list[str], noted: list[str]) -> list[str]:
        """The lines with their notes in colour."""
        if noted is lines:
            return lines
        last = len(lines) - 1
        own = noted[last][len(lines[last]) :]
        rows = [lines[last] + self._note(own), *map(self._note, noted[last + 1 :])]
        return [*lines[:last], *rows]

    def _note(self, row: str) -> str:
        note = row.lstrip()
        return row[: len(row) - len(note)] + self.painted("note", note)

    def proof(self, equations: Iterable[Equation], width: int) -> Iterator[str]:
        """The lines of a proof one below the other, each left side once, the moves beside them."""
        before = ""
        for equation in equations:
            left = "" if equation.left is None else self.formula(equation.left)
            before = left or " " * columns(before)
            lines = chain(before, [*map(self.formula, equation.right)], width)
            yield from self._noted(lines, beside(lines, self.told(equation), width))


def text(doc: Document, width: int = WIDTH, notation: str = "code", colour: bool = False) -> str:
    """A derivation as text; raises OptionError for another notation, or less than 40 columns."""
    sheet = Sheet(width, notation, doc.table, colour)
    return "\n".join(line.rstrip() for line in _lines(doc, sheet)).rstrip() + "\n"


def _lines(doc: Document, sheet: Sheet) -> Iterator[str]:
    room, words = sheet.width - INDENT, doc.words

    def equations(these: Iterable[Equation]) -> list[str]:
        return [row for equation in these for row in sheet.equation(equation, room)]

    yield from _section(
        sheet, words("Given"), [*_variables(doc, sheet, room), *equations(doc.program)]
    )
    if doc.numbers is not None:
        told = filled(plain(words(doc.numbers.said)), room)
        yield from _section(sheet, words("Numbers"), [*told, *equations(doc.arrays)])
    if doc.rewrites:
        rewrites = [row for identity in doc.rewrites for row in broken(identity, room)]
        yield from _section(sheet, words("Used"), rewrites)
    if doc.chain_rule is not None:
        yield from _section(sheet, words("Chain rule"), equations([doc.chain_rule]))
    for title, lines in doc.parts:
        yield from _legend(doc, sheet, title)
        yield from _section(sheet, title, [r for line in lines for r in _step(line, sheet, room)])
    yield from _legend(doc, sheet, "")
    for by in doc.chains:
        yield from _section(sheet, by.title, [*sheet.proof(by.equations, room)])
    yield from _section(sheet, words("Result"), equations(doc.equations))
    said = {
        doc.layout_title: [plain(doc.layout)],
        words("Checked"): [doc.checked],
        words("Computed"): doc.computed,
    }
    for title, sentences in said.items():
        rows = [row for sentence in sentences for row in filled(sentence, room)]
        if rows:
            yield from _section(sheet, title, rows)


def _legend(doc: Document, sheet: Sheet, before: str) -> Iterator[str]:
    """What bars or deltas stand for, before the part with this title; the language has none."""
    if doc.legend and doc.defining == before and sheet.notation != "code":
        told = ", ".join(map(sheet.formula, doc.legend))
        rows = broken(told, sheet.width - INDENT)
        yield from _section(sheet, doc.words("Notation"), [*rows])


def _variables(doc: Document, sheet: Sheet, room: int) -> Iterator[str]:
    """Where each variable is, and what is declared of it."""
    for space, facts in doc.variables:
        said = sheet.formula(space) + (f", {facts}" if facts else "")
        yield from broken(said, room)


def _section(sheet: Sheet, title: str, rows: list[str]) -> Iterator[str]:
    front = " " * INDENT
    if columns(title) >= INDENT:
        yield sheet.painted("title", title)
    else:
        gap = " " * (INDENT - columns(title))
        yield sheet.painted("title", title) + gap + rows.pop(0)
    yield from (front + row for row in rows)
    yield ""


def _step(line: Line, sheet: Sheet, room: int) -> Iterator[str]:
    yield from sheet.equation(line.equation, room, f"({line.step.number}) ")
    if line.sentence:
        told = filled(plain(line.sentence), room - SENTENCE)
        yield from (" " * SENTENCE + row for row in told)
        yield from (" " * PROOF + row for row in sheet.proof(line.why, room - PROOF))


def proof_text(equations: Iterable[Equation], sheet: Sheet) -> str:
    """A proof alone."""
    return "\n".join(sheet.proof(equations, sheet.width)) + "\n"
