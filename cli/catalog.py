"""symgrad catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .completion import articles
from .output import write
from .plot_options import picture_file
from .printing import printing_options, text_for
from .terminal import FILE, screen

if TYPE_CHECKING:
    from .printing import Printing

DRAWN = "--plot draws the path of an optimizer or the rate of a schedule, to a file"


@click.command()
@click.argument("name", required=False, shell_complete=articles)
@click.option(
    "--plot",
    metavar="FILE",
    callback=picture_file,
    help="Draw an optimizer's path on two surfaces, or a schedule's rate, to .png, .svg or .pdf "
    "(extra `plot`).",
)
@printing_options
def catalog(name: str | None, plot: str | None, printing: Printing) -> None:
    """List functions, losses, models, optimizers and schedules, each with its formula.

    With NAME one of them in full: what is known of it, and its derivation with every proof, which
    is printed as any other one.

    \b
    Examples:
      symgrad catalog
      symgrad catalog softmax
      symgrad catalog huber -o huber.html
      symgrad catalog adam --format latex
      symgrad catalog adam --plot adam.png
      symgrad catalog cosine --plot cosine.png
    """
    import symgrad as sg

    if plot is not None:
        if name is None or plot == "-":
            raise click.UsageError(DRAWN)
        _draw(name, plot)
    if name is None:
        _only(printing, "text")
        write(sg.catalog(), printing.output, printing.pager)
        return
    from symgrad.article import article, latex_of, program_of

    problem = program_of(name)
    if problem is None:
        _only(printing, "text", "latex")
        latex = printing.form == "latex"
        write(latex_of(name) if latex else article(name), printing.output)
        return
    derivation = sg.derive(problem)
    if printing.form != "text":
        printing.print(derivation, "full")
        return
    there = screen() if printing.output == "-" else FILE
    shown = text_for(there, derivation, "full", code=printing.code)
    write(f"{article(name)}\n{shown}", printing.output, printing.pager)


def _draw(name: str, plot: str) -> None:
    """Draw an optimizer or a schedule to a file."""
    from symgrad.training.optimizers import OPTIMIZERS
    from symgrad.training.plots.described import plot_optimizer
    from symgrad.training.plots.style import format_of
    from symgrad.training.rates.schedules import SCHEDULES

    if name in OPTIMIZERS:
        picture = plot_optimizer(name)
    elif name in SCHEDULES:
        picture = SCHEDULES[name].shown().plot()
    else:
        raise click.UsageError(DRAWN)
    write(picture.file(format_of(plot)), plot)


def _only(printing: Printing, *forms: str) -> None:
    if printing.form not in forms:
        raise click.UsageError(f"this is printed as {' or '.join(forms)}, not as {printing.form}")
