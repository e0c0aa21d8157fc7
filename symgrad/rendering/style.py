"""How a derivation is printed: nothing of what is derived."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Protocol

from symgrad.errors import OptionError, one_of
from symgrad.language.table import SLOPES, TRANSPOSES, Look, Table
from symgrad.rendering.words import ENGLISH, Words

LANGUAGES = ("en",)


class Symbols(Protocol):
    """What a style asks of a derivation."""

    def table_in(self, look: Look) -> Table:
        """What each name looks like."""


def _choice(choices: Iterable[str], help: str) -> Any:
    """A field with the values that it may have, the first by default: for command lines and
    pages."""
    known = tuple(choices)
    return field(default=known[0], metadata={"choices": known, "help": help})


@dataclass(frozen=True)
class Style:
    r"""How a derivation is printed.

    `notation` is how the derivative of the loss by z is written: "partial" (the fraction), "nabla",
    "bar" or "delta", of which a legend says what it is. `transpose` is "top", "T" or "prime".

    >>> from symgrad import derive
    >>> program = "W: Matrix(m, n)\nx: Vector(n)\nz = W @ x\nloss = norm2(z)**2"
    >>> r"\bar{W} &= \bar{z} x^{T}" in derive(program, "W").latex(style=Style("bar", transpose="T"))
    True

    Raises: OptionError for a value that there is not.
    """

    notation: str = _choice(SLOPES, "How the derivative of the loss by z is written.")
    transpose: str = _choice(TRANSPOSES, "How the transpose is written.")
    language: str = _choice(LANGUAGES, "What is said beside the formulas.")

    def __post_init__(self) -> None:
        for own in fields(self):
            one_of(own.name, getattr(self, own.name), own.metadata["choices"])

    @cached_property
    def words(self) -> Words:
        """What is said beside the formulas."""
        return ENGLISH

    def table(self, derivation: Symbols) -> Table:
        """What each name of a derivation looks like."""
        return derivation.table_in(Look(transpose=self.transpose, slopes=self.notation))


PLAIN = Style()


def style_wanted(value: object) -> Style:
    """The value. Raises: OptionError where it is no style."""
    if not isinstance(value, Style):
        raise OptionError(f"style is a Style, as sg.Style(notation='bar'), not {value!r}")
    return value
