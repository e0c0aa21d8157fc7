"""Every example program parses, trains on its built-in data, and is judged right."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad import examples
from symgrad.data import karate
from symgrad.examples import EXAMPLES, Example
from symgrad.examples.records import hidden_factions
from symgrad.training.data.arrays import Arrays
from symgrad.training.result import FitResult

ACCURACY = {"logistic_regression": 0.94, "max_margin": 0.94, "mlp_relu": 0.95, "mlp_sigmoid": 0.95}
ACCURACY |= {"softmax_regression": 0.95}
FALL = {"deepwalk": 0.98}  # pairs on random walks are mostly chance, so much of the loss stays


def test_every_file_has_a_record_and_every_record_a_file() -> None:
    assert set(examples.names()) == set(EXAMPLES)
    with pytest.raises(KeyError):
        examples.path("../records")


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_header_says_what_it_is_and_where_it_is_from(name: str) -> None:
    header = [line for line in examples.text(name).splitlines() if line.startswith("#")]
    assert 3 <= len(header) <= 4
    assert any(line.startswith("# Source: ") for line in header)
    assert header[-1].startswith("# Shapes: ")


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_data_is_what_the_program_declares(name: str) -> None:
    problem, data = sg.load(examples.path(name)), EXAMPLES[name].data()
    assert set(data) == set(problem.variables) - set(problem.parameters)
    examples_given = {len(data[variable]) for variable in problem.batch}
    assert len(examples_given) <= 1


def fit(name: str, example: Example) -> tuple[sg.Problem, Arrays, FitResult]:
    problem, data = sg.load(examples.path(name)), example.data()
    result = sg.fit(
        problem,
        data,
        optimizer=sg.OPTIMIZERS[example.optimizer](learning_rate=example.learning_rate),
        epochs=example.epochs,
        batch_size=example.batch_size,
        sizes=example.sizes,
        seed=0,
    )
    return problem, data, result


@pytest.mark.parametrize(("name", "example"), EXAMPLES.items())
def test_it_trains(name: str, example: Example) -> None:
    _, data, result = fit(name, example)
    losses = result.history.losses
    assert losses[-1] < FALL.get(name, 0.8) * losses[0]
    if example.hidden is not None:
        assert example.hidden(np.asarray(result.predict(data)), data) >= 0.96
    if name in ACCURACY:
        measured = result.measure(data)
        assert measured.metric == "accuracy"
        assert measured.score >= ACCURACY[name]


def test_least_squares_finds_the_exact_solution() -> None:
    _, data, result = fit("linear_regression", EXAMPLES["linear_regression"])
    X = np.column_stack([data["x"], np.ones(len(data["x"]))])
    best = np.linalg.lstsq(X, data["t"], rcond=None)[0]
    found = np.append(result.parameters["w"].ravel(), result.parameters["b"])
    np.testing.assert_allclose(found, best, atol=0.02)


def test_deepwalk_puts_friends_closer_than_others() -> None:
    _, _, result = fit("deepwalk", EXAMPLES["deepwalk"])
    A, Z = karate()["A"], result.parameters["Z"]
    similar = Z @ Z.T
    others = (A == 0) & ~np.eye(len(A), dtype=bool)
    assert similar[A == 1].mean() > 0.4
    assert similar[others].mean() < 0


def test_hidden_labels_count_where_they_were_not_given() -> None:
    scores = np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]])
    truth = np.array([[0, 1], [0, 1], [1, 0]])
    assert hidden_factions(scores, {"Y": truth, "m": np.array([1, 0, 0])}) == 1.0
    assert hidden_factions(scores, {"Y": truth, "m": np.zeros(3)}) == pytest.approx(2 / 3)
