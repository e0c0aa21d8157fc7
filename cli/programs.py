"""The argument FILE: a file, - for standard input, or the name of a built-in example."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from .failures import remark

if TYPE_CHECKING:
    from symgrad.examples import Example
    from symgrad.language.problem import Problem


@dataclass(frozen=True)
class ProgramFile:
    """A program as it was named; `name` is that of the example, where it is one."""

    path: Path
    name: str | None = None

    def problem(self) -> Problem:
        """The program, read and parsed."""
        problem = self._read()
        remark(problem)
        return problem

    def _read(self) -> Problem:
        import symgrad as sg

        if self.path.suffix in (".csv", ".npz", ".npy", ".json", ".tsv", ".xlsx"):
            raise sg.ProgramError("these are data, no program; train takes them after --data").at(
                None, None, str(self.path)
            )
        if str(self.path) != "-":
            return sg.load(self.path)
        if sys.stdin is None:
            raise sg.ProgramError("cannot be read: it is closed", filename="<stdin>")
        return sg.parse(text_of(click.open_file("-", encoding="utf-8")), filename="<stdin>")

    @property
    def example(self) -> Example | None:
        """How the example is trained, where the program is one."""
        from symgrad.examples import EXAMPLES

        return EXAMPLES[self.name] if self.name else None


class TextFile(click.File):
    """A text file, or - for standard input, where that is open."""

    def __init__(self) -> None:
        super().__init__(encoding="utf-8")

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> IO[Any]:
        """The file, opened."""
        if value == "-" and sys.stdin is None:
            self.fail("standard input is closed", param, ctx)
        return super().convert(value, param, ctx)


def text_of(file: IO[str]) -> str:
    """What the file says; a SymgradError where it is no text."""
    from symgrad.errors import ProgramError, unread

    try:
        return file.read()
    except UnicodeDecodeError as error:
        raise ProgramError(unread(error), filename=file.name) from None


def find_program(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> ProgramFile | None:
    """The program that FILE names; wrong usage where there is none."""
    plain = value is not None and os.path.exists(value) and not os.path.isdir(value)
    if value is None or value == "-" or plain:  # or a pipe, such as <(...)
        return None if value is None else ProgramFile(Path(value))
    from symgrad import examples

    if value in examples.names():
        return ProgramFile(examples.path(value), value)
    if value in examples.with_steps():  # these have no data of their own
        return ProgramFile(examples.path(value))
    known = (*examples.names(), *examples.with_steps())
    raise click.BadParameter(_not_found(value, known), param_hint="FILE")


def offered(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The built-in examples, and files."""
    from symgrad.examples import names, with_steps

    examples = (name for name in (*names(), *with_steps()) if name.startswith(incomplete))
    return [*map(CompletionItem, examples), CompletionItem(incomplete, type="file")]


def given_problem(
    program: ProgramFile | None, expression: str | None, scalar: bool = True
) -> Problem:
    """The problem of a FILE, or of what is given with -e, which may have to be a scalar; wrong
    usage where both or none is."""
    import symgrad as sg

    if program is not None and expression is None:
        return program.problem()
    if program is None and expression is not None:
        problem = sg.parse_expression(expression, scalar)
        remark(problem)
        return problem
    raise click.UsageError("give either a FILE or -e EXPRESSION")


def _not_found(value: str, known: Iterable[str]) -> str:
    """What FILE may have been meant to be."""
    from symgrad.errors import did_you_mean

    folder = Path(value).parent
    if os.path.isdir(value):
        return f"{value} is a folder; a file with a program is wanted"
    if re.search(r"[()@^*=+]|\s[-/]\s", value):
        return f"no file {value}; an expression is given with derive -e"
    files: list[str] = []
    with contextlib.suppress(OSError, ValueError):  # no folder, or none that may be read
        files = [str(path) for path in folder.iterdir()]
    near = did_you_mean(value, [*files, *known])
    listed = near or f"; there are {', '.join(known)}"
    return f"no file {value}, and no example of that name{listed}"


file_argument = click.argument(
    "program", metavar="FILE", callback=find_program, shell_complete=offered
)
