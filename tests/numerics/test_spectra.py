"""Eigenvalues of symmetric matrices and the nuclear norm: values, gradients, and where none is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.language.operations.namespace import ROUTINES
from symgrad.numerics.compiled.names import for_numba
from symgrad.numerics.namespaces import NUMPY
from symgrad.numerics.source.numpy import defined

RNG = np.random.default_rng(3)
X, A = RNG.standard_normal((4, 4)), RNG.standard_normal((5, 3))
OF_X = "X: Matrix(n, n)\nc: Vector(n)\nloss = c.T @ eigvalsh(X)"
LARGEST = "X: Matrix(n, n, symmetric=True)\nloss = eigvalsh(X)[-1]"
NUCLEAR = "A: Matrix(m, n)\nloss = nuclear_norm(A)"


def test_eigenvalues_are_those_of_the_symmetric_part() -> None:
    found = sg.evaluate("X: Matrix(n, n)\nf = eigvalsh(X)", {"X": X})
    np.testing.assert_allclose(found, np.linalg.eigvalsh((X + X.T) / 2), rtol=1e-12)


def test_an_eigenvalue_moves_by_its_eigenvector() -> None:
    S = (X + X.T) / 2
    v = np.linalg.eigh(S)[1][:, -1]
    _, slopes = sg.derive(LARGEST).lambdify()(X=S)
    np.testing.assert_allclose(slopes["X"], np.outer(v, v), atol=1e-13)


@pytest.mark.parametrize("matrix", [A, A.T, A[:3]])
def test_the_nuclear_norm(matrix: np.ndarray) -> None:
    u, s, vt = np.linalg.svd(matrix, full_matrices=False)
    value, slopes = sg.derive(NUCLEAR).lambdify()(A=matrix)
    assert value == pytest.approx(s.sum())
    np.testing.assert_allclose(slopes["A"], u @ vt, atol=1e-12)


@pytest.mark.parametrize(
    ("problem", "inputs"),
    [(OF_X, {"X": X, "c": np.arange(4.0)}), (NUCLEAR, {"A": A}), (NUCLEAR, {"A": A.T})],
)
@pytest.mark.parametrize("options", [{}, {"reuse_buffers": True}, {"modules": "array_api"}])
def test_gradients_are_checked(problem: str, inputs: Any, options: Any) -> None:
    name = next(iter(inputs))
    derivation = sg.derive(problem, [name])
    assert derivation.verify().passed
    assert sg.check_gradient(problem, [name], inputs).passed
    if "modules" in options:
        pytest.importorskip("array_api_compat")
    _, wanted = derivation.lambdify()(inputs)
    _, slopes = derivation.lambdify(**options)(inputs)
    np.testing.assert_allclose(slopes[name], wanted[name], atol=1e-12)


@pytest.mark.parametrize("name", ["eigvalsh", "eigenvectors", "polar_factor", "nuclear_norm"])
def test_what_is_compiled_computes_the_same(name: str) -> None:
    made = defined(for_numba(ROUTINES[name]), {"np": np})[name]
    np.testing.assert_allclose(made(X), NUMPY.routine(ROUTINES[name], X), rtol=1e-12)


@pytest.mark.parametrize("problem", [OF_X, NUCLEAR, "A: Matrix(m, n)\nloss = nuclear_norm(A)**2"])
def test_what_is_printed_reads_back(problem: str) -> None:
    for name, result in sg.derive(problem).results.items():
        assert sg.grade(problem, name, result.latex).correct
        assert sg.grade(problem, name, result.expression).correct


def test_hessians() -> None:
    for problem, name in ((OF_X, "X"), (NUCLEAR, "A")):
        assert sg.hessian(problem, [name]).verify().passed


def test_equal_eigenvalues_are_a_kink() -> None:
    """The sum is the trace, but of each eigenvalue there is no derivative."""
    report = sg.check_gradient(LARGEST, ["X"], {"X": np.eye(3)})
    assert not report.passed


def test_of_lower_rank_the_subgradient_of_least_norm_is_taken() -> None:
    one = np.ones((3, 2))
    _, slopes = sg.derive(NUCLEAR).lambdify()(A=one)
    np.testing.assert_allclose(slopes["A"], one / np.sqrt(6), atol=1e-12)


@pytest.mark.parametrize(
    ("thunk", "message"),
    [
        (lambda: sg.parse("A: Matrix(m, n)\nf = eigvalsh(A)"), "needs a square matrix"),
        (lambda: sg.parse("x: Vector(n)\nf = nuclear_norm(x)"), "needs a matrix"),
    ],
)
def test_what_is_refused(thunk: Any, message: str) -> None:
    with pytest.raises(sg.SymgradError, match=message):
        thunk()
