"""The parts of a program with steps as operations."""

from __future__ import annotations

from functools import cached_property

from symgrad.calculus.nodes import Axis
from symgrad.calculus.recurrences.joined import Joined
from symgrad.language.dimensions import dimension
from symgrad.language.names import entry_of, entry_parts
from symgrad.language.problem import Variable
from symgrad.numerics.arrays.listing import Op
from symgrad.numerics.recurrences.split import Part
from symgrad.numerics.sizes import axes_of

INDENT = " " * 4


class StepParts:
    """The parts of a program as operations, and what each of their inputs is in code.

    There p0 is a variable, x0 its entry at a step and q0 all of them with the steps first, u0 a
    definition before the steps, h0 the list of a state, e0 what a step defines beside it, s0 a sum
    over the steps; c0, dh0, du0, ds0 are cotangents, g0 a gradient.
    """

    def __init__(self, joined: Joined) -> None:
        self.joined = joined
        self.parts, self.problem = joined.parts, joined.problem
        self.place = {name: k for k, name in enumerate(self.problem.variables)}
        self.states = {name: k for k, name in enumerate(self.parts.states)}
        self.given = {of: own for own, of in joined.given.items()}
        self.before, self.step, self.after = self._parts()

    @property
    def at_steps(self) -> list[str]:
        """What one step is given that has an entry at each."""
        series = [entry_of(n, self.t) for n, v in self.problem.variables.items() if v.steps]
        return [*series, *(entry_of(h, f"{self.t} - 1") for h in self.states)]

    @property
    def length(self) -> str:
        """How many steps there are, in code."""
        length = self.parts.loop.steps.length
        return str(length) if is_number(length) else f"n{self.axes.index(length)}"

    @property
    def t(self) -> str:
        """The index in the program."""
        return self.parts.index

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        """The axes whose sizes it takes."""
        variables = self.problem.variables.values()
        dims: list[Axis] = [axis for v in variables for axis in (*axes_of(v), *v.dims)]
        dims += [s for d in dims if not isinstance(d, str) for s in d.free_symbols]
        found = [a for a in (*dims, self.parts.loop.steps.length) if not is_number(a)]
        return tuple(dict.fromkeys(map(of_all_steps, found)))

    def _parts(self) -> tuple[Part | None, Part, Part]:
        derivations = self.joined.derivations
        code = self.axes, {self.t: "t", self.parts.last: "n"}, self._inputs()
        before = None
        if "before" in derivations:
            names = [*self.parts.before]
            before = Part.of("a", derivations["before"], names, *code)
        bodies = [total.body.name for total in self.parts.totals.values()]
        names = [h.name for h in self.parts.states.values()]
        names = list(dict.fromkeys([*names, *bodies, *self.beside]))
        step = Part.of("v", derivations["whole"], names, *code)
        outputs = [*dict.fromkeys([self.problem.output_name, self.joined.valued])]
        after = Part.of("w", derivations["after"], outputs, *code)
        return before, step, after

    @cached_property
    def beside(self) -> list[str]:
        """What a step defines beside the states and what comes after reads of the last one."""
        last = self.joined.derivations["after"].problem.variables
        names = (n for n in self.parts.step if entry_parts(n)[0] not in self.states)
        return [n for n in names if entry_of(entry_parts(n)[0], self.parts.last) in last]

    @cached_property
    def summed(self) -> dict[str, list[Part]]:
        """The parts that add rows alone to a gradient that is summed over the steps, by name."""
        parts = [part for part in (self.step, self.after, self.before) if part is not None]
        return {
            name: found
            for name in self.step.derivatives
            if not entry_parts(name)[1] and name in self.place
            if (found := [part for part in parts if part.scatter(name) is not None])
        }

    def skipped(self, part: Part) -> set[Op]:
        """The derivatives of a part of which only the rows are added to a sum."""
        names = [name for name, parts in self.summed.items() if any(p is part for p in parts)]
        return {op for name in names if (op := part.scatter(name)) is not None}

    def target(self, name: str) -> tuple[str, str]:
        """What a gradient is called while it is added up, and an array of its shape."""
        if name in self.place:
            return f"g{self.place[name]}", f"p{self.place[name]}"
        k = [*self.parts.before].index(name)
        return f"du{k}", f"u{k}"

    def _inputs(self) -> dict[str, str]:
        """What each input of a part is in code."""
        t, last = self.t, self.parts.last
        names = {name: f"p{k}" for name, k in self.place.items()}
        names |= {entry_of(name, t): f"x{k}" for name, k in self.place.items()}
        names |= {entry_of(name, last): f"q{k}[n - 1]" for name, k in self.place.items()}
        for h, k in self.states.items():
            names |= {entry_of(h, f"{t} - 1"): f"h{k}[t - 1]", entry_of(h, "0"): f"h{k}[0]"}
            names |= {entry_of(h, last): f"h{k}[n]"}
            names[self.given.get(entry_of(h, t), "")] = f"c{k}"
            names[self.given.get(entry_of(h, "0"), "")] = f"dh{k}"
        for k, name in enumerate(self.parts.before):
            names.setdefault(name, f"u{k}")
            names.setdefault(self.given.get(name, ""), f"du{k}")
        for k, name in enumerate(self.beside):
            names[entry_of(entry_parts(name)[0], last)] = f"e{k}"
            names[self.given.get(name, "")] = f"ce{k}"
        for k, name in enumerate(self.parts.totals):
            names |= {name: f"s{k}", self.given.get(name, ""): f"ds{k}"}
        return names


def of_all_steps(axis: Axis) -> Axis:
    """The axis whose size is given: of a size that depends on the step a list of all, by its
    name."""
    name, index = entry_parts(str(axis))
    return dimension(name) if index and not isinstance(axis, str) else axis


def is_number(axis: Axis) -> bool:
    """Whether an axis has a size of its own."""
    return not isinstance(axis, str) and bool(axis.is_Integer)


def steps_first(variable: Variable, text: str) -> str:
    """A series with its steps before the axis of the batch, as a list has them."""
    first = variable.batch is None or variable.ragged
    return text if first else f"np.moveaxis({text}, 1, 0)"
