"""How a derivation is shown. Every printer writes the outline of `document`."""

from symgrad.rendering.document import Chains, Document
from symgrad.rendering.equations import proof_equations
from symgrad.rendering.json import json
from symgrad.rendering.latex import aligned, latex, latex_display, latex_expression
from symgrad.rendering.markdown import markdown
from symgrad.rendering.outline import document, with_numbers
from symgrad.rendering.steps import step_document
from symgrad.rendering.style import PLAIN, Style, style_wanted
from symgrad.rendering.text import Sheet, proof_text, text

__all__ = [
    "PLAIN",
    "Chains",
    "Document",
    "Sheet",
    "Style",
    "aligned",
    "document",
    "json",
    "latex",
    "latex_display",
    "latex_expression",
    "markdown",
    "proof_equations",
    "proof_text",
    "step_document",
    "style_wanted",
    "text",
    "with_numbers",
]
