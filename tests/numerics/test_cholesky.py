"""Symmetric matrices by one Cholesky factor: how often it is made, and that the numbers are those
of elimination, which has its turn where there is none."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.numerics.compiled import lapack
from symgrad.numerics.interpreter import evaluate_nodes
from symgrad.numerics.sizes import infer_sizes
from tests.numerics.test_systems import equal, interpreted

KERNEL = "S: Matrix(n, n, symmetric=True)\ny: Vector(n)\nB: Matrix(n, m)\nt: Scalar\n"
PROGRAMS = {  # program -> what is called beside the one factor
    "gaussian process": (
        KERNEL + "K = S + t * eye(n)\nloss = y.T @ solve(K, y) + logdet(K)",
        ("inverse", "log_determinant"),
    ),
    "quadratic form": (KERNEL + "loss = y.T @ solve(S, y)", ("solution",)),
    "columns": (KERNEL + "loss = sum(solve(S @ S, B)**2)", ("solution", "solution")),
    "inner products": (
        KERNEL + "loss = logdet(B @ B.T + t * eye(n))",
        ("log_determinant", "inverse"),
    ),
    "congruence": (
        KERNEL + "loss = logdet(B.T @ S @ B) + sum(solve(B.T @ S @ B, B.T))",
        ("log_determinant", "inverse"),
    ),
    "density": (KERNEL + "loss = det(S)**2 * y.T @ solve(S, y)", ("determinant", "inverse")),
}
FUNCTIONS = ("inverse", "solution", "log_determinant", "determinant")


def made(definite: bool = True) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    S = rng.normal(size=(5, 5))
    S = S @ S.T + np.eye(5) if definite else S + S.T
    return {"S": S, "y": rng.normal(size=5), "B": rng.normal(size=(5, 3)), "t": np.array(2.0)}


@pytest.fixture(scope="module")
def derived() -> dict[str, sg.Derivation]:
    return {name: sg.derive(text) for name, (text, _) in PROGRAMS.items()}


def inputs_of(name: str, definite: bool = True) -> dict[str, Any]:
    needed = sg.parse(PROGRAMS[name][0]).variables
    return {key: value for key, value in made(definite).items() if key in needed}


def evaluated(derivation: sg.Derivation, inputs: dict[str, Any]) -> Any:
    """The value, which the interpreter has by elimination."""
    node = derivation.data.value.node
    return evaluate_nodes([node], inputs, infer_sizes(derivation.problem, inputs))[node]


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_factor_is_made_once_and_shared(name: str, derived: dict[str, sg.Derivation]) -> None:
    source = derived[name].lambdify().source
    called = [f for f in FUNCTIONS for _ in range(source.count(f"= {f}(np, "))]
    assert sorted(called) == sorted(PROGRAMS[name][1])
    assert source.count("= cholesky(np, ") == 1
    assert "np.linalg" not in source.replace("xp.linalg", "")


@pytest.mark.parametrize("definite", [True, False])
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_numbers_are_those_of_elimination(
    name: str, definite: bool, derived: dict[str, sg.Derivation]
) -> None:
    """Also those of a matrix that has no factor; with SciPy and without."""
    inputs = inputs_of(name, definite)
    want = interpreted(derived[name], inputs)
    value = evaluated(derived[name], inputs)
    for options in ({}, {"reuse_buffers": True}):
        got = derived[name].lambdify(**options)(inputs)
        equal(got[1], want)
        equal({"": got[0]}, {"": value})
    single = derived[name].lambdify("float32")(inputs)
    assert {np.asarray(x).dtype for x in (single[0], *single[1].values())} == {np.dtype("float32")}
    equal(single[1], want, 1e-3)


def test_the_same_without_scipy(
    monkeypatch: pytest.MonkeyPatch, derived: dict[str, sg.Derivation]
) -> None:
    monkeypatch.setitem(sys.modules, "scipy.linalg", None)
    for name, derivation in derived.items():
        inputs = inputs_of(name)
        equal(derivation.lambdify()(inputs)[1], interpreted(derivation, inputs))


def test_a_positive_definite_matrix_is_not_eliminated(
    monkeypatch: pytest.MonkeyPatch, derived: dict[str, sg.Derivation]
) -> None:
    pytest.importorskip("scipy")
    function = derived["gaussian process"].lambdify()
    want = function(inputs_of("gaussian process"))
    for name in ("inv", "slogdet", "solve"):
        monkeypatch.delattr(np.linalg, name)
    assert function(inputs_of("gaussian process"))[0] == want[0]


@pytest.mark.parametrize(
    ("loss", "products"),
    [
        ("y.T @ solve(S, y) + logdet(S)", 2),  # S^-1 y = (y^T S^-1)^T, and its product with y
        ("y.T @ S @ y + a.T @ S @ y", 4),  # the gradient 2 S y + S a makes S a alone
    ],
)
def test_a_symmetric_matrix_meets_a_vector_once(loss: str, products: int) -> None:
    function = sg.derive(f"{KERNEL}a: Vector(n)\nloss = {loss}", ["y", "S"]).lambdify()
    made = [op for op in function.plan.program.ops if op.kind == "product"]
    assert [op.name for op in made] == ["dot"] * products


def test_a_singular_matrix_is_an_error_as_before(derived: dict[str, sg.Derivation]) -> None:
    inputs = inputs_of("quadratic form") | {"S": np.zeros((5, 5))}
    with pytest.raises(sg.NotFiniteError, match="a matrix has no inverse at these inputs"):
        derived["quadratic form"].lambdify()(inputs)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_compiled_code_has_the_same_numbers(dtype: str) -> None:
    """Also those of a matrix that has no factor."""
    pytest.importorskip("numba")
    derivation = sg.derive(
        KERNEL + "loss = logdet(S) + y.T @ solve(S, y) + sum(solve(S @ S, B)**2) + det(S @ S)"
    )
    compiled = derivation.lambdify(dtype, modules="numba")
    for definite in (True, False):
        inputs = {key: value for key, value in made(definite).items() if key != "t"}
        value, got = compiled(inputs)
        tolerance = 1e-10 if dtype == "float64" else 1e-3
        equal(got, interpreted(derivation, inputs), tolerance)
        equal({"": value}, {"": evaluated(derivation, inputs)}, tolerance)


def test_a_vector_is_one_right_side(monkeypatch: pytest.MonkeyPatch) -> None:
    """With more of them LAPACK would write behind the vector."""
    asked: list[int] = []

    def potrs(*arguments: Any) -> None:
        asked.append(arguments[2].data_as(ctypes.POINTER(ctypes.c_int32))[0])

    monkeypatch.setattr(lapack, "potrs", potrs)
    for b in (np.ones(4), np.ones((3, 4))):
        lapack.solved(np.eye(4), b)
    assert asked == [1, 3]
