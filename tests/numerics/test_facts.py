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
]


@pytest.mark.parametrize(("program", "fact", "good", "bad"), BROKEN)
def test_numbers_that_break_a_fact_are_refused(
    program: str, fact: str, good: Any, bad: Any
) -> None:
    text = program.format(fact)
    others = {"x": np.ones((3, 2))} if "x:" in text else {}
    function = sg.derive(text, ["v"]).lambdify()
    assert np.isfinite(function({"v": np.array(good), **others})[0])
    with pytest.raises(sg.SymgradError, match=f"v is declared {fact}, but .* {fact}=True"):
        function({"v": np.array(bad), **others})
    with pytest.raises(sg.SymgradError, match=f"v is declared {fact}"):
        sg.evaluate(text, {"v": np.array(bad), **others})
