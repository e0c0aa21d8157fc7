"""Sums over all entries, term by term."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.numerics.function import Function
from symgrad.numerics.passes.fronts import MANY
from tests.numerics.common import with_buffers

DECLARED = (
    "x: Vector(n)\nt: Scalar\ne: Scalar\nu: Index(m)\nw: Vector(n)\nb: Vector(m)\nk: Scalar\n"
)
# losses, and how many sums and products of each entry a large batch does not take
LOSSES = [
    ("softplus(s) - t * s", 2),
    ("exp(s) - e * (k - s + k * sin(s))", 5),
    ("e * exp(s) - (1 - e) * (t * s - e * (s + k))", 6),
    ("(s - t)**2 * e + t", 3),
    ("t - e", 0),  # both are given, and what is nearly the same cancels in an entry
    ("exp(s) - t * b[u]", 3),
]


def _agreeing(loss: str, count: int) -> Function:
    rng = np.random.default_rng(0)
    inputs: dict[str, Any] = {name: rng.normal(size=count) for name in "te"}
    inputs |= {"x": rng.normal(size=(count, 3)), "u": rng.integers(0, 5, count)}
    inputs |= {"w": rng.normal(size=3), "b": rng.normal(size=5), "k": np.array(0.7)}
    text = f"{DECLARED}s = w.T @ x\nloss = mean({loss} for x, t, e, u in batch)"
    return with_buffers(text, ["w", "b", "k"], inputs)


def _lines(function: Function, count: int) -> int:
    sizes = {a: {"batch": count, "n": 3}.get(str(a), 5) for a in function.plan.program.axes}
    program = function.plan.moderate(sizes, by_calls=True) or function.plan.of_sizes(
        sizes, by_calls=True
    )
    names = ("add", "subtract", "multiply")
    return sum(op.name in names and "batch" in op.dims for op in program.ops)


@pytest.mark.parametrize(("loss", "fewer"), LOSSES)
def test_large_sums_are_not_made(loss: str, fewer: int) -> None:
    function = _agreeing(loss, MANY)
    assert _lines(_agreeing(loss, 40), 40) - _lines(function, MANY) == fewer


def test_what_is_given_cancels_in_an_entry() -> None:
    """A small number beside a large one that is given is not lost in the sums of both."""
    function = sg.derive(
        "t: Scalar\ne: Scalar\nc: Scalar\nloss = c * mean(t - e for t, e in batch)", ["c"]
    ).lambdify(reuse_buffers=True)
    large = np.full(MANY, 1e9) + np.arange(MANY) / 3
    value, _ = function({"t": large + 2.0**-20, "e": large, "c": np.array(1.0)})
    assert value == 2.0**-20
