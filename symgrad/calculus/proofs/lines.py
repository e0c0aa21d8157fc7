"""The lines of a proof.

A line is `left = right`, and `truth` is what both sides are: a node whose value or derivative is
known from the statements alone, by their kernels and by numerical differentiation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import sympy

from symgrad.calculus.algebra import product, times
from symgrad.calculus.nodes import Label, Node, Term
from symgrad.language.composing import DIFFERENTIAL
from symgrad.language.dimensions import SCALAR, Dimension, core
from symgrad.language.expressions import Expression, Name, Operation, is_call, is_scalar
from symgrad.language.formula import Formula, Listed, Named
from symgrad.language.operations.constants import eye
from symgrad.language.typeset import typeset

Kind: TypeAlias = Literal["index", "differential"]
KINDS: tuple[Kind, ...] = ("index", "differential")


@dataclass(frozen=True, eq=False)
class Differential(Name):
    """The name of a differential: dX, how `of` moves; where the `sign` is no d, another name."""

    of: Expression = field(default_factory=lambda: Name("x", SCALAR))
    sign: str = "d"

    @property
    def formula(self) -> Formula:
        """d, upright, before the name."""
        if self.sign == "d":
            return Listed((DIFFERENTIAL, typeset(self.of)), separator="")
        return Named(name=self.name)


@dataclass(frozen=True)
class Pairing:
    """The inner product <left, right>, summed over the examples of `batch` where there is one; what
    `left` has beside the indices of `right`, those of f, stays."""

    left: Expression
    right: Expression
    batch: str | None = None

    @property
    def product(self) -> Expression | None:
        """The same of a number, and of a Jacobian and a vector, where it is a product."""
        if is_scalar(self.right):
            both = self.left, self.right
            return times(*both) if is_scalar(self.left) else times(*reversed(both))
        if len(core(self.left.shape)) > len(core(self.right.shape)):
            return self.right if is_call(self.left, eye) else product(self.left, self.right)
        return None


@dataclass(frozen=True)
class Pairings:
    """A sum of inner products."""

    parts: tuple[Pairing, ...]


@dataclass(frozen=True)
class Indexed:
    """A sum of terms in index notation; `labels` are the indices of what the line is true of."""

    written: Formula
    terms: tuple[Term, ...]
    labels: tuple[Label, ...]


@dataclass(frozen=True)
class ScalarFunction:
    """A function of real numbers, which have the names of the line's rule."""

    written: Formula
    value: sympy.Expr


@dataclass(frozen=True)
class ScalarRule:
    """What a line on a scalar function says: its value, or its derivative by one argument; the
    names of the numbers that it is of."""

    operation: Operation
    argument: int | None
    point: tuple[Name, ...]


@dataclass(frozen=True)
class Way:
    """A product of derivatives, from the loss or a node whose cotangent is known down to another
    one, each of a line by a node in it: these `nodes`. Over the examples of a batch it is their
    "sum" or "mean"."""

    nodes: tuple[Node, ...]
    over: str = ""


@dataclass(frozen=True)
class Ways:
    """A derivative as the sum over ways."""

    written: Formula
    ways: tuple[Way, ...]


Form: TypeAlias = Expression | Pairings | Indexed | ScalarFunction | Ways


@dataclass(frozen=True)
class ProofLine:
    """One equation, and the name of the move that leads to it from the lines before.

    `truth` is a node with the value of both sides; None where the left side is to be evaluated as
    it is written. With `by_entry` the sides are derivatives by an entry of the variable, and
    `truth` is what they make of a direction: sum_p (dz_i/dx_p) dx_p = dz_i. `shapes` are those of
    the right side, or of its factors, where they are what the line is about."""

    left: Expression | Formula
    right: Form
    move: str
    truth: Node | ScalarRule | None
    by_entry: bool = False
    shapes: tuple[tuple[Dimension, ...], ...] = ()
