"""NumPy's BLAS as compiled code calls it: by the addresses of its functions.

Where NumPy has others than OpenBLAS's, SciPy's are called, which another version of it may be
behind.
"""

from __future__ import annotations

import ctypes
from importlib import import_module
from typing import Any

import numpy as np

from symgrad.numerics.compiled.lapack import symbol
from symgrad.numerics.openblas import FEWEST, SMALL, STRIPED, loaded, without_copies

ROWS, UPPER, PLAIN, TURNED = 101, 121, 111, 112  # CBLAS's numbers
CHARACTERS = np.frombuffer(b"NT", np.uint8)
gemm: Any = None  # this and the next are those of `blas` in compiled code
gemv: Any = None
syrk: Any = None
carray: Any = None
NARROW = 0
ONE: Any = 1.0
ZERO: Any = 0.0


def of_numpy(
    a: Any, b: Any, out: Any, m: int, k: int, n: int, turned: bool, other: bool, same: bool
) -> None:
    """out = a b, m x k times k x n, one row after another; `turned` says that a lies as its
    transpose, `other` that b does, `same` that both are one array."""
    first, second = TURNED if turned else PLAIN, TURNED if other else PLAIN
    if n == 1:
        length, width = (k, m) if turned else (m, k)
        gemv(ROWS, first, length, width, ONE, a, width, b, 1, ZERO, out, 1)
    elif m == 1:
        length, width = (n, k) if other else (k, n)
        opposite = PLAIN if other else TURNED
        gemv(ROWS, opposite, length, width, ONE, b, width, a, 1, ZERO, out, 1)
    elif same and turned != other and m * k * n > SMALL:
        syrk(ROWS, UPPER, first, m, k, ONE, a, m if turned else k, ZERO, out, m)
        for i in range(m):
            for j in range(i):
                out[i * m + j] = out[j * m + i]
    elif not turned and not other and n <= NARROW and FEWEST * k * n <= SMALL < m * k * n:
        strip = SMALL // (k * n)
        left, result = carray(a, m * k), carray(out, m * n)
        for i in range(0, m, strip):
            rows, x, y = min(strip, m - i), left[i * k :].ctypes, result[i * n :].ctypes
            gemm(ROWS, PLAIN, PLAIN, rows, n, k, ONE, x, k, b, n, ZERO, y, n)
    else:
        wide, long = m if turned else k, k if other else n
        gemm(ROWS, first, second, m, n, k, ONE, a, wide, b, long, ZERO, out, n)


def of_scipy(
    a: Any, b: Any, out: Any, m: int, k: int, n: int, turned: bool, other: bool, same: bool
) -> None:
    """The same; in Fortran's order of columns it is the transpose of b times that of a."""
    sizes = np.array([n, m, k, k if other else n, m if turned else k], np.int32)
    first, second = CHARACTERS[int(other) :], CHARACTERS[int(turned) :]
    one, zero = np.full(1, ONE), np.full(1, ZERO)
    rows, columns, inner = sizes.ctypes, sizes[1:].ctypes, sizes[2:].ctypes
    wide, long = sizes[3:].ctypes, sizes[4:].ctypes
    gemm(
        first.ctypes, second.ctypes, rows, columns, inner, one.ctypes,
        b, wide, a, long, zero.ctypes, out, rows,
    )  # fmt: skip


def blas(double: bool) -> tuple[Any, dict[str, Any]]:
    """The function that multiplies, and what it calls, for numbers of this type."""
    types = import_module("numba.types")
    own, entry = ("d", types.float64) if double else ("s", types.float32)
    real = np.float64 if double else np.float32
    numbers = {"ONE": real(1), "ZERO": real(0)}
    kinds = {"c": types.CPointer(types.uint8), "p": types.CPointer(types.int32)}
    kinds |= {"e": types.int32, "i": types.int64, "r": entry, "a": types.CPointer(entry)}

    def function(name: str, address: int | None, letters: str) -> Any:
        assert address is not None
        return symbol(f"{own}{name}", address, types.void(*(kinds[x] for x in letters)))

    library = loaded()
    if library is None:
        extending = import_module("numba.extending")
        address = extending.get_cython_function_address("scipy.linalg.cython_blas", f"{own}gemm")
        return of_scipy, {"gemm": function("gemm", address, "ccpppaapapaap"), **numbers}
    arguments = {"gemm": "eeeiiiraiairai", "gemv": "eeiiraiairai", "syrk": "eeeiirairai"}
    found = {name: getattr(library, f"scipy_cblas_{own}{name}64_") for name in arguments}
    addresses = {name: ctypes.cast(each, ctypes.c_void_p).value for name, each in found.items()}
    made = {name: function(name, addresses[name], text) for name, text in arguments.items()}
    narrow = STRIPED[real().itemsize] if without_copies() else 0
    return of_numpy, made | numbers | {"NARROW": narrow, "carray": import_module("numba").carray}
