"""Equations as rows of a table, each with what is said of it, and the reasons that fold under it.

A line has its text in `data-text`, and its LaTeX in the annotations of its formulas: both are what
its copy buttons yield.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from xml.etree.ElementTree import Element

from symgrad.language.phrases import phrase
from symgrad.language.plain import plain_text
from symgrad.rendering.document import Document, Line
from symgrad.rendering.equations import Equation, shape_formula
from symgrad.rendering.html.pieces import pieces
from symgrad.rendering.mathml import Child, made, mathml
from symgrad.rendering.words import spans


def table(rows: Iterable[Element]) -> Element:
    """Rows below each other."""
    return made("table", made("tbody", *rows))


def step_rows(line: Line, doc: Document) -> list[Element]:
    """A step, which others link to, and its reasons."""
    row = equation_row(line.equation, doc)
    row.set("id", f"step-{line.step.number}")
    return [row, *_reasons(line, doc)]


def equation_row(equation: Equation, doc: Document) -> Element:
    """A row: number, left side, right sides, and what is said of it."""
    formulas = [piece for side in equation.right for piece in pieces(side, doc.table, "=")]
    number = "" if equation.number is None else f"({equation.number})"
    note = prose(equation.note, doc, _links)
    if equation.fits is not None:
        note = [mathml(equation.fits, doc.table), ": ", *note]
    if equation.shape is not None:
        shape = mathml(shape_formula(equation.shape), doc.table)
        note.append(made("span", shape, **{"class": "shape"}))
    left = [] if equation.left is None else [mathml(equation.left, doc.table)]
    label = doc.words(phrase("Line {0}", number)).strip()
    return made(
        "tr",
        made("th", number, scope="row", **{"class": "number"}),
        made("td", *left, **{"class": "left"}),
        made("td", scroll(formulas, label), **{"class": "right"}),
        made("td", *note, **{"class": "note"}),
        **{"class": equation.kind, "data-text": _text(equation, doc)},
    )


def prose(
    text: str, doc: Document, words: Callable[[str], list[Child]] = lambda part: [part]
) -> list[Child]:
    """A sentence with its formulas, its `words` between them as they are."""
    parts = ([_written(part, doc)] if formula else words(part) for part, formula in spans(text))
    return [child for part in parts for child in part]


def _written(text: str, doc: Document) -> Element:
    """A formula of a sentence, as code where it is not clear."""
    formula = doc.quoted.get(text)
    return made("code", text) if formula is None else mathml(formula, doc.table)


def _text(equation: Equation, doc: Document) -> str:
    return " = ".join(plain_text(formula, table=doc.table) for formula in equation.formulas)


def scroll(formulas: Iterable[Child], label: str) -> Element:
    """A box for what may be wider than the page, which the keyboard reaches."""
    given = {"class": "scroll", "tabindex": "0", "role": "group", "aria-label": label}
    return made("div", *formulas, **given)


def _links(text: str) -> list[Child]:
    """The text with each number in parentheses as a link to its step."""
    front, *pieces = text.split("(")
    children: list[Child] = [front]
    for piece in pieces:
        number, _, rest = piece.partition(")")
        step = f"({number})"
        is_step = number.isdigit()
        children += [made("a", step, href=f"#step-{number}") if is_step else step, rest]
    return children


def _reasons(line: Line, doc: Document) -> list[Element]:
    """Why a step is true: a sentence, and below it, where there is one, the proof that folds."""
    if not line.sentence:
        return []
    sentence = prose(line.sentence, doc)
    if not line.why:
        told = made("p", *sentence, **{"class": "box"})
    else:
        box = made("div", table(equation_row(row, doc) for row in line.why), **{"class": "box"})
        told = made("details", made("summary", *sentence), box)
    return [made("tr", made("td"), made("td", told, colspan="3"), **{"class": "why"})]
