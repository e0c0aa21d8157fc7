"""Straight-line array code as data: one line a step, each written once.

A line knows its plain text (`a * b`) and, where NumPy can write its result into an array that is
there already, the form that does so (`multiply(a, b, out)`); `source` prints the one, `buffers` the
other.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import sympy

from symgrad.calculus.nodes import Axis

INFIX = {
    "add": "{0} + {1}",
    "subtract": "{0} - {1}",
    "multiply": "{0} * {1}",
    "divide": "{0} / {1}",
    "negative": "-{0}",
    "greater": "np.asarray({0} > {1}, dtype)",
    "equal": "np.asarray({0} == {1}, dtype)",
}
KEYWORD_OUT = ("maximum", "minimum")  # NumPy takes their third argument by its name alone
NUMBER = re.compile(r"[-+*/ ().\dne]+")  # numbers and sizes alone
Labels = tuple[Hashable, ...]


@dataclass(frozen=True)
class Array:
    """An expression of the source, and the index that each of its axes runs along."""

    text: str
    labels: Labels = ()


@dataclass(frozen=True)
class Line:
    """target = text.

    `into` is the text with a place {out} for the result, "" where there is none (of a number, a
    faster text); `inplace` says that {out} may be one of the operands. `sizes` is the result's
    shape; `then` is what is done to it afterwards.
    """

    target: str
    text: str
    into: str = ""
    sizes: tuple[str, ...] = ()
    inplace: bool = False
    then: str = ""


@dataclass
class Listing:
    """The lines so far, the constants that they need, and the sizes that they are given."""

    lines: list[Line] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)
    sizes: dict[Axis, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)  # name -> text

    def size(self, axis: Axis) -> str:
        """An axis's size: a number, or an argument of the function."""
        if isinstance(axis, sympy.Integer):
            return str(int(axis))
        return self.sizes.setdefault(axis, f"n{len(self.sizes)}")

    def line(self, text: str, labels: Labels = (), into: str = "", inplace: bool = False) -> Array:
        """A value by its text; the same text is computed once."""
        if text not in self.known:
            name = self._new(text)
            sizes = tuple(self.size(x.axis) for x in labels)  # type: ignore[attr-defined]
            self.lines.append(Line(name, text, into, sizes, inplace))
        return Array(self.known[text], labels)

    def fresh(self, text: str, into: str, labels: Labels, then: str) -> Array:
        """A value that is changed after it was made: never shared. {out} in `then` is its name."""
        name = self._new(f"{text}  # {len(self.known)}")
        sizes = tuple(self.size(x.axis) for x in labels)  # type: ignore[attr-defined]
        self.lines.append(Line(name, text, into, sizes, False, then))
        return Array(name, labels)

    def _new(self, text: str) -> str:
        self.known[text] = f"v{len(self.known)}"
        return self.known[text]

    def constant(self, text: str) -> str:
        """A number, or one that sizes give, as an array: for a ufunc faster than a number."""
        return self.constants.setdefault(f"np.asarray({text}, dtype)", f"c{len(self.constants)}")

    def ones(self, label: Hashable) -> str:
        """A vector of ones along an index."""
        size = self.size(label.axis)  # type: ignore[attr-defined]
        return self.constants.setdefault(f"np.ones({size}, dtype)", f"c{len(self.constants)}")

    def ufunc(self, name: str, operands: Sequence[Array | str], labels: Labels) -> Array:
        """A ufunc of arrays, each with (some of) these labels, or of numbers."""
        texts = [x if isinstance(x, str) else aligned(x, labels) for x in operands]
        plain = INFIX[name].format(*texts) if name in INFIX else f"np.{name}({', '.join(texts)})"
        if not labels and name not in INFIX and all(map(NUMBER.fullmatch, texts)):
            plain = f"float({plain})"  # a Python number takes the type of what it meets
        if not labels:
            return self.line(plain)
        given = [self.constant(text) if NUMBER.fullmatch(text) else text for text in texts]
        place = "out={out}" if name in KEYWORD_OUT else "{out}"
        return self.line(plain, labels, f"{name}({', '.join(given)}, {place})", inplace=True)

    def reduced(self, name: str, a: Array, labels: Sequence[Hashable]) -> Array:
        """The sum ("add") or largest ("maximum") over these labels."""
        if not labels:
            return a
        axes = [a.labels.index(x) for x in labels]
        rest = tuple(x for x in a.labels if x not in labels)
        axis = str(axes[0]) if len(axes) == 1 else f"({', '.join(map(str, axes))})"
        plain = {"add": "sum", "maximum": "max"}[name]
        text = f"np.{plain}({a.text}{'' if not rest else f', axis={axis}'})"
        into = f"{name}.reduce({a.text}, {axis}, None, {{out}})"
        if not rest:
            into = f"{name}.reduce({a.text}, None)"
            if name == "add" and len(a.labels) == 1:
                into = f"dot({a.text}, {self.ones(labels[0])})"
        if name == "add" and len(labels) == 1 and len(a.labels) == 2:
            ones = self.ones(labels[0])
            factors = (ones, a.text) if axes == [0] else (a.text, ones)
            into = f"dot({factors[0]}, {factors[1]}, {{out}})"
        return self.line(text, rest, into)


def transposed(a: Array, labels: Sequence[Hashable]) -> str:
    """The array with its axes in this order."""
    if a.labels == tuple(labels):
        return a.text
    if len(labels) == 2:
        return a.text.removesuffix(".T") if a.text.endswith(".T") else f"{a.text}.T"
    return f"{a.text}.transpose({', '.join(str(a.labels.index(x)) for x in labels)})"


def aligned(a: Array, labels: Sequence[Hashable]) -> str:
    """The array with its axes in this order, and one of length 1 where it lacks a label."""
    own = [x for x in labels if x in a.labels]
    text = transposed(a, own)
    if len(own) == len(labels) or not own:
        return text
    where = [":" if x in a.labels else "None" for x in labels]
    while where[0] == "None":
        where = where[1:]
    return f"{text}[{', '.join(where)}]" if "None" in where else text
