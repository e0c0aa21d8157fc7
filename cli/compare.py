"""symgrad compare."""

from __future__ import annotations

from typing import Any

import click

from .data_options import DataOptions
from .epoch_options import EpochOptions
from .gathered import gathered
from .output import writable, write
from .plot_options import plot_option, progress_option
from .programs import ProgramFile, file_argument
from .progress import shown_progress
from .terminal import screen


def _optimizers(context: click.Context, parameter: click.Parameter, value: str) -> dict[str, Any]:
    """Optimizers by what was written, NAME or NAME=RATE; wrong usage where one is not known."""
    from symgrad.errors import OptionError
    from symgrad.training.optimizers import OPTIMIZERS, optimizer_of

    found: dict[str, Any] = {}
    for written in (each.strip() for each in value.split(",") if each.strip()):
        name, sign, rate = written.partition("=")
        try:
            found[written] = optimizer_of(name)
            if sign:
                found[written] = OPTIMIZERS[name](learning_rate=float(rate))
        except OptionError as error:
            raise click.BadParameter(error.message) from None
        except (TypeError, ValueError):  # no number, or an optimizer that has no rate
            raise click.BadParameter(f"{written!r}: NAME or NAME=RATE is wanted") from None
    if len(found) < 2:
        raise click.BadParameter("two or more are wanted, as in adam,sgd=0.1")
    return found


@click.command()
@file_argument
@click.option(
    "--optimizers",
    required=True,
    callback=_optimizers,
    metavar="NAME,NAME=RATE,...",
    help="Those to compare, as `symgrad catalog` names them, each at its own learning rate or at "
    "this one.",
)
@plot_option
@progress_option
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    callback=writable,
    help="Write the table to this file, as CSV with all digits.",
)
@gathered("data", DataOptions.options, DataOptions)
@gathered("epochs", EpochOptions.options, EpochOptions)
def compare(
    program: ProgramFile,
    optimizers: dict[str, Any],
    plot: str | None,
    progress: str | None,
    output: str | None,
    data: DataOptions,
    epochs: EpochOptions,
) -> None:
    """Train a program with several optimizers, and show them side by side.

    All begin at the same parameters and see the examples in the same order. The table has the
    smallest loss of all the data first; an optimizer that was not finite comes last, with the
    reason.

    \b
    Examples:
      symgrad compare softmax_regression --optimizers adam,sgd=0.1,rmsprop --epochs 20
      symgrad compare two_layer_linear --optimizers sgd=0.0002,sgd=0.002 --plot -
    """
    data.check(program)
    if data.test_share is not None:
        raise click.UsageError("--test is for one training; here, --validation sets a share aside")
    import symgrad as sg

    problem = program.problem()
    epochs.check(problem)
    told = {**data.arguments(program), **epochs.arguments(program)}
    with shown_progress(progress) as callbacks:
        compared = sg.compare(
            problem,
            data.read(program, problem, epochs.seed, epochs.validation),
            optimizers,
            **told,
            callbacks=callbacks,
        )
    write(compared.table())
    if output is not None:
        write(compared.csv(), output)
    if plot == "-":
        write("\n" + compared.curve(width=min(screen().width, 100)))
    elif plot is not None:
        from symgrad.training.plots.style import format_of

        write(compared.plot().file(format_of(plot)), plot)
