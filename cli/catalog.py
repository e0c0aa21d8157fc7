"""symgrad catalog."""

import click

from .output import write


@click.command()
def catalog() -> None:
    """List functions, losses, models and optimizers, each with its formula and its derivative.

    \b
    Examples:
      symgrad catalog
    """
    import symgrad as sg

    write(sg.catalog())
