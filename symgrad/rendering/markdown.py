"""Markdown: headings, a list of steps, formulas between dollar signs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from symgrad.language.formula import Named
from symgrad.language.phrases import phrase
from symgrad.language.tex import latex
from symgrad.rendering.document import Document
from symgrad.rendering.equations import Equation, shape_formula
from symgrad.rendering.latex import chained, given


def markdown(doc: Document) -> str:
    """A derivation as Markdown (GitHub's, Jupyter's and pandoc's dollar formulas)."""
    return "\n".join(_lines(doc)) + "\n"


def _lines(doc: Document) -> Iterator[str]:
    words, spaces = doc.words, given(doc.variables, doc.table)
    yield from (f"## {doc.title}", "", f"**{words('Given')}** {spaces}", "")
    for equation in doc.program:
        note = "" if equation.shape is None else f" {_note(equation, doc)}"
        yield from (f"$${chained(equation, doc.table)}$${note}", "")
    if doc.numbers is not None:
        yield from (f"{words('Numbers')}: {words(doc.numbers.said)}:", "")
        for equation in doc.arrays:
            yield from (f"$${chained(equation, doc.table)}$$", "")
    if doc.rewrites:
        yield from (f"{words('Used')}: {_listed(doc.rewrites)}.", "")
    if doc.legend:
        legend = ", ".join(f"${latex(formula, doc.table)}$" for formula in doc.legend)
        yield from (f"{words('Notation')}: {legend}.", "")
    for title, lines in doc.parts:
        yield from (f"### {title}", "")
        for line in lines:
            formula = chained(line.equation, doc.table)
            yield from (f"({line.step.number}) ${formula}$ \u2014 {_note(line.equation, doc)}", "")
            if line.sentence:
                yield from (f"> {line.sentence}", *([">"] if line.why else []))
                for row in line.why:
                    yield f"> ${chained(row, doc.table)}$ \u2014 {row.note}  "
                yield ""
    for chain in doc.chains:
        by = f"${latex(Named(name=chain.name), doc.table)}$"
        yield from (f"### {words(phrase('By {0}', by))}", "")
        for row in chain.equations:
            fits = "" if row.fits is None else f"${latex(row.fits, doc.table)}$: "
            yield from (f"${chained(row, doc.table)}$ \u2014 {fits}{row.note}", "")
    yield from (f"### {words('Result')}", "")
    for equation in doc.equations:
        yield f"$${chained(equation, doc.table)}$$"
        if equation.shape is not None:
            shape = latex(shape_formula(equation.shape), doc.table)
            yield from ("", f"(${shape}$)", "")
    yield f"*{doc.layout}* {words('Checked')}: {doc.checked}."
    if doc.computed:
        yield from ("", f"{words('Computed')}: {_listed(doc.computed)}.")


def _note(equation: Equation, doc: Document) -> str:
    """What is said of an equation, and its shape."""
    shape = equation.shape
    told = "" if shape is None else f"${latex(shape_formula(shape), doc.table)}$"
    return ", ".join(filter(None, (equation.note, told)))


def _listed(identities: Iterable[str]) -> str:
    return "; ".join(f"`{identity}`" for identity in identities)
