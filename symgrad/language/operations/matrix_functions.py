"""Functions of whole matrices: powers, the pseudo-inverse, the square root and the exponential, and
what their derivatives are made of."""

from __future__ import annotations

import operator
from fractions import Fraction
from functools import reduce
from typing import Any

import sympy

from symgrad.errors import ProgramError, ShapeError
from symgrad.language import composing
from symgrad.language import expressions as ex
from symgrad.language.dimensions import Shape, summands
from symgrad.language.operations.constants import eye, filled
from symgrad.language.operations.elementwise import composite
from symgrad.language.operations.linear_algebra import inv, of_matrices
from symgrad.language.operations.matrix_powers import not_known, power_to
from symgrad.language.operations.meanings import Function, declare
from symgrad.language.operations.namespace import Routine
from symgrad.language.operations.places import Affine, as_number, as_place
from symgrad.language.quotients import number
from symgrad.language.shapes import given, matrix, of_matrix, of_several, of_square, same, square
from symgrad.language.unparse import unparse

LARGEST_POWER = 64  # it is written out as a product


def _of_matrices(name: str, **columns: Any) -> ex.Operation:
    record = {"over": "matrix", "shape": of_square(name), "reserved": False, "symbol": "Y"}
    return declare(name, Function, **record | columns)


# powers


def repeated(x: ex.Expression, *, power: float = 2) -> ex.Expression:
    """A power of a matrix as a product."""
    factor = inv(x) if power < 0 else x
    if power == 0:
        return filled(eye, x.shape[:1])
    return reduce(operator.matmul, [factor] * abs(int(power)))


def _power_given(*arguments: ex.Expression, **options: float) -> ex.Expression | None:
    """matrix_power(A, 3), as NumPy has it."""
    x, *second = arguments
    if second:
        if not isinstance(second[0], ex.Number):
            return raised_to(x, second[0])
        options = {"power": float(second[0].value)}
    power = options.get("power", 2)
    if power != int(power) or abs(power) > LARGEST_POWER:
        raise ProgramError(
            f"matrix_power: the power is a whole number, at most {LARGEST_POWER}, not {power:g}"
        )
    return matrix_power.node((x,), {"power": int(power)})


def _of_one(*matrices: ex.Expression) -> Shape:
    if len(matrices) > 1:
        raise ShapeError("matrix_power is of one matrix")
    return matrices[0].shape


matrix_power: ex.Operation = composite(
    "matrix_power",
    repeated,
    arity=(1, 2),
    shape=of_square("matrix_power", _of_one),
    prepare=_power_given,
    text=ex.Spelling("matrix_power({0}, {power})"),
    notation=lambda call, x: composing.raised(x, number(Fraction(call.options.get("power", 2)))),
    sentence="A power of a matrix is the product of so many factors.",
)


def raised_to(x: ex.Expression, k: ex.Expression) -> ex.Expression:
    """X^k; of X^-k the power of the inverse.

    Raises: SymgradError for what is no sum of dimensions, indices and whole numbers."""
    where = as_place(k)
    if where is None:
        raise ProgramError(
            f"matrix_power: the power is a whole number or a dimension, not {unparse(k)}"
        )
    if where.letters:
        return power_to(None).node((x, k), {})
    if where.offset.is_Integer:
        return matrix_power(x, power=int(where.offset))
    below = all(minus for minus, _ in summands(where.offset))
    if below:
        x, where = inv(x), Affine({}, sympy.expand(-where.offset))
        k = as_number(where)
    return power_to(where.offset).node((x, k), {})


# the pseudo-inverse

PINV = Routine(
    name="pinv",
    indices="ij->ji",
    source="""
def pinv(xp, x):
    return xp.linalg.pinv(x)""",
    analytic="""
def pinv(xp, x):  # of full rank
    t = xp.swapaxes(x, -1, -2)
    if x.shape[-2] < x.shape[-1]:
        return t @ xp.linalg.inv(x @ t)
    return xp.linalg.inv(t @ x) @ t""",
)


def _pinv_pullback(
    g: ex.Expression, y: ex.Expression, x: ex.Expression
) -> tuple[ex.Expression, ...]:
    rows, columns = (filled(eye, (d,)) for d in x.shape)
    outside = y.T @ y @ g.T @ (columns - y @ x) + (rows - x @ y) @ g.T @ y @ y.T
    return (-y.T @ g @ y.T + outside,)


pinv = _of_matrices(
    "pinv",
    shape=of_matrix(
        "pinv", lambda x: x.shape[::-1], ", which divided by its square is its inverse"
    ),
    kernel=lambda xp, x: xp.routine(PINV, x),
    pullback=_pinv_pullback,
    identity="Golub and Pereyra, where the rank stays",
    rule="pseudo-inverse",
    sentence="Where the rank stays, dY = -Y dX Y + (I - Y X) dX^T Y^T Y + Y Y^T dX^T (I - X Y).",
    notation=lambda call, x: composing.raised(x, composing.DAGGER),
    source="Golub and Pereyra, The differentiation of pseudo-inverses, 1973",
)

# linear equations for matrices, and the square root

SYLVESTER = Routine(
    name="sylvester",
    indices="ij,kl,il->il",
    source="""
def sylvester(xp, a, b, c):  # a y + y b = c as one system, y in rows
    m, n = c.shape[-2:]
    i, k = (xp.tril(xp.triu(xp.ones_like(x))) for x in (a, b))
    left = a[..., :, None, :, None] * k[..., None, :, None, :]
    right = i[..., :, None, :, None] * xp.swapaxes(b, -1, -2)[..., None, :, None, :]
    system = xp.reshape(left + right, (*left.shape[:-4], m * n, m * n))
    y = xp.linalg.solve(system, xp.reshape(c, (*c.shape[:-2], m * n, 1)))
    return xp.reshape(y, c.shape)""",
    loops="""
def sylvester(a, b, c):
    m, n = c.shape
    system = np.zeros((m * n, m * n), a.dtype)
    for i in range(m):
        for j in range(n):
            for k in range(m):
                system[i * n + j, k * n + j] += a[i, k]
            for k in range(n):
                system[i * n + j, i * n + k] += b[k, j]
    return np.linalg.solve(system, np.ascontiguousarray(c).reshape(m * n)).reshape(m, n)""",
)


def _sylvester_shape(arguments: tuple[ex.Expression, ...], options: ex.Options) -> Shape:
    a, b, c = arguments
    sides = square("sylvester", a), square("sylvester", b)
    for one, other in zip(matrix("sylvester", c), sides, strict=True):
        if one != other:
            facts = ", ".join(map(given, arguments))
            raise ShapeError(f"sylvester solves A Y + Y B = C; {facts}", (one, other))
    of_several("sylvester", c, wanted="matrices")
    return c.shape


def _sylvester_pullback(
    g: ex.Expression, y: ex.Expression, a: ex.Expression, b: ex.Expression, c: ex.Expression
) -> tuple[ex.Expression, ...]:
    w = sylvester(a.T, b.T, g)
    return -w @ y.T, -y.T @ w, w


sylvester: ex.Operation = _of_matrices(
    "sylvester",
    arity=(3, 3),
    shape=_sylvester_shape,
    kernel=lambda xp, a, b, c: xp.routine(SYLVESTER, a, b, c),
    pullback=_sylvester_pullback,
    equation=lambda y, a, b, c: (a @ y + y @ b, c),
    elsewhere=("solve_sylvester",),
    rule="Sylvester equation",
    sentence="sylvester(A, B, C) is the solution Y of A Y + Y B = C.",
)
SQRTM = Routine(
    name="sqrtm",
    indices="ij->ij",
    source="""
def sqrtm(xp, x):  # the product form of Denman's and Beavers' iteration, m to 1
    one = xp.tril(xp.triu(xp.ones_like(x)))
    y, m, near = x + 0.0, x + 0.0, False
    for _ in range(60):
        near = near or bool(xp.max(xp.abs(m - one)) < 1e-6)
        inverse = xp.linalg.inv(m)
        y = (y + y @ inverse) / 2
        m = (one + (m + inverse) / 2) / 2
        if near:
            break
    return y if near else y * xp.nan""",
)
sqrtm = _of_matrices(
    "sqrtm",
    kernel=lambda xp, x: xp.routine(SQRTM, x),
    pullback=lambda g, y, x: (sylvester(y.T, y.T, g),),
    symmetric=True,
    equation=lambda y, x: (y @ y, x),
    rule="square root of a matrix",
    sentence="Y Y = X gives Y dY + dY Y = dX, a Sylvester equation.",
    notation=lambda call, x: composing.raised(x, number(Fraction(1, 2))),
    source="Higham, Functions of Matrices, 2008, chapter 6",
)

# the exponential

EXPM = Routine(
    name="expm",
    indices="ij->ij",
    source="""
def expm(xp, x):  # Higham 2005: Pade's approximant [13/13] of x / 2^s, squared s times
    one = xp.tril(xp.triu(xp.ones_like(x)))
    size, squarings = float(xp.max(xp.abs(x))) * x.shape[-1], 0
    while 4.0 < size < 1e300:
        size, squarings = size / 2, squarings + 1
    z = x / 2.0**squarings
    z2 = z @ z
    z4 = z2 @ z2
    z6 = z4 @ z2
    odd = z6 @ (z6 + 16380.0 * z4 + 40840800.0 * z2) + 33522128640.0 * z6
    odd = odd + 10559470521600.0 * z4 + 1187353796428800.0 * z2 + 32382376266240000.0 * one
    even = z6 @ (182.0 * z6 + 960960.0 * z4 + 1323241920.0 * z2) + 670442572800.0 * z6
    even = even + 129060195264000.0 * z4 + 7771770303897600.0 * z2 + 64764752532480000.0 * one
    y = xp.linalg.solve(even - z @ odd, even + z @ odd) + 0.0 * one
    for _ in range(squarings):
        y = y @ y
    return y""",
)
FRECHET = Routine(
    name="expm_frechet",
    indices="ij,ij->ij",
    uses=(EXPM,),
    source="""
def expm_frechet(xp, x, e):  # a block of the exponential of [[x, e], [0, x]]
    above, below = xp.stack((x, e), axis=-2), xp.stack((0.0 * x, x), axis=-2)
    n, whole = x.shape[-1], xp.stack((above, below), axis=-4)
    return expm(xp, xp.reshape(whole, (*x.shape[:-2], 2 * n, 2 * n)))[..., :n, n:]""",
    loops="""
def expm_frechet(x, e):
    n = len(x)
    whole = np.zeros((2 * n, 2 * n), x.dtype)
    whole[:n, :n] = whole[n:, n:] = x
    whole[:n, n:] = e
    return expm(whole)[:n, n:]""",
)


def _of_one_size(x: ex.Expression, direction: ex.Expression) -> Shape:
    same("expm_frechet", (x, direction))
    return x.shape


_second = not_known("the second derivative of expm")
expm_frechet: ex.Operation = _of_matrices(
    "expm_frechet",
    arity=(2, 2),
    shape=of_square("expm_frechet", _of_one_size),
    kernel=lambda xp, x, e: xp.routine(FRECHET, x, e),
    pullback=lambda g, y, x, e: (_second(g, x, e), expm_frechet(x.T, g)),
    identity="linear in the direction",
    rule="derivative of a matrix exponential",
    sentence="expm_frechet(X, E) is how expm(X) moves when X moves along E.",
)
expm = _of_matrices(
    "expm",
    kernel=lambda xp, x: xp.routine(EXPM, x),
    pullback=lambda g, y, x: (expm_frechet(x.T, g),),
    symmetric=True,
    identity="the adjoint of the derivative at X is the derivative at X^T",
    rule="matrix exponential",
    sentence="The gradient of an exponential is its derivative at X^T along the incoming gradient.",
    source="Higham, Functions of Matrices, 2008, chapters 3 and 10",
)
of_matrices(
    "root's derivative along the identity",
    lambda x: (sylvester(x, x, filled(eye, x.shape[:1])), inv(x) / 2),
    "sylvester(X, X, I) = X^-1 / 2",
)
of_matrices(
    "exponential's derivative along the identity",
    lambda x: (expm_frechet(x, filled(eye, x.shape[:1])), expm(x)),
    "expm_frechet(X, I) = expm(X)",
)
