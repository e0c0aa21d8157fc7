"""Training on handwritten digits: time of a step, in whole epochs."""

from __future__ import annotations

import time
from collections.abc import Iterable
from types import ModuleType

import numpy as np

from symgrad.errors import SymgradError
from tests.benchmarks.agreement import difference
from tests.benchmarks.one_batch import Say
from tests.benchmarks.peers import YARDSTICK
from tests.benchmarks.tables import table
from tests.benchmarks.timing import compared
from tests.benchmarks.training_case import Case, Epochs, cases

CHECKED = 3  # epochs whose parameters are compared
TOLERANCE = {"float64": 1e-8, "float32": 2e-2}


def run(peers: dict[str, ModuleType], dtypes: Iterable[str], rounds: int, say: Say) -> None:
    """Print a table for each type: microseconds of a step by hand, then ratios to it."""
    for dtype in dtypes:
        rows = [_row(peers, case, dtype, rounds, say) for case in cases(dtype)]
        others = [name for name in peers if name != YARDSTICK]
        say(f"\n{dtype}, 1437 digits of 64 pixels\n")
        say(table(["model, batch, optimizer", "by hand, us a step", *others], rows))


def _row(
    peers: dict[str, ModuleType], case: Case, dtype: str, rounds: int, say: Say
) -> list[object]:
    title = f"{case.name}, {case.batch}, {case.optimizer}"
    orders = [np.random.default_rng(k).permutation(len(case.X)) for k in range(CHECKED)]
    running: dict[str, Epochs] = {}
    wanted = None
    for name, peer in peers.items():
        try:
            epochs: Epochs = peer.training(case)
            for order in orders:
                epochs.epoch(order)
        except SymgradError as error:
            say(f"{name}, {title}: {error}")
            continue
        found = (0.0, {n: np.array(a) for n, a in epochs.parameters().items()})
        wanted = wanted or found
        if (off := difference(found, wanted)) > TOLERANCE[dtype]:
            say(f"{name}, {title}: parameters differ by {off:.0e}; it is not timed")
            continue
        running[name] = epochs
    seconds: dict[str, list[float]] = {name: [] for name in running}
    for k in range(rounds):
        for name, epochs in running.items():
            start = time.process_time()
            epochs.epoch(orders[k % CHECKED])
            seconds[name].append((time.process_time() - start) / case.steps)
    timed = compared(seconds)
    ratios = [timed[name].ratio if name in timed else None for name in peers if name != YARDSTICK]
    return [title, timed[YARDSTICK].seconds * 1e6, *ratios]
