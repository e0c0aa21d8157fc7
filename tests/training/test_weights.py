"""Sample weights: an example of weight k is k examples, also in minibatches and in the score."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import DataError, OptionError

from .test_minibatches import COUNT, DATA, LINEAR, NOT_LINEAR, START, data_of, gradients, program

TIMES = np.random.default_rng(2).integers(0, 4, COUNT)
SIZE = {"size": "sum((w.T @ x - t)**2 for x, t in batch) / size(batch) + b * size(batch)"}


def repeated(text: str) -> dict[str, Any]:
    batch = sg.parse(text).batch
    return {n: np.repeat(a, TIMES, axis=0) if n in batch else a for n, a in data_of(text).items()}


@pytest.mark.parametrize("name", [*LINEAR, *SIZE, *NOT_LINEAR])
def test_a_weight_of_k_is_k_examples(name: str) -> None:
    text = program((LINEAR | SIZE | NOT_LINEAR)[name])
    weighted = sg.Trainer(
        text, data_of(text), parameters=START, batch_size=None, sample_weight=TIMES
    )
    copies = sg.Trainer(text, repeated(text), parameters=START, batch_size=None)
    assert weighted.epoch() == pytest.approx(copies.epoch(), rel=1e-12)
    np.testing.assert_allclose(weighted.flat, copies.flat, rtol=1e-12)
    assert weighted.largest_gradient == pytest.approx(copies.largest_gradient, rel=1e-12)


@pytest.mark.parametrize("size", [1, 8])
@pytest.mark.parametrize("name", ["sum and regulariser", "mean and regulariser", "several"])
def test_the_mean_gradient_of_weighted_minibatches_is_that_of_all(name: str, size: int) -> None:
    text = program(LINEAR[name])
    (whole,), _ = gradients(text, None, sample_weight=TIMES)
    parts, counts = gradients(text, size, sample_weight=TIMES)
    mean = np.average(parts, axis=0, weights=counts)
    assert np.abs(mean - whole).max() <= 1e-12 * np.abs(whole).max()


LINE = "x: Scalar\nt: Scalar\nw: Scalar\nloss = mean((w * x - t)**2 for x, t in batch)"


def test_a_score_on_a_share_counts_the_weights_and_one_on_other_data_does_not() -> None:
    data = {"x": np.ones(8), "t": np.arange(8.0)}
    options: dict[str, Any] = {"optimizer": sg.GD(learning_rate=1e-9), "epochs": 1}
    weights = np.array([1, 0, 0, 0, 0, 0, 0, 0])
    shares = [
        sg.fit(
            LINE,
            data,
            sample_weight=weights + 1e-300 * (data["t"] != 0),
            validation=0.5,
            seed=seed,
            check=False,
            **options,
        ).history.validation[0]
        for seed in range(3)
    ]
    held = [np.random.default_rng([seed, 1]).permutation(8)[:4] for seed in range(3)]
    wanted = [0.0 if 0 in rows else np.mean(np.square(rows)) for rows in held]
    np.testing.assert_allclose(shares, wanted, atol=1e-6)
    other = sg.fit(
        LINE, data, sample_weight=weights, validation={"x": [1, 1], "t": [1, 3]}, **options
    )
    assert other.history.validation[0] == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        (np.ones(3), DataError, r"sample_weight has shape \(3,\) and type float64; a number for"),
        ([["a"] * COUNT], DataError, "sample_weight"),
        ([1.0] * (COUNT - 1) + [-1.0], DataError, "entry 22 is -1.0; numbers from 0 on"),
        ([1.0] * (COUNT - 1) + [np.nan], DataError, "entry 22 is nan"),
        (np.zeros(COUNT), DataError, "all are zero"),
    ],
)
def test_weights_that_are_none(weights: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        sg.fit(program(LINEAR["sum"]), {**DATA, "c": 1.0}, sample_weight=weights)


def test_without_a_batch_there_are_no_examples_to_weigh() -> None:
    text = "X: Matrix(m, n, data=True)\nw: Vector(n)\nloss = norm2(X @ w)**2"
    with pytest.raises(OptionError, match="weights are of examples of one batch; write them into"):
        sg.fit(text, {"X": np.ones((3, 2))}, sample_weight=np.ones(3))
