"""What a derivation has said so far: its names, the values of its derivatives, and the problem in
its own words."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from symgrad.errors import ProgramError
from symgrad.grading.answer import LOSS_NAMES
from symgrad.grading.notation import ONE, OPEN, Names, Symbol
from symgrad.grading.opening import alone, one_example
from symgrad.language.expressions import Expression, Name, calls_in, is_scalar, names_in
from symgrad.language.operations.meanings import Total
from symgrad.language.problem import Problem, Variable


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
    wanted: tuple[str, ...] = ()
    given: dict[str, Expression] = field(default_factory=dict)
    symbols: dict[str, Symbol] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)
    single: set[str] = field(default_factory=set)
    unfounded: dict[str, Symbol] = field(default_factory=dict)  # what uses what no line gives
    macros: dict[str, Macro] = field(default_factory=dict)
    unnamed: dict[str, str] = field(default_factory=dict)  # its own name of a formula -> that
    losses: set[str] = field(default_factory=set)  # the names of the loss that formulas use
    alike: set[str] = field(default_factory=set)  # its own names of what has the loss's value
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
            self.wanted[0] if len(self.wanted) == 1 else None,
            frozenset(n for n, e in self.given.items() if n not in self.symbols and is_scalar(e)),
        )

    @cached_property
    def said(self) -> frozenset[str]:
        """The names whose meaning the problem says."""
        names = {*self.asked.variables, *self.asked.definitions, self.asked.output_name}
        return frozenset(names | {*LOSS_NAMES} - names)

    @cached_property
    def sizes(self) -> frozenset[str]:
        """The names of dimensions."""
        return frozenset(map(str, self.asked.dims))

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
            base, given = _single_example(base), self.single_given()
        losses = dict.fromkeys(sorted(self.losses), base.output)
        variables = {**base.variables, **(more or {})}
        definitions = {**base.definitions, **losses, **given}
        return replace(base, variables=variables, definitions=definitions)

    def named(self, base: Problem) -> Problem:
        """A problem with the names of the derivation among its definitions."""
        definitions = dict(base.definitions)
        for name, value in self.given.items():
            known = {*base.variables, *definitions}
            if name not in self.symbols and name not in known and names_in(value).keys() <= known:
                definitions[name] = value
        return replace(base, definitions=definitions)

    def single_given(self) -> dict[str, Expression]:
        """What is said of each example by itself."""
        single: dict[str, Expression] = {}
        absent = set(self.shared)
        for name, value in self.given.items():
            if name in absent or names_in(value).keys() & absent or _of_all(value):
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


def _single_example(problem: Problem) -> Problem:
    """The problem of one example; its loss, where the whole one is the sum or mean of such."""
    try:
        return one_example(problem)
    except ProgramError:
        return example_of(problem)


def example_of(problem: Problem) -> Problem:
    """The problem of one example, whatever belongs to all of them left out."""
    variables = {n: replace(v, batch=None) for n, v in problem.variables.items()}
    definitions: dict[str, Expression] = {}
    for name, definition in problem.definitions.items():
        if not _of_all(definition) and names_in(definition).keys() <= {*variables, *definitions}:
            definitions[name] = alone(definition)
    return replace(
        problem, variables=variables, definitions=definitions, output=alone(problem.output)
    )


def _of_all(root: Expression) -> bool:
    """Whether there is a sum over a batch in it."""
    return any(isinstance(call.operation.meaning, Total) for call in calls_in(root))


def _in_order(problem: Problem) -> Problem | None:
    """The problem with each definition after those that it uses; None where they go in a circle or
    use what is none of its names."""
    left = dict(problem.definitions)
    if any(names_in(d).keys() - {*problem.variables, *left} for d in left.values()):
        return None
    done: dict[str, Expression] = {}
    while left:
        ready = [n for n, d in left.items() if not names_in(d).keys() & left.keys()]
        if not ready:
            return None
        done |= {n: left.pop(n) for n in ready}
    return replace(problem, definitions=done)
