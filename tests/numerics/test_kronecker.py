"""Kronecker products that are not made: where, and that the numbers are those of the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.language.dimensions import dims
from symgrad.language.expressions import OPERATIONS, Name, Operation
from symgrad.language.unparse import unparse
from symgrad.numerics.arrays.program import Program
from symgrad.numerics.passes import kronecker

GIVEN = """A: Matrix(m, n)
B: Matrix(p, q)
C: Matrix(n, k)
D: Matrix(q, h)
S: Matrix(n, n)
T: Matrix(q, q)
P: Matrix(n, n, symmetric=True)
Q: Matrix(q, q, symmetric=True)
M: Matrix(m*p, n*q)
N: Matrix(n*q, n*q)
X: Matrix(n*q, s)
Y: Matrix(m*p, s)
x: Vector(n*q)
y: Vector(m*p)
z: Vector(n*q*n)
u: Scalar
"""
SMALL = {  # no array has an axis for the rows and one for the columns of a product
    "a system of equations": "loss = sum((kron(A, B) @ x - y)**2)",
    "many right-hand sides": "loss = sum((kron(A, B) @ X - Y)**2)",
    "both sides": "loss = y.T @ kron(A, B) @ x",
    "one after the other": "loss = sum((kron(A, B) @ kron(C, D))**2)",
    "a function of entries": "loss = sum(log(1 + exp(kron(A, B) @ x)) * y)",
    "a function in a sum": "loss = sum(relu(kron(A, B) @ x - y))",
    "a multiple": "K = u**2 * kron(S, T)\nloss = x.T @ K @ x + norm2(K @ X)**2",
    "all entries": "loss = sum(kron(A, B)) + norm2(kron(A, B))**2",
    "a diagonal": "loss = trace(kron(S, T))**2",
    "twice": "w = kron(S, T) @ x\nloss = norm2(kron(S, T) @ w)**2 + sum(w)",
    "with a transpose": "loss = x.T @ kron(S, T) @ kron(S.T, T.T) @ kron(S, T) @ x",
    "identities": "loss = norm2(kron(eye(n), T) @ x)**2 + norm2(kron(S, eye(q)) @ x)",
    "inverse": "loss = x.T @ solve(kron(S, T), x) + logdet(kron(S, T))",
    "inverses": "K = kron(S @ S.T, T @ T.T)\nloss = norm2(inv(K) @ inv(K) @ x)**2",
    "a multiple of the identity beside it": """K = u**2 * kron(P, Q) - 3 * eye(n*q)
loss = x.T @ solve(K, x) + logdet(K)""",
    "two inverses of such": "K = kron(P, Q) + u * eye(n*q)\nloss = norm2(inv(K) @ inv(K) @ x)**2",
    "three": "loss = norm2(kron(S, kron(T, S)) @ z)**2",
    "three the other way": "K = kron(kron(S, T), S)\nloss = norm2(K @ z)**2 + logdet(K)",
}
WHOLE = {
    "a diagonal through other blocks": "loss = trace(kron(A, A.T))**2",
    "a function of it": "loss = sum(exp(kron(A, B)) * M)",
    "a difference": "loss = sum((kron(A, B) - M)**2)",
    "entry by entry": "loss = sum((kron(S, T) * N) @ x)",
    "other blocks": "loss = norm2(kron(S, T) @ kron(T, S) @ x)**2",
    "entries of an inverse": """K = kron(P, Q) + u * eye(n*q)
loss = sum(inv(K)**2 * N) + trace(inv(K) @ N)""",
    "a sum": "loss = logdet(kron(S, T) + u**2 * eye(n*q)) + norm2((kron(S, T) + N) @ x)**2",
    "a sum of two": "loss = norm2((kron(eye(n), T) + kron(S, eye(q))) @ x)**2",
    "quotients": "loss = norm2(x / (kron(S, T) @ x))**2 + sum(1 / kron(A, B))",
    "powers": "loss = sum(kron(A, B)**2 * M) + sum(kron(A, B)**3)",
    "entries of the diagonal": "loss = sum(diag(kron(S, T)) * x) + trace(kron(S, T) @ N)",
    "ones": "loss = norm2(kron(ones(n, n), T) @ x)**2 + norm2(kron(ones(n, n), ones(q, q)) @ x)",
}
PROGRAMS = SMALL | WHOLE
SIZES = {"m": 3, "n": 4, "p": 5, "q": 6, "k": 2, "h": 7, "s": 3}
KNOWN = {dims(name)[0]: size for name, size in SIZES.items()}


@pytest.fixture(autouse=True)
def eigenvalues_of_small_matrices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kronecker, "SPECTRA", 0)


def derived(name: str) -> tuple[sg.Derivation, dict[str, Any]]:
    rng = np.random.default_rng(0)
    text = GIVEN + PROGRAMS[name]
    needed = sg.derive(text).lambdify().inputs
    variables = sg.parse(text).variables
    arrays = {}
    for x in needed:
        sizes = [int(d.subs(KNOWN)) for d in variables[x].shape if d != 1]
        arrays[x] = rng.normal(size=sizes) + (3 * np.eye(*sizes) if x in "ST" else 0)
        arrays[x] += arrays[x].T if x in "PQ" else 0
    return sg.derive(text, list(needed)), arrays


def programmed(derivation: sg.Derivation) -> Program:
    return derivation.lambdify().plan.of_sizes(dict(KNOWN))


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("modules", ["numpy", "numba"])
def test_the_numbers_are_those_of_the_whole_product(name: str, modules: str) -> None:
    if modules == "numba":
        pytest.importorskip("numba")
        if name not in ("many right-hand sides", "three", "other blocks", "a difference"):
            pytest.skip("compiled for seconds")
    derivation, arrays = derived(name)
    value, slopes = derivation.lambdify()(arrays)
    found, others = derivation.lambdify(reuse_buffers=True, modules=modules)(arrays)
    np.testing.assert_allclose(found, value, rtol=1e-11)
    for key, slope in slopes.items():
        np.testing.assert_allclose(others[key], slope, rtol=1e-10, atol=1e-10 * np.abs(slope).max())


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_product_is_made_where_only_products_are_needed(name: str) -> None:
    derivation, _ = derived(name)
    large = [op for op in programmed(derivation).ops if len(op.dims) > 3 or blocks(op.dims) > 1]
    assert bool(large) == (name in WHOLE)


def blocks(axes: Any) -> int:
    return sum(axis.is_Mul for axis in axes)


def test_each_example_has_its_own_factors() -> None:
    program = "A: Matrix(m, n)\nB: Matrix(p, q)\nx: Vector(n*q)\n"
    program += "loss = mean(norm2(kron(A, B) @ x)**2 for A, x in batch)"
    rng = np.random.default_rng(1)
    given = {"A": rng.normal(size=(5, 3, 4)), "B": rng.normal(size=(2, 6))}
    given["x"] = rng.normal(size=(5, 24))
    derivation = sg.derive(program, ["A", "B", "x"])
    value, slopes = derivation.lambdify()(given)
    found, others = derivation.lambdify(reuse_buffers=True)(given)
    np.testing.assert_allclose(found, value, rtol=1e-12)
    for key, slope in slopes.items():
        np.testing.assert_allclose(others[key], slope, rtol=1e-10, atol=1e-12)


def of_kron(operation: Operation) -> bool:
    return getattr(operation.meaning, "of_kron", None) is not None


@pytest.mark.parametrize("name", [n for n, o in OPERATIONS.items() if of_kron(o)])
def test_the_records_are_true(name: str) -> None:
    x, y = (Name(k, (d, d)) for k, d in zip("ST", dims("n q"), strict=True))
    apart = unparse(OPERATIONS[name].meaning.of_kron(x, y))
    _, arrays = derived("inverse")
    text = "S: Matrix(n, n)\nT: Matrix(q, q)\n"
    given = {"S": arrays["S"], "T": arrays["T"]}
    whole, part = (
        np.asarray(sg.derive(f"{text}loss = sum(({e})**2)", "S").lambdify()(given)[0])
        for e in (f"{name}(kron(S, T))", apart)
    )
    np.testing.assert_allclose(part, whole, rtol=1e-10)
