"""Pictures: their files, and what is told apart in them."""

from __future__ import annotations

import sys
from typing import Any

import pytest

import symgrad as sg
from symgrad.training.plots.style import (
    COLOURS,
    DASHES,
    LONGEST,
    MARKS,
    finish,
    format_of,
    label,
    line,
    picture,
)

mpl = pytest.importorskip("matplotlib")
pytestmark = pytest.mark.filterwarnings("ignore")  # those of matplotlib's own imports


def panel(ax: Any) -> None:
    ax.plot([1, 2], [3, 4], label="a")
    ax.plot([1, 2], [4, 3], label="b")
    finish(ax, "x", "y")


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_a_picture_is_the_same_bytes_each_time(ending: str, tmp_path) -> None:
    path = tmp_path / f"a.{ending}"
    picture([panel]).save(path)
    assert path.read_bytes() == picture([panel]).file(ending)
    assert path.read_bytes()[:5] in (b"\x89PNG\r", b"<?xml", b"%PDF-")


@pytest.mark.parametrize("path", ["a", "a.jpg", "a.", "png"])
def test_another_ending_is_refused(path: str) -> None:
    with pytest.raises(sg.OptionError, match="written to .png, .svg or .pdf"):
        format_of(path)


@pytest.mark.parametrize(("width", "rows"), [(9.0, 1), (6.0, 2), (3.0, 3), (1.0, 3)])
def test_a_narrow_picture_has_fewer_panels_in_a_row(width: float, rows: int) -> None:
    drawn = picture([panel] * 3, width=width, columns=3)
    assert len({ax.get_subplotspec().rowspan.start for ax in drawn.figure.axes}) == rows
    assert len(drawn.figure.axes) == 3


def test_colours_are_told_apart_in_grey() -> None:
    """By dashes and marks where not by how dark they are."""
    assert len(set(map(str, DASHES))) == len(DASHES) >= 6
    assert len(set(MARKS)) == len(MARKS) >= len(COLOURS)
    ways = [tuple(str(line(k).get(what)) for what in ("linestyle", "marker")) for k in range(24)]
    assert len(set(ways)) == 24


def test_a_label_is_short_and_no_formula() -> None:
    assert label("a$b") == r"a\$b"
    names = ["sepal_length_in_centimetres_of_the_flower", "sepal_length_in_centimetres_of_the_leaf"]
    assert [len(label(name)) for name in names] == [LONGEST, LONGEST]
    assert label(names[0]) != label(names[1])


def test_without_matplotlib_it_is_said_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(sg.OptionError, match=r"pip install 'symgrad\[plot\]'"):
        picture([panel])
