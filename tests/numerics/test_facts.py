"""Numbers that are not what their variable is declared to be are refused."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.numerics.facts import check_facts

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


def held(fact: str, value: Any, program: str = MATRIX) -> None:
    check_facts(sg.parse(program.format(fact)), {"v": value})


@pytest.mark.parametrize("at", [(0, 1), (3, 599), (299, 255), (599, 598), (256, 511)])
def test_an_entry_anywhere_in_a_large_matrix_counts(at: tuple[int, int]) -> None:
    """They are looked at by tiles, which 600 is no multiple of."""
    value = np.eye(600, dtype="float32")
    for fact in ("symmetric", "orthogonal", "simplex", "one_hot"):
        program = MATRIX if fact in ("symmetric", "orthogonal") else BATCH
        held(fact, value, program)
        for wrong in (0.01, np.nan):
            broken = value.copy()
            broken[at] += wrong
            with pytest.raises(sg.SymgradError, match=f"v is declared {fact}"):
                held(fact, broken, program)


def test_matrices_of_a_batch_are_looked_at_one_by_one() -> None:
    program = "v: Matrix(n, n, {}=True)\nloss = sum(sum(v**2) for v in batch)"
    for size in (3, 300):
        value = np.stack([np.eye(size)] * 4)
        for fact in ("symmetric", "orthogonal"):
            held(fact, value, program)
            broken = value.copy()
            broken[3, size - 1, 0] = 0.1
            with pytest.raises(sg.SymgradError, match=f"v is declared {fact}"):
                held(fact, broken, program)


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "bool"])
@pytest.mark.parametrize("fact", ["symmetric", "simplex", "one_hot", "positive"])
def test_a_large_matrix_is_not_copied(fact: str, dtype: str) -> None:
    """Once three times: as floats, its difference from the transpose, and the size of that."""
    value = np.eye(2400, dtype=dtype)
    tracemalloc.start()
    held(fact, value, BATCH if fact in ("simplex", "one_hot") else MATRIX)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.1 * max(value.nbytes, 2400 * 2400 * 4)


def test_a_product_with_the_transpose_is_made_by_strips() -> None:
    value = np.eye(1024)
    tracemalloc.start()
    held("orthogonal", value)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.1 * value.nbytes
