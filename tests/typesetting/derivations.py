"""Derivations of every kind: cases, examples, each operation in what surrounds it, random
programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

import symgrad as sg
from symgrad import examples
from symgrad.errors import SymgradError
from symgrad.language.dimensions import ONE
from symgrad.language.expressions import OPERATIONS, Call
from tests import calls
from tests.derived import of_case, of_example
from tests.properties.programs import program
from tests.test_cases import CASES

Named = tuple[str, sg.Derivation]
# What surrounds a call: powers, sums, transposes, products, quotients.
AROUND = (
    "{}",
    "({})**2",
    "-({})",
    "({}).T",
    "sum({})",
    "1 / ({})",
    "2 * ({}) - 1",
    "exp({})",
    "({}) @ ones({c})",
)
# What is a division by zero at any numbers: only rounding gives it values.
UNDEFINED = {"1 / (solve(S, S))"}


def cases() -> Iterator[Named]:
    """Every case and every example."""
    for case in CASES:
        yield case["id"], of_case(case)
    for name in examples.names():
        yield name, of_example(name)


def surrounded(names: list[str] | None = None, around: tuple[str, ...] = AROUND) -> Iterator[Named]:
    """Each call of each operation (or of those with these names) in what surrounds it."""
    for operation in OPERATIONS.values() if names is None else map(OPERATIONS.get, names):
        if operation is None or operation.category == "batch":
            continue
        for call in calls.calls(operation):
            for template in around:
                yield from _of_call(call, template)


def _of_call(call: Call, template: str) -> Iterator[Named]:
    columns = call.shape[1] if len(call.shape) == 2 else ONE
    if ("{c}" in template and columns == ONE) or (".T" in template and len(call.shape) > 2):
        return
    inner = template.format(calls.unparse(call), c=columns)
    if inner in UNDEFINED:
        return
    wrt = calls.parameters(call) or ["A"]
    derived: tuple[tuple[str, Callable[..., sg.Derivation]], ...] = (
        (f"f = {inner}", sg.pullback),
        (f"loss = sum(({inner})**2)", sg.derive),
    )
    for line, kind in derived:
        text = f"{calls.declarations(call)}\n{line}"
        try:
            yield text, kind(text, wrt)
        except SymgradError:
            continue


def randoms(numbers: range) -> Iterator[Named]:
    """Random programs, each derived in one of the ways."""
    for number in numbers:
        random = Random(number)
        shape = random.choice([(), (), ("n",), ("m", "n")])
        p = program(random, shape)
        kinds = (sg.jacobian, sg.pullback, sg.directional) if shape else (sg.derive, sg.hvp)
        try:
            yield f"random {number}", random.choice(kinds)(p.text, p.wrt)
        except SymgradError:
            continue
