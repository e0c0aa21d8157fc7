"""How a builder writes its program: a header that is its docstring's, and checked numbers."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Sequence
from textwrap import wrap
from typing import Any, TypeAlias

from symgrad.errors import OptionError, did_you_mean
from symgrad.language.expressions import OPERATIONS
from symgrad.language.parser import parse
from symgrad.language.problem import Problem

Size: TypeAlias = int | str  # a dimension: its number, or its name

WIDTH = 98  # of a header's line, without "# "
HEADER = ("Source: ", "Shapes: ")


def program(builder: Callable[..., Problem], lines: Iterable[str]) -> Problem:
    """The problem of these lines, below what the builder's docstring says of it."""
    return parse("\n".join([*_header(builder), "", *lines]) + "\n")


def _header(builder: Callable[..., Problem]) -> list[str]:
    """The first sentence of its docstring, its source and its shapes, as comments."""
    paragraphs = (inspect.getdoc(builder) or "").split("\n\n")
    parts = [" ".join(p.split()) for p in paragraphs]
    said = parts[:1] + [p for start in HEADER for p in parts if p.startswith(start)]
    return [f"# {line}" for part in said for line in wrap(part, WIDTH, break_on_hyphens=False)]


def sizes(name: str, given: Any, least: int = 2) -> tuple[Size, ...]:
    """Sizes of layers, checked: whole numbers from 1 on, or names.

    >>> sizes("widths", [2, 16, "k"])
    (2, 16, 'k')
    """
    if isinstance(given, str) or not isinstance(given, Sequence) or len(given) < least:
        raise OptionError(
            f"{name} is {given!r}; {least} sizes or more are wanted, as in {name}=[2, 16, 1]"
        )
    return tuple(size(name, each) for each in given)


def size(name: str, given: Any) -> Size:
    """A size, checked: a whole number from 1 on, or a name."""
    if isinstance(given, str) and given.isidentifier():
        return given
    if isinstance(given, bool) or not isinstance(given, int) or given < 1:
        raise OptionError(
            f"{name}: {given!r} is no size; a whole number from 1 on, or a name such as 'd', "
            "is wanted"
        )
    return given


def number(name: str, given: Any) -> float:
    """A number that is not negative, checked."""
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 <= given < math.inf:
        raise OptionError(f"{name} is {given!r}; a number from 0 on is wanted")
    return given


def function(name: str, given: Any) -> str:
    """A function of each entry by its name, checked."""
    known = [o.name for o in OPERATIONS.values() if o.called and o.category == "function"]
    if given not in known:
        raise OptionError(
            f"{name} is {given!r}; a function of each entry is wanted, such as tanh, relu or "
            f"sigmoid{did_you_mean(str(given), known)}"
        )
    return str(given)


def penalized(loss: str, penalty: float, weights: Sequence[str]) -> str:
    """The loss with the penalty times the sum of the weights' squares, where it is not 0.

    >>> penalized("mean(l for l in batch)", 0.1, ["W1", "W2"])
    'mean(l for l in batch) + 0.1 * (norm2(W1)**2 + norm2(W2)**2)'
    """
    if not number("penalty", penalty):
        return loss
    squares = " + ".join(f"norm2({name})**2" for name in weights)
    return f"{loss} + {penalty} * {squares if len(weights) == 1 else f'({squares})'}"
