"""Products of matrices as loops: the loops themselves, and compiled for the sizes they are for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import symgrad as sg
from symgrad.numerics import openblas
from symgrad.numerics.compiled import blas
from symgrad.numerics.compiled.products import by_entries, by_rows, product_text

SIZES = (0, 1, 3, 4, 5, 9)
TOLERANCE = {"float64": 1e-13, "float32": 1e-5}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_tiles_and_edges_make_the_product(dtype: str) -> None:
    rng = np.random.default_rng(0)
    for m, k, n in [(m, k, n) for m in SIZES for k in SIZES for n in SIZES]:
        a, b = rng.normal(size=(m, k)).astype(dtype), rng.normal(size=(k, n)).astype(dtype)
        rows, columns, entries = np.full((3, m * n), np.nan, dtype)
        by_rows(a.ravel(), b.ravel(), rows, m, k, n, k, 1)
        by_rows(a.T.ravel(), b.ravel(), columns, m, k, n, 1, m)
        by_entries(a.ravel(), b.T.ravel(), entries, m, k, n)
        for found in (rows, columns, entries):
            close(found.reshape(m, n), a @ b, dtype)


def close(found: np.ndarray, wanted: np.ndarray, dtype: str) -> None:
    scale = np.abs(wanted).max(initial=1.0)
    np.testing.assert_allclose(found / scale, wanted / scale, atol=TOLERANCE[dtype])


@pytest.fixture(params=["NumPy's", "SciPy's"])
def made(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """What makes `product` with either BLAS."""
    pytest.importorskip("numba", exc_type=ImportError)
    from symgrad.numerics.compiled import names

    monkeypatch.setenv("SYMGRAD_CACHE", "")
    monkeypatch.setattr(blas, "without_copies", lambda: True)
    if request.param == "SciPy's":
        monkeypatch.setattr(blas, "loaded", lambda: None)
    openblas.kernels.cache_clear()
    yield lambda dtype: of_arrays(names._products.__wrapped__(dtype)["product"])
    openblas.kernels.cache_clear()


def of_arrays(product: Any) -> Any:
    import numba

    def multiply(a, b, out, m, k, n, turned, other, same):  # type: ignore[no-untyped-def]
        product(a.ctypes, b.ctypes, out.ctypes, m, k, n, turned, other, same)

    return numba.njit(multiply)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_size_and_order(made: Any, dtype: str) -> None:
    rng, product = np.random.default_rng(0), made(dtype)
    sizes = [(3, 4, 5), (1, 4, 5), (3, 4, 1), (3, 1, 5), (3, 0, 5), (0, 4, 5), (80, 70, 66)]
    for m, k, n in [*sizes, (129, 130, 120), (205, 700, 9)]:  # the last one by strips of rows
        a, b = rng.normal(size=(m, k)).astype(dtype), rng.normal(size=(k, n)).astype(dtype)
        for turned, other in [(False, False), (True, False), (False, True), (True, True)]:
            left, right = (
                np.array(x.T if t else x, order="C") for x, t in [(a, turned), (b, other)]
            )
            out = np.full((m, n), np.nan, dtype)
            product(left, right, out, m, k, n, int(turned), int(other), 0)
            close(out, a @ b, dtype)


@pytest.mark.parametrize("rows", [5, 150])
def test_a_matrix_by_its_transpose(made: Any, rows: int) -> None:
    rng, product = np.random.default_rng(0), made("float64")
    a = rng.normal(size=(rows, 130))
    out = np.empty((rows, rows))
    product(a, a, out, rows, 130, rows, 0, 1, 1)
    close(out, a @ a.T, "float64")
    out = np.empty((130, 130))
    product(a, a, out, 130, rows, 130, 1, 0, 1)
    close(out, a.T @ a, "float64")


def test_what_stands_transposed_is_a_flag() -> None:
    assert product_text("p0.T", "p1.T", "b0", "klm") == "product(p0, p1, b0, k, l, m, 1, 1, 0)"
    assert product_text("p0", "p0.T", "b0", "klm") == "product(p0, p0, b0, k, l, m, 0, 1, 1)"


TENSORS = """X: Tensor(b, t, d)
U: Tensor(h, d, k)
Q = einsum("btd,hdk->bhtk", X, U)
loss = sum(einsum("bhtk,bhsk->bhts", Q, Q)**3)"""


def test_tensors_are_multiplied_as_matrices() -> None:
    pytest.importorskip("numba", exc_type=ImportError)
    rng = np.random.default_rng(0)
    derivation = sg.derive(TENSORS, ["U"])
    function = derivation.lambdify(modules="numba", reuse_buffers=True)
    inputs = {"X": rng.normal(size=(2, 5, 4)), "U": rng.normal(size=(3, 4, 6))}
    compiled, _ = function.compiled(inputs)
    many = sum(op.kind == "product" and len(op.dims) > 1 for op in compiled.program.ops)
    assert many > 2
    assert compiled.source.count(" product(") == many
    value, slopes = function(inputs)
    wanted, wanted_slopes = derivation.lambdify()(inputs)
    np.testing.assert_allclose(value, wanted, rtol=1e-12)
    np.testing.assert_allclose(slopes["U"], wanted_slopes["U"], rtol=1e-10)


@pytest.mark.parametrize("examples", [7, 70, 700])  # entry by entry, by rows too, and with BLAS
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 2e-4)])
def test_compiled_products_of_every_size(examples: int, dtype: str, tolerance: float) -> None:
    pytest.importorskip("numba", exc_type=ImportError)
    rng = np.random.default_rng(0)
    text = "x: Vector(d)\nV: Matrix(h, d)\nW: Matrix(k, h)\n"
    derivation = sg.derive(text + "loss = mean(norm2(W @ tanh(V @ x))**2 for x in batch)")
    shapes = {"x": (examples, 66), "V": (67, 66), "W": (35, 67)}
    inputs = {name: (rng.normal(size=s) / 8).astype(dtype) for name, s in shapes.items()}
    value, slopes = derivation.lambdify(dtype, modules="numba", reuse_buffers=True)(inputs)
    wanted, wanted_slopes = derivation.lambdify(dtype)(inputs)
    np.testing.assert_allclose(value, wanted, rtol=tolerance)
    for name in "VW":
        scale = np.abs(wanted_slopes[name]).max()
        np.testing.assert_allclose(slopes[name], wanted_slopes[name], atol=tolerance * scale)
