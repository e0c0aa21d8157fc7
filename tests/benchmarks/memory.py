"""The peak of the memory that a training step takes, by tracemalloc."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from functools import partial
from types import ModuleType

import numpy as np

from tests.benchmarks.models import SIZES, Draw, layered_numbers
from tests.benchmarks.one_batch import Say
from tests.benchmarks.peers import YARDSTICK
from tests.benchmarks.tables import table
from tests.benchmarks.training_case import Case, Epochs

TRACED = (YARDSTICK, "symgrad")  # the memory of the others is not NumPy's
WIDEST = {
    "softmax": (0, False),
    "sigmoid-1": (1, False),
    "sigmoid-3": (3, False),
    "relu-2": (2, True),
}


def run(peers: dict[str, ModuleType], say: Say) -> None:
    """Print the peaks in MB: all that is alive in the step, but for the data and first values."""
    rows: list[list[object]] = []
    for name, (depth, relu) in WIDEST.items():
        size = SIZES["large"]
        drawn = layered_numbers(Draw(0), size.batch, [size.width] * (depth + 1) + [10])
        X, Y = drawn.pop("x"), drawn.pop("y")
        case = Case(name, depth, relu, X, Y, drawn, size.batch, "Adam")
        hand, own = (_peak(partial(peers[peer].training, case), len(X)) for peer in TRACED)
        rows.append([name, hand, own, own / hand])
    say("\n" + table(["large, Adam, float64", *(f"{p}, MB" for p in TRACED), "ratio"], rows))


def _peak(make: Callable[[], Epochs], count: int) -> float:
    order = np.arange(count)
    make().epoch(order)  # what is cached stays out of the account
    tracemalloc.start()
    try:
        epochs = make()
        epochs.epoch(order)
        tracemalloc.reset_peak()
        epochs.epoch(order)
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()
