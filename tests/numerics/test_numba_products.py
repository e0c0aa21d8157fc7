"""Products of matrices as loops: the loops themselves, and compiled for the sizes they are for."""

from __future__ import annotations

import numpy as np
import pytest

import symgrad as sg
from symgrad.numerics.compiled.products import by_entries, by_rows, product_text

SIZES = (0, 1, 3, 4, 5, 9)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_tiles_and_edges_make_the_product(dtype: str) -> None:
    rng = np.random.default_rng(0)
    for m, k, n in [(m, k, n) for m in SIZES for k in SIZES for n in SIZES]:
        a, b = rng.normal(size=(m, k)).astype(dtype), rng.normal(size=(k, n)).astype(dtype)
        rows, entries = np.full((2, m, n), np.nan, dtype)
        by_rows(a, b, rows)
        by_entries(a, np.ascontiguousarray(b.T), entries)
        tolerance = {"float64": 1e-13, "float32": 1e-5}[dtype]
        np.testing.assert_allclose(rows, a @ b, rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(entries, a @ b, rtol=tolerance, atol=tolerance)


def test_two_transposed_matrices_are_for_blas() -> None:
    assert product_text("p0.T", "p1.T", "b0", "klm") == "product(p0.T, p1.T, b0)"
    assert product_text("p0.T", "p1", "b0", "klm").startswith("by_columns(p0.T, p1, b0) if ")
    assert product_text("p0", "p1.T", "b0", "klm").startswith("by_entries(p0, p1, b0) if ")


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
