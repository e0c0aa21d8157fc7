"""What has an entry at each step, while a program is read: series that are given, and states."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from symgrad.errors import ProgramError
from symgrad.language.expressions import Expression, Name
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
        """Add a series that is given."""
        self.names[variable.name] = variable
        for index, known in ((self.index, self.inside), (self.last, self.after)):
            known[entry_of(variable.name, index)] = variable.at(index).expression()

    def start(self, name: str, value: Expression) -> None:
        """Add a state with its value at 0."""
        if self.step:
            raise ProgramError(f"{name}[0] stands below the loop; write it above `for`")
        self.names[name] = None
        self.initial[name] = value
        self.after[entry_of(name, "0")] = _named(name, "0", value)
        self.inside[entry_of(name, f"{self.index} - 1")] = _named(name, f"{self.index} - 1", value)

    def define(self, name: str, value: Expression) -> None:
        """Add what one step defines."""
        self.names.setdefault(name, None)
        entry = entry_of(name, self.index)
        self.step[entry] = value
        self.inside[entry] = _named(name, self.index, value)
        self.after[entry_of(name, self.last)] = _named(name, self.last, value)
        if name in self.initial:
            before = entry_of(name, f"{self.index} - 1")
            self.inside[before] = _named(name, f"{self.index} - 1", value)

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


def _named(name: str, index: str, value: Expression) -> Name:
    return Name(entry_of(name, index), value.shape, value.batch)
