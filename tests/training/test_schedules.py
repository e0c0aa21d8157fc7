"""Every schedule: against PyTorch's, its LaTeX, its ranges."""

from __future__ import annotations

import json
import math
import pickle
from pathlib import Path
from typing import Any

import pytest

from symgrad.errors import OptionError
from symgrad.training.rates.schedules import SCHEDULES, CosineDecay, ExponentialDecay, StepDecay

FILE = Path(__file__).parent.parent / "data" / "optimizers" / "torch_reference.json"
REFERENCE = json.loads(FILE.read_text(encoding="utf-8"))["schedules"]


@pytest.mark.parametrize("case", REFERENCE, ids=lambda case: case["schedule"])
def test_thirty_epochs_are_those_of_pytorch(case: dict[str, Any]) -> None:
    schedule = SCHEDULES[case["schedule"]](**case["hyperparameters"])
    assert [schedule(n) for n in range(30)] == pytest.approx(case["rates"], rel=1e-12)
    assert pickle.loads(pickle.dumps(schedule)) == schedule


def test_every_schedule_is_compared() -> None:
    assert {case["schedule"] for case in REFERENCE} == set(SCHEDULES) - {
        "plateau"
    }  # in test_plateau.py


@pytest.mark.parametrize(("per", "rate"), [("epoch", 0.25), ("iteration", 0.125)])
def test_a_rate_counts_epochs_or_iterations(per: Any, rate: float) -> None:
    schedule = ExponentialDecay(learning_rate=1.0, factor=0.5, per=per)
    assert schedule.at({"epoch": 2, "iteration": 3}) == rate


FORMULA = {
    "constant": r"\eta_{0}",
    "inverse_time": r"\frac{\eta_{0}}{1 + \kappa n}",
    "step_decay": r"\eta_{0} \gamma^{\left\lfloor{\frac{n}{s}}\right\rfloor}",
    "exponential": r"\eta_{0} \gamma^{n}",
    "polynomial": r"\eta_{0} \left(1 - \frac{\min\left(N, n\right)}{N}\right)^{p}",
    "warmup": r"\eta_{0} \left(s + \frac{\left(1 - s\right) \min\left(N, n\right)}{N}\right)",
    "one_cycle": r"\text{for}\: r N - 1 \geq n",
    "cosine": r"\cos{\left(\frac{\pi \min\left(N, n\right)}{N} \right)}",
}


@pytest.mark.parametrize("case", REFERENCE, ids=lambda case: case["schedule"])
def test_the_latex_shows_the_formula(case: dict[str, Any]) -> None:
    schedule = SCHEDULES[case["schedule"]](**case["hyperparameters"])
    assert FORMULA[case["schedule"]] in schedule.latex()
    assert schedule.sentence.endswith(".") and schedule.source.endswith(".")


def test_cosine_stays_at_its_lowest() -> None:
    schedule = CosineDecay(learning_rate=1.0, total=4, lowest=0.25)
    assert [schedule(n) for n in (0, 4, 5, 100)] == [1.0, 0.25, 0.25, 0.25]
    assert math.isclose(schedule(2), 0.625)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ExponentialDecay(learning_rate=0.1, factor=1.5), "factor is 1.5; a number above"),
        (lambda: ExponentialDecay(learning_rate=-1, factor=0.5), "learning_rate is -1"),
        (lambda: StepDecay(learning_rate=0.1, factor=0.5, period=0), "period is 0"),
        (lambda: StepDecay(learning_rate=0.1, factor=0.5, period=2.5), "period is 2.5"),
        (lambda: ExponentialDecay(learning_rate=0.1, factor=0.5, per="step"), "per is 'step'"),
    ],
)
def test_a_value_out_of_range_is_an_error(make: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        make()


def test_a_schedule_is_drawn() -> None:
    pytest.importorskip("matplotlib")
    drawn = ExponentialDecay(learning_rate=0.8, factor=0.5).plot(5)
    (ax,) = drawn.figure.axes
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch n", "learning rate")
    assert [*ax.lines[0].get_ydata()] == pytest.approx([0.8, 0.4, 0.2, 0.1, 0.05])
    assert drawn.file("png").startswith(b"\x89PNG")
