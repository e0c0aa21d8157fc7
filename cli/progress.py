"""The progress of a training, on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click


@contextmanager
def progress_bar(epochs: int) -> Iterator[Callable[[int, int, float], None]]:
    """A bar that is moved on by calls of (epoch, epochs, loss); silent where nobody watches."""
    bar: Any
    with click.progressbar(
        length=epochs,
        label="training",
        file=sys.stderr,
        hidden=not sys.stderr.isatty(),
        item_show_func=lambda loss: "" if loss is None else f"loss {loss:.4g}",
    ) as bar:

        def progress(epoch: int, epochs: int, loss: float) -> None:
            bar.update(epoch - bar.pos, loss)

        yield progress
