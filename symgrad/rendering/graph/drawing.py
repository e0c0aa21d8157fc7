"""A graph as boxes with lines of text, and curves: what SVG and TikZ draw alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import hypot

from symgrad.language import formula as fm
from symgrad.language.formula import Formula
from symgrad.language.measure import WORD, points
from symgrad.language.table import Table
from symgrad.language.unicode import columns
from symgrad.rendering.graph.computation import Edge, Graph, Vertex
from symgrad.rendering.graph.layout import LEVEL, MARGIN, PORT, Layout, Point, laid_out, levels

SCALE = 1.5  # pixels of a formula for each point at ten points
SMALL = 1.2  # of words
LINE, PAD = 20.0, 10.0
BESIDE = 6.0  # from an edge to the way back beside it
AROUND = 26.0  # how far an edge to another step stays from the boxes
ROUND = 8.0  # of its corners
FAR = 12  # layers between a value and its use from which on its box stands there again

Curve = tuple[Point, ...]  # from a point, then two controls and a point again and again


@dataclass(frozen=True)
class Row:
    """A line in a box: a formula, or words, with the number of a step before it; `kind` is "name",
    "rule" or "cotangent"."""

    kind: str
    content: Formula | str
    number: int | None = None

    @property
    def label(self) -> str:
        """The number as the steps have it."""
        return "" if self.number is None else f"({self.number})"


@dataclass(frozen=True)
class Drawing:
    """Where all is. `curves` are of each edge forward, and the way back of those that have one."""

    graph: Graph
    rows: tuple[tuple[Row, ...], ...]
    layout: Layout
    curves: tuple[tuple[Curve, Curve | None], ...]
    width: float
    height: float


def drawing(graph: Graph) -> Drawing:
    """The graph laid out, what is far from its use there again."""
    graph = with_connectors(graph)
    rows = tuple(tuple(rows_of(vertex)) for vertex in graph.vertices)
    ports = Counter((side, k) for e in graph.edges for side, k in enumerate((e.source, e.target)))
    sizes = []
    for k, own in enumerate(rows):
        width = max(PORT * max(ports[0, k], ports[1, k]), *(_width(row, graph) for row in own))
        sizes.append((width + 2 * PAD, LINE * len(own) + PAD))
    layout = laid_out(sizes, [(e.source, e.target) for e in graph.edges if not e.recurrent])
    routes = iter(layout.routes)
    curves, lane = [], layout.width
    for edge in graph.edges:
        if edge.recurrent:
            forward, back = (_around(layout, edge, lane, inside) for inside in (0.0, BESIDE))
            lane += AROUND
        else:
            forward = smooth(next(routes))
            back = tuple((x + BESIDE, y) for x, y in forward)
        curves.append((forward, back[::-1] if edge.back else None))
    return Drawing(graph, rows, layout, tuple(curves), lane, layout.height)


def with_connectors(graph: Graph) -> Graph:
    """The graph in which a use far below a value begins at a box of its own, with the value's name:
    edges that pass all layers between would grow with the square of the depth."""
    used = [(e.source, e.target) for e in graph.edges if not e.recurrent]
    level = levels(len(graph.vertices), used)
    vertices, again, edges = list(graph.vertices), dict[tuple[int, int], int](), []
    for edge in graph.edges:
        if not edge.recurrent and level[edge.target] - level[edge.source] > FAR:
            if (edge.source, edge.target) not in again:
                again[edge.source, edge.target] = len(vertices)
                far = vertices[edge.source]
                vertices.append(replace(far, rule="", number=None, cotangent=None, back=None))
            edge = replace(edge, source=again[edge.source, edge.target])
        edges.append(edge)
    return replace(graph, vertices=tuple(vertices), edges=tuple(edges))


def rows_of(vertex: Vertex) -> Iterator[Row]:
    """The lines in a box."""
    yield Row("name", vertex.formula)
    if vertex.rule:
        yield Row("rule", vertex.rule, vertex.number)
    if vertex.cotangent is not None:
        yield Row("cotangent", vertex.cotangent, vertex.back)


def _width(row: Row, graph: Graph) -> float:
    label = SMALL * WORD * (len(row.label) + 1) if row.label else 0.0
    if isinstance(row.content, str):
        return label + SMALL * WORD * columns(row.content)
    return label + SCALE * points(on_a_line(row.content, graph.table), graph.table)


def on_a_line(formula: Formula, table: Table) -> Formula:
    """A derivative with a stroke instead of a bar."""
    formula = table.shown(formula)
    if isinstance(formula, fm.Fraction):
        return fm.Infix(formula.parts, signs=("/",), binds=fm.HADAMARD)
    return formula


def smooth(route: Sequence[Point]) -> Curve:
    """A curve through points, which leaves each of them downwards."""
    curve = [route[0]]
    for (x, y), (u, v) in zip(route, route[1:], strict=False):
        middle = (y + v) / 2
        curve += [(x, middle), (u, middle), (u, v)]
    return tuple(curve)


def _around(layout: Layout, edge: Edge, lane: float, inside: float) -> Curve:
    """From below a box up to above another one, through a lane beside all boxes; so far inside of
    that of the edge itself."""
    below, above = layout.boxes[edge.source], layout.boxes[edge.target]
    x, u = (box.x + box.width / 2 - PAD + inside for box in (below, above))
    start, end = (x, below.y + below.height / 2), (u, above.y - above.height / 2)
    low = start[1] + LEVEL / 2 - inside
    high = max(end[1] - LEVEL / 2, MARGIN / 2) + inside
    side = lane - inside
    return rounded((start, (x, low), (side, low), (side, high), (u, high), end))


def rounded(corners: Sequence[Point]) -> Curve:
    """Straight lines, round where they turn."""
    curve = [corners[0]]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        first, last = _towards(corner, before), _towards(corner, after)
        curve += [first, first, first, corner, corner, last]
    return (*curve, corners[-1], corners[-1], corners[-1])


def _towards(corner: Point, end: Point) -> Point:
    """A place near a corner, on the way to the other end."""
    (x, y), (u, v) = corner, end
    part = min(ROUND / (hypot(u - x, v - y) or 1.0), 0.5)
    return x + part * (u - x), y + part * (v - y)
