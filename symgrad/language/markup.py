"""Markdown of reports, which notebooks show beside the formulas.

>>> print(table(("epoch", "loss"), [(1, "0.5"), (2, "0.4")]))
| epoch | loss |
| --- | --- |
| 1 | 0.5 |
| 2 | 0.4 |
>>> literal("A * x_1 < 3")
'A \\\\* x\\\\_1 &lt; 3'
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

SIGNS = {ord(sign): f"\\{sign}" for sign in "\\`*_[]|$#~"}  # those that Markdown would take
ESCAPED = {**SIGNS, ord("<"): "&lt;", ord(">"): "&gt;", ord("&"): "&amp;"}


def literal(text: str) -> str:
    """A text that is shown as it is."""
    return text.translate(ESCAPED)


def code(text: str) -> str:
    """A text of our own language, in the letters of code."""
    return f"`{text}`"


def block(text: str, language: str = "python") -> str:
    """Lines of code."""
    return f"```{language}\n{text.rstrip()}\n```"


def table(heads: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """A table; what stands in its cells is Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
