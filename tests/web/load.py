"""Many ask at once, some of them what no machine could answer: `python -m tests.web.load`.

What is honest must be answered as `symgrad.derive` answers it; what is not, by an error that says
why; and the processes must stay below their memory.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median
from typing import Any

import symgrad as sg
from symgrad import examples
from tests.web.server import Server, served

SECONDS, MEGABYTES, WORKERS = 3, 512, 2
DECLARED = "x: Vector(n)\nA: Matrix(n, n)\ns: Scalar\n"
LAYERS = "\n".join(f"a{k + 1} = tanh(A @ a{k})" for k in range(1500))
FACTORS = " * ".join(f"(s + {k} + x[{k}])" for k in range(1, 200))
BOMBS = {
    "brackets": f"loss = {'(' * 9000}s{')' * 9000}",
    "minus signs": f"{DECLARED}loss = {'-' * 20000}s",
    "fractions": "\\frac{" * 2000 + "1" + "}{2}" * 2000,
    "chain of products": f"{DECLARED}loss = x.T @ {'A @ ' * 3000}x",
    "tower of powers": f"{DECLARED}loss = s**9**9**9",
    "exponent": f"{DECLARED}loss = s**{'9' * 4000}",
    "digits": f"{DECLARED}loss = {'9' * 40000} * s",
    "long name": f"{'x' * 20000}: Scalar\nloss = {'y' * 20000}",
    "many variables": "\n".join(f"a{k}: Scalar" for k in range(4000)),
    "many lines": f"{DECLARED}a0 = A @ x\n{LAYERS}\nloss = sum(a1500)",
    "many factors": f"{DECLARED}loss = {FACTORS}",
    "sum of numbers": f"{DECLARED}loss = sum(s * i for i in range(10000000000))",
    "product of numbers": f"{DECLARED}loss = prod(s + i for i in range(100000000))",
    "large matrix": "X: Matrix(12000, 12000)\nloss = norm2(X)**2",
    "Kronecker products": f"A: Matrix(n, n)\nloss = trace({'kron(A, ' * 20}A{')' * 20})",
    "long text": f"# {'x' * 60000}\n{DECLARED}loss = s",
}
REFUSED = {413, 422, 504, 507}  # too long, not of the language, too much time, too much memory


@dataclass(frozen=True)
class Case:
    """A request, and the text that answers it; none of a bomb."""

    name: str
    fields: dict[str, str]
    expected: str | None


@dataclass(frozen=True)
class Outcome:
    """How a request ended: its status, what was said, after how many seconds."""

    case: Case
    status: int
    said: str
    seconds: float

    @property
    def right(self) -> bool:
        """The answer that is expected; of a bomb an error that is said."""
        if self.case.expected is None:
            return self.status in REFUSED and 0 < len(self.said) < 1000
        return self.status == 200 and self.said == self.case.expected


EXAMPLES = (*examples.names(), *examples.with_steps())


def honest(names: Sequence[str] = EXAMPLES) -> list[Case]:
    """The built-in examples, each in a form of its own, as symgrad itself derives them."""
    found = []
    for k, name in enumerate(names):
        form = ("latex", "numpy", "markdown")[k % 3]
        model = examples.text(name)
        derived = sg.derive(sg.parse(model))
        expected = {
            "latex": derived.latex,
            "markdown": derived.markdown,
            "numpy": lambda derived=derived: derived.lambdify().source,
        }[form]()
        found.append(Case(name, {"model": model, "form": form}, expected))
    return found


def bombs() -> list[Case]:
    """What is to be refused."""
    return [Case(name, {"model": text, "form": "latex"}, None) for name, text in BOMBS.items()]


def asked(server: Server, case: Case) -> Outcome:
    """One request."""
    start = time.perf_counter()
    status, answer = server.ask("derive", **case.fields)
    said: Any = answer.get("text") or answer["error"]["message"]
    return Outcome(case, status, said, time.perf_counter() - start)


def loaded(server: Server, cases: Sequence[Case], clients: int) -> tuple[list[Outcome], int]:
    """Every case asked, by so many clients at once; the most MB that a process held meanwhile."""
    held, done = [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            held.append(max(server.workers().values(), default=0))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        with ThreadPoolExecutor(clients) as pool:
            outcomes = list(pool.map(lambda case: asked(server, case), cases))
    finally:
        done.set()
        watching.join()
    return outcomes, max(held)


def mixed(cases: Sequence[Case], bombs: Sequence[Case], count: int, bad: int) -> list[Case]:
    """So many requests, `bad` of them bombs, in any order."""
    chosen = [cases[k % len(cases)] for k in range(count - bad)]
    chosen += [bombs[k % len(bombs)] for k in range(bad)]
    random.Random(0).shuffle(chosen)
    return chosen


def main() -> None:
    """Print what became of 200 requests from 20 clients."""
    cases = mixed(honest(), bombs(), 200, 20)
    options = ("--workers", str(WORKERS), "--seconds", str(SECONDS), "--megabytes", str(MEGABYTES))
    with served(*options) as server:
        outcomes, held = loaded(server, cases, 20)
    good = [o for o in outcomes if o.case.expected is not None]
    bad = [o for o in outcomes if o.case.expected is None]
    print(f"{len(outcomes)} requests from 20 clients at once, {' '.join(options)}")
    print(f"honest: {sum(o.right for o in good)} of {len(good)} right", end="; ")
    print(f"median {median(o.seconds for o in good):.1f} s, waiting included")
    print(f"bombs:  {sum(o.right for o in bad)} of {len(bad)} refused; by status", end=" ")
    print(
        ", ".join(f"{status}: {n}" for status, n in sorted(Counter(o.status for o in bad).items()))
    )
    print(f"memory: {held} MB at most in a process")
    for outcome in outcomes:
        if not outcome.right:
            print(f"  not right: {outcome.case.name}: {outcome.status} {outcome.said[:100]}")
    print()
    for outcome in {o.case.name: o for o in bad}.values():
        print(f"  {outcome.case.name:20} {outcome.status}  {outcome.said[:66]}")


if __name__ == "__main__":
    main()
