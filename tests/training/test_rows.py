"""Steps of the rows that were looked up are the steps of whole tables, or lazy."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.training.steps import rows
from symgrad.training.steps.rows import RowSteps

PROGRAM = """\
Z: Matrix(v, d)
b: Vector(d)
k: Index(v)
l: Index(v)
loss = mean(norm2(tanh(Z[k]) - Z[l] + b)**2 for k, l in batch)
"""
BY_ROWS = {
    "SGD": sg.SGD(learning_rate=0.1),
    "a value clipped": sg.SGD(learning_rate=0.1, clip_value=0.01),
    "a norm clipped": sg.SGD(learning_rate=0.1, clip_norm=0.1),
    "Adagrad": sg.Adagrad(learning_rate=0.1),
}
WHOLE = {
    "momentum": sg.SGD(learning_rate=0.1, momentum=0.9),
    "decay": sg.SGD(learning_rate=0.1, weight_decay=0.01),
    "Adam": sg.Adam(),
    "factors": sg.SGD(learning_rate=0.1, rate_factors={"b": 0.5}),
    "several minibatches a step": sg.SGD(learning_rate=0.1, accumulate=2),
}
OPTIMIZERS = [getattr(sg, name) for name in ("SGD", "Adagrad", "Adam", "AdamW", "RMSprop", "Lion")]


@pytest.fixture(autouse=True)
def small_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps by rows where they would not pay, too."""
    monkeypatch.setattr(rows, "LEAST", 0)


def trainer(optimizer: Any, size: int = 100, **options: Any) -> sg.Trainer:
    """Minibatches of five examples, the last of two, in which rows are met again."""
    rng = np.random.default_rng(0)
    data = {name: rng.integers(0, 6, 32) for name in "kl"}
    start = {"Z": rng.normal(size=(size, 3)), "b": rng.normal(size=3)}
    return sg.Trainer(PROGRAM, data, parameters=start, optimizer=optimizer, batch_size=5, **options)


@pytest.mark.parametrize("optimizer", BY_ROWS.values(), ids=BY_ROWS)
def test_they_are_the_steps_of_whole_tables(
    optimizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_rows = trainer(optimizer)
    monkeypatch.setattr(rows, "MOST", 0)
    whole = trainer(optimizer)
    assert isinstance(by_rows._steps, RowSteps)
    assert not isinstance(whole._steps, RowSteps)
    for _ in range(3):
        assert by_rows.epoch() == pytest.approx(whole.epoch(), rel=1e-12)
        assert by_rows.largest_gradient == pytest.approx(whole.largest_gradient, rel=1e-12)
        np.testing.assert_allclose(by_rows.flat, whole.flat, rtol=1e-12, atol=1e-14)
    for name, vector in whole.state.vectors.items():
        np.testing.assert_allclose(by_rows.state.vectors[name], vector, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("optimizer", WHOLE.values(), ids=WHOLE)
def test_others_move_whole_tables(optimizer: Any) -> None:
    assert not isinstance(trainer(optimizer)._steps, RowSteps)


def test_a_table_that_is_looked_up_everywhere_is_moved_as_a_whole() -> None:
    assert not isinstance(trainer(BY_ROWS["SGD"], size=6)._steps, RowSteps)


def test_small_tables_are_moved_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "LEAST", 1000)
    assert not isinstance(trainer(BY_ROWS["SGD"], size=100)._steps, RowSteps)
    assert isinstance(trainer(BY_ROWS["SGD"], size=1000)._steps, RowSteps)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_local_means_that_a_gradient_of_zero_moves_nothing(optimizer: Any) -> None:
    rng = np.random.default_rng(1)
    theta, gradient = rng.normal(size=4), rng.normal(size=4)
    state = optimizer(learning_rate=0.1).start(theta)
    state.update(theta, gradient)
    before = [theta.copy(), *(v.copy() for v in state.vectors.values())]
    gradient[:2] = 0
    state.update(theta, gradient)
    stays = all(
        np.array_equal(old[:2], new[:2])
        for old, new in zip(before, [theta, *state.vectors.values()], strict=True)
    )
    assert stays == state.program.local


def test_a_training_goes_on_where_its_state_was() -> None:
    one, other = trainer(BY_ROWS["Adagrad"]), trainer(replace(BY_ROWS["Adagrad"]))
    one.epoch()
    one.begin()
    one.advance(2)
    other.load_state_dict(one.state_dict())
    assert one.epoch() == other.epoch()
    np.testing.assert_array_equal(one.flat, other.flat)


def test_a_step_allocates_nothing_of_the_tables_size() -> None:
    large = trainer(BY_ROWS["Adagrad"], size=50_000)
    large.epoch()
    large.begin()
    large.advance(1)
    tracemalloc.start()
    large.advance(3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < large.flat.nbytes / 20


@pytest.mark.parametrize("optimizer", ["SGD", "a norm clipped"])
def test_a_training_has_two_tables(optimizer: str) -> None:
    """The parameters, and those before the epoch; once a gradient of the table's size too."""
    tracemalloc.start()
    large = trainer(BY_ROWS[optimizer], size=50_000)
    large.epoch()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    number = 8 * 50_000  # for each row
    assert peak < 3.2 * large.flat.nbytes + number  # with the table that is given


def test_what_is_not_finite_is_named_and_taken_back() -> None:
    broken = trainer(BY_ROWS["SGD"])
    broken.epoch()
    broken.parameters["Z"][3, 1] = np.inf
    before = broken.flat.copy()
    with pytest.raises(sg.NotFiniteError, match="Z"):
        broken.epoch()
    np.testing.assert_array_equal(broken.flat, before)


LAZY = [getattr(sg, name) for name in ("Adam", "AdamW", "RMSprop", "NAdam", "AMSGrad", "Adadelta")]


@pytest.mark.parametrize("size", [100, 6])
@pytest.mark.parametrize("optimizer", [*LAZY, lambda **o: sg.SGD(momentum=0.9, **o)])
def test_lazy_steps_move_the_rows_that_are_looked_up(optimizer: Any, size: int) -> None:
    lazy, whole = trainer(optimizer(lazy=True), size), trainer(optimizer(), size)
    order = np.arange(32)
    examples, b = lazy._data.examples, slice(3 * size, None)
    for trained in (lazy, whole):
        trained.begin(order)
    for step in range(7):
        looked = {*examples["k"][5 * step : 5 * step + 5], *examples["l"][5 * step : 5 * step + 5]}
        still = [r for r in range(size) if r not in looked]
        # the whole step from where the lazy one is: its rows that are looked up are the lazy step's
        whole.flat[:] = before = lazy.flat.copy()
        for name, vector in lazy.state.vectors.items():
            whole.state.vectors[name][:] = vector
        states = {name: vector.copy() for name, vector in lazy.state.vectors.items()}
        for trained in (lazy, whole):
            trained.advance(1)
        vectors = {"theta": (lazy.flat, before, whole.flat)}
        for name, vector in lazy.state.vectors.items():
            vectors[name] = vector, states[name], whole.state.vectors[name]
        for now, then, other in vectors.values():
            tables = [array[: 3 * size].reshape(size, 3) for array in (now, then, other)]
            np.testing.assert_array_equal(tables[0][still], tables[1][still])
            rows_ = sorted(looked)
            np.testing.assert_allclose(tables[0][rows_], tables[2][rows_], rtol=1e-12, atol=1e-15)
            np.testing.assert_allclose(now[b], other[b], rtol=1e-12, atol=1e-15)


RATINGS = """\
U: Matrix(n, d)
V: Matrix(m, d)
b: Vector(n)
c: Vector(m)
i: Index(n)
j: Index(m)
r: Scalar
loss = mean((U[i].T @ V[j] + b[i] + c[j] - r)**2 for i, j, r in batch)
"""


def test_entries_of_vectors_are_looked_up_like_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    data = {"i": rng.integers(0, 6, 32), "j": rng.integers(0, 6, 32), "r": rng.normal(size=32)}
    shapes = {"U": (50, 3), "V": (60, 3), "b": 50, "c": 60}
    start = {name: rng.normal(size=shape) for name, shape in shapes.items()}

    def rated(**options: Any) -> sg.Trainer:
        optimizer = sg.Adagrad(learning_rate=0.1, **options)
        return sg.Trainer(RATINGS, data, parameters=start, optimizer=optimizer, batch_size=5)

    some = rated(), rated(lazy=True)  # of an entry with the gradient 0 nothing moves
    monkeypatch.setattr(rows, "MOST", 0)
    whole = rated()
    for by_rows in some:
        assert isinstance(by_rows._steps, RowSteps)
        assert {*by_rows._steps._rows[0]._gradient.shape} == {5 * (3 + 3 + 1 + 1)}
    for _ in range(3):
        losses = [each.epoch() for each in (whole, *some)]
        assert losses == pytest.approx(losses[:1] * 3, rel=1e-12)
        for by_rows in some:
            np.testing.assert_allclose(by_rows.flat, whole.flat, rtol=1e-12, atol=1e-14)


def test_lazy_adam_is_that_of_pytorch() -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(2)
    start, labels = rng.normal(size=(50, 3)), rng.integers(0, 50, 40)
    text = "Z: Matrix(v, d)\nk: Index(v)\nloss = mean(norm2(Z[k] - 1)**4 for k in batch)"
    adam = sg.Adam(learning_rate=0.1, epsilon=1e-300, lazy=True)  # theirs has no bias correction
    ours = sg.Trainer(text, {"k": labels}, parameters={"Z": start}, optimizer=adam, batch_size=8)
    table = torch.nn.Parameter(torch.tensor(start))
    theirs = torch.optim.SparseAdam([table], lr=0.1, eps=1e-300)
    for epoch in range(3):
        order = np.random.default_rng(epoch).permutation(40)
        ours.epoch(order)
        for chosen in labels[order].reshape(5, 8):
            theirs.zero_grad()
            looked_up = torch.nn.functional.embedding(torch.tensor(chosen), table, sparse=True)
            ((looked_up - 1) ** 2).sum(1).square().mean().backward()
            theirs.step()
    np.testing.assert_allclose(ours.parameters["Z"], table.detach().numpy(), rtol=1e-9)


def test_lazy_without_look_ups_moves_everything() -> None:
    text = "x: Scalar\nw: Scalar\nloss = mean((w - x)**2 for x in batch)"
    ends = [
        sg.fit(text, {"x": [1.0, 3.0]}, optimizer=sg.Adam(lazy=lazy), epochs=5).parameters["w"]
        for lazy in (True, False)
    ]
    assert ends[0] == ends[1]


ENTRIES = (
    "Z: Matrix(v, d)\nk: Index(v)\nl: Index(d)\nloss = mean((Z[k, l] - 1)**2 for k, l in batch)"
)
ONE_GRADIENT = """\
Y: Matrix(v, d)
Z: Matrix(v, d)
k: Index(v)
loss = mean(norm2(Y[k] + Z[k])**2 for k in batch)
"""
REFUSED: dict[str, tuple[Any, str]] = {
    "accumulated": (lambda: sg.Adam(lazy=True, accumulate=2), "lazy and accumulate exclude"),
    "factors": (lambda: sg.Adam(lazy=True, rate_factors={"b": 0.5}), "lazy and rate_factors"),
    "no answer": (lambda: sg.Adam(lazy=2), "lazy is 2; True or False"),  # type: ignore[arg-type]
    "compiled": (lambda: trainer(sg.Adam(lazy=True), modules="numba"), "modules='numpy'"),
    "entries": (
        lambda: sg.fit(ENTRIES, {"k": [0, 1], "l": [1, 0]}, optimizer=sg.Adam(lazy=True), epochs=1),
        "one label names each",
    ),
    "two with one gradient": (
        lambda: sg.fit(
            ONE_GRADIENT, {"k": [0, 1]}, sizes={"d": 2}, optimizer=sg.Adam(lazy=True), epochs=1
        ),
        "no other parameter has the same",
    ),
    "a script": (lambda: sg.training_source(PROGRAM, optimizer=sg.Adam(lazy=True)), "whole tables"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_lazy_says_so(case: str) -> None:
    pytest.importorskip("numba")
    made, told = REFUSED[case]
    with pytest.raises(sg.OptionError, match=told):
        made()
