"""Models that are linear before their loss, and the metric of their features."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.training.data.arrays import Data
from symgrad.training.steps.features import IDENTITY, euclidean, features, metric_of

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3)) * [1.0, 10.0, 0.1] + [0.0, 1.0, 2.0]
A = np.column_stack([X, np.ones(40)])
MOMENTS = A.T @ A / 40
M = np.linalg.inv(MOMENTS / (np.trace(MOMENTS) / 4) + IDENTITY * np.eye(4))
CLASSES = "x: Vector(d)\ny: Index(k)\nb: Vector(k)\n"
NUMBERS = "x: Vector(d)\nt: Scalar\nw: Vector(d)\nb: Scalar\nv: Vector(d)\n"
TABLE = "X: Matrix(n, d, data=True)\nt: Vector(n, data=True)\nw: Vector(d)\nb: Scalar\n"
ROWS = (
    CLASSES + "W: Matrix(k, d)\nloss = mean(cross_entropy(y, softmax(W @ x + b)) for x, y in batch)"
)
COLUMNS = ROWS.replace("(k, d)", "(d, k)").replace("W @", "W.T @")
LOGISTIC = NUMBERS + "s = w.T @ x + b\nloss = mean(softplus(-t * s) for x, t in batch)"
SQUARES = TABLE + "loss = norm2(X @ w + b - t)**2 / n + 0.1 * norm2(w)**2"


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        (ROWS, {"W": (2, 3), "b": (2,)}),
        (COLUMNS, {"W": (3, 2), "b": (2,)}),
        (LOGISTIC, {"w": (3,), "b": ()}),
        (SQUARES, {"w": (3,), "b": ()}),
    ],
    ids=["rows", "columns", "logistic", "matrix"],
)
def test_a_gradient_is_multiplied_by_the_inverse_moments(text: str, shapes: Any) -> None:
    problem = sg.parse(text)
    parameters = {n: np.zeros(shapes[n]) for n in problem.variables if n in shapes}
    assert {f.parameter for f in features(problem, parameters)} == {*shapes}
    given = {"X" if text is SQUARES else "x": X}
    data = Data({}, given, 0) if text is SQUARES else Data(given, {}, 40)
    parts = {n: rng.normal(size=shape) for n, shape in shapes.items()}
    flat = np.concatenate([parts[n].ravel() for n in parameters])
    name, *_ = (n for n in shapes if n != "b")
    weights = np.atleast_2d(parts[name].T if text is COLUMNS else parts[name])
    expected = np.column_stack([weights, parts["b"].reshape(-1)]) @ M
    found = metric_of(problem, data, parameters)(flat)
    pieces = dict(
        zip(parameters, np.split(found, [parameters[[*parameters][0]].size]), strict=True)
    )
    weights = pieces[name].reshape(shapes[name])
    weights = np.atleast_2d(weights.T if text is COLUMNS else weights)
    np.testing.assert_allclose(np.column_stack([weights, pieces["b"]]), expected, rtol=1e-10)


@pytest.mark.parametrize(
    "loss",
    [
        "mean((b * w.T @ x - t)**2 for x, t in batch)",
        "mean((w.T @ x + b - v.T @ x * (v.T @ x) - t)**2 for x, t in batch)",
        "mean((tanh(w.T @ x) * b + v.T @ x - t)**2 for x, t in batch)",
        "mean(((w.T @ x)**2 + b + v.T @ x - t)**2 for x, t in batch)",
        "mean((w.T @ x + b - t)**2 for x, t in batch) + (w.T @ v)**2",
    ],
)
def test_others_are_searched_as_they_are(loss: str) -> None:
    problem = sg.parse(f"{NUMBERS}loss = {loss}")
    parameters = {"w": np.zeros(3), "b": np.zeros(()), "v": np.zeros(3)}
    assert features(problem, parameters) == ()
    assert metric_of(problem, Data({"x": X}, {}, 40), parameters) is euclidean


def test_more_features_than_examples_pay_for_cost_no_inverse() -> None:
    wide = rng.normal(size=(4, 400))
    parameters = {"w": np.zeros(400), "b": np.zeros(())}
    assert metric_of(sg.parse(LOGISTIC), Data({"x": wide}, {}, 4), parameters) is euclidean


def test_an_example_of_weight_2_counts_as_two() -> None:
    problem, weights = sg.parse(LOGISTIC), np.repeat([2.0, 0.0, 1.0, 1.0], 10)
    parameters, gradient = {"w": np.zeros(3), "b": np.zeros(())}, rng.normal(size=4)
    repeated = np.repeat(X, weights.astype(int), axis=0)
    one = metric_of(problem, Data({"x": X}, {}, 40, weights=weights), parameters)
    other = metric_of(problem, Data({"x": repeated}, {}, 40), parameters)
    np.testing.assert_allclose(one(gradient), other(gradient), rtol=1e-12)


def test_features_that_are_alike_do_not_hold_up_a_search() -> None:
    x = 2 + rng.normal(size=(400, 1)) + 0.3 * rng.normal(size=(400, 20))
    t = np.sign((x - 2) @ rng.normal(size=20) + rng.logistic(size=400))
    text = LOGISTIC.replace("v: Vector(d)\n", "") + " + 0.001 * norm2(w)**2"
    result = sg.fit(text, {"x": x, "t": t})
    assert result.converged and result.epochs < 30  # 80 with M = I
