"""A program with as many steps as one says, written out: a problem without steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from operator import add

from symgrad.calculus.recurrences.substitution import at_steps
from symgrad.errors import ProgramError
from symgrad.language import expressions as ex
from symgrad.language.expressions import is_call
from symgrad.language.layered import FAR, index_of
from symgrad.language.names import entry_of, entry_parts
from symgrad.language.operations.steps import sum_of_steps
from symgrad.language.problem import Problem, Variable


def unrolled(problem: Problem, length: int, at: int = 0) -> Problem:
    """The problem with this many steps: its variables are x[1], x[2], ..., its definitions h[0],
    h[1], ...; an output that has an entry at each step is that at step `at`.

    Raises: ProgramError where equations use entries that there are none of.

    >>> from symgrad.language.parser import parse
    >>> from symgrad.language.unparse import unparse
    >>> problem = parse("x: Scalar[t:T]\\nloss = sum(x[t]**2 for t in range(1, T + 1))")
    >>> unparse(unrolled(problem, 2).output)
    'x[1]**2 + x[2]**2'
    """
    loop = problem.loop
    assert loop is not None
    t, last = loop.steps.index, str(loop.steps.length)
    counts = range(1, length + 1)
    variables: dict[str, Variable] = {}
    for variable in problem.variables.values():
        of = variable.sized({last: str(length)})
        entries = [of] if variable.steps is None else [of.at(str(k)) for k in counts]
        variables |= {entry.name: entry for entry in entries}

    def written(e: ex.Expression) -> ex.Expression:
        return at_steps(_without_sums(e, t, length, last), indices(last, length))

    definitions: dict[str, ex.Expression] = {}
    waiting = dict(problem.definitions)
    for name in loop.before:
        definitions[name] = written(waiting.pop(name))
    for name, e in loop.initial.items():
        definitions[entry_of(name, "0")] = written(e)
    for k in counts:
        for name, e in loop.step.items():
            entry = entry_of(entry_parts(name)[0], str(k))
            definitions[entry] = at_step(written(e), t, k)
    output = at_step(written(problem.output), t, at)
    known = {*variables, *definitions}
    equations = {name_at_end(name, last, length): written(e) for name, e in loop.equations.items()}
    asked = Equations(t, length, equations, {n: written(e) for n, e in waiting.items()})
    definitions |= asked.needed([*waiting], output, known)
    return replace(problem, variables=variables, definitions=definitions, output=output, loop=None)


@dataclass(frozen=True)
class Equations:
    """What stands below the steps: `equations` by the entries that they say, of g[t] every one
    that no other says, and `definitions`."""

    t: str
    length: int
    equations: Mapping[str, ex.Expression]
    definitions: Mapping[str, ex.Expression]

    def needed(
        self, names: Iterable[str], output: ex.Expression, known: set[str]
    ) -> dict[str, ex.Expression]:
        """The definitions of these names and of what the output uses, each after those that it
        uses itself."""
        done: dict[str, ex.Expression] = {}
        found: dict[str, ex.Expression] = {}
        pending = [*reversed(ex.names_in(output)), *reversed(list(names))]
        while pending:
            name = pending[-1]
            if name in done or name in known:
                pending.pop()
            elif name in found:
                done[pending.pop()] = found[name]
            else:
                found[name] = self._meaning(name)
                uses = ex.names_in(found[name])
                if circle := next((n for n in uses if n in found and n not in done), None):
                    raise ProgramError(f"{circle} is defined by itself")
                pending += reversed(uses)
        return done

    def _meaning(self, name: str) -> ex.Expression:
        if name in self.definitions:
            return self.definitions[name]
        if name in self.equations:
            return self.equations[name]
        series, index = entry_parts(name)
        for by in range(-FAR, FAR + 1):  # g[t - 1] = ... says g[3] at step 4
            general = entry_of(series, index_of(self.t, by))
            if general in self.equations and 0 <= int(index) <= self.length:
                return at_step(self.equations[general], self.t, int(index) - by)
        steps = "1 step" if self.length == 1 else f"{self.length} steps"
        raise ProgramError(f"with {steps} there is no {name}, which is used")


def name_at_end(name: str, last: str, length: int) -> str:
    """g[T], g[T - 1] with a number."""
    series, index = entry_parts(name)
    return entry_of(series, indices(last, length).get(index, index))


def indices(t: str, k: int) -> dict[str, str]:
    """The numbers that t - 1, t and t + 1 are, and indices further off, where t is k."""
    return {index_of(t, by): str(k + by) for by in range(-FAR, FAR + 1)}


def at_step(e: ex.Expression, t: str, k: int) -> ex.Expression:
    """An expression at step k."""
    return at_steps(e, indices(t, k))


def _without_sums(root: ex.Expression, t: str, length: int, last: str) -> ex.Expression:
    """Sums over the steps written out, and how many steps there are as a number."""

    def change(node: ex.Expression) -> ex.Expression:
        if isinstance(node, ex.Size) and str(node.dimension) == last:
            return ex.Number(Fraction(length))
        if not is_call(node, sum_of_steps):
            return node
        return reduce(add, (at_step(node.arguments[0], t, k) for k in range(1, length + 1)))

    return ex.mapped(root, change)


def parameters_at(problem: Problem, name: str, length: int) -> list[str]:
    """What a variable is called once it is unrolled: one name, or one for each step."""
    if problem.variables[name].steps is None:
        return [name]
    return [entry_of(name, str(k)) for k in range(1, length + 1)]
