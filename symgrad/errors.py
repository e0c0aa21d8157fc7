"""What can go wrong by a user's input: an error says what was given, what was wanted, and where."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class SymgradError(Exception):
    """Base of every error that a user's input can cause.

    `line` and `column` count from 1 where the input is text, else they are None;
    `filename` is the name that the text was read under.
    """

    def __init__(
        self,
        message: str,
        *,
        line: int | None = None,
        column: int | None = None,
        filename: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
        self.filename = filename

    def at(self, line: int | None, column: int | None, filename: str | None) -> SymgradError:
        """This error with a place, unless it has one already."""
        if self.line is None:
            self.line, self.column = line, column
        self.filename = self.filename or filename
        return self

    def __str__(self) -> str:
        place = [self.filename] if self.filename else []
        if self.line is not None:
            place.append(f"line {self.line}")
        if self.column is not None:
            place.append(f"column {self.column}")
        return f"{', '.join(place)}: {self.message}" if place else self.message


class ProgramError(SymgradError):
    """A text that is no program of the language."""


class ShapeError(SymgradError):
    """Shapes that do not fit; `dimensions` are the two that would have to agree."""

    def __init__(self, message: str, dimensions: tuple[object, object] | None = None) -> None:
        super().__init__(message)
        self.dimensions = dimensions


class UnknownNameError(SymgradError):
    """A name that was not declared, or that cannot be used in this way."""


class DataError(SymgradError):
    """Arrays that do not fit the problem."""


class OptionError(SymgradError):
    """An option or hyperparameter out of its range."""


class NotFiniteError(SymgradError):
    """A loss or gradient that is infinite or not a number."""


class VerificationError(SymgradError):
    """A step of a derivation that is not true at random numbers: a defect of symgrad."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean a, b?` with the nearest known names, or nothing."""
    near = difflib.get_close_matches(name, list(known), n=3)
    return f"; did you mean {', '.join(near)}?" if near else ""
