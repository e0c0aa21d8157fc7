"""The options of how a derivation is printed: those of `symgrad.Style`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

CODE = "code"  # text in the language, which pastes back
NOTATIONS = ["partial", "nabla", "bar", "delta", CODE]
TRANSPOSES = ["top", "T", "prime"]
SHAPES = ["none", "beside", "under"]
LANGUAGES = ["en", "ko", "de", "zh"]
OPTIONS = {
    "notation": click.option(
        "--notation",
        type=click.Choice(NOTATIONS),
        default="partial",
        show_default=True,
        help="The derivative of the loss by z as a fraction, nabla_z L, z under a bar, or delta_z.",
    ),
    "transpose": click.option(
        "--transpose",
        type=click.Choice(TRANSPOSES),
        default="top",
        show_default=True,
        help="The sign of the transpose.",
    ),
    "bold": click.option("--bold", is_flag=True, help="Vectors and matrices in bold."),
    "shapes": click.option(
        "--shapes",
        type=click.Choice(SHAPES),
        is_flag=False,
        flag_value="beside",
        default="none",
        help="The shape of each line beside it, or with --shapes under below its factors.",
    ),
    "language": click.option(
        "--language",
        type=click.Choice(LANGUAGES),
        default="en",
        show_default=True,
        help="What is said beside the formulas.",
    ),
}


def style_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of a style; the command receives them as `style`, a `symgrad.Style`."""

    @functools.wraps(command)
    def collected(**arguments: Any) -> None:
        import symgrad as sg

        given = {name: arguments.pop(name) for name in OPTIONS}
        if given["notation"] == CODE:
            del given["notation"]
        command(style=sg.Style(**given), **arguments)

    for option in reversed(OPTIONS.values()):
        collected = option(collected)
    return collected
