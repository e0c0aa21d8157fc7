"""LAPACK's functions of systems, Cholesky factors and triangular matrices, as compiled code calls
them: SciPy's, by a symbol whose address is looked up in each process.

A matrix lies row after row, so that its lower triangle is the upper one to LAPACK.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

UPPER, LOWER, TURNED, NO = (np.frombuffer(x, np.uint8) for x in (b"U", b"L", b"T", b"N"))
# characters, whole numbers and arrays, in their order
ARGUMENTS = {"potrf": "ciaii", "potri": "ciaii", "potrs": "ciiaiaii"}
ARGUMENTS |= {"trtrs": "ccciiaiaii", "trtri": "cciaii"}
ARGUMENTS |= {"getrf": "iiaiii", "getrs": "ciiaiiaii"}
FUNCTIONS = (
    *("factored", "has_numbers", "inverted", "solved"),
    *("substituted", "triangle_inverted", "eliminate", "by_elimination"),
)
potrf: Any = None  # those of `lapack` in compiled code
potri: Any = None
potrs: Any = None
trtrs: Any = None
trtri: Any = None
getrf: Any = None
getrs: Any = None


def eliminate(matrix: Any, exchanged: Any) -> None:
    """Put L and U in the place of a matrix, and which rows were exchanged beside them."""
    count = matrix.shape[0]
    n, failed, rows = np.full(1, count, np.int32), np.zeros(1, np.int32), np.empty(count, np.int32)
    getrf(n.ctypes, n.ctypes, matrix.ctypes, n.ctypes, rows.ctypes, failed.ctypes)
    if failed[0] != 0:
        raise np.linalg.LinAlgError("Singular matrix")
    for k in range(count):
        exchanged[k] = rows[k]


def by_elimination(factors: Any, exchanged: Any, turned: bool, b: Any) -> Any:
    """The solution of a system of a matrix that was eliminated, or of that transposed."""
    count, columns = factors.shape[0], b.T.copy()
    n, m = np.full(1, count, np.int32), np.full(1, b.size // count, np.int32)
    failed, rows = np.zeros(1, np.int32), np.empty(count, np.int32)
    for k in range(count):
        rows[k] = np.int32(exchanged[k])
    side, a, x = NO if turned else TURNED, factors.ctypes, columns.ctypes
    s, r = side.ctypes, rows.ctypes
    getrs(s, n.ctypes, m.ctypes, a, n.ctypes, r, x, n.ctypes, failed.ctypes)
    return columns.T


def factored(factor: Any) -> bool:
    """Put the factor of a matrix in its lower triangle; whether it has one."""
    n, failed = np.full(1, factor.shape[0], np.int32), np.zeros(1, np.int32)
    potrf(UPPER.ctypes, n.ctypes, factor.ctypes, n.ctypes, failed.ctypes)
    return bool(failed[0] == 0)


def inverted(factor: Any) -> None:
    """Put the inverse of a matrix where its factor was."""
    n, failed = np.full(1, factor.shape[0], np.int32), np.zeros(1, np.int32)
    potri(UPPER.ctypes, n.ctypes, factor.ctypes, n.ctypes, failed.ctypes)
    for i in range(factor.shape[0]):
        for j in range(i):
            factor[j, i] = factor[i, j]


def solved(factor: Any, b: Any) -> None:
    """Solve a system of the matrix for each row of b, and put the solution there."""
    rows = b.size // factor.shape[0]  # one of a vector
    n, m = np.full(1, factor.shape[0], np.int32), np.full(1, rows, np.int32)
    failed = np.zeros(1, np.int32)
    u = UPPER.ctypes
    potrs(u, n.ctypes, m.ctypes, factor.ctypes, n.ctypes, b.ctypes, n.ctypes, failed.ctypes)


def substituted(matrix: Any, lower: bool, b: Any) -> None:
    """Solve a system of a triangular matrix for each row of b, and put the solution there."""
    rows = b.size // matrix.shape[0]
    n, m = np.full(1, matrix.shape[0], np.int32), np.full(1, rows, np.int32)
    failed = np.zeros(1, np.int32)
    a, x = matrix.ctypes, b.ctypes
    side = UPPER if lower else LOWER
    s, t, u = side.ctypes, TURNED.ctypes, NO.ctypes
    trtrs(s, t, u, n.ctypes, m.ctypes, a, n.ctypes, x, n.ctypes, failed.ctypes)
    if failed[0] != 0:
        raise np.linalg.LinAlgError("Singular matrix")


def triangle_inverted(matrix: Any, lower: bool) -> None:
    """Put the inverse of a triangular matrix in its place."""
    n, failed = np.full(1, matrix.shape[0], np.int32), np.zeros(1, np.int32)
    side = UPPER if lower else LOWER
    trtri(side.ctypes, NO.ctypes, n.ctypes, matrix.ctypes, n.ctypes, failed.ctypes)
    if failed[0] != 0:
        raise np.linalg.LinAlgError("Singular matrix")


def has_numbers(factor: Any) -> bool:
    """Whether it is a factor."""
    return bool(factor.size > 0 and factor[0, 0] == factor[0, 0])


def lapack(double: bool) -> dict[str, Any]:
    """What these functions call, for numbers of this type."""
    types, extending = import_module("numba.types"), import_module("numba.extending")
    entry = types.float64 if double else types.float32
    pointers = {"c": types.uint8, "i": types.int32, "a": entry}
    made = {}
    for name, letters in ARGUMENTS.items():
        own = ("d" if double else "s") + name
        address = extending.get_cython_function_address("scipy.linalg.cython_lapack", own)
        arguments = (types.CPointer(pointers[letter]) for letter in letters)
        made[name] = symbol(own, address, types.void(*arguments))
    return made


def symbol(name: str, address: int, signature: Any) -> Any:
    """The function at an address as compiled code calls it, by a name."""
    own = f"symgrad_{name}"
    import_module("llvmlite.binding").add_symbol(own, address)
    return import_module("numba.types").ExternalFunction(own, signature)
