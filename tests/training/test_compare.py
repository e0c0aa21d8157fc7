"""Optimizers side by side: the same training but for the optimizer, and what is said of it."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

import symgrad as sg

LINE = (
    "x: Scalar\nt: Scalar\nw: Scalar\nb: Scalar\nloss = mean((w * x + b - t)**2 for x, t in batch)"
)
X = np.linspace(-1, 1, 40)
DATA = {"x": X, "t": 2 * X + 1}
GIVEN = {
    "slow": sg.SGD(learning_rate=1e-3),
    "fast": sg.SGD(learning_rate=0.1),
    "far": sg.SGD(learning_rate=1e200),
}
OPTIONS = {"epochs": 5, "batch_size": 8, "validation": 0.2, "seed": 3}


@pytest.fixture(scope="module")
def compared() -> sg.Comparison:
    return sg.compare(LINE, DATA, GIVEN, **OPTIONS)


@pytest.mark.parametrize("name", ["slow", "fast"])
def test_each_is_the_training_by_itself(compared: sg.Comparison, name: str) -> None:
    alone = sg.fit(LINE, DATA, optimizer=GIVEN[name], **OPTIONS)
    assert compared.results[name].history.losses == alone.history.losses
    assert compared.losses[name] == sg.evaluate(LINE, {**DATA, **alone.parameters})


def test_the_smallest_loss_is_first_and_what_failed_last(compared: sg.Comparison) -> None:
    assert [row["optimizer"] for row in compared.rows] == ["fast", "slow", "far"]
    lines = compared.table().splitlines()
    assert [line.split()[0] for line in lines] == ["optimizer", "fast", "slow", "far", "far:"]
    assert "epoch 1" in lines[-1] and "not finite" in lines[-1]
    assert compared.rows[0]["validation"] == compared.results["fast"].history.validation[-1]


def test_the_table_as_csv_frame_and_markdown(compared: sg.Comparison) -> None:
    rows = list(csv.DictReader(io.StringIO(compared.csv())))
    assert float(rows[0]["loss_of_data"]) == compared.losses["fast"]
    assert rows[2]["last_loss"] == "" and "not finite" in rows[2]["ended"]
    assert compared._repr_markdown_().startswith("| optimizer | learning_rate | epochs |")
    pytest.importorskip("pandas")
    assert list(compared.frame().index) == ["fast", "slow", "far"]


@pytest.mark.filterwarnings("ignore")  # those of matplotlib's own imports
def test_the_curves_have_their_names(compared: sg.Comparison) -> None:
    assert "* slow  o fast" in compared.curve()
    pytest.importorskip("matplotlib")
    axes = compared.plot().figure.axes
    assert [ax.get_ylabel() for ax in axes] == [
        "mean loss of a step",
        "validation loss",
        "r2 (validation)",
    ]
    assert [t.get_text() for t in axes[0].get_legend().texts] == ["slow", "fast"]


@pytest.mark.parametrize(
    ("optimizers", "told"),
    [
        ([], "there is none to compare"),
        ("adam", "several are wanted"),
        (3, "several are wanted"),
        (["adam", sg.Adam(learning_rate=0.1)], "two are called adam"),
        (["adamm"], "did you mean adam"),
    ],
)
def test_what_cannot_be_compared(optimizers: object, told: str) -> None:
    with pytest.raises(sg.OptionError, match=told):
        sg.compare(LINE, DATA, optimizers, epochs=1)


def test_all_that_fail_are_an_error() -> None:
    with pytest.raises(sg.NotFiniteError, match="^far: epoch 1"):
        sg.compare(LINE, DATA, {"far": GIVEN["far"]}, epochs=3)
