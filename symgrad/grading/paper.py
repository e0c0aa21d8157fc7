"""What a derivation has said so far: its names, the values of its derivatives, and the problem in
its own words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from symgrad.calculus import derive
from symgrad.calculus.index_notation import IndexForm
from symgrad.errors import ProgramError, SymgradError
from symgrad.grading.answer import LOSS_NAMES, Claim, statements_of
from symgrad.grading.notation import ONE, OPEN, Names, Symbol
from symgrad.grading.opening import alone, one_example, with_name, with_variable
from symgrad.language.dimensions import SCALAR
from symgrad.language.expressions import Call, Expression, Name, parts
from symgrad.language.operations.meanings import Elementwise, Function, Total
from symgrad.language.parser import parse_within
from symgrad.language.problem import Problem, Variable


@dataclass(frozen=True)
class Way:
    """One meaning of a derivative: the result `key` of a problem; `one` is whether it is one
    example's."""

    problem: Problem
    key: str | tuple[str, str]
    kind: str
    one: bool = False


class Macro(NamedTuple):
    """A name for a formula with differentials: what it stands for, and its shape and batch."""

    tree: ast.expr
    name: Name


@dataclass
class Paper:
    """The state of a derivation.

    `given` are the formulas of its names and derivatives in their order; `shared` those of its
    derivatives that are of all examples' loss, `single` of one's; `current` is the problem as the
    derivation writes it.
    """

    asked: Problem
    given: dict[str, Expression] = field(default_factory=dict)
    symbols: dict[str, Symbol] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)
    single: set[str] = field(default_factory=set)
    macros: dict[str, Macro] = field(default_factory=dict)
    losses: set[str] = field(default_factory=set)  # the names of the loss that formulas use
    current: Problem = field(init=False)

    def __post_init__(self) -> None:
        self.current = self.asked

    @property
    def names(self) -> Names:
        """What is known."""
        defined = (n for n in self.given if n not in self.symbols)
        return Names(
            frozenset({*self.asked.variables, *self.asked.definitions, *defined}),
            self.asked.output_name,
            bool(self.asked.batch),
        )

    @cached_property
    def said(self) -> frozenset[str]:
        """The names whose meaning the problem says."""
        names = {*self.asked.variables, *self.asked.definitions, self.asked.output_name}
        return frozenset(names | {*LOSS_NAMES} - names)

    @cached_property
    def sizes(self) -> frozenset[str]:
        """The names of dimensions."""
        return frozenset(str(d) for v in self.asked.variables.values() for d in v.dims)

    # what a line adds

    def define(self, name: str, value: Expression) -> None:
        """A new name, or a known one in other words."""
        problem = self.current
        if name in (self.asked.output_name, *LOSS_NAMES) and name not in self.asked.definitions:
            changed = replace(problem, output=value)
        else:
            changed = replace(problem, definitions={**problem.definitions, name: value})
            if name not in self.asked.definitions:
                self.given[name] = value
        ordered = _in_order(changed)
        if ordered is not None:
            self.current = ordered

    def assign(self, symbol: Symbol, value: Expression, one: bool) -> None:
        """The value of a derivative."""
        name = symbol.name
        self.given[name] = value
        self.symbols[name] = symbol
        (self.single if one else self.shared).add(name)

    # what a formula means here

    def problem(self, one: bool = False, more: Mapping[str, Variable] | None = None) -> Problem:
        """The problem with everything that is given after its own definitions."""
        base, given = self.asked, self.given
        if one:
            base, given = _single_example(base), self._single()
        losses = dict.fromkeys(sorted(self.losses), base.output)
        variables = {**base.variables, **(more or {})}
        definitions = {**base.definitions, **losses, **given}
        return replace(base, variables=variables, definitions=definitions)

    def _single(self) -> dict[str, Expression]:
        """What is said of each example by itself."""
        single: dict[str, Expression] = {}
        absent = set(self.shared)
        for name, value in self.given.items():
            inside = parts(value)
            words = {e.name for e in inside if isinstance(e, Name)}
            whole = any(
                isinstance(e, Call) and isinstance(e.operation.meaning, Total) for e in inside
            )
            if name in absent or words & absent or whole:
                absent.add(name)
            else:
                single[name] = alone(value)
        return single

    def spellings(self) -> dict[str, Expression]:
        """Derivatives that have a value, under the names in which they may be written."""
        spelled: dict[str, Expression] = {n: m.name for n, m in self.macros.items()}
        for name, symbol in self.symbols.items():
            of = symbol.of
            forms = (of,) if symbol.layer is not None else (f"d{of}", f"{of}_bar", f"delta_{of}")
            if symbol.top == OPEN:
                spelled |= dict.fromkeys(forms, self.given[name])
        return spelled

    def value_name(self, symbol: Symbol) -> str | None:
        """The name under which a derivative has been given, if it has."""
        of = symbol.of
        wanted = [symbol.name]
        if symbol.top == OPEN:
            wanted += [f"dL_d{of}", f"dl_d{of}"]
        elif (symbol.top in ONE) == (f"d_{of}" in self.single):
            wanted.append(f"d_{of}")
        return next((n for n in wanted if n in self.symbols), None)

    # what a derivative means here

    def ways(self, symbol: Symbol) -> Iterator[Way]:
        """Each meaning of a derivative, the likeliest first."""
        if symbol.then:
            yield Way(self.asked, (symbol.of, symbol.then), "hessian")
            return
        kind = "gradient" if self.asked.output.shape == SCALAR else "jacobian"
        top = symbol.top
        if top in self.names.known:
            yield from self._of_a_name(symbol)
            return
        single = top in ONE and bool(self.asked.batch)
        whole = [Way(p, symbol.of, kind) for p in self.views(self.asked, symbol.of)]
        whole += [Way(p, symbol.of, kind) for p in self.views(self.current, symbol.of)]
        if not single:
            yield from whole
        if single or (top == OPEN and self._per_example(symbol.of)):
            try:
                one = one_example(self.asked), one_example(self.current)
            except ProgramError:
                if single:
                    raise
                return
            for base in one:
                yield from (
                    Way(p, symbol.of, kind, True) for p in self.views(base, symbol.of, True)
                )

    def layers(self, number: str) -> Iterator[tuple[str, bool]]:
        """What a delta may be the cotangent of, and whether its number says so: first what goes
        into a function, of the layer with that number."""
        named = [n for n in self.problem().definitions if n not in self.symbols]
        calls = [e for f in self.current.formulas for e in parts(f) if isinstance(e, Call)]
        acted = [c for c in calls if isinstance(c.operation.meaning, Elementwise | Function)]
        inputs = {a.name for c in acted for a in c.arguments if isinstance(a, Name)}
        of_layer = {n for n in named if number and re.sub(r"\D", "", n) == number}
        ranked = sorted(named, key=lambda n: (n not in of_layer, n not in inputs))
        yield from ((n, n in of_layer and n in inputs) for n in ranked)

    def _per_example(self, name: str) -> bool:
        meaning = self.problem().definitions.get(name)
        if meaning is None:
            return name in self.asked.batch
        return meaning.batch is not None

    def _of_a_name(self, symbol: Symbol) -> Iterator[Way]:
        """The derivative of a named result, as it is written."""
        whole = self.problem()
        meaning = whole.definitions.get(symbol.top)
        if meaning is None:
            return
        one = meaning.batch is not None
        base = replace(self.current, output=meaning, output_name=symbol.top)
        kind = "gradient" if meaning.shape == SCALAR else "jacobian"
        if one:
            base = _alone(base)
        for problem in self.views(base, symbol.of, one):
            yield Way(problem, symbol.of, kind, one)

    def views(self, base: Problem, name: str, one: bool = False) -> Iterator[Problem]:
        """The problem as a function of a name."""
        if name in base.variables:
            base.wrt([name])
            yield base
            return
        if name in base.definitions and _reaches(base, name):
            yield with_variable(base, name)
            return
        changed = self._named(base, self._single() if one else self.given)
        if name in changed.definitions and _reaches(changed, name):
            yield with_variable(changed, name)

    def _named(self, base: Problem, given: Mapping[str, Expression]) -> Problem:
        """The problem with the names of the derivation wherever their meaning stands in it."""
        kept = {n: d for n, d in base.definitions.items() if n not in given or _reaches(base, n)}
        changed = replace(base, definitions=kept)
        for name, meaning in given.items():
            if name not in self.symbols and name not in kept:
                changed = with_name(changed, name, meaning) or changed
        return changed

    def true_value(self, symbol: Symbol, one: bool) -> Claim | None:
        """A derivative that no line has given, as it is; None where the language cannot say it."""
        for way in self.ways(symbol):
            if way.one == one or not one:
                outcome = derive.KINDS[way.kind](way.problem, [way.key]).outcomes[way.key]
                if isinstance(outcome.closed.expression, IndexForm):
                    continue
                try:
                    whole, value = parse_within(
                        self.problem(one), statements_of(outcome.closed.text, self.problem(one))
                    )
                except SymgradError:
                    continue
                return Claim(whole, value, {})
        return None


def _single_example(problem: Problem) -> Problem:
    """The problem of one example; its loss, where the whole one is the sum or mean of such."""
    try:
        return one_example(problem)
    except ProgramError:
        return _alone(problem)


def _alone(problem: Problem) -> Problem:
    """The problem of one example, whatever belongs to all of them left out."""
    variables = {n: replace(v, batch=None) for n, v in problem.variables.items()}
    definitions: dict[str, Expression] = {}
    for name, definition in problem.definitions.items():
        if not _of_all(definition):
            definitions[name] = alone(definition)
    return replace(
        problem, variables=variables, definitions=definitions, output=alone(problem.output)
    )


def _of_all(root: Expression) -> bool:
    """Whether there is a sum over a batch in it."""
    calls = (e for e in parts(root) if isinstance(e, Call))
    return any(isinstance(c.operation.meaning, Total) for c in calls)


def _words(root: Expression) -> set[str]:
    return {e.name for e in parts(root) if isinstance(e, Name)}


def _reaches(problem: Problem, name: str) -> bool:
    """Whether the output depends on a definition."""
    wanted = _words(problem.output)
    for other, definition in reversed([*problem.definitions.items()]):
        if other in wanted:
            wanted |= _words(definition)
    return name in wanted


def _in_order(problem: Problem) -> Problem | None:
    """The problem with each definition after those that it uses; None where they go in a circle or
    use what is none of its names."""
    left = dict(problem.definitions)
    if any(_words(d) - {*problem.variables, *left} for d in left.values()):
        return None
    done: dict[str, Expression] = {}
    while left:
        ready = [n for n, d in left.items() if not _words(d) & left.keys()]
        if not ready:
            return None
        done |= {n: left.pop(n) for n in ready}
    return replace(problem, definitions=done)
