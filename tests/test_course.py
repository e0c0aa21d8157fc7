"""The course: each formula of its table has a place in a chapter, and is shown as it is run."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

import symgrad as sg

COURSE = Path(__file__).parent.parent / "docs" / "course"
CHAPTERS = sorted(COURSE.glob("[0-9]-*.md"))
ROW = re.compile(r"^\| (.+) \| (.+) \| \[.+\]\((.+)#.+\) \|$")  # test_docs follows the links
OPTIMIZERS = (sg.SGD(momentum=0.9), sg.Adagrad(), sg.RMSprop(), sg.Adadelta(), sg.Adam())


def test_each_formula_of_the_table_has_a_place() -> None:
    lines = (COURSE / "README.md").read_text("utf-8").splitlines()
    rows = [ROW.match(line) for line in lines if line.startswith("| ")][2:]  # below the heading
    assert all(rows)
    assert {row[3] for row in rows if row} == {page.name for page in CHAPTERS}


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: type(o).__name__)
def test_an_update_is_shown_as_it_is_run(optimizer: sg.GD) -> None:
    pages = "".join(page.read_text("utf-8") for page in CHAPTERS)
    assert f"```math\n{optimizer.latex().replace('align*', 'aligned')}\n```" in pages


@pytest.mark.parametrize("page", CHAPTERS[:-1], ids=lambda page: page.name)
def test_a_chapter_ends_with_exercises_that_are_marked(page: Path) -> None:
    exercises = page.read_text("utf-8").partition("## Exercises")[2]
    assert "\nWrong" in exercises and "\nRight: " in exercises


@pytest.mark.filterwarnings("ignore")  # those of matplotlib's own imports
def test_the_pictures_are_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    runpy.run_path(str(COURSE / "make_pictures.py"))["draw"](tmp_path)
    drawn = {path.name for path in tmp_path.iterdir()}
    assert drawn == {path.name for path in COURSE.glob("*.svg")}
    pages = "".join(page.read_text("utf-8") for page in CHAPTERS)
    assert all(f"]({name})" in pages for name in drawn)
