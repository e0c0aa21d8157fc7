"""The functions that compiled loops call, uncompiled, and how they are compiled."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from symgrad.numerics.compiled import kernels, memory, names
from symgrad.numerics.source.numpy import defined

ENDS = [0.0, -0.0, np.inf, -np.inf, np.nan, -1.0, -2.0]


@pytest.mark.parametrize(("dtype", "units"), [("float64", 3), ("float32", 2)])
@pytest.mark.parametrize(
    "name",
    ["exp", "expm1", "log", "log1p", "tanh", "sinh", "cosh"]
    + ["arctan", "arcsin", "arccos", "arcsinh", "arctanh"],
)
def test_functions_of_a_number_are_the_library_s_within_units_in_the_last_place(
    name: str, dtype: str, units: int
) -> None:
    function = kernels.typed(dtype)[name]
    limits = np.finfo(dtype)
    spread = np.geomspace(limits.smallest_subnormal, limits.max / 2, 150)
    within = np.linspace(-1, 1, 101)
    points = [np.linspace(-110, 110, 201), within, spread, -spread / limits.max, ENDS]
    with np.errstate(all="ignore"):
        x = np.concatenate(points).astype(dtype)
        found = np.array([function(each) for each in x])
        wanted = getattr(np, name)(x.astype(np.longdouble)).astype(dtype)
    assert found.dtype == dtype
    np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
    known = ~np.isnan(wanted)
    np.testing.assert_array_max_ulp(found[known], wanted[known], units)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_power_is_the_library_s_within_units_in_the_last_place(dtype: str) -> None:
    power = kernels.typed(dtype)["power"]
    limits = np.finfo(dtype)
    spread = np.geomspace(limits.smallest_subnormal, limits.max / 2, 40)
    bases = [*spread, 1.0, *ENDS]
    exponents = [*np.linspace(-3, 3, 25), 1 / 3, 0.1, 7.0, 60.1, -60.1, 1e8, 1e300, *ENDS]
    with np.errstate(all="ignore"):
        x, y = np.meshgrid(bases, exponents)
        x, y = np.stack([x, -x]).astype(dtype), np.stack([y, y]).astype(dtype)
        found = np.array([power(*each) for each in zip(x.flat, y.flat, strict=True)])
        wanted = np.power(x.astype(np.longdouble), y.astype(np.longdouble)).astype(dtype).ravel()
    assert found.dtype == dtype
    np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
    known = ~np.isnan(wanted)
    np.testing.assert_array_max_ulp(found[known], wanted[known], 4)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_an_error_function_is_that_of_math_within_units_in_the_last_place(dtype: str) -> None:
    function = kernels.typed(dtype)["erf"]
    x = np.array([*np.linspace(-7, 7, 501), *np.geomspace(1e-30, 1, 50), *ENDS], dtype)
    found = np.array([function(each) for each in x])
    wanted = np.array([math.erf(each) for each in x], dtype)
    assert found.dtype == dtype
    np.testing.assert_array_max_ulp(found, wanted, 8)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["sin", "cos"])
def test_sines_are_the_library_s_within_units_in_the_last_place(name: str, dtype: str) -> None:
    quarters = np.pi / 2 * np.arange(-200, 200)
    large = np.geomspace(1e2, 1e30, 60)
    angles = np.concatenate([quarters, np.linspace(-9, 9, 301), large, -large, ENDS]).astype(dtype)
    found = np.full_like(angles, 9)
    with np.errstate(all="ignore"):
        kernels.typed(dtype)[f"each_{name}"](angles, found)
        wanted = getattr(np, name)(angles)
    np.testing.assert_array_max_ulp(found, wanted, 2)


@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (3, 9), (9, 3), (13, 17), (0, 2)])
def test_a_transpose_is_every_entry_at_its_place(shape: tuple[int, int]) -> None:
    a = np.arange(float(np.prod(shape))).reshape(shape)
    out = np.full(a.size, np.nan)
    memory.transposed(a.ravel(), out, *a.T.shape)
    np.testing.assert_array_equal(out.reshape(a.T.shape), a.T)


@pytest.mark.parametrize("dtype", ["int64", "int8", "uint8"])
@pytest.mark.parametrize("label", [-4, -3, 0, 2, 3])
def test_labels_are_checked_before_they_are_rows(dtype: str, label: int) -> None:
    if label < 0 and dtype == "uint8":
        return
    labels = np.array([[0, 1], [label, 2]], dtype)
    if label in (-4, 3):
        with pytest.raises(IndexError):
            memory.check_labels(labels, 3)
        with pytest.raises(IndexError):
            memory.checked(labels[1, 0], 3)
    else:
        memory.check_labels(labels, 3)
        assert memory.checked(labels[1, 0], 3) == memory.row_of(labels[1, 0], 3) == label % 3


def test_only_long_functions_are_told_to_be_inlined() -> None:
    """Told not to be, others keep a long program's loops from vectors: 1.2 for 0.8."""
    pytest.importorskip("numba")
    helpers = names.names("float64")
    assert all(helpers[name].targetoptions["forceinline"] for name in ("erf", "exp", "expm1"))
    assert "forceinline" not in helpers["signed_power"].targetoptions


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["beyond", "exp", "expm1", "log", "log1p", "tanh", "erf"])
def test_loops_of_functions_are_on_vectors(name: str, dtype: str) -> None:
    numba = pytest.importorskip("numba")
    call = f"{name}(x[k]{', real(0.5)' if name == 'beyond' else ''})"
    text = f"def core(x, out):\n    for k in range(x.size):\n        out[k] = {call}\n"
    core = numba.njit(**names.MATHEMATICS)(defined(text, names.names(dtype))["core"])
    core(np.ones(9, dtype), np.ones(9, dtype))
    (code,) = core.inspect_llvm().values()
    assert re.search(r"<\d+ x double>" if dtype == "float64" else r"<\d+ x float>", code)
