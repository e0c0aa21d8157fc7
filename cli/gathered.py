"""Options that go together, and what a command receives of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
Option: TypeAlias = Callable[[Any], Any]  # what click.option and click.argument give


def with_options(options: Iterable[Option]) -> Callable[[Command], Command]:
    """Add options to a command, in this order."""
    inner_first = [*options][::-1]
    return lambda command: functools.reduce(lambda c, option: option(c), inner_first, command)


def gathered(
    name: str, options: Iterable[Option], made: Callable[..., Any]
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add options to a command, which receives under one name what is `made` of their values."""
    options = [*options]
    known = click.command()(with_options(options)(lambda: None)).params

    def added(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def collected(**arguments: Any) -> None:
            given = {str(option.name): arguments.pop(str(option.name)) for option in known}
            command(**{name: made(**given)}, **arguments)

        return with_options(options)(collected)

    return added
