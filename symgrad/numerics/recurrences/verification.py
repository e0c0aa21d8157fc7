"""Every line of a derivation with steps, at random numbers and several lengths.

Each part is verified as any derivation is: its steps, its chain rule, statement by statement. What
joins the parts is verified by doing what is printed, line by line from the first step to the last
and back, and comparing the results with the gradient of the program unrolled, which the ordinary
engine derives without knowing of steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np

from symgrad.calculus.derivation import Derivation
from symgrad.calculus.derive import directional, gradient
from symgrad.calculus.nodes import Axis
from symgrad.calculus.recurrences.joined import Joined
from symgrad.calculus.recurrences.tangents import Tangents
from symgrad.calculus.recurrences.unrolled import parameters_at, unrolled
from symgrad.errors import whole_number
from symgrad.language.problem import Problem
from symgrad.numerics.checks import verification
from symgrad.numerics.checks.evaluation import Sample
from symgrad.numerics.checks.steps import StepCheck, Verification
from symgrad.numerics.checks.verification import Comparison, Judge, difference
from symgrad.numerics.function import compile_derivation
from symgrad.numerics.layers import flat, stacked
from symgrad.numerics.recurrences.function import compile_joined
from symgrad.numerics.recurrences.printed import Run
from symgrad.numerics.unspecified import drawn_functions, each_draw

LENGTHS = (1, 2, 5)


def lengths_of(problem: Problem) -> tuple[int, ...]:
    """How many steps a program is tried with."""
    assert problem.loop is not None
    length = problem.loop.steps.length
    return LENGTHS if length.is_Symbol else (int(length),)


def verify_joined(joined: Joined, seed: int = 0, code: bool = True) -> Verification:
    """Check every line and result at random numbers, with `code` the generated function too."""
    seed = whole_number("seed", seed)
    checks = [*_of_parts(joined, seed)]
    with np.errstate(all="ignore"):
        for length in lengths_of(joined.problem):
            look = partial(_at_length, joined, length, seed, code)
            checks += [check for found in each_draw(joined.problem, look) for check in found]
    return Verification(tuple(checks))


def _at_length(joined: Joined, length: int, seed: int, code: bool, number: int) -> list[StepCheck]:
    """The checks at so many steps, with other random functions for each number."""
    return [*Unrolled(joined, length, seed + number).checks(code)]


def _of_parts(joined: Joined, seed: int) -> Iterator[StepCheck]:
    """The steps of each part, by the numbers of the lines that they are."""
    for name, part in joined.derivations.items():
        if name == "whole" and part is joined.derivations["step"]:
            continue
        lines = {line.of: line.step.number for line in joined.lines if line.part == name}
        for check in verification.verify(part, seed, code=False).steps:
            if not np.isnan(check.error):  # of zeros, as a state may be at 0, nothing is known
                yield StepCheck(lines.get(check.number, 0), check.error)


@dataclass
class Unrolled:
    """A derivation beside that of the program with so many steps written out."""

    joined: Joined
    length: int
    seed: int

    def __post_init__(self) -> None:
        problem, kept = self.joined.problem, self.joined.written_out
        if self.length not in kept:
            names = [n for w in self.joined.wrt for n in parameters_at(problem, w, self.length)]
            kept[self.length] = gradient(unrolled(problem, self.length), names)
        self.derivation: Derivation = kept[self.length]
        self.judge = Judge(self.derivation, self.seed)
        self.sample = self.judge.sample
        self.run_of, self.computed = cache(self._run), cache(self._computed)

    def checks(self, code: bool) -> Iterator[StepCheck]:
        """The lines with two sides, and each result, as printed and as computed."""
        run = self.run_of(self.sample)
        for number, claim, truth in run.sides:
            yield StepCheck(number, difference(claim, truth))
        along = self.joined.along
        if code:
            truth = self._value(self.sample) if along is None else run.values[self.joined.valued]
            yield StepCheck(0, difference(self.computed(self.sample)[0], truth))
        if along is not None:
            yield StepCheck(0, self._along(along, run.values[self.joined.problem.output_name]))
        for name in self.joined.wrt:
            yield StepCheck(0, self._error(name, code))

    def _along(self, along: Tangents, claim: Any) -> float:
        """The error of the derivative along the directions, beside that of the program as it was,
        written out."""
        pairs = [(seed, of) for seed, of in along.seeds.items()]
        own = [n for _, of in pairs for n in parameters_at(along.original, of, self.length)]
        names = (n for seed, _ in pairs for n in parameters_at(along.problem, seed, self.length))
        given = dict(zip(own, names, strict=True))
        truth = directional(unrolled(along.original, self.length), own)
        inputs = {**self.sample.inputs, **drawn_functions(along.original)}
        directions = {of: self.sample.inputs[name] for of, name in given.items()}
        needed = {n: a for n, a in inputs.items() if n not in given.values()}
        _, derived = compile_derivation(truth)(needed, direction=directions)
        return difference(claim, derived["*"])

    def _run(self, sample: Sample) -> Run:
        """The lines done at numbers."""
        return Run(self.joined, self.length, dict(sample.inputs), self._sizes(sample))

    def _sizes(self, sample: Sample) -> dict[Axis, int]:
        return {**sample.sizes, self.joined.parts.loop.steps.length: self.length}

    def _error(self, name: str, code: bool) -> float:
        """The error of a result as printed and, with `code`, as computed, whichever is larger; nan
        where nothing finite was found."""

        def beside(claim: Callable[[Sample], Any]) -> Comparison:
            return lambda sample: (flat(claim(sample)), self.truth(name, sample))

        claims = [beside(lambda sample: self.run_of(sample).result(name))]
        if code:
            claims.append(beside(lambda sample: self.computed(sample)[1][name]))
        return float(np.max([*map(self.judge.error, claims)]))

    def _value(self, sample: Sample) -> Any:
        return sample.over(self.derivation.value, self.derivation.value_labels)

    def truth(self, name: str, sample: Sample) -> Any:
        """A gradient of the unrolled program, over its steps where it has one at each."""
        outcomes = self.derivation.outcomes
        names = parameters_at(self.joined.problem, name, self.length)
        entries = [sample.over(outcomes[n].entry, outcomes[n].labels) for n in names]
        return flat(self.stacked(name, entries))

    def stacked(self, name: str, entries: list[Any]) -> Any:
        """What a variable has at each of its steps together, or once."""
        variable = self.joined.problem.variables[name]
        return entries[0] if variable.steps is None else stacked(variable, entries)

    def _computed(self, sample: Sample) -> tuple[Any, dict[str, Any]]:
        """What the generated function returns."""
        problem = self.joined.problem
        inputs: dict[str, Any] = {
            name: self.stacked(
                name, [sample.inputs[n] for n in parameters_at(problem, name, self.length)]
            )
            for name in problem.variables
        }
        inputs |= drawn_functions(problem)
        length = problem.loop.steps.length if problem.loop else None
        if length is not None and length.is_Symbol:
            inputs[str(length)] = self.length
        directions = {of: inputs.pop(seed) for seed, of in self.joined.seeds.items()}
        return compile_joined(self.joined)(inputs, direction=directions or None)
