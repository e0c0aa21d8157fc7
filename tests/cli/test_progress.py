"""The progress of a training: what is said, in which width, and to whom."""

from __future__ import annotations

from typing import Any

import pytest

from symgrad.training.epochs import EpochReport
from symgrad_cli import progress

SAID = {"loss": 0.5, "validation": 0.25, "learning_rate": 0.01, "gradient_norm": 1.0}


def report(epoch: int, epochs: int = 1500, **changed: Any) -> EpochReport:
    trainer: Any = None
    given = {**SAID, "seconds": 0.2 * epoch, **changed}
    return EpochReport(epoch=epoch, epochs=epochs, trainer=trainer, **given)


@pytest.mark.parametrize(
    ("width", "bar", "said"),
    [
        (200, 30, "loss 0.5  validation 0.25  rate 0.01  4 min 45 s left"),
        (82, 8, "loss 0.5  validation 0.25  rate 0.01  4 min 45 s left"),
        (70, 0, "loss 0.5  validation 0.25  rate 0.01  4 min 45 s left"),
        (69, 0, "loss 0.5  validation 0.25  4 min 45 s left"),
        (45, 0, "loss 0.5  4 min 45 s left"),
        (30, 0, "loss 0.5"),
        (19, 0, "lo"),
    ],
)
def test_the_line_fits(width: int, bar: int, said: str) -> None:
    shown = progress.fitted(report(75), width)
    drawn = f"  [{'#' * (bar // 20)}{'-' * (bar - bar // 20)}]" if bar else ""
    assert shown == f"epoch   75/1500{drawn}  {said}"
    assert len(shown) <= width


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (90, "loss 0.5  validation 0.25  accuracy 0.9  rate 0.01  4 min 45 s left"),
        (75, "loss 0.5  validation 0.25  accuracy 0.9  4 min 45 s left"),
        (60, "loss 0.5  accuracy 0.9  4 min 45 s left"),
        (45, "loss 0.5  4 min 45 s left"),
    ],
)
def test_the_metric_is_said_beside_the_loss(width: int, said: str) -> None:
    shown = progress.fitted(report(75, metric="accuracy", score=0.9), width)
    assert shown == f"epoch   75/1500  {said}"


def test_what_is_not_there_is_not_said() -> None:
    shown = progress.fitted(report(1, validation=None), 200)
    assert shown.startswith("epoch    1/1500") and "validation" not in shown
    assert "left" not in shown  # the first epoch does not tell
    assert progress.fitted(report(9, 9), 200).endswith("done")


def test_the_bar_is_drawn_at_times_and_at_the_end(capsys) -> None:
    bar = progress.Bar()
    for epoch in range(1, 101):
        bar.update(report(epoch, 100, seconds=epoch / 100))
    bar.end()
    drawn = capsys.readouterr().err.split("\r")[1:]
    assert 5 < len(drawn) <= 13
    assert drawn[0].startswith("epoch   1/100") and drawn[-1].startswith("epoch 100/100")
    assert drawn[-1].endswith("\n")


def test_lines_name_every_epoch(symgrad, capsys) -> None:
    result = symgrad("train", "linear_regression", "--epochs", "4", "--progress", "lines")
    lines = result.stderr.splitlines()
    assert [line.split("  ")[0] for line in lines] == [f"epoch {k}/4" for k in range(1, 5)]
    assert all("loss " in line and "rate " in line for line in lines)


def test_nothing_is_said_where_nobody_watches(symgrad) -> None:
    assert symgrad("train", "linear_regression", "--epochs", "4").stderr == ""
