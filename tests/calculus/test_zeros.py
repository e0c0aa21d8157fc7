"""Powers of what is exactly zero by its structure, as NumPy computes them: 0**0 = 1, 1 / 0 = inf,
0 / 0 = nan. Entries off the diagonal of diag(x), of the identity, of one-hot vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.errors import ProgramError

Array = np.ndarray
HEAD = "x: Vector(n)\nA: Matrix(n, n)\nk: Index(n)\ny: Vector(n, one_hot=True)\n"
X = np.array([0.5, 2.0, 3.0])
A = np.array([[2.0, 1.0, 0.5], [3.0, 1.5, 4.0], [1.0, 2.0, 5.0]])
K, Y = 1, np.array([0.0, 0.0, 1.0])
INPUTS = {"x": X, "A": A, "k": K, "y": Y}
n, E = 3, np.eye(3)[K]
ZERO = np.zeros(3)


def summed(entry: Callable[[int, int], float]) -> float:
    """The sum over rows and columns, by a plain loop."""
    total = np.float64(0)
    for i in range(n):
        for j in range(n):
            total += entry(i, j)
    return float(total)


def diagonal(x: Array) -> Array:
    matrix = np.zeros((n, n))
    for i in range(n):
        matrix[i, i] = x[i]
    return matrix


D = diagonal(X)
INFINITE = np.inf
CASES: dict[str, tuple[float, Array]] = {  # program -> value, gradient by x
    "sum(diag(x)**0)": (n * n, ZERO),
    "sum(diag(x)**0 * A)": (summed(lambda i, j: A[i, j]), ZERO),
    "sum(diag(x)**2)": (summed(lambda i, j: D[i, j] ** 2), 2 * X),
    "sum(1 / diag(x))": (INFINITE, -1 / X**2),
    "sum(diag(x)**-2)": (INFINITE, -2 / X**3),
    "sum(diag(x)**-0.5)": (INFINITE, -0.5 * X**-1.5),
    "trace(1 / diag(x))": (sum(1 / X), -1 / X**2),
    "sum(diag(1 / diag(x)))": (sum(1 / X), -1 / X**2),
    "sum(sqrt(diag(x)))": (summed(lambda i, j: D[i, j] ** 0.5), 0.5 / np.sqrt(X)),
    "sum(exp(diag(x)**0))": (summed(lambda i, j: np.exp(D[i, j] ** 0)), ZERO),
    "sum(x @ x.T / eye(n))": (INFINITE, np.full(3, INFINITE)),
    "sum(diag(x) / diag(x))": (np.nan, ZERO),
    "sum((diag(x) + A) / diag(x))": (INFINITE, -np.diag(A) / X**2),
    "sum(eye(n)**0) + sum(x)": (n * n + sum(X), ZERO + 1),
    "sum(A / eye(n)) + sum(x)": (INFINITE, ZERO + 1),
    "sum(A * eye(n)**0) * sum(x)": (summed(lambda i, j: A[i, j]) * sum(X), ZERO + A.sum()),
    "sum((x - x)**0 + x)": (n + sum(X), ZERO + 1),
    "sum((0 * x)**0 * x)": (sum(X), ZERO + 1),
    "0**0 + sum(x)": (1 + sum(X), ZERO + 1),
    "sum(zeros(n)**0 * x)": (sum(X), ZERO + 1),
    "trace(eye(n)**0 @ diag(x))": (sum(X), ZERO + 1),
    "sum(onehot(k)**0 * x)": (sum(X), ZERO + 1),
    "sum(x / onehot(k))": (INFINITE, np.array([INFINITE, 1, INFINITE])),
    "sum(onehot(k)**2 * x)": (X[K], E),
    "sum(y**0 * x)": (sum(X), ZERO + 1),
    "sum(y / y * x)": (np.nan, np.array([np.nan, np.nan, 1])),
    "sum(x / y)": (INFINITE, np.array([INFINITE, INFINITE, 1])),
    "sum(x**0 + y**3 * x)": (n + X[2], Y),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("body", CASES)
def test_powers_of_zeros(body: str) -> None:
    with np.errstate(all="ignore"):
        value, gradient = CASES[body]
        derivation = sg.derive(f"{HEAD}loss = {body}", ["x"])
        for buffers in (False, True):
            got, gradients = derivation.lambdify(reuse_buffers=buffers)(INPUTS)
            np.testing.assert_allclose(got, value)
            np.testing.assert_allclose(gradients["x"], gradient)
        np.testing.assert_allclose(sg.evaluate(derivation.problem, INPUTS), value)
        printed = f"{HEAD}f = {derivation.results['x'].expression}"
        np.testing.assert_allclose(sg.evaluate(printed, INPUTS), gradient)


@pytest.mark.parametrize("body", ["sum(x / zeros(n))", "sum((x - x)**-1)", "1 / 0 + sum(x)"])
def test_a_denominator_that_is_0_everywhere_is_refused(body: str) -> None:
    with pytest.raises(ProgramError, match="division by zero"):
        sg.derive(f"{HEAD}loss = {body}", ["x"])


POWERS_OF_ZERO = ("sum(0**x)", "sum(exp(0**x))", "sum(2 * 0**(x * x))", "sum((c - c)**x * c)")


@pytest.mark.parametrize("loss", POWERS_OF_ZERO)
def test_derivative_of_a_power_of_zero_by_its_exponent_is_the_limit(loss: str) -> None:
    """0**x log(0) is 0 for every positive x, though log(0) is none."""
    problem = sg.parse(f"x: Vector(n)\nc: Scalar\nloss = {loss}")
    inputs = {"x": np.array([0.5, 1.0, 3.0]), "c": 2.0}
    derivation = sg.derive(problem, "x")
    assert derivation.verify().passed
    np.testing.assert_array_equal(derivation.lambdify()(inputs)[1]["x"], np.zeros(3))
    assert sg.check_gradient(problem, "x", inputs).passed


def test_only_what_depends_on_the_variable_is_differentiated_by() -> None:
    """The Hessian of 0**x needs no derivative of 0**x log(0) by the 0, which is 0**x / 0."""
    hessian = sg.hessian("x: Scalar\nloss = 0**x", "x").results["x", "x"]
    assert hessian.expression.endswith("log(0) * (0**x * log(0))")


AT_ZERO = [  # the exponent counts, is given, or has fewer indices than the power
    ("s: Scalar\nloss = sum(s**i for i in range(4))", {"s": 0.0}, "s", 1.0),
    ("s: Scalar\nk: Vector(n)\nloss = sum(s**k)", {"s": 0.0, "k": [0.0, 1.0, 2.0]}, "s", 1.0),
    (
        "x: Vector(n)\nloss = sum(sum(x[j]**i for i in range(3))**2 for j in range(n))",
        {"x": [0.0, 1.0]},
        "x",
        [2.0, 18.0],
    ),
]


@pytest.mark.parametrize(("program", "inputs", "name", "slope"), AT_ZERO)
@pytest.mark.parametrize("reuse_buffers", [False, True])
def test_a_polynomial_has_a_derivative_at_zero(
    program: str, inputs: dict[str, Any], name: str, slope: Any, reuse_buffers: bool
) -> None:
    """d(y^x) = x y^(x - 1) is 0 where x = 0, though y be 0."""
    arrays = {name: np.asarray(value) for name, value in inputs.items()}
    _, found = sg.derive(program, name).lambdify(reuse_buffers=reuse_buffers)(**arrays)
    assert found[name] == pytest.approx(slope)
