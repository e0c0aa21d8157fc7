"""Markdown: headings, a list of steps, formulas between dollar signs.

Where a renderer reads Markdown before formulas, as GitHub's does, a backslash before a sign is
eaten, and other signs become emphasis, links or tags. So formulas are written without what Markdown
reads, in other commands of LaTeX; they look the same in GitHub, Jupyter and pandoc.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from string import punctuation

from symgrad.language.formula import Named
from symgrad.language.markup import code, literal
from symgrad.language.measure import SIGN, points
from symgrad.language.phrases import phrase
from symgrad.language.tex import latex as tex
from symgrad.rendering.document import Document, Line
from symgrad.rendering.equations import Equation, shape_formula
from symgrad.rendering.latex import chained, lines_of
from symgrad.rendering.words import spans

WIDTH = 430.0  # points at ten points, of a column of text in a browser
COMMANDS = {  # those before a sign, and signs that begin something; a new line first
    r"\\": r"\cr ",
    r"\,": r"\thinspace ",
    r"\:": r"\medspace ",
    r"\;": r"\thickspace ",
    r"\!": r"\negthinspace ",
    r"\{": r"\lbrace ",
    r"\}": r"\rbrace ",
    r"\|": r"\Vert ",
    "*": r"\ast ",
    "<": r"\lt ",
    ">": r"\gt ",
    "](": "] (",
}


def kept(formula: str) -> str:
    r"""A formula in LaTeX as Markdown leaves it: a _ begins emphasis only behind a sign.

    >>> kept(r"\left\{0, 1\right\}_{i} \, x^{*}")
    '\\left\\lbrace 0, 1\\right\\rbrace _ {i} \\thinspace  x^{\\ast }'
    """
    for sign, command in COMMANDS.items():
        formula = formula.replace(sign, command)
    pairs = zip(f" {formula}", formula, strict=False)
    return "".join("_ " if c == "_" and not before.isalnum() else c for before, c in pairs)


def _is_eaten(formula: str) -> bool:
    """Whether a backslash stands before a sign, which only code keeps."""
    return any(before == "\\" and c in punctuation for before, c in pairwise(formula))


def inline(formula: str) -> str:
    """A formula in a line; in GitHub's code of formulas, where nothing else keeps it."""
    formula = kept(formula)
    return f"$`{formula}`$" if _is_eaten(formula) else f"${formula}$"


def display(formula: str) -> str:
    """A formula on lines of its own."""
    formula = kept(formula)
    return f"```math\n{formula}\n```" if _is_eaten(formula) else f"$${formula}$$"


def markdown(doc: Document) -> str:
    """A derivation as Markdown (GitHub's, Jupyter's and pandoc's dollar formulas)."""
    return "\n".join(_lines(doc)) + "\n"


def _lines(doc: Document) -> Iterator[str]:
    words = doc.words
    yield from (f"## {doc.title}", "", f"**{words('Given')}** {_variables(doc)}", "")
    for equation in doc.program:
        yield from _displayed(equation, doc)
    if doc.numbers is not None:
        yield from (f"{words('Numbers')}: {words(doc.numbers.said)}:", "")
        for equation in doc.arrays:
            yield from _displayed(equation, doc)
    if doc.rewrites:
        yield from (f"{words('Used')}: {_listed(doc.rewrites)}.", "")
    if doc.chain_rule is not None:
        rule = chained(doc.chain_rule, doc.table)
        yield from (f"### {words('Chain rule')}", "", f"${rule}$ \u2014 {doc.chain_rule.note}", "")
    for title, lines in doc.parts:
        yield from _legend(doc, title)
        yield from (f"### {title}", "")
        for line in lines:
            yield from _step(line, doc)
    yield from _legend(doc, "")
    for chain in doc.chains:
        by = inline(tex(Named(name=chain.name), doc.table))
        yield from (f"### {words(phrase('By {0}', by))}", "")
        for row in chain.equations:
            yield from (_row(row, doc), "")
    yield from (f"### {words('Result')}", "")
    for equation in doc.equations:
        yield from _displayed(equation, doc)
    yield f"*{_said(doc.layout, doc)}* {words('Checked')}: {_said(doc.checked, doc)}."
    if doc.computed:
        yield from ("", f"{words('Computed')}: {_listed(doc.computed)}.")


def _variables(doc: Document) -> str:
    """Each variable with its space, and what is declared of it."""
    spaces = ((inline(tex(space, doc.table)), facts) for space, facts in doc.variables)
    return ", ".join(f"{space} ({facts})" if facts else space for space, facts in spaces)


def _step(line: Line, doc: Document) -> Iterator[str]:
    note = _note(line.equation, doc)
    yield from (f"**({line.step.number})** {note}".rstrip(), "", _formula(line.equation, doc), "")
    if line.sentence:
        yield from (f"> {_said(line.sentence, doc)}", *([">"] if line.why else []))
        yield from (f"> {_row(row, doc)}  " for row in line.why)
        yield ""


def _displayed(equation: Equation, doc: Document) -> Iterator[str]:
    """An equation on lines of its own, below it what is said of it."""
    yield from (_formula(equation, doc), "")
    if note := _note(equation, doc):
        yield from (f"({note})", "")


def _formula(equation: Equation, doc: Document) -> str:
    """An equation in display, long ones on several lines."""
    left, *_ = equation.formulas
    room = WIDTH - points(left, doc.table) - SIGN
    first, *more = lines_of(equation, doc.table, max(room, WIDTH / 2))
    if not more:
        return display(chained(equation, doc.table))
    rows = (rf"{tex(left, doc.table)} &{first}", *(f"&{line}" for line in more))
    return display(r"\begin{aligned}" + r" \\ ".join(rows) + r"\end{aligned}")


def _row(row: Equation, doc: Document) -> str:
    """A line of a proof, its move behind it."""
    fits = "" if row.fits is None else f"{inline(tex(row.fits, doc.table))}: "
    return f"{inline(chained(row, doc.table))} \u2014 {fits}{_said(row.note, doc)}"


def _said(text: str, doc: Document) -> str:
    """Words with formulas; other signs are no Markdown."""
    parts = spans(text)
    return "".join(_written(part, doc) if formula else literal(part) for part, formula in parts)


def _written(text: str, doc: Document) -> str:
    """A formula of a sentence, as code where it is not clear."""
    formula = doc.quoted.get(text)
    return code(text) if formula is None else inline(tex(formula, doc.table))


def _note(equation: Equation, doc: Document) -> str:
    """What is said of an equation, and its shape."""
    shape = equation.shape
    told = "" if shape is None else inline(tex(shape_formula(shape), doc.table))
    return ", ".join(filter(None, (_said(equation.note, doc), told)))


def _listed(identities: Iterable[str]) -> str:
    return "; ".join(f"`{identity}`" for identity in identities)


def _legend(doc: Document, before: str) -> Iterator[str]:
    """What bars or deltas stand for, before the part with this title."""
    if doc.legend and doc.defining == before:
        legend = ", ".join(inline(tex(formula, doc.table)) for formula in doc.legend)
        yield from (f"{doc.words('Notation')}: {legend}.", "")
