"""Inverse and determinant of square matrices."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial

import sympy

from symgrad.errors import ShapeError
from symgrad.language import expressions as ex
from symgrad.language.composing import inverted
from symgrad.language.dimensions import SCALAR, Shape
from symgrad.language.formula import Applied, Row, Symbol
from symgrad.language.operations.cholesky import DETERMINANT, INVERSE, LOG_DETERMINANT
from symgrad.language.operations.constants import eye, filled, ones
from symgrad.language.operations.contractions import diag, total
from symgrad.language.operations.kronecker import kron
from symgrad.language.operations.meanings import Composite, Expansion, Function, declare, rewrite
from symgrad.language.operations.piecewise import absolute
from symgrad.language.operations.products import product
from symgrad.language.operations.smooth import log
from symgrad.language.phrases import phrase
from symgrad.language.shapes import given, matrix, of_square

LOG, DET = Symbol(latex=r"\log"), Symbol(latex=r"\det")


def _solved(a: ex.Expression, b: ex.Expression) -> Shape:
    rows = matrix("solve", b)[0]
    if rows != a.shape[0]:
        raise ShapeError(
            f"solve: {given(a)}, {given(b)} ({a.shape[0]} and {rows} must agree)",
            (a.shape[0], rows),
        )
    return b.shape


def _small(d: ex.Expression, x: ex.Expression, y: ex.Expression) -> ex.Expression:
    """What the inverse and the determinant of d I + x y^T are made of."""
    return d * filled(eye, x.shape[1:]) + y.T @ x


def _inverse_of_shifted(d: ex.Expression, x: ex.Expression, y: ex.Expression) -> ex.Expression:
    """Woodbury's identity."""
    return (filled(eye, x.shape[:1]) - x @ inv(_small(d, x, y)) @ y.T) / d


def _logdet_of_shifted(d: ex.Expression, x: ex.Expression, y: ex.Expression) -> ex.Expression:
    """Sylvester's identity: of n and k columns n - k eigenvalues are d."""
    rows, columns = (total(filled(ones, (size,))) for size in x.shape)
    return logdet(_small(d, x, y)) + (rows - columns) * log(absolute(d))


def _inverse_of_kron(x: ex.Expression, y: ex.Expression) -> ex.Expression:
    return kron(inv(x), inv(y))


def _logdet_of_kron(x: ex.Expression, y: ex.Expression) -> ex.Expression:
    """Each eigenvalue of the one meets each of the other."""
    rows, others = (total(filled(ones, z.shape[:1])) for z in (x, y))
    return others * logdet(x) + rows * logdet(y)


inv: ex.Operation = declare(
    "inv",
    Function,
    over="matrix",
    pullback=lambda g, y, x: (-y.T @ g @ y.T,),
    kernel=lambda xp, x: xp.inv(x),
    symmetric=True,
    solver=lambda xp, x, b: xp.solve(x, b),
    by_factor=INVERSE,
    of_diagonal=lambda x: diag(1 / x),
    of_product=lambda x, y: inv(y) @ inv(x),
    triangle="kept",
    of_shifted=_inverse_of_shifted,
    of_kron=_inverse_of_kron,
    equation=lambda y, x: (y @ x, filled(eye, x.shape[:1])),
    elsewhere=("inverse",),
    shape=of_square("inv"),
    rule="inverse",
    sentence="The differential of an inverse Y is -Y dX Y, so the gradient is -Y^T G Y^T.",
    notation=lambda call, x: inverted(x),
    symbol="Y",
    source="Petersen and Pedersen, The Matrix Cookbook, eq. 59",
    sympy_classes=(sympy.Inverse,),
)


def _by_cofactors(derivative: Callable[..., ex.Expression]) -> Expansion:
    """What a determinant is by its cofactors C, and a derivative in these."""
    return Expansion(
        entries=lambda x: det(x) * inv(x).T,
        called="the cofactors",
        sides=lambda x, c: (x @ c.T, det(x) * filled(eye, x.shape[:1])),
        said="each row expanded by its cofactors",
        derivative=derivative,
        follows="the cofactors of a row have no entry of it",
    )


det: ex.Operation = declare(
    "det",
    Function,
    over="matrix",
    pullback=lambda g, y, x: (g * y * inv(x).T,),
    kernel=lambda xp, x: xp.det(x),
    by_factor=DETERMINANT,
    of_diagonal=product,
    of_product=lambda x, y: det(x) * det(y),
    cofactors=True,
    identity="Jacobi's formula",
    expansion=_by_cofactors(lambda x, c: c),
    elsewhere=("determinant",),
    shape=of_square("det", lambda x: SCALAR),
    rule="determinant",
    sentence="The gradient of a determinant is it times the transposed inverse (Jacobi).",
    latex=r"\det",
    symbol="D",
    source="Petersen and Pedersen, The Matrix Cookbook, eq. 49",
    sympy_classes=(sympy.Determinant,),
)
logdet: ex.Operation = declare(
    "logdet",
    Function,
    over="matrix",
    pullback=lambda g, y, x: (g * inv(x).T,),
    kernel=lambda xp, x: xp.log_abs_det(x),
    by_factor=LOG_DETERMINANT,
    of_diagonal=lambda x: total(log(absolute(x))),
    of_product=lambda x, y: logdet(x) + logdet(y),
    of_shifted=_logdet_of_shifted,
    of_kron=_logdet_of_kron,
    identity="Jacobi's formula, over det",
    expansion=_by_cofactors(lambda x, c: c / det(x)),
    aliases=("log_det",),
    shape=of_square("logdet", lambda x: SCALAR),
    rule="log-determinant",
    sentence="The gradient of log |det X| is the transposed inverse.",
    notation=lambda call, x: Applied((LOG, Row((DET, x))), left="|", right="|"),
    symbol="s",
    source="Petersen and Pedersen, The Matrix Cookbook, eq. 57",
)
solve = declare(
    "solve",
    Composite,
    definition=lambda a, b: inv(a) @ b,
    reserved=False,
    shape=of_square("solve", _solved),
    arity=(2, 2),
    rule="linear system",
    sentence="solve(A, b) is A^-1 b.",
)

of_matrices = partial(rewrite, over=("matrix",))
of_matrices(
    "inverse of an orthogonal matrix",
    lambda x: (inv(x), x.T),
    phrase("{0} for an orthogonal X", "X^-1 = X^T"),
    fact="orthogonal",
)
of_matrices(
    "log-determinant of an orthogonal matrix",
    lambda x: (logdet(x), ex.Number(Fraction(0))),
    phrase("{0} for an orthogonal X", "|det X| = 1"),
    fact="orthogonal",
)
of_matrices(
    "magnitude of an orthogonal matrix's determinant",
    lambda x: (absolute(det(x)), ex.Number(Fraction(1))),
    phrase("{0} for an orthogonal X", "|det X| = 1"),
    fact="orthogonal",
)
of_matrices(
    "square of an orthogonal matrix's determinant",
    lambda x: (det(x) ** 2, ex.Number(Fraction(1))),
    phrase("{0} for an orthogonal X", "det(X)^2 = 1"),
    partial=True,
    fact="orthogonal",
)
of_matrices(
    "logarithm of a determinant",
    lambda x: (log(det(x)), logdet(x)),
    "log(det(X)) = logdet(X), without overflow",
    for_code=True,
)
of_matrices(
    "logarithm of a determinant's magnitude",
    lambda x: (log(absolute(det(x))), logdet(x)),
    "log |det(X)| = logdet(X), without overflow",
    for_code=True,
)
of_matrices(
    "inverse of an inverse", lambda x: (inv(inv(x)), x), "the inverse of the inverse of X is X"
)
of_matrices(
    "inverse times its matrix", lambda x: (inv(x) @ x, filled(eye, x.shape[:1])), "X^-1 X = I"
)
of_matrices(
    "matrix times its inverse", lambda x: (x @ inv(x), filled(eye, x.shape[:1])), "X X^-1 = I"
)
of_matrices(
    "determinant of an inverse", lambda x: (det(inv(x)), 1 / det(x)), "det(X^-1) = 1 / det(X)"
)
of_matrices(
    "log-determinant of an inverse",
    lambda x: (logdet(inv(x)), -logdet(x)),
    "logdet(X^-1) = -logdet(X)",
)
