"""symgrad compare: a table, CSV, a curve, a picture."""

from __future__ import annotations

import pytest

COMPARE = ("compare", "linear_regression", "--epochs", "4")


def test_a_table_a_curve_and_csv(symgrad, tmp_path) -> None:
    given = "sgd=0.01,adam,sgd=1e300"
    result = symgrad(*COMPARE, "--optimizers", given, "--plot", "-", "-o", "c.csv")
    assert result.exit_code == 0
    heads, *rows = result.stdout.partition("\n\n")[0].splitlines()
    assert heads.split()[0] == "optimizer"
    assert {row.split()[0] for row in rows[:2]} == {"sgd=0.01", "adam"}
    assert rows[2].split()[:2] == ["sgd=1e300", "-"] and rows[3].startswith("sgd=1e300: epoch")
    assert "* sgd=0.01  o adam" in result.stdout
    lines = (tmp_path / "c.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("optimizer,learning_rate,epochs,") and len(lines) == 4


@pytest.mark.filterwarnings("ignore")  # those of matplotlib's own imports
def test_a_picture(symgrad, tmp_path) -> None:
    pytest.importorskip("matplotlib")
    result = symgrad(*COMPARE, "--optimizers", "sgd=0.01,adam", "--plot", "c.png")
    assert result.exit_code == 0
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("optimizers", "told"),
    [
        ("adam", "two or more are wanted"),
        ("", "two or more are wanted"),
        ("adam,sgdd", "did you mean sgd"),
        ("adam,sgd=a", "'sgd=a': NAME or NAME=RATE is wanted"),
        ("adam,sgd=-1", "learning_rate"),
    ],
)
def test_optimizers_that_are_none(optimizers: str, told: str, symgrad) -> None:
    result = symgrad(*COMPARE, "--optimizers", optimizers)
    assert result.exit_code == 2
    assert told in result.stderr
