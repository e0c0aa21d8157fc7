"""Triangular matrices: that they are seen, that their systems are solved by substitution, and that
the numbers are those of elimination."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.calculus.triangles import sides
from tests.numerics.test_systems import equal, interpreted

GIVEN = "A: Matrix(n, n)\nB: Matrix(n, m)\nS: Matrix(n, n, symmetric=True)\nb: Vector(n)\n"
GIVEN += "d: Vector(n)\n"
STRUCTURES = {  # expression -> the sides
    "tril(A)": "lower",
    "triu(A)": "upper",
    "tril(A).T": "upper",
    "cholesky(S)": "lower",
    "inv(tril(A))": "lower",
    "tril(A) @ tril(S)": "lower",
    "2 * tril(A) * S": "lower",
    "tril(A, -1) + diag(d)": "lower",
    "triu(A, k=1)": "upper",
    "diag(d) @ eye(n)": "lower upper",
    "triu(A) @ tril(A)": "",
    "tril(A) + triu(S)": "",
    "exp(tril(A))": "",
    "A / tril(S)": "",
}
PROGRAMS = {  # program -> what is called for its systems
    "solved": ("loss = norm2(solve(tril(A), b))**2", {"lower_solution", "upper_solution"}),
    "columns": ("loss = sum(solve(triu(A), B)**2)", {"lower_solution", "upper_solution"}),
    "turned": ("loss = norm2(solve(tril(A).T, b))**2", {"lower_solution", "upper_solution"}),
    "beside its diagonal": (
        "L = tril(A, -1) + diag(exp(d))\nloss = norm2(solve(L, b))**2 + logdet(L)",
        {"lower_solution", "upper_solution"},
    ),
    "covariance by its factor": (
        "L = tril(A)\nloss = b.T @ solve(L @ L.T, b) + logdet(L @ L.T)",
        {"lower_solution", "upper_solution"},
    ),
    "inverse": ("loss = sum(inv(tril(A))**3)", {"lower_inverse"}),
    "many systems": (
        "L = tril(A)\nloss = sum(solve(L, b)**4) + sum(solve(L, d)**4) + sum(solve(L, B)**4)",
        {"lower_solution", "upper_solution"},
    ),
    "factored": (
        "L = cholesky(S)\nloss = norm2(solve(L, b))**2 + 2 * logdet(L)",
        {"cholesky", "lower_factor", "lower_solution", "upper_solution"},
    ),
    "determinant": ("loss = det(tril(A)) + trace(A @ tril(A))", set()),
}
CALLED = {"lower_solution", "upper_solution", "lower_inverse", "upper_inverse", "cholesky"}
CALLED |= {"lower_factor"}


def made(program: str) -> tuple[sg.Derivation, dict[str, Any]]:
    rng = np.random.default_rng(0)
    A, S = rng.normal(size=(2, 5, 5))
    every = {
        **{"A": A + 3 * np.eye(5), "B": rng.normal(size=(5, 3)), "S": S @ S.T + np.eye(5)},
        **{"b": rng.normal(size=5), "d": rng.normal(size=5)},
    }
    lines = [x for x in GIVEN.splitlines() if x[0] in program.replace("loss", "")]
    derivation = sg.derive("\n".join([*lines, program]))
    return derivation, {x: every[x] for x in derivation.problem.variables}


@pytest.mark.parametrize("text", STRUCTURES)
def test_a_triangle_is_seen(text: str) -> None:
    node = sg.derive(f"{GIVEN}loss = sum(expm({text})**3)").data.value.node
    (cubed,) = node.terms[0].factors
    ((matrix, _),) = cubed.node.arguments
    assert " ".join(sorted(sides(matrix))) == STRUCTURES[text]


@pytest.mark.parametrize("name", PROGRAMS)
def test_its_systems_are_solved_by_substitution(name: str) -> None:
    derivation, _ = made(PROGRAMS[name][0])
    ops = derivation.lambdify().plan.program.ops
    assert {op.name for op in ops} & CALLED == PROGRAMS[name][1]
    assert not any(op.kind == "linalg" for op in ops)


@pytest.mark.parametrize("without", ["", "scipy"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_numbers_are_those_of_elimination(
    name: str, without: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if without:
        monkeypatch.setitem(sys.modules, "scipy.linalg", None)
    derivation, inputs = made(PROGRAMS[name][0])
    want = interpreted(derivation, inputs)
    for options in ({}, {"reuse_buffers": True}):
        equal(derivation.lambdify(**options)(inputs)[1], want)
    single = {x: value.astype("float32") for x, value in inputs.items()}
    equal(derivation.lambdify("float32")(single)[1], want, 1e-3)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_compiled_code_has_the_same_numbers(dtype: str) -> None:
    pytest.importorskip("numba")
    text = "L = tril(A)\nR = cholesky(S)\nU = triu(A)\nloss = sum(solve(L, B)**2) + sum(inv(U)**3)"
    text += " + norm2(solve(R.T, b))**2 + sum(cholesky(A @ A.T + tril(A))) + sum(inv(L)**3)"
    derivation, inputs = made(text)
    compiled = derivation.lambdify(dtype, modules="numba", reuse_buffers=True)
    inputs = {x: value.astype(dtype) for x, value in inputs.items()}
    equal(
        compiled(inputs)[1],
        interpreted(derivation, inputs),
        1e-10 if dtype == "float64" else 1e-3,
    )


@pytest.mark.parametrize("modules", ["numpy", "numba"])
def test_a_singular_triangle_is_an_error_and_no_factor_none(modules: str) -> None:
    pytest.importorskip("numba" if modules == "numba" else "numpy")
    derivation, inputs = made(PROGRAMS["solved"][0])
    singular = inputs | {"A": np.triu(np.ones((5, 5)), 1)}
    with pytest.raises(sg.NotFiniteError):
        derivation.lambdify(modules=modules)(singular)
    derivation, inputs = made(PROGRAMS["factored"][0])
    value, _ = derivation.lambdify(modules=modules)(inputs | {"S": -np.eye(5)})
    assert np.isnan(value)


@pytest.mark.parametrize(
    ("loss", "result"),
    [
        ("logdet(tril(A))", "diag(1 / diag(A))"),
        ("det(tril(A))", "diag(other_products(diag(A)))"),
        ("sum(tril(A) * S)", "tril(S)"),
        ("trace(tril(A))", "eye(n)"),
        ("sum(tril(triu(A)) * S)", "diag(diag(S))"),
        ("sum(tril(tril(A)) * S)", "tril(S)"),
        ("sum(tril(A, -1) * S)", "tril(S) - diag(diag(S))"),
    ],
)
def test_results_are_short(loss: str, result: str) -> None:
    derivation = sg.derive(f"{GIVEN}loss = {loss}", ["A"])
    assert derivation.results["A"].expression == result
    assert derivation.verify().passed


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sum(tril(A, 2))", "tril: the diagonal is 0, or -1 for all beside it, not 2"),
        ("sum(triu(A, b))", "triu: the diagonal is a number, not b"),
        ("sum(tril(b))", "a triangle is of a matrix; b is a vector"),
        ("sum(cholesky(B))", "cholesky"),
    ],
)
def test_what_is_no_triangle_is_refused(text: str, told: str) -> None:
    with pytest.raises(sg.SymgradError, match=told):
        sg.derive(f"{GIVEN}loss = {text}")
