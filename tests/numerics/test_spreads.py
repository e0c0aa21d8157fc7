"""A diagonal and low ranks by a small matrix: that nothing large is made, and that the numbers are
those of elimination, which has its turn where digits would be lost."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.language.dimensions import dims
from symgrad.numerics.arrays.program import Program

GIVEN = "d: Vector(n)\nU: Matrix(n, k)\nV: Matrix(n, m)\nS: Matrix(n, n, symmetric=True)\n"
GIVEN += "y: Vector(n)\nt: Scalar\n"
THIN = {  # no array has n x n entries
    "covariance": "C = diag(d) + U @ U.T\nloss = logdet(C) + y.T @ solve(C, y)",
    "diagonal alone": "loss = logdet(diag(exp(d)) + U @ U.T)",
    "two products": "C = diag(d) + t**2 * U @ U.T + V @ V.T\nloss = logdet(C) + y.T @ solve(C, y)",
    "of one number": "C = t * eye(n) + U @ U.T + V @ V.T\nloss = logdet(C) + y.T @ solve(C, y)",
}
FILLED = {
    "trace": "C = diag(d) + U @ U.T\nloss = trace(inv(C))",
    "columns": "C = diag(d) + U @ U.T\nloss = sum(solve(C, V)**2) + trace(U.T @ solve(C, U))",
    "an inverse": "C = diag(d) + U @ U.T\nloss = sum(inv(C)**3)",
    "beside a matrix": "C = diag(d) + U @ U.T\nloss = logdet(C) + trace(solve(C, S))",
}
LARGE = {
    "entry by entry": "loss = logdet(diag(d) + (U @ U.T)**2)",
    "no diagonal": "loss = logdet(S + U @ U.T + V @ V.T)",
}
PROGRAMS = THIN | FILLED


def derived(program: str, n: int = 40) -> tuple[sg.Derivation, dict[str, Any]]:
    rng = np.random.default_rng(0)
    S = rng.normal(size=(n, n))
    every = {
        **{"d": 0.5 + rng.random(n), "U": rng.normal(size=(n, 4)), "V": rng.normal(size=(n, 3))},
        **{"S": S @ S.T, "y": rng.normal(size=n), "t": 0.7},
    }
    needed = sg.derive(GIVEN + program).lambdify().inputs
    wrt = [x for x in needed if x != "S"]
    return sg.derive(GIVEN + program, wrt), {x: every[x] for x in needed}


def programmed(program: str, n: int, k: int, m: int) -> Program:
    derivation, _ = derived(program)
    return derivation.lambdify().plan.of_sizes(dict(zip(dims("n k m"), (n, k, m), strict=True)))


def compared(name: str, smallest: Sequence[float], modules: str) -> None:
    derivation, inputs = derived(PROGRAMS[name])
    plain, small = derivation.lambdify(), derivation.lambdify(reuse_buffers=True, modules=modules)
    for times in smallest:
        if "d" in inputs:
            inputs["d"] = inputs["d"].copy()
            inputs["d"][3] *= times
        value, slopes = plain(inputs)
        found, others = small(inputs)
        np.testing.assert_allclose(found, value, rtol=1e-10)
        for key, slope in slopes.items():
            atol = 1e-10 * np.abs(slope).max()
            np.testing.assert_allclose(others[key], slope, rtol=1e-9, atol=atol)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_numbers_are_those_of_elimination(name: str) -> None:
    pytest.importorskip("scipy")
    compared(name, (1.0, 1e-2, 1e-5, 1e-100, -1.0, 0.0), "numpy")


@pytest.mark.parametrize("name", ["columns", "two products", "an inverse"])
def test_compiled_code_has_the_same_numbers(name: str) -> None:
    pytest.importorskip("numba")
    compared(name, (1.0, 1e-9), "numba")


def test_what_a_small_matrix_would_lose_is_kept() -> None:
    """The entry of C^-1 beside a number of 1e-18 is 1: a difference of 1e18 and as much."""
    n, d = 6, np.ones(6)
    d[0] = 1e-18
    inputs = {"d": d, "U": np.eye(n)[:, :1]}
    derivation = sg.derive("d: Vector(n)\nU: Matrix(n, k)\nloss = trace(inv(diag(d) + U @ U.T))")
    value, slopes = derivation.lambdify(reuse_buffers=True)(inputs)
    np.testing.assert_allclose(value, n, rtol=1e-12)
    np.testing.assert_allclose(slopes["d"], -np.ones(n), rtol=1e-12)


@pytest.mark.parametrize("name", PROGRAMS | LARGE)
def test_nothing_large_is_made_where_only_products_are_needed(name: str) -> None:
    program = programmed((PROGRAMS | LARGE)[name], 100, 10, 8)
    made = [op for op in program.ops if op.dims == dims("n n") and op.kind != "input"]
    assert (not made) == (name in THIN)
    assert ("small_root" in {op.name for op in program.ops}) == (name in PROGRAMS)


@pytest.mark.parametrize("name", THIN)
def test_a_matrix_with_many_columns_is_used_as_it_is(name: str) -> None:
    assert "small_root" not in {op.name for op in programmed(THIN[name], 100, 60, 60).ops}


def test_single_numbers_and_no_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    derivation, inputs = derived(THIN["covariance"])
    _, slopes = derivation.lambdify()(inputs)
    single = {x: np.asarray(value, "float32") for x, value in inputs.items()}
    _, found = derivation.lambdify("float32", reuse_buffers=True)(single)
    monkeypatch.setitem(sys.modules, "scipy.linalg", None)
    _, others = derivation.lambdify(reuse_buffers=True)(inputs)
    for key, slope in slopes.items():
        np.testing.assert_allclose(found[key], slope, rtol=1e-3, atol=1e-3 * np.abs(slope).max())
        np.testing.assert_allclose(others[key], slope, rtol=1e-9, atol=1e-10)
