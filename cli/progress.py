"""The progress of a training, on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

UPDATES = 200  # of the bar in all: a line takes longer to draw than a short epoch


@contextmanager
def progress_bar(epochs: int) -> Iterator[Callable[[int, int, float], None]]:
    """A bar that is moved on by calls of (epoch, epochs, loss); silent where nobody watches."""
    if not sys.stderr.isatty():
        yield lambda epoch, epochs, loss: None
        return
    bar: Any
    with click.progressbar(
        length=epochs,
        label="training",
        file=sys.stderr,
        item_show_func=lambda loss: "" if loss is None else f"loss {loss:.4g}",
    ) as bar:

        def progress(epoch: int, epochs: int, loss: float) -> None:
            if epoch == epochs or epoch * UPDATES // epochs > bar.pos * UPDATES // epochs:
                bar.update(epoch - bar.pos, loss)

        yield progress
