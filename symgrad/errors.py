"""What can go wrong by a user's input: an error says what was given, what was wanted, and where."""

from __future__ import annotations

import difflib
import functools
import inspect
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from numbers import Integral
from typing import Any

WIDTH = 100  # characters of a line that an error shows
SHORT = {"lr": "learning_rate", "eps": "epsilon", "verbose": "progress"}  # options elsewhere
EXAMPLES = {"optimizer": "Adam(learning_rate=...)"}


class SymgradError(Exception):
    """Base of every error that a user's input can cause.

    `line` and `column` count from 1 where the input is text, else they are None;
    `filename` is the name that the text was read under, `source` the text itself.
    """

    width = 1  # how many characters are meant, from `column` on
    source: str | None = None

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

    def at(
        self, line: int | None, column: int | None, filename: str | None, width: int = 1
    ) -> SymgradError:
        """This error with a place, unless it has one already."""
        if self.line is None:
            self.line, self.column, self.width = line, column, width
        self.filename = self.filename or filename
        return self

    def within(self, source: str) -> SymgradError:
        """This error with the text that it is about, unless it has one; a traceback shows it."""
        if self.source is None:
            self.source = source
            if self.excerpt:
                self.add_note(self.excerpt)
        return self

    @property
    def excerpt(self) -> str:
        """The line of the text, and below it what is meant in it; nothing without a place.

        >>> error = SymgradError("not declared", line=1, column=8).within("loss = q * x")
        >>> print(error.excerpt)
          1 | loss = q * x
            |        ^
        """
        text = (self.source or "").replace("\r\n", "\n").replace("\r", "\n")
        lines = text.split("\n")
        if self.source is None or self.line is None or not 0 < self.line <= len(lines):
            return ""
        line, column = visible(lines[self.line - 1].replace("\t", " ")), self.column
        number = f"  {self.line} | "
        if column is None:
            return f"{number}{line.rstrip()[:WIDTH]}"
        first = max(column - 1 - WIDTH // 2, 0) if len(line) > WIDTH else 0
        shown, before = line[first : first + WIDTH].rstrip(), line[first : column - 1]
        room = max(first + WIDTH - column + 1, 1)
        width = max(_cells(line[column - 1 : column - 1 + min(self.width, room)].rstrip()), 1)
        below = " " * (len(number) - 2) + "| " + " " * _cells(before) + "^" * width
        return f"{number}{shown}\n{below}"

    def __str__(self) -> str:
        place = [self.filename] if self.filename else []
        if self.line is not None:
            place.append(f"line {self.line}")
        if self.column is not None:
            place.append(f"column {self.column}")
        return visible(f"{', '.join(place)}: {self.message}" if place else self.message)


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


class ArgumentError(OptionError, TypeError):
    """A call without an argument that is needed, or with one that there is not."""


class MissingKeyError(UnknownNameError, KeyError):
    """A key that no result has."""


class NotFiniteError(SymgradError):
    """A loss or gradient that is infinite or not a number."""


class VerificationError(SymgradError):
    """A step of a derivation that is not true at random numbers: a defect of symgrad."""


def visible(text: str) -> str:
    r"""The text with a picture of each character that commands a terminal or turns what is written,
    except new lines and tabs.

    >>> visible("a\x1b[31m\u202eb")
    'a\u241b[31m\ufffdb'
    """
    return "".join(map(_picture, text))


def _picture(character: str) -> str:
    if character in "\n\t" or (kind := unicodedata.category(character)) not in ("Cc", "Cf"):
        return character
    return chr(0x2400 + ord(character)) if kind == "Cc" and ord(character) < 0x20 else "\ufffd"


def _cells(text: str) -> int:
    """How many columns a text takes in a terminal."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)


def one_of(what: str, value: object, known: Iterable[str]) -> None:
    """Raises: OptionError where the value is none of the words that there are."""
    words = list(known)
    if not (isinstance(value, str) and value in words):
        near = did_you_mean(value, words)
        raise OptionError(f"{what} is one of {', '.join(words)}, not {value!r}{near}")


def whole_number(what: str, value: object, least: int = 0) -> int:
    """The value; an OptionError where it is no whole number, or a smaller one."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        wanted = {0: "0 or a positive whole number", 1: "a positive whole number"}.get(least)
        wanted = wanted or f"a whole number of at least {least}"
        raise OptionError(f"{what} is {value!r}; {wanted} is wanted")
    return int(value)


def checked_flag(what: str, value: object) -> bool:
    """The value; an OptionError where it is neither True nor False, of Python or NumPy."""
    if type(value).__name__ not in ("bool", "bool_"):
        raise OptionError(f"{what} is {value!r}; True or False is wanted")
    return bool(value)


def check_call(of: Callable[..., Any], /, *arguments: Any, **options: Any) -> None:
    """Raises: ArgumentError, with the arguments that there are, for a call that has others.

    >>> check_call(whole_number, "epochs", 3, lest=1)
    Traceback (most recent call last):
    symgrad.errors.ArgumentError: whole_number: got an unexpected keyword argument 'lest'; did you \
mean least? It is called as whole_number(what, value, least=...)
    """
    known = (signature := inspect.signature(of)).parameters
    try:
        signature.bind(*arguments, **options)
    except TypeError as error:
        others = [SHORT.get(name, name) for name in options.keys() - known]
        meant = "".join(did_you_mean(name, known) for name in others) or "."
        shown = [name for name, p in known.items() if p.default is p.empty]
        shown += [f"{name}={EXAMPLES.get(name, '...')}" for name in known if name not in shown]
        call = f"{of.__name__}({', '.join(shown)})"
        raise ArgumentError(f"{of.__name__}: {error}{meant} It is called as {call}") from None


def checked_call(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function; a wrong call of it says how it is called."""

    @functools.wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        check_call(function, *arguments, **options)
        return function(*arguments, **options)

    call.__module__ = "symgrad"  # where pickle finds it
    return call


def unread(error: Exception) -> str:
    """What is told of a file that cannot be read."""
    if isinstance(error, UnicodeDecodeError):
        return f"cannot be read: it is no text in {error.encoding}; save it as UTF-8"
    return f"cannot be read: {getattr(error, 'strerror', None) or error}"


def text_wanted(what: str, value: object) -> str:
    """The value; a ProgramError where it is no text."""
    if not isinstance(value, str):
        raise ProgramError(f"{what} is a text, not a {type(value).__name__}")
    return value


def names_wanted(what: str, value: object) -> Mapping[str, Any]:
    """The value; a DataError where it is no mapping from names."""
    if not isinstance(value, Mapping):
        raise DataError(f"{what}: a mapping by name is wanted, not a {type(value).__name__}")
    return value


def check_known(
    told: str,
    names: Iterable[object],
    known: Collection[Any],
    error: type[SymgradError] = DataError,
) -> None:
    """Raises: the error for the first of the names that is not known, in the place of {} in it."""
    for name in names:
        if name not in known:
            raise error(told.format(name) + did_you_mean(name, known))


def did_you_mean(name: object, known: Iterable[object], alike_by: float = 0.6) -> str:
    """`; did you mean a, b?` with the nearest known names, or nothing; 1 is as like as can be."""
    name, names = str(name), list(dict.fromkeys(map(str, known)))
    alike = [k for k in names if _folded(k) == _folded(name) and k != name]
    near = list(dict.fromkeys([*alike, *difflib.get_close_matches(name, names, 3, alike_by)]))[:3]
    return f"; did you mean {', '.join(near)}?" if near else ""


def _folded(name: str) -> str:
    """The letters and digits of a name, in lower case."""
    return "".join(filter(str.isalnum, name)).casefold()
