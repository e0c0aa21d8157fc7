"""The progress of a training, on standard error: a line that is redrawn, or a line an epoch."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

import click

if TYPE_CHECKING:
    from symgrad.training.epochs import EpochReport

    Listener: TypeAlias = Callable[[EpochReport], None]

KINDS = ("bar", "lines", "none")
PAUSE = 0.1  # seconds: a line takes longer to draw than a short epoch
BAR, SHORTEST, LONGEST = 30, 8, 24  # signs


@contextmanager
def shown_progress(kind: str | None) -> Iterator[list[Listener]]:
    """What is to be told of each epoch; by default a bar, where somebody watches."""
    watched = sys.stderr is not None and sys.stderr.isatty()
    kind = kind or ("bar" if watched else "none")
    if kind == "none":
        yield []
    elif kind == "lines":
        yield [lambda report: click.echo("  ".join(_parts(report)), err=True)]
    else:
        bar = Bar()
        try:
            yield [bar.update]
        finally:
            bar.end()


class Bar:
    """A line that is drawn again and again, as wide as the terminal; each training has its own."""

    def __init__(self) -> None:
        self._drawn, self._at = 0, 0.0
        self._last: EpochReport | None = None

    def update(self, report: EpochReport) -> None:
        """An epoch was run."""
        first = self._last is None or report.epoch <= self._last.epoch
        if first:
            self.end()
        self._last = report
        if first or report.seconds >= self._at + PAUSE:
            self._draw(report)

    def end(self) -> None:
        """Leave the last epoch's line."""
        if self._last is not None:
            self._draw(self._last)
            click.echo(err=True)
            self._drawn, self._last = 0, None

    def _draw(self, report: EpochReport) -> None:
        line = fitted(report, shutil.get_terminal_size().columns - 1)
        click.echo("\r" + line.ljust(self._drawn), nl=False, err=True)
        self._drawn, self._at = len(line), report.seconds


def fitted(report: EpochReport, width: int) -> str:
    """The line of an epoch that fits: with a bar if there is room, else without what matters less.

    Units: width in signs.
    """
    parts = _parts(report)
    room = width - len("  ".join(parts)) - 4
    if room >= SHORTEST:
        size = min(room, BAR)
        done = size * report.epoch // report.epochs
        parts.insert(1, f"[{'#' * done}{'-' * (size - done)}]")
    for start in ("rate", "validation", *filter(None, [_named(report)])):
        if len("  ".join(parts)) > width:
            parts = [part for part in parts if not part.startswith(start)]
    if len("  ".join(parts)) > width:
        parts = parts[:2]
    return "  ".join(parts)[:width]


def _parts(report: EpochReport) -> list[str]:
    """What is said of an epoch: which it is, its loss, score and rate, and how long the others will
    take, which the first one, with all that begins, does not tell."""
    count = str(report.epochs)
    parts = [f"epoch {report.epoch:>{len(count)}}/{count}"]
    parts.append(f"loss {report.loss:.4g}")
    if report.validation is not None:
        parts.append(f"validation {report.validation:.4g}")
    if report.score is not None:
        parts.append(f"{_named(report)} {report.score:.4g}")
    parts.append(f"rate {report.learning_rate:.3g}")
    left = report.epochs - report.epoch
    if left and report.epoch > 1:
        parts.append(f"{_time(report.seconds / report.epoch * left)} left")
    return parts if left else [*parts, "done"]


def _named(report: EpochReport) -> str:
    """The metric as it is shown: an expression may be long."""
    name = report.metric
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 3]}..."


def _time(seconds: float) -> str:
    """
    >>> _time(0.2), _time(75), _time(7300)
    ('0 s', '1 min 15 s', '2 h 1 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
