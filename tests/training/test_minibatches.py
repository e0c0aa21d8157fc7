"""Minibatches train the problem that is written: their mean gradient is that of all examples."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import OptionError
from symgrad.training.optimizers import OPTIMIZERS, SGD, Adam
from symgrad.training.rates.schedules import ExponentialDecay
from symgrad.training.steps import minibatches

HEAD = """
x: Vector(d)
t: Scalar
c: Scalar
w: Vector(d)
b: Scalar
"""
LINEAR = {
    "sum": "sum((w.T @ x + b - t)**2 for x, t in batch)",
    "mean": "mean((w.T @ x + b - t)**2 for x, t in batch)",
    "sum and regulariser": "sum((w.T @ x + b - t)**2 for x, t in batch) + 3 * norm2(w)**2 + b**4",
    "mean and regulariser": "mean(log(1 + exp(w.T @ x - t)) for x, t in batch) + norm2(w)**2",
    "weighted": "sum(c * (w.T @ x + b - t)**2 for x, t, c in batch) / 7 + norm1(w)",
    "masked": "sum(step(c) * abs(w.T @ x - t) for x, t, c in batch) + 2 * b**2",
    "several": "sum((w.T @ x - t)**2 for x, t in batch) + mean(exp(b * c) for c in batch) / 2 - b",
    "a factor without the batch": "exp(b) * sum((w.T @ x - t)**2 for x, t in batch) + b**2",
    "a sum of vectors": "w.T @ sum(tanh(x) * c for x, c in batch) + norm2(w)**2",
    "a mean of matrices": "w.T @ mean(x @ x.T for x in batch) @ w + b * sum(c for c in batch)",
    "not centered": "trace(sum((x - w) @ (x - w).T for x in batch)) / 2 + b**2",
    "a definition that is not needed": "m = mean(t for t in batch)\nr = t - m\n"
    "loss = sum((w.T @ x - t)**2 for x, t in batch) + b**2",
    "divided by weights": "sum(c * (w.T @ x - t)**2 for x, t, c in batch)"
    " / sum(c for c in batch) + b**2",
    "divided by a mean": "mean(step(c) * (w.T @ x - t)**2 for x, t, c in batch)"
    " / mean(step(c) for c in batch) + norm2(w)",
    "a coefficient": "sqrt(mean(t**2 for t in batch)) * (norm2(w)**2 + b**2)",
    "standardised": "m = mean(x for x in batch)\nz = x - m\ns = mean(norm2(z)**2 for x in batch)\n"
    "loss = mean((w.T @ z / sqrt(s) - t + b)**2 for x, t in batch)",
    "a matrix of data": "w.T @ inv(sum(x @ x.T for x in batch)) @ w + mean(b * t for t in batch)",
    "sizes": "sum((w.T @ x - t)**2 / size(batch) for x, t in batch) + b**2 * sqrt(size(batch))",
    "named": "r = w.T @ x - t\nf = sum(r**2 for x, t in batch)\n"
    "q = mean(r * c for x, t, c in batch)\nloss = (f + 1) * exp(-b) - 2 * q",
}
NOT_LINEAR = {
    "log": "log(sum(exp(w.T @ x) for x in batch))",
    "root of a mean": "sqrt(mean((w.T @ x - t)**2 for x, t in batch)) + b**2",
    "product": "sum(w.T @ x for x in batch) * mean((b - t)**2 for t in batch)",
    "square": "sum(w.T @ x + b for x in batch)**2",
    "norm": "norm2(sum(x * b for x in batch))**2 + norm2(w)**2",
    "a weight that is trained": "sum(exp(b * c) * (w.T @ x - t)**2 for x, t, c in batch)"
    " / sum(exp(b * c) for c in batch)",
    "named": "f = sum((w.T @ x)**2 for x in batch)\nloss = norm2(w) * maximum(f, b)",
    "centered": "m = mean(w.T @ x for x in batch)\n"
    "loss = mean((w.T @ x - m + b)**2 for x in batch)",
}
RNG = np.random.default_rng(5)
COUNT = 23
DATA = {name: RNG.normal(size=COUNT) for name in ("t", "c")} | {"x": RNG.normal(size=(COUNT, 3))}
START = {"w": RNG.normal(size=3), "b": 0.3}


def program(text: str) -> str:
    return HEAD + (text if "loss = " in text else f"loss = {text}")


def data_of(text: str) -> dict[str, Any]:
    """The data of the batch, and what it leaves out as constants."""
    batch = sg.parse(text).batch
    return {n: a if n in batch else a[0] for n, a in DATA.items()}


def gradients(text: str, size: int | None, **options: Any) -> tuple[list[np.ndarray], list[int]]:
    """The gradient of each minibatch at the same parameters, and its number of examples."""
    trainer = sg.Trainer(text, data_of(text), parameters=START, batch_size=size, **options)
    trainer.begin(np.random.default_rng(1).permutation(COUNT))
    source = trainer._steps._gradients
    found = [source.of(step)[1].copy() for step in range(source.count)]
    return found, [
        min(COUNT, (size or COUNT) * (k + 1)) - (size or COUNT) * k for k in range(len(found))
    ]


@pytest.mark.parametrize("size", [1, 4, 8, 22, 23, 50])
@pytest.mark.parametrize("name", LINEAR)
def test_the_mean_gradient_is_that_of_all_examples(name: str, size: int) -> None:
    text = program(LINEAR[name])
    (whole,), _ = gradients(text, None)
    parts, counts = gradients(text, size)
    assert sum(counts) == COUNT  # every row, whatever the size
    mean = np.average(parts, axis=0, weights=counts)
    assert np.abs(mean - whole).max() <= 1e-12 * np.abs(whole).max()
    values = sg.parse(text)
    _, slopes = sg.derive(values).lambdify()({**data_of(text), **START})
    assert np.allclose(whole, np.concatenate([np.ravel(slopes[n]) for n in ("w", "b")]), rtol=1e-12)


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("is_sparse", [False, True])
@pytest.mark.parametrize("together", [1, 2, 3])
@pytest.mark.parametrize("size", [3, 5, 8])
def test_it_does_not_matter_how_many_minibatches_are_copied_together(
    size: int, together: int, is_sparse: bool, drop_last: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = program(LINEAR["mean and regulariser"])
    data, width = data_of(text), 8 if is_sparse else 32  # bytes of an example that are copied
    if is_sparse:
        data["x"] = pytest.importorskip("scipy.sparse").csr_array(data["x"])

    def trained(copied: int) -> tuple[list[float], np.ndarray]:
        monkeypatch.setattr(minibatches, "COPIED", copied)
        options: dict[str, Any] = {"batch_size": size, "drop_last": drop_last}
        trainer = sg.Trainer(text, data, parameters=START, **options)
        losses = [trainer.epoch(), trainer.epoch()]
        trainer.begin()
        trainer.advance(2)
        other = sg.Trainer(text, data, parameters=START, **options)
        other.load_state_dict(trainer.state_dict())  # goes on amid the minibatches
        return [*losses, other.epoch()], other.flat

    (few, flat), (whole, flat_of_whole) = trained(together * size * width), trained(1 << 20)
    assert few == whole
    np.testing.assert_array_equal(flat, flat_of_whole)


@pytest.mark.parametrize("name", NOT_LINEAR)
def test_another_loss_is_refused_in_minibatches(name: str) -> None:
    text = program(NOT_LINEAR[name])
    options = {"parameters": START, "epochs": 1, "optimizer": SGD(learning_rate=1e-3)}
    with pytest.raises(OptionError, match="minibatches need a loss .* with batch_size=None"):
        sg.fit(text, data_of(text), batch_size=8, **options)
    for size in (None, COUNT, 100):
        assert sg.fit(text, data_of(text), batch_size=size, **options).epochs == 1


def test_the_message_says_why() -> None:
    text = program(NOT_LINEAR["log"])
    with pytest.raises(OptionError) as caught:
        sg.Trainer(text, data_of(text), parameters=START, batch_size=4)
    assert str(caught.value) == (
        "minibatches need a loss that is a sum or mean over the batch, and terms without it: "
        "loss = log(sum(exp(w.T @ x) for x in batch)) is not linear in its sums over the batch; "
        "train it on all examples at once, with batch_size=None"
    )
    with pytest.raises(OptionError, match=r"uses a sum over the batch for each example; train it"):
        text = program(NOT_LINEAR["centered"])
        sg.Trainer(text, data_of(text), parameters=START, batch_size=4)


RIDGE = "x: Scalar\nt: Scalar\nw: Scalar\nloss = sum((w * x - t)**2 for x, t in batch) + 100 * w**2"
ONES = {"x": np.ones(100), "t": np.ones(100)}


@pytest.mark.parametrize(
    ("size", "modules"),
    [(None, "numpy"), (50, "numpy"), (10, "numpy"), (7, "numpy"), (7, "numba")],
)
def test_a_regulariser_counts_once(size: int | None, modules: str) -> None:
    pytest.importorskip(modules, exc_type=ImportError)
    result = sg.fit(
        RIDGE,
        ONES,
        optimizer=SGD(learning_rate=1e-3),
        epochs=200,
        batch_size=size,
        modules=modules,
    )
    assert result.parameters["w"] == pytest.approx(0.5, rel=1e-9)
    assert result.history.losses[-1] == pytest.approx(50.0, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "dtype"),
    [("sum and regulariser", "float64"), ("several", "float32"), ("a sum of vectors", "float64")],
)
def test_a_compiled_epoch_weighs_the_same(name: str, dtype: str) -> None:
    pytest.importorskip("numba", exc_type=ImportError)
    text, ends = program(LINEAR[name]), []
    for modules in ("numpy", "numba"):
        trainer = sg.Trainer(
            text,
            data_of(text),
            parameters=START,
            optimizer=SGD(learning_rate=1e-3),
            batch_size=5,
            dtype=dtype,
            modules=modules,
        )
        losses = [trainer.epoch() for _ in range(2)]
        ends.append([*losses, *trainer.flat])
    np.testing.assert_allclose(ends[1], ends[0], rtol=1e-11 if dtype == "float64" else 1e-4)


def test_two_batches_are_one_step() -> None:
    text = "x: Scalar\nt: Scalar\nw: Scalar\n"
    text += "loss = sum((w - x)**2 for x in one) + mean((w - t)**2 for t in two)"
    trainer = sg.Trainer(text, {"x": [1.0, 2.0], "t": [3.0]}, parameters={"w": 0.0}, batch_size=1)
    assert trainer.epoch() == 14.0 and trainer.state.iteration == 1


@pytest.mark.parametrize("modules", ["numpy", "numba"])
def test_every_row_is_used_unless_the_last_ones_are_dropped(modules: str) -> None:
    pytest.importorskip(modules, exc_type=ImportError)
    text = "x: Scalar\nw: Scalar\nloss = mean(w * x for x in batch)"
    for drop_last, steps in ((False, 3), (True, 2)):
        trainer = sg.Trainer(
            text,
            {"x": [1.0, 10.0, 100.0, 1000.0, 10000.0]},
            parameters={"w": 0.0},
            batch_size=2,
            drop_last=drop_last,
            optimizer=SGD(learning_rate=1.0),
            modules=modules,
        )
        trainer.epoch(np.arange(5))
        assert trainer.state.iteration == steps
        assert trainer.parameters["w"] == pytest.approx(-555.5 - 10000 * (not drop_last))


@pytest.mark.parametrize("modules", ["numpy", "numba"])
def test_the_loss_of_an_epoch_counts_a_step_by_its_examples(modules: str) -> None:
    pytest.importorskip(modules, exc_type=ImportError)
    text = "x: Scalar\nw: Scalar\nloss = mean((w - x)**2 for x in batch)"
    x = np.array([1.0, 2.0, 3.0, 4.0, 50.0])
    options: dict[str, Any] = {"parameters": {"w": 0.0}, "optimizer": SGD(learning_rate=1e-30)}
    options |= {"batch_size": 2, "modules": modules}
    for drop_last, rows in ((False, 5), (True, 4)):
        trainer = sg.Trainer(text, {"x": x}, drop_last=drop_last, **options)
        mean = np.mean(x[:rows] ** 2)
        assert trainer.epoch(np.arange(5)) == pytest.approx(mean, rel=1e-12)


def copies(trainer: sg.Trainer) -> list[sg.Trainer]:
    return [copy.deepcopy(trainer), pickle.loads(pickle.dumps(trainer))]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_copy_trains_on_as_the_original_does(name: str) -> None:
    rate = ExponentialDecay(learning_rate=1e-3, factor=0.9)
    trainer = sg.Trainer(
        program(LINEAR["sum and regulariser"]),
        {**DATA, "c": 1.0},
        parameters=START,
        optimizer=OPTIMIZERS[name](learning_rate=rate),
        batch_size=8,
    )
    trainer.epoch()
    made = copies(trainer)
    flats = [other.flat.copy() for other in made]
    wanted = [trainer.epoch() for _ in range(3)]
    for other, flat in zip(made, flats, strict=True):
        np.testing.assert_array_equal(other.flat, flat)  # it is not the original's
        assert [other.epoch() for _ in range(3)] == wanted
        np.testing.assert_array_equal(other.flat, trainer.flat)
        np.testing.assert_array_equal(other.parameters["w"], trainer.parameters["w"])
        assert other.state.iteration == trainer.state.iteration
        assert other.epochs == trainer.epochs == 4


def test_a_compiled_trainer_is_copied_too() -> None:
    pytest.importorskip("numba", exc_type=ImportError)
    text = program(LINEAR["sum"])
    data = {**DATA, "c": 1.0}
    options: dict[str, Any] = {"parameters": START, "batch_size": 8, "modules": "numba"}
    trainer = sg.Trainer(text, data, optimizer=Adam(), **options)
    trainer.epoch()
    made = copies(trainer)
    trainer.epoch()
    for other in made:
        assert (other.flat != trainer.flat).all()
        other.epoch()
        np.testing.assert_array_equal(other.flat, trainer.flat)
