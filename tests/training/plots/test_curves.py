"""Panels of the history: which there are, their labels, and what is marked."""

from __future__ import annotations

from typing import Any

import pytest

from symgrad.training.plots.curves import history_panels
from symgrad.training.plots.style import picture

pytest.importorskip("matplotlib")
pytestmark = pytest.mark.filterwarnings("ignore")  # those of matplotlib's own imports
LOSSES = [1.0, 0.5, 0.4]
COLUMNS: dict[str, list[float]] = {
    "losses": LOSSES,
    "validation": [],
    "scores": [],
    "gradient_norms": [],
    "learning_rates": [0.1] * 3,
}


def drawn(columns: dict[str, list[float]], **options: Any) -> list[tuple[str, list[str], str]]:
    """(label, names in the legend, scale) of each panel."""
    axes = picture(history_panels({**COLUMNS, **columns}, **options)).figure.axes
    assert all(ax.get_xlabel() == "epoch" for ax in axes)
    legends = [
        [t.get_text() for t in ax.get_legend().texts] if ax.get_legend() else [] for ax in axes
    ]
    return [
        (ax.get_ylabel(), names, ax.get_yscale()) for ax, names in zip(axes, legends, strict=True)
    ]


@pytest.mark.parametrize(
    ("columns", "options", "panels"),
    [
        ({}, {}, [("mean loss of a step", [], "linear")]),
        (
            {"validation": LOSSES},
            {"best": 2},
            [("mean loss of a step", ["training", "validation", "best: epoch 2"], "linear")],
        ),
        (
            {"validation": LOSSES, "scores": [0.1, 0.9, 0.8]},
            {"metric": "accuracy", "best": 2},
            [
                ("mean loss of a step", ["training", "validation", "best: epoch 2"], "linear"),
                ("accuracy (validation)", ["validation", "best: epoch 2"], "linear"),
            ],
        ),
        (
            {"gradient_norms": [1.0, 0.1, 0.001], "learning_rates": [0.3, 0.2, 0.1]},
            {},
            [
                ("mean loss of a step", [], "linear"),
                ("largest gradient norm", [], "log"),
                ("learning rate", [], "linear"),
            ],
        ),
        ({"losses": [1.0, 0.0, -1.0]}, {}, [("mean loss of a step", [], "linear")]),
        ({"losses": [5.0]}, {}, [("mean loss of a step", [], "linear")]),
    ],
)
def test_the_panels_of_a_history(columns, options, panels) -> None:
    assert drawn(columns, **options) == panels
