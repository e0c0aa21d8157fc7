"""Data in chunks: the same as in one piece, also when a worker is lost. Skipped without dask."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from symgrad.errors import DataError, NotFiniteError, OptionError
from symgrad.language.parser import parse
from symgrad.training.chunks import read
from symgrad.training.fit import fit
from symgrad.training.optimizers import GD, Adam
from symgrad.training.trainer import Trainer

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


def test_a_lost_worker_changes_nothing(client: Any) -> None:
    program, options = HEAD + PROGRAMS["mean"], {"epochs": 6, "parameters": START}
    wanted = fit(program, {"x": X, "y": Y}, batch_size=None, optimizer=Adam(), **options)
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
    [({"validation": 0.2}, "data of their own"), ({"modules": "numba"}, "modules='numpy'")],
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
            optimizer=GD(learning_rate=1e200),
            epochs=9,
        )
