"""A row of a derivation: an equation in pieces of a text, of which each character has its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from symgrad.errors import ShapeError, SymgradError

SINGLE = "∇"  # differentiated by what the problem asks for
BRACKETS = (("(", ")"), ("[", "]"), ("{", "}"), (r"\langle", r"\rangle"))
Place = tuple[int, int]  # line and column, from 1


def is_closed(front: str) -> bool:
    """Whether no bracket is open after this; [i = j] is one."""
    return all(front.count(a) == front.count(b) for a, b in BRACKETS)


@dataclass(frozen=True)
class Piece:
    """A part of a text, with the line and column of each character."""

    text: str
    places: Sequence[Place]
    source: str = ""  # what was typed, where that is not the text
    error: ShapeError | None = None  # why it has no meaning
    unread: str = ""  # why it is not graded

    @property
    def shown(self) -> str:
        """What was typed, on one line."""
        return " ".join((self.source or self.text).replace("&", " ").split())

    def part(self, start: int, end: int | None = None) -> Piece:
        """A part of it without the blanks around it."""
        text = self.text[start:end]
        front = len(text) - len(text.lstrip())
        return Piece(
            text.strip(), self.places[start + front : start + len(text.rstrip())] or self.places[:1]
        )

    def split(self, sign: re.Pattern[str]) -> list[Piece]:
        """The parts between such signs, outside brackets."""
        cuts = [m for m in sign.finditer(self.text) if is_closed(self.text[: m.start()])]
        begins = [0, *(m.end() for m in cuts)]
        ends = [*(m.start() for m in cuts), len(self.text)]
        return [self.part(*ends) for ends in zip(begins, ends, strict=True)]

    def saying(self, text: str) -> Piece:
        """Another text in its place."""
        return Piece(text, [self.places[0]] * max(len(text), 1), self.source or self.text)

    def called(self, at: str) -> Piece:
        """A function's name with its arguments."""
        text = f"{self.text}({at})" if at else self.text
        return replace(self.saying(text), source="")

    def __add__(self, other: Piece) -> Piece:
        blank = (other.places or self.places)[:1]
        return Piece(f"{self.text} {other.text}", [*self.places, *blank, *other.places])

    @property
    def line(self) -> int:
        """The line in which it begins."""
        return self.places[0][0]

    def replaced(self, pattern: re.Pattern[str], written: Callable[[re.Match[str]], str]) -> Piece:
        """The text with each match written in another way, in its place."""
        text, places, end = "", list[Place](), 0
        for match in pattern.finditer(self.text):
            new = written(match)
            text += self.text[end : match.start()] + new
            places += self.places[end : match.start()]
            places += [self.places[match.start()]] * len(new)
            end = match.end()
        return Piece(text + self.text[end:], [*places, *self.places[end:]])

    def located(self, error: SymgradError) -> SymgradError:
        """An error whose column counts in this piece, with its place in the whole text."""
        column = min(error.column or 1, len(self.places))
        error.line, error.column = self.places[column - 1]
        return error


@dataclass
class Row:
    """An equation; where its left side is the derivative of a formula without a name, `of` that
    formula and `by` what it is differentiated by."""

    left: Piece
    sides: list[Piece] = field(default_factory=list)
    unread: str = ""  # why it is not graded, where its parts are not read
    of: Piece | None = None
    by: str = ""
    stacked: str = ""  # the derivative without its vec, where that stands in it
    at: str = ""  # the arguments that its left side has as a function's value
    supposed: bool = False  # whether it is a condition, if x = 0
    whole: bool = False  # whether entries in it were read as whole vectors and matrices

    @property
    def line(self) -> int:
        """The line in which it begins."""
        return self.left.line
