"""How a command ends when it fails: one message on standard error, and an exit status."""

from __future__ import annotations

from typing import Any

import click

FAILED, INCONCLUSIVE, NOT_FINITE, INTERRUPTED = 1, 3, 4, 130


class Group(click.Group):
    """A group whose commands end in a message, not a traceback, where the input is at fault."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("\ninterrupted", err=True)
            ctx.exit(INTERRUPTED)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            from symgrad.errors import NotFiniteError, SymgradError

            if not isinstance(error, SymgradError):
                raise
            click.echo(str(error), err=True)
            ctx.exit(NOT_FINITE if isinstance(error, NotFiniteError) else FAILED)
