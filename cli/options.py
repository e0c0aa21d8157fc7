"""Options that several commands have."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import click

from .completion import variables
from .gathered import Command, with_options
from .output import writable
from .printing import printing_options
from .programs import find_program, offered

CALLED_SO = ("jacobian", "hessian", "hvp", "directional", "pullback")
KINDS = {"gradient": "derive", **{kind: kind for kind in CALLED_SO}}  # the public function of each
LAYOUTS = ["variable", "numerator", "denominator"]
LEVELS = ["result", "steps", "full"]


def _names(context: click.Context, parameter: click.Parameter, value: str | None) -> Any:
    return None if value is None else re.findall(r"[^\s,]+", value)


wrt_option = click.option(
    "--wrt",
    metavar="NAMES",
    callback=_names,
    shell_complete=variables,
    help="Differentiate with respect to these, as in W1,W2.  [default: all parameters]",
)
of_option = click.option(
    "--of",
    type=click.Choice(list(KINDS)),
    default="gradient",
    show_default=True,
    help="What to derive.",
)
symmetric_option = click.option(
    "--symmetric",
    type=click.Choice(["independent", "part", "entries"]),
    default="independent",
    show_default=True,
    help="Of the gradient G by a symmetric matrix: G itself, each entry counting alone; its "
    "symmetric part; or the entries ij and ji as one, G + G^T - diag(diag(G)).",
)
output_option = click.option(
    "-o",
    "--output",
    metavar="FILE",
    callback=writable,
    default="-",
    help="Write to this file instead of standard output.",
)


def derivation_options(expression: str, level: str) -> Callable[[Command], Command]:
    """Of a command that prints a derivation: what it is of and by, its form and where it goes; with
    the help of --expression and --level."""
    given = (
        click.argument(
            "program",
            metavar="[FILE]",
            callback=find_program,
            required=False,
            shell_complete=offered,
        ),
        click.option("-e", "--expression", help=expression),
        wrt_option,
        click.option(
            "--level", type=click.Choice(LEVELS), default="steps", show_default=True, help=level
        ),
        printing_options,
    )
    return with_options(given)
