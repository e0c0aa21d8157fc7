"""Sizes: read off arrays, and compared with what was declared and with each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg

WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("x: Vector(3)", {"x": np.ones(4)}, r"x has shape \(4,\); \(3,\) is wanted"),
    ("x: Matrix(n, 3)", {"x": np.ones((2, 4))}, r"x has shape \(2, 4\); \(n, 3\) is wanted"),
    (
        "x: Vector(n)\ny: Matrix(n, m)",
        {"x": np.ones(3), "y": np.ones((4, 2))},
        r"n is 3 in x \(shape \(3,\)\) but 4 in y \(shape \(4, 2\)\)",
    ),
    ("x: Vector(n)\nk: Index(n)", {"x": np.ones(3), "k": 3}, "label 3; labels from 0 to 2"),
    ("x: Vector(n)\nk: Index(n)", {"x": np.ones(3), "k": -1}, "label -1; labels from 0 to 2"),
    ("x: Vector(2)\nk: Index(2)", {"x": np.ones(2), "k": 2}, "label 2; labels from 0 to 1"),
]


@pytest.mark.parametrize(("declared", "inputs", "message"), WRONG)
def test_sizes_that_do_not_fit_are_told(
    declared: str, inputs: dict[str, Any], message: str
) -> None:
    label = " + x.T @ onehot(k)" if "Index" in declared else ""
    function = sg.derive(f"{declared}\nloss = sum(x**2){label}", ["x"]).lambdify()
    with pytest.raises(sg.DataError, match=message):
        function(inputs)


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_a_column_may_have_one_axis_or_two(shape: tuple[int, ...]) -> None:
    value, slope = sg.derive("x: Vector(n)\nloss = sum(x**2)").lambdify()(x=np.ones(shape))
    assert (value, slope["x"].shape) == (3.0, shape)
