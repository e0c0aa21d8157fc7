"""Products with a narrow factor are made of a few rows at a time, where BLAS makes these faster."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.numerics import openblas
from symgrad.numerics.buffers import blocks, thin
from symgrad.numerics.buffers.layouts import laid_out
from symgrad.numerics.buffers.logistic import MANY
from symgrad.numerics.sizes import infer_sizes

SOFTMAX = """\
x: Vector(n)
y: Vector(k, one_hot=True)
W: Matrix(k, n)
loss = mean(cross_entropy(y, softmax(W @ x)) for x, y in batch)"""
HESSIAN = """\
x: Vector(n)
t: Scalar
w: Vector(n)
loss = mean(softplus(-t * (w.T @ x)) for x, t in batch)"""


@pytest.fixture(autouse=True)
def newer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels that make small products without copies, whatever this machine has."""
    monkeypatch.setattr(thin, "without_copies", lambda: True)


def numbers(count: int, n: int, k: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.eye(k)[rng.integers(0, k, count)]
    return {"x": rng.normal(size=(count, n)), "y": y, "W": rng.normal(size=(k, n)) / n}


def rows_of(derivation: sg.Derivation, arrays: dict[str, np.ndarray], dtype: str) -> int | None:
    """How many rows a block has; None without blocks."""
    function = derivation.lambdify(dtype=dtype, reuse_buffers=True)
    sizes = infer_sizes(derivation.problem, arrays)
    plan = blocks.planned(laid_out(function.plan.of_sizes(sizes), sizes), sizes, dtype, 1)
    return plan and plan.rows


@pytest.mark.parametrize(
    ("count", "n", "k", "dtype", "rows"),
    [
        (256, 1024, 10, "float64", 86),  # 97 rows have 10^6 multiplications
        (256, 1024, 10, "float32", 86),
        (256, 784, 10, "float64", 86),  # 120 have 1200 entries
        (90, 1024, 10, "float64", None),  # small as it is
        (256, 1024, 200, "float64", None),  # no factor is narrow
        (256, 1024, 30, "float32", None),
        (256, 1024, 1, "float64", None),  # a vector
        (850, 120, 10, "float64", None),  # blocks take longer
    ],
)
def test_rows_of_a_block(count: int, n: int, k: int, dtype: str, rows: int | None) -> None:
    arrays = numbers(count, n, k)
    assert rows_of(sg.derive(SOFTMAX, ["W"]), arrays, dtype) == rows


PERCEPTRON = """\
x: Vector(n)
y: Vector(k, one_hot=True)
V: Matrix(h, n)
W: Matrix(k, h)
loss = mean(cross_entropy(y, softmax(W @ sigmoid(V @ x))) for x, y in batch)"""


@pytest.mark.parametrize(("hidden", "rows"), [(1024, None), (16, 52)])
def test_wide_products_stay_whole(hidden: int, rows: int | None) -> None:
    arrays = numbers(256, 1024, 10)
    arrays |= {"V": np.ones((hidden, 1024)), "W": np.ones((10, hidden))}
    assert rows_of(sg.derive(PERCEPTRON, ["V", "W"]), arrays, "float64") == rows


def test_other_kernels_have_no_such_products(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thin, "without_copies", lambda: False)
    assert rows_of(sg.derive(SOFTMAX, ["W"]), numbers(256, 1024, 10), "float64") is None


@pytest.mark.parametrize(("count", "n", "rows"), [(20_000, 30, 1053), (1000, 30, None)])
def test_what_is_summed_over_the_rows(count: int, n: int, rows: int | None) -> None:
    """Of 1111 rows products are small, and what lines write stays in a cache: together they pay,
    for moderate numbers, too, whose lines are fewer."""
    rng = np.random.default_rng(0)
    arrays = {"x": rng.normal(size=(count, n)), "t": rng.normal(size=count)}
    arrays["w"] = rng.normal(size=n)
    function = sg.hessian(HESSIAN, ["w"]).lambdify(reuse_buffers=True)
    sizes = infer_sizes(function.problem, arrays)
    for program in (function.plan.of_sizes(sizes), function.plan.moderate(sizes, by_calls=True)):
        assert program is not None or count < MANY
        laid = laid_out(program or function.plan.program, sizes)
        plan = blocks.planned(laid, sizes, "float64", 1, blocks.LINE)
        assert (plan and plan.rows) == rows


def test_values_are_those_of_all_rows_at_once() -> None:
    arrays = numbers(256, 1024, 10)
    derivation = sg.derive(SOFTMAX, ["W"])
    value, gradients = derivation.lambdify(reuse_buffers=True)(arrays)
    wanted, slopes = derivation.lambdify()(arrays)
    np.testing.assert_allclose(value, wanted, rtol=1e-12)
    np.testing.assert_allclose(gradients["W"], slopes["W"], rtol=1e-9, atol=1e-12)


FACTORS = """\
A: Matrix(m, n)
U: Matrix(m, k)
V: Matrix(n, k)
E = A @ V - U
loss = norm2(E)**2"""


@pytest.mark.parametrize(
    ("m", "n", "k", "dtype", "rows"),
    [
        (1000, 700, 7, "float64", [204]),  # 204 rows have 10^6 multiplications
        (1000, 700, 7, "float32", [204]),
        (1000, 700, 20, "float64", [71]),
        (1000, 700, 20, "float32", []),  # no factor is narrow
        (1000, 700, 40, "float64", []),
        (200, 700, 7, "float64", []),  # small as it is
    ],
)
def test_strips_of_rows(m: int, n: int, k: int, dtype: str, rows: list[int]) -> None:
    rng, derivation = np.random.default_rng(0), sg.derive(FACTORS, ["U", "V"])
    arrays = {
        name: rng.normal(size=shape).astype(dtype)
        for name, shape in {"A": (m, n), "U": (m, k), "V": (n, k)}.items()
    }
    function = derivation.lambdify(dtype=dtype, reuse_buffers=True)
    sizes = infer_sizes(derivation.problem, arrays)
    program = function.plan.of_sizes(sizes)
    assert [*thin.strips(program, sizes, np.dtype(dtype).itemsize).values()] == rows
    A, U, V = arrays.values()
    for _ in range(2):  # the second time the buffers are full
        value, gradients = function(arrays)
        E = A @ V - U
        tolerance = 1e-10 if dtype == "float64" else 2e-4
        np.testing.assert_allclose(value, (E**2).sum(), rtol=tolerance)
        for found, wanted in ((gradients["U"], -2 * E), (gradients["V"], 2 * A.T @ E)):
            np.testing.assert_allclose(found, wanted, atol=tolerance * np.abs(wanted).max())


@pytest.mark.parametrize(
    ("kernels", "threads", "known"),
    [("SkylakeX", 1, True), ("SkylakeX", 8, False), ("Haswell", 1, False), ("", 1, False)],
)
def test_which_kernels(
    kernels: str, threads: int, known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Library:
        def scipy_openblas_get_num_threads64_(self) -> int:
            return threads

    monkeypatch.setattr(openblas, "kernels", lambda: kernels)
    monkeypatch.setattr(openblas, "loaded", Library)
    assert openblas.without_copies() is known
    monkeypatch.setattr(openblas, "loaded", lambda: None)
    assert not openblas.without_copies()
