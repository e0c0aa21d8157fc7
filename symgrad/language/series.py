"""What has an entry at each step, while a program is read: series that are given, and states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType

from symgrad.errors import ProgramError, ShapeError
from symgrad.language.expressions import Expression, Name
from symgrad.language.layered import layered, shape_at
from symgrad.language.names import entry_of
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
    letter: str = ""  # what the index is called here: nothing outside of a step

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

    def again(self) -> None:
        """Forget what one step defines, to read it once more."""
        for entry in self.step:
            self.inside.pop(entry)
        self.step = {}

    @contextmanager
    def at(self, letter: str) -> Iterator[None]:
        """Inside of a step, whose index is called by this letter."""
        if self.letter:
            raise ProgramError(f"for {letter} stands inside of for {self.letter}; one loop is read")
        self.letter = letter
        try:
            yield
        finally:
            self.letter = ""

    @property
    def loop(self) -> Loop:
        """All of it."""
        return Loop(self.steps, self.initial, self.step, self.before)


def _named(
    name: str, index: str, value: Expression, indices: Mapping[str, str] = MappingProxyType({})
) -> Name:
    """An entry as it is at another step."""
    return Name(entry_of(name, index), shape_at(value.shape, indices), value.batch)
