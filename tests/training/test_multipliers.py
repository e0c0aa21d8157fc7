"""What only multiplies a part of a loss is not trained silently, whatever it is called."""

from __future__ import annotations

import pytest

import symgrad as sg
from symgrad.training.multipliers import multipliers

HEAD = """
x: Vector(d)
t: Scalar
w: Vector(d)
v: Vector(d)
a: Scalar
c: Scalar
"""
FIT = "mean((w.T @ x - t)**2 for x, t in batch)"
CHOSEN = {
    f"{FIT} + a * norm2(w)**2": "a",
    f"{FIT} + a**2 * norm1(w)": "a",
    f"{FIT} + exp(a) * norm1(w) / 3": "a",
    f"{FIT} - softplus(a) * 2 * norm2(w)": "a",
    f"{FIT} + norm2(w)**2 / (2 * a**2)": "a",
    f"{FIT} + a * (c * norm1(w) + (1 - c) * norm2(w)**2)": "a c",  # elastic net
    f"{FIT} + v.T @ abs(w)": "v",
    "mean((w.T @ x - t)**2 + a * norm2(w)**2 for x, t in batch)": "a",
    f"{FIT} + a * mean(abs(w.T @ x) for x in batch)": "a",  # a penalty of what is predicted
    f"{FIT} + a * mean(log(1 + exp(c * w.T @ x)) for x in batch)": "a",
    "mean((w.T @ x + c - t)**2 for x, t in batch) + a * norm2(w)**2": "a",
}
TRAINED = [
    FIT,
    "mean((a * w.T @ x + c - t)**2 for x, t in batch)",
    "mean(exp(-a) * (w.T @ x - t)**2 + a for x, t in batch)",  # a noise that is learned
    f"{FIT} + norm2(w)**2 / (2 * a**2) + log(a)",  # and a prior's
    f"{FIT} + norm2(w - v)**2",
    f"{FIT} + (a - norm2(w))**2",
    f"{FIT} + (1 - a) * (a + norm1(w))",
    f"{FIT} + a**2 + c",
    f"{FIT} + 3 * norm2(w)**2 + norm2(v)**2",
    "mean(exp(w.T @ x + a) - t * (w.T @ x + a) for x, t in batch) + 0.1 * norm2(w)**2",
    "mean(-t * (w.T @ x) for x, t in batch) + 0.1 * norm2(w)**2",
    "a * norm2(w)**2",  # there is no loss without it
    "(1 - a)**2 + 100 * (c - a**2)**2",
]


@pytest.mark.parametrize("loss", CHOSEN)
def test_what_multiplies_a_part_of_the_loss_is_to_be_chosen(loss: str) -> None:
    problem = sg.parse(HEAD + f"loss = {loss}")
    used = [n for n in "wvac" if n in problem.text.partition("loss")[2].replace("exp", "")]
    found = [name for name, others in multipliers(problem, used, used)]
    assert sorted(found) == CHOSEN[loss].split()


@pytest.mark.parametrize("loss", TRAINED)
def test_what_data_decide_is_trained(loss: str) -> None:
    problem = sg.parse(HEAD + f"loss = {loss}")
    assert not list(multipliers(problem, "wvac", "wvac"))


RIDGE = """
x: Vector(d)
t: Scalar
w: Vector(d)
weight: Scalar
loss = mean((w.T @ x - t)**2 for x, t in batch) + weight * norm2(w)**2
"""
DATA = {"x": [[1.0], [2.0]], "t": [2.0, 4.0]}


def test_it_is_given_or_trained_as_one_says() -> None:
    told = "weight has no value, and it only multiplies.* --set weight=0.1 .*data=True"
    with pytest.raises(sg.DataError, match=told):
        sg.fit(RIDGE, DATA)
    with pytest.raises(sg.DataError, match=told):
        sg.objective(RIDGE, DATA)
    with pytest.raises(sg.DataError, match=told):
        sg.training_source(RIDGE)
    result = sg.fit(RIDGE, {**DATA, "weight": 0.5})
    assert result.parameters["w"] == pytest.approx([5 / 3])
    trained = sg.fit(RIDGE, DATA, parameters={"weight": 1.0}, optimizer="sgd", epochs=1)
    assert set(trained.parameters) == {"w", "weight"}
