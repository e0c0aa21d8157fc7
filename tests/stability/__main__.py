"""`python -m tests.stability [depth] [form]`: what the search finds, and how many it tried."""

from __future__ import annotations

import sys

from tests.stability.search import compositions, failures


def main(depth: int = 3, form: str = "vector") -> int:
    """Print each failure; the exit code says whether there are any."""
    tried = bad = 0
    for tree in compositions(depth):
        tried += 1
        for failure in failures(tree, form):
            bad += 1
            print(failure, flush=True)
    print(f"{tried} compositions, {bad} failures")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2]), *sys.argv[2:3]))
