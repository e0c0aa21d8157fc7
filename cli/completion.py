"""What a shell completes: files and examples, the variables of a program, names of the catalog.

It is click's own mechanism: `eval "$(_SYMGRAD_COMPLETE=bash_source symgrad)"`.
"""

from __future__ import annotations

import io
import os
from contextlib import redirect_stderr, suppress
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from .programs import find_program, given_problem

if TYPE_CHECKING:
    from symgrad.language.problem import Problem


def variables(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The variables of the program that the line names, those that are not there yet."""
    front, comma, last = incomplete.rpartition(",")
    problem = _problem(context)
    known = [] if problem is None else [v.name for v in problem.variables.values()]
    left = [name for name in known if name not in front.split(",") and name.startswith(last)]
    return [CompletionItem(front + comma + name) for name in left]


def _problem(context: click.Context) -> Problem | None:
    """The problem of a line that is half typed; None where it has none yet. An option without its
    value hides FILE from click, so that it is looked for in the words of the line."""
    from symgrad.errors import SymgradError

    expression = context.params.get("expression")
    words = [] if expression else os.environ.get("COMP_WORDS", "").split()[2:]
    given: list[Any] = [context.params.get("program")]
    with redirect_stderr(io.StringIO()):
        for word in words:
            with suppress(click.ClickException):
                given.append(find_program(context, context.command.params[0], word))
        with suppress(SymgradError, click.ClickException, OSError):
            return given_problem(next(filter(None, given), None), expression)
    return None


def articles(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """What the catalog has."""
    from symgrad.article import listed

    return [CompletionItem(name) for name in listed() if name.startswith(incomplete)]
