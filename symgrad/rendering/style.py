"""How a derivation is printed: nothing of what is derived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

from symgrad.calculus.derivation import Derivation
from symgrad.calculus.recurrences.joined import Joined
from symgrad.errors import OptionError, one_of
from symgrad.language import composing
from symgrad.language import formula as fm
from symgrad.language.dimensions import ONE, Shape, core
from symgrad.language.formula import Formula
from symgrad.language.names import entry_parts
from symgrad.language.table import SLOPES, TRANSPOSES, Look, Table
from symgrad.rendering.equations import Equation, shape_formula
from symgrad.rendering.words import LANGUAGES, Words, words_of

WHERE = ("none", "beside", "under")
RESULTS = ("result", "vectorized")  # what has its shape beside it anyway


@dataclass(frozen=True)
class Shapes:
    """The shapes of names, and `where` they are shown: "none", "beside", "under"."""

    where: str
    known: Mapping[str, Shape]

    def told(self, equation: Equation) -> Equation:
        """An equation with its shape where that is to be shown."""
        if self.where == "under":
            return self._under(equation)
        if equation.kind in RESULTS or equation.shape is None:
            return equation
        shape = seen(equation.shape) if self.where == "beside" else None
        return replace(equation, shape=shape)

    def _under(self, equation: Equation) -> Equation:
        sides = tuple(fm.printed(side, Shaped(self)) for side in equation.sides)
        left = equation.left
        if left is not None and equation.shape is not None:
            left = self.below(left, equation.shape)
        return replace(equation, left=left, sides=sides, shape=None)

    def of(self, name: str) -> Shape:
        """The shape of a name, of an entry of a series that of each; of a number nothing."""
        return self.known.get(name) or self.known.get(entry_parts(name)[0]) or ()

    def below(self, formula: Formula, shape: Shape) -> Formula:
        """A formula with its shape below it; a number as it is."""
        if not core(shape):
            return formula
        sign = formula.parts[0] if isinstance(formula, fm.Either | fm.Script) else formula
        return fm.Under((formula, shape_formula(seen(shape))), brace=not isinstance(sign, fm.Named))


def seen(shape: Shape) -> Shape:
    """A shape as books tell it: a column by its length, a number by nothing."""
    row = len(shape) == 2 and shape[0] == ONE and shape[1] != ONE
    return shape if row else core(shape)


def _has_shape(formula: Formula) -> bool:
    return isinstance(formula.parts[0] if isinstance(formula, fm.Either) else formula, fm.Under)


@dataclass(frozen=True)
class Shaped:
    """Writes a formula as a formula: each vector and matrix in a product, sum or function, or its
    transpose, with its shape below. Entries and what stands in scripts have none."""

    shapes: Shapes
    flat = False

    def shown(self, formula: Formula) -> Formula:
        """The node itself."""
        return formula

    def fenced(self, written: Formula) -> Formula:
        """In round brackets."""
        return fm.Fence((written,))

    def write(self, node: Formula, parts: fm.Parts, written: list[Formula]) -> Formula:
        """A node."""
        match node:
            case fm.Named(thin=False):
                return self.shapes.below(node, self.shapes.of(node.name))
            case fm.Slope(parts=(_, fm.Named(name=name))):
                return self.shapes.below(node, self.shapes.of(name))
            case fm.Script(at="^", parts=(base, composing.TOP)) if _has_shape(written[0]):
                return self._transposed(node, base)
            case fm.Either():
                return replace(node, parts=(written[0], node.parts[1]))
            case fm.Script(at="^"):
                return replace(node, parts=(written[0], *node.parts[1:]))
            case fm.Named() | fm.Slope() | fm.Script() | fm.Accent() | fm.Words():
                return node
            case fm.Big():
                return replace(node, parts=(node.parts[0], written[1], *node.parts[2:]))
        return replace(node, parts=tuple(written)) if parts else node

    def _transposed(self, node: Formula, base: Formula) -> Formula:
        """A transpose with the shape that it has itself."""
        inner = base.parts[0] if isinstance(base, fm.Either) else base
        of = inner.parts[-1] if isinstance(inner, fm.Slope) else inner
        shape = self.shapes.of(of.name) if isinstance(of, fm.Named) else ()
        return self.shapes.below(node, shape[::-1])


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

    def shown(self, derivation: Derivation | Joined) -> Shapes:
        """What tells the shapes in the lines of a derivation."""
        return Shapes(self.shapes, derivation.shapes)

    def table(self, derivation: Derivation | Joined) -> Table:
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
