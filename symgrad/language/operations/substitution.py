"""Systems of a triangular matrix by substitution, its inverse likewise: LAPACK's, by SciPy, else by
elimination. A system with one right side takes n^2 operations, as a product does."""

from __future__ import annotations

from symgrad.language.operations.namespace import Routine

OF_TRIANGLE = Routine(
    name="of_triangle",
    indices="ij->ij",
    source="""
try:
    from scipy.linalg import lapack
except ImportError:
    lapack = None


def of_triangle(xp, name, x, lower, *right):  # what lies by columns is not copied
    function = getattr(lapack, ("s" if x.dtype.char == "f" else "d") + name)
    by_rows = not x.flags.f_contiguous
    x, lower = (x.T, not lower) if by_rows else (x, lower)
    turned = {"trans": by_rows} if right else {}
    y, failed = function(x, *right, lower=lower, **turned)
    if failed:
        raise xp.linalg.LinAlgError("Singular matrix")
    return y.T if by_rows and not right else y""",
    standard="""
def of_triangle(xp, x):
    return x""",
    loops="""
def of_triangle(x):
    return x""",
)


def _solved(side: str) -> Routine:
    name, lower = f"{side}_solution", side == "lower"
    return Routine(
        name=name,
        indices="ij,jk->ik",
        source=f"""
def {name}(xp, x, b):
    if lapack is None or not x.size or not b.size:
        return xp.linalg.solve(x, b)
    return of_triangle(xp, "trtrs", x, {lower}, b)""",
        standard=f"""
def {name}(xp, x, b):
    return xp.linalg.solve(x, b)""",
        uses=(OF_TRIANGLE,),
        loops=f"""
def {name}(x, b):
    columns = b.T.copy()
    substituted(x, {lower}, columns)
    return columns.T""",
    )


def _inverted(side: str) -> Routine:
    name, lower = f"{side}_inverse", side == "lower"
    return Routine(
        name=name,
        indices="ij->ij",
        source=f"""
def {name}(xp, x):
    if lapack is None or not x.size:
        return xp.linalg.inv(x)
    return of_triangle(xp, "trtri", x, {lower})""",
        standard=f"""
def {name}(xp, x):
    return xp.linalg.inv(x)""",
        uses=(OF_TRIANGLE,),
        loops=f"""
def {name}(x):
    whole = x.copy()
    triangle_inverted(whole, {lower})
    return whole""",
    )


SOLUTIONS = {"lower": _solved("lower"), "upper": _solved("upper")}
INVERSES = {"lower": _inverted("lower"), "upper": _inverted("upper")}
