"""A derivation in a format."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from symgrad import Derivation

TEXTS = ["latex", "markdown", "html", "text", "json"]
GRAPHS = ["svg", "dot", "tikz"]  # pictures of the computation


def printed(derivation: Derivation, form: str, level: str, why: str = "index") -> str:
    """The derivation in this format; JSON is always full, a graph is of its steps."""
    if form in GRAPHS:
        return derivation.graph(form)
    if form == "json":
        return derivation.json(why=why)
    text: str = getattr(derivation, form)(level=level, why=why)
    return text
