"""The table: microseconds by hand, the ratios to it, and the peaks of memory."""

from __future__ import annotations

import pkgutil
import tracemalloc
from collections.abc import Iterable, Mapping
from importlib import import_module

import numpy as np

from symgrad.errors import SymgradError
from tests.benchmarks.agreement import TOLERANCE, copied, difference
from tests.benchmarks.one_batch import Say
from tests.benchmarks.peers import YARDSTICK
from tests.benchmarks.tables import table
from tests.benchmarks.timing import Call, compare
from tests.benchmarks.untuned import works
from tests.benchmarks.untuned.work import Work

TRACED = (YARDSTICK, "symgrad")  # the memory of the others is not NumPy's

OF_ARRAYS = tracemalloc.DomainFilter(True, np.lib.tracemalloc_domain)


def known() -> dict[str, Work]:
    """Every piece of work by its name."""
    modules = [
        import_module(f"{works.__name__}.{m.name}") for m in pkgutil.iter_modules(works.__path__)
    ]
    return {work.name: work for module in modules for work in module.WORKS}


def run(peers: Iterable[str], chosen: Iterable[str] | None, rounds: int, say: Say) -> None:
    """Print a row for each piece of work."""
    everything = known()
    rows = [_row(everything[name], list(peers), rounds, say) for name in chosen or everything]
    others = [name for name in peers if name != YARDSTICK]
    head = ["work", "by hand, us", *others, *(f"{name}, MB" for name in TRACED)]
    say("\n" + table(head, rows))


def _row(work: Work, peers: list[str], rounds: int, say: Say) -> list[object]:
    inputs = work.inputs()
    timed = compare(_agreeing(work, peers, inputs, say), rounds, 0.02)
    ratios = [timed[name].ratio if name in timed else None for name in peers if name != YARDSTICK]
    peaks = [_peak(work, name, inputs) if name in timed else None for name in TRACED]
    return [work.name, timed[YARDSTICK].seconds * 1e6, *ratios, *peaks]


def _agreeing(
    work: Work, peers: list[str], inputs: Mapping[str, object], say: Say
) -> dict[str, Call]:
    """The calls whose values are those by hand; the others are named."""
    calls: dict[str, Call] = {}
    wanted = None
    for name in (name for name in peers if name in work.ways):
        try:
            call = work.ways[name](inputs)
            found = copied(*call())
        except SymgradError as error:
            say(f"{name}, {work.name}: {error}")
            continue
        wanted = wanted or found
        if (off := difference(found, wanted)) > (work.tolerance or TOLERANCE[work.dtype]):
            say(f"{name}, {work.name}: differs by {off:.0e}; it is not timed")
            continue
        calls[name] = call
    return calls


def _peak(work: Work, name: str, inputs: Mapping[str, object]) -> float:
    """MB of arrays: those that are kept after a call, and the peak of the next one beside them; the
    inputs, and what deriving and compiling take, left out."""
    tracemalloc.start()
    try:
        call = work.ways[name](inputs)
        call()
        kept = tracemalloc.take_snapshot().filter_traces([OF_ARRAYS]).statistics("filename")
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        call()
        peak = tracemalloc.get_traced_memory()[1] - before
        return (sum(each.size for each in kept) + peak) / 1e6
    finally:
        tracemalloc.stop()
