"""Sizes of parameters, of layers each its own, and that such layers are trained."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from symgrad.errors import DataError, SymgradError
from symgrad.training.fit import fit
from symgrad.training.optimizers import SGD, Adam
from symgrad.training.trainer import Trainer
from tests.recurrences import MLP

NET = MLP.replace("1/2 * norm2(y - a[L])**2", "mean(norm2(y - a[L])**2 for x, y in batch)")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
DATA = {"x": X, "y": 1 / (1 + np.exp(-X @ RNG.normal(size=(3, 2))))}


def shapes(layers: Any) -> list[tuple[int, ...]]:
    return [np.shape(a) for a in layers]


def test_layers_of_different_sizes_learn() -> None:
    adam = Adam(learning_rate=0.05)
    result = fit(NET, DATA, sizes={"n": [3, 8, 4, 2]}, epochs=60, optimizer=adam)
    assert shapes(result.parameters["W"]) == [(8, 3), (4, 8), (2, 4)]
    assert shapes(result.parameters["b"]) == [(8,), (4,), (2,)]
    assert result.history.losses[-1] < 0.2 * result.history.losses[0]
    again = fit(NET, DATA, parameters=result.parameters, epochs=1, optimizer=adam)
    assert again.history.losses[0] < 0.2 * result.history.losses[0]


def test_an_epoch_is_that_of_layers_of_one_size() -> None:
    """The same network, its weights once as an array and once as lists."""
    square = NET.replace("n[l - 1]", "n").replace("n[l]", "n").replace("n[0]", "n")
    square = square.replace("n[L]", "n")
    data = {"x": X, "y": X / 3}
    W, b = RNG.normal(size=(2, 3, 3)), RNG.normal(size=(2, 3))
    sgd = SGD(learning_rate=0.1)
    one = Trainer(square, data, parameters={"W": W, "b": b}, optimizer=sgd)
    other = Trainer(NET, data, parameters={"W": [*W], "b": [*b]}, optimizer=sgd)
    losses = one.epoch(), other.epoch()
    assert losses[0] == pytest.approx(losses[1], rel=1e-12)
    np.testing.assert_allclose(one.parameters["W"], np.stack(other.parameters["W"]), rtol=1e-12)
    assert pickle.loads(pickle.dumps(other)).epoch() == pytest.approx(one.epoch(), rel=1e-12)


@pytest.mark.parametrize(
    ("sizes", "told"),
    [
        ({}, r"do not show the size of L, which W has: give it, as in sizes={\"n\": \[2, 16, 1\]}"),
        ({"L": 2}, r"do not show the size of n\[1\], which W has"),
        ({"n": 3}, r"n is 3; those of all layers are wanted, .* from n\[0\] to n\[L\]"),
        ({"n": [3, 8]}, r"n\[1\] is 8, but the arrays have 2"),
        ({"n": [4, 8, 2]}, r"n\[0\] is 4, but the arrays have 3"),
        ({"n": [3, 8, 2], "L": 3}, "n gives 2 layers, but L is 3"),
        ({"n": [3, 0, 2]}, r"n\[1\] is 0; a positive whole number"),
        ({"L": True}, "L is True; a positive whole number"),
    ],
)
def test_sizes_that_do_not_fit_are_told(sizes: dict[str, Any], told: str) -> None:
    with pytest.raises(DataError, match=told):
        fit(NET, DATA, sizes=sizes, epochs=1)


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"W": [np.ones((5, 3)), np.ones((2, 4))]}, r"n\[1\] is 5 in W\[1\] .* but 4 in W\[2\]"),
        ({"W": [np.ones((2, 3))], "b": [np.ones(2), np.ones(2)]}, "L is 1 in W, but 2 in b"),
        ({"W": [np.ones((2, 3)), "w"]}, r"parameters: W\[2\] is no array of numbers"),
        ({"W": 1.0}, "W is given as a list of arrays, one for each l"),
    ],
)
def test_parameters_that_do_not_fit_are_told(parameters: dict[str, Any], told: str) -> None:
    with pytest.raises(SymgradError, match=told):
        fit(NET, DATA, parameters=parameters, epochs=1)


def test_series_of_one_shape_have_as_many_steps() -> None:
    text = NET.replace("loss =", "c: Scalar(data=True)[l:L]\nloss = c[L] +")
    data = {**DATA, "c": np.ones(3)}
    assert fit(text, data, sizes={"n": [3, 4, 4, 2]}, epochs=1).epochs == 1
    with pytest.raises(DataError, match="L is 2, but the arrays have 3"):
        fit(text, data, sizes={"n": [3, 4, 2]}, epochs=1)
    with pytest.raises(DataError, match=r"c has shape \(3,\); \(2,\) is wanted"):
        fit(text, data, parameters={"W": [np.ones((4, 3)), np.ones((2, 4))]}, epochs=1)
