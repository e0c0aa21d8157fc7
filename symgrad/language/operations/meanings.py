"""What an operation means: the few forms that the calculus knows.

Linear       z = c1 a + c2 b                     sums and differences
Monomial     z = a^p b^q                         products, quotients, constant powers
Contraction  z_ik = sum_j a_ij b_jk              said by its indices, "ij,jk->ik"
Filled       z_ij = 1, or 0                      ones and zeros
Identity     z_ij = [i = j]
Elementwise  z = f(a, b), a scalar function      by a SymPy definition
Function     y = f(x) of whole vectors or matrices
Composite    an abbreviation: another expression of the language
Total        the sum or mean over a batch
Gathered     the sum or mean over index letters, or the array that has them as axes
Sliced       a part of an array, from a place on
Placed       the number that is made of index letters, i + 1, as the label of an entry
Numbered     the number that an index letter is, as a number
OverSteps    the sum over the steps of a recurrence
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, fields
from fractions import Fraction
from inspect import signature
from typing import Any

import sympy

from symgrad.language.expressions import Call, Expression, Operation, register
from symgrad.language.operations.namespace import Routine


@dataclass(frozen=True)
class Linear:
    """A sum of the arguments with these coefficients; scalars spread over the other's shape."""

    coefficients: tuple[int, ...]


@dataclass(frozen=True)
class Monomial:
    """The elementwise product of the arguments' powers; powers(call) reads them off the call."""

    powers: Callable[[Call], tuple[Fraction, ...]]


@dataclass(frozen=True)
class Contraction:
    """A sum of products, said by index letters of rows and columns: "ij,jk->ik".

    An integer label counts as its one-hot vector, with one letter."""

    indices: Callable[[Call], str]


@dataclass(frozen=True)
class Filled:
    """A constant in every entry."""

    value: int


@dataclass(frozen=True)
class Identity:
    """The identity matrix."""


@dataclass(frozen=True, kw_only=True)
class Elementwise:
    """A scalar function applied to each entry.

    `definition` gives it as a SymPy expression, where it has one; `derivative` has one expression
    an argument, in the textbook's form (a test compares it with SymPy's derivative of the
    definition).
    `kernel(xp, *x)` are its numbers, in a `Namespace`. `kink` is zero where the function has no
    derivative, `seam` where it has one and yet goes over into another formula.
    """

    kernel: Callable[..., Any]
    derivative: Callable[..., tuple[Expression, ...]]
    definition: Callable[..., sympy.Expr] | None = None
    kink: Callable[..., Expression] | None = None
    seam: Callable[..., Expression] | None = None
    reflection: Callable[[Expression], Expression] | None = None  # f(-x), said by f(x)
    positive: bool = False  # whether every value is at least 0
    parity: int = 0  # f(-x) = parity * f(x), where that is known
    keeps_positive: bool = False  # whether f(x) = x for every x that is at least 0
    logarithm: Callable[..., Expression] | None = None  # of f(x), x > 0 unless f is positive
    inverse: Callable[[Expression], Expression] | None = None  # x by f(x), the only one
    product: Callable[..., Expression] | None = None  # what it is where no argument is 0
    vectors: Callable[..., Any] | None = None  # a kernel by what NumPy may have in vectors


@dataclass(frozen=True, kw_only=True)
class Expansion:
    """An identity of a function of a matrix x with entries c of their own, `sides(x, c)`, which the
    derivative, `derivative(x, c)`, is read off; `entries(x)` is what these are. Each with what is
    said of it: how they are `called`, what the identity is, and why the derivative `follows`."""

    entries: Callable[[Expression], Expression]
    called: str
    sides: Callable[[Expression, Expression], tuple[Expression, Expression]]
    said: str
    derivative: Callable[[Expression, Expression], Expression]
    follows: str


@dataclass(frozen=True, kw_only=True)
class Function:
    """A function of a whole vector or matrix, with the pull-back of its cotangent.

    `over` says what its argument is: "vector" (one axis), "matrix" (two), or "all" (either); or
    "arguments" where there are several, each a number or a vector.
    `pullback(g, y, *x)` is the cotangent of each argument, g that of the result y; for a function
    without a definition in the language it is what defines its derivative. `kernel(xp, *x)`, or
    `kernel(xp, x, axis)` where it goes `along` an axis, are its numbers, in a `Namespace`, with any
    leading axes. `solver(xp, x, b)` is the product of kernel(xp, x) and b, without kernel(xp, x);
    `by_factor` is the routine that computes it of a Cholesky factor and its symmetric matrix.
    `equation(y, *x)` are the two sides of what y solves, where its differential follows from that;
    `identity` names what it follows from else, where there is no definition, and `expansion` shows
    it.
    """

    over: str
    pullback: Callable[..., tuple[Expression, ...]]
    kernel: Callable[..., Any]
    definition: Callable[..., Expression] | None = None
    kink: Callable[..., Expression] | None = None
    positive: bool = False  # whether every value is at least 0
    logarithm: Callable[..., Expression] | None = None  # of a positive f(x), said without f
    simplex: bool = False  # whether the values sum to 1
    lowered: bool = False  # whether its kernel ends in x - y, x at most 0, y one number above 0
    symmetric: bool = False  # whether the result is symmetric where every matrix argument is
    mutual: bool = False  # whether the result is symmetric where both arguments are the same
    solver: Callable[..., Any] | None = None
    by_factor: Routine | None = None
    of_diagonal: Callable[[Expression], Expression] | None = None  # f(diag(x)), x a vector
    of_product: Callable[..., Expression] | None = None  # f(x y), by f(x) and f(y)
    triangle: str = ""  # what the result is: "lower", "upper", or "kept", that of its argument
    projects: bool = False  # whether it leaves what is such a triangle as it is
    of_shifted: Callable[..., Expression] | None = None  # f(d I + x y^T), by d I + y^T x
    pairs: str = ""  # its indices, where an axis is for two: "ik,jl->ij kl"
    of_kron: Callable[..., Expression] | None = None  # f(kron(x, y)), by f(x) and f(y)
    cofactors: bool = False  # whether y inv(x).T is finite also where x has no inverse
    equation: Callable[..., tuple[Expression, Expression]] | None = None
    identity: str = ""
    expansion: Expansion | None = None

    @property
    def along(self) -> bool:
        """Whether it goes along an axis of its one argument, or along all."""
        return self.over in ("vector", "all")


@dataclass(frozen=True)
class Composite:
    """An abbreviation for another expression."""

    definition: Callable[..., Expression]


@dataclass(frozen=True)
class Total:
    """The sum (or mean) over the examples of a batch."""

    mean: bool


@dataclass(frozen=True)
class Gathered:
    """What stands behind is said for each index of some ranges: its sum or mean, or the array of
    it."""

    summed: bool
    mean: bool = False


@dataclass(frozen=True)
class Placed:
    """A sum of multiples of index letters: where an entry stands."""


@dataclass(frozen=True)
class Sliced:
    """The part of an array that begins at a place along each axis: places follow the array, the
    option `lengths` says how long it is."""


@dataclass(frozen=True)
class Numbered:
    """The number that an index letter is."""


@dataclass(frozen=True)
class OverSteps:
    """The sum over time steps or layers; a step is a problem of its own."""


def declare(name: str, meaning: type, **columns: Any) -> Operation:
    """Make an operation known; `columns` are those of its meaning and those of its `Operation`."""
    own = columns.keys() & {field.name for field in fields(meaning)}
    made = meaning(**{column: columns.pop(column) for column in own})
    return register(Operation(name=name, meaning=made, **columns))


@dataclass(frozen=True)
class Rewrite:
    """A rule: of x, y (vectors or scalars) the two `sides`, a pattern and what it is replaced by.

    Applied wherever the pattern is met, before anything is differentiated: it makes a naive
    formula stable, or a result short. `identity` says it in a sentence.
    """

    name: str
    sides: Callable[..., tuple[Expression, Expression]]
    identity: str
    _: KW_ONLY
    over: tuple[str, ...] = ()  # what the wildcards stand for, if not scalars: vector, matrix, all
    partial: bool = False  # whether higher powers match too: n^3 u = n^2 (n u)
    fact: str = ""  # what the wildcard must be declared, if anything
    for_code: bool = False  # whether it only keeps numbers in range, or exact
    of_writing: bool = False  # whether both are one operation for whoever writes it: |x|^2

    @property
    def wildcards(self) -> tuple[str, ...]:
        """What each of x, y stands for."""
        return self.over or ("scalar",) * len(signature(self.sides).parameters)


REWRITES: list[Rewrite] = []
_told: list[Callable[[Rewrite], object]] = []  # what each rule is given to


def rewrite(
    name: str, sides: Callable[..., tuple[Expression, Expression]], identity: str, **columns: Any
) -> Rewrite:
    """Make a rule known, in the order of declaration; it is applied from then on.

    Raises: ValueError where the pattern is neither a function nor a product."""
    rule = Rewrite(name, sides, identity, **columns)
    for install in _told:
        install(rule)
    REWRITES.append(rule)
    return rule


def on_rewrite(install: Callable[[Rewrite], object]) -> Callable[[Rewrite], object]:
    """Give every rule to `install`: those declared before, now, and later ones when they are."""
    _told.append(install)
    for rule in REWRITES:
        install(rule)
    return install
