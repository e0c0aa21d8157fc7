"""Comments beside the lines of generated source. They may have names of the user; code has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

LONGEST = 60  # characters of a comment
COLUMN = 36  # the last one that comments are lined up in


@dataclass(frozen=True)
class Comments:
    """A legend of the arguments, what each line computes (by its target), and what is returned."""

    legend: tuple[str, ...] = ()
    lines: Mapping[str, str] = field(default_factory=dict)
    returned: str = ""


NONE = Comments()


def comment(text: str) -> str:
    """A text as a comment of one line, cut where it is long."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    return f"# {plain if len(plain) <= LONGEST else plain[: LONGEST - 3] + '...'}"


def beside(lines: Sequence[tuple[str, str]]) -> list[str]:
    """Each line with its comment ("" for none), the comments one below the other."""
    short = [len(line) for line, note in lines if note and len(line) <= COLUMN]
    column = max(short, default=0)
    return [f"{line:{column}}  {note}" if note else line for line, note in lines]
