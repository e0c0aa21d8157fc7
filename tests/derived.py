"""The public cases, the examples and the calls of operations, each derived once in a run of tests.

A derivation is data that nothing changes, and keeps what was written or computed of it: so tests
that look at different sides of the same one share it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import symgrad as sg
from symgrad import examples
from symgrad.language.expressions import Call
from tests.calls import parameters, program

KINDS: Mapping[str, Callable[..., sg.Derivation]] = {
    "gradient": sg.derive,
    "jacobian": sg.jacobian,
    "hessian": sg.hessian,
    "hvp": sg.hvp,
    "directional": sg.directional,
    "pullback": sg.pullback,
}


def of_case(case: Mapping[str, Any]) -> sg.Derivation:
    """The derivation of a case of tests/cases/cases.json."""
    return _derived(case["kind"], case["program"], tuple(case["wrt"]))


def of_call(kind: str, call: Call) -> sg.Derivation:
    """The derivation of that kind of a call of an operation, by its parameters."""
    return _derived(kind, program(call), tuple(parameters(call)))


def of_example(name: str) -> sg.Derivation:
    """The gradient of an example by its parameters."""
    return of_program(examples.text(name))


def of_program(text: str) -> sg.Derivation:
    """The gradient of a program by its parameters."""
    return _derived("gradient", text, None)


@cache
def _derived(kind: str, source: str, wrt: tuple[str, ...] | None) -> sg.Derivation:
    return KINDS[kind](source, wrt if wrt is None else [*wrt])
