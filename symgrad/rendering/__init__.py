"""How a derivation is shown. Every printer walks the outline of `document`."""

from symgrad.rendering.json import json
from symgrad.rendering.latex import latex, latex_display, latex_expression
from symgrad.rendering.markdown import markdown
from symgrad.rendering.proofs import aligned_latex, aligned_text
from symgrad.rendering.text import text

__all__ = [
    "aligned_latex",
    "aligned_text",
    "json",
    "latex",
    "latex_display",
    "latex_expression",
    "markdown",
    "text",
]
