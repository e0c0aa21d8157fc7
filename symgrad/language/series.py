"""What has an entry at each step, while a program is read: series that are given, and states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from symgrad.errors import ProgramError, ShapeError
from symgrad.language.dimensions import dimension
from symgrad.language.expressions import Expression, Name, Size
from symgrad.language.layered import dimension_at, index_of, index_parts, layered, shape_at
from symgrad.language.names import entry_of, entry_parts
from symgrad.language.problem import Loop, Steps, Variable


@dataclass
class Series:
    """`names` are all that have entries. Entries have their meaning in `inside`, by their names,
    while one step is read, and at the last step in `after`, once the loop is read."""

    steps: Steps
    names: dict[str, Variable | None] = field(default_factory=dict)  # a state is no variable
    initial: dict[str, Expression] = field(default_factory=dict)
    step: dict[str, Expression] = field(default_factory=dict)
    inside: dict[str, Expression] = field(default_factory=dict)
    after: dict[str, Expression] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    equations: dict[str, Expression] = field(default_factory=dict)  # below the loop
    below: bool = False  # whether what is read now may use entries at any step
    letter: str = ""  # what the index is called here: nothing outside of a step

    @classmethod
    def of(cls, loop: Loop, variables: Iterable[Variable]) -> Series:
        """The series of a program that was read, for formulas below its loop."""
        series = cls(loop.steps)
        for variable in variables:
            if variable.steps is not None:
                series.declare(variable)
        for name, value in loop.initial.items():
            series.start(name, value)
        for name, value in loop.step.items():
            series.define(entry_parts(name)[0], value)
        series.before = loop.before
        for name, value in loop.equations.items():
            series.equate(name, value)
        series.below = True
        return series

    @property
    def last(self) -> str:
        """The index of the last step."""
        return str(self.steps.length)

    @property
    def index(self) -> str:
        """The index of a step."""
        return self.steps.index

    def bare(self, name: str) -> str:
        """What is said of the name of a series without an index."""
        if name == self.index:
            return f"{name} counts steps, and is no number; it stands in brackets, as in x[{name}]"
        here = self.letter or self.last
        return f"{name} has a value at each step; write {name}[{here}]"

    def declare(self, variable: Variable) -> None:
        """Add a series that is given.

        Raises: ShapeError where a size is one of a step that the series does not know."""
        t = self.index
        self._check_sizes(variable, {t, f"{t} - 1"}, f"{t} and {t} - 1")
        self.names[variable.name] = variable
        for index, known in ((self.index, self.inside), (self.last, self.after)):
            known[entry_of(variable.name, index)] = variable.at(index).expression()

    def check_sizes(self, variables: Iterable[Variable]) -> None:
        """Raises: ShapeError where what has no index has a size that is neither the first nor the
        last."""
        for variable in variables:
            if variable.steps is None:
                self._check_sizes(variable, set(), f"0 and {self.last}")

    def _check_sizes(self, variable: Variable, more: set[str], told: str) -> None:
        for size, (_, index) in (each for d in variable.dims for each in layered(d).items()):
            if index not in {"0", self.last, *more}:
                raise ShapeError(
                    f"{variable.name}: there is no size {size} here; its index may be {told}"
                )

    def start(self, name: str, value: Expression) -> None:
        """Add a state with its value at 0."""
        if self.step:
            raise ProgramError(f"{name}[0] stands below the loop; write it above `for`")
        self.names[name] = None
        self.initial[name] = value
        self.after[entry_of(name, "0")] = _named(name, "0", value)
        before = f"{self.index} - 1"
        self.inside[entry_of(name, before)] = _named(name, before, value, {"0": before})

    def define(self, name: str, value: Expression) -> None:
        """Add what one step defines."""
        self.names.setdefault(name, None)
        entry = entry_of(name, self.index)
        self.step[entry] = value
        self.inside[entry] = _named(name, self.index, value)
        t, before = self.index, f"{self.index} - 1"
        self.after[entry_of(name, self.last)] = _named(name, self.last, value, {t: self.last})
        if name in self.initial:
            self.inside[entry_of(name, before)] = _named(name, before, value, {t: before})

    def equate(self, entry: str, value: Expression) -> None:
        """Add what an entry is equal to: g[T], or g[t] at every step that has no own equation."""
        name = entry_parts(entry)[0]
        self.names.setdefault(name, None)
        self.equations[entry] = value
        base, by = index_parts(entry_parts(entry)[1])
        for index, known in ((self.index, self.inside), (self.last, self.after)):
            at = {base: index_of(index, -by)} if base else {str(by): index}
            own = _named(name, index, value, at)
            if own.batch is not None or own.name not in known:  # zeros are of no example
                known[own.name] = own

    def entry(self, name: str, index: str) -> Expression | None:
        """An entry at any step; None of what is not known yet."""
        if (value := self.equations.get(entry_of(name, index))) is not None:
            return _named(name, index, value)
        own = self.inside.get(entry_of(name, self.index))
        if not isinstance(own, Name):
            return None
        at = {self.index: index}
        below = None if own.index_of is None else dimension_at(own.index_of, at)
        shape = shape_at(own.shape, at)
        return replace(own, name=entry_of(name, index), shape=shape, index_of=below)

    def entries(self, sizes: Iterable[str] = ()) -> dict[str, Expression]:
        """Every entry that a formula below the loop may use, by its name, and those of sizes."""
        ends = (index_of(base, by) for base in (self.index, self.last) for by in (0, -1, 1))
        near = [*dict.fromkeys((*ends, "0", "1"))]
        found: dict[str, Expression] = {
            entry: Size(dimension(entry)) for n in sizes for entry in (entry_of(n, i) for i in near)
        }
        for name in self.names:
            every = {entry_of(name, index): self.entry(name, index) for index in near}
            found |= {entry: e for entry, e in every.items() if e is not None}
        return found | {n: e for n, e in self.after.items() if n.endswith("[0]")}

    def again(self) -> None:
        """Forget what one step defines, to read it once more."""
        for entry in self.step:
            self.inside.pop(entry)
        self.step = {}

    @contextmanager
    def at(self, letter: str) -> Iterator[None]:
        """Inside of a step, whose index is called by this letter."""
        if self.letter and not self.below:
            raise ProgramError(f"for {letter} stands inside of for {self.letter}; one loop is read")
        outside, self.letter = self.letter, letter
        try:
            yield
        finally:
            self.letter = outside

    @contextmanager
    def any_step(self) -> Iterator[None]:
        """Below the loop, where entries are used at t, t + 1, T: at any step t."""
        before, self.below = self.below, True
        try:
            with self.at(self.index):
                yield
        finally:
            self.below = before

    def is_read(self, entry: str) -> bool:
        """Whether the loop stands above, so that an entry that is given has an equation."""
        return bool(self.step) or not (entry.isdigit() or self.initial)

    @property
    def loop(self) -> Loop:
        """All of it."""
        return Loop(self.steps, self.initial, self.step, self.before, self.equations)


def _named(
    name: str, index: str, value: Expression, indices: Mapping[str, str] = MappingProxyType({})
) -> Name:
    """An entry as it is at another step."""
    return Name(entry_of(name, index), shape_at(value.shape, indices), value.batch)
