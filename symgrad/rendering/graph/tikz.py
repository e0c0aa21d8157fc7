r"""The graph as a tikzpicture, for a document that loads tikz, amsmath and amssymb."""

from __future__ import annotations

from collections.abc import Iterator

from symgrad.language.tex import escaped, latex
from symgrad.rendering.graph.computation import Graph
from symgrad.rendering.graph.drawing import Curve, Drawing, Row, drawing, on_a_line
from symgrad.rendering.graph.layout import Point

UNIT = "0.7pt"  # of a pixel
STYLES = (
    "value/.style={draw, rounded corners=2pt, align=center, inner sep=2pt, font=\\small}",
    "parameter/.style={value, thick, fill=black!8}",
    "data/.style={value, draw=black!60}",
    "state/.style={value, dotted}",
    "each/.style={double, double distance=1pt}",
    "back/.style={dashed, orange!70!black}",
)


def tikz(graph: Graph) -> str:
    """A tikzpicture."""
    return "\n".join(_lines(drawing(graph))) + "\n"


def _lines(drawn: Drawing) -> Iterator[str]:
    graph = drawn.graph
    yield rf"\begin{{tikzpicture}}[x={UNIT}, y=-{UNIT}, >=stealth,"
    yield ",\n".join(f"  {style}" for style in STYLES) + "]"
    for edge, (curve, back) in zip(graph.edges, drawn.curves, strict=True):
        yield _path(curve, "thick" if edge.recurrent else "")
        if back is not None:
            yield _path(back, "back")
    for vertex, rows, box in zip(graph.vertices, drawn.rows, drawn.layout.boxes, strict=True):
        inside = r" \\ ".join(_text(row, drawn) for row in rows)
        size = f"minimum width={box.width:.0f}*{UNIT}, minimum height={box.height:.0f}*{UNIT}"
        style = f"{vertex.kind}{', each' * vertex.each}, {size}"
        yield rf"  \node[{style}] at {_point((box.x, box.y))} {{{inside}}};"
    yield r"\end{tikzpicture}"


def _path(curve: Curve, style: str) -> str:
    first, *points = map(_point, curve)
    steps = (points[k : k + 3] for k in range(0, len(points), 3))
    path = "".join(f" .. controls {a} and {b} .. {c}" for a, b, c in steps)
    return rf"  \draw[->{f', {style}' * bool(style)}] {first}{path};"


def _point(point: Point) -> str:
    x, y = point
    return f"({x:.1f},{y:.1f})"


def _text(row: Row, drawn: Drawing) -> str:
    if isinstance(row.content, str):
        text = rf"\scriptsize {row.label} {escaped(row.content)}"
    else:
        label = rf"{{\scriptsize {row.label}}} " if row.label else ""
        table = drawn.graph.table
        text = f"{label}${latex(on_a_line(row.content, table), table)}$"
    return rf"\color{{orange!70!black}} {text}" if row.kind == "cotangent" else text
