"""Steps of several minibatches are those of the larger batch; parameters that stay do not count."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import OptionError
from symgrad.training.optimizers import GD, LBFGS, OPTIMIZERS, SGD, Adam
from symgrad.training.optimizers.base import UpdateRule

LINE = """
x: Vector(d)
t: Scalar
w: Vector(d)
b: Scalar
loss = sum((w.T @ x + b - t)**2 for x, t in batch) + mean(abs(b - t) for t in batch) + norm2(w)**2
"""
RNG = np.random.default_rng(0)
DATA = {"x": RNG.normal(size=(50, 3)), "t": RNG.normal(size=50)}
START = {"w": np.array([1.0, -2.0, 0.5]), "b": 0.25}


def trainer(batch_size: int | None, data: Any = DATA, **options: Any) -> sg.Trainer:
    optimizer = Adam(learning_rate=0.05, **options.pop("rule", {}))
    told = {"parameters": START, "optimizer": optimizer, "batch_size": batch_size, **options}
    return sg.Trainer(LINE, data, **told)


@pytest.mark.parametrize("weights", [None, RNG.uniform(0.1, 3.0, 50)], ids=["alike", "weighted"])
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize(("size", "many"), [(6, 3), (4, 2), (7, 7), (30, 2), (1, 20)])
def test_steps_are_those_of_the_larger_batch(
    size: int, many: int, drop_last: bool, weights: Any
) -> None:
    options: dict[str, Any] = {"drop_last": drop_last, "sample_weight": weights}
    one = trainer(size, rule={"accumulate": many, "clip_norm": 2.0}, **options)
    other = trainer(size * many, rule={"clip_norm": 2.0}, **options)
    for _ in range(3):
        assert one.epoch() == pytest.approx(other.epoch(), rel=1e-12)
        np.testing.assert_allclose(one.flat, other.flat, rtol=1e-12, atol=1e-14)
    assert one.batch_size == other.batch_size and one.state.iteration == other.state.iteration
    assert one.largest_gradient == pytest.approx(other.largest_gradient, rel=1e-12)


@pytest.mark.parametrize(("size", "many"), [(2, 4), (12, 2)], ids=["cut", "whole chunks"])
def test_steps_over_chunks_are_those_of_the_larger_batch(size: int, many: int) -> None:
    da = pytest.importorskip("dask.array")
    chunks = {n: da.from_array(a, chunks=(10, *a.shape[1:])) for n, a in DATA.items()}
    one = trainer(size, chunks, rule={"accumulate": many})
    other = trainer(size * many, chunks)
    assert one.epoch() == pytest.approx(other.epoch(), rel=1e-12)
    np.testing.assert_allclose(one.flat, other.flat, rtol=1e-12, atol=1e-14)


def test_an_epoch_goes_on_with_the_same_bits() -> None:
    rule = {"accumulate": 3, "clip_norm": 1.0, "rate_factors": {"b": 0.0, "w": 0.5}}
    whole, part = trainer(4, rule=rule), trainer(4, rule=rule)
    whole.epoch()
    part.begin()
    part.advance(2)
    again = trainer(4, rule=rule)
    again.load_state_dict(part.state_dict())
    again.epoch()
    np.testing.assert_array_equal(again.flat, whole.flat)


@pytest.mark.parametrize("name", [n for n, o in OPTIMIZERS.items() if isinstance(o(), UpdateRule)])
def test_a_parameter_of_factor_0_stays_and_the_others_train_as_without_it(name: str) -> None:
    decay = {"weight_decay": 0.1} if name == "adamw" else {}
    rule = OPTIMIZERS[name](rate_factors={"b": 0}, clip_norm=0.5, **decay)
    alone = OPTIMIZERS[name](clip_norm=0.5, **decay)
    here = sg.Trainer(LINE, DATA, parameters=START, optimizer=rule, batch_size=20)
    there = sg.Trainer(
        LINE, {**DATA, "b": 0.25}, parameters={"w": START["w"]}, optimizer=alone, batch_size=20
    )
    assert here.epoch() == pytest.approx(there.epoch(), rel=1e-12)
    np.testing.assert_allclose(here.parameters["w"], there.flat, rtol=1e-12)
    assert here.parameters["b"] == 0.25 != START["w"][0] != here.parameters["w"][0]
    assert here.largest_gradient == pytest.approx(there.largest_gradient, rel=1e-12)


def test_a_training_with_a_parameter_that_stays_converges() -> None:
    rule = SGD(learning_rate=0.005, rate_factors={"b": 0.0})
    options: dict[str, Any] = {"parameters": START, "epochs": 300, "batch_size": None}
    text = LINE.replace("abs(b - t)", "(b - t)**2")
    result = sg.fit(text, DATA, optimizer=rule, **options)
    assert result.converged and not result.remarks


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: SGD(clip_norm=0), "SGD: clip_norm is 0; a positive number is wanted"),
        (lambda: SGD(clip_value="1"), "SGD: clip_value is '1'"),
        (lambda: SGD(clip_norm=1, clip_value=1), "clip_value and clip_norm exclude one another"),
        (lambda: SGD(accumulate=1.5), "SGD: accumulate is 1.5; a positive whole number"),
        (lambda: GD(accumulate=2), "accumulate=2 sums minibatches, and it takes all data"),
        (lambda: SGD(rate_factors=0.1), "rate_factors is 0.1; numbers by names are wanted"),
        (lambda: SGD(rate_factors={"w": -1}), "rate_factors: w is -1; 0 or a positive number"),
        (lambda: trainer(4, rule={"rate_factors": {"W": 1}}), "W is no parameter .* mean w?"),
        (lambda: trainer(4, rule={"rate_factors": {"w": 0, "b": 0}}), "none is trained"),
        (lambda: sg.Trainer(LINE, DATA, parameters=START, optimizer=LBFGS(), modules="numba"), ""),
    ],
)
def test_what_does_not_go_together_is_refused(make: Any, told: str) -> None:
    if not told:
        pytest.importorskip("numba")
        told = "a line search, clip_norm, accumulate, rate_factors and lazy need modules='numpy'"
    with pytest.raises(OptionError, match=told):
        make()


def test_the_equations_tell_all_of_it() -> None:
    rule = Adam(accumulate=4, clip_norm=1.0, rate_factors={"b": 0.1, "E": 0})
    told = {line.text: line.words for line in rule.lines()}
    assert "r is 0.1 for b, 0 for E, 1 for others" in told["eta_p = r_p*eta"]
    assert "g_tilde[t] = mean of 4 gradients at theta[t-1]" in told
    assert "nu[t] = norm of g_tilde[t]" in told
    assert "g[t] = Min(1, C/(nu[t] + 1.0e-6))*g_tilde[t]" in told
    assert any(r"\eta_{p} \hat{m}_t" in line.right for line in rule.lines())
    assert repr(Adam()) == repr(Adam(accumulate=1)) and "clip" not in repr(Adam())
