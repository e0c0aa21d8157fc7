"""The derivation of a program with steps, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count

from symgrad.calculus.algebra import transposed
from symgrad.calculus.derivation import Derivation, Step, shapes_of
from symgrad.calculus.index_notation import Derivative, in_language
from symgrad.calculus.layouts import layout_sentence
from symgrad.calculus.recorded import Applied
from symgrad.calculus.recurrences.parts import Parts
from symgrad.calculus.recurrences.substitution import name_at, renamed
from symgrad.calculus.recurrences.tangents import Tangents
from symgrad.language.dimensions import Dimension, Shape, core
from symgrad.language.expressions import Expression, Name, is_call, names_in
from symgrad.language.names import entry_of, entry_parts, greek
from symgrad.language.operations.arithmetic import transpose
from symgrad.language.phrases import enumerated, joined, phrase, quoted
from symgrad.language.problem import TIES, Problem, Variable
from symgrad.language.table import LAYERS, Look, Table
from symgrad.language.unparse import unparse


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
    belongs to that a part takes. Of a product with the Hessian `along` is the program with its
    differentials."""

    problem: Problem
    wrt: tuple[str, ...]
    parts: Parts = field(repr=False)
    derivations: Mapping[str, Derivation] = field(repr=False)
    given: Mapping[str, str]
    lines: tuple[Line, ...] = field(repr=False)
    results: Mapping[str, Sum] = field(repr=False)
    loss: Name
    along: Tangents | None = None

    def __repr__(self) -> str:
        """What it is, without its lines."""
        by = ", ".join(self.wrt)
        return f"<{self.kind} of {self.valued} by {by}: {len(self.lines)} lines>"

    @property
    def kind(self) -> str:
        """What is derived."""
        return "gradient" if self.along is None else "hvp"

    @property
    def seeds(self) -> Mapping[str, str]:
        """Whose direction each variable is that is one."""
        return {} if self.along is None else self.along.seeds

    @property
    def valued(self) -> str:
        """What the value is that code returns: the loss, also beside what is along directions."""
        of = self.problem if self.along is None else self.along.original
        return of.output_name

    @cached_property
    def written_out(self) -> dict[int, Derivation]:
        """The derivations of the program with so many steps written out that it was verified
        with: of each number one, for every check and all random functions."""
        return {}

    @cached_property
    def table(self) -> Table:
        """What each name looks like."""
        return self.table_in(Look())

    def table_in(self, look: Look) -> Table:
        """What each name looks like."""
        look = replace(look, given=frozenset(self.problem.variables))
        names = sorted(name for name in self.problem.names if name != "loss")
        table = Table(names, self.parts.index in LAYERS, look)
        if self.loss.name not in self.problem.names:
            table.symbols["loss"] = table.symbol(self.loss.name)
        return table

    @property
    def shapes(self) -> dict[str, Shape]:
        """The shape of each name; of a series that of an entry."""
        variables = self.problem.variables.values()
        index = self.parts.index
        each = (v if v.steps is None else v.at(index) for v in variables)
        return {v.name: v.shape for v in each} | shapes_of(line.step.left for line in self.lines)

    def used_by(self, e: Expression) -> list[Line]:
        """The lines that an expression uses, directly or through others, in order."""
        found: set[int] = set()
        pending, known = [e], set(self.parts.own_names)
        while pending:
            for name in names_in(pending.pop()).values():
                at = self._at_a_step(name)
                if at in known:
                    continue
                known.add(at)
                for k, line in enumerate(self.lines):
                    if isinstance(line.step.left, Name) and self._at_a_step(line.step.left) == at:
                        found.add(k)
                        pending.append(in_language(line.step.right))
        return [self.lines[k] for k in sorted(found)]

    @cached_property
    def equations(self) -> dict[int, tuple[Name, Expression]]:
        """Each line by its number as an equation of the language, in which cotangents have names:
        dL_dh[t] for dL/dh[t]."""
        return {line.step.number: self._equation(line.step) for line in self.lines}

    def _equation(self, step: Step) -> tuple[Name, Expression]:
        left, right = self.in_names(step.left), self.in_names(step.right)
        if is_call(left, transpose):
            left, right = transposed(left), transposed(right)
        assert isinstance(left, Name)
        return left, right

    def in_names(self, e: Expression) -> Expression:
        """An expression with names in the place of cotangents."""
        return renamed(in_language(e), self._plain)

    def _plain(self, name: Name) -> Name:
        if not isinstance(name, Derivative):
            return name
        series, index = entry_parts(name.name.removesuffix(")").replace("/d(", "/d"))
        base = "".join(greek(c) or (c if c.isalnum() else "_") for c in series)
        base = next(n for n in (base + "_" * k for k in count()) if n not in self.problem.names)
        return Name(entry_of(base, index), name.shape, name.batch)

    def text(self, key: str) -> str:
        """A result in the language: the equations of the lines that it uses, then itself, of a
        series at t."""
        e = self.results[key].expression
        used = (self.equations[line.step.number] for line in self.used_by(e))
        lines = [f"{unparse(left)} = {unparse(right)}" for left, right in used]
        return "\n".join([*lines, unparse(self.in_names(e))])

    def _at_a_step(self, name: Name) -> str:
        """A name at whatever step: dL/dh[T], dL/dh[1] and dL/dh[t + 1] are dL/dh[t]."""
        t = self.parts.index
        return name_at(name, dict.fromkeys((f"{t} + 1", f"{t} - 1", "1", self.parts.last), t)).name

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
        variables = (self.problem.variables[n] for n in self.wrt)
        tied = [quoted(v.expression()) for v in variables if v.facts & TIES]
        layout = layout_sentence(self.kind, "variable", True)
        if not tied:
            return layout
        told = phrase("The entries of {0} count as independent.", enumerated(tied))
        return joined(" ", (layout, told))

    @property
    def rewrites(self) -> tuple[Applied, ...]:
        """The rules that were used."""
        found = {r.identity: r for d in self.derivations.values() for r in d.applied}
        return tuple(found.values())
