"""Products of matrices as loops, for sizes at which they are as fast as most calls of BLAS.

A tile of four rows by four is worked on at once, so that an entry that was read is used four times;
what is left over at the edges is done entry by entry. In `by_columns` the first matrix lies column
after column, all others row after row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

FEWEST, MOST = 2**17, 2**21  # multiplications, measured with two of OpenBLAS's sets of kernels
LONG = 64  # of the innermost loop: a shorter one is not worth its vectors


def product_text(left: str, right: str, out: str, sizes: Sequence[str]) -> str:
    """The call that multiplies two matrices, chosen by their sizes when it runs.

    >>> product_text("p0", "p1", "b0", ("n0", "n1", "n2"))
    'by_rows(p0, p1, b0) if 131072 <= n0 * n1 * n2 <= 2097152 and n2 >= 64 else product(p0, p1, b0)'
    """
    blas, count = call(left, right, out), " * ".join(sizes)
    _, inner, columns = sizes
    if not right.endswith(".T"):
        loops = "by_columns" if left.endswith(".T") else "by_rows"
        fits = f"{FEWEST} <= {count} <= {MOST} and {columns} >= {LONG}"
        return f"{loops}({left}, {right}, {out}) if {fits} else {blas}"
    if not left.endswith(".T"):
        fits = f"{count} <= ({MOST} if {inner} >= {LONG} else {FEWEST})"
        return f"by_entries({left}, {right[:-2]}, {out}) if {fits} else {blas}"
    return blas


def call(left: str, right: str, out: str) -> str:
    """The call of BLAS."""
    return f"product({left}, {right}, {out})"


def by_rows(a: Any, b: Any, out: Any) -> None:
    """out_i = sum_k a_ik b_k, of rows of b."""
    m, n, count = a.shape[0] // 4 * 4, a.shape[1] // 4 * 4, b.shape[1]
    out[:] = 0.0
    for i in range(0, m, 4):
        i1, i2, i3 = i + 1, i + 2, i + 3
        for k in range(0, n, 4):
            k1, k2, k3 = k + 1, k + 2, k + 3
            a00, a01, a02, a03 = a[i, k], a[i, k1], a[i, k2], a[i, k3]
            a10, a11, a12, a13 = a[i1, k], a[i1, k1], a[i1, k2], a[i1, k3]
            a20, a21, a22, a23 = a[i2, k], a[i2, k1], a[i2, k2], a[i2, k3]
            a30, a31, a32, a33 = a[i3, k], a[i3, k1], a[i3, k2], a[i3, k3]
            for j in range(count):
                b0, b1, b2, b3 = b[k, j], b[k1, j], b[k2, j], b[k3, j]
                out[i, j] += a00 * b0 + a01 * b1 + a02 * b2 + a03 * b3
                out[i1, j] += a10 * b0 + a11 * b1 + a12 * b2 + a13 * b3
                out[i2, j] += a20 * b0 + a21 * b1 + a22 * b2 + a23 * b3
                out[i3, j] += a30 * b0 + a31 * b1 + a32 * b2 + a33 * b3
    for i in range(a.shape[0]):
        for k in range(n if i < m else 0, a.shape[1]):
            for j in range(count):
                out[i, j] += a[i, k] * b[k, j]


def by_entries(a: Any, b: Any, out: Any) -> None:
    """out_ij = sum_k a_ik b_jk."""
    m, n, zero = a.shape[0] // 4 * 4, b.shape[0] // 4 * 4, out.dtype.type(0)
    for i in range(0, m, 4):
        i1, i2, i3 = i + 1, i + 2, i + 3
        for j in range(0, n, 4):
            j1, j2, j3 = j + 1, j + 2, j + 3
            s00 = s01 = s02 = s03 = zero
            s10 = s11 = s12 = s13 = zero
            s20 = s21 = s22 = s23 = zero
            s30 = s31 = s32 = s33 = zero
            for k in range(a.shape[1]):
                a0, a1, a2, a3 = a[i, k], a[i1, k], a[i2, k], a[i3, k]
                b0, b1, b2, b3 = b[j, k], b[j1, k], b[j2, k], b[j3, k]
                s00, s01, s02, s03 = s00 + a0 * b0, s01 + a0 * b1, s02 + a0 * b2, s03 + a0 * b3
                s10, s11, s12, s13 = s10 + a1 * b0, s11 + a1 * b1, s12 + a1 * b2, s13 + a1 * b3
                s20, s21, s22, s23 = s20 + a2 * b0, s21 + a2 * b1, s22 + a2 * b2, s23 + a2 * b3
                s30, s31, s32, s33 = s30 + a3 * b0, s31 + a3 * b1, s32 + a3 * b2, s33 + a3 * b3
            out[i, j], out[i, j1], out[i, j2], out[i, j3] = s00, s01, s02, s03
            out[i1, j], out[i1, j1], out[i1, j2], out[i1, j3] = s10, s11, s12, s13
            out[i2, j], out[i2, j1], out[i2, j2], out[i2, j3] = s20, s21, s22, s23
            out[i3, j], out[i3, j1], out[i3, j2], out[i3, j3] = s30, s31, s32, s33
    for i in range(a.shape[0]):
        for j in range(n if i < m else 0, b.shape[0]):
            s00 = zero
            for k in range(a.shape[1]):
                s00 += a[i, k] * b[j, k]
            out[i, j] = s00


# They are compiled apart, and called at an address: inlined they would be compiled again in each
# loop that calls them. `out` is m x n.
AT_ADDRESSES = """
def rows_at(a, b, out, m, k, n):
    by_rows(carray(a, (m, k)), carray(b, (k, n)), carray(out, (m, n)))


def columns_at(a, b, out, m, k, n):
    by_rows(farray(a, (m, k)), carray(b, (k, n)), carray(out, (m, n)))


def entries_at(a, b, out, m, k, n):
    by_entries(carray(a, (m, k)), carray(b, (n, k)), carray(out, (m, n)))
"""
CALLS = """
def by_rows(a, b, out):
    rows_at(a.ctypes, b.ctypes, out.ctypes, a.shape[0], a.shape[1], out.shape[1])


def by_columns(a, b, out):
    columns_at(a.ctypes, b.ctypes, out.ctypes, a.shape[0], a.shape[1], out.shape[1])


def by_entries(a, b, out):
    entries_at(a.ctypes, b.ctypes, out.ctypes, a.shape[0], a.shape[1], out.shape[1])
"""
