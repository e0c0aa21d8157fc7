"""What is seen of a training: --plot and --history."""

from __future__ import annotations

import csv
import sys

import pytest

TRAIN = ("train", "linear_regression", "--epochs", "4")


def test_the_history_is_written_as_csv(symgrad, tmp_path) -> None:
    assert symgrad(*TRAIN, "--validation", "0.2", "--history", "h.csv").exit_code == 0
    with (tmp_path / "h.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    assert {"loss", "validation", "learning_rate", "gradient_norm", "seconds"} < rows[0].keys()
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])


def test_the_curve_is_drawn_in_text(symgrad) -> None:
    result = symgrad(*TRAIN, "--plot", "-")
    assert "\nloss\n" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


@pytest.mark.filterwarnings("ignore")  # those of matplotlib's own imports
@pytest.mark.parametrize("command", ["train", "run"])
def test_a_picture_is_written(command: str, symgrad, tmp_path) -> None:
    pytest.importorskip("matplotlib")
    assert symgrad(command, *TRAIN[1:], "--plot", "a.svg").exit_code == 0
    assert (tmp_path / "a.svg").read_bytes().startswith(b"<?xml")


@pytest.mark.parametrize(
    ("arguments", "told", "status"),
    [
        (["--plot", "a.jpg"], "a picture is written to .png, .svg or .pdf", 2),
        (["--history", "none/h.csv"], "none/h.csv cannot be written", 1),
        (["--progress", "bars"], "did you mean bar?", 2),
    ],
)
def test_what_cannot_be_drawn_is_told_before_training(
    arguments: list[str], told: str, status: int, symgrad, monkeypatch
) -> None:
    import symgrad as sg

    monkeypatch.setattr(sg, "fit", None)
    result = symgrad(*TRAIN, *arguments)
    assert result.exit_code == status
    assert told in result.stderr


def test_a_picture_without_a_folder_is_told_before_training(symgrad, monkeypatch) -> None:
    import symgrad as sg

    pytest.importorskip("matplotlib")
    monkeypatch.setattr(sg, "fit", None)
    result = symgrad(*TRAIN, "--plot", "none/a.png")
    assert (result.exit_code, "none/a.png cannot be written" in result.stderr) == (1, True)


def test_without_matplotlib_it_is_told_before_training(symgrad, monkeypatch) -> None:
    import symgrad as sg

    monkeypatch.setattr(sg, "fit", None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = symgrad(*TRAIN, "--plot", "a.png")
    assert result.exit_code == 1
    assert result.stderr.startswith(
        "error: a picture needs matplotlib: pip install 'symgrad[plot]'"
    )
