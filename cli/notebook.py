"""%%symgrad in IPython and Jupyter: the command derive, with the cell as its FILE.

`%load_ext symgrad` makes it known. The options are those of `symgrad derive`, and `--name net`, by
which the program is called in later cells.
"""

from __future__ import annotations

import io
import shlex
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from html import escape
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

import click

from .derive import derive
from .failures import Failure, remark

if TYPE_CHECKING:
    from symgrad.errors import SymgradError
    from symgrad.language.problem import Problem


@dataclass(frozen=True)
class Cell:
    """A program that stands in a cell, in the place of one in a file."""

    text: str

    def problem(self) -> Problem:
        """The program, parsed."""
        import symgrad as sg

        problem = sg.parse(self.text, filename="cell")
        remark(problem)
        return problem


def load(shell: Any) -> None:
    """Make %%symgrad and %symgrad known to an IPython shell."""

    def symgrad(line: str, cell: str | None = None) -> None:
        """Derive the program of a cell, or with %symgrad what is given after -e.

        %%symgrad --wrt W --level full
        %symgrad -e "norm2(W @ x - y)**2" --wrt W
        """
        from symgrad.errors import OptionError, SymgradError

        try:
            run(shell, shlex.split(line), None if cell is None else Cell(cell))
        except click.exceptions.Exit:
            return  # after --help
        except SymgradError as error:
            raise _shortly(error) from None
        except click.ClickException as error:
            raise _shortly(OptionError(Failure(error).message)) from None
        except ValueError as error:  # of shlex
            raise _shortly(OptionError(f"{line}: {error}")) from None

    shell.register_magic_function(symgrad, "line_cell")


def run(shell: Any, arguments: Sequence[str], cell: Cell | None) -> None:
    """Derive, and show what comes out; with --name, call the program so."""
    from IPython.display import display

    called = click.Option(["--name"], metavar="NAME", help="Call the program so in later cells.")
    command = click.Command("%%symgrad", params=[*derive.params, called], help=derive.help)
    with command.make_context("%%symgrad", list(arguments)) as context:
        options, name = context.params, context.params.pop("name")
        default = context.get_parameter_source("form") is click.core.ParameterSource.DEFAULT
        if default and options["output"] == "-" and not options["components"]:
            options["form"] = "markdown"
        if name is not None and (not name.isidentifier() or iskeyword(name)):
            raise click.UsageError(f"--name {name}: a name is wanted")
        if cell is not None:
            if options["program"] is not None:
                raise click.UsageError("the cell has the program; leave FILE out")
            options["program"] = cell
        printed = io.StringIO()
        with redirect_stdout(printed), suppress(SystemExit):
            context.invoke(derive.callback, **options)  # type: ignore[arg-type]
        if name is not None and cell is not None:
            shell.user_ns[name] = cell.problem()
    text = printed.getvalue()
    if text and options["form"] in SHOWN:
        kind, shown = SHOWN[options["form"]]
        display({kind: shown(text), "text/plain": text}, raw=True)  # type: ignore[no-untyped-call]
    else:
        print(text, end="")


def framed(page: str) -> str:
    """A page of its own within a notebook."""
    return f'<iframe srcdoc="{escape(page)}" style="width: 100%; height: 32em; border: 0"></iframe>'


SHOWN: dict[str, tuple[str, Callable[[str], str]]] = {  # formats that notebooks show
    "markdown": ("text/markdown", str),
    "html": ("text/html", framed),
    "svg": ("image/svg+xml", str),
}


def _shortly(error: SymgradError) -> SymgradError:
    """The error, for which IPython shows the message and the line, not where in symgrad it was."""
    said = [f"{type(error).__name__}: {error}", *filter(None, [error.excerpt])]
    error._render_traceback_ = lambda: said  # type: ignore[attr-defined]
    return error
