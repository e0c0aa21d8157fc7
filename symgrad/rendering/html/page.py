"""The page: its head with what it may load (nothing), its sections, what folds on it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from importlib.resources import files
from xml.etree.ElementTree import Element, tostring

from symgrad.rendering.document import Document
from symgrad.rendering.graph import computation
from symgrad.rendering.graph.svg import picture
from symgrad.rendering.html.rows import equation_row, prose, scroll, step_rows, table
from symgrad.rendering.mathml import Child, made, mathml

WORDS = {  # of what the script adds
    "data-latex": "LaTeX",
    "data-text": "Text",
    "data-copied": "Copied",
    "data-reasons": "All reasons",
}


def html(doc: Document) -> str:
    """A derivation as a whole page; level is "result", "steps" or "full".

    It asks for nothing from elsewhere, shows all without its script, and is well-formed XML too.
    """
    title = _title(doc)
    body = tostring(made("body", _main(doc, title)), "unicode", short_empty_elements=False)
    heading = tostring(made("title", title), "unicode")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8"/>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy()}"/>\n'
        f"{heading}\n<style>{_style()}</style>\n</head>\n{body}\n<script>{_script()}</script>\n</html>\n"
    )


def policy() -> str:
    """What the page may load: its own style and script, told by their hashes, and nothing else."""
    hashes = (
        f"{kind} 'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
        for kind, text in (("style-src", _style()), ("script-src", _script()))
    )
    return "; ".join(("default-src 'none'", *hashes, "base-uri 'none'", "form-action 'none'"))


# The files have no < and no &, so that what they say stands in HTML and XML alike.


@cache
def _style() -> str:
    graph = files("symgrad.rendering.graph").joinpath("graph.css")
    return files(__package__).joinpath("page.css").read_text("utf-8") + graph.read_text("utf-8")


@cache
def _script() -> str:
    return files(__package__).joinpath("page.js").read_text("utf-8")


def _title(doc: Document) -> str:
    wrt = ", ".join(doc.derivation.wrt)
    name = doc.derivation.problem.output_name
    return f"{doc.title} of {name}" + (f" with respect to {wrt}" if wrt else "")


def _main(doc: Document, title: str) -> Element:
    sections = [_section("Given", *_given(doc))]
    for name, lines in doc.parts:
        sections.append(_section(name, table(row for x in lines for row in step_rows(x, doc))))
    ends = (*((chain.title, chain.equations) for chain in doc.chains), ("Result", doc.equations))
    for name, equations in ends:
        sections.append(_section(name, table(equation_row(e, doc.table) for e in equations)))
    if doc.forward:
        drawn = picture(computation(doc))
        sections.append(_section("Graph of the computation", scroll([drawn], drawn[0].text or "")))
    checked = f"Checked: {doc.verification.sentence}."
    notes = [made("p", *prose(text)) for text in (doc.layout, checked) if text]
    if doc.computed:
        notes.append(_listed("Computed: ", doc.computed))
    return made("main", made("h1", title), *sections, made("footer", *notes), **WORDS)


def _section(title: str, *children: Child) -> Element:
    """A part of the page under its heading."""
    name = "-".join("".join(c if c.isalnum() else " " for c in title.lower()).split())
    heading = made("h2", title, id=name)
    return made("section", heading, *children, **{"aria-labelledby": name})


def _given(doc: Document) -> list[Element]:
    """The variables, the program as formulas and as it was typed, and the identities used."""
    spaces = (mathml(space, doc.table) for space, _ in doc.variables)
    facts = (f" ({facts})" if facts else "" for _, facts in doc.variables)
    items = [made("li", *pair, tabindex="0") for pair in zip(spaces, facts, strict=True)]
    given = [made("ul", *items), table(equation_row(e, doc.table) for e in doc.program)]
    if source := doc.derivation.problem.source.strip():
        typed = made("pre", made("code", source), **{"data-text": source, "tabindex": "0"})
        given.append(made("details", made("summary", "The program as it was typed"), typed))
    if doc.rewrites:
        given.append(_listed("Used: ", doc.rewrites))
    return given


def _listed(title: str, identities: Iterable[str]) -> Element:
    said: list[Child] = [title]
    for k, identity in enumerate(identities):
        said += [*(["; "] if k else []), made("code", identity)]
    return made("p", *said, ".")
