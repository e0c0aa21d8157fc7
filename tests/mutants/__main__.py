"""`python -m tests.mutants`: plants each bug of the table in a copy of the tree and runs its tests.

Lists the bugs that no test noticed; exits with 1 where there is one that is not said to be
harmless, and with 2 where the table no longer fits the code or the tests fail without any bug.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory

from .planting import Mutant, copied, passes
from .table import MUTANTS


def chosen(names: Sequence[str]) -> list[Mutant]:
    """The mutants whose name or file contains one of the words; all where there is none."""
    return [m for m in MUTANTS if not names or any(n in m.name or n in m.file for n in names)]


def survivors(mutants: Sequence[Mutant], jobs: int) -> list[Mutant]:
    """Those that no test noticed; each job has a copy of the tree."""
    with TemporaryDirectory() as folder, ThreadPoolExecutor(jobs) as pool:
        copies: SimpleQueue[Path] = SimpleQueue()
        for k in range(jobs):
            copies.put(copied(Path(folder, str(k))))

        def tried(mutant: Mutant) -> bool:
            root, begun = copies.get(), time.monotonic()
            try:
                survived = mutant.survives(root)
            finally:
                copies.put(root)
            verdict = "SURVIVED" if survived else "noticed"
            print(f"{verdict:8} {time.monotonic() - begun:5.0f} s  {mutant.name}", flush=True)
            return survived

        return [
            m for m, survived in zip(mutants, pool.map(tried, mutants), strict=True) if survived
        ]


def sound(mutants: Sequence[Mutant]) -> bool:
    """Whether all tests of the table pass where nothing is planted."""
    tests = sorted({test for m in mutants for test in m.tests.split()})
    with TemporaryDirectory() as folder:
        return passes(copied(Path(folder, "copy")), tests)


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="words in a mutant's name or file")
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time")
    parser.add_argument("--list", action="store_true", help="name them, plant none")
    parser.add_argument("--trust", action="store_true", help="take it that the tests pass now")
    options = parser.parse_args()
    mutants = chosen(options.names)
    faults = [f"{m.name}: {fault}" for m in mutants if (fault := m.fault())]
    if faults or not mutants:
        print(*(faults or ["no mutant has such a name"]), sep="\n", file=sys.stderr)
        return 2
    if options.list:
        print(*(f"{m.name}  ({m.file})" for m in mutants), sep="\n")
        return 0
    if not options.trust and not sound(mutants):
        print("the tests fail although nothing is planted", file=sys.stderr)
        return 2
    left = survivors(mutants, options.jobs)
    print(f"{len(left)} of {len(mutants)} survived")
    for mutant in left:
        print(f"  {mutant.name}: {mutant.harmless or mutant.old + ' -> ' + mutant.new}")
    return int(any(not m.harmless for m in left))


if __name__ == "__main__":
    sys.exit(main())
