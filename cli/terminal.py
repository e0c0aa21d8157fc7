"""What standard output can show: how wide it is, in which signs, whether in colour, and a pager."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass

import click

PLAIN_WIDTH, NARROWEST = 80, 40
SIGNS = "∂∑ᵀ₁ℝ"  # of mathematics in text


@dataclass(frozen=True)
class Screen:
    """Where results are shown."""

    width: int
    height: int | None  # none of a file or pipe
    unicode: bool
    colour: bool


FILE = Screen(PLAIN_WIDTH, None, unicode=False, colour=False)


def screen() -> Screen:
    """Standard output as it is."""
    there = sys.stdout is not None and sys.stdout.isatty()
    size = shutil.get_terminal_size((PLAIN_WIDTH, 24))
    return Screen(
        width=max(size.columns, NARROWEST) if there else PLAIN_WIDTH,
        height=size.lines if there else None,
        unicode=there and _has_signs(),
        colour=_is_coloured(there),
    )


def _has_signs() -> bool:
    """Whether the encoding has the signs of mathematics, which SymPy asks too."""
    try:
        SIGNS.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return os.environ.get("TERM") != "dumb"


def _is_coloured(there: bool) -> bool:
    """By no-color.org, force-color.org and bixense.com/clicolors: not in a pipe or a file, unless
    that is asked for."""
    said = os.environ
    if said.get("NO_COLOR"):
        return False
    if any(said.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return there and said.get("TERM") != "dumb" and said.get("CLICOLOR") != "0"


def paged(content: str, pager: bool) -> bool:
    """Whether a text was shown in a pager: where it is longer than the terminal, as git does; not
    where PAGER is empty or cat."""
    height = screen().height
    wanted = os.environ.get("PAGER", "less")
    if not pager or height is None or wanted in ("", "cat") or content.count("\n") < height:
        return False
    os.environ.setdefault("LESS", "FRX")
    click.echo_via_pager(content.rstrip("\n"), color=screen().colour)
    return True
