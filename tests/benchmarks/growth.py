"""How time, text and pages grow with the size of a program: python -m tests.benchmarks.growth

Each row is one program; doubled, each column should be twice as much, and at most 2.3 times.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from time import process_time

import symgrad as sg
import tests.benchmarks.pinning  # noqa: F401  one thread, before NumPy is imported
from tests.benchmarks.tables import table

Program = tuple[str, list[str] | None]
NOISE = 0.05  # seconds: what took no longer is not compared


def rnn(n: int) -> Program:
    """A recurrent network of n steps, written out, with an error at each."""
    lines = ["W: Matrix(h, h)", "U: Matrix(h, d)", "b: Vector(h)", "V: Matrix(k, h)"]
    lines += ["h0: Vector(h)", *(f"x{t}: Vector(d)\ny{t}: Vector(k)" for t in range(1, n + 1))]
    lines += [f"h{t} = tanh(W @ h{t - 1} + U @ x{t} + b)" for t in range(1, n + 1)]
    errors = " + ".join(f"norm2(V @ h{t} - y{t})**2" for t in range(1, n + 1))
    return "\n".join([*lines, f"loss = {errors}"]), ["W", "U", "b", "V"]


def parameters(n: int) -> Program:
    """A sum of n neurons, by the weights of each."""
    declared = "x: Vector(n)\n" + "".join(f"w{i}: Vector(n)\n" for i in range(n))
    return declared + "loss = " + " + ".join(f"tanh(w{i}.T @ x)" for i in range(n)), None


def terms(n: int) -> Program:
    """The same sum by their common input."""
    return parameters(n)[0], ["x"]


def layers(n: int) -> Program:
    """A perceptron of n layers."""
    lines = ["x: Vector(n)", "y: Vector(n)"]
    lines += [f"W{k}: Matrix(n, n)\nb{k}: Vector(n)" for k in range(1, n + 1)]
    lines += ["h0 = x", *(f"h{k} = tanh(W{k} @ h{k - 1} + b{k})" for k in range(1, n + 1))]
    loss = f"loss = sum(norm2(y - h{n})**2 for x, y in batch)"
    return "\n".join([*lines, loss]), [f"{a}{k}" for k in range(1, n + 1) for a in "Wb"]


ROWS: dict[str, tuple[Callable[[int], Program], Sequence[int]]] = {
    "recurrent network, steps": (rnn, (25, 50, 100, 200, 400)),
    "parameters of one sum": (parameters, (50, 100, 200, 400)),
    "terms of one sum": (terms, (100, 200, 400, 800)),
    "perceptron, layers": (layers, (32, 64, 128, 256, 512)),
}


def measured(program: Program) -> list[float]:
    """Seconds to derive, to check, for the text, the page, and each result as text; characters of
    the text and the page, in thousands."""
    made: list[object] = []

    def seconds(step: Callable[[], object]) -> float:
        gc.collect()
        gc.disable()  # a collection is no part of the step in which it comes
        start = process_time()
        made.append(step())
        taken = process_time() - start
        gc.enable()
        return taken

    text, wrt = program
    derive = seconds(lambda: sg.derive(text, wrt))
    derivation = made[0]
    assert isinstance(derivation, sg.Derivation)

    alone = sg.derive(text, wrt)  # of whose results the page has not worked out some

    def results() -> list[str]:
        return [str(result) for result in alone.results.values()]

    printed = derivation.text, derivation.html, results
    rest = [seconds(f) for f in (lambda: derivation.checked, *printed)]
    return [derive, *rest, *(len(str(each)) / 1000 for each in made[2:4])]


def main() -> None:
    """Print a line for each size, and how much each doubling costs."""
    rows = []
    for name, (program, sizes) in ROWS.items():
        before: list[float] = []
        measured(program(2))  # what is made once for all programs
        for n in sizes:
            numbers = measured(program(n))
            factors = [x / y for x, y in zip(numbers, before, strict=False) if y > NOISE]
            factor = f"{max(factors):.1f}" if factors else ""
            rows.append([name, str(n), *(f"{x:.2f}" for x in numbers[:5]), factor])
            rows[-1] += [f"{x:.0f}" for x in numbers[5:]]
            before = numbers
    heads = [
        "program",
        "size",
        "derive",
        "check",
        "text",
        "page",
        "results",
        "largest factor",
        "text, kB",
        "page, kB",
    ]
    print(table(heads, rows))


if __name__ == "__main__":
    sys.exit(main())
