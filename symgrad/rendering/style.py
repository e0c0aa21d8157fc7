"""How a derivation is printed: nothing of what is derived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Protocol

from symgrad.errors import OptionError, one_of
from symgrad.language.dimensions import Shape, core
from symgrad.language.names import entry_parts
from symgrad.language.table import SLOPES, TRANSPOSES, Look, Table
from symgrad.rendering.shapes import WHERE, Shapes
from symgrad.rendering.words import LANGUAGES, Words, words_of


class Symbols(Protocol):
    """What a style asks of a derivation."""

    @property
    def shapes(self) -> Mapping[str, Shape]:
        """The shape of each name."""

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
    `bold` sets vectors and matrices in bold. `shapes` are "none", "beside" each line, or "under"
    its factors. `language` is "en", "ko" (Korean), "de" (German) or "zh" (Chinese).

    >>> from symgrad import derive
    >>> program = "W: Matrix(m, n)\nx: Vector(n)\nz = W @ x\nloss = norm2(z)**2"
    >>> r"\bar{W} &= \bar{z} x^{T}" in derive(program, "W").latex(style=Style("bar", transpose="T"))
    True

    Raises: OptionError for a value that there is not.
    """

    notation: str = _choice(SLOPES, "How the derivative of the loss by z is written.")
    transpose: str = _choice(TRANSPOSES, "How the transpose is written.")
    bold: bool = field(default=False, metadata={"help": "Vectors and matrices in bold."})
    shapes: str = _choice(WHERE, "The shape of each line, beside it or under its factors.")
    language: str = _choice(LANGUAGES, "What is said beside the formulas.")

    def __post_init__(self) -> None:
        for own in fields(self):
            value = getattr(self, own.name)
            if "choices" in own.metadata:
                one_of(own.name, value, own.metadata["choices"])
            elif not isinstance(value, bool):
                raise OptionError(f"{own.name} is True or False, not {value!r}")

    @cached_property
    def words(self) -> Words:
        """What is said beside the formulas."""
        return words_of(self.language)

    @property
    def on_one_line(self) -> Style:
        """The style of text, where nothing stands below: shapes are beside the lines."""
        return self if self.shapes != "under" else replace(self, shapes="beside")

    def shown(self, derivation: Symbols) -> Shapes:
        """What tells the shapes in the lines of a derivation."""
        return Shapes(self.shapes, derivation.shapes)

    def table(self, derivation: Symbols) -> Table:
        """What each name of a derivation looks like."""
        shapes = derivation.shapes.items() if self.bold else ()
        bold = frozenset(entry_parts(name)[0] for name, shape in shapes if core(shape))
        return derivation.table_in(Look(self.transpose, self.notation, bold=bold, words=self.words))


PLAIN = Style()


def style_wanted(value: object) -> Style:
    """The value. Raises: OptionError where it is no style."""
    if not isinstance(value, Style):
        raise OptionError(f"style is a Style, as sg.Style(notation='bar'), not {value!r}")
    return value
