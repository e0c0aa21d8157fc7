"""Functions of whole vectors along an axis that has one entry, and numbers that are too large."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.language.expressions import OPERATIONS

ALONE = ["x: Vector(n)\nf = {}(x, axis=1)", "x: Matrix(1, n)\nf = {}(x, axis=0)"]
ALONE += ["x: Scalar\nf = {}(x)", "x: Matrix(1, 1)\nf = {}(x, axis=1)"]
VALUES = {"max": 1, "min": 1, "sum": 1, "mean": 1, "norm1": -1, "norm2": -1, "var": 0, "std": 0}


@pytest.mark.parametrize("program", ALONE)
@pytest.mark.parametrize(("name", "sign"), VALUES.items())
def test_a_reduction_of_one_entry(name: str, sign: float, program: str) -> None:
    """Once max along an axis of length 1 was accepted, and refused where it was derived."""
    text = program.format(name)
    x = np.full({"V": (3,), "M": (1, 3), "S": ()}[text[3]], -2.0)
    x = x[:, :1] if "Matrix(1, 1)" in text else x
    value = sg.evaluate(text, {"x": x})
    np.testing.assert_allclose(np.ravel(value), sign * np.ravel(x))
    _, back = sg.pullback(text).lambdify()({"x": x}, cotangent=np.ones(np.shape(value)))
    np.testing.assert_allclose(back["x"], np.full(x.shape, sign))


@pytest.mark.parametrize("name", ["max", "norm2", "softmax", "var"])
def test_an_axis_that_there_is_not(name: str) -> None:
    with pytest.raises(sg.ProgramError, match=f"{name}: axis must be the number 0 or 1, not 2"):
        sg.parse(f"x: Vector(n)\nf = {name}(x, axis=2)")


def test_along_one_entry_each_another_axis_is_proposed() -> None:
    with pytest.raises(sg.ShapeError, match="of one number each; x is a vector .*; write axis=0"):
        sg.parse("x: Vector(n)\nf = softmax(x, axis=1)")
    with pytest.raises(sg.ShapeError, match=r"of one number each; x is a scalar(\n|$)"):
        sg.parse("x: Scalar\nf = softmax(x, axis=1)")


def test_a_tensor_has_no_dimension_of_1() -> None:
    """Once refused in the middle of a derivation, and its arrays too."""
    with pytest.raises(sg.ShapeError, match="T: a dimension of 1 is none of a Tensor"):
        sg.parse("T: Tensor(1, m, n)\nf = sum(T, axis=0)")


@pytest.mark.parametrize(
    "number",
    ["1e300 * 1e300", "1e-300**-2", "(1e300 * 1e300 - 1e300 * 1e300)", "1 / 1e-300 / 1e-300"],
)
def test_numbers_whose_product_is_too_large(number: str) -> None:
    """Once written into the code as inf, which Python does not know."""
    with pytest.raises(sg.ProgramError, match="too large"):
        sg.derive(f"x: Scalar\nloss = {number} * x").lambdify()


ONE_BY_ONE = "A: Matrix(1, 1)\nx: Vector(1)\nk: Index(1)\nf = "
CALLS = [f"{name}({', '.join(['A'] * o.arity[0])})" for name, o in OPERATIONS.items() if o.called]
CALLS += [f"{name}(k, A)" for name, o in OPERATIONS.items() if o.called and o.labels]
CALLS += ["A[k]", "x[k]", "A @ x", "solve(A, x)", "trace(x)", "x.T @ x", 'einsum(",->", A, x)']


@pytest.mark.parametrize("call", CALLS)
def test_a_matrix_of_one_entry_is_refused_at_once_or_derived(call: str) -> None:
    """Once solve(A, A) was accepted, and refused in the middle of the derivation."""
    try:
        problem = sg.parse(ONE_BY_ONE + call)
    except sg.SymgradError as error:
        assert error.line == 4
        return
    derivation = sg.jacobian(problem)
    assert not derivation.verify().failed
    assert derivation.text()
