"""The page: its head with what it may load (nothing), its sections, what folds on it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files
from xml.etree.ElementTree import Element, tostring

from symgrad.errors import visible
from symgrad.language.phrases import Phrase, phrase
from symgrad.rendering.document import Document
from symgrad.rendering.graph.computation import computation
from symgrad.rendering.graph.svg import picture
from symgrad.rendering.html.rows import equation_row, prose, scroll, step_rows, table
from symgrad.rendering.mathml import Child, made, mathml

ADDED = {"text": "Text", "copied": "Copied", "reasons": "All reasons"}  # by the script


def html(doc: Document) -> str:
    """A derivation as a whole page; level is "result", "steps" or "full".

    It asks for nothing from elsewhere, shows all without its script, and is well-formed XML too.
    """
    title = doc.words(_title(doc))
    body = tostring(made("body", _main(doc, title)), "unicode", short_empty_elements=False)
    heading = tostring(made("title", title), "unicode")
    return (
        f'<!DOCTYPE html>\n<html lang="{doc.words.code}">\n<head>\n<meta charset="utf-8"/>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy()}"/>\n'
        f"{heading}\n<style>{_style()}</style>\n</head>\n"
        f"{body}\n<script>{_script()}</script>\n</html>\n"
    )


def policy() -> str:
    """What the page may load: its own style and script, and nothing else."""
    own = (f"{kind} {allowed}" for kind, allowed in hashes().items())
    return "; ".join(("default-src 'none'", *own, "base-uri 'none'", "form-action 'none'"))


def hashes() -> dict[str, str]:
    """How a policy tells the style and the script, also that of a page with this one in a frame."""
    return {
        kind: f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
        for kind, text in (("style-src", _style()), ("script-src", _script()))
    }


# The files have no < and no &, so that what they say stands in HTML and XML alike.


@cache
def _style() -> str:
    graph = files("symgrad.rendering.graph").joinpath("graph.css")
    return files(__package__).joinpath("page.css").read_text("utf-8") + graph.read_text("utf-8")


@cache
def _script() -> str:
    return files(__package__).joinpath("page.js").read_text("utf-8")


def _title(doc: Document) -> Phrase:
    wrt = ", ".join(doc.derivation.wrt)
    name = doc.derivation.problem.output_name
    if not wrt:
        return phrase("{0} of {1}", doc.title, name)
    return phrase("{0} of {1} with respect to {2}", doc.title, name, wrt)


def _main(doc: Document, title: str) -> Element:
    added = {f"data-{key}": doc.words(word) for key, word in ADDED.items()}
    return made("main", made("h1", title), *_sections(doc), _footer(doc), **added)


def _sections(doc: Document) -> Iterator[Element]:
    yield _section(doc.words("Given"), *_given(doc))
    if doc.numbers is not None:
        told = made("p", doc.words(doc.numbers.said))
        rows = table(equation_row(e, doc) for e in doc.arrays)
        yield _section(doc.words("Numbers"), told, rows)
    if doc.chain_rule is not None:
        yield _section(doc.words("Chain rule"), table([equation_row(doc.chain_rule, doc)]))
    for name, lines in doc.parts:
        yield _section(name, table(row for line in lines for row in step_rows(line, doc)))
    for chain in doc.chains:
        yield _section(chain.title, table(equation_row(e, doc) for e in chain.equations))
    yield _section(doc.words("Result"), table(equation_row(e, doc) for e in doc.equations))
    if any(doc.lines("forward")):
        drawn = picture(computation(doc))
        yield _section(doc.words("Graph of the computation"), scroll([drawn], drawn[0].text or ""))


def _footer(doc: Document) -> Element:
    checked = doc.words(phrase("Checked: {0}.", doc.checked))
    notes = [made("p", *prose(text, doc)) for text in (doc.layout, checked) if text]
    if doc.computed:
        notes.append(_listed(doc.words("Computed: {0}."), doc.computed))
    return made("footer", *notes)


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
    given = [made("ul", *items), table(equation_row(e, doc) for e in doc.program)]
    if source := visible(doc.derivation.problem.source.strip()):
        typed = made("pre", made("code", source), **{"data-text": source, "tabindex": "0"})
        summary = made("summary", doc.words("The program as it was typed"))
        given.append(made("details", summary, typed))
    if doc.legend:
        legend = (made("li", mathml(formula, doc.table)) for formula in doc.legend)
        given.append(made("ul", made("li", f"{doc.words('Notation')}:"), *legend))
    if doc.rewrites:
        given.append(_listed(doc.words("Used: {0}."), doc.rewrites))
    return given


def _listed(template: str, identities: Iterable[str]) -> Element:
    """Identities as code in a sentence."""
    before, _, after = template.partition("{0}")
    said: list[Child] = [before]
    for k, identity in enumerate(identities):
        said += [*(["; "] if k else []), made("code", identity)]
    return made("p", *said, after)
