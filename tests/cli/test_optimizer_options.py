"""The options of the optimizer: a schedule, clipping, accumulation, rates of parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symgrad as sg

LINE = (
    "x: Scalar\nt: Scalar\nw: Scalar\nb: Scalar\nloss = mean((w * x + b - t)**2 for x, t in batch)"
)
X = np.arange(8.0)
DATA = {"x": X, "t": 2 * X + 1}


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "line.sg").write_text(LINE)
    np.savez(tmp_path / "data.npz", **DATA)
    return str(tmp_path / "line.sg"), str(tmp_path / "data.npz")


OPTIONS = {
    "--schedule cosine,total=9,lowest=0.001 --clip-norm 0.5": sg.SGD(
        learning_rate=sg.CosineDecay(learning_rate=0.01, total=9, lowest=0.001), clip_norm=0.5
    ),
    "--schedule plateau,patience=0,factor=0.5,on=training,relative=false,threshold=3": sg.SGD(
        learning_rate=sg.Plateau(
            learning_rate=0.01,
            patience=0,
            factor=0.5,
            on="training",
            relative=False,
            threshold=3,
        )
    ),
    "--lazy": sg.SGD(learning_rate=0.01, lazy=True),
    "--clip-value 0.2 --accumulate 2 --rate-factor w=0.5 --rate-factor b=0": sg.SGD(
        learning_rate=0.01, clip_value=0.2, accumulate=2, rate_factors={"w": 0.5, "b": 0.0}
    ),
}


@pytest.mark.parametrize("written", OPTIONS)
def test_what_is_written_is_what_fit_is_told(symgrad, files, written: str, tmp_path: Path) -> None:
    file, model = tmp_path / "history.csv", tmp_path / "model.npz"
    usual = ["--optimizer", "sgd", "--learning-rate", "0.01", "--epochs", "6", "--batch-size", "2"]
    done = symgrad(
        *("train", files[0], "--data", files[1], *usual, *written.split()),
        *("--history", str(file), "-o", str(model)),
    )
    assert done.exit_code == 0, done.stderr
    result = sg.fit(LINE, DATA, optimizer=OPTIONS[written], epochs=6, batch_size=2)
    for name, value in sg.load_model(model).parameters.items():
        np.testing.assert_array_equal(value, result.parameters[name])
    table = np.genfromtxt(file, delimiter=",", names=True)
    assert table["learning_rate"].tolist() == result.history.learning_rates


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("--schedule cosin,total=3", "'cosin' is not one of"),
        ("--schedule cosine", "cosine takes total, per, lowest, each as KEY=VALUE"),
        ("--schedule cosine,total=0", "total is 0; a positive whole number"),
        ("--optimizer lbfgs --clip-norm 1", "--clip-norm: lbfgs has none"),
        ("--clip-norm 1 --clip-value 1", "exclude one another"),
        ("--rate-factor w", "'w': NAME=FACTOR is wanted"),
    ],
)
def test_wrong_usage_says_what_is_wanted(symgrad, files, written: str, told: str) -> None:
    done: Any = symgrad("train", files[0], "--data", files[1], *written.split())
    assert done.exit_code == 2 and told in " ".join(done.stderr.split())
