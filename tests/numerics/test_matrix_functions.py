"""Functions of whole matrices: values and gradients on back ends, and what is not known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.language.operations.namespace import ROUTINES
from symgrad.numerics.compiled.names import for_numba
from symgrad.numerics.namespaces import NUMPY
from symgrad.numerics.source.numpy import defined

RNG = np.random.default_rng(0)
DECLARED = "X: Matrix(n, n)\nG: Matrix(n, n)\nA: Matrix(m, n)\nH: Matrix(n, m)\nloss = "
INPUTS = {
    "X": 2 * np.eye(3) + 0.4 * RNG.standard_normal((3, 3)),
    "G": RNG.standard_normal((3, 3)),
    "A": RNG.standard_normal((4, 3)),
    "H": RNG.standard_normal((3, 4)),
}
LOSSES = {
    "sum(G * matrix_power(X, 3))": "X",
    "sum(H * pinv(A))": "A",
    "sum(H.T * pinv(A.T))": "A",
    "sum(G * sqrtm(X))": "X",
    "sum(G * sylvester(X, X.T, G))": "X",
    "sum(G * expm(X))": "X",
}
BACKENDS: list[dict[str, Any]] = [{"reuse_buffers": True}, {"modules": "array_api"}]


@pytest.mark.parametrize(("loss", "wrt"), LOSSES.items())
def test_the_gradient_on_back_ends(loss: str, wrt: str) -> None:
    derivation = sg.derive(DECLARED + loss, [wrt])
    assert derivation.verify().passed
    assert sg.check_gradient(DECLARED + loss, wrt=[wrt], inputs=INPUTS).passed
    value, wanted = derivation.lambdify()(INPUTS)
    for options in BACKENDS:
        needed = options.get("modules", "numpy")
        pytest.importorskip({"array_api": "array_api_compat"}.get(needed, needed))
        found, slopes = derivation.lambdify(**options)(INPUTS)
        np.testing.assert_allclose(found, value, rtol=1e-12)
        np.testing.assert_allclose(slopes[wrt], wanted[wrt], rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("loss", ["sum(H * pinv(A))", "sum(G * sqrtm(X))"])
def test_the_hessian(loss: str) -> None:
    assert sg.hessian(DECLARED + loss, [LOSSES[loss]]).verify().passed


@pytest.mark.parametrize("k", [1, 2, 5])
def test_a_power_of_any_length(k: int) -> None:
    """The gradient of tr(G^T X^k) is the sum over j of (X^j)^T G (X^(k - 1 - j))^T."""
    problem = "k: Dimension\nX: Matrix(n, n)\nG: Matrix(n, n)\nloss = sum(G * matrix_power(X, k))"
    X, G, power = INPUTS["X"], INPUTS["G"], np.linalg.matrix_power
    wanted = sum(power(X.T, j) @ G @ power(X.T, k - 1 - j) for j in range(k))
    for options in [{}, *BACKENDS]:
        needed = options.get("modules", "numpy")
        pytest.importorskip({"array_api": "array_api_compat"}.get(needed, needed))
        value, slopes = sg.derive(problem, ["X"]).lambdify(**options)(X=X, G=G, k=k)
        np.testing.assert_allclose(value, np.sum(G * power(X, k)), rtol=1e-12)
        np.testing.assert_allclose(slopes["X"], wanted, rtol=1e-11)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "no value is given for k"),
        ({"k": 0}, "k is .*0.*; a positive whole number is wanted"),
        ({"k": 1.5}, "a positive whole number is wanted"),
        ({"k": [2]}, "a positive whole number is wanted"),
    ],
)
def test_a_dimension_that_no_array_tells_is_given(given: dict[str, Any], message: str) -> None:
    function = sg.derive(
        "k: Dimension\nX: Matrix(n, n)\nloss = trace(matrix_power(X, k))"
    ).lambdify()
    with pytest.raises(sg.SymgradError, match=message):
        function({"X": np.eye(2), **given})


def test_a_power_of_no_whole_number_is_no_number() -> None:
    problem = "k: Dimension\nX: Matrix(n, n)\nf = matrix_power(X, k - 3)"
    assert np.isnan(sg.evaluate(problem, {"X": np.eye(2), "k": 2})).all()
    np.testing.assert_array_equal(sg.evaluate(problem, {"X": np.ones((2, 2)), "k": 3}), np.eye(2))


def test_what_is_written_of_powers_is_graded() -> None:
    problem = "k: Dimension\nX: Matrix(n, n)\nA: Matrix(n, n)\nloss = trace(A @ matrix_power(X, k))"
    right = sg.derive(problem, ["X"]).results["X"]
    for answer in (right.expression, right.latex):
        assert sg.grade(problem, "X", answer).correct
    assert not sg.grade(problem, "X", "k * A.T @ matrix_power(X.T, k - 1)").correct


def test_the_derivative_by_what_an_index_raises_is_not_known() -> None:
    declared = "c: Vector(k)\nX: Matrix(n, n)\n"
    problem = f"{declared}loss = sum(c[j] * trace(matrix_power(X, j)) for j in range(k))"
    assert sg.derive(problem, ["c"]).verify().passed
    with pytest.raises(sg.SymgradError, match="whose exponent j is an index"):
        sg.derive(problem, ["X"])


@pytest.mark.parametrize("name", ["pinv", "sqrtm", "sylvester", "expm", "matrix_power"])
def test_what_is_compiled_computes_the_same(name: str) -> None:
    """Numba's text of a function is Python, so that it is run here without being compiled."""
    inside = ROUTINES[name].indices.split("->")[0].split(",")
    made: dict[str, Any] = {"np": np}
    arrays = [np.full(1, 5.0) if not letters else INPUTS["X"] for letters in inside]
    for routine in (*ROUTINES[name].uses, ROUTINES[name]):
        made |= defined(for_numba(routine), made)
    wanted = NUMPY.routine(ROUTINES[name], *(a if a.ndim == 2 else a[0] for a in arrays))
    np.testing.assert_allclose(made[name](*arrays), wanted, rtol=1e-12)


def test_the_second_derivative_of_an_exponential_is_not_known() -> None:
    with pytest.raises(sg.SymgradError, match="second derivative of expm is not known"):
        sg.hessian(DECLARED + "sum(G * expm(X))", ["X"])


@pytest.mark.parametrize("scale", [1e-8, 1.0, 30.0])
def test_an_exponential_of_any_size(scale: float) -> None:
    """Of a matrix whose exponential is known, by its eigenvectors."""
    V, d = INPUTS["X"], scale * np.array([-1.0, 0.3, 0.8])
    X = V @ np.diag(d) @ np.linalg.inv(V)
    wanted = V @ np.diag(np.exp(d)) @ np.linalg.inv(V)
    found = sg.evaluate("X: Matrix(n, n)\nf = expm(X)", {"X": X})
    np.testing.assert_allclose(found, wanted, rtol=1e-11, atol=1e-12 * np.abs(wanted).max())


def test_a_pseudo_inverse_of_lower_rank() -> None:
    A = np.outer([1.0, 2.0, 3.0], [1.0, -1.0])
    found = sg.evaluate("A: Matrix(m, n)\nf = pinv(A)", {"A": A})
    np.testing.assert_allclose(found, A.T / (14 * 2), atol=1e-15)


def test_no_real_root_is_no_number() -> None:
    X = np.array([[-1.7, 0.5], [0.0, -2.3]])
    assert np.isnan(sg.evaluate("X: Matrix(n, n)\nf = sqrtm(X)", {"X": X})).all()


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("np.linalg.matrix_power(X, 3)", r"write f = matrix_power\(X, 3\)"),
        ("scipy.linalg.expm(X)", r"write f = expm\(X\)"),
        ("scipy.linalg.solve_sylvester(X, X, X)", r"write f = sylvester\(X, X, X\)"),
        ("matrix_power(X, 1.5)", "the power is a whole number"),
        ("matrix_power(A, 2)", "needs a square matrix"),
        ("expm(A)", "needs a square matrix"),
        ("sylvester(X, X, A)", r"solves A Y \+ Y B = C"),
    ],
)
def test_what_is_written_otherwise(written: str, message: str) -> None:
    with pytest.raises(sg.SymgradError, match=message):
        sg.parse(f"X: Matrix(n, n)\nA: Matrix(m, n)\nf = {written}")
