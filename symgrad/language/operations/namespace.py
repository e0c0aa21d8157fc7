"""What the numbers of an operation are written in: one function for every kind of array.

A kernel takes a namespace first, `def _huber(xp, r, delta)`, and is run on NumPy arrays, on complex
arrays near the real axis (where the functions with a kink look at the real part), and on traced
arrays, from which the code of every back end is made. Operators do arithmetic and compare.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

Unary: TypeAlias = Callable[[Any], Any]


ROUTINES: dict[str, Routine] = {}


@dataclass(frozen=True, kw_only=True)
class Routine:
    """A function that no back end has by itself, as text that stands before the generated code.

    `indices` are its last axes and those of its result, "ij->ji"; any leading ones stay. `source`
    is `def name(xp, x): ...` for NumPy, and for what it is not: `standard` for other libraries,
    `loops` for Numba, which has no leading axes, `analytic` for complex arrays near the real axis.
    `uses` are routines that it calls. Along the letters `apart` each part of the result is computed
    of the same part of the argument that has the letter. Without letters, "->", it is a function of
    each entry, which SciPy has by the name `scipy`. One that writes `into` an array has that as its
    last argument, `out=None`.
    """

    name: str
    indices: str
    source: str
    standard: str = ""
    loops: str = ""
    analytic: str = ""
    uses: tuple[Routine, ...] = ()
    apart: str = ""
    scipy: str = ""
    into: bool = False

    def __post_init__(self) -> None:
        if self.name in ROUTINES:
            raise ValueError(f"the routine {self.name} is declared twice")
        ROUTINES[self.name] = self


class Namespace(Protocol):
    """The functions that a kernel may call.

    Matrices are the last two axes of an array; any leading axes stay.
    """

    inv: Unary
    det: Unary
    solve: Callable[[Any, Any], Any]

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """A function of NumPy of each entry: exp, log1p, tanh, sign, abs, maximum, power, ..."""

    def greater(self, x: Any, y: Any) -> Any:
        """1 where x > y, else 0, in the type of x."""

    def equal(self, x: Any, y: Any) -> Any:
        """1 where x = y, else 0, in the type of x."""

    def positive_part(self, x: Any) -> Any:
        """x where it is positive, else 0; at 0 its slope is 0 (that of a maximum is one half)."""

    def where(self, condition: Any, x: Any, y: Any) -> Any:
        """x where the condition is not 0, else y."""

    def guarded(self, y: Any, weight: Any, instead: Any) -> Any:
        """y, but `instead`, 1 or 0, where the weight is 0 and y is not well within the numbers that
        log(y) has, or log(1 + y)."""

    def scaled(self, x: Any, s: Any, r: Any) -> Any:
        """x / s / r, of an s that is 1 nearly everywhere."""

    def entrywise(self, routine: Routine, x: Any, slope: Unary) -> Any:
        """A function of each entry that has its own text; `slope` is its derivative."""

    def unspecified(self, function: Any, by: tuple[int, ...], *x: Any) -> Any:
        """A function that the program leaves open, or its derivative by some arguments; vectors are
        the last axis of an array."""

    def sum(self, x: Any, axis: Any) -> Any:
        """The sum over the axis (or axes), which stays, of length 1."""

    def max(self, x: Any, axis: Any) -> Any:
        """The largest over the axis (or axes), which stays, of length 1."""

    def prod(self, x: Any, axis: Any) -> Any:
        """The product over the axis (or axes), which stays, of length 1."""

    def routine(self, routine: Routine, *x: Any, axis: Any = None) -> Any:
        """A function that has its own text; one of vectors goes along the axis (or axes, as one),
        which stays, of length 1 where it has a number of each."""

    def log_abs_det(self, x: Any) -> Any:
        """log |det x|, without overflow."""

    def einsum(self, spec: str, x: Any, y: Any) -> Any:
        """A product of two arrays; the letters are their last axes: "ik,jl->ijkl"."""

    def blocks(self, x: Any, *, inner: Any = None, outer: Any = None) -> Any:
        """A matrix by its blocks, [..., i, j, k, l] the entry j, l of block i, k: blocks of the
        shape of `inner`, or as many as `outer` has entries."""

    def joined(self, blocks: Any) -> Any:
        """The matrix with these blocks."""
