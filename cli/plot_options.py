"""The options of what is seen of a training: its progress, its history and its pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import click

from .output import writable, write
from .programs import ProgramFile
from .progress import KINDS
from .terminal import screen

if TYPE_CHECKING:
    from symgrad.training.result import FitResult


def picture_file(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    """The value of --plot; told before any work is done, where no picture can be written to it."""
    if value is None or value == "-":
        return value
    from symgrad.errors import OptionError
    from symgrad.training.plots.style import format_of, styled

    try:
        format_of(value)
    except OptionError as error:
        raise click.BadParameter(error.message) from None
    with styled():
        pass
    return writable(context, parameter, value)


plot_option = click.option(
    "--plot",
    metavar="FILE",
    callback=picture_file,
    help="Draw losses, gradient norms and what the model does to .png, .svg or .pdf (extra "
    "`plot`); - draws the losses in text.",
)
progress_option = click.option(
    "--progress",
    type=click.Choice(KINDS),
    help="On standard error: a bar, or a line for each epoch.  [default: bar on a terminal]",
)
OPTIONS = [
    plot_option,
    click.option(
        "--history",
        metavar="FILE",
        callback=writable,
        help="Write loss, validation, rate and gradient norm of each epoch to this file, as CSV.",
    ),
    progress_option,
]


@dataclass(frozen=True, kw_only=True)
class PlotOptions:
    """What is to be seen, as it was given."""

    options: ClassVar = OPTIONS
    plot: str | None
    history: str | None
    progress: str | None

    def arguments(self, program: ProgramFile) -> dict[str, Any]:
        """What `fit` is told of them: nothing, a training is the same seen or unseen."""
        return {}

    def show(self, result: FitResult, data: Any) -> None:
        """Write the history, and draw the curve or the picture, of a training on these data."""
        if self.history is not None:
            write(result.history.csv(), self.history)
        if self.plot == "-":
            write("\n" + result.history.curve(width=min(screen().width, 100)) + "\n")
        elif self.plot is not None:
            from symgrad.training.plots.style import format_of

            write(result.plot(data).file(format_of(self.plot)), self.plot)
