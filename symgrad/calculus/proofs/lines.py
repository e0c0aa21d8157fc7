"""A proof as plain data: lines, what each line says, and what it takes to check it.

A line is `left = right`: `claim` says what the left side is, `right` is one of the forms below. A
check computes the left side from the statement alone, by numerical differentiation, and the right
side from its form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import sympy

from symgrad.calculus.index_notation import Both
from symgrad.calculus.lowering import Tensor
from symgrad.calculus.nodes import Label, Node, Term
from symgrad.language import formula as fm
from symgrad.language.composing import DIFFERENTIAL
from symgrad.language.dimensions import SCALAR
from symgrad.language.expressions import Expression, Name, Operation
from symgrad.language.typeset import typeset

Kind: TypeAlias = Literal["index", "differential"]


@dataclass(frozen=True, eq=False)
class Differential(Name):
    """The name of a differential: dX, how `of` moves."""

    of: Expression = field(default_factory=lambda: Name("x", SCALAR))

    @property
    def formula(self) -> fm.Formula:
        """d, upright, before the name."""
        return fm.Listed((DIFFERENTIAL, typeset(self.of)), separator="")


# what a left side is


@dataclass(frozen=True)
class Value:
    """The value of a node."""

    of: Node


@dataclass(frozen=True)
class Slope:
    """The derivative of each entry of a node by each of the variable; an example's by its own."""

    of: Node


@dataclass(frozen=True)
class Change:
    """dL, which is <G, dZ>."""


@dataclass(frozen=True)
class Cotangent:
    """The cotangent of the variable."""


@dataclass(frozen=True)
class ScalarValue:
    """A scalar function at the point t (or t, u)."""

    operation: Operation


@dataclass(frozen=True)
class ScalarSlope:
    """Its derivative by one of its arguments."""

    operation: Operation
    argument: int


Claim: TypeAlias = Value | Slope | Change | Cotangent | ScalarValue | ScalarSlope


# what a right side is


@dataclass(frozen=True)
class Pairing:
    """The inner product <left, right>, summed over the examples of `batch` where there is one."""

    left: Expression
    right: Expression
    batch: str | None = None


@dataclass(frozen=True)
class Pairings:
    """A sum of inner products."""

    parts: tuple[Pairing, ...]


@dataclass(frozen=True)
class Indexed:
    """A sum of terms in index notation; `labels` are its free indices, in order."""

    written: Both
    terms: tuple[Term, ...]
    labels: tuple[Label, ...]


@dataclass(frozen=True)
class Scalar:
    """A function of the real numbers t, u."""

    written: Both
    value: sympy.Expr


Form: TypeAlias = Expression | Pairings | Indexed | Scalar


@dataclass(frozen=True)
class ProofLine:
    """One equation, and the name of the move that leads to it from the lines before."""

    left: Expression | Both
    right: Form
    move: str
    claim: Claim


@dataclass(frozen=True)
class Setting:
    """What a proof speaks of, in index notation: the statement Z = F(..., X, ...).

    `leaves` may have any values; each of `statements` is a symbol with its definition, the last one
    is Z; `whole` is Z as the statement has it. `moved` gives the differential of each symbol,
    `slopes` its derivative by X; `names` are those in expressions. With `example`, a line is said
    of each example of a batch alone; with `symmetric`, where the variable is so.
    """

    leaves: tuple[Node, ...]
    variable: Tensor
    cotangent: Tensor
    statements: tuple[tuple[Tensor, Tensor], ...]
    whole: Tensor
    moved: Mapping[Node, Node]
    slopes: Mapping[Node, Node]
    names: Mapping[str, Tensor]
    example: bool
    symmetric: bool = False


@dataclass(frozen=True)
class Proof:
    """The lines that lead from a statement to the cotangent of one of its variables."""

    rule: str
    kind: Kind
    lines: tuple[ProofLine, ...]
    setting: Setting
