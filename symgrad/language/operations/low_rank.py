"""What is computed of C = diag(d) + u diag(c) u^T by a small matrix, where u has few columns.

    M = diag(1 / c) + u^T diag(1 / d) u = L L^T     r = L^-1     w = diag(1 / d) u r^T
    C^-1 = diag(1 / d) - w w^T        C^-1 u = w r diag(1 / c)
    log det C = sum(log(c)) + sum(log(d)) - 2 sum_k log r_kk

M has a Cholesky factor L where all numbers of d and c are positive. Where the largest of d is so
many times the smallest that a difference would lose digits, M counts as having none; then, as
without SciPy, r has no numbers (NaN), and elimination of C does the work.
"""

from __future__ import annotations

from symgrad.language.operations.cholesky import FACTOR
from symgrad.language.operations.namespace import Routine

MOST = "(8192 if m.itemsize == 8 else 50)"  # times the smallest number of d

SMALL_ROOT = Routine(
    name="small_root",
    indices="i,k,kk->kk",
    source=f"""
def small_root(xp, d, c, m):
    least = xp.min(d, initial=xp.inf)
    if lapack is not None and m.size and xp.min(c) > 0 < least >= xp.max(d) / {MOST}:
        upper, failed = of_type("potrf", m)(m.T)
        if not failed:
            return of_type("trtri", m)(upper)[0].T
    return xp.full_like(m, xp.nan)


def whole(xp, d, c, u):
    return xp.diag(d) + (u * c) @ u.T""",
    uses=(FACTOR,),
    loops=f"""
def small_root(d, c, m):
    r = np.full_like(m, np.nan)
    if m.size and np.min(c) > 0 and 0 < np.min(d) and np.min(d) >= np.max(d) / {MOST}:
        l = m.copy()
        if factored(l):
            r = np.tril(l)
            triangle_inverted(r, True)
    return r""",
)


def _routine(name: str, indices: str, source: str, loops: str) -> Routine:
    """A function of r, d, c and u, and perhaps of w, or of what C^-1 multiplies."""
    arguments = {"": "r, d, c, u", ",ik": "r, d, c, u, w", ",ij": "r, d, c, u, b"}
    own = arguments[indices.split("->")[0]]
    return Routine(
        name=name,
        indices=f"kk,i,k,ik{indices}",
        source=f"\ndef {name}(xp, {own}):{source}",
        uses=(FACTOR, SMALL_ROOT),
        loops=f"\ndef {name}({own}):{loops}",
    )


SOLUTION = _routine(
    "low_rank_solution",
    ",ij->ij",
    """
    if not has_numbers(r):
        return xp.linalg.solve(whole(xp, d, c, u), b)
    x = (b.T / d).T
    x -= ((u @ (r.T @ (r @ (u.T @ x)))).T / d).T
    return x""",
    """
    if not has_numbers(r):
        return np.linalg.solve(np.diag(d) + (u * c) @ u.T, b)
    x = np.ascontiguousarray(b.T / d)
    x -= (((x @ u) @ r.T) @ r @ u.T) / d
    return x.T""",
)
OWN_SOLUTION = _routine(
    "low_rank_own_solution",
    ",ik->ik",
    """  # C^-1 u, without a difference
    if not has_numbers(r):
        return xp.linalg.solve(whole(xp, d, c, u), u)
    x = w @ r
    x /= c
    return x""",
    """
    if not has_numbers(r):
        return np.linalg.solve(np.diag(d) + (u * c) @ u.T, u)
    return (w @ r) / c""",
)
INVERSE = _routine(
    "low_rank_inverse",
    ",ik->ii",
    """
    if not has_numbers(r):
        return xp.linalg.inv(whole(xp, d, c, u))
    x = w @ -w.T
    x.flat[:: len(x) + 1] += 1 / d
    return x""",
    """
    if not has_numbers(r):
        return np.linalg.inv(np.diag(d) + (u * c) @ u.T)
    x = w @ -w.T
    for i in range(len(d)):
        x[i, i] += 1 / d[i]
    return x""",
)
DIAGONAL = _routine(
    "low_rank_diagonal",
    ",ik->i",
    """  # of the inverse
    if not has_numbers(r):
        return xp.linalg.inv(whole(xp, d, c, u)).diagonal().copy()
    return 1 / d - xp.einsum("ik,ik->i", w, w)""",
    """
    if not has_numbers(r):
        return np.diag(np.linalg.inv(np.diag(d) + (u * c) @ u.T)).copy()
    return 1 / d - np.sum(w * w, axis=1)""",
)
LOG_DETERMINANT = _routine(
    "low_rank_log_determinant",
    "->",
    """
    if not has_numbers(r):
        return xp.linalg.slogdet(whole(xp, d, c, u))[1]
    return xp.log(c).sum() + xp.log(d).sum() - 2 * xp.log(r.diagonal()).sum()""",
    """
    if not has_numbers(r):
        return np.linalg.slogdet(np.diag(d) + (u * c) @ u.T)[1]
    return np.sum(np.log(c)) + np.sum(np.log(d)) - 2 * np.sum(np.log(np.diag(r)))""",
)
