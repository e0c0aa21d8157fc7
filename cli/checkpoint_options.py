"""The options of a training that is kept in a file as it goes on."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, ClassVar

import click

from .programs import ProgramFile

OPTIONS = [
    click.option(
        "--checkpoint",
        metavar="FILE",
        help="Keep the training in this file, at most every 10 seconds, at its end, and where it "
        "is interrupted; the same command again goes on from it, bit for bit.",
    ),
    click.option(
        "--checkpoint-every",
        type=click.FloatRange(min=0),
        default=10.0,
        metavar="SECONDS",
        help="Keep it at most so often.  [default: 10]",
    ),
]


@dataclass(frozen=True, kw_only=True)
class CheckpointOptions:
    """The options as given."""

    options: ClassVar = OPTIONS
    checkpoint: str | None
    checkpoint_every: float

    def tell(self) -> None:
        """Say so where a training was kept already."""
        if self.checkpoint is not None and os.path.exists(self.checkpoint):
            click.echo(f"note: the training goes on from {self.checkpoint}", err=True)

    def arguments(self, program: ProgramFile) -> dict[str, Any]:
        """What `fit` is told of them."""
        return vars(self)
