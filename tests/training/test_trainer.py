"""The loop: an epoch is what a plain loop does, and what is not finite is told."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from symgrad.errors import DataError, NotFiniteError, OptionError
from symgrad.language.parser import parse
from symgrad.training.data.arrays import Data, as_observed, variable_arrays
from symgrad.training.optimizers import GD, OPTIMIZERS, SGD, Adam, updates
from symgrad.training.rates.schedules import ExponentialDecay
from symgrad.training.trainer import Trainer

from .regression import DATA, REGRESSION, START, T, X

RNG = np.random.default_rng(0)


def trainer(**options: Any) -> Trainer:
    return Trainer(REGRESSION, DATA, parameters=START, **options)


def loss_and_gradient(w: np.ndarray, b: float, x: np.ndarray, t: np.ndarray) -> tuple[Any, ...]:
    error = x @ w + b - t
    slope = 2 * x.T @ error / len(t) + 0.2 * w
    return (error**2).mean() + 0.1 * (w @ w), slope, 2 * error.mean()


@pytest.mark.parametrize(("size", "drawn"), [(None, False), (50, False), (48, True), (8, True)])
def test_an_order_is_drawn_where_a_step_takes_a_part(size: int | None, drawn: bool) -> None:
    own = trainer(batch_size=size, drop_last=True)
    before = own.state_dict()["random"]
    own.epoch()
    assert (own.state_dict()["random"] != before) is drawn


def test_a_step_looks_at_no_expression(monkeypatch: pytest.MonkeyPatch) -> None:
    own, made = trainer(batch_size=8, optimizer=Adam(), drop_last=True), []
    right = updates.number_function
    monkeypatch.setattr(updates, "number_function", lambda *a: made.append(a) or right(*a))
    own.epoch()
    own.epoch()
    assert len(made) == 1


@pytest.mark.parametrize("batch_size", [None, 32])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_data_are_not_copied(dtype: str, batch_size: int | None) -> None:
    data = {"x": np.ones((20_000, 100), dtype), "t": np.ones(20_000, dtype)}
    start = {"w": np.zeros(100), "b": 0.0}
    options: dict[str, Any] = {"parameters": start, "dtype": dtype, "batch_size": batch_size}
    Trainer(REGRESSION, data, **options)  # what is derived and kept stays out of the account
    tracemalloc.start()
    own = Trainer(REGRESSION, data, **options)
    own.epoch()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < data["x"].nbytes / 2


def test_constants_are_the_trainers_own() -> None:
    c = np.ones(3)
    own = variable_arrays(parse("c: Vector(n)\nloss = sum(c)").variables["c"], c, "float64")
    assert not np.shares_memory(own, c)


@pytest.mark.parametrize("drop_last", [True, False])
def test_an_epoch_is_a_plain_loop(drop_last: bool) -> None:
    order = np.random.default_rng(1).permutation(50)
    w, b, losses, counts = START["w"].copy(), 0.25, [], []
    for k in range(0, 48 if drop_last else 50, 8):
        rows = order[k : k + 8]
        loss, slope_w, slope_b = loss_and_gradient(w, b, X[rows], T[rows])
        w, b = w - 0.05 * slope_w, b - 0.05 * slope_b
        losses.append(loss)
        counts.append(len(rows))
    trained = trainer(optimizer=SGD(learning_rate=0.05), batch_size=8, drop_last=drop_last)
    assert trained.epoch(order) == pytest.approx(np.average(losses, weights=counts), rel=1e-13)
    np.testing.assert_allclose(trained.parameters["w"], w, rtol=1e-13)
    assert trained.parameters["b"] == pytest.approx(b, rel=1e-13)
    assert trained.state.iteration == len(losses) == (6 if drop_last else 7)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_lowers_the_loss(name: str) -> None:
    rate = 1.0 if name == "adadelta" else 0.01
    trained = trainer(optimizer=OPTIMIZERS[name](learning_rate=rate), batch_size=10)
    losses = [trained.epoch() for _ in range(60)]
    assert np.mean(losses[-5:]) < 0.9 * losses[0]


@pytest.mark.parametrize("given", ["sgd", SGD])
def test_an_optimizer_may_be_given_as_its_name_or_its_class(given: Any) -> None:
    one, other = trainer(optimizer=given), trainer(optimizer=SGD())
    assert one.epoch() == other.epoch() and np.array_equal(one.flat, other.flat)


def test_the_parameters_are_views_of_one_vector_and_the_given_ones_stay() -> None:
    given = {"b": np.array([[0.25]]), "w": np.array([[0.5], [-1.0], [2.0]])}
    before = given["w"].copy()
    trained = Trainer(REGRESSION, DATA, parameters=given)
    trained.epoch()
    assert list(trained.parameters) == ["w", "b"]
    assert trained.parameters["w"].shape == (3, 1) and trained.parameters["b"].shape == (1, 1)
    assert all(view.base is trained.flat for view in trained.parameters.values())
    np.testing.assert_array_equal(given["w"], before)
    assert (trained.parameters["w"] != before).all()


def test_equal_seeds_train_alike() -> None:
    ends = []
    for seed in (3, 3, 4):
        trained = trainer(batch_size=8, seed=seed)
        trained.epoch()
        ends.append(trained.flat.copy())
    np.testing.assert_array_equal(ends[0], ends[1])
    assert (ends[0] != ends[2]).any()


def test_float32_stays_float32() -> None:
    trained = trainer(dtype="float32", batch_size=8)
    trained.epoch()
    assert {a.dtype for a in trained.parameters.values()} == {np.dtype("float32")}
    assert {a.dtype for a in trained.state.vectors.values()} == {np.dtype("float32")}


@pytest.mark.parametrize("options", [{"optimizer": GD()}, {"batch_size": None}, {"batch_size": 99}])
def test_all_data_in_one_step(options: dict[str, Any]) -> None:
    trained = trainer(**options)
    loss, slope_w, slope_b = loss_and_gradient(START["w"], 0.25, X, T)
    assert trained.epoch() == pytest.approx(loss, rel=1e-13)
    assert trained.state.iteration == 1
    norm = np.sqrt((slope_w**2).sum() + slope_b**2)
    assert trained.largest_gradient == pytest.approx(norm, rel=1e-12)


def test_the_largest_gradient_is_that_of_all_steps() -> None:
    hinge = "s: Scalar\nw: Scalar\nloss = mean(hinge(s * w) for s in batch)"
    data = {"s": [2.0, 0.5]}
    trained = Trainer(hinge, data, parameters={"w": 1.0}, batch_size=1, optimizer=SGD())
    for order in ([0, 1], [1, 0]):
        trained.epoch(order)
        assert trained.largest_gradient == 0.5


def test_a_problem_without_a_batch_takes_one_step_an_epoch() -> None:
    A = np.diag([1.0, 2.0])
    trained = Trainer(
        "A: Matrix(n, n)\nz: Vector(n)\nloss = z.T @ A @ z",
        {"A": A},
        parameters={"z": [1.0, 1.0]},
        optimizer=SGD(learning_rate=0.1),
    )
    assert trained.wrt == ("z",)
    assert trained.epoch() == 3.0
    np.testing.assert_allclose(trained.parameters["z"], [0.8, 0.6])


CLASSES = """
x: Vector(d)
y: Vector(k)
W: Matrix(k, d)
loss = mean(cross_entropy(y, softmax(W @ x)) for x, y in batch)
"""


@pytest.mark.parametrize("modules", ["numpy", "numba"])
@pytest.mark.parametrize("soft", [0.0, 0.1])
def test_what_the_data_show_changes_no_step(soft: float, modules: str) -> None:
    pytest.importorskip(modules, exc_type=ImportError)
    Y = (1 - soft) * np.eye(4)[RNG.integers(0, 4, 50)] + soft / 4  # one-hot, or not
    W = RNG.normal(size=(4, 3))
    trained = Trainer(
        CLASSES,
        {"x": X, "y": Y},
        parameters={"W": W},
        batch_size=None,
        optimizer=SGD(learning_rate=1.0),
        modules=modules,
    )
    trained.epoch()
    p = np.exp(X @ W.T) / np.exp(X @ W.T).sum(1, keepdims=True)
    slope = (p - Y).T @ X / 50
    np.testing.assert_allclose(trained.parameters["W"], W - slope, rtol=1e-12, atol=1e-14)


ONE_HOT = np.eye(3)[[0, 2, 2, 1]]


@pytest.mark.parametrize(
    ("examples", "one_hot"),
    [
        (ONE_HOT, True),
        (ONE_HOT[:, :, None], True),
        (np.ones((4, 3, 1)), False),
        (np.concatenate([ONE_HOT, [[0.5, 0.5, 0.0]]]), False),
        (np.concatenate([ONE_HOT, [[1.0, 1.0, 0.0]]]), False),
        (np.concatenate([ONE_HOT, [[0.0, 0.0, 0.0]]]), False),
        (np.concatenate([ONE_HOT, [[1.0, 1.0, -1.0]]]), False),
    ],
)
def test_data_show_whether_they_are_one_hot(examples: np.ndarray, one_hot: bool) -> None:
    problem = parse(CLASSES)
    seen = as_observed(problem, Data({"x": X[: len(examples)], "y": examples}, {}, len(examples)))
    assert ("one_hot" in seen.variables["y"].facts) == one_hot
    assert (seen is problem) != one_hot


def test_labels_are_looked_up() -> None:
    problem = "Z: Matrix(n, d)\nv: Index(n)\nloss = mean(norm2(Z[v])**2 for v in batch)"
    table = np.ones((3, 2))
    trained = Trainer(
        problem, {"v": [0.0, 2.0, 2.0]}, parameters={"Z": table}, optimizer=GD(learning_rate=0.3)
    )
    trained.epoch()
    np.testing.assert_allclose(trained.parameters["Z"][:, 0], [0.8, 1.0, 0.6])
    with pytest.raises(DataError, match="v has the label 3; labels below n = 3"):
        Trainer(problem, {"v": [3]}, parameters={"Z": table})


def test_a_schedule_counts_epochs() -> None:
    schedule = ExponentialDecay(learning_rate=1e-3, factor=0.5)
    trained = trainer(optimizer=SGD(learning_rate=schedule), batch_size=8)
    rates = []
    for _ in range(3):
        rates.append(trained.learning_rate)
        trained.epoch()
    assert rates == [1e-3, 5e-4, 2.5e-4]


def test_a_loss_that_is_not_finite_names_step_and_parameter() -> None:
    message = (
        r"^epoch 2, step 3, minibatch 1 of 2 \(examples 29, 1, 39, 5, 16, ..., counted from 0\): "
        r"the loss is inf; the parameter with the largest entry is w \(.*e\+300\); "
        r"the first line of the derivation that is not finite is \(2\) l = r\*\*2, of example 29. "
        r"The parameters are again those before this epoch. A smaller"
    )
    trained = trainer(optimizer=SGD(learning_rate=1e150), batch_size=25)
    with pytest.raises(NotFiniteError, match=message):
        for _ in range(5):
            trained.epoch()


def test_a_gradient_that_is_not_finite_names_its_parameter_alone() -> None:
    trained = Trainer(
        "x: Scalar\nv: Scalar\nw: Scalar\nloss = mean(sqrt(v) * x + w * x for x in batch)",
        {"x": [1.0, 2.0]},
        parameters={"v": 0.0, "w": 1.0},
    )
    message = (
        r"^epoch 1, step 1: the gradient with respect to v is not finite; the first line of the "
        r"derivation that is not finite is \(\d\) dL/dv = .*\. The parameters"
    )
    with pytest.raises(NotFiniteError, match=message):
        trained.epoch()
    assert trained.parameters["w"] == 1.0


def test_the_example_of_which_a_line_is_not_finite_is_told() -> None:
    problem = "x: Scalar\nw: Scalar\nz = w * x\nloss = mean(log(z) for x in batch)"
    x = np.array([1.0, 2.0, 3.0, -1.0, 4.0, 5.0, 0.0, 6.0])
    trained = Trainer(problem, {"x": x}, parameters={"w": 1.0}, batch_size=2, optimizer=SGD())
    line = (
        r"the first line of the derivation that is not finite is \(2\) l = log\(z\), of example 3"
    )
    with pytest.raises(NotFiniteError, match=f"minibatch 2 of 4 .examples 2, 3, .*{line}"):
        trained.epoch(np.arange(8))
    assert trained.parameters["w"] == 1.0  # the step before it is taken back


def test_a_parameter_that_is_not_finite_is_named() -> None:
    with pytest.raises(NotFiniteError, match="parameters: b is nan; numbers are wanted"):
        Trainer(REGRESSION, DATA, parameters={**START, "b": np.nan})
    trained = Trainer(REGRESSION, DATA, parameters=START)
    trained.parameters["b"][...] = np.nan
    with pytest.raises(NotFiniteError, match="epoch 1, step 1.*the parameter b is not finite"):
        trained.epoch()


def test_a_last_update_that_is_not_finite_is_an_error() -> None:
    trained = Trainer(
        "x: Scalar\nw: Scalar\nloss = mean(w * x for x in batch)",
        {"x": [1e200]},
        parameters={"w": 0.0},
        optimizer=SGD(learning_rate=1e200),
    )
    with pytest.raises(NotFiniteError, match="epoch 1, step 1: the parameter w is not finite"):
        trained.epoch()


def test_a_matrix_without_inverse_names_its_step() -> None:
    trained = Trainer(
        "A: Matrix(n, n)\nb: Vector(n)\nloss = b.T @ inv(A) @ b",
        {"b": [1.0, 1.0]},
        parameters={"A": np.ones((2, 2))},
    )
    with pytest.raises(NotFiniteError, match="epoch 1, step 1: a matrix has no inverse"):
        trained.epoch()


def test_a_huge_gradient_is_a_gradient() -> None:
    big = Trainer(
        "x: Scalar\nw: Scalar\nloss = mean(w * x for x in batch)",
        {"x": [1e200]},
        parameters={"w": 0.0},
        optimizer=SGD(learning_rate=1e-200),
    )
    big.epoch()
    assert big.parameters["w"] == -1.0


@pytest.mark.parametrize(
    ("data", "parameters", "message"),
    [
        ({"x": X}, START, "missing is t: Scalar for each example of batch; given is x"),
        ({"x": X, "t": T[:-1]}, START, "batch is 50 in x .* but 49 in t"),
        ({"x": X, "t": T, "u": T}, START, "data: u is not declared"),
        ({"x": X[:, :2], "t": T}, START, "d is 2 in x .* but 3 in w"),
        ({"x": X[:0], "t": T[:0]}, START, "x, t hold no examples"),
        ({"x": X, "t": ["a"] * 50}, START, "t: column t has one class alone, a; two are wanted"),
        ([X, T], START, "data is a list; a mapping"),
        ({**DATA, "b": 0.0}, START, "b is given as data and as a parameter"),
        (DATA, {**START, "c": 0.0}, "parameters: c is not declared"),
        (DATA, {**START, "x": X}, "parameters: x has a value for each example; it is data"),
        (DATA, {"w": [1.0, 2.0, 3.0]}, "missing is b: Scalar"),
        (DATA, {**START, "b": "zero"}, "b is no array of numbers"),
        (DATA, {**START, "w": X[0] + 1j}, "parameters: w has complex numbers"),
        (DATA, {**START, "w": np.ma.masked_array(X[0], [1, 0, 0])}, "w is a masked array"),
        (DATA, {**START, "b": np.datetime64("2020-01-01")}, "b has dates or times"),
        (DATA, {}, "a mapping from name to initial value is wanted"),
    ],
)
def test_data_that_do_not_fit_are_an_error(data: Any, parameters: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Trainer(REGRESSION, data, parameters=parameters)


def test_data_that_are_not_finite_are_an_error() -> None:
    bad = X.copy()
    bad[4, 1] = np.nan
    with pytest.raises(NotFiniteError, match=r"data: x is nan at \[4, 1\]"):
        Trainer(REGRESSION, {"x": bad, "t": T}, parameters=START)


@pytest.mark.parametrize(
    "permutation", [[0, 1], np.zeros(50, int), np.arange(1, 51), np.arange(50.0)]
)
def test_no_permutation_is_an_error(permutation: Any) -> None:
    with pytest.raises(DataError, match="each of 0 to 49 once"):
        trainer().epoch(permutation)


@pytest.mark.parametrize("options", [{"batch_size": 0}, {"batch_size": 2.5}, {"dtype": "int"}])
def test_an_option_out_of_range_is_an_error(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        trainer(optimizer=Adam(), **options)
