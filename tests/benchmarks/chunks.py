"""Training on data in chunks beside arrays in memory: `python -m tests.benchmarks.chunks`.

A perceptron of widths 20, 32, 1 and a million examples in twenty files of NumPy, of 8.4 MB each.
Every line is a process of its own; printed are seconds of an epoch (the shortest of three), the
growth of the process's memory in MB from before the data are touched, and the mean loss of the last
epoch. On the cluster, of two processes, the memory is that of the process that trains.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import symgrad as sg
from tests.benchmarks.tables import table

CHUNKS, ROWS, WIDTH = 20, 50_000, 20
EPOCHS = 3
WAYS: dict[str, tuple[str, int | None]] = {  # where dask runs its tasks, and the batch size
    "arrays, minibatches of 256": ("none", 256),
    "chunks, minibatches of 256": ("here", 256),
    "chunks on a cluster, minibatches of 256": ("cluster", 256),
    "arrays, a step per 50,000": ("none", ROWS),
    "chunks on a cluster, a step per chunk": ("cluster", ROWS),
    "arrays, all in one step": ("none", None),
    "chunks on a cluster, all in one step": ("cluster", None),
}


def write(folder: Path) -> None:
    """The files: the last column is the target."""
    for k in range(CHUNKS):
        rng = np.random.default_rng(k)
        x = rng.normal(size=(ROWS, WIDTH))
        t = np.sin(x @ np.linspace(-1, 1, WIDTH)) + 0.1 * rng.normal(size=ROWS)
        np.save(folder / f"{k}.npy", np.column_stack([x, t]))


def load(file: str) -> dict[str, Any]:
    """What a chunk is read by."""
    array = np.load(file)
    return {"x": array[:, :WIDTH], "t": array[:, WIDTH]}


def peak() -> float:
    """The most memory that the process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def tasks(where: str) -> Iterator[None]:
    """dask's tasks in this process, or on a cluster of two others."""
    import dask

    if where != "cluster":
        with dask.config.set(scheduler="synchronous"):
            yield
        return
    from distributed import Client, LocalCluster

    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(**options) as cluster, Client(cluster):
        yield


def measure(way: str, folder: str) -> None:
    """Print the numbers of one way."""
    import dask

    where, size = WAYS[way]
    files = [str(Path(folder, f"{k}.npy")) for k in range(CHUNKS)]
    problem = sg.models.mlp([WIDTH, 32, 1], activation="tanh")
    few = {name: array[:100] for name, array in load(files[0]).items()}
    with tasks(where):
        sg.fit(problem, few, batch_size=50, epochs=1)  # imports are no part of it
        before = peak()
        if where == "none":
            chunks = [load(file) for file in files]
            data: Any = {n: np.concatenate([chunk.pop(n) for chunk in chunks]) for n in "xt"}
        else:
            data = [dask.delayed(load)(file) for file in files]
        history = sg.fit(problem, data, batch_size=size, epochs=EPOCHS, optimizer="adam").history
        grown = peak() - before
    seconds = min(np.diff([0.0, *history.seconds]))
    print(seconds, grown, history.losses[-1])


def main() -> None:
    """One line for each way."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        for way in WAYS:
            command = [sys.executable, "-m", "tests.benchmarks.chunks", way, folder]
            begun = time.monotonic()
            found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            seconds, grown, loss = map(float, found.stdout.split())
            rows.append([way, f"{seconds:.2f}", f"{grown:.0f}", f"{loss:.4f}"])
            print(f"{way}: {time.monotonic() - begun:.0f} s", file=sys.stderr)
    print(f"{os.cpu_count()} cores; all data: {CHUNKS * ROWS * (WIDTH + 1) * 8 / 1e6:.0f} MB\n")
    print(table(["", "seconds an epoch", "memory, MB", "loss"], rows))


if __name__ == "__main__":
    measure(*sys.argv[1:]) if sys.argv[1:] else main()
