r"""A program with steps and its derivative along directions, as one program with steps.

    du = u'(\theta) d\theta,   dh_t = f'(h_{t-1}, x_t) (dh_{t-1}, dx_t),   t = 1, ..., T

Each definition has the differential of its own formula beside it, in which names stand for the
differentials of what it uses. The gradient of what comes out, <gradient, direction>, is the Hessian
times the direction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from symgrad.calculus.derive import directional
from symgrad.calculus.naming import fresh
from symgrad.calculus.recurrences.derived import active_names, result_of
from symgrad.calculus.recurrences.parts import Parts
from symgrad.calculus.recurrences.substitution import nothing, substituted
from symgrad.language.expressions import Expression, Name, names_in
from symgrad.language.names import entry_of, entry_parts
from symgrad.language.operations.steps import step_sum
from symgrad.language.problem import Loop, Problem, Variable


@dataclass
class Tangents:
    """`seeds` says whose direction each new variable is, `problem` is the program whose output is
    the derivative along them."""

    original: Problem
    wrt: tuple[str, ...]
    seeds: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.parts = Parts(self.original)
        self.active = active_names(self.parts, self.wrt)
        states = self.parts.states.items()
        self.active |= {at.name for h, at in states if entry_of(h, "0") in self.active}
        self.called: dict[str, str] = {}
        variables = dict(self.original.variables)
        for name in self.wrt:
            direction = self._direction(variables[name])
            variables[direction.name], self.seeds[direction.name] = direction, name
        self.problem = self._program(variables)

    def _direction(self, variable: Variable) -> Variable:
        name = self._called(variable.name)
        return replace(variable, name=name, facts=frozenset({"data"}), origin=object())

    def _called(self, base: str) -> str:
        """What a differential is called."""
        if base not in self.called:
            self.called[base] = fresh(f"d{base}", self.parts.taken)
        return self.called[base]

    def _differential(self, name: Name) -> Name:
        base, index = entry_parts(name.name)
        return replace(name, name=entry_of(self._called(base), index), symmetric=False)

    def _program(self, variables: Mapping[str, Variable]) -> Problem:
        parts, loop = self.parts, self.parts.loop
        above = {n: e for n, e in parts.before.items() if not entry_parts(n)[1]}
        before = self._with_differentials(above)
        initial = dict(loop.initial)
        for h, state in parts.states.items():
            first = entry_of(h, "0")
            if state.name in self.active:
                initial[self._called(h)] = self._of(first, parts.before[first])
        step = self._with_differentials(parts.step)
        definitions = dict(before)
        for name, total in parts.totals.items():
            definitions[name] = parts.summed(total)
            if name in self.active:
                body = self._differential(total.body)
                definitions[self._called(name)] = step_sum(body, False, loop.steps)
        definitions |= self._with_differentials(parts.after)
        output = self.original.output_name
        definitions[output] = parts.output
        return replace(
            self.original,
            variables=variables,
            definitions=definitions,
            output=self._of(output, parts.output),
            output_name=self._called(output),
            loop=Loop(loop.steps, initial, step, tuple(before)),
        )

    def _with_differentials(self, definitions: Mapping[str, Expression]) -> dict[str, Expression]:
        """Each definition, and its differential below it."""
        found: dict[str, Expression] = {}
        for name, e in definitions.items():
            found[name] = e
            if name in self.active:
                own = self._differential(Name(name, e.shape, e.batch))
                found[own.name] = self._of(name, e)
        return found

    def _of(self, name: str, e: Expression) -> Expression:
        """The differential of a definition, by those of what it uses."""
        used = {name: n for name, n in names_in(e).items() if name in self.active}
        found = nothing(e.shape)
        if used:
            output = Name(name, e.shape, e.batch)
            derivation = directional(self.parts.part({name: e}, output), [*used])
            seeds = {seed: self._differential(used[of]) for seed, of in derivation.seeds.items()}
            found = substituted(result_of(derivation.outcomes["*"]), seeds)
        return found if found.batch == e.batch else found + 0 * e  # one for each example
