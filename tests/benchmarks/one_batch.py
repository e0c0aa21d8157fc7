"""The loss and all gradients of one batch, eleven models at four sizes."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from types import ModuleType

from symgrad.errors import SymgradError
from tests.benchmarks.agreement import TOLERANCE, copied, difference
from tests.benchmarks.models import MODELS, SIZES, Model
from tests.benchmarks.peers import YARDSTICK
from tests.benchmarks.tables import table
from tests.benchmarks.timing import Call, compare

Say = Callable[[str], None]


def run(
    peers: dict[str, ModuleType],
    dtypes: Iterable[str],
    sizes: Iterable[str],
    models: Iterable[str],
    rounds: int,
    say: Say,
) -> None:
    """Print a table for each type and size: microseconds by hand, then ratios to it."""
    for dtype in dtypes:
        for size in sizes:
            rows = [_row(peers, MODELS[name], size, dtype, rounds, say) for name in models]
            others = [name for name in peers if name != YARDSTICK]
            medians = [_median(row[k] for row in rows) for k in range(2, len(others) + 2)]
            shape = SIZES[size]
            say(
                f"\n{dtype}, {size}: batch {shape.batch}, width {shape.width}, "
                f"{shape.nodes} nodes\n"
            )
            rows.append(["median", None, *medians])
            say(table(["model", "by hand, us", *others], rows))


def _median(cells: Iterable[object]) -> float | None:
    numbers = [cell for cell in cells if isinstance(cell, float)]
    return statistics.median(numbers) if numbers else None


def _row(
    peers: dict[str, ModuleType], model: Model, size: str, dtype: str, rounds: int, say: Say
) -> list[object]:
    calls: dict[str, Call] = {}
    wanted = None
    for name, peer in peers.items():
        inputs = model.inputs(SIZES[size], dtype)
        try:
            call = peer.gradient(model, inputs)
            found = copied(*call())
        except SymgradError as error:  # such as a back end that this version has not
            say(f"{name}, {model.name}: {error}")
            continue
        wanted = wanted or found
        if (off := difference(found, wanted)) > TOLERANCE[dtype]:
            say(f"{name}, {model.name}, {size}: differs by {off:.0e}; it is not timed")
            continue
        calls[name] = call
    timed = compare(calls, rounds, 0.004 if size != "large" else 0.02)
    ratios = [timed[name].ratio if name in timed else None for name in peers if name != YARDSTICK]
    return [model.name, timed[YARDSTICK].seconds * 1e6, *ratios]
