"""symgrad solve."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from .check import STATUS
from .options import derivation_options
from .programs import ProgramFile, given_problem
from .style import style_options

if TYPE_CHECKING:
    from symgrad import Style

    from .printing import Printing


@click.command()
@derivation_options(
    expression="Solve for this expression instead of a file.",
    level="The solution alone, every step, or every step with its reason.",
)
@style_options
@click.option(
    "--subject-to",
    metavar="EQUATION",
    multiple=True,
    help="A constraint, as in 'A @ w = b'; it gets a multiplier, which is found, too. May be given "
    "several times.",
)
def solve(
    program: ProgramFile | None,
    expression: str | None,
    wrt: list[str] | None,
    subject_to: tuple[str, ...],
    level: str,
    printing: Printing,
    style: Style,
) -> None:
    """Set the gradient to zero and solve, step by step.

    This is done where the gradient is linear in the unknown or in its inverse; several unknowns are
    found in the order given, as in --wrt mu,Sigma.

    Exit status: 0 solved and checked, 1 no closed form (the reason is said), 3 what was solved
    could not be checked.

    \b
    Examples:
      symgrad solve -e "norm2(X @ w - y)**2 + lam * norm2(w)**2" --wrt w
      symgrad solve -e "norm2(X @ w - y)**2" --wrt w --subject-to "sum(w) = 1"
    """
    import symgrad as sg

    derivation = sg.stationary(given_problem(program, expression), wrt=wrt, subject_to=subject_to)
    printing.print(derivation.styled(style), level)
    sys.exit(STATUS[derivation.checked.verdict])
