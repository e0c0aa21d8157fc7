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


SUMS = "x: Vector(n)\nk: Vector(m)\ny: Vector(n - m + 1)\nloss = norm2(x[m - 1:] - y)**2 + sum(k)"


def test_sizes_are_sums_of_others() -> None:
    given = {"x": np.arange(6.0), "k": np.ones(3), "y": np.ones(4)}
    assert sg.check_gradient(SUMS, None, given).verdict == "passed"
    assert sg.derive(SUMS).verify().passed
    result = sg.derive("X: Matrix(2*n, n + 1)\nloss = norm2(X[n:, 1:])**2").results["X"]
    assert result.expression == "2 * eye(2*n)[:, n:] @ X[n:, 1:] @ eye(n + 1)[1:, :]"


@pytest.mark.parametrize(
    ("program", "given", "message"),
    [
        (SUMS, {"x": 6, "k": 3, "y": 5}, "y has shape .5,., where n - m . 1 is wanted and m = 3"),
        (
            "x: Vector(2*n)\nloss = n * sum(x)",
            {"x": 5},
            r"x has shape \(5,\), where 2\*n is wanted",
        ),
        (SUMS, {"x": 2, "k": 3, "y": 1}, "y has shape"),
    ],
)
def test_a_size_that_is_another_sum_is_refused(program: str, given: dict, message: str) -> None:
    with pytest.raises(sg.SymgradError, match=message):
        sg.evaluate(program, {name: np.ones(size) for name, size in given.items()})


def test_a_size_is_found_from_a_sum() -> None:
    assert sg.evaluate("x: Vector(2*n)\nloss = n * sum(x)", {"x": np.ones(4)}) == 8.0


@pytest.mark.parametrize("d", ["n - n", "2 - 3", "n / 2", "-n", "n**n"])
def test_what_is_no_size(d: str) -> None:
    with pytest.raises(sg.SymgradError, match="is no dimension|a positive whole number"):
        sg.parse(f"x: Vector({d})\nloss = sum(x)")
