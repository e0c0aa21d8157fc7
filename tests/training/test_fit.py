"""fit: it learns, it stops for a reason, and it says what does not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import DataError, NotFiniteError, OptionError, VerificationError
from symgrad.examples import programs
from symgrad.examples.records import EXAMPLES
from symgrad.numerics.checks.differences import ProgramLoss
from symgrad.training import checked as module
from symgrad.training.fit import fit
from symgrad.training.initial import normal
from symgrad.training.optimizers import GD, OPTIMIZERS, SGD, Adam
from symgrad.training.rates.schedules import CosineDecay

from .regression import LINE, PAIRS

NET = """
x: Vector(d)
t: Scalar
W: Matrix(h, d)
v: Vector(h)
loss = mean((v.T @ tanh(W @ x) - t)**2 for x, t in batch)
"""
RNG = np.random.default_rng(0)
NET_DATA = {"x": RNG.normal(size=(30, 3)), "t": RNG.normal(size=30)}


def test_least_squares_are_found() -> None:
    result = fit(LINE, PAIRS, optimizer=GD(learning_rate=0.2), epochs=200)
    slope, level = np.polyfit(PAIRS["x"], PAIRS["t"], 1)
    assert result.parameters["a"] == pytest.approx(slope, rel=1e-10)
    assert result.parameters["b"] == pytest.approx(level, rel=1e-10)
    assert result.epochs == len(result.history.losses) <= 200


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_learns(name: str) -> None:
    example = EXAMPLES[name]
    result = fit(
        programs.text(name),
        example.data(),
        optimizer=OPTIMIZERS[example.optimizer](learning_rate=example.learning_rate),
        epochs=min(example.epochs, 20),
        batch_size=example.batch_size,
        sizes=example.sizes,
    )
    assert result.history.losses[-1] < result.history.losses[0]
    assert result.stopped == f"after epoch {result.epochs}: it was the last one"


def test_a_zero_gradient_stops() -> None:
    result = fit(
        LINE, {"x": [0.0, 1.0], "t": [0.0, 2.0]}, optimizer=GD(learning_rate=0.7), epochs=500
    )
    assert result.epochs < 500
    assert result.stopped == f"after epoch {result.epochs}: the gradient is zero"
    assert result.parameters["a"] == pytest.approx(2.0)
    result = fit(LINE, PAIRS, parameters={"a": 0, "b": 0}, tolerance=1e9)
    assert result.epochs == 1


def test_one_zero_minibatch_does_not_stop() -> None:
    hinge = "s: Scalar\nw: Scalar\nloss = mean(hinge(s * w) for s in batch)"
    options = {"parameters": {"w": 1.0}, "batch_size": 1, "optimizer": SGD(learning_rate=0.1)}
    assert fit(hinge, {"s": [2.0, 0.1]}, epochs=3, **options).epochs == 3
    assert fit(hinge, {"s": [2.0, 3.0]}, epochs=3, **options).epochs == 1


def scripted(scores: list[float]) -> Any:
    """A metric that gives these scores, one an epoch, and keeps the parameters that it saw."""
    seen: list[dict[str, np.ndarray]] = []

    def metric(parameters: dict[str, np.ndarray], data: dict[str, np.ndarray]) -> float:
        seen.append({name: value.copy() for name, value in parameters.items()})
        return scores[len(seen) - 1]

    return metric, seen


def test_patience_stops_and_restores_the_best() -> None:
    metric, seen = scripted([0.1, 0.7, 0.3, 0.7, 0.9])
    result = fit(LINE, PAIRS, epochs=5, validation=0.25, patience=2, metric=metric, batch_size=8)
    assert result.history.scores == [0.1, 0.7, 0.3, 0.7]
    assert result.stopped == "after epoch 4: the validation score has not improved for 2 epochs"
    for name, value in result.parameters.items():
        np.testing.assert_array_equal(value, seen[1][name])
        assert value != seen[3][name]


def test_the_best_is_restored_after_the_last_epoch_too() -> None:
    metric, seen = scripted([0.1, 0.7, 0.3])
    result = fit(LINE, PAIRS, epochs=3, validation=0.25, patience=2, metric=metric, batch_size=8)
    assert result.epochs == 3 and result.best_epoch == 2
    assert result.parameters["a"] == seen[1]["a"] != seen[2]["a"]


def test_without_a_metric_the_score_is_the_loss_on_the_validation_data() -> None:
    held = {"x": np.array([1.0, 2.0]), "t": np.array([1.0, 3.0])}
    result = fit(LINE, PAIRS, epochs=3, validation=held)
    a, b = result.parameters["a"], result.parameters["b"]
    wanted = ((a * held["x"] + b - held["t"]) ** 2).mean()
    assert result.history.validation[-1] == pytest.approx(wanted, rel=1e-13)


def test_a_share_is_set_aside() -> None:
    seen: list[np.ndarray] = []

    def metric(parameters: Any, data: dict[str, np.ndarray]) -> float:
        seen.append(data["x"])
        return 0.0

    fit(LINE, PAIRS, epochs=2, validation=0.25, metric=metric, seed=1)
    fit(LINE, PAIRS, epochs=1, validation=0.25, metric=metric, seed=2)
    assert [len(x) for x in seen] == [10, 10, 10]
    assert set(seen[0]) <= set(PAIRS["x"]) and set(seen[0]) == set(seen[1]) != set(seen[2])


def test_validation_of_a_problem_without_a_batch_replaces_what_it_names() -> None:
    text = "A: Matrix(n, n)\nm: Vector(n, data=True)\nz: Vector(n)\nloss = dot(m, (A @ z - m)**2)"
    data = {"A": np.eye(2), "m": [1.0, 0.0]}
    result = fit(text, data, epochs=2, validation={"m": [0.0, 1.0]}, optimizer=SGD())
    assert result.history.validation == [1.0, 1.0]


def test_the_validation_examples_are_not_trained_on() -> None:
    data = {"x": np.ones(10), "t": np.arange(10.0)}
    held: list[float] = []

    def metric(parameters: Any, validation: dict[str, np.ndarray]) -> float:
        held[:] = validation["t"]
        return 0.0

    text = "x: Scalar\nt: Scalar\nb: Scalar\nloss = mean((b - t)**2 + 0 * x for x, t in batch)"
    rate = GD(learning_rate=0.5)
    result = fit(text, data, optimizer=rate, epochs=1, validation=0.3, metric=metric)
    assert result.parameters["b"] == pytest.approx(np.mean(sorted(set(data["t"]) - set(held))))


def test_seeds_sizes_and_initial_values() -> None:
    options: dict[str, Any] = {"sizes": {"h": 5}, "epochs": 2, "batch_size": 8}
    one, two, other = (fit(NET, NET_DATA, seed=s, **options).parameters["W"] for s in (1, 1, 2))
    assert one.shape == (5, 3)
    np.testing.assert_array_equal(one, two)
    one, other = (fit(NET, NET_DATA, seed=s, optimizer=GD(), **options) for s in (1, 2))
    assert (one.parameters["W"] != other.parameters["W"]).any()
    tiny = {"W": normal(1e-9), "v": normal(1e-9)}
    small = fit(NET, NET_DATA, initial=tiny, optimizer=SGD(learning_rate=1e-9), **options)
    assert np.abs(small.parameters["W"]).max() < 1e-7
    start = np.full((5, 3), 0.1)
    given = fit(NET, NET_DATA, parameters={"W": start}, epochs=1, optimizer=SGD())
    assert given.parameters["v"].shape == (5,)
    np.testing.assert_array_equal(start, 0.1)


def test_float32_and_a_schedule() -> None:
    schedule = CosineDecay(learning_rate=0.1, total=2)
    result = fit(LINE, PAIRS, optimizer=Adam(learning_rate=schedule), epochs=2, dtype="float32")
    assert result.parameters["a"].dtype == np.float32
    assert result.history.learning_rates == pytest.approx([0.1, 0.05])


def test_progress_is_told_every_epoch() -> None:
    told: list[tuple[int, int, float]] = []
    result = fit(LINE, PAIRS, epochs=3, progress=lambda *step: told.append(step))
    assert told == [(k + 1, 3, loss) for k, loss in enumerate(result.history.losses)]


def test_callbacks_are_told_of_every_epoch() -> None:
    reports: list[sg.EpochReport] = []
    result = fit(LINE, PAIRS, epochs=3, validation=0.2, batch_size=8, callbacks=[reports.append])
    history = result.history
    assert [(r.epoch, r.epochs) for r in reports] == [(1, 3), (2, 3), (3, 3)]
    assert [r.loss for r in reports] == history.losses
    assert [r.validation for r in reports] == history.validation
    assert [r.learning_rate for r in reports] == history.learning_rates
    assert [r.gradient_norm for r in reports] == history.gradient_norms
    assert [r.seconds for r in reports] == history.seconds == sorted(history.seconds)
    assert reports[-1].trainer.parameters == result.parameters
    fit(LINE, PAIRS, epochs=1, callbacks=[reports.append])
    assert reports[-1].validation is None


def test_a_callback_stops() -> None:
    def low_enough(report: sg.EpochReport) -> bool:
        return report.epoch == 2

    result = fit(LINE, PAIRS, epochs=5, callbacks=[lambda report: report.epoch, low_enough])
    assert result.stopped == "after epoch 2: low_enough asked for it"
    result = fit(LINE, PAIRS, epochs=5, callbacks=[lambda report: True])
    assert result.stopped == "after epoch 1: a callback asked for it"


def test_a_result_says_what_was_trained_and_how() -> None:
    result = fit(LINE, PAIRS, optimizer=SGD(learning_rate=0.1), epochs=2, batch_size=16)
    assert result.optimizer == SGD(learning_rate=0.1) and result.batch_size == 16
    assert result.problem.output_name == "loss" and result.best_epoch is None


def test_a_wrong_gradient_stops_before_the_first_step(monkeypatch: pytest.MonkeyPatch) -> None:
    right = module.check_gradient

    def planted(problem: Any, wrt: Any, inputs: Any, **options: Any) -> Any:
        return right(problem, wrt, inputs, gradients={"a": 1.0, "b": 1.0}, **options)

    monkeypatch.setattr(module, "check_gradient", planted)
    with pytest.raises(VerificationError, match="failed its check before the first step"):
        fit(LINE, PAIRS, epochs=1)
    assert fit(LINE, PAIRS, epochs=1, check=False).epochs == 1


SOFTMAX = """\
x: Vector(d)
y: Vector(k, one_hot=True)
W: Matrix(k, d)
b: Vector(k)
p = softmax(W @ x + b)
loss = mean(cross_entropy(y, p) for x, y in batch)
"""
NORMALIZED = """\
x: Vector(d)
t: Scalar
W: Matrix(h, d)
v: Vector(h)
z = W @ x
a = (z - mean(z)) / std(z)
loss = mean((dot(v, a) - t)**2 for x, t in batch)
"""


def test_the_check_looks_at_few_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    right = ProgramLoss.at

    def counted(numbers: ProgramLoss, moved: Any) -> Any:
        seen.append(len(numbers.arrays["x"]))
        return right(numbers, moved)

    monkeypatch.setattr(ProgramLoss, "at", counted)
    fit(NET, NET_DATA, optimizer=Adam(), epochs=1, sizes={"h": 100})  # 400 parameters
    assert 0 < len(seen) < 100 and set(seen) == {8}


def test_logits_of_a_thousand_and_a_true_gradient_of_0_are_trained() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 60)
    x = rng.uniform(0.1, 1.0, (60, 5)) * [14.0, 5.0, 100.0, 10.0, 1500.0] + 300.0 * labels[:, None]
    result = fit(SOFTMAX, {"x": x, "y": np.eye(3)[labels]}, epochs=20, seed=0)
    assert result.history.losses[-1] < result.history.losses[0]
    data = {"x": x / 1000, "t": rng.standard_normal(60)}
    assert fit(NORMALIZED, data, sizes={"h": 2}, optimizer=Adam(), epochs=3).epochs == 3


def test_a_loss_that_is_not_finite_stops() -> None:
    with pytest.raises(NotFiniteError, match=r"epoch 2, step 2: the loss is inf; the parameter"):
        fit(LINE, PAIRS, optimizer=GD(learning_rate=1e200), epochs=5)


def test_a_validation_score_that_is_not_finite_stops() -> None:
    metric, _ = scripted([0.5, float("nan")])
    with pytest.raises(NotFiniteError, match="epoch 2: the validation score is nan"):
        fit(LINE, PAIRS, epochs=5, validation=0.2, metric=metric)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"epochs": 0}, OptionError, "epochs is 0"),
        ({"patience": 2}, OptionError, "patience needs a validation score"),
        ({"patience": 0, "validation": 0.2}, OptionError, "patience is 0"),
        ({"validation": 1.0}, OptionError, "validation is 1.0; a share"),
        ({"validation": "x"}, OptionError, "validation is 'x'; a share"),
        ({"validation": 0.001}, DataError, "of 30 examples leaves none"),
        ({"validation": {"x": NET_DATA["x"]}}, DataError, "missing is t: Scalar"),
        ({"sizes": {}}, DataError, 'size of h, which W has: give it, as in sizes={"h": 16}'),
        ({"sizes": {"d": 4, "h": 2}}, DataError, "sizes: d is 4, but the arrays have 3"),
        ({"sizes": {"hidden": 4}}, DataError, "sizes: hidden is no dimension"),
        ({"sizes": {"h": 0}}, DataError, "h is 0; a positive whole number"),
        ({"parameters": {"V": 1.0}}, DataError, "parameters: V is not declared"),
        ({"parameters": {"W": np.ones((2, 4))}}, DataError, "d is 3 in x .* but 4 in W"),
        ({"parameters": {"x": 1.0}}, DataError, "x has a value for each example"),
        ({"initial": "best"}, OptionError, "initial='best' is not one of glorot"),
        ({"batch_size": -1}, OptionError, "batch_size is -1"),
        ({"callbacks": print}, OptionError, "callbacks is <built-in .* a list of functions"),
        ({"callbacks": [3]}, OptionError, "callbacks: 3 is no function of an EpochReport"),
        ({"dtype": "float16"}, OptionError, "dtype is 'float16'"),
    ],
)
def test_what_does_not_fit_is_an_error(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        fit(NET, NET_DATA, **{"sizes": {"h": 2}, "epochs": 1, **options})


def test_nothing_to_train_is_an_error() -> None:
    with pytest.raises(DataError, match="nothing is left to train"):
        fit(LINE, {**PAIRS, "a": 1.0, "b": 2.0})


WEIGHTED = """x: Vector(d)
y: Vector(k)
W: Matrix(k, d)
loss = mean(sum(y) * norm2(W @ x - y)**2 for x, y in batch)"""


def test_held_out_data_need_not_be_one_hot_as_the_others_are() -> None:
    x, y = np.array([[1.0, 2.0]]), np.array([[1.0, 2.0, 3.0]])
    data = {"x": np.ones((2, 2)), "y": np.eye(3)[:2]}
    result = fit(WEIGHTED, data, epochs=1, validation={"x": x, "y": y})
    error = result.parameters["W"] @ x[0] - y[0]
    assert result.history.validation == [pytest.approx(6 * (error @ error), rel=1e-12)]


def test_a_batch_size_without_a_batch_is_refused() -> None:
    text = "X: Matrix(m, n, data=True)\nw: Vector(n)\nloss = norm2(X @ w)**2"
    with pytest.raises(OptionError, match="batch_size: the problem has no batch"):
        fit(text, {"X": np.ones((3, 2))}, batch_size=2)


def test_functions_left_open() -> None:
    """With tanh and the squared error given beside the data, the training is that of the program
    with them."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((40, 3))
    data: dict[str, Any] = {"x": x, "t": np.sin(x[:, 0])}
    declared = "phi: Function\nell: Function\nx: Vector(d)\nt: Scalar\nw: Vector(d)\n"
    program = declared + "loss = sum(ell(t, phi(w.T @ x)) for x, t in batch)"
    twin = program.replace("phi: Function\nell: Function\n", "")
    twin = twin.replace("ell(t, phi(w.T @ x))", "(t - tanh(w.T @ x))**2")
    functions = {
        "phi": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
        "ell": (lambda t, f: (t - f) ** 2, (None, lambda t, f: 2 * (f - t))),
    }
    options: dict[str, Any] = {"epochs": 3, "batch_size": 16, "validation": 0.25}
    found = fit(program, data | functions, **options)
    expected = fit(twin, data, **options)
    np.testing.assert_allclose(found.parameters["w"], expected.parameters["w"])
    assert found.history.validation == pytest.approx(expected.history.validation)
    with pytest.raises(DataError, match=r"missing is phi: Function \(give phi=\(f, df\)\), ell"):
        fit(program, data)
    wrong = functions | {"phi": (np.tanh, lambda z: 2 * np.ones_like(z))}
    with pytest.raises(VerificationError, match="failed its check before the first step"):
        fit(program, data | wrong, **options)
