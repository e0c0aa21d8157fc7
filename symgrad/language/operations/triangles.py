"""Triangles of a matrix, and Cholesky's factor, which is one.

    tril(X)_ij = X_ij where i >= j, else 0        triu(X)_ij = X_ij where i <= j, else 0
    cholesky(X) = L, L L^T = X, L a lower triangle

A matrix that is not symmetric has the factor of its symmetric part.
"""

from __future__ import annotations

from functools import partial

from symgrad.errors import ProgramError, ShapeError
from symgrad.language import expressions as ex
from symgrad.language.dimensions import ONE, Shape
from symgrad.language.operations.cholesky import LOWER
from symgrad.language.operations.contractions import diag
from symgrad.language.operations.linear_algebra import inv, of_matrices
from symgrad.language.operations.meanings import Function, declare
from symgrad.language.operations.namespace import Routine
from symgrad.language.shapes import given, matrix, of_square, square
from symgrad.language.unparse import unparse


def _shape(arguments: tuple[ex.Expression, ...], options: ex.Options) -> Shape:
    if ONE in matrix("a triangle", arguments[0]):
        raise ShapeError(f"a triangle is of a matrix; {given(arguments[0])}")
    return arguments[0].shape


def _beside_diagonal(
    name: str, own: int, x: ex.Expression, *places: ex.Expression, k: float = 0
) -> ex.Expression | None:
    """tril(x, -1) and triu(x, 1), as NumPy has them."""
    if not places and k == 0:
        return None
    place: ex.Value = k
    for at in places:
        if not isinstance(at, ex.Number):
            raise ProgramError(f"{name}: the diagonal is a number, not {unparse(at)}")
        place = at.value
    triangle = ex.OPERATIONS[name].node((x,), {})
    if place == 0:
        return triangle
    if place != own:
        raise ProgramError(f"{name}: the diagonal is 0, or {own} for all beside it, not {place}")
    square(name, x)
    return triangle - diag(diag(x))


def _triangle(name: str, side: str, own: int) -> ex.Operation:
    part = "min(i + 1, x.shape[1])" if side == "lower" else "i, x.shape[1]"
    routine = Routine(
        name=f"{side}_triangle",
        indices="ij->ij",
        source=f"""
def {side}_triangle(xp, x):
    return xp.{name}(x)""",
        loops=f"""
def {side}_triangle(x):
    triangle = np.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range({part}):
            triangle[i, j] = x[i, j]
    return triangle""",
    )
    return declare(
        name,
        Function,
        over="matrix",
        arity=(1, 2),
        parameters=("k",),
        prepare=partial(_beside_diagonal, name, own),
        kernel=lambda xp, x, *k: xp.routine(routine, x),
        pullback=lambda g, y, x: (ex.OPERATIONS[name](g),),
        identity="each entry is an entry of X or 0",
        triangle=side,
        projects=True,
        shape=_shape,
        reserved=False,
        rule=f"{side} triangle",
        sentence=f"The {side} triangle of a matrix passes the {side} triangle of the gradient.",
        symbol="T",
    )


tril = _triangle("tril", "lower", -1)
triu = _triangle("triu", "upper", 1)


SYMMETRIC_FACTOR = Routine(
    name="symmetric_factor",
    indices="ij->ij",
    source="""
def symmetric_factor(xp, x):  # NaN where there is none
    try:
        return xp.linalg.cholesky((x + xp.swapaxes(x, -1, -2)) / 2)
    except xp.linalg.LinAlgError:
        return x * xp.nan""",
    standard="""
def symmetric_factor(xp, x):
    return xp.linalg.cholesky((x + xp.matrix_transpose(x)) / 2)""",
    loops="""
def symmetric_factor(x):
    l = (x + x.T) / 2
    return np.tril(l) if factored(l) else np.full_like(x, np.nan)""",
    analytic="""
def symmetric_factor(xp, x):  # a step from the real factor solves L L^T = X near the real axis
    x = (x + xp.swapaxes(x, -1, -2)) / 2
    try:
        l = xp.linalg.cholesky(xp.real(x))
    except xp.linalg.LinAlgError:
        return x * xp.nan
    turned = xp.linalg.inv(l)
    off = turned @ (x - l @ xp.swapaxes(l, -1, -2)) @ xp.swapaxes(turned, -1, -2)
    return l + l @ (xp.tril(off) - xp.tril(xp.triu(off)) / 2)""",
)


def _cholesky_pullback(
    g: ex.Expression, y: ex.Expression, x: ex.Expression
) -> tuple[ex.Expression, ...]:
    """L^-1 dX L^-T = M + M^T with M = L^-1 dL, a lower triangle."""
    p = tril(y.T @ g)
    return (inv(y).T @ (p + p.T - diag(diag(y.T @ g))) @ inv(y) / 2,)


cholesky: ex.Operation = declare(
    "cholesky",
    Function,
    over="matrix",
    pullback=_cholesky_pullback,
    kernel=lambda xp, x: xp.routine(SYMMETRIC_FACTOR, x),
    by_factor=LOWER,
    triangle="lower",
    identity="L^-1 dL is the lower triangle of L^-1 dX L^-T, with half its diagonal",
    shape=of_square("cholesky"),
    elsewhere=("cho_factor",),
    reserved=False,
    rule="Cholesky factor",
    sentence="X = L L^T gives L^-1 dX L^-T = M + M^T, where M = L^-1 dL is a lower triangle.",
    latex=r"\operatorname{chol}",
    symbol="L",
    source="Murray, Differentiation of the Cholesky decomposition, 2016",
)

for _triangle_of in (tril, triu):
    of_matrices(
        f"diagonal of a triangle ({_triangle_of.name})",
        lambda x, triangle=_triangle_of: (diag(triangle(x)), diag(x)),
        f"diag({_triangle_of.name}(X)) = diag(X)",
    )
