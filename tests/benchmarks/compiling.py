"""How long the first call of compiled code takes: python -m tests.benchmarks.compiling

CPU seconds of `lambdify(modules="numba")` and of its first call, each in a new process: compiled
there, and found in a file.
"""

from __future__ import annotations

import os
import sys
import tempfile
from time import process_time

import symgrad as sg
import tests.benchmarks.pinning  # noqa: F401  one thread
from tests.benchmarks.children import printed
from tests.benchmarks.tables import table
from tests.drawn import random_inputs

GATES = {"i": "sigmoid", "f": "sigmoid", "o": "sigmoid", "g": "tanh"}


def lstm(steps: int) -> tuple[str, list[str]]:
    """A network with long short-term memory, written out, and its parameters."""
    shapes = {"W": "Matrix(h, d)", "U": "Matrix(h, h)", "b": "Vector(h)"}
    lines = [f"{letter}_{k}: {shape}" for k in GATES for letter, shape in shapes.items()]
    lines += ["v: Vector(h)", "y: Scalar", "h0: Vector(h)", "s0: Vector(h)"]
    lines += [f"x{t}: Vector(d)" for t in range(1, steps + 1)]
    for t in range(1, steps + 1):
        lines += [
            f"{k}{t} = {phi}(W_{k} @ x{t} + U_{k} @ h{t - 1} + b_{k})" for k, phi in GATES.items()
        ]
        lines += [f"s{t} = f{t} * s{t - 1} + i{t} * g{t}", f"h{t} = o{t} * tanh(s{t})"]
    data = ", ".join(f"x{t}" for t in range(1, steps + 1))
    lines.append(f"loss = mean((v.T @ h{steps} - y)**2 for {data}, y in batch)")
    return "\n".join(lines), [f"{letter}_{k}" for k in GATES for letter in shapes]


def first_call(steps: int) -> float:
    """Seconds, of a batch of 32."""
    derivation = sg.derive(*lstm(steps))
    inputs = random_inputs(derivation.problem, {"h": 16, "d": 8}, count=32)
    start = process_time()
    derivation.lambdify(reuse_buffers=True, modules="numba")(inputs)
    return process_time() - start


def main() -> None:
    """Print a line for each number of steps."""
    program = "import sys; from tests.benchmarks import compiling\n"
    program += "print(compiling.first_call(int(sys.argv[1])))"
    rows = []
    for steps in (1, 5, 20):
        with tempfile.TemporaryDirectory() as folder:
            os.environ["SYMGRAD_CACHE"] = folder
            rows.append([str(steps), *(f"{printed(program, str(steps)):.1f}" for _ in range(2))])
    print(table(["steps of an LSTM", "first call, s", "in the next process, s"], rows))


if __name__ == "__main__":
    sys.exit(main())
