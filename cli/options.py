"""Options that several commands have."""

from __future__ import annotations

import re
from typing import Any

import click

from .output import writable

KINDS = {
    "gradient": "derive",
    "jacobian": "jacobian",
    "hessian": "hessian",
    "hvp": "hvp",
    "directional": "directional",
    "pullback": "pullback",
}
LAYOUTS = ["variable", "numerator", "denominator"]


def _names(context: click.Context, parameter: click.Parameter, value: str | None) -> Any:
    return None if value is None else re.findall(r"[^\s,]+", value)


wrt_option = click.option(
    "--wrt",
    metavar="NAMES",
    callback=_names,
    help="Differentiate with respect to these, as in W1,W2.  [default: all parameters]",
)
of_option = click.option(
    "--of",
    type=click.Choice(list(KINDS)),
    default="gradient",
    show_default=True,
    help="What to derive.",
)
output_option = click.option(
    "-o",
    "--output",
    metavar="FILE",
    callback=writable,
    default="-",
    help="Write to this file instead of standard output.",
)
