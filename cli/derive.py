"""symgrad derive."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .check import STATUS
from .datafiles import read_data
from .options import KINDS, LAYOUTS, derivation_options, of_option, symmetric_option
from .output import write
from .programs import ProgramFile, given_problem
from .style import style_options

if TYPE_CHECKING:
    from symgrad import Derivation, Style
    from symgrad.language.problem import Problem

    from .printing import Printing

REASONS = ["index", "differential"]
OF_SCALARS = ["gradient", "hessian", "hvp"]
METHODS = ["backpropagation", "differentials", "chain-rule"]


@click.command()
@derivation_options(
    expression="Derive this expression instead of a file.",
    level="The results alone, every step, or every step with the proof that it is true.",
)
@style_options
@of_option
@click.option(
    "--layout",
    type=click.Choice(LAYOUTS),
    default="variable",
    show_default=True,
    help="Of a gradient: its variable's shape (variable, denominator) or the transpose. Of a "
    "Jacobian: the indices of f first (variable, numerator) or those of the variable.",
)
@symmetric_option
@click.option(
    "--form",
    "components",
    type=click.Choice(["components"]),
    help="The results alone, entry by entry: x[i]: sum(A[i, j] * y[j] for j in range(n)).",
)
@click.option(
    "--why",
    type=click.Choice(REASONS),
    help="The proof of each step, in index notation or by differentials (with --level full).",
)
@click.option(
    "--method",
    type=click.Choice(METHODS),
    default=METHODS[0],
    show_default=True,
    help="Of a gradient: step by step backward; or for each of --wrt one chain of differentials, "
    "from dL to <G, dX>; or the product of derivatives, its factors, and how their shapes fit.",
)
@click.option(
    "--expand",
    metavar="NAMES",
    multiple=True,
    help="Write these operations out by their definitions, as in softmax,sigmoid.",
)
@click.option(
    "--numbers",
    metavar="FILE|SEED",
    help="Each line's array beside it: at the arrays of an npz or CSV file, what it does not have "
    "at random, or all random by a seed.",
)
@click.option(
    "--stable",
    is_flag=True,
    help="Of a gradient: derive what code computes, such as log_softmax(z) for log(softmax(z)).",
)
def derive(
    program: ProgramFile | None,
    expression: str | None,
    wrt: list[str] | None,
    of: str,
    layout: str,
    symmetric: str,
    level: str,
    components: str | None,
    why: str | None,
    method: str,
    expand: tuple[str, ...],
    numbers: str | None,
    stable: bool,
    printing: Printing,
    style: Style,
) -> None:
    """Derive the gradient of a loss, step by step.

    With -e the shapes are inferred: lower case is a vector, upper case a matrix, Greek a scalar.
    For a gradient lower case is a scalar, too, where the loss would be a vector else.

    Exit status: 0 derived and checked, 1 wrong, 3 what was derived could not be checked: it is
    finite at no random numbers, or only at a kink.

    \b
    Examples:
      symgrad derive -e "norm2(W @ x - y)**2" --wrt W
      symgrad derive two_layer_linear --format latex --level full
      symgrad derive mlp_relu --format svg -o graph.svg
      symgrad derive -e "x.T @ A @ x" --wrt x --of hessian
      symgrad derive -e "trace(inv(A) @ B)" --wrt A --method differentials
      symgrad derive two_layer_linear --method chain-rule
      symgrad derive two_layer_linear --numbers 0
      symgrad derive softmax_regression --expand softmax
      symgrad derive -e "trace(inv(A) @ B)" --wrt A --level full --why differential
    """
    import symgrad as sg
    from symgrad.calculus.layouts import check_layout
    from symgrad.language.expanding import expanded

    names = [name for text in expand for name in re.findall(r"[^\s,]+", text)]
    problem = expanded(given_problem(program, expression, of in OF_SCALARS), names)
    check_layout(of, layout)
    if method != METHODS[0] and of != "gradient":
        raise click.UsageError(f"--method {method} derives a gradient, not --of {of}")
    options: dict[str, object] = {} if layout == "variable" else {"layout": layout}
    if symmetric != "independent":
        if of != "gradient":
            raise click.UsageError("--symmetric is for a gradient")
        options["symmetric"] = symmetric
    options |= {} if method == METHODS[0] else {"method": method}
    if stable:
        if of != "gradient":
            raise click.UsageError("--stable is for a gradient")
        options["stable"] = True
    try:
        derivation = getattr(sg, KINDS[of])(problem, wrt=wrt, **options)
    except sg.ShapeError as error:
        if expression is not None:
            error.message += f"; the names were read as {_kinds(problem)}"
        raise
    if numbers is not None:
        derivation = derivation.numbered(_numbers(numbers, problem))
    if components:
        write(_components(derivation, printing.form), printing.output)
    else:
        level, why = "full" if why else level, why or "index"
        printing.print(derivation.styled(style), level, why)
    sys.exit(STATUS[derivation.checked.verdict])


def _components(derivation: Derivation, form: str) -> str:
    """Each result entry by entry, one a line."""
    if form not in ("text", "latex"):
        raise click.UsageError("--form components is for --format text or latex")
    found = [result.component() for result in derivation.results.values()]
    return "\n".join(c.line if form == "text" else c.latex for c in found) + "\n"


def _numbers(given: str, problem: Problem) -> int | Mapping[str, Any]:
    """A seed, or the arrays in a file."""
    if not given.isdecimal() and not Path(given).exists():
        raise click.UsageError(f"--numbers: there is no file {given}; a seed is a number from 0 on")
    return int(given) if given.isdecimal() else read_data(Path(given), problem)


def _kinds(problem: Problem) -> str:
    """The declarations of a problem, as in `x: Vector(n), t: Scalar`."""
    return ", ".join(map(str, problem.variables.values()))
