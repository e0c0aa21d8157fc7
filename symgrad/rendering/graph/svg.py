"""The graph as SVG: boxes, curves, text; nothing is loaded, nothing runs.

On a page its classes are the page's; a file of its own has its style in it, which is dark where the
reader's screen is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from math import hypot
from xml.etree.ElementTree import Element, tostring

from symgrad.language import formula as fm
from symgrad.language.formula import Formula
from symgrad.language.glyphs import GLYPHS
from symgrad.language.table import Table
from symgrad.language.unicode import COMBINING, Unicode
from symgrad.rendering.graph.computation import Edge, Graph
from symgrad.rendering.graph.drawing import LINE, PAD, Curve, Drawing, Row, drawing, on_a_line
from symgrad.rendering.graph.layout import MARGIN
from symgrad.rendering.mathml import Child, made, symbol

SIZE, HEAD, EACH = 15.0, 7.0, 4.0  # of a label, of an arrow, from one box to that behind it
LEGEND_LINE, LEGEND_WIDTH = 20.0, 200.0
NAMESPACE = "http://www.w3.org/2000/svg"
LEGEND = (
    ("parameter", "differentiated by"),
    ("data", "given"),
    ("value", "computed"),
    ("each", "one for each example"),
    ("state", "of another step"),
    ("recurrent", "to the next step"),
    ("back", "cotangents, backward"),
)


def svg(graph: Graph) -> str:
    """A file of its own."""
    root = picture(graph)
    root.set("xmlns", NAMESPACE)
    style = files(__package__).joinpath("graph.css").read_text(encoding="utf-8")
    root.insert(1, made("style", style))
    return tostring(root, "unicode") + "\n"


def picture(graph: Graph) -> Element:
    """The element, without a style."""
    drawn = drawing(graph)
    legend = list(_legend(graph, drawn.height))
    width = max(drawn.width, LEGEND_WIDTH if legend else 0.0)
    height = drawn.height + LEGEND_LINE * len(legend)
    edges = zip(drawn.graph.edges, drawn.curves, strict=True)
    return made(
        "svg",
        made("title", graph.title),
        *(path for edge, curves in edges for path in _edge(edge, *curves)),
        *(_box(drawn, k) for k in range(len(drawn.graph.vertices))),
        *legend,
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=f"{width:.0f}",
        height=f"{height:.0f}",
        role="img",
        **{"class": "graph"},
    )


def _edge(edge: Edge, curve: Curve, back: Curve | None) -> Iterator[Element]:
    yield _path(curve, "edge recurrent" if edge.recurrent else "edge")
    if back is not None:
        yield _path(back, "edge back")


def _path(curve: Curve, kind: str) -> Element:
    """A curve that ends in an arrow."""
    start, *points = (f"{x:.1f} {y:.1f}" for x, y in curve)
    controls = [" ".join(points[k : k + 3]) for k in range(0, len(points), 3)]
    (x, y), (u, v) = curve[-1], next(p for p in reversed(curve) if p != curve[-1])
    far = hypot(x - u, y - v)
    dx, dy = HEAD * (x - u) / far, HEAD * (y - v) / far
    sides = [(x - dx + s * dy / 2, y - dy - s * dx / 2) for s in (-1, 1)]
    (a, b), (c, d) = sides
    head = f"M{a:.1f} {b:.1f}L{x:.1f} {y:.1f}L{c:.1f} {d:.1f}"
    return made("path", d=f"M{start}C{' '.join(controls)}{head}", **{"class": kind})


def _box(drawn: Drawing, k: int) -> Element:
    vertex, box = drawn.graph.vertices[k], drawn.layout.boxes[k]
    left, top = box.x - box.width / 2, box.y - box.height / 2
    shifts = (EACH, 0.0) if vertex.each else (0.0,)
    frames = [_frame(left + d, top - d, box.width, box.height) for d in shifts]
    middles = [top + PAD / 2 + LINE * (i + 0.7) for i in range(len(drawn.rows[k]))]
    lines = [_text(row, drawn, box.x, y) for row, y in zip(drawn.rows[k], middles, strict=True)]
    given = {"class": vertex.kind, "data-name": vertex.name}
    return made("g", *frames, *lines, **given)


def _frame(x: float, y: float, width: float, height: float) -> Element:
    given = {"x": x, "y": y, "width": width, "height": height, "rx": 5.0}
    return made("rect", **{k: f"{v:.1f}" for k, v in given.items()}, **{"class": "box"})


def _text(row: Row, drawn: Drawing, x: float, y: float) -> Element:
    content: list[Child] = [row.content] if isinstance(row.content, str) else []
    if not isinstance(row.content, str):
        content += spans(on_a_line(row.content, drawn.graph.table), drawn.graph.table, SIZE)
    if row.label:
        content.insert(0, made("tspan", f"{row.label} ", **{"class": "number"}))
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": "middle"}
    return made("text", *content, **place, **{"class": row.kind})


def _legend(graph: Graph, top: float) -> Iterator[Element]:
    """What the signs mean, of those that are there."""
    shown = [(mark, words) for mark, words in LEGEND if mark in graph.has]
    for line, (mark, words) in enumerate(shown):
        y = top + LEGEND_LINE * line
        sign = [_frame(MARGIN, y, 22, 12)]
        if mark in ("back", "recurrent"):
            ends = ((MARGIN + 22, y + 6), (MARGIN, y + 6))
            first, last = ends if mark == "back" else ends[::-1]
            sign = [_path((first, first, first, last), f"edge {mark}")]
        if mark == "each":
            sign.insert(0, _frame(MARGIN + 3, y - 3, 22, 12))
        told = made(
            "text", graph.words(words), x=f"{MARGIN + 34}", y=f"{y + 10:.1f}", **{"class": "rule"}
        )
        yield made("g", *sign, told, **{"class": mark})


# formulas as text


SLANT, UPRIGHT, LOWER, RAISE, BACK = "\ue000\ue001\ue002\ue003\ue004"  # of private use: in no text
SHIFT = {LOWER: 0.28, RAISE: -0.42}  # of a script, in the size of the text
SCRIPT = 0.72  # its own size
SPACED = (r"\in", "=")


@dataclass(frozen=True)
class Marked(Unicode):
    """Text in mathematical signs, with marks where a letter is slanted or a script begins."""

    flat = False

    def write(self, node: Formula, parts: fm.Parts, written: list[str]) -> str:
        """A node."""
        match node:
            case fm.Symbol():
                element = symbol(node.latex.strip())
                text = "".join(element.itertext())
                slanted = len(text) == 1 and text.isalpha() and not element.get("mathvariant")
                return f"{SLANT}{text}{UPRIGHT}" if slanted else text
            case fm.Infix():
                signs = (f" {GLYPHS[s]} " if s in SPACED else GLYPHS.get(s, s) for s in node.signs)
                pairs = zip(signs, written[1:], strict=True)
                return written[0] + "".join(sign + part for sign, part in pairs)
            case fm.Row() | fm.Listed(separator=" "):
                return "".join(written)
            case fm.Script():
                marks = {"_": LOWER, "^": RAISE}
                scripts = zip(node.at, written[1:], strict=True)
                return written[0] + "".join(f"{marks[at]}{text}{BACK}" for at, text in scripts)
            case fm.Big():
                above = f"{RAISE}{written[2]}{BACK}" if len(written) > 2 else ""
                return f"{GLYPHS[node.sign]}{LOWER}{written[0]}{BACK}{above} {written[1]}"
            case fm.Accent():
                return written[0].replace(UPRIGHT, COMBINING.get(node.accent, "") + UPRIGHT)
        return super().write(node, parts, written)


def spans(formula: Formula, table: Table, size: float) -> list[Element]:
    """The pieces of a label in a text of this size."""
    pieces = _pieces(fm.printed(formula, Marked(table)), size)
    spans, before = [], 0.0
    for text, slanted, shift, own in pieces:
        given = {"font-style": "italic"} if slanted else {}
        given |= {"dy": f"{shift - before:.1f}"} if shift != before else {}
        given |= {"font-size": f"{own:.1f}"} if own != size else {}
        spans.append(made("tspan", text, **given))
        before = shift
    return spans


def _pieces(marked: str, size: float) -> Iterator[tuple[str, bool, float, float]]:
    """Text, whether it is slanted, how far it is lowered, how large it is."""
    slanted, levels, text = False, [(0.0, size)], ""
    for character in marked + BACK:
        if not SLANT <= character <= BACK:
            text += character
            continue
        if text:
            yield text, slanted, *levels[-1]
            text = ""
        if character in SHIFT:
            shift, own = levels[-1]
            levels.append((shift + SHIFT[character] * own, own * SCRIPT))
        elif character == BACK:
            levels.pop()
        else:
            slanted = character == SLANT
