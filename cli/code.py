"""symgrad code."""

from __future__ import annotations

import click

from .options import KINDS, of_option, output_option, wrt_option
from .output import write
from .programs import ProgramFile, file_argument


@click.command()
@file_argument
@wrt_option
@of_option
@click.option(
    "--dtype", type=click.Choice(["float64", "float32"]), default="float64", show_default=True
)
@output_option
def code(program: ProgramFile, wrt: list[str] | None, of: str, dtype: str, output: str) -> None:
    """Write a NumPy function for the value and all gradients; it runs without symgrad.

    \b
    Examples:
      symgrad code two_layer_linear
      symgrad code softmax_regression -o model.py
    """
    import symgrad as sg

    derivation = getattr(sg, KINDS[of])(program.problem(), wrt=wrt)
    write(derivation.lambdify(dtype=dtype).source, output)
