"""What is computed of a symmetric matrix X by its Cholesky factor L, X = L L^T, made once.

    log |det X| = 2 sum_i log L_ii      X^-1 and X^-1 B by two triangular systems

This takes a quarter of the operations of an inverse and a determinant by elimination. The factor is
LAPACK's, by SciPy; where SciPy is not installed, or X is not positive definite, it has no numbers
(NaN), and elimination does the work.
"""

from __future__ import annotations

from symgrad.language.operations.namespace import Routine

FACTOR = Routine(
    name="cholesky",
    indices="ij->ij",
    source="""
try:
    from scipy.linalg import lapack
except ImportError:
    lapack = None


def of_type(name, x):  # LAPACK's function for numbers of this type
    return getattr(lapack, ("s" if x.dtype.char == "f" else "d") + name)


def cholesky(xp, x):  # lower l with l @ l.T = x; NaN where there is none, or no SciPy
    if lapack is not None and x.size:
        upper, failed = of_type("potrf", x)(x.T)
        if not failed:
            return upper.T
    return xp.full_like(x, xp.nan)


def has_numbers(l):
    return l.size and l[0, 0] == l[0, 0]""",
    standard="""
def cholesky(xp, x):  # elimination does the work
    return x""",
    loops="""
def cholesky(x):
    l = x.copy()
    if l.size and not factored(l):
        l[0, 0] = np.nan
    return l""",
)
INVERSE = Routine(
    name="inverse",
    indices="ij,ij->ij",
    source="""
def inverse(xp, l, x):
    if not has_numbers(l):
        return xp.linalg.inv(x)
    upper, _ = of_type("potri", x)(l.T)
    whole = upper + upper.T
    whole.flat[:: len(x) + 1] *= 0.5
    return whole""",
    standard="""
def inverse(xp, l, x):
    return xp.linalg.inv(x)""",
    loops="""
def inverse(l, x):
    if not has_numbers(l):
        return np.linalg.inv(x)
    whole = l.copy()
    inverted(whole)
    return whole""",
)
SOLUTION = Routine(
    name="solution",
    indices="ij,ij,jk->ik",
    source="""
def solution(xp, l, x, b):
    return of_type("potrs", x)(l.T, b)[0] if has_numbers(l) else xp.linalg.solve(x, b)""",
    standard="""
def solution(xp, l, x, b):
    return xp.linalg.solve(x, b)""",
    loops="""
def solution(l, x, b):
    if not has_numbers(l):
        return np.linalg.solve(x, b)
    columns = b.T.copy()
    solved(l, columns)
    return columns.T""",
)
LOG_DETERMINANT = Routine(
    name="log_determinant",
    indices="ij,ij->",
    source="""
def log_determinant(xp, l, x):
    return 2 * xp.sum(xp.log(xp.diagonal(l))) if has_numbers(l) else xp.linalg.slogdet(x)[1]""",
    standard="""
def log_determinant(xp, l, x):
    return xp.linalg.slogdet(x)[1]""",
    loops="""
def log_determinant(l, x):
    return 2 * np.sum(np.log(np.diag(l))) if has_numbers(l) else np.linalg.slogdet(x)[1]""",
)
DETERMINANT = Routine(
    name="determinant",
    indices="ij,ij->",
    source="""
def determinant(xp, l, x):
    return xp.prod(xp.diagonal(l)) ** 2 if has_numbers(l) else xp.linalg.det(x)""",
    standard="""
def determinant(xp, l, x):
    return xp.linalg.det(x)""",
    loops="""
def determinant(l, x):
    return np.prod(np.diag(l)) ** 2 if has_numbers(l) else np.linalg.det(x)""",
)
LOWER = Routine(
    name="lower_factor",
    indices="ij,ij->ij",
    source="""
def lower_factor(xp, l, x):
    try:
        return l if has_numbers(l) else xp.linalg.cholesky(x)
    except xp.linalg.LinAlgError:
        return l""",
    standard="""
def lower_factor(xp, l, x):
    return xp.linalg.cholesky(x)""",
    loops="""
def lower_factor(l, x):
    return np.tril(l) if has_numbers(l) else np.full_like(x, np.nan)""",
)
