"""A learning rate that falls at a plateau: PyTorch's steps, in fit, a trainer and after a break."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import DataError, OptionError
from symgrad.training.rates.plateau import Plateau, Watch
from symgrad.training.rates.schedules import CosineDecay, LinearWarmup

FILE = Path(__file__).parent.parent / "data" / "optimizers" / "torch_reference.json"
REFERENCE = json.loads(FILE.read_text(encoding="utf-8"))
LINE = "x: Scalar\nt: Scalar\nw: Scalar\nloss = mean((w * x - t)**2 for x, t in batch)"
RNG = np.random.default_rng(0)
DATA = {"x": RNG.normal(size=60), "t": RNG.normal(size=60)}


@pytest.mark.parametrize("case", REFERENCE["plateaus"], ids=lambda c: str(c["hyperparameters"]))
def test_the_rate_after_each_score_is_that_of_pytorch(case: dict[str, Any]) -> None:
    options = dict(case["hyperparameters"])
    maximize = options.pop("maximize", False)
    rate = Plateau(learning_rate=0.1, **options)
    watch, found = Watch(rate), []
    for score in REFERENCE["scores"]:
        watch.look(score, maximize)
        found.append(rate(watch.count))
    assert found == pytest.approx(case["rates"], rel=1e-12) and len({*found}) > 1


def test_epochs_after_a_plateau_are_not_counted() -> None:
    watch, found = Watch(Plateau(learning_rate=1.0, factor=0.5, patience=0, cooldown=3)), []
    for _ in range(10):
        watch.look(1.0)
        found.append(watch.plateau(watch.count))
    assert found == [1.0] + [0.5] * 4 + [0.25] * 4 + [0.125]  # those of PyTorch


@pytest.mark.parametrize("maximize", [False, True])
@pytest.mark.parametrize("score", [-0.5, 0.0, 0.5])
def test_scores_that_stay_the_same_are_a_plateau_below_zero_too(
    score: float, maximize: bool
) -> None:
    watch, better = Watch(Plateau(learning_rate=1.0, patience=1)), 1 if maximize else -1
    for _ in range(7):
        watch.look(score, maximize)
    assert watch.count == 3
    for step in range(1, 7):
        watch.look(score + 0.01 * step * better, maximize)
    assert watch.count == 3


def rule(on: Any, **options: Any) -> sg.SGD:
    told = {"learning_rate": 0.3, "factor": 0.5, "patience": 1, "on": on}
    return sg.SGD(learning_rate=Plateau(**{**told, **options}))


@pytest.mark.parametrize("on", ["training", "validation"])
def test_fit_lowers_the_rate_after_the_epochs_without_a_better_score(on: Any) -> None:
    options: dict[str, Any] = {"epochs": 15, "batch_size": 20, "validation": 0.3}
    history = sg.fit(LINE, DATA, optimizer=rule(on), **options).history
    watch, wanted = Watch(rule(on).learning_rate), [0.3]
    for score in history.validation if on == "validation" else history.losses:
        watch.look(score)
        wanted.append(0.3 * 0.5**watch.count)
    assert history.learning_rates == wanted[:-1] and len({*wanted}) > 2


def test_more_is_better_of_a_metric() -> None:
    scores = iter([0.5, 0.6, 0.7, 0.8, 0.9, 0.9, 0.9, 0.9])
    options: dict[str, Any] = {"epochs": 8, "batch_size": 20, "validation": 0.3}
    result = sg.fit(
        LINE, DATA, optimizer=rule("validation"), metric=lambda *_: next(scores), **options
    )
    assert result.history.learning_rates == [0.3] * 7 + [0.15]


def test_a_score_that_nobody_tells_is_an_error() -> None:
    with pytest.raises(OptionError, match="Plateau waits for a score .*validation=0.2"):
        sg.fit(LINE, DATA, optimizer=rule("validation"))
    trainer = sg.Trainer(LINE, DATA, parameters={"w": 0.0}, optimizer=rule("validation"))
    trainer.epoch()
    with pytest.raises(OptionError, match=r"look\(score\) after each epoch"):
        trainer.epoch()
    for _ in range(3):
        trainer.look(1.0)
    trainer.epoch()
    assert trainer.first_rate == trainer.learning_rate == 0.15


@pytest.mark.parametrize("name", ["sgd", "lbfgs"])
def test_a_training_that_goes_on_knows_its_plateaus(name: str, tmp_path: Path) -> None:
    rate = Plateau(learning_rate=0.5, factor=0.5, patience=1, threshold=0.1, on="training")
    optimizer = sg.OPTIMIZERS[name](learning_rate=rate)
    options: dict[str, Any] = {"optimizer": optimizer, "tolerance": 0.0, "batch_size": None}
    whole = sg.fit(LINE, DATA, epochs=9, **options)
    file = tmp_path / "run.npz"
    sg.fit(LINE, DATA, epochs=4, checkpoint=file, **options)
    again = sg.fit(LINE, DATA, epochs=9, checkpoint=file, **options)
    np.testing.assert_array_equal(again.parameters["w"], whole.parameters["w"])
    assert again.history.learning_rates == whole.history.learning_rates
    trainer = sg.Trainer(LINE, DATA, parameters={"w": 0.0}, optimizer=optimizer)
    state = {**trainer.state_dict()}
    del state["optimizer"]["plateau"]
    with pytest.raises(DataError, match="plateau"):
        copy.deepcopy(trainer).load_state_dict(state)


def test_each_schedule_takes_what_it_counts() -> None:
    inner = Plateau(learning_rate=0.8, factor=0.5)
    rate = LinearWarmup(learning_rate=inner, total=4, start=0.5)
    assert rate.at({"epoch": 0, "iteration": 9, "plateau": 1}) == 0.2
    assert rate.at({"epoch": 8, "iteration": 9, "plateau": 2}) == 0.2
    steps = Plateau(learning_rate=CosineDecay(learning_rate=1.0, total=10, per="iteration"))
    assert steps.at({"epoch": 1, "iteration": 5, "plateau": 1}) == pytest.approx(0.05)
    with pytest.raises(OptionError, match="has a plateau already"):
        Plateau(learning_rate=rate)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"patience": -1}, "patience is -1; 0 or a positive whole number"),
        ({"factor": 1.5}, "factor is 1.5"),
        ({"lowest": 1.0}, "lowest=1.0 is above learning_rate=0.1"),
        ({"on": "test"}, "on is 'test'; 'validation' or 'training'"),
        ({"per": "epoch"}, "per is 'epoch'; 'plateau' is wanted"),
    ],
)
def test_a_value_out_of_range_is_an_error(options: dict[str, Any], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        Plateau(learning_rate=0.1, **options)


def test_it_is_told_with_its_patience() -> None:
    (line,) = (ln for ln in rule("training").lines() if ln.left == r"\eta")
    assert "2 epochs without a better training score" in line.words
    assert line.right == r"\max\left(\eta_{\min}, \eta_{0} \gamma^{n}\right)"
