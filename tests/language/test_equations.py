"""Equations at steps, below the loop of a program and in answers."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import SymgradError
from symgrad.language.unparse import unparse

PROGRAM = """\
a: Scalar
x: Scalar[t:T]
h[0] = 1
for t in range(1, T + 1):
    h[t] = a * h[t - 1] + x[t]
"""
RUNS = "g[T] = 2 * h[T]\nfor t in range(T - 1, 0, -1):\n    g[t] = a * g[t + 1]\n"
SUM = "f = sum(g[t] * h[t - 1] for t in range(1, T + 1))"
SAME = (
    RUNS,
    "g[T] = 2 * h[T]\ng[t] = a * g[t + 1]\n",
    "g[t] = a * g[t + 1]\ng[T] = 2 * h[T]\n",  # what is said has no order
    "g[T] = 2 * h[T]\nfor s in reversed(range(1, T)):\n    g[s] = a * g[s + 1]\n",
    "g[T] = 2 * h[T]\nfor t in range(T, 0, -1):\n    g[t - 1] = a * g[t]\n",
    "g[T + 1] = 2 * h[T] / a\nfor t in range(T, 0, -1):\n    g[t] = a * g[t + 1]\n",
    "s = 2 * h[T]\nm[t] = a * g[t + 1]\ng[t] = m[t]\ng[T] = s\n",
)


@pytest.mark.parametrize("lines", SAME)
def test_a_recursion_that_runs_down(lines: str) -> None:
    """d(h[T]**2)/da by its recursion, in each of the ways to write it."""
    inputs = {"a": 0.5, "x": [1.0, -2.0, 3.0]}
    _, derived = sg.derive(f"{PROGRAM}loss = h[T]**2", ["a"]).lambdify()(inputs)
    np.testing.assert_allclose(sg.evaluate(PROGRAM + lines + SUM, inputs), derived["a"])


def test_an_equation_waits_for_all_that_it_uses() -> None:
    """What is 0 at T has examples at t."""
    lines = "g[T] = 0\ng[t] = k[t + 1] * x[t + 1]\nm[t] = sum(g[t] for x in batch)\nk[t] = x[t]\n"
    x = np.array([[1.0, -2.0, 3.0], [2.0, 1.0, 4.0]])
    total = sg.evaluate(f"{PROGRAM}{lines}f = sum(m[t] for t in range(1, T + 1))", {"a": 1, "x": x})
    assert total == (x[:, 1:] ** 2).sum()


def test_equations_are_kept_as_they_were_written() -> None:
    loop = sg.parse(PROGRAM + RUNS + SUM).loop
    assert loop is not None
    said = {name: unparse(e) for name, e in loop.equations.items()}
    assert said == {"g[T]": "2 * h[T]", "g[t]": "a * g[t + 1]"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("range(T - 1", "range(T", r"line 7, column 1: g\[T\] is given twice; the loop goes on"),
        ("g[T] = ", "k[T] = ", r"g\[T\] is not given; write it above the loop, or let the loop"),
        ("T - 1, 0, -1", "1, T", "below the steps a loop runs down"),
        ("0, -1", "1, -1", "below the steps a loop runs down"),
        ("g[t + 1]", "g[t + 7]", "at most 3 steps lie between two entries"),
        ("g[t + 1]", "g[2 * t]", r"\[2 \* t\] is no step"),
        ("g[t + 1]", "k[t + 1]", "k is not declared"),
        (SUM, "h[t] = g[t]\n" + SUM, r"h\[t\] = ...: h is given above; use another name"),
        ("f = ", "f = g[t] + ", r"t is known inside of `for t in range\(1, T \+ 1\)` only"),
        ("    g[t] = a", "    g[t] = ones(n) * a", "n is not declared"),
        (SUM, "g[T] = 2\n" + SUM, r"g\[T\] is given twice"),
    ],
)
def test_what_is_no_recursion_is_refused(old: str, new: str, message: str) -> None:
    text = PROGRAM + RUNS + SUM
    assert old in text
    with pytest.raises(SymgradError, match=message):
        sg.parse(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("g[t] = a * h[t + 1]\n", r"with 3 steps there is no h\[4\]"),
        ("g[T + 1] = 1\ng[t] = a * g[t + 1] * x[t + 1]\n", r"with 3 steps there is no x\[4\]"),
        ("g[T] = g[1]\ng[t] = a * g[t + 1]\n", r"g\[T\] is not given"),
        ("g[T] = a\ng[t] = a * k[t]\nk[T] = a\nk[t] = g[t]\n", "is defined by itself"),
    ],
)
def test_entries_that_there_are_none_of_are_told(lines: str, message: str) -> None:
    inputs = {"a": 0.5, "x": [1.0, -2.0, 3.0]}
    with pytest.raises(SymgradError, match=message):
        sg.evaluate(PROGRAM + lines + SUM, inputs)
