"""Comparing the time of several calls.

A round times a block of calls of each, one after another, in CPU time; a ratio is taken within a
round, so that what slows the machine down for a while slows both. Medians over the rounds.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Call = Callable[[], object]


@dataclass(frozen=True)
class Timed:
    """Seconds of one call, and how many times as long it took as the first of the comparison."""

    seconds: float
    ratio: float


def compare(calls: Mapping[str, Call], rounds: int = 9, block: float = 0.004) -> dict[str, Timed]:
    """Each call beside the first; `block` is how many seconds a block takes, at least one call."""
    counts = {name: _count(call, block) for name, call in calls.items()}
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, call in calls.items():
                seconds[name].append(_block(call, counts[name]) / counts[name])
    finally:
        gc.enable()
    return compared(seconds)


def compared(seconds: Mapping[str, list[float]]) -> dict[str, Timed]:
    """Medians of rounds that were timed elsewhere."""
    first = next(iter(seconds.values()))
    return {
        name: Timed(
            statistics.median(own),
            statistics.median(a / b for a, b in zip(own, first, strict=True)),
        )
        for name, own in seconds.items()
    }


def _count(call: Call, block: float) -> int:
    """How many calls fill a block; the first calls, which may compile, are not counted."""
    for _ in range(3):
        call()
    count, taken = 1, _block(call, 1)
    while taken < block / 4:
        count *= 2
        taken = _block(call, count)
    return max(1, round(count * block / taken))


def _block(call: Call, count: int) -> float:
    start = time.process_time()
    for _ in range(count):
        call()
    return time.process_time() - start
