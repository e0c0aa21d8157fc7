"""HTML: one page that shows itself, on a screen or on paper, offline."""

from symgrad.rendering.html.page import html, policy

__all__ = ["html", "policy"]
