"""Data in chunks: the same as in one piece, also when a worker is lost. Skipped without dask."""

from __future__ import annotations

import doctest
import math
import os
import pickle
import signal
import threading
import time
import tracemalloc
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad import models
from symgrad.errors import DataError, NotFiniteError, OptionError
from symgrad.language.parser import parse
from symgrad.training.chunks.gradients import ChunkGradients
from symgrad.training.chunks.sources import Fetched, read
from symgrad.training.fit import fit
from symgrad.training.optimizers import GD, SGD, Adam
from symgrad.training.steps.minibatches import Minibatches
from symgrad.training.steps.totals import weighted
from symgrad.training.steps.weights import weighed
from symgrad.training.trainer import Trainer
from symgrad.training.validation import divided_data

dask = pytest.importorskip("dask")
dask_array = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("default")  # dask's own, on a worker's death

PROGRAMS = {
    "mean": "loss = mean(norm2(y - W @ x)**2 for x, y in batch) + 0.1 * norm2(W)**2",
    "sum": "loss = 0.5 * sum(norm2(y - tanh(W @ x))**2 for x, y in batch)",
    "both": "r = y - W @ x\nfit = mean(norm2(r)**2 for x, y in batch)\n"
    "loss = sqrt(fit) + norm1(W) * sum(x.T @ x for x in batch) + v.T @ v",
}
HEAD = "x: Vector(d)\ny: Vector(k)\nW: Matrix(k, d)\nv: Vector(h)\n"
CURVED = (
    HEAD
    + """fit = mean(norm2(y - W @ x)**2 for x, y in batch)
bent = sqrt(fit + norm2(v)**2) * log(1 + fit) + (v.T @ v)**2
loss = bent + exp(-fit) * sum(log(1 + exp(sum(W @ x))) for x in batch) / 50"""
)
COUNT, CHUNKS = 203, 20
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(COUNT, 5)), RNG.normal(size=(COUNT, 3))
START = {"W": RNG.normal(size=(3, 5)), "v": RNG.normal(size=4)}
EDGES = np.linspace(0, COUNT, CHUNKS + 1).astype(int)
PIECES = tuple(int(n) for n in np.diff(EDGES))


def arrays() -> dict[str, Any]:
    return {
        "x": dask_array.from_array(X, chunks=(PIECES, 2)),
        "y": dask_array.from_array(Y, chunks=(50, 3)),
    }


def arrays_of(data: dict[str, Any]) -> dict[str, Any]:
    return {n: dask_array.from_array(a, chunks=(PIECES, *a.shape[1:])) for n, a in data.items()}


def slow_pieces(seconds: float) -> list[Any]:
    """The data as delayed mappings, each of which takes a while to read."""

    def read(k: int) -> dict[str, Any]:
        time.sleep(seconds)
        rows = slice(EDGES[k], EDGES[k + 1])
        return {"x": X[rows], "y": Y[rows]}

    return [dask.delayed(read)(k) for k in range(CHUNKS)]


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def one_step(program: str, data: Any) -> Trainer:
    problem = parse(HEAD + program)
    chunks = read(problem, data, "float64", ("W", "v"))
    assert len(chunks.chunks) == CHUNKS
    return Trainer(problem, chunks, parameters=START, optimizer=GD(learning_rate=1.0))


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_gradient_is_that_of_one_piece(name: str, client: Any) -> None:
    trainer = one_step(PROGRAMS[name], arrays())
    whole = Trainer(
        HEAD + PROGRAMS[name],
        {"x": X, "y": Y},
        parameters=START,
        optimizer=GD(learning_rate=1.0),
        batch_size=None,
    )
    assert trainer.epoch() == pytest.approx(whole.epoch(), rel=1e-12)
    before = np.concatenate([START["W"].ravel(), START["v"]])
    found, wanted = before - trainer.flat, before - whole.flat  # the rate is 1
    assert np.abs(found - wanted).max() <= 1e-12 * np.abs(wanted).max()


def test_lbfgs_goes_as_on_one_piece(here: None) -> None:
    options: dict[str, Any] = {"parameters": START, "optimizer": sg.LBFGS(), "epochs": 4}
    program = HEAD + PROGRAMS["mean"]
    found, wanted = fit(program, arrays(), **options), fit(program, {"x": X, "y": Y}, **options)
    assert found.history.losses == pytest.approx(wanted.history.losses, rel=1e-9)
    assert np.abs(found.parameters["W"] - wanted.parameters["W"]).max() <= 1e-6


def test_newton_goes_as_on_one_piece(here: None) -> None:
    options: dict[str, Any] = {"parameters": START, "optimizer": sg.Newton(), "batch_size": None}
    found = Trainer(CURVED, arrays(), sample_weight=TIMES, **options)
    whole = Trainer(CURVED, {"x": X, "y": Y}, sample_weight=TIMES, **options)
    for _ in range(2):
        assert found.epoch() == pytest.approx(whole.epoch(), rel=1e-9)
    assert np.abs(found.flat - whole.flat).max() <= 1e-6 * np.abs(whole.flat).max()


def test_products_with_the_hessian_are_those_of_one_piece(here: None) -> None:
    found, whole = (sg.objective(CURVED, data, START) for data in (arrays(), {"x": X, "y": Y}))
    x, v = whole.x0 + 0.1, np.random.default_rng(3).normal(size=len(whole.x0))
    wanted = whole.hessian_product(x, v)
    assert np.abs(found.hessian_product(x, v) - wanted).max() <= 1e-12 * np.abs(wanted).max()


def test_a_lost_worker_changes_nothing(client: Any) -> None:
    program = HEAD + PROGRAMS["mean"]
    options: dict[str, Any] = {"epochs": 6, "parameters": START, "batch_size": None}
    wanted = fit(program, {"x": X, "y": Y}, optimizer=Adam(), **options)
    with dask.config.set(scheduler="synchronous"):
        unbroken = fit(program, slow_pieces(0), optimizer=Adam(), **options)
    processes = list(client.run(os.getpid).values())
    killed = threading.Event()

    def kill() -> None:
        os.kill(processes[0], signal.SIGKILL)
        killed.set()

    def progress(epoch: int, epochs: int, loss: float) -> None:
        if epoch == 2:  # in the middle of the third epoch, which takes about 0.2 s
            threading.Timer(0.08, kill).start()

    found = fit(program, slow_pieces(0.02), optimizer=Adam(), progress=progress, **options)
    assert killed.is_set() and found.epochs == 6
    assert processes[0] not in client.run(os.getpid).values()
    for name in START:
        assert np.abs(found.parameters[name] - wanted.parameters[name]).max() <= 1e-12
    assert found.history.losses == pytest.approx(wanted.history.losses, rel=1e-12)
    assert found.history.losses == unbroken.history.losses


@pytest.fixture
def here() -> Iterator[None]:
    """dask in this process: no cluster is needed."""
    with dask.config.set(scheduler="synchronous"):
        yield


def test_labels_are_counted_over_all_chunks(here: None) -> None:
    program = "v: Index(n)\nt: Scalar\nZ: Matrix(n, 2)\n"
    program += "loss = mean((sum(Z[v]) - t)**2 for v, t in batch)"
    labels, t = np.array([0, 1, 0, 2, 6, 1]), np.arange(6.0)
    data = {"v": dask_array.from_array(labels, chunks=2), "t": dask_array.from_array(t, chunks=2)}
    options: dict[str, Any] = {"epochs": 5, "batch_size": None, "seed": 3, "optimizer": Adam()}
    found = fit(program, data, **options).parameters["Z"]
    assert found.shape == (7, 2)
    assert np.allclose(found, fit(program, {"v": labels, "t": t}, **options).parameters["Z"])


def test_constants_and_the_list_of_chunks_in_a_mapping(here: None) -> None:
    program = HEAD + "lam: Scalar\nloss = mean(norm2(y - W @ x)**2 for x, y in batch)"
    program += " + lam * norm2(W)**2"
    start = {"W": START["W"]}
    options: dict[str, Any] = {"epochs": 3, "batch_size": None, "parameters": start}
    options["optimizer"] = Adam()
    one = fit(program, {"x": X, "y": Y, "lam": 0.5, "v": np.zeros(4)}, **options)
    split = fit(program, {"batch": slow_pieces(0), "lam": 0.5, "v": np.zeros(4)}, **options)
    mixed = fit(program, {**arrays(), "y": Y, "lam": 0.5, "v": np.zeros(4)}, **options)
    for found in (split, mixed):
        assert np.abs(found.parameters["W"] - one.parameters["W"]).max() <= 1e-12


def test_validation_and_single_precision(here: None) -> None:
    held_out = {"x": X[:9], "y": Y[:9]}
    result = fit(
        HEAD + PROGRAMS["mean"],
        arrays(),
        parameters=START,
        epochs=4,
        dtype="float32",
        validation=held_out,
        patience=3,
    )
    assert result.parameters["W"].dtype == np.float32
    assert len(result.history.validation) == 4


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"modules": "numba"}, "modules='numpy'"),
        ({"validation": 0.2, "metric": max}, "max takes all examples at once, which are in chunks"),
        ({"validation": 0.2, "metric": "loss"}, "loss takes all examples at once"),
    ],
)
def test_what_is_not_done_with_chunks(here: None, options: dict[str, Any], text: str) -> None:
    with pytest.raises(OptionError, match=text):
        fit(HEAD + PROGRAMS["mean"], arrays(), parameters=START, **options)


def test_lengths_that_differ_are_told(here: None) -> None:
    with pytest.raises(DataError, match=r"x has shape \(203, 5\), y has shape \(9, 3\)"):
        fit(HEAD + PROGRAMS["mean"], {**arrays(), "y": Y[:9]}, parameters=START)


def test_a_chunk_that_is_not_finite_is_told(here: None) -> None:
    bad = X.copy()
    bad[150, 2] = np.nan
    data = {"x": dask_array.from_array(bad, chunks=(50, 5)), "y": Y}
    with pytest.raises(NotFiniteError, match="x is nan"):
        fit(HEAD + PROGRAMS["mean"], data, parameters=START)


def test_a_rate_too_large_is_told(here: None) -> None:
    with pytest.raises(NotFiniteError, match="learning rate"):
        fit(
            HEAD + PROGRAMS["sum"].replace("tanh", ""),
            arrays(),
            parameters=START,
            batch_size=None,
            optimizer=GD(learning_rate=1e200),
            epochs=9,
        )


# minibatches

LINEAR = HEAD + PROGRAMS["sum"]


def trainer(data: Any, batch_size: int | None, **options: Any) -> Trainer:
    given = {"parameters": START, "optimizer": Adam(learning_rate=0.01), **options}
    return Trainer(LINEAR, data, batch_size=batch_size, **given)


def rows_in_order(order: Any, seed: int, epoch: int) -> Any:
    """The examples of an epoch: within chunk k their order is drawn from (seed, epoch, k)."""
    within = (np.random.default_rng([seed, epoch, k]).permutation(PIECES[k]) for k in order)
    return np.concatenate([EDGES[k] + rows for k, rows in zip(order, within, strict=True)])


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("size", [1, 4, 10])
def test_minibatches_are_those_of_arrays_in_this_order(
    here: None, size: int, drop_last: bool
) -> None:
    """Chunks have 10 or 11 examples: what is left of one goes on in the next."""
    options = {"drop_last": drop_last, "seed": 5}
    found, whole = trainer(arrays(), size, **options), trainer({"x": X, "y": Y}, size, **options)
    for epoch in range(2):
        order = np.random.default_rng(epoch).permutation(CHUNKS)
        wanted = whole.epoch(rows_in_order(order, 5, epoch))
        assert found.epoch(order) == pytest.approx(wanted, rel=1e-13)
    assert np.abs(found.flat - whole.flat).max() <= 1e-13


@pytest.mark.parametrize("size", [11, 35])
def test_steps_of_whole_chunks_add_up_to_the_gradient(here: None, size: int) -> None:
    """Each counts as much as its share of the examples in the gradient of all."""
    data = read(parse(LINEAR), arrays(), "float64", ("W", "v"))
    start = {name: value.copy() for name, value in START.items()}
    chunks, order = size // max(PIECES), np.random.default_rng(1).permutation(CHUNKS)
    problem, weight = weighted(parse(LINEAR))
    steps = ChunkGradients(problem, Minibatches(data, start, size, False, weight))
    whole = ChunkGradients(parse(LINEAR), Minibatches(data, start, COUNT, False))
    steps.begin(order)
    shares = [
        sum(PIECES[k] for k in order[first : first + chunks]) / COUNT
        for first in range(0, CHUNKS, chunks)
    ]
    each = [steps.of(step) for step in range(steps.count)]
    loss, slope = whole.of(0)
    assert len(each) == len(shares) == -(-CHUNKS // chunks)
    assert sum(c * value for c, (value, _) in zip(shares, each, strict=True)) == pytest.approx(loss)
    total = sum(c * flat for c, (_, flat) in zip(shares, each, strict=True))
    assert np.abs(total - slope).max() <= 1e-12 * np.abs(slope).max()


@pytest.mark.parametrize("size", [4, 30])
def test_a_loss_that_is_no_sum_is_refused(here: None, size: int) -> None:
    with pytest.raises(OptionError, match="is not linear in its sums"):
        Trainer(HEAD + PROGRAMS["both"], arrays(), parameters=START, batch_size=size)


DIVIDED = (
    HEAD
    + """m = mean(x for x in batch)
s = mean(norm2(x - m)**2 for x in batch)
r = y - W @ (x - m) / sqrt(s)
c = 1 + norm2(y)
loss = sum(c * norm2(r)**2 for x, y in batch) / sum(c for y in batch) + norm2(v)**2"""
)


PAIRS = [sum(PIECES[k : k + 2]) for k in range(0, CHUNKS, 2)]
STEPS = {None: [COUNT], 4: [4] * 50 + [3], 30: PAIRS}  # the examples of each step of an epoch


@pytest.mark.parametrize("size", [None, 4, 30])
def test_sums_of_the_data_are_those_of_all_chunks(here: None, size: int | None) -> None:
    """They are numbers of the whole data in each step, so that the steps add up to its gradient."""
    options: dict[str, Any] = {"parameters": START, "optimizer": SGD(learning_rate=1.0)}
    found = Trainer(DIVIDED, arrays(), batch_size=size, **options)
    whole = Trainer(DIVIDED, {"x": X, "y": Y}, batch_size=None, **options)
    gradients = found._steps._gradients
    each = [(v, g.copy()) for v, g in map(gradients.of, range(gradients.count))]
    loss, before = whole.epoch(), np.concatenate([START["W"].ravel(), START["v"]])
    assert np.average([v for v, _ in each], weights=STEPS[size]) == pytest.approx(loss, rel=1e-12)
    slope = np.average([g for _, g in each], axis=0, weights=STEPS[size])
    assert np.abs(slope - (before - whole.flat)).max() <= 1e-12 * np.abs(slope).max()


@pytest.mark.parametrize("size", [4, 30])
def test_an_epoch_goes_on_from_its_state(here: None, size: int) -> None:
    unbroken, broken, other = (trainer(arrays(), size, seed=2) for _ in range(3))
    for one in (unbroken, broken):
        one.epoch()
        one.begin()
        one.advance(3)
    other.load_state_dict(broken.state_dict())
    copied = pickle.loads(pickle.dumps(broken))
    for one in (unbroken, other, copied):
        one.advance()
        one.epoch()
    assert (unbroken.flat == other.flat).all() and (unbroken.flat == copied.flat).all()


class Source:
    """Chunks that are made one after another, and how many were."""

    def __init__(self, chunks: int, rows: int) -> None:
        self.read, self.rows = 0, rows
        self.data = [dask.delayed(self._read)(k) for k in range(chunks)]

    def _read(self, k: int) -> dict[str, Any]:
        self.read += 1
        rng = np.random.default_rng(k)
        x = rng.normal(size=(self.rows, 20))
        return {"x": x, "t": np.tanh(x @ np.linspace(-1, 1, 20)) + rng.normal(size=self.rows) / 10}


class Alive:
    """How many chunks that a training has loaded are alive, now and at most."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = self.most = self.loaded = 0
        computed = Fetched._computed
        lock = threading.Lock()

        def counted(fetched: Fetched, chunk: int) -> Any:
            arrays = computed(fetched, chunk)
            with lock:
                self.loaded, self.now = self.loaded + 1, self.now + 1
                self.most = max(self.most, self.now)
            weakref.finalize(arrays["x"], self._freed)
            return arrays

        monkeypatch.setattr(Fetched, "_computed", counted)

    def _freed(self) -> None:
        self.now -= 1


def test_two_chunks_are_alive_at_most(here: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the chunks that are loaded, and of all bytes that the process has."""
    options: dict[str, Any] = {"optimizer": Adam(learning_rate=0.01), "check": False}
    network = models.mlp([20, 4, 1], activation="tanh")
    fit(network, Source(1, 10).data, **options)  # SymPy imports modules for the first equations
    source, alive = Source(12, 5000), Alive(monkeypatch)
    tracemalloc.start()
    try:
        result = fit(network, source.data, batch_size=500, epochs=2, **options)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert result.history.losses[-1] < result.history.losses[0]
    assert source.read == 12 * 3  # a look at each, and two epochs
    assert alive.loaded == 12 * 2 and alive.most <= 2 and alive.now == 0
    of_a_chunk = 5000 * 21 * 8
    assert most < 5 * of_a_chunk  # beside the two what a chunk is checked with: copies of it


def test_minibatch_adam_is_as_good_as_in_memory(here: None) -> None:
    source = Source(10, 400)
    whole = [chunk.compute() for chunk in source.data]
    arrays = {name: np.concatenate([chunk[name] for chunk in whole]) for name in "xt"}
    options: dict[str, Any] = {"optimizer": Adam(learning_rate=0.01), "epochs": 8, "seed": 1}
    network = models.mlp([20, 4, 1], activation="tanh")
    in_memory = fit(network, arrays, batch_size=32, **options)
    chunked = fit(network, source.data, **options)  # 32 is the default, of chunks too
    last = [sg.evaluate(network, arrays | r.parameters) for r in (in_memory, chunked)]
    assert last[1] == pytest.approx(last[0], rel=0.02)
    assert chunked.history.losses[-1] == pytest.approx(in_memory.history.losses[-1], rel=0.02)


def test_a_lost_worker_changes_no_minibatch(client: Any) -> None:
    options: dict[str, Any] = {"parameters": START, "batch_size": 4, "seed": 3, "epochs": 3}
    with dask.config.set(scheduler="synchronous"):
        wanted = fit(LINEAR, slow_pieces(0), **options)
    processes = list(client.run(os.getpid).values())
    killed = threading.Event()

    def kill() -> None:
        os.kill(processes[1], signal.SIGKILL)
        killed.set()

    def callback(report: sg.EpochReport) -> None:
        if report.epoch == 1:
            threading.Timer(0.05, kill).start()

    found = fit(LINEAR, slow_pieces(0.01), callbacks=[callback], **options)
    assert killed.is_set() and processes[1] not in client.run(os.getpid).values()
    assert found.history.losses == wanted.history.losses
    assert all((found.parameters[name] == wanted.parameters[name]).all() for name in START)


def test_a_trainer_loads_no_more_than_it_needs(here: None, monkeypatch: pytest.MonkeyPatch) -> None:
    source, alive = Source(6, 50), Alive(monkeypatch)
    loaded = dask_array.concatenate(
        [dask_array.from_delayed(chunk["x"], (50, 20), float) for chunk in source.data]
    )
    t = np.zeros(300)
    start = {"w": np.ones(20), "b": 0.0}
    Trainer(models.linear(), {"x": loaded, "t": t}, parameters=start, batch_size=10).epoch()
    assert (source.read, alive.loaded) == (12, 6) and alive.most <= 2
    with pytest.raises(DataError, match="every step would load all of it"):
        fit("A: Matrix(m, n, data=True)\nw: Vector(n)\nloss = norm2(A @ w)**2", {"A": loaded})


def test_validation_in_chunks_is_the_loss_of_all(here: None) -> None:
    options: dict[str, Any] = {"parameters": START, "epochs": 2, "batch_size": 20}
    held_out = {"x": dask_array.from_array(X[:50], chunks=7), "y": Y[:50]}
    found = fit(LINEAR, arrays(), validation=held_out, **options).history.validation
    wanted = fit(LINEAR, arrays(), validation={"x": X[:50], "y": Y[:50]}, **options)
    assert found == pytest.approx(wanted.history.validation, rel=1e-12)


def test_a_chunk_that_changes_is_told(here: None) -> None:
    source = Source(4, 20)
    trainer = Trainer(
        models.linear(), source.data, parameters={"w": np.ones(20), "b": 0.0}, batch_size=10
    )
    source.rows = 19
    with pytest.raises(DataError, match=r"chunk \d had 20 examples, now it has 19"):
        trainer.epoch()


def test_empty_chunks_are_left_out(here: None) -> None:
    start = {"w": np.ones(20), "b": 0.0}
    with_empty = [Source(1, rows).data[0] for rows in (0, 7, 0, 5)]
    trainer = Trainer(models.linear(), with_empty, parameters=start, batch_size=4)
    assert math.isfinite(trainer.epoch()) and len(trainer.state_dict()["flat"]) == 21
    with pytest.raises(DataError, match="the chunks hold no examples"):
        Trainer(models.linear(), with_empty[:1], parameters=start)


# weights and shares

TIMES = np.random.default_rng(7).integers(0, 4, COUNT)
WEIGHTS = {
    "an array": lambda: TIMES,
    "dask's in other chunks": lambda: dask_array.from_array(TIMES, chunks=17),
    "chunks of no known sizes": lambda: dask_array.concatenate(
        [
            dask_array.from_array(piece, chunks=-1)[piece >= 0]
            for piece in np.split(TIMES, EDGES[1:-1])
        ]
    ),
}


@pytest.mark.parametrize("kind", WEIGHTS)
def test_a_weight_in_chunks_counts_as_in_memory(here: None, kind: str) -> None:
    options: dict[str, Any] = {"parameters": START, "optimizer": SGD(learning_rate=1.0)}
    data = {"x": X, "y": Y}
    found = Trainer(DIVIDED, arrays(), batch_size=None, sample_weight=WEIGHTS[kind](), **options)
    whole = Trainer(DIVIDED, data, batch_size=None, sample_weight=TIMES, **options)
    assert found.epoch() == pytest.approx(whole.epoch(), rel=1e-12)
    assert np.abs(found.flat - whole.flat).max() <= 1e-12 * np.abs(whole.flat).max()


@pytest.mark.parametrize("size", [4, 30])
def test_weighted_steps_add_up(here: None, size: int) -> None:
    options: dict[str, Any] = {"parameters": START, "sample_weight": TIMES}
    found, whole = (Trainer(LINEAR, arrays(), batch_size=n, **options) for n in (size, None))
    loss, slope = whole._steps._gradients.of(0)
    gradients = found._steps._gradients
    each = [(v, g.copy()) for v, g in map(gradients.of, range(gradients.count))]
    assert np.average([v for v, _ in each], weights=STEPS[size]) == pytest.approx(loss, rel=1e-12)
    total = np.average([g for _, g in each], axis=0, weights=STEPS[size])
    assert np.abs(total - slope).max() <= 1e-12 * np.abs(slope).max()


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(9), r"sample_weight has shape \(9,\); a number for each of 203 examples"),
        (np.where(TIMES == 3, -1, 1), r"sample_weight, chunk \d: entry \d is -1; numbers from 0"),
        (np.zeros(COUNT), "sample_weight: all are zero"),
    ],
)
@pytest.mark.parametrize("given", [np.asarray, dask_array.asarray])
def test_weights_that_fit_no_chunks(here: None, weights: Any, message: str, given: Any) -> None:
    with pytest.raises(DataError, match=message):
        Trainer(LINEAR, arrays(), parameters=START, sample_weight=given(weights))


LINE = "x: Scalar\nw: Scalar\nloss = mean((w - x)**2 for x in batch)"


def test_a_share_of_each_chunk_is_held_out(here: None) -> None:
    """Training and validation data are all data, each example once, with its weight."""
    data = {"x": dask_array.from_array(np.arange(COUNT * 1.0), chunks=(PIECES,))}
    problem = parse(LINE)
    whole = weighed(read(problem, data, "float64", ("w",)), np.arange(COUNT), "float64")
    sides = divided_data(problem, whole, 0.1, "float64", ("w",), 3)
    rows = [[chunk["x"] for chunk in dask.compute(*side.chunks)] for side in sides]
    weights = [dask.compute(*side.weight_parts) for side in sides]
    for side, parts, own in zip(sides, rows, weights, strict=True):
        assert tuple(map(len, parts)) == side.sizes
        np.testing.assert_array_equal(np.concatenate(parts), np.concatenate(own))
        np.testing.assert_array_equal(side.weights, [part.sum() for part in own])
    assert [side.total for side in sides] == [183, 20]
    both = np.concatenate([np.concatenate(parts) for parts in rows])
    np.testing.assert_array_equal(np.sort(both), np.arange(COUNT))
    again = divided_data(problem, whole, 0.1, "float64", ("w",), 4)[1]
    assert [c["x"].tolist() for c in dask.compute(*again.chunks)] != [r.tolist() for r in rows[1]]
    with pytest.raises(DataError, match=r"validation=0.001 of 203 examples leaves none on one"):
        fit(problem, data, validation=0.001)


def test_the_score_is_that_of_the_share(here: None) -> None:
    data = {"x": dask_array.from_array(np.arange(40.0), chunks=8)}
    options: dict[str, Any] = {"optimizer": SGD(learning_rate=1e-9), "epochs": 1, "seed": 3}
    options |= {"parameters": {"w": 0}, "validation": 0.25}
    weights = np.where(np.arange(40) % 8 == 0, 1.0, 0.5)
    result = fit(LINE, data, sample_weight=weights, **options)
    held = [8 * k + np.random.default_rng([3, 1, k]).permutation(8)[:2] for k in range(5)]
    rows = np.concatenate(held)
    wanted = np.average(rows**2.0, weights=weights[rows])
    assert result.history.validation == [pytest.approx(wanted, rel=1e-6)]


LOGISTIC = """x: Vector(d)
t: Scalar
w: Vector(d)
p = sigmoid(w.T @ x)
loss = -mean(t * log(p) + (1 - t) * log(1 - p) for x, t in batch)"""


@pytest.mark.parametrize("metric", ["accuracy", "abs(t - p)"])
def test_a_metric_in_chunks_is_that_in_memory(here: None, metric: str) -> None:
    t = np.where(Y[:, 0] > 0, 1.0, 0.0)
    options: dict[str, Any] = {"parameters": {"w": np.ones(5)}, "metric": metric, "epochs": 2}
    options |= {"optimizer": SGD(learning_rate=0.1), "batch_size": None, "sample_weight": TIMES}
    held_out = {"x": X[:50], "t": t[:50]}
    chunked = {"x": dask_array.from_array(held_out["x"], chunks=7), "t": held_out["t"]}
    data = {"x": X, "t": t}
    found = fit(LOGISTIC, arrays_of(data), validation=chunked, **options)
    wanted = fit(LOGISTIC, data, validation=held_out, **options)
    assert found.history.scores == pytest.approx(wanted.history.scores, rel=1e-12)
    assert found.validation is not None and wanted.validation is not None
    np.testing.assert_array_equal(found.validation.confusion, wanted.validation.confusion)
    share = fit(LOGISTIC, arrays_of(data), validation=0.5, **options)
    assert share.validation is not None and share.validation.score is not None


def test_labels_that_are_no_classes_have_no_accuracy(here: None) -> None:
    t = np.where(Y[:, 0] > 0, 1.0, 0.0)
    t[190] = 0.5
    data = {"x": dask_array.from_array(X, chunks=(10, 5)), "t": t}
    with pytest.raises(DataError, match="metric: t has 0.5 in a chunk, which is no class"):
        fit(LOGISTIC, data, validation=data, metric="accuracy", epochs=1)


# files


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The same examples in three files of CSV, and of Parquet, with a column that is none of
    them."""
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    dataframe = pytest.importorskip("dask.dataframe")
    folder = tmp_path_factory.mktemp("frames")
    names = {"x": [f"x{k + 1}" for k in range(5)], "y": ["y1", "y2", "y3"]}
    table = pandas.DataFrame(X, columns=names["x"])
    table[names["y"]], table["label"] = Y, np.where(Y[:, 0] > 0, "yes", "no")
    (folder / "parquet").mkdir()
    for k, rows in enumerate(np.array_split(np.arange(COUNT), 3)):
        part = table.iloc[rows]
        part.to_csv(folder / f"{k}.csv", index=False)
        part.to_parquet(folder / "parquet" / f"{k}.parquet")
    return {
        "csv": dataframe.read_csv(str(folder / "*.csv")),
        "parquet": dataframe.read_parquet(folder / "parquet"),
    }


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("size", [None, 32])
def test_files_give_what_arrays_in_their_chunks_give(
    here: None, frames: dict[str, Any], kind: str, size: int | None
) -> None:
    options: dict[str, Any] = {"parameters": START, "epochs": 2, "batch_size": size}
    pieces = tuple(map(len, np.array_split(np.arange(COUNT), 3)))
    data = {"x": dask_array.from_array(X, chunks=(pieces, 5)), "y": Y}
    wanted, found = fit(LINEAR, data, **options), fit(LINEAR, frames[kind], **options)
    assert found.history.losses == pytest.approx(wanted.history.losses, rel=1e-12)


def test_what_is_no_column_is_told(here: None, frames: dict[str, Any]) -> None:
    program = "x: Vector(d)\n{0}: Scalar\nw: Vector(d)\n"
    program += "loss = mean(({0} - w.T @ x)**2 for x, {0} in batch)"
    with pytest.raises(DataError, match="row 0, column label: '(no|yes)' is no number"):
        fit(program.format("label"), frames["csv"])
    with pytest.raises(DataError, match="no column t"):
        fit(program.format("t"), frames["csv"])
    with pytest.raises(DataError, match="a mapping from name to array"):
        fit(program.format("y1"), dask_array.asarray(X))


def test_the_page_about_chunks() -> None:
    page = Path(__file__).parent.parent.parent / "docs" / "dask.md"
    assert doctest.testfile(str(page), module_relative=False).failed == 0
