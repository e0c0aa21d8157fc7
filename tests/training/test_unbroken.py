"""A training that is broken off goes on, bit for bit, as one that is not."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import DataError, OptionError
from symgrad.training.optimizers import OPTIMIZERS
from symgrad.training.rates.schedules import CosineDecay

from .regression import DATA, REGRESSION, START


def trainer(name: str = "adam", **options: Any) -> sg.Trainer:
    rate = CosineDecay(learning_rate=0.01, total=40, per="iteration")
    optimizer = OPTIMIZERS[name](learning_rate=rate)
    options = {"batch_size": 8, "parameters": START, **options}
    return sg.Trainer(REGRESSION, DATA, optimizer=optimizer, **options)


def through_json(state: Any) -> Any:
    """The state with its numbers as text, as a file has them."""
    if isinstance(state, dict):
        return {k: through_json(v) for k, v in state.items()}
    return state if isinstance(state, np.ndarray) else json.loads(json.dumps(state))


@pytest.mark.parametrize("left_at", [0, 1, 6])
@pytest.mark.parametrize(
    ("name", "modules"),
    [*((name, "numpy") for name in OPTIMIZERS), ("adam", "numba"), ("nadam", "numba")],
)
def test_a_state_goes_on_where_it_was(name: str, modules: str, left_at: int) -> None:
    pytest.importorskip(modules, exc_type=ImportError)
    whole, broken = (trainer(name, modules=modules) for _ in range(2))
    losses = [whole.epoch() for _ in range(4)]
    assert [broken.epoch() for _ in range(2)] == losses[:2]
    broken.begin()
    if left_at and not OPTIMIZERS[name]().whole_data:  # else an epoch is one step
        assert broken.advance(left_at) is None
    other = trainer(name, modules=modules, parameters={"w": np.zeros(3), "b": 0.0}, seed=9)
    other.load_state_dict(through_json(broken.state_dict()))
    assert [other.epoch() for _ in range(2)] == losses[2:]
    np.testing.assert_array_equal(other.flat, whole.flat)
    assert other.largest_gradient == whole.largest_gradient
    assert other.state.iteration == whole.state.iteration and other.epochs == 4


def test_an_epoch_in_pieces_adds_up_to_the_same_bits() -> None:
    whole, pieces = trainer(), trainer()
    for _ in range(3):
        loss = whole.epoch()
        pieces.begin()
        told = [pieces.advance(2) for _ in range(4)]  # of 7 steps
        assert told == [None, None, None, loss]
        np.testing.assert_array_equal(pieces.flat, whole.flat)


def test_the_state_of_another_trainer_is_refused() -> None:
    other = sg.Trainer("w: Scalar\nloss = (w - 1)**2", {}, parameters={"w": 0.0})
    for state in (other.state_dict(), {}, trainer(dtype="float32").state_dict()):
        with pytest.raises(DataError, match="the state is not one of this trainer"):
            trainer().load_state_dict(state)


def test_steps_of_no_epoch_are_an_error() -> None:
    with pytest.raises(OptionError, match="no epoch has begun"):
        trainer().advance()
