"""The benchmarks: python -m tests.benchmarks [PART ...], where the parts are batch, training,
deriving, imports, memory, untuned; without one, all of them.

Every ratio is to hand-written NumPy with buffers made once: 1.10 takes ten percent longer. Ratios
are taken within a round of interleaved calls, in CPU time on one thread; medians over the rounds.
A gradient that differs from the hand-written one is named and not timed.
"""

from __future__ import annotations

from tests.benchmarks import pinning  # isort: skip  (before NumPy is imported)

import argparse
from collections.abc import Callable, Iterable
from datetime import date

from tests.benchmarks import deriving, digits, importing, memory, one_batch
from tests.benchmarks.models import MODELS, SIZES
from tests.benchmarks.peers import PEERS, load
from tests.benchmarks.tables import versions
from tests.benchmarks.untuned import run as untuned

PARTS = ("batch", "training", "deriving", "imports", "memory", "untuned")


def _list(known: Iterable[str], separator: str = ",") -> Callable[[str], list[str]]:
    """A list of known names."""

    def read(text: str) -> list[str]:
        names = text.split(separator)
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name}: known are {f'{separator} '.join(known)}")
        return names

    return read


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument("--sizes", type=_list(SIZES), default=list(SIZES))
    parser.add_argument("--models", type=_list(MODELS), default=list(MODELS))
    parser.add_argument("--dtypes", type=_list(("float64", "float32")), default=["float64"])
    parser.add_argument("--peers", type=_list(PEERS, ";"), help="such as symgrad;JAX")
    parser.add_argument("--works", nargs="+", metavar="NAME", help="of untuned; default: all")
    parser.add_argument("--rounds", type=int, default=9)
    return parser.parse_args()


def main() -> None:
    """Run the parts that were asked for."""
    a = _arguments()
    parts = a.parts or PARTS
    peers = load(a.peers)
    print(f"{date.today()}: {versions()}", flush=True)

    def say(text: str) -> None:
        print(text, flush=True)

    if "batch" in parts:
        one_batch.run(peers, a.dtypes, a.sizes, a.models, a.rounds, say)
    if "training" in parts:
        digits.run(peers, a.dtypes, a.rounds, say)
    if "deriving" in parts:
        deriving.run(max(3, a.rounds // 3), say)
    if "imports" in parts:
        importing.run(a.rounds, say)
    if "memory" in parts:
        memory.run(peers, say)
    if "untuned" in parts:
        untuned.run(peers, a.works, a.rounds, say)


if __name__ == "__main__":
    pinning.pin()
    main()
