"""HTML: one page that shows itself, with formulas in MathML, on a screen or on paper."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element, tostring

from symgrad.language.formula import Formula
from symgrad.language.table import Table
from symgrad.rendering.document import Document, Line
from symgrad.rendering.equations import LONG, Equation, shape_formula, width
from symgrad.rendering.mathml import Child, made, mathml, pieces
from symgrad.rendering.prose import spans

STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1b; --soft: #5c5c5c; --line: #dcdcdc;
  --paper: #ffffff; --box: #f5f6f8; --link: #1a56a8; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e6e6; --soft: #a3a3a3; --line: #3a3a3a; --paper: #16181b; --box: #1f2227;
    --link: #8ab8f5; }
}
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 54rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.6rem; margin: 0 0 1rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 0.4rem; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
math { font-size: 1.1em; }
mfrac { padding-inline: 0.12em; }
ul { list-style: none; display: flex; flex-wrap: wrap; gap: 0.2rem 2rem; margin: 0; padding: 0; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: 0.35rem 0.4rem; text-align: left; font-weight: normal; vertical-align: baseline; }
tr.step, tr.result { border-top: 1px solid var(--line); }
tr:target { background: var(--box); }
.number, .note { color: var(--soft); white-space: nowrap; }
.number { width: 2rem; text-align: right; }
.note { font-size: 0.9rem; padding-left: 1.5rem; }
.step .note { min-width: 17.5rem; box-sizing: border-box; white-space: normal; }
.left { text-align: right; white-space: nowrap; padding-right: 0; }
.right { width: 100%; max-width: 0; padding-left: 0; }
.scroll { overflow: auto hidden; }
.scroll math { margin-block: 0.2rem; }
.why td { padding-top: 0; }
.box { background: var(--box); border-radius: 0.3rem; padding: 0.2rem 0.8rem; font-size: 0.9rem;
  margin-bottom: 0.4rem; }
.why p { margin: 0.35rem 0; overflow: auto hidden; }
.box div + div { border-top: 1px dashed var(--line); }
footer { margin-top: 2rem; border-top: 1px solid var(--line); color: var(--soft);
  font-size: 0.9rem; }
footer p { margin: 0.4rem 0; }
@media print, (max-width: 40rem) {
  tr { display: grid; grid-template-columns: 2.4rem auto minmax(0, 1fr); align-items: baseline; }
  .right { width: auto; max-width: none; }
  .why td { grid-column: 2 / -1; }
  .why td:empty { display: none; }
}
@media (max-width: 40rem) {
  .step .note { min-width: 0; }
  .note { grid-column: 2 / -1; padding: 0 0.4rem 0.3rem; }
}
@media print {
  :root { --ink: #000000; --soft: #444444; --paper: #ffffff; --box: #ffffff; --link: #000000; }
  main { max-width: none; padding: 0; font-size: 0.85rem; }
  tr { grid-template-columns: 2.4rem minmax(4.5rem, auto) minmax(0, 1fr) auto;
    break-inside: avoid; }
  h2, .step { break-after: avoid; }
  .step:has(+ .step), .step:last-child { break-after: auto; }
  .scroll, .why p { overflow: visible; }
}
"""


def html(doc: Document) -> str:
    """A derivation as a whole page; level is "result", "steps" or "full".

    It needs no network and no script, and is well-formed XML too.
    """
    title = _title(doc)
    body = tostring(made("body", _page(doc, title)), "unicode", short_empty_elements=False)
    heading = tostring(made("title", title), "unicode")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8"/>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>\n'
        f"{heading}\n<style>{STYLE}</style>\n</head>\n{body}\n</html>\n"
    )


def _title(doc: Document) -> str:
    wrt = ", ".join(doc.derivation.wrt)
    name = doc.derivation.problem.output_name
    return f"{doc.title} of {name}" + (f" with respect to {wrt}" if wrt else "")


def _page(doc: Document, title: str) -> Element:
    sections = [_section("Given", *_given(doc))]
    for name, lines in doc.parts:
        sections.append(_section(name, _table(row for x in lines for row in _step(x, doc.table))))
    for chain in doc.chains:
        sections.append(
            _section(chain.title, _table(_equation(e, doc.table) for e in chain.equations))
        )
    equations = doc.equations
    sections.append(_section("Result", _table(_equation(e, doc.table) for e in equations)))
    checked = f"Checked: {doc.verification.sentence}."
    notes = [made("p", *_prose(text)) for text in (doc.layout, checked) if text]
    if doc.computed:
        notes.append(_listed("Computed: ", doc.computed))
    return made("main", made("h1", title), *sections, made("footer", *notes))


def _section(title: str, *children: Child) -> Element:
    """A part of the page under its heading."""
    name = "-".join("".join(c if c.isalnum() else " " for c in title.lower()).split())
    heading = made("h2", title, id=name)
    return made("section", heading, *children, **{"aria-labelledby": name})


def _given(doc: Document) -> list[Element]:
    spaces = [
        made("li", mathml(space, doc.table), f" ({facts})" if facts else "")
        for space, facts in doc.variables
    ]
    given = [made("ul", *spaces), _table(_equation(e, doc.table) for e in doc.program)]
    if doc.rewrites:
        given.append(_listed("Used: ", doc.rewrites))
    return given


def _listed(title: str, identities: Iterable[str]) -> Element:
    said: list[Child] = [title]
    for k, identity in enumerate(identities):
        said += [*(["; "] if k else []), made("code", identity)]
    return made("p", *said, ".")


def _step(line: Line, table: Table) -> list[Element]:
    row = _equation(line.equation, table)
    row.set("id", f"step-{line.step.number}")
    return [row, *_why(line, table)]


def _prose(text: str) -> list[Child]:
    """A sentence, its formulas as code."""
    return [made("code", part) if formula else part for part, formula in spans(text)]


def _noted(text: str) -> list[Child]:
    """A note: its formulas as code, the numbers of steps as links."""
    return [
        child
        for part, formula in spans(text)
        for child in ([made("code", part)] if formula else _links(part))
    ]


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


def _why(line: Line, table: Table) -> list[Element]:
    if not line.sentence:
        return []
    lines = [made("p", *_prose(line.sentence))]
    for row in line.why:
        front = [] if row.left is None else [mathml(row.left, table)]
        lines.append(made("p", *front, *_side(row.sides[0], table), f" ({row.note})"))
    box = made("div", *lines, **{"class": "box"})
    cell = made("td", box, colspan="3")
    return [made("tr", made("td"), cell, **{"class": "why"})]


def _table(rows: Iterable[Element]) -> Element:
    return made("table", made("tbody", *rows))


def _equation(equation: Equation, table: Table) -> Element:
    """A row: number, left side, right sides, and what is said of it."""
    formulas = [element for side in equation.sides for element in _side(side, table)]
    number = "" if equation.number is None else f"({equation.number})"
    note = _noted(equation.note)
    if equation.shape is not None:
        note = [mathml(shape_formula(equation.shape), table)]
    left = [] if equation.left is None else [mathml(equation.left, table)]
    return made(
        "tr",
        made("th", number, scope="row", **{"class": "number"}),
        made("td", *left, **{"class": "left"}),
        made("td", made("div", *formulas, **{"class": "scroll"}), **{"class": "right"}),
        made("td", *note, **{"class": "note"}),
        **{"class": equation.kind},
    )


def _side(formula: Formula, table: Table) -> list[Element]:
    """A right side after its =, in pieces where it is long."""
    if width(formula) > LONG:
        return pieces(formula, table, "=")
    return [mathml(formula, table, "=")]
