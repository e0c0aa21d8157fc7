"""Pictures of trained models: chosen by the structure of a problem, and showing its numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.language.parser import parse
from symgrad.training.data.preparation import Column
from symgrad.training.plots.models import VIEWS, model_panels
from symgrad.training.plots.shown import Shown
from symgrad.training.plots.style import picture

pytest.importorskip("matplotlib")
pytestmark = pytest.mark.filterwarnings("ignore")  # those of matplotlib's own imports

RNG = np.random.default_rng(0)
N = 20
ONE, TWO, FOUR = (RNG.normal(size=(N, k)) for k in (1, 2, 4))
BITS = (np.arange(N) % 2).astype(float)
SIGNS = 2 * BITS - 1
SHARES = RNG.uniform(size=N)
ONE_HOT = np.eye(3)[np.arange(N) % 3]
LINEAR = "x: Vector(d)\nt: Scalar\nw: Vector(d)\nb: Scalar\nz = w.T @ x + b\n"
SQUARED = LINEAR + "loss = mean((z - t)**2 for x, t in batch)"
LOGISTIC = LINEAR + "loss = mean(binary_cross_entropy(t, sigmoid(z)) for x, t in batch)"
MARGIN = LINEAR + "loss = mean(hinge(t * z) for x, t in batch)"
LINE = (
    "a: Scalar\nt: Scalar\nw: Scalar\nb: Scalar\nloss = mean((w * a + b - t)**2 for a, t in batch)"
)
SOFTMAX = (
    "x: Vector(d)\ny: Vector(k, one_hot=True)\nW: Matrix(k, d)\np = softmax(W @ x)\n"
    "loss = mean(cross_entropy(y, p) for x, y in batch)"
)
SEVERAL = (
    "x: Vector(d)\ny: Vector(k)\nW: Matrix(k, d)\n"
    "loss = mean(norm2(y - W @ x)**2 for x, y in batch)"
)
ROWS = (
    "X: Matrix(n, d, data=True)\ny: Vector(n, data=True)\nw: Vector(d)\nloss = norm2(X @ w - y)**2"
)
PAIRS = (
    "u: Index(n)\nv: Index(m)\nr: Scalar\nP: Matrix(n, k)\nQ: Matrix(m, k)\n"
    "loss = mean((r - P[u].T @ Q[v])**2 for u, v, r in batch)"
)
W = {k: RNG.normal(size=k) for k in (1, 2, 4)}
V = RNG.normal(size=(3, 4))
COUNTED = {"u": np.arange(N) % 5, "v": np.arange(N) % 4, "r": BITS}
TABLES = {"P": RNG.normal(size=(5, 3)), "Q": RNG.normal(size=(4, 3))}
PATH = [[0.0, 0.0], [1.0, 0.5]]

# program, data, parameters, path; the views
STRUCTURES: dict[str, tuple[str, dict[str, Any], dict[str, Any], list[Any], str]] = {
    "line": (SQUARED, {"x": ONE, "t": BITS}, {"w": W[1], "b": 0.5}, [], "fitted_line"),
    "scalar": (LINE, {"a": ONE[:, 0], "t": BITS}, {"w": 1.0, "b": 0.5}, PATH, "fitted_line path"),
    "rows": (ROWS, {"X": ONE, "y": BITS}, {"w": W[1]}, [], "fitted_line"),
    "probability": (LOGISTIC, {"x": ONE, "t": BITS}, {"w": W[1], "b": 0.5}, [], "fitted_line"),
    "several": (SEVERAL, {"x": ONE, "y": TWO}, {"W": RNG.normal(size=(2, 1))}, [], "fitted_line"),
    "plane": (LOGISTIC, {"x": TWO, "t": BITS}, {"w": W[2], "b": 0.0}, [], "boundary"),
    "margin": (MARGIN, {"x": TWO, "t": SIGNS}, {"w": W[2], "b": 0.0}, [], "boundary"),
    "three": (SOFTMAX, {"x": TWO, "y": ONE_HOT}, {"W": RNG.normal(size=(3, 2))}, [], "boundary"),
    "regression": (SQUARED, {"x": TWO, "t": BITS}, {"w": W[2], "b": 0.0}, [], "against_given"),
    "wide": (SEVERAL, {"x": FOUR, "y": TWO}, {"W": RNG.normal(size=(2, 4))}, [], "against_given"),
    "classes": (SOFTMAX, {"x": FOUR, "y": ONE_HOT}, {"W": V}, [], "confusion"),
    "wide margin": (MARGIN, {"x": FOUR, "t": SIGNS}, {"w": W[4], "b": 0.0}, [], "confusion"),
    "shares": (LOGISTIC, {"x": FOUR, "t": SHARES}, {"w": W[4], "b": 0.0}, [], "against_given"),
    "tables": (PAIRS, COUNTED, TABLES, [], "against_given embedding embedding"),
    "no label": ("A: Matrix(n, n, data=True)\nx: Vector(n)\nloss = x.T @ A @ x", {"A": np.eye(3)},
                 {"x": W[4][:3]}, [], ""),
}  # fmt: skip


def shown(case: str, **options: Any) -> Shown:
    program, data, parameters, path, _ = STRUCTURES[case]
    return Shown(problem=parse(program), parameters=parameters, arrays=data, path=path, **options)


def views(what: Shown) -> str:
    return " ".join(view.__name__ for view in VIEWS for _ in view(what))


def axes(what: Shown) -> list[Any]:
    return list(picture(model_panels(what)).figure.axes)


@pytest.mark.parametrize("case", STRUCTURES)
def test_views_are_chosen_by_structure(case: str) -> None:
    assert views(shown(case)) == STRUCTURES[case][-1]


@pytest.mark.parametrize("case", [case for case in STRUCTURES if STRUCTURES[case][-1]])
def test_each_panel_has_its_labels(case: str) -> None:
    for ax in axes(shown(case)):
        assert ax.get_xlabel() and ax.get_ylabel()
        lines = [each for each in ax.lines if not each.get_label().startswith("_")]
        assert len(lines) < 2 or len(ax.get_legend().texts) == len(lines)


def test_the_line_is_the_prediction() -> None:
    data, line = axes(shown("line"))[0].lines
    assert np.array_equal(data.get_xydata(), np.column_stack([ONE[:, 0], BITS]))
    x, y = line.get_xydata().T
    assert np.allclose(y, W[1][0] * x + 0.5)
    assert x[0] < ONE.min() and ONE.max() < x[-1]


@pytest.mark.parametrize(("case", "low"), [("plane", 0.0), ("margin", -1.0)])
def test_the_boundary_is_where_the_score_is_zero(case: str, low: float) -> None:
    ax = axes(shown(case))[0]
    points = np.concatenate([p.vertices for c in ax.collections for p in c.get_paths()])
    filled = points[np.abs(points @ W[2]) > 1e-2]
    assert len(filled) < len(points)
    assert [text.get_text() for text in ax.get_legend().texts] == [f"{low:g}", "1"]
    assert np.array_equal(ax.lines[1].get_xydata(), TWO[BITS == 1])


def test_regions_are_those_of_the_largest_score() -> None:
    what = shown("three")
    scores = TWO @ what.parameters["W"].T
    assert np.array_equal(what.classes_predicted, scores.argmax(axis=1))


def test_the_counts_of_a_confusion() -> None:
    what = shown("classes")
    ax = axes(what)[0]
    found = (FOUR @ what.parameters["W"].T).argmax(axis=1)
    given = ONE_HOT.argmax(axis=1)
    counts = [f"{np.sum((given == t) & (found == p))}" for t in range(3) for p in range(3)]
    assert [text.get_text() for text in ax.texts] == counts
    assert ax.get_title() == f"{np.mean(found == given):.1%} of {N} right"


def test_a_path_ends_at_the_result() -> None:
    ax = axes(shown("scalar"))[1]
    path, start, result, _ = ax.lines
    assert path.get_xydata().tolist() == PATH
    assert start.get_xydata().tolist() == [PATH[0]]
    assert result.get_xydata().tolist() == [[1.0, 0.5]]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("w", "b")


def test_columns_and_classes_have_their_names_and_units() -> None:
    scales = {"x": [Column("length_cm", mean=10.0, deviation=2.0)]}
    ax = axes(shown("line", scales=scales))[0]
    assert ax.get_xlabel() == "length_cm"
    assert np.allclose(ax.lines[0].get_xdata(), 10 + 2 * ONE[:, 0])
    names = {"t": {0.0: "no", 1.0: "yes"}}
    legend = axes(shown("plane", classes=names))[0].get_legend()
    assert [text.get_text() for text in legend.texts] == ["no", "yes"]


def test_names_in_an_embedding_do_not_overlap() -> None:
    rng = np.random.default_rng(1)
    table = {**TABLES, "P": rng.normal(size=(40, 2))}
    what = Shown(problem=parse(PAIRS), parameters=table, arrays=COUNTED)
    panels = [panel for view in VIEWS[-2:] for panel in view(what)]
    drawn = picture(panels[:1]).figure
    drawn.draw_without_rendering()
    boxes = [text.get_window_extent() for text in drawn.axes[0].texts]
    assert len(boxes) > 20
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])


def test_a_result_is_plotted_with_and_without_data() -> None:
    _, data, _, _, _ = STRUCTURES["scalar"]
    result = sg.fit(LINE, data, epochs=3, check=False)
    assert len(result.plot().figure.axes) == 2
    assert len(result.plot(data).figure.axes) == 4
    with pytest.raises(sg.DataError, match="a mapping from name to array is wanted"):
        result.plot([1.0])


def test_no_text_leaves_a_narrow_picture_or_lies_on_another() -> None:
    """Once long names of classes hid the picture, and a legend was cut."""
    classes = {k: f"Iris of the northern {kind}" for k, kind in enumerate(("sea", "lake", "coast"))}
    long = "a_name_that_is_longer_than_its_panel_is_wide"
    for case, label in (("three", "y"), ("classes", "y"), ("scalar", "t")):
        scales = {"a": [Column(long)]}
        what = shown(
            case, classes={label: {float(k): n for k, n in classes.items()}}, scales=scales
        )
        figure = picture(model_panels(what), width=3.0).figure
        figure.draw_without_rendering()
        width, height = figure.get_size_inches() * figure.dpi
        for ax in figure.axes:
            legend = ax.get_legend()
            named = [t.get_window_extent() for t in legend.texts] if legend else []
            ticks = [t.get_window_extent() for t in ax.get_xticklabels() if t.get_text()]
            own = [ax.xaxis.label.get_window_extent(), ax.yaxis.label.get_window_extent()]
            for box in (*named, *own):
                assert (
                    box.x0 >= -1 and box.x1 <= width + 1 and box.y0 >= -1 and box.y1 <= height + 1
                )
            panel = ax.get_window_extent()
            assert panel.width > 0.35 * width
            assert not any(box.overlaps(panel) for box in named)
            assert not any(a.overlaps(b) for k, a in enumerate(named) for b in named[:k])
            if ticks and not ax.get_xticklabels()[0].get_rotation():
                assert not any(a.overlaps(b) for k, a in enumerate(ticks) for b in ticks[:k])


def test_a_table_is_shown_in_its_own_units_and_names() -> None:
    """Also where the arrays of it are given, which are scaled already."""
    length, kind = 10 + 2 * ONE[:, 0], np.where(BITS, "yes", "no")
    table = {"length": length, "kind": kind}
    columns = {"x": ["length"], "t": "kind"}
    made = sg.prepare(LOGISTIC, table, columns=columns, scale=["x"])
    result = sg.fit(LOGISTIC, made, epochs=3)
    for given in (made, table):
        ax = result.plot(given).figure.axes[2]
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("length", "kind")
        assert np.allclose(ax.lines[0].get_xdata(), length)
        assert [text.get_text() for text in ax.get_yticklabels()] == ["no", "yes"]
