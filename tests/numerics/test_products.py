"""Products and cumulative sums: right where factors are 0 or negative, on every back end, and their
second derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy

import symgrad as sg

AT = {
    "no zero": np.array([2.0, -1.5, 3.0, -0.5]),
    "one zero": np.array([2.0, 0.0, -3.0, 0.5]),
    "two zeros": np.array([0.0, 0.0, -3.0, 0.5]),
    "far apart": np.array([1e-150, 1e150, 1e-100, 1e100]),
}
BACKENDS: list[dict[str, Any]] = [
    {},
    {"reuse_buffers": True},
    {"modules": "numba"},
    {"modules": "array_api"},
]


def others(x: np.ndarray) -> np.ndarray:
    return np.array([np.prod(np.delete(x, i)) for i in range(x.size)])


@pytest.mark.parametrize("options", BACKENDS, ids=str)
@pytest.mark.parametrize("x", AT.values(), ids=AT)
def test_the_gradient_of_a_product_divides_by_nothing(
    x: np.ndarray, options: dict[str, Any]
) -> None:
    needed = options.get("modules", "numpy")
    pytest.importorskip({"array_api": "array_api_compat"}.get(needed, needed))
    function = sg.derive("x: Vector(n)\nloss = prod(x)").lambdify(**options)
    value, slopes = function(x=x)
    np.testing.assert_allclose(value, np.prod(x), rtol=1e-14)
    np.testing.assert_allclose(slopes["x"], others(x), rtol=1e-14)


@pytest.mark.parametrize("x", [*AT.values()][:3], ids=[*AT][:3])
def test_the_hessian_of_a_product(x: np.ndarray) -> None:
    hessian = sg.hessian("x: Vector(n)\nloss = prod(x)")
    wanted = [
        [0.0 if i == j else np.prod(np.delete(x, [i, j])) for j in range(4)] for i in range(4)
    ]
    np.testing.assert_allclose(hessian.lambdify()(x=x)[1]["x", "x"], wanted, rtol=1e-14)
    assert hessian.verify().passed


def test_a_second_derivative_of_the_other_products_reads_back() -> None:
    """Of rows that depend on the place that is looked at."""
    derivation = sg.hessian("x: Vector(n)\nloss = sum(other_products(x) * x**2)")
    assert derivation.verify().passed


@pytest.mark.parametrize(
    ("loss", "gradient"),
    [
        ("prod(x)", "other_products(x)"),
        ("log(prod(x))", "1 / x"),
        ("prod(exp(x))", "exp(sum(x)) * ones(n)"),
        ("prod(x[i] for i in range(n))", "other_products(x)"),
        (
            "prod(x[i] for i in range(n) if x[i] > 0)",
            "step(x) * other_products(where(x > 0, x, 1))",
        ),
        ("sum(cumsum(x))", "n + ones(n) - cumsum(ones(n))"),
    ],
)
def test_gradients(loss: str, gradient: str) -> None:
    assert sg.grade(f"x: Vector(n)\nloss = {loss}", "x", gradient).correct
    assert sg.derive(f"x: Vector(n)\nloss = {loss}").verify().passed


def test_a_product_of_sympy() -> None:
    i, n = sympy.Symbol("i", integer=True), sympy.Symbol("n", integer=True, positive=True)
    a = sympy.IndexedBase("a")
    derivation = sg.derive(sympy.Product(a[i], (i, 0, n - 1)))
    value, slopes = derivation.lambdify()(a=AT["one zero"])
    assert value == 0
    np.testing.assert_allclose(slopes["a"], others(AT["one zero"]))


@pytest.mark.parametrize("options", BACKENDS, ids=str)
def test_cumulative_sums_along_an_axis(options: dict[str, Any]) -> None:
    needed = options.get("modules", "numpy")
    pytest.importorskip({"array_api": "array_api_compat"}.get(needed, needed))
    A, G = np.random.default_rng(0).standard_normal((2, 3, 4))
    text = "A: Matrix(m, n)\nG: Matrix(m, n)\nloss = sum(G * cumsum(A, axis=0))"
    value, slopes = sg.derive(text, ["A"]).lambdify(**options)(A=A, G=G)
    np.testing.assert_allclose(value, np.sum(G * np.cumsum(A, 0)))
    np.testing.assert_allclose(slopes["A"], np.cumsum(G[::-1], 0)[::-1])


def test_a_mean_is_scaled_behind_its_sum() -> None:
    text = "X: Matrix(n, p)\nloss = sum((X - mean(X, axis=0))**3)"
    source = sg.derive(text, ["X"]).lambdify().source
    assert "np.sum(p0, axis=0)" in source and "p0 / n0" not in source
