"""Systems of a small matrix instead of a large one: where they are used, that no large matrix is
made then, and that the numbers are those of the large one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.language.dimensions import SCALAR, dims
from symgrad.language.expressions import OPERATIONS, Name, Operation
from symgrad.language.unparse import unparse
from symgrad.numerics.arrays.program import Program

GIVEN = "A: Matrix(n, k)\nB: Matrix(n, k)\nM: Matrix(k, k)\nS: Matrix(n, n, symmetric=True)\n"
GIVEN += "y: Vector(n)\nd: Scalar\nt: Scalar\n"
THIN = {  # no array has n x n entries
    "covariance": "C = d**2 * eye(n) + A @ A.T\nloss = y.T @ solve(C, y) + logdet(C)",
    "scaled": "C = d * eye(n) + t**2 * A @ A.T\nloss = y.T @ solve(C, y) + 3 * logdet(C)",
    "a product by its name": "K = A @ A.T\nC = K + (d + t) * eye(n)\nloss = y.T @ solve(C, y)",
    "three factors": "loss = logdet(eye(n) + A @ M @ B.T)",
    "beside a matrix": "C = d**2 * eye(n) + A @ A.T\nloss = logdet(C) + trace(solve(C, S))",
    "two factors": "C = d * eye(n) - A @ B.T\nloss = y.T @ solve(C.T, y) + trace(inv(C))",
    "twice": "C = d * eye(n) + A @ B.T\nloss = sum((B.T @ inv(C) @ inv(C) @ A)**2)",
    "of itself": "C = d * eye(n) + A @ A.T\nloss = trace(A.T @ solve(C, A)) + norm2(solve(C, y))",
    "powers": "C = t * eye(n) + A @ A.T\nloss = trace(inv(C) @ inv(C) @ inv(C))",
}
FILLED = {
    "an inverse": "C = d * eye(n) + A @ A.T\nloss = sum(inv(C)**3)",
    "between": "C = d * eye(n) + A @ A.T\nloss = sum((inv(C) @ S @ inv(C))**2)",
    "entries": "C = d * eye(n) + A @ B.T\nloss = sum(inv(C) * S) + sum(solve(C, S)**2)",
}
LARGE = {
    "two products": "loss = logdet(d * eye(n) + A @ A.T + B @ A.T)",
    "entry by entry": "loss = logdet(d * eye(n) + (A @ A.T)**2)",
    "no diagonal": "loss = logdet(S + A @ A.T)",
}
PROGRAMS = THIN | FILLED | LARGE

ROUTINES = ("cholesky", "inverse", "solution", "log_determinant")


def shifted(operation: Operation) -> bool:
    return getattr(operation.meaning, "of_shifted", None) is not None


def inputs(n: int = 12, k: int = 3, d: float = 2.5) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    S = rng.normal(size=(n, n))
    return {
        **{
            "A": rng.normal(size=(n, k)),
            "B": rng.normal(size=(n, k)),
            "M": rng.normal(size=(k, k)),
        },
        **{"S": S @ S.T, "y": rng.normal(size=n), "d": d, "t": 1.5},
    }


def of(name: str, **sizes: Any) -> tuple[sg.Derivation, dict[str, Any]]:
    given = inputs(**sizes)
    needed = sg.derive(GIVEN + PROGRAMS[name]).lambdify().inputs
    wrt = [x for x in needed if x != "S"]
    return sg.derive(GIVEN + PROGRAMS[name], wrt), {x: given[x] for x in needed}


def programmed(derivation: sg.Derivation, n: int, k: int) -> Program:
    sizes = dict(zip(dims("n k"), (n, k), strict=True))
    return derivation.lambdify().plan.of_sizes(sizes)


def computed(program: Program, *names: str) -> int:
    """How many arrays over these axes are computed."""
    return sum(op.dims == dims(" ".join(names)) and op.kind != "input" for op in program.ops)


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("d", [2.5, -0.7])
def test_the_numbers_are_those_of_the_large_matrix(name: str, d: float) -> None:
    derivation, arrays = of(name, d=d)
    value, slopes = derivation.lambdify()(arrays)
    found, others = derivation.lambdify(reuse_buffers=True)(arrays)
    np.testing.assert_allclose(found, value, rtol=1e-10)
    for key, slope in slopes.items():
        np.testing.assert_allclose(others[key], slope, rtol=1e-8, atol=1e-9 * np.abs(slope).max())


@pytest.mark.parametrize("name", PROGRAMS)
def test_nothing_large_is_made_where_only_products_are_needed(name: str) -> None:
    derivation, _ = of(name)
    thin = programmed(derivation, 100, 10)
    assert (computed(thin, "n", "n") == 0) == (name in THIN)
    systems = [op for op in thin.ops if op.kind == "linalg" or op.name in ROUTINES]
    assert {str(op.operands[0].dims[0]) for op in systems} == {"n" if name in LARGE else "k"}


@pytest.mark.parametrize("name", THIN)
def test_a_matrix_with_many_columns_is_used_as_it_is(name: str) -> None:
    derivation, _ = of(name)
    assert computed(programmed(derivation, 100, 60), "n", "n")
    assert computed(derivation.lambdify().plan.program, "n", "n")  # of any sizes


def test_nothing_cancels_where_an_inverse_meets_its_own_factor() -> None:
    """trace(A^T (d I + A A^T)^-1 A) is the sum of s^2 / (d + s^2) over the singular values s."""
    A, _ = np.linalg.qr(inputs(n=40)["A"])
    s, d = np.array([3e4, 2e4, 1e4]), 1e-3
    program = "A: Matrix(n, k)\nd: Scalar\nloss = trace(A.T @ solve(d * eye(n) + A @ A.T, A))"
    function = sg.derive(program, "d").lambdify(reuse_buffers=True)
    value, slopes = function(A=A * s, d=d)
    np.testing.assert_allclose(value, (s**2 / (d + s**2)).sum(), rtol=1e-13)
    np.testing.assert_allclose(slopes["d"], -(s**2 / (d + s**2) ** 2).sum(), rtol=1e-12)


@pytest.mark.parametrize("name", [n for n, o in OPERATIONS.items() if shifted(o)])
def test_the_records_are_true(name: str) -> None:
    operation = OPERATIONS[name]
    n, k = dims("n k")
    x, y, d = Name("x", (n, k)), Name("y", (n, k)), Name("d", SCALAR)
    small = unparse(operation.meaning.of_shifted(d, x, y))
    text = "x: Matrix(n, k)\ny: Matrix(n, k)\nd: Scalar\n"
    given = {"x": inputs()["A"], "y": inputs()["B"], "d": 2.5}
    whole, part = (
        np.asarray(sg.derive(f"{text}loss = sum(({e})**2)", "d").lambdify()(given)[0])
        for e in (f"{name}(d * eye(n) + x @ y.T)", small)
    )
    np.testing.assert_allclose(part, whole, rtol=1e-10)
