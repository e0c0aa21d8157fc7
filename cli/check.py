"""symgrad check."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from .against import find_function
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
@click.option(
    "--against",
    metavar="FILE.py:NAME",
    callback=find_function,
    help="Check the gradient that this function of yours gives, not the derived one. Its file is "
    "imported, which runs it.",
)
def check(program: ProgramFile, wrt: list[str] | None, against: Callable[..., Any] | None) -> None:
    """Check a gradient against numerical differentiation at random numbers.

    With --against model.py:grad it is your own. The function is called as grad(W=..., x=...), with
    those of the program's inputs that its parameters are named after, or with one dictionary of all
    inputs. They are NumPy arrays: a Vector(n) has the shape (n,), a Matrix(m, n) the shape (m, n);
    what is of an example has the batch as a first axis more. It returns a dictionary with an array
    for each name of --wrt (an array alone where there is one name), or value and dictionary. It is
    called at several random points.

    Exit status: 0 passed, 1 failed, 3 inconclusive (at a kink, or rounding hides the gradient),
    4 not finite.

    \b
    Examples:
      symgrad check two_layer_linear
    """
    import symgrad as sg

    given: dict[str, Any] = {} if against is None else {"gradients": against}
    report = sg.check_gradient(program.problem(), wrt, **given)
    write(str(report))
    sys.exit(STATUS[report.verdict])
