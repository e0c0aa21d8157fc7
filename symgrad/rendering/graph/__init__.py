"""The graph of a computation: values forward, cotangents back along the same edges."""

from symgrad.rendering.document import Document
from symgrad.rendering.graph.computation import computation
from symgrad.rendering.graph.dot import dot
from symgrad.rendering.graph.svg import svg
from symgrad.rendering.graph.tikz import tikz

WRITERS = {"svg": svg, "dot": dot, "tikz": tikz}


def graph(doc: Document, form: str = "svg") -> str:
    """The graph of a derivation's lines, as "svg", "dot" or "tikz"."""
    return WRITERS[form](computation(doc))


__all__ = ["WRITERS", "computation", "graph"]
