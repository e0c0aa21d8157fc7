"""The derivation of a program with steps, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from symgrad.calculus.derivation import Derivation, Step
from symgrad.calculus.index_notation import Derivative
from symgrad.calculus.layouts import layout_sentence
from symgrad.calculus.recurrences.parts import Parts
from symgrad.calculus.rules import Applied
from symgrad.language.dimensions import Dimension, core
from symgrad.language.expressions import Expression, Name
from symgrad.language.problem import TIES, Problem, Variable
from symgrad.language.table import LAYERS, Table


@dataclass(frozen=True)
class Line:
    """A step of one of the `parts`, and `when` it is done.

    before, after           forward, once: above and below the steps
    step                    forward, for t = 1, ..., T
    late                    backward, once, before the steps are gone back through
    last, next, down        backward, at t = T; for t < T, where step t + 1 is used; for all t
    late 0                  backward, once, above the steps
    """

    when: str
    step: Step
    part: str
    of: int = 0  # the number of the step in its part


@dataclass(frozen=True)
class Sum:
    """A result: the name of the derivative, and what it is; of a series of an entry."""

    key: str
    name: Derivative
    expression: Expression

    @property
    def shape(self) -> tuple[Dimension, ...]:
        """Its dimensions that are not 1."""
        return core(self.expression.shape)


@dataclass(frozen=True)
class Joined:
    """All of it. `derivations` are those of the parts; `given` says which output each cotangent
    belongs to that a part takes."""

    problem: Problem
    wrt: tuple[str, ...]
    parts: Parts = field(repr=False)
    derivations: Mapping[str, Derivation] = field(repr=False)
    given: Mapping[str, str]
    lines: tuple[Line, ...] = field(repr=False)
    results: Mapping[str, Sum] = field(repr=False)
    loss: Name

    kind = "gradient"

    @cached_property
    def table(self) -> Table:
        """What each name looks like."""
        names = sorted(name for name in self.problem.names if name != "loss")
        table = Table(names, layers=self.parts.index in LAYERS)
        if self.loss.name not in self.problem.names:
            table.symbols["loss"] = table.symbol(self.loss.name)
        return table

    @property
    def output_called(self) -> str:
        """What the lines call the loss."""
        return self.loss.name

    @property
    def seed_variables(self) -> list[Variable]:
        """A gradient has no inputs beside the problem's."""
        return []

    @property
    def steps(self) -> tuple[Step, ...]:
        """The lines."""
        return tuple(line.step for line in self.lines)

    @property
    def layout(self) -> str:
        """The layout in a sentence, and where the recursion begins."""
        tied = [n for n in self.wrt if self.problem.variables[n].facts & TIES]
        more = f" The entries of {' and '.join(tied)} count as independent." if tied else ""
        return layout_sentence(self.kind, "variable", True) + more

    @property
    def rewrites(self) -> tuple[Applied, ...]:
        """The rules that were used."""
        found = {r.identity: r for d in self.derivations.values() for r in d.rewrites}
        return tuple(found.values())
