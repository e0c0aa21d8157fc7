"""Where results go: standard output, or the file that -o names; whole, or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path

import click

from .terminal import paged, screen


def writable(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """The value of -o; told before any work is done, where it is a folder or in no folder."""
    if value is not None and value != "-":
        try:
            target = Path(os.path.realpath(value))
            with contextlib.suppress(FileNotFoundError):
                target.lstat()
        except (OSError, ValueError) as error:  # a name that is too long, or has a zero byte
            raise _failed(value, getattr(error, "strerror", None) or str(error)) from None
        if target.is_dir():
            raise _failed(value, os.strerror(errno.EISDIR))
        if target.is_symlink():  # links in a circle have no target
            raise _failed(value, os.strerror(errno.ELOOP))
        if not target.parent.is_dir():
            raise _failed(value, os.strerror(errno.ENOENT))
    return value


def write(result: str | bytes, output: str = "-", pager: bool = False) -> None:
    """The result, a text with a line end, in one piece; on a terminal perhaps in a pager.

    A file is replaced at once when all is written; a link stays, and its target is written. What is
    no plain file, such as a FIFO, is written to directly.
    Raises: click.ClickException where it cannot be written; a new file is not left behind.
    """
    from symgrad.files import replace_file

    content = result.rstrip("\n") + "\n" if isinstance(result, str) else result
    try:
        if output == "-":
            if isinstance(content, bytes) or not paged(content, pager):
                _print(content)
        else:
            encoded = content.encode() if isinstance(content, str) else content
            replace_file(Path(output), encoded)
    except OSError as error:
        name = "standard output" if output == "-" else output
        raise _failed(name, error.strerror or str(error)) from None


def _failed(name: str, reason: str) -> click.ClickException:
    return click.ClickException(f"{name} cannot be written: {reason}")


def _print(content: str | bytes) -> None:
    if sys.stdout is None:
        raise OSError(errno.EBADF, "it is closed")
    try:
        click.echo(content, nl=False, color=screen().colour)
    except OSError:
        _discard()
        raise


def _discard() -> None:
    """Let what could not be written go, so that Python does not try again when it ends."""
    with contextlib.suppress(OSError):
        number = sys.stdout.fileno()
        _, writing = os.pipe()
        os.dup2(writing, number)
        sys.stdout.flush()
