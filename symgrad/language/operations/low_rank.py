"""What is computed of C = diag(d) + u diag(c) u^T by a small matrix, where u has few columns.

    M = diag(1 / c) + u^T diag(1 / d) u        v = diag(1 / d) u
    C^-1 = diag(1 / d) - v M^-1 v^T            log det C = log det M + sum(log(c)) + sum(log(d))

M has a Cholesky factor where all numbers of d and c are positive. Where the largest of d is so many
times the smallest that a difference would lose digits, M counts as having none; then, as without
SciPy, there is no factor (NaN), and elimination of C does the work.
"""

from __future__ import annotations

from symgrad.language.operations.cholesky import FACTOR
from symgrad.language.operations.namespace import Routine

MOST = "(8192 if u.itemsize == 8 else 50)"  # times the smallest number of d

SMALL_FACTOR = Routine(
    name="small_factor",
    indices="i,k,ik->kk",
    source=f"""
def small_factor(xp, d, c, u):
    least = xp.min(d, initial=xp.inf)
    if lapack is not None and u.size and xp.min(c) > 0 < least >= xp.max(d) / {MOST}:
        m = u.T @ (u / d[:, None])
        m.flat[:: len(m) + 1] += 1 / c
        upper, failed = of_type("potrf", m)(m.T)
        if not failed:
            return upper.T
    return xp.full((u.shape[1], u.shape[1]), xp.nan, u.dtype)


def whole(xp, d, c, u):
    return xp.diag(d) + (u * c) @ u.T""",
    uses=(FACTOR,),
    loops=f"""
def small_factor(d, c, u):
    m = np.full((u.shape[1], u.shape[1]), np.nan, u.dtype)
    if u.size and np.min(c) > 0 and 0 < np.min(d) and np.min(d) >= np.max(d) / {MOST}:
        m = u.T @ (u / d.reshape(-1, 1))
        for k in range(len(c)):
            m[k, k] += 1 / c[k]
        if not factored(m):
            m[:] = np.nan
    return m""",
)


def _routine(name: str, indices: str, source: str, loops: str) -> Routine:
    """A function of the small factor f, of d, c and u, and perhaps of b."""
    arguments = "f, d, c, u, b" if indices.startswith(",") else "f, d, c, u"
    return Routine(
        name=name,
        indices=f"kk,i,k,ik{indices}",
        source=f"\ndef {name}(xp, {arguments}):{source}",
        uses=(FACTOR, SMALL_FACTOR),
        loops=f"\ndef {name}({arguments}):{loops}",
    )


SOLUTION = _routine(
    "low_rank_solution",
    ",ij->ij",
    """
    if not has_numbers(f):
        return xp.linalg.solve(whole(xp, d, c, u), b)
    x = (b.T / d).T
    x -= ((u @ of_type("potrs", u)(f.T, u.T @ x)[0]).T / d).T
    return x""",
    """
    if not has_numbers(f):
        return np.linalg.solve(np.diag(d) + (u * c) @ u.T, b)
    x = np.ascontiguousarray(b.T / d)
    inner = x @ u
    solved(f, inner)
    x -= (inner @ u.T) / d
    return x.T""",
)
OWN_SOLUTION = _routine(
    "low_rank_own_solution",
    "->ik",
    """  # C^-1 u = v M^-1 diag(1 / c), without a difference
    if not has_numbers(f):
        return xp.linalg.solve(whole(xp, d, c, u), u)
    x = of_type("potrs", u)(f.T, (u / d[:, None]).T)[0]
    x /= c[:, None]
    return x.T""",
    """
    if not has_numbers(f):
        return np.linalg.solve(np.diag(d) + (u * c) @ u.T, u)
    x = u / d.reshape(-1, 1)
    solved(f, x)
    return x / c""",
)
INVERSE = _routine(
    "low_rank_inverse",
    "->ii",
    """
    if not has_numbers(f):
        return xp.linalg.inv(whole(xp, d, c, u))
    v = u / d[:, None]
    x = v @ of_type("potrs", u)(f.T, -v.T)[0]
    x.flat[:: len(x) + 1] += 1 / d
    return x""",
    """
    if not has_numbers(f):
        return np.linalg.inv(np.diag(d) + (u * c) @ u.T)
    v = u / d.reshape(-1, 1)
    w = v.copy()
    solved(f, w)
    x = -(v @ w.T)
    for i in range(len(d)):
        x[i, i] += 1 / d[i]
    return x""",
)
DIAGONAL = _routine(
    "low_rank_diagonal",
    "->i",
    """  # of the inverse
    if not has_numbers(f):
        return xp.linalg.inv(whole(xp, d, c, u)).diagonal().copy()
    v = (u / d[:, None]).T
    return 1 / d - xp.einsum("ki,ki->i", v, of_type("potrs", u)(f.T, v)[0])""",
    """
    if not has_numbers(f):
        return np.diag(np.linalg.inv(np.diag(d) + (u * c) @ u.T)).copy()
    v = u / d.reshape(-1, 1)
    w = v.copy()
    solved(f, w)
    return 1 / d - np.sum(v * w, axis=1)""",
)
LOG_DETERMINANT = _routine(
    "low_rank_log_determinant",
    "->",
    """
    if not has_numbers(f):
        return xp.linalg.slogdet(whole(xp, d, c, u))[1]
    return 2 * xp.log(f.diagonal()).sum() + xp.log(c).sum() + xp.log(d).sum()""",
    """
    if not has_numbers(f):
        return np.linalg.slogdet(np.diag(d) + (u * c) @ u.T)[1]
    return 2 * np.sum(np.log(np.diag(f))) + np.sum(np.log(c)) + np.sum(np.log(d))""",
)
