"""What the derivatives of a derivation mean: of which problem each is the result."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from symgrad.calculus import derive
from symgrad.calculus.closed_form import ClosedForm
from symgrad.calculus.recurrences.substitution import substituted
from symgrad.errors import ProgramError, SymgradError
from symgrad.grading.answer import Claim, statements_of
from symgrad.grading.notation import ONE, OPEN, Symbol
from symgrad.grading.opening import one_example, with_name, with_variable
from symgrad.grading.paper import Paper, example_of
from symgrad.language.dimensions import SCALAR
from symgrad.language.expressions import Expression, Name, calls_in, names_in, names_used
from symgrad.language.operations.meanings import Elementwise, Function
from symgrad.language.parser import parse_within
from symgrad.language.problem import Problem


@dataclass(frozen=True)
class Way:
    """One meaning of a derivative: the result `key` of a problem; `one` is whether it is one
    example's."""

    problem: Problem
    key: str | tuple[str, str]
    kind: str
    one: bool = False


@dataclass
class Meanings:
    """Finds the meanings, among what a derivation has said so far."""

    paper: Paper

    def ways(self, symbol: Symbol) -> Iterator[Way]:
        """Each meaning of a derivative, the likeliest first."""
        if symbol.then:
            yield Way(self.paper.asked, (symbol.of, symbol.then), "hessian")
            return
        kind = "gradient" if self.paper.asked.output.shape == SCALAR else "jacobian"
        top = symbol.top
        if top in self.paper.names.known:
            yield from self._of_a_name(symbol)
            return
        single = top in ONE and bool(self.paper.asked.batch)
        whole = [Way(p, symbol.of, kind) for p in self.views(self.paper.asked, symbol.of)]
        if symbol.of not in self.paper.asked.variables:
            whole += [Way(p, symbol.of, kind) for p in self.views(self.paper.current, symbol.of)]
        if not single:
            yield from whole
        if single or (top == OPEN and self._per_example(symbol.of)):
            try:
                one = one_example(self.paper.asked), one_example(self.paper.current)
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
        named = [n for n in self.paper.problem().definitions if n not in self.paper.symbols]
        calls = calls_in(*self.paper.current.formulas)
        acted = [c for c in calls if isinstance(c.operation.meaning, Elementwise | Function)]
        inputs = {a.name for c in acted for a in c.arguments if isinstance(a, Name)}
        of_layer = {n for n in named if number and re.sub(r"\D", "", n) == number}
        ranked = sorted(named, key=lambda n: (n not in of_layer, n not in inputs))
        yield from ((n, n in of_layer and n in inputs) for n in ranked)

    def _per_example(self, name: str) -> bool:
        meaning = self.paper.problem().definitions.get(name)
        if meaning is None:
            return name in self.paper.asked.batch
        return meaning.batch is not None

    def _of_a_name(self, symbol: Symbol) -> Iterator[Way]:
        """The derivative of a named result, as it is written."""
        whole = self.paper.problem()
        meaning = whole.definitions.get(symbol.top)
        if meaning is None:
            return
        one = meaning.batch is not None
        base = self.paper.named(self.paper.current)
        base = replace(base, output=meaning, output_name=symbol.top)
        kind = "gradient" if meaning.shape == SCALAR else "jacobian"
        if one:
            base = example_of(base)
        if not names_in(meaning).keys() <= {*base.variables, *base.definitions}:
            return
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
        changed = self._named(base, self.paper.single_given() if one else self.paper.given)
        if name in changed.definitions and _reaches(changed, name):
            yield with_variable(changed, name)

    def _named(self, base: Problem, given: Mapping[str, Expression]) -> Problem:
        """The problem with the names of the derivation wherever their meaning stands in it."""
        kept: dict[str, Expression] = {}
        for name, definition in base.definitions.items():
            used = name not in given or _reaches(base, name)
            if used and names_in(definition).keys() <= {*base.variables, *kept}:
                kept[name] = definition
        changed = replace(base, definitions=kept)
        for name, meaning in given.items():
            if name not in self.paper.symbols and name not in kept:
                changed = with_name(changed, name, meaning) or changed
        return changed

    def true_value(self, symbol: Symbol, one: bool) -> Claim | None:
        """A derivative that no line has given, as it is; None where the language cannot say it."""
        for way in self.ways(symbol):
            if way.one == one or not one:
                outcome = derive.KINDS[way.kind](way.problem, [way.key]).outcomes[way.key]
                try:
                    return self.said(outcome.closed, self.paper.problem(one))
                except SymgradError:
                    continue
        return None

    def said(self, closed: ClosedForm, problem: Problem) -> Claim:
        """A result in the names of the page, which may have given those of its definitions."""
        own = {name.name for name, _ in closed.definitions}
        others = {n: e for n, e in problem.definitions.items() if n not in own}
        apart = replace(problem, definitions=others)
        whole, value = parse_within(apart, statements_of(closed.text, apart))
        values: dict[str, Expression] = {}
        for name in whole.definitions:
            if name in own:
                values[name] = substituted(whole.definitions[name], values)
        return Claim(problem, substituted(value, values), {})


def _reaches(problem: Problem, name: str) -> bool:
    """Whether the output depends on a definition."""
    return name in names_used([problem.output], problem.definitions)
