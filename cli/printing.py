"""A derivation in a format, to where it goes: the options --format, -o and those that go with
them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .gathered import gathered
from .output import writable, write
from .style import CODE
from .terminal import FILE, Screen, screen

if TYPE_CHECKING:
    from symgrad import Derivation

TEXTS = ["latex", "markdown", "html", "text", "json"]
GRAPHS = ["svg", "dot", "tikz"]  # pictures of the computation
PDF = "pdf"
SUFFIXES = {  # what is meant by how a file's name ends, the first without --format
    ".tex": ("latex", "tikz"),
    ".md": ("markdown",),
    ".markdown": ("markdown",),
    ".html": ("html",),
    ".htm": ("html",),
    ".txt": ("text",),
    ".json": ("json",),
    ".pdf": (PDF,),
    ".svg": ("svg",),
    ".dot": ("dot",),
    ".gv": ("dot",),
    ".tikz": ("tikz",),
}


@dataclass(frozen=True)
class Printing:
    """In which format a derivation is printed, and where to."""

    form: str
    output: str
    standalone: bool  # of LaTeX: a whole document
    code: bool  # of text: in the language, not in the signs of mathematics
    pager: bool

    def print(self, derivation: Derivation, level: str, why: str = "index") -> None:
        """Print it; JSON is always full, a graph is of the steps."""
        write(self.written(derivation, level, why), self.output, self.pager)

    def written(self, derivation: Derivation, level: str, why: str) -> str | bytes:
        """The derivation in the format."""
        if self.form in GRAPHS:
            return derivation.graph(self.form)
        if self.form == "json":
            return derivation.json(why=why)
        if self.form == "text":
            there = screen() if self.output == "-" else FILE
            return text_for(there, derivation, level, why, self.code)
        if self.form in (PDF, "latex"):
            document = derivation.latex(level=level, why=why, standalone=self.standalone)
            if self.form == "latex":
                return document
            from .paper import pdf

            return pdf(document, self.output)
        text: str = getattr(derivation, self.form)(level=level, why=why)
        return text


def text_for(
    there: Screen,
    derivation: Derivation,
    level: str = "steps",
    why: str = "index",
    code: bool = False,
) -> str:
    """As wide as the terminal and in its signs; in a file 80 columns of the language."""
    notation = "math" if there.unicode and not code else "code"
    return derivation.text(
        level=level, why=why, width=there.width, notation=notation, colour=there.colour
    )


def _form(form: str | None, output: str) -> str:
    """The format that is said, or meant by the file's name; wrong usage where they disagree."""
    suffix = Path(output).suffix.lower()
    meant = SUFFIXES.get(suffix, ())
    if form is None:
        return meant[0] if meant else "text"
    if meant and form not in meant:
        raise click.UsageError(
            f"-o {output} is for {meant[0]}, not for --format {form}; leave --format out, or give "
            "the file another ending"
        )
    return form


def printing(
    form: str | None, output: str, standalone: bool | None, ascii: bool, pager: bool
) -> Printing:
    """How to print; wrong usage where the options do not fit together."""
    chosen = _form(form, output)
    code = ascii or click.get_current_context().params.get("notation") == CODE
    if chosen == PDF:
        from .paper import check_engine

        check_engine(output)
    if standalone is not None and chosen not in ("latex", PDF):
        raise click.UsageError(f"--{'standalone' if standalone else 'fragment'} is for LaTeX")
    if code and chosen != "text":
        raise click.UsageError("--ascii and --notation code are for text")
    whole = chosen == PDF or (form is None and chosen == "latex")
    return Printing(chosen, output, whole if standalone is None else standalone, code, pager)


OPTIONS = [
    click.option(
        "--format",
        "form",
        type=click.Choice([*TEXTS, *GRAPHS]),
        help="svg, dot and tikz are the graph of the computation.  [default: that of -o, or text]",
    ),
    click.option(
        "-o",
        "--output",
        metavar="FILE",
        callback=writable,
        default="-",
        help="Write to this file; .tex, .pdf, .html, .md, .json, .txt, .svg, .dot say the format.",
    ),
    click.option(
        "--standalone/--fragment",
        default=None,
        help="LaTeX as a whole document, as -o notes.tex writes it, or as a part of one.",
    ),
    click.option(
        "--ascii",
        is_flag=True,
        help="Text in the language, without mathematical signs, as files and pipes have it.",
    ),
    click.option(
        "--pager/--no-pager",
        default=True,
        help="Show what is longer than the terminal in PAGER.  [default: --pager]",
    ),
]
printing_options = gathered("printing", OPTIONS, printing)
