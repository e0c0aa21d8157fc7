"""Numbers that are not what their variable is declared to be are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg

MATRIX, VECTOR = (
    "v: Matrix(n, n, {}=True)\nloss = sum(v**2)",
    "v: Vector(n, {}=True)\nloss = sum(v)",
)
COLUMN, ROW = (f"v: Matrix({d}, {{}}=True)\nloss = sum(exp(v) * v)" for d in ("n, 1", "1, n"))
ALONE, SINGLE = (f"v: {k}, {{}}=True)\nloss = sum(v**3)" for k in ("Matrix(1, 1", "Vector(1"))
BATCH = "v: Vector(n, {}=True)\nx: Vector(n)\nloss = sum(x.T @ v for x, v in batch)"
BROKEN = [  # a program, a fact, numbers that agree with it, numbers that do not
    (MATRIX, "symmetric", [[1.0, 2.0], [2.0, 3.0]], [[1.0, 2.0], [2.5, 3.0]]),
    (MATRIX, "orthogonal", [[0.0, 1.0], [-1.0, 0.0]], [[0.0, 1.0], [-1.0, 0.1]]),
    (VECTOR, "simplex", [0.25, 0.75], [0.5, 0.6]),
    (VECTOR, "simplex", [[0.25], [0.75]], [[1.5], [-0.5]]),
    (VECTOR, "one_hot", [0, 1], [0.5, 0.5]),
    (VECTOR, "one_hot", [1.0], [0.0]),
    (BATCH, "one_hot", [[0, 1], [1, 0], [0, 1]], [[0, 1], [1, 1], [0, 1]]),
    (VECTOR, "positive", [0.0, 2.0], [-0.1, 2.0]),
    (COLUMN, "simplex", [[1.0], [1.0]], [[0.5], [0.5]]),
    (COLUMN, "one_hot", [[1.0], [1.0]], [[1.0], [0.0]]),
    (ROW, "simplex", [[0.25, 0.75]], [[1.0, 1.0]]),
    (ALONE, "symmetric", [[3.0]], None),
    (ALONE, "orthogonal", [[-1.0]], [[0.5]]),
    (ALONE, "simplex", [[1.0]], [[0.5]]),
    (SINGLE, "simplex", [1.0], [0.5]),
    (SINGLE, "one_hot", [1.0], [0.0]),
]


@pytest.mark.parametrize(("program", "fact", "good", "bad"), BROKEN)
def test_numbers_that_break_a_fact_are_refused(
    program: str, fact: str, good: Any, bad: Any
) -> None:
    text = program.format(fact)
    others = {"x": np.ones((3, 2))} if "x:" in text else {}
    function = sg.derive(text, ["v"]).lambdify()
    assert np.isfinite(function({"v": np.array(good), **others})[0])
    assert sg.derive(text, ["v"]).verify().passed
    if bad is None:
        return
    with pytest.raises(sg.SymgradError, match=f"v is declared {fact}, but .* {fact}=True"):
        function({"v": np.array(bad), **others})
    with pytest.raises(sg.SymgradError, match=f"v is declared {fact}"):
        sg.evaluate(text, {"v": np.array(bad), **others})


SUMS = [  # where each vector has one entry, the sum over the others is none of 1
    ("v: Matrix(n, 1, simplex=True)\nloss = sum(v)", np.ones((3, 1)), 3.0),
    ("v: Matrix(n, 1, one_hot=True)\nloss = sum(v)", np.ones((3, 1)), 3.0),
    ("v: Vector(1, simplex=True)\nloss = sum(v for v in batch)", np.ones((3, 1)), 3.0),
    ("v: Matrix(1, n, simplex=True)\nloss = sum(v)", np.full((1, 4), 0.25), 1.0),
    ("v: Matrix(1, 1, orthogonal=True)\nloss = 2 * v @ v", -np.ones((1, 1)), 2.0),
]


@pytest.mark.parametrize(("program", "value", "wanted"), SUMS)
def test_a_fact_of_one_entry_is_no_fact_of_a_sum(program: str, value: Any, wanted: float) -> None:
    """Once 1 for three rows with one entry each."""
    assert sg.evaluate(program, {"v": value}) == pytest.approx(wanted)
