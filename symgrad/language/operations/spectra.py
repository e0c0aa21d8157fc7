"""Eigenvalues of a symmetric matrix and the nuclear norm.

A matrix that is not symmetric counts by its symmetric part. Eigenvalues have derivatives where they
are simple, the nuclear norm where no singular value is 0; there the subgradient of least norm is
taken.
"""

from __future__ import annotations

from symgrad.language import expressions as ex
from symgrad.language.dimensions import SCALAR, column
from symgrad.language.operations.constants import eye, filled, ones
from symgrad.language.operations.contractions import diag
from symgrad.language.operations.matrix_functions import SQRTM, sylvester
from symgrad.language.operations.meanings import Function, declare
from symgrad.language.operations.namespace import Routine
from symgrad.language.shapes import of_matrix, of_square

OF_VECTOR = ": use norm2 and unit"
# One Newton step from the real eigenpair solves S v = l v, v^T v = 1 near the real axis.
_NEAR_PAIRS = """
def pairs(xp, x):
    s = (x + xp.swapaxes(x, -1, -2)) / 2
    l, v = xp.linalg.eigh(xp.real(s))
    one, above, below = xp.eye(s.shape[-1]), [], []
    for k in range(s.shape[-1]):
        u = v[..., :, k : k + 1]
        top = xp.concatenate((s - l[..., k, None, None] * one, -u), axis=-1)
        low = xp.concatenate((xp.swapaxes(u, -1, -2), 0.0 * s[..., :1, :1]), axis=-1)
        off = xp.concatenate((s @ u - l[..., k, None, None] * u, 0.0 * s[..., :1, :1]), axis=-2)
        try:
            move = xp.linalg.solve(xp.concatenate((top, low), axis=-2), off)
        except xp.linalg.LinAlgError:  # not simple
            return l * xp.nan, v * xp.nan
        below.append(l[..., k] - move[..., -1, 0])
        above.append(u - move[..., :-1, :])
    return xp.stack(below, axis=-1), xp.concatenate(above, axis=-1)
"""
EIGENVALUES = Routine(
    name="eigvalsh",
    indices="ij->i",
    source="""
def eigvalsh(xp, x):
    return xp.linalg.eigvalsh((x + xp.swapaxes(x, -1, -2)) / 2)""",
    loops="""
def eigvalsh(x):
    return np.linalg.eigvalsh((x + x.T) / 2)""",
    analytic=_NEAR_PAIRS
    + """
def eigvalsh(xp, x):
    return pairs(xp, x)[0]""",
)
EIGENVECTORS = Routine(
    name="eigenvectors",
    indices="ij->ij",
    source="""
def eigenvectors(xp, x):
    return xp.linalg.eigh((x + xp.swapaxes(x, -1, -2)) / 2)[1]""",
    loops="""
def eigenvectors(x):
    return np.linalg.eigh((x + x.T) / 2)[1]""",
    analytic=_NEAR_PAIRS
    + """
def eigenvectors(xp, x):
    return pairs(xp, x)[1]""",
)
POLAR = Routine(
    name="polar_factor",
    indices="ij->ij",
    source="""
def polar_factor(xp, x):  # U V^T of x = U S V^T, without the directions in which x is 0
    u, s, vt = xp.linalg.svd(x, full_matrices=False)
    least = 1e-13 * xp.max(s)
    return (u * xp.where(s > least, 1.0 + 0.0 * s, 0.0 * s)[..., None, :]) @ vt""",
    loops="""
def polar_factor(x):
    u, s, vt = np.linalg.svd(x, False)
    return (u * np.where(s > 1e-13 * np.max(s), 1.0, 0.0)) @ vt""",
    analytic="""
def polar_factor(xp, x):  # from the real one, by the equation of its differential
    t, a = lambda y: xp.swapaxes(y, -1, -2), xp.real(x)
    (m, n), r = a.shape[-2:], min(a.shape[-2:])
    u, s, vt = xp.linalg.svd(a)
    e = t(u) @ (x - a) @ t(vt)
    turned = 0.0 * e
    turned[..., :r, :r] = t(e[..., :r, :r])
    none = xp.zeros((*s.shape[:-1], max(m, n) - r))
    rows, columns = (xp.concatenate((s, none), axis=-1)[..., :d] for d in (m, n))
    moved = (e - turned) / (rows[..., :, None] + columns[..., None, :])
    return u[..., :, :r] @ vt[..., :r, :] + u @ moved @ vt""",
)
NUCLEAR = Routine(
    name="nuclear_norm",
    indices="ij->",
    source="""
def nuclear_norm(xp, x):
    return xp.sum(xp.linalg.svd(x, full_matrices=False)[1], axis=-1)""",
    loops="""
def nuclear_norm(x):
    return np.sum(np.linalg.svd(x, False)[1])""",
    analytic=SQRTM.source
    + """
def nuclear_norm(xp, x):  # tr (x^T x)^(1/2), of full rank
    t = xp.swapaxes(x, -1, -2)
    wide = x.shape[-2] < x.shape[-1]
    return xp.trace(sqrtm(xp, x @ t if wide else t @ x), axis1=-2, axis2=-1)""",
)


def _gaps(x: ex.Expression) -> ex.Expression:
    """How far each two eigenvalues are from each other, l_i - l_j; 1 for each and itself."""
    e, size = eigvalsh(x), x.shape[:1]
    spread = e @ filled(ones, size).T
    return spread - spread.T + filled(eye, size)


def _of_vectors(g: ex.Expression, v: ex.Expression, x: ex.Expression) -> tuple[ex.Expression, ...]:
    """dV = V (F * V^T dS V), F_ij = 1 / (l_j - l_i), 0 on the diagonal; F^T = -F, S symmetric."""
    same = filled(eye, x.shape[:1])
    turned = v.T @ g - g.T @ v
    return (v @ ((same - 1) / _gaps(x) * turned) @ v.T / 2,)


def _of_polar(g: ex.Expression, q: ex.Expression, x: ex.Expression) -> tuple[ex.Expression, ...]:
    """R dQ + dQ P = dX - Q dX^T Q, X = Q P = R Q."""
    w = sylvester(x @ q.T, q.T @ x, g)
    return (w - q @ w.T @ q,)


eigenvectors = declare(
    "eigenvectors",
    Function,
    over="matrix",
    pullback=_of_vectors,
    kink=lambda x: _gaps(x),
    kernel=lambda xp, x: xp.routine(EIGENVECTORS, x),
    shape=of_square("eigenvectors"),
    identity="where the eigenvalues are simple",
    reserved=False,
    elsewhere=("eigh",),
    rule="eigenvectors",
    sentence="Its columns are eigenvectors of the symmetric part of X, of length 1.",
    symbol="V",
)
eigvalsh: ex.Operation = declare(
    "eigvalsh",
    Function,
    over="matrix",
    pullback=lambda g, y, x: (eigenvectors(x) @ diag(g) @ eigenvectors(x).T,),
    kernel=lambda xp, x: xp.routine(EIGENVALUES, x),
    shape=of_square("eigvalsh", lambda x: column(x.shape[0])),
    kink=lambda x: _gaps(x),
    identity="v^T dX v, where the eigenvalues are simple",
    reserved=False,
    elsewhere=("eigvals", "eigenvalues"),
    rule="eigenvalues",
    sentence="An eigenvalue that is simple moves by v^T dX v, v its eigenvector of length 1.",
    latex=r"\lambda",
    symbol="l",
    source="Magnus, On differentiating eigenvalues and eigenvectors, 1985",
)
polar_factor = declare(
    "polar_factor",
    Function,
    over="matrix",
    pullback=_of_polar,
    kernel=lambda xp, x: xp.routine(POLAR, x),
    shape=of_matrix("polar_factor", lambda x: x.shape, OF_VECTOR),
    identity="where no singular value is 0",
    reserved=False,
    rule="polar factor",
    sentence="The polar factor of X = U S V^T is U V^T.",
    symbol="Q",
)
nuclear_norm = declare(
    "nuclear_norm",
    Function,
    over="matrix",
    pullback=lambda g, y, x: (g * polar_factor(x),),
    kernel=lambda xp, x: xp.routine(NUCLEAR, x),
    shape=of_matrix("nuclear_norm", lambda x: SCALAR, OF_VECTOR),
    identity="<U V^T, dX>, where no singular value is 0",
    positive=True,
    reserved=False,
    elsewhere=("nuclearnorm", "trace_norm"),
    rule="nuclear norm",
    sentence="The gradient of a sum of singular values is U V^T, of X = U S V^T.",
    symbol="n",
    source="Watson, Characterization of the subdifferential of some matrix norms, 1992",
)
