"""The graph in Graphviz' language; names stand in labels only, vertices are called v0, v1, ..."""

from __future__ import annotations

from collections.abc import Iterator

from symgrad.language.unicode import mathematics
from symgrad.rendering.graph.computation import Graph
from symgrad.rendering.graph.drawing import Row, rows_of

STYLES = {
    "parameter": "style=filled, fillcolor=lightblue",
    "data": "color=gray40",
    "value": "style=rounded",
    "state": "style=dashed",
}


def dot(graph: Graph) -> str:
    """A digraph."""
    return "\n".join(_lines(graph)) + "\n"


def _lines(graph: Graph) -> Iterator[str]:
    yield "digraph computation {"
    yield f"  label={quoted(graph.title)};"
    yield "  node [shape=box, fontname=serif];"
    for k, vertex in enumerate(graph.vertices):
        label = quoted("\n".join(_text(row, graph) for row in rows_of(vertex)))
        doubled = ", peripheries=2" * vertex.each
        yield f"  v{k} [label={label}, {STYLES[vertex.kind]}{doubled}];"
    for edge in graph.edges:
        free = " [constraint=false, style=bold]" * edge.recurrent
        yield f"  v{edge.source} -> v{edge.target}{free};"
        if edge.back:
            way = "constraint=false, style=dashed, color=darkorange3"
            yield f"  v{edge.target} -> v{edge.source} [{way}];"
    yield "}"


def _text(row: Row, graph: Graph) -> str:
    text = row.content
    if not isinstance(text, str):
        text = mathematics(text, graph.table)
    return f"{row.label} {text}".strip()


def quoted(text: str) -> str:
    r"""A string of the language: \\ and " are told, a new line is \n.

    >>> print(quoted('a "b" \\ c'))
    "a \"b\" \\ c"
    """
    told = text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'"{told}"'
