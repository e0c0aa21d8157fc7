"""Products of matrices: by BLAS, and by loops at sizes at which these are faster.

In a loop a tile of four rows by four is worked on at once, so that an entry that was read is used
four times; what is left over at the edges is done entry by entry. Arrays are what stands at an
address, one row after another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from symgrad.numerics.openblas import SMALL, without_copies

LONG = 64  # of the innermost loop: a shorter one is not worth its vectors
MOST = 2**21  # multiplications by loops; the fewest by either loop are those of `limits`
BY_ROWS = BY_ENTRIES = MOST
multiplied: Any = None  # this and the next are those of `blas` in compiled code
ZERO: Any = 0.0


def limits(double: bool) -> dict[str, int]:
    """From how many multiplications on loops are faster, measured with these kernels and others."""
    if not without_copies():
        return {"BY_ROWS": 2**17, "BY_ENTRIES": 0}
    return {"BY_ROWS": SMALL, "BY_ENTRIES": 0} if double else {}


def product_text(left: str, right: str, out: str, sizes: Sequence[str]) -> str:
    """The call that multiplies what stands at these addresses, matrices of these sizes: rows, what
    is summed over, columns.

    >>> product_text("p0", "p1.T", "b0", ("n0", "n1", "n2"))
    'product(p0, p1, b0, n0, n1, n2, 0, 1, 0)'
    """
    a, b = left.removesuffix(".T"), right.removesuffix(".T")
    flags = [int(left != a), int(right != b), int(a == b)]
    return f"product({', '.join([a, b, out, *sizes, *map(str, flags)])})"


def product(
    a: Any, b: Any, out: Any, m: int, k: int, n: int, turned: int, other: int, same: int
) -> None:
    """out = a b, m x k times k x n; `turned` says that a stands there transposed, `other` that b
    does, `same` that both are one array."""
    count = m * k * n
    if count == 0:
        for i in range(m * n):
            out[i] = 0.0
    elif BY_ROWS < count <= MOST and n >= LONG and not other:
        by_rows(a, b, out, m, k, n, 1 if turned else k, m if turned else 1)
    elif BY_ENTRIES < count <= MOST and k >= LONG and other and not turned:
        by_entries(a, b, out, m, k, n)
    else:
        multiplied(a, b, out, m, k, n, turned, other, same)


def by_rows(a: Any, b: Any, out: Any, m: int, k: int, n: int, down: int, along: int) -> None:
    """out_i = sum_l a_il b_l, of rows of b; from a row of a to the next, and within it, it is so
    many entries."""
    rows, inner = m // 4 * 4, k // 4 * 4
    for i in range(m * n):
        out[i] = 0.0
    for i in range(0, rows, 4):
        o0 = i * n
        o1, o2, o3 = o0 + n, o0 + 2 * n, o0 + 3 * n
        for l in range(0, inner, 4):  # noqa: E741
            p0, q0 = i * down + l * along, l * n
            p1, p2, p3 = p0 + down, p0 + 2 * down, p0 + 3 * down
            q1, q2, q3 = q0 + n, q0 + 2 * n, q0 + 3 * n
            a00, a01, a02, a03 = a[p0], a[p0 + along], a[p0 + 2 * along], a[p0 + 3 * along]
            a10, a11, a12, a13 = a[p1], a[p1 + along], a[p1 + 2 * along], a[p1 + 3 * along]
            a20, a21, a22, a23 = a[p2], a[p2 + along], a[p2 + 2 * along], a[p2 + 3 * along]
            a30, a31, a32, a33 = a[p3], a[p3 + along], a[p3 + 2 * along], a[p3 + 3 * along]
            for j in range(n):
                b0, b1, b2, b3 = b[q0 + j], b[q1 + j], b[q2 + j], b[q3 + j]
                out[o0 + j] += a00 * b0 + a01 * b1 + a02 * b2 + a03 * b3
                out[o1 + j] += a10 * b0 + a11 * b1 + a12 * b2 + a13 * b3
                out[o2 + j] += a20 * b0 + a21 * b1 + a22 * b2 + a23 * b3
                out[o3 + j] += a30 * b0 + a31 * b1 + a32 * b2 + a33 * b3
    for i in range(m):
        for l in range(inner if i < rows else 0, k):  # noqa: E741
            for j in range(n):
                out[i * n + j] += a[i * down + l * along] * b[l * n + j]


def by_entries(a: Any, b: Any, out: Any, m: int, k: int, n: int) -> None:
    """out_ij = sum_l a_il b_jl."""
    rows, columns, zero = m // 4 * 4, n // 4 * 4, ZERO
    for i in range(0, rows, 4):
        p0, o0 = i * k, i * n
        p1, p2, p3 = p0 + k, p0 + 2 * k, p0 + 3 * k
        o1, o2, o3 = o0 + n, o0 + 2 * n, o0 + 3 * n
        for j in range(0, columns, 4):
            q0 = j * k
            q1, q2, q3 = q0 + k, q0 + 2 * k, q0 + 3 * k
            s00 = s01 = s02 = s03 = zero
            s10 = s11 = s12 = s13 = zero
            s20 = s21 = s22 = s23 = zero
            s30 = s31 = s32 = s33 = zero
            for l in range(k):  # noqa: E741
                a0, a1, a2, a3 = a[p0 + l], a[p1 + l], a[p2 + l], a[p3 + l]
                b0, b1, b2, b3 = b[q0 + l], b[q1 + l], b[q2 + l], b[q3 + l]
                s00, s01, s02, s03 = s00 + a0 * b0, s01 + a0 * b1, s02 + a0 * b2, s03 + a0 * b3
                s10, s11, s12, s13 = s10 + a1 * b0, s11 + a1 * b1, s12 + a1 * b2, s13 + a1 * b3
                s20, s21, s22, s23 = s20 + a2 * b0, s21 + a2 * b1, s22 + a2 * b2, s23 + a2 * b3
                s30, s31, s32, s33 = s30 + a3 * b0, s31 + a3 * b1, s32 + a3 * b2, s33 + a3 * b3
            o = o0 + j
            out[o], out[o + 1], out[o + 2], out[o + 3] = s00, s01, s02, s03
            o = o1 + j
            out[o], out[o + 1], out[o + 2], out[o + 3] = s10, s11, s12, s13
            o = o2 + j
            out[o], out[o + 1], out[o + 2], out[o + 3] = s20, s21, s22, s23
            o = o3 + j
            out[o], out[o + 1], out[o + 2], out[o + 3] = s30, s31, s32, s33
    for i in range(m):
        for j in range(columns if i < rows else 0, n):
            total = zero
            for l in range(k):  # noqa: E741
                total += a[i * k + l] * b[j * k + l]
            out[i * n + j] = total
