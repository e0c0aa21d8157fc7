"""The options of how a derivation is printed: those of `symgrad.Style`."""

from __future__ import annotations

from typing import Any

import click

from .gathered import gathered

CODE = "code"  # text in the language, which pastes back
NOTATIONS = ["partial", "nabla", "bar", "delta", CODE]
TRANSPOSES = ["top", "T", "prime"]
SHAPES = ["none", "beside", "under"]
LANGUAGES = ["en", "ko", "de", "zh"]
OPTIONS = [
    click.option(
        "--notation",
        type=click.Choice(NOTATIONS),
        default="partial",
        show_default=True,
        help="The derivative of the loss by z as a fraction, nabla_z L, z under a bar, or delta_z.",
    ),
    click.option(
        "--transpose",
        type=click.Choice(TRANSPOSES),
        default="top",
        show_default=True,
        help="The sign of the transpose.",
    ),
    click.option("--bold", is_flag=True, help="Vectors and matrices in bold."),
    click.option(
        "--shapes",
        type=click.Choice(SHAPES),
        is_flag=False,
        flag_value="beside",
        default="none",
        help="The shape of each line beside it, or with --shapes under below its factors.",
    ),
    click.option(
        "--language",
        type=click.Choice(LANGUAGES),
        default="en",
        show_default=True,
        help="What is said beside the formulas.",
    ),
]


def _style(notation: str, **given: Any) -> Any:
    import symgrad as sg

    return sg.Style(**given) if notation == CODE else sg.Style(notation=notation, **given)


style_options = gathered("style", OPTIONS, _style)
