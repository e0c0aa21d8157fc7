"""symgrad catalog."""

import click


@click.command()
def catalog() -> None:
    """List functions, losses, models and optimizers, each with its formula and its derivative.

    \b
    Examples:
      symgrad catalog
    """
    import symgrad as sg

    click.echo(sg.catalog())
