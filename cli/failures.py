"""How a command ends when it fails: one message on standard error, and an exit status."""

from __future__ import annotations

import atexit
import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from symgrad.errors import SymgradError

PLAIN = {  # what click calls kinds of values
    "integer range": "a whole number",
    "integer": "a whole number",
    "float range": "a number",
    "float": "a number",
}
FAILED, INCONCLUSIVE, NOT_FINITE, INTERRUPTED = 1, 3, 4, 130


def fail(error: SymgradError | str) -> None:
    """Print an error, below it the line that it is about."""
    click.echo(f"error: {error}", err=True)
    excerpt = getattr(error, "excerpt", "")
    if excerpt:
        click.echo(excerpt, err=True)


def remark(problem: Any) -> None:
    """Print what was read otherwise than it was typed."""
    for said in problem.remarks:
        click.echo(f"note: {said}", err=True)


class Failure(click.ClickException):
    """An error of click, in our words and form."""

    def __init__(self, error: click.ClickException) -> None:
        said = error.format_message().rstrip(".")
        for kind, words in PLAIN.items():
            said = said.replace(f"is not a valid {kind}", f"is not {words}")
        super().__init__(said + _nearest(error))
        self.exit_code = error.exit_code  # type: ignore[misc]
        context = getattr(error, "ctx", None)
        self.usage = context.get_usage() if context else ""
        self.help = f"{context.command_path} --help" if context else ""

    def show(self, file: Any = None) -> None:
        """Print the message, and how the command is used."""
        fail(self.message)
        if self.usage:
            click.echo(f"{self.usage}\nTry '{self.help}' for help.", err=True)


def _nearest(error: click.ClickException) -> str:
    """`; did you mean html?` where one of several words is wanted."""
    from symgrad.errors import did_you_mean

    kind = getattr(getattr(error, "param", None), "type", None)
    found = re.match(r"'([^']*)' is not one of", error.message)
    return did_you_mean(found[1], getattr(kind, "choices", ())) if found else ""


@contextmanager
def _in_our_form() -> Iterator[None]:
    try:
        yield
    except click.ClickException as error:
        if type(error).show not in (click.ClickException.show, click.UsageError.show):
            raise  # it prints itself, as the help does
        raise Failure(error) from None


class Group(click.Group):
    """A group whose commands end in a message, not a traceback, where the input is at fault."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Run as a program, whose memory is not searched for cycles when it ends: with SymPy
        loaded that takes an eighth of a second."""
        atexit.register(gc.freeze)
        return super().__call__(*arguments, **options)

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        """Read the options of the group."""
        with _in_our_form():
            return super().make_context(*arguments, **options)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that was named; the nearest ones where there is none."""
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            from symgrad.errors import did_you_mean

            known = self.list_commands(ctx)
            near = did_you_mean(args[0], known) or f"; there are {', '.join(known)}"
            if args[0] in ("help", "version"):
                near = f"; write {ctx.command_path} --{args[0]}"
            ctx.fail(f"No such command {args[0]!r}{near}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was named."""
        try:
            with _in_our_form():
                return super().invoke(ctx)
        except KeyboardInterrupt as error:
            click.echo("\n".join(["\ninterrupted", *_notes(error)]), err=True)
            ctx.exit(INTERRUPTED)
        except SystemExit as error:
            for note in _notes(error):
                click.echo(note, err=True)
            raise
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            from symgrad.errors import DataError, NotFiniteError, SymgradError

            if isinstance(error, MemoryError):
                error = DataError(f"there is not enough memory: {error}")
            if not isinstance(error, SymgradError):
                raise
            fail(error)
            ctx.exit(NOT_FINITE if isinstance(error, NotFiniteError) else FAILED)


def _notes(error: BaseException) -> list[str]:
    """What was noted of an end, such as where a training is kept."""
    return getattr(error, "__notes__", [])
