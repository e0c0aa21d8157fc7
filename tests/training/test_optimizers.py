"""Every optimizer: its path against PyTorch's, its LaTeX, its ranges, its in-place update."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symgrad.errors import DataError, OptionError
from symgrad.training.equations import GRADIENT, ITERATION, RATE, THETA
from symgrad.training.hyperparameters import symbols_of
from symgrad.training.optimizers import GD, OPTIMIZERS, SGD, Adam, AdamW, RMSprop, updates
from symgrad.training.optimizers.base import UpdateRule
from symgrad.training.rates.schedules import ExponentialDecay

FILE = Path(__file__).parent.parent / "data" / "optimizers" / "torch_reference.json"
UPDATES = {name: o for name, o in OPTIMIZERS.items() if isinstance(o(), UpdateRule)}
REFERENCE = json.loads(FILE.read_text(encoding="utf-8"))
MATRIX, TARGET = np.array(REFERENCE["matrix"]), np.array(REFERENCE["target"])


def gradient(problem: str, theta: np.ndarray) -> np.ndarray:
    if problem == "least_squares":
        return MATRIX.T @ (MATRIX @ theta - TARGET)
    if problem == "logistic":
        signs = np.sign(TARGET)
        return -MATRIX.T @ (signs / (1 + np.exp(signs * (MATRIX @ theta))))
    left, error = theta[:-1], theta[1:] - theta[:-1] ** 2
    found = np.zeros_like(theta)
    found[:-1] = -4 * error * left - 0.02 * (1 - left)
    found[1:] += 2 * error
    return found


def name_of(case: dict[str, Any]) -> str:
    options = ",".join(f"{k}={v}" for k, v in case["hyperparameters"].items())
    return f"{case['optimizer']}({options}) on {case['problem']}"


@pytest.mark.parametrize("case", REFERENCE["cases"], ids=name_of)
def test_two_hundred_steps_are_those_of_pytorch(case: dict[str, Any]) -> None:
    theta = np.array(REFERENCE["start"][case["problem"]])
    places = {"a": slice(0, 2), "b": slice(2, 4)}
    state = OPTIMIZERS[case["optimizer"]](**case["hyperparameters"]).start(theta, places)
    slope = np.empty_like(theta)
    for step in range(1, 201):
        slope[:] = gradient(case["problem"], theta)
        state.update(theta, slope)
        if str(step) in case["path"]:
            np.testing.assert_allclose(theta, case["path"][str(step)], rtol=1e-12, atol=0)
    assert state.iteration == 200


def test_every_optimizer_has_its_path_with_its_own_defaults() -> None:
    published = {"lion"}  # in test_published.py
    assert {case["optimizer"] for case in REFERENCE["cases"]} == set(UPDATES) - published
    assert {len(case["path"]) for case in REFERENCE["cases"]} == {5}


UPDATE = {
    "gradient_descent": r"\theta_{t} &= \theta_{t-1} - \eta g_{t}",
    "sgd": r"\theta_{t} &= \theta_{t-1} - \eta g_{t}",
    "momentum": r"\theta_{t} &= \theta_{t-1} - \eta b_{t}",
    "nesterov": r"\theta_{t} &= \theta_{t-1} - \eta \left(g_{t} + \mu b_{t}\right)",
    "adagrad": r"\theta_{t} &= \theta_{t-1} - \frac{\eta g_{t}}{\sqrt{v_{t}} + \varepsilon}",
    "adadelta": r"&= \frac{\sqrt{u_{t-1} + \varepsilon}}{\sqrt{v_{t} + \varepsilon}} g_{t}",
    "rmsprop": r"\theta_{t} &= \theta_{t-1} - \eta \frac{g_{t}}{\sqrt{v_{t}} + \varepsilon}",
    "adam": r"- \frac{\eta \hat{m}_t}{\sqrt{\hat{v}_t} + \varepsilon}",
    "adamw": r"\theta_{t} &= \left(1 - \eta \lambda\right) \theta_{t-1} - \frac{\eta \hat{m}_t}",
    "amsgrad": r"w_{t} &= \max\left(v_{t}, w_{t-1}\right)",
    "nadam": r"\hat{m}_t &= \frac{\mu_{t+1} m_{t}}{1 - p_{t} \mu_{t+1}} + \frac{\left(1 - \mu_{t}",
    "lbfgs": r"\theta_{t} &= \theta_{t-1} + \alpha_{t} d_{t}",
    "newton": r"d_{t} &= -Q \left|\Lambda\right|^{-1} Q^{\top} g_{t}",
    "lion": r"\theta_{t} &= \theta_{t-1} - \eta \operatorname{sign}{\left(c_{t} \right)}",
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_latex_shows_the_update(name: str) -> None:
    optimizer = OPTIMIZERS[name]()
    text = optimizer.latex()
    assert UPDATE[name] in text
    assert text.startswith(r"\begin{align*}") and text.endswith(r"\end{align*}")
    assert text.count("{") == text.count("}")
    assert optimizer.sentence.endswith(".") and optimizer.source.endswith(".")


@pytest.mark.parametrize("name", UPDATES)
def test_weight_decay_and_schedules_are_in_the_latex(name: str) -> None:
    optimizer = OPTIMIZERS[name](learning_rate=ExponentialDecay(learning_rate=1.0, factor=0.5))
    assert r"\eta &= \eta_{0} \gamma^{n}" in optimizer.latex()
    if hasattr(optimizer, "weight_decay"):
        assert r"\lambda" in type(optimizer)(weight_decay=0.1).latex()


@pytest.mark.parametrize("name", UPDATES)
def test_float32_stays_float32(name: str) -> None:
    exact, theta = np.array([0.3, -2.0]), np.array([0.3, -2.0], dtype=np.float32)
    precise, single = OPTIMIZERS[name]().start(exact), OPTIMIZERS[name]().start(theta)
    for _ in range(20):
        precise.update(exact, exact.copy())
        single.update(theta, theta.copy())
    assert theta.dtype == np.float32
    assert {v.dtype for v in single.vectors.values()} <= {np.dtype(np.float32)}
    np.testing.assert_allclose(theta, exact, rtol=1e-5)


def test_float32_is_computed_in_float32() -> None:
    theta, slope = np.random.default_rng(0).normal(size=(2, 1000)).astype(np.float32)
    wanted = theta - np.float32(0.1) * slope
    GD(learning_rate=0.1).start(theta).update(theta, slope)
    np.testing.assert_array_equal(theta, wanted)


@pytest.mark.parametrize("name", UPDATES)
def test_the_arrays_may_be_others_each_time(name: str) -> None:
    same, other, slope = np.ones(3), np.ones(3), np.empty(3)
    one, two = OPTIMIZERS[name]().start(same), OPTIMIZERS[name]().start(other)
    for k in range(4):
        slope[:] = [1.0, k, -2.0]
        one.update(same, slope)
        other = other.copy()
        two.update(other, slope.copy())
    np.testing.assert_array_equal(same, other)


@pytest.mark.parametrize("name", UPDATES)
def test_a_long_vector_goes_in_pieces_to_the_same_numbers(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    whole, slopes = rng.normal(size=23), rng.normal(size=(5, 23))
    pieces = whole.copy()
    one, two = OPTIMIZERS[name]().start(whole), OPTIMIZERS[name]().start(pieces)
    for slope in slopes:
        one.update(whole, slope)
    monkeypatch.setattr(updates, "WHOLE", 10)
    monkeypatch.setattr(updates, "PIECE", 8)
    for slope in slopes:
        two.update(pieces, slope)
    np.testing.assert_array_equal(pieces, whole)


@pytest.mark.parametrize("name", UPDATES)
def test_the_gradient_is_left_as_it_is(name: str) -> None:
    optimizer = OPTIMIZERS[name]()
    if hasattr(optimizer, "weight_decay"):
        optimizer = OPTIMIZERS[name](weight_decay=0.1)
    theta, slope = np.ones(3), np.array([1.0, -2.0, 0.0])
    optimizer.start(theta).update(theta, slope)
    np.testing.assert_array_equal(slope, [1.0, -2.0, 0.0])


@pytest.mark.parametrize("name", UPDATES)
def test_a_description_holds_no_state(name: str) -> None:
    optimizer = pickle.loads(pickle.dumps(OPTIMIZERS[name]()))
    assert optimizer == OPTIMIZERS[name]()
    ends = []
    for _ in range(2):
        theta = np.ones(3)
        state = optimizer.start(theta)
        for _ in range(3):
            state.update(theta, np.array([1.0, -2.0, 3.0]))
        ends.append(theta)
    np.testing.assert_array_equal(*ends)


def test_adam_takes_as_many_operations_as_by_hand() -> None:
    program = Adam().program()
    assert (len(program.operations), program.scratch) == (12, ("scratch0",))
    assert Adam(learning_rate=5.0).program() is program
    assert Adam(weight_decay=0.1).program() is not program
    assert len(GD().program().operations) == 2


def test_a_schedule_is_followed_by_epoch_or_by_iteration() -> None:
    for per, rates in (("epoch", [1, 1, 0.5, 0.5]), ("iteration", [1, 0.5, 0.25, 0.125])):
        schedule = ExponentialDecay(learning_rate=1.0, factor=0.5, per=per)
        theta = np.zeros(1)
        state = SGD(learning_rate=schedule).start(theta)
        for step, rate in enumerate(rates):
            state.epoch = step // 2
            before = theta.copy()
            assert state.learning_rate == rate
            state.update(theta, np.ones(1))
            np.testing.assert_allclose(before - theta, rate)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Adam(learning_rate=0), "Adam: learning_rate is 0; a positive number is wanted"),
        (lambda: Adam(learning_rate=float("nan")), "learning_rate is nan"),
        (lambda: Adam(learning_rate="fast"), "learning_rate is 'fast'"),
        (lambda: Adam(beta1=1.0), "beta1 is 1.0; a number from 0 up to, but not including, 1"),
        (lambda: AdamW(epsilon=-1.0), "epsilon is -1.0; 0 or a positive number"),
        (lambda: RMSprop(alpha=None), "alpha is None"),
        (lambda: SGD(momentum=-0.1), "momentum is -0.1"),
        (lambda: SGD(weight_decay=-0.1), "weight_decay is -0.1"),
        (lambda: SGD(dampening=2), "dampening is 2; a number from 0 to 1"),
        (
            lambda: SGD(momentum=0.9, nesterov=True, dampening=0.1),
            "nesterov=True and a dampening above 0 exclude one another",
        ),
        (lambda: SGD(nesterov=True), "nesterov=True needs a momentum above 0"),
    ],
)
def test_a_hyperparameter_out_of_range_is_an_error(make: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        make()


def test_vectors_that_do_not_fit_are_an_error() -> None:
    with pytest.raises(DataError, match="flat vector"):
        SGD().start(np.ones((2, 2)))
    with pytest.raises(DataError, match="int64: float64 or float32"):
        SGD().start(np.ones(2, dtype=np.int64))
    theta = np.ones(2)
    with pytest.raises(DataError, match="gradient has 3 entries"):
        SGD().start(theta).update(theta, np.ones(3))


OPTIONS: dict[str, dict[str, Any]] = {
    "momentum": {"dampening": 0.3, "weight_decay": 0.1},
    "rmsprop": {"centered": True, "momentum": 0.9, "weight_decay": 1e-7},
    "nadam": {"weight_decay": 0.1},
    "lion": {"weight_decay": 0.1},
}


@pytest.mark.parametrize(
    ("name", "options"), [*((n, {}) for n in UPDATES), *OPTIONS.items()], ids=str
)
def test_the_update_is_that_of_its_equations_in_sympy(name: str, options: dict[str, Any]) -> None:
    optimizer = UPDATES[name](**options)
    assert isinstance(optimizer, UpdateRule)
    theta, slopes = np.array([0.5, -2.0]), [np.array([1.5, -0.25]), np.array([-1.0, 0.75])]
    known = {RATE: optimizer.learning_rate} | {
        symbol: getattr(optimizer, field)
        for field, symbol in symbols_of(type(optimizer)).items()
        if getattr(optimizer, field) is not None
    }
    wanted = []
    for entry in range(2):
        values = {s.old: value for s, value in optimizer.initial().items()}
        values[THETA.old] = theta[entry]
        for step, slope in enumerate(slopes, 1):
            values |= {ITERATION: step, GRADIENT: slope[entry]}
            for equation in optimizer.equations():
                values[equation.symbol] = equation.expression.subs(known | values).evalf(30)
            values |= {s.old: values[s.new] for s in (*optimizer.initial(), THETA)}
        wanted.append(float(values[THETA.old]))
    state = optimizer.start(theta)
    for slope in slopes:
        state.update(theta, slope)
    np.testing.assert_allclose(theta, wanted, rtol=1e-13)
