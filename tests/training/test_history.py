"""The history of a training as a table, CSV, a frame, a curve in text, and what it keeps."""

from __future__ import annotations

import csv
import io
import sys

import numpy as np
import pytest

import symgrad as sg
from symgrad.training.history import History

LINE = (
    "x: Scalar\nt: Scalar\nw: Scalar\nb: Scalar\nloss = mean((w * x + b - t)**2 for x, t in batch)"
)
X = np.linspace(-1, 1, 20)
DATA = {"x": X, "t": 2 * X + 1}


@pytest.fixture(scope="module")
def result() -> sg.FitResult:
    return sg.fit(LINE, DATA, optimizer=sg.Adam(learning_rate=0.1), epochs=25, validation=0.2)


def test_csv_has_every_epoch_with_all_digits(result: sg.FitResult) -> None:
    history = result.history
    rows = list(csv.DictReader(io.StringIO(history.csv())))
    assert [row["epoch"] for row in rows] == [str(k) for k in range(1, 26)]
    for name, numbers in (
        ("loss", history.losses),
        ("validation", history.validation),
        ("learning_rate", history.learning_rates),
        ("gradient_norm", history.gradient_norms),
        ("seconds", history.seconds),
    ):
        assert [float(row[name]) for row in rows] == numbers


def test_a_frame_has_the_columns_of_the_csv(result: sg.FitResult) -> None:
    pytest.importorskip("pandas")
    frame = result.history.frame()
    assert frame.index.name == "epoch" and list(frame.index) == list(range(1, 26))
    assert frame.reset_index().to_csv(index=False) == result.history.csv()


def test_without_pandas_it_is_said(result: sg.FitResult, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(sg.OptionError, match="pip install pandas"):
        result.history.frame()


@pytest.mark.parametrize(("rows", "shown"), [(1, 1), (3, 3), (10, 10), (100, 25)])
def test_a_table_has_at_most_so_many_epochs(result: sg.FitResult, rows: int, shown: int) -> None:
    lines = result.history.table(rows).splitlines()[1:]
    assert len(lines) == shown
    assert rows == 1 or (lines[0].split()[0], lines[-1].split()[0]) == ("1", "25")


def test_an_empty_history_is_shown(result: sg.FitResult) -> None:
    assert History().table() == "" and History().csv() == "\n"
    assert History().curve() == "no finite number to draw"


def test_the_path_of_two_parameters_is_kept(result: sg.FitResult) -> None:
    path = result.history.path
    assert len(path) == 26
    assert path[0] == [0.0, 0.0]
    assert path[-1] == [float(result.parameters[name]) for name in ("w", "b")]


def test_of_other_parameters_no_path_is_kept() -> None:
    one = "x: Scalar\nw: Scalar\nloss = mean((w * x - 1)**2 for x in batch)"
    assert sg.fit(one, {"x": X}, epochs=2).history.path == []


def test_the_curve_shows_both_losses(result: sg.FitResult) -> None:
    text = result.history.curve(width=50, height=6)
    assert "* training  o validation" in text
    assert max(map(len, text.splitlines())) <= 50
