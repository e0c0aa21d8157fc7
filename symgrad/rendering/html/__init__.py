"""HTML: one page that shows itself, on a screen or on paper, offline."""

from symgrad.rendering.html.page import hashes, html, policy

__all__ = ["hashes", "html", "policy"]
