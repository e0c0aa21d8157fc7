"""The graph of the computation: what the lines say, drawn without overlaps, in three formats."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

import symgrad as sg
from symgrad import examples
from symgrad.errors import OptionError
from symgrad.language.formula import Named
from symgrad.language.plain import plain_text
from symgrad.rendering.graph import computation
from symgrad.rendering.graph.computation import Graph
from symgrad.rendering.graph.drawing import Curve, drawing
from symgrad.rendering.graph.layout import Box, laid_out, levels
from tests import recurrences
from tests.derived import of_case, of_example
from tests.test_cases import CASES

SVG = "{http://www.w3.org/2000/svg}"
TWICE = "x: Vector(n)\nA: Matrix(n, n)\nloss = x.T @ A @ x"
STEPS = ["rnn", "lecture_mlp", "lstm", "hmm"]
NAMES = [*examples.names(), *(str(case["id"]) for case in CASES[::8]), *STEPS, "delay"]
FEW = NAMES[::8]


@cache
def derivation(name: str) -> sg.Derivation:
    if name == "delay":
        return sg.derive(recurrences.DELAY)
    if name in (*examples.names(), *STEPS):
        return of_example(name)
    return of_case(next(case for case in CASES if case["id"] == name))


def graph(derived: sg.Derivation) -> Graph:
    return computation(derived._document("steps", "index"))


def arrows(found: Graph, **wanted: bool) -> list[tuple[str, str]]:
    names = [v.name for v in found.vertices]
    return [
        (names[e.source], names[e.target])
        for e in found.edges
        if all(getattr(e, key) == value for key, value in wanted.items())
    ]


def test_each_use_is_an_edge_and_the_cotangent_flows_back() -> None:
    found = graph(sg.derive(TWICE, ["x"]))
    assert arrows(found) == [("x", "L"), ("x", "L"), ("A", "L")]
    assert arrows(found, back=True) == [("x", "L")] * 2
    assert [(v.name, v.kind) for v in found.vertices] == [
        ("x", "parameter"),
        ("A", "data"),
        ("L", "value"),
    ]


def test_a_vertex_says_what_the_lines_say() -> None:
    derived = of_example("mlp_relu")
    vertices = {v.name: v for v in graph(derived).vertices}
    for step in derived.steps:
        if step.of is None:
            vertex = vertices[step.left.name]  # type: ignore[attr-defined]
            assert (vertex.rule, vertex.number) == (step.rule, step.number)
        else:
            of = step.left.bottom.name  # type: ignore[attr-defined]
            assert vertices[of].back == step.number
    assert [n for n, v in vertices.items() if v.each] == ["x", "z1", "h", "z2", "p", "y", "l"]


def test_a_label_is_in_no_space_of_numbers() -> None:
    program = "v: Index(n)\nW: Matrix(n, d)\nT: Tensor(n, d, k)\n"
    program += "loss = norm2(W[v])**2 + sum(sum(T, axis=0))"
    found = {v.name: plain_text(v.formula) for v in graph(sg.derive(program)).vertices}
    assert found["v"] == "v in {0, ..., n - 1}"
    assert found["T"] == "T in R^(n x d x k)" and found["L"] == "L in R"


def test_a_pull_back_begins_with_the_cotangent_that_is_given() -> None:
    derived = sg.pullback("A: Matrix(n, n)\nx: Vector(n)\nf = tanh(A @ x)", ["x"])
    *_, last = graph(derived).vertices
    assert (last.name, str(last.cotangent)) == ("f", str(Named(name="G")))


def test_one_step_is_drawn_with_the_way_to_the_next() -> None:
    found = graph(of_example("rnn"))
    (state,) = set(arrows(found, recurrent=True))
    assert state == ("h[t]", "h[t - 1]")
    assert ("h[0]", "h[t - 1]") in arrows(found)
    layers = graph(of_example("lecture_mlp"))
    assert ("a[l]", "a[L]") in arrows(layers, recurrent=False)


@pytest.mark.parametrize("kind", ["directional", "jacobian", "pullback", "hessian", "hvp"])
def test_every_kind_has_a_graph(kind: str) -> None:
    output = "loss = norm2(tanh(A @ x))**2" if kind in ("hessian", "hvp") else "f = tanh(A @ x)"
    derived = getattr(sg, kind)(f"A: Matrix(n, n)\nx: Vector(n)\n{output}", ["x"])
    flows = arrows(graph(derived), back=True)
    assert bool(flows) == (kind != "directional")
    assert all(derived.graph(form) for form in ("svg", "dot", "tikz"))


def test_another_format_is_an_error() -> None:
    with pytest.raises(OptionError, match="svg"):
        sg.derive(TWICE).graph("png")


# the drawing


def through(curve: Curve) -> list[tuple[float, float]]:
    """Points of a chain of cubic curves."""
    found = []
    for k in range(0, len(curve) - 1, 3):
        for t in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
            points = list(zip(weights, curve[k : k + 4], strict=True))
            found.append((sum(w * x for w, (x, _) in points), sum(w * y for w, (_, y) in points)))
    return found


def inside(box: Box, point: tuple[float, float]) -> bool:
    x, y = point
    return abs(x - box.x) < box.width / 2 - 1 and abs(y - box.y) < box.height / 2 - 1


@pytest.mark.parametrize("name", NAMES)
def test_nothing_overlaps_and_nothing_is_cut(name: str) -> None:
    drawn = drawing(graph(derivation(name)))
    boxes = drawn.layout.boxes
    for k, box in enumerate(boxes):
        for other in boxes[:k]:
            apart = abs(box.x - other.x) - (box.width + other.width) / 2
            below = abs(box.y - other.y) - (box.height + other.height) / 2
            assert max(apart, below) >= 8
        assert box.width / 2 < box.x < drawn.width - box.width / 2
        assert box.height / 2 < box.y < drawn.height - box.height / 2
    for edge, curves in zip(drawn.graph.edges, drawn.curves, strict=True):
        ends = (edge.source, edge.target)
        others = [box for k, box in enumerate(boxes) if k not in ends]
        for curve in filter(None, curves):
            points = through(curve)
            assert not [p for p in points if any(inside(box, p) for box in others)], edge
            assert all(0 < x < drawn.width and 0 < y < drawn.height for x, y in points)
        if not edge.recurrent:
            ys = [y for _, y in curves[0]]
            assert all(a <= b for a, b in pairwise(ys))


def test_boxes_have_room_for_wide_letters() -> None:
    found = graph(of_example("mlp_relu"))
    wide = replace(found.vertices[-1], rule="\uc2dd" * 20)
    drawn = drawing(replace(found, vertices=(*found.vertices[:-1], wide)))
    assert drawn.layout.boxes[-1].width > 20 * 12  # pixels of a letter


def test_layers_of_a_deep_and_of_a_wide_graph() -> None:
    chain = [(k, k + 1) for k in range(3000)]
    assert levels(3001, chain) == list(range(3001))
    star = laid_out([(30.0, 20.0)] * 40, [(k, 39) for k in range(39)])
    assert len({box.y for box in star.boxes[:39]}) == 1
    assert laid_out([], []).boxes == ()


# the formats


@pytest.mark.parametrize("name", NAMES)
def test_svg_is_of_shapes_and_text_alone(name: str) -> None:
    text = derivation(name).graph()
    root = fromstring(text)
    found = graph(derivation(name))
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "title", "style", "g", "path", "rect", "text", "tspan"}
    names = [g.get("data-name") for g in root.iter(f"{SVG}g") if g.get("data-name")]
    assert names == [v.name for v in found.vertices]
    edges = [str(p.get("class")) for p in root if p.tag == f"{SVG}path"]
    assert edges.count("edge back") == len(arrows(found, back=True))
    assert len(edges) - edges.count("edge back") == len(found.edges)
    assert "url(" not in text and not re.search(r"[\ue000-\uf8ff]", text)


def test_dot_is_read_by_graphviz() -> None:
    program = shutil.which("dot") or pytest.skip("graphviz is not installed")
    for name in FEW:
        text, found = derivation(name).graph("dot"), graph(derivation(name))
        done = subprocess.run([program, "-Tplain"], input=text, capture_output=True, text=True)
        assert done.returncode == 0 and not done.stderr, done.stderr
        words = [line.split(" ", 1)[0] for line in done.stdout.splitlines()]
        assert words.count("node") == len(found.vertices)
        assert words.count("edge") == len(found.edges) + len(arrows(found, back=True))


def test_tikz_compiles(tmp_path: Path) -> None:
    program = shutil.which("pdflatex") or pytest.skip("pdflatex is not installed")
    pictures = [derivation(name).graph("tikz") for name in FEW]
    head = r"\documentclass{article}\usepackage{amsmath,amssymb,tikz}\begin{document}"
    text = "\n\\newpage\n".join([head, *pictures, r"\end{document}"])
    (tmp_path / "all.tex").write_text(text, encoding="utf-8")
    command = [program, "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]


def steps(n: int) -> str:
    """A recurrent network of n steps, written out."""
    declared = "W: Matrix(h, h)\nU: Matrix(h, d)\nh0: Vector(h)\n"
    data = "".join(f"x{t}: Vector(d)\n" for t in range(1, n + 1))
    lines = "".join(f"h{t} = tanh(W @ h{t - 1} + U @ x{t})\n" for t in range(1, n + 1))
    return f"{declared}{data}{lines}loss = " + " + ".join(f"sum(h{t})" for t in range(1, n + 1))


def test_a_picture_grows_as_its_graph_does() -> None:
    """No edge passes all layers: a value that is used far below stands there again, by its name."""
    graphs = [graph(sg.derive(steps(n), ["W", "U"])) for n in (12, 24)]
    drawn = [drawing(each) for each in graphs]
    once, twice = (sum(len(f) + len(b or ()) for f, b in each.curves) for each in drawn)
    assert twice < 2.3 * once
    own, again = graphs[1].vertices, drawn[1].graph.vertices
    assert again[: len(own)] == own and len(again) > len(own)
    assert {v.name for v in again[len(own) :]} <= {v.name for v in own}
    assert not any(v.rule or v.cotangent for v in again[len(own) :])
    arrived = [
        [(vertices[e.source].name, vertices[e.target].name, e.back) for e in edges]
        for vertices, edges in ((own, graphs[1].edges), (again, drawn[1].graph.edges))
    ]
    assert arrived[0] == arrived[1]  # each use, and each way back, is there
