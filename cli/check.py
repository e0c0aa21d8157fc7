"""symgrad check."""

from __future__ import annotations

import sys

import click

from .failures import FAILED, INCONCLUSIVE, NOT_FINITE
from .options import wrt_option
from .output import write
from .programs import ProgramFile, file_argument

STATUS = {
    "passed": 0,
    "failed": FAILED,
    "inconclusive": INCONCLUSIVE,
    "not checked": INCONCLUSIVE,
    "not finite": NOT_FINITE,
}


@click.command()
@file_argument
@wrt_option
def check(program: ProgramFile, wrt: list[str] | None) -> None:
    """Check the gradient against finite differences at random numbers.

    Exit status: 0 passed, 1 failed, 3 inconclusive (a kink is too near), 4 not finite.

    \b
    Examples:
      symgrad check two_layer_linear
    """
    import symgrad as sg

    report = sg.check_gradient(program.problem(), wrt)
    write(str(report))
    sys.exit(STATUS[report.verdict])
