r"""Presentation MathML from the LaTeX that symgrad prints.

The reader keeps what is open on a stack of its own: a row that waits for its closing delimiter, or
a command that waits for its arguments.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from xml.etree.ElementTree import Element

from symgrad.rendering.mathml_elements import (
    ACCENTS,
    FENCES,
    MINUS,
    Item,
    accented,
    fenced,
    fraction,
    grouped,
    made,
    root,
    scripted,
    small_fraction,
    spaced,
    symbol,
    worded,
)

TOKEN = re.compile(
    r"(?P<command>\\(?:operatorname|mathrm|mathbf|mathbb|text))"
    r"(?:{{(?P<inner>[^{}]*)}}|{(?P<word>[^{}]*)})"
    r"|\\(?P<side>left|right)(?![a-zA-Z])\s*(?P<delimiter>\\[a-zA-Z]+|\\?\S)"
    r"|\\[a-zA-Z]+|\\.|\d+(?:\.\d+)?|\S"
)
COMMANDS: dict[str, tuple[Callable[..., Element], int]] = {
    r"\frac": (fraction, 2),
    r"\tfrac": (small_fraction, 2),
    r"\sqrt": (root, 1),
}
COMMANDS |= {command: (partial(accented, accent), 1) for command, accent in ACCENTS.items()}


@dataclass
class Row:
    """Items up to a closing delimiter; `opening` is the token that it must match."""

    opening: str
    start: int
    items: list[Item] = field(default_factory=list)


@dataclass
class Waiting:
    """A command that still reads arguments."""

    build: Callable[..., Element]
    wanted: int
    start: int
    kind: str = "ordinary"
    given: list[Element] = field(default_factory=list)


def mathml(latex: str) -> Element:
    r"""A formula as one <math> element, in display style; its alttext is the LaTeX.

    Raises: ValueError for a command that symgrad does not print.

    >>> from xml.etree.ElementTree import tostring
    >>> tostring(mathml("x^{2}"), encoding="unicode")
    '<math displaystyle="true" alttext="x^{2}"><msup><mi>x</mi><mn>2</mn></msup></math>'
    """
    return _math(latex, read(latex))


def pieces(latex: str) -> list[Element]:
    """A formula as <math> elements, between which a line may break.

    They begin at each =, + and - that stands outside parentheses.

    >>> [piece.get("alttext") for piece in pieces("a = b + (c - d)")]
    ['a', '= b', '+ (c - d)']
    """
    items = read(latex)
    starts = [0, *(k for k, item in enumerate(items) if k and _breaks(item)), len(items)]
    places = [0, *(items[k].start for k in starts[1:-1]), len(latex)]
    return [
        _math(latex[places[k] : places[k + 1]].strip(), items[starts[k] : starts[k + 1]])
        for k in range(len(starts) - 1)
    ]


def _breaks(item: Item) -> bool:
    sign = item.element
    return sign.get("form") == "infix" and sign.text in ("=", "+", MINUS)


def _math(latex: str, items: list[Item]) -> Element:
    return made("math", *(item.element for item in items), displaystyle="true", alttext=latex)


def read(latex: str) -> list[Item]:
    """The items of the outermost row."""
    reader = Reader()
    for match in TOKEN.finditer(latex):
        reader.take(match)
    return reader.finished()


class Reader:
    """Takes one token after the other."""

    def __init__(self) -> None:
        self.stack: list[Row | Waiting] = [Row("", 0)]

    def finished(self) -> list[Item]:
        """What was read, when nothing is open any more."""
        row = self.stack[-1]
        if len(self.stack) > 1 or not isinstance(row, Row):
            raise ValueError("the formula ends too early")
        return spaced(row.items)

    def take(self, match: re.Match[str]) -> None:
        """Read one token."""
        token, start = match[0], match.start()
        if match["command"]:
            self._deliver(worded(match["command"], match["inner"] or match["word"] or "", start))
        elif match["side"] == "left":
            self._open(match["delimiter"], start)
        elif match["side"] == "right":
            self._close(match["delimiter"])
        elif token in "^_":
            self._script(token)
        elif token == "|":
            self._close(token) if self._opening() == "|" else self._open(token, start)
        elif token == "{" or token in FENCES:
            self._open(token, start)
        elif token == "}" or token in FENCES.values():
            self._close(token)
        elif token in COMMANDS:
            self.stack.append(Waiting(*COMMANDS[token], start))
        else:
            self._deliver(symbol(token, start))

    def _deliver(self, item: Item) -> None:
        """Put a finished item into the row, or give it to the command that waits for it."""
        while isinstance(top := self.stack[-1], Waiting):
            top.given.append(item.element)
            if len(top.given) < top.wanted:
                return
            self.stack.pop()
            item = Item(top.build(*top.given), top.kind, top.start)
        top.items.append(item)

    def _opening(self) -> str:
        top = self.stack[-1]
        return top.opening if isinstance(top, Row) else ""

    def _open(self, token: str, start: int) -> None:
        if token != "{" and token not in FENCES:
            raise ValueError(f"{token} opens nothing")
        self.stack.append(Row(token, start))

    def _close(self, token: str) -> None:
        row = self.stack[-1]
        if not isinstance(row, Row) or token != (FENCES | {"{": "}"}).get(row.opening):
            raise ValueError(f"{token} closes nothing")
        self.stack.pop()
        items = spaced(row.items)
        if token == "}":
            self._deliver(Item(grouped(items), start=row.start))
        else:
            self._deliver(Item(fenced(row.opening, items, token), "fence", row.start))

    def _script(self, token: str) -> None:
        row = self.stack[-1]
        if not isinstance(row, Row) or not row.items:
            raise ValueError(f"{token} stands at nothing")
        base = row.items.pop()
        build = partial(scripted, base, token)
        self.stack.append(Waiting(build, 1, base.start, base.kind))
