"""Where an entry stands that is at no letter alone: x[i + 1], k[n - 1 - i], x[i + j], x[0]."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import sympy

from symgrad.errors import ShapeError
from symgrad.language import expressions as ex
from symgrad.language.dimensions import (
    ONE,
    SCALAR,
    ZERO,
    Dimension,
    Shape,
    dimension_text,
    reachable,
    summands,
)
from symgrad.language.formula import Formula
from symgrad.language.operations.arithmetic import add, multiply, negative, power, subtract
from symgrad.language.operations.meanings import Numbered, Placed, declare
from symgrad.language.typeset import typeset
from symgrad.language.unparse import unparse

MOST = 6  # letters at one place
RANGE = "; a letter of range(a, b) is from a to b - 1"


@dataclass(frozen=True)
class Affine:
    """c i + d j + ... + offset, of index letters i, j; each runs from 0 to below its size."""

    coefficients: Mapping[ex.Letter, int] = field(default_factory=dict)
    offset: Dimension = ZERO

    def plus(self, other: Affine, times: int = 1) -> Affine:
        """self + times * other"""
        letters = dict.fromkeys((*self.coefficients, *other.coefficients))
        found = {
            x: self.coefficients.get(x, 0) + times * other.coefficients.get(x, 0) for x in letters
        }
        offset = sympy.expand(self.offset + times * other.offset)
        return Affine({x: c for x, c in found.items() if c}, offset)

    @property
    def least(self) -> Dimension:
        """The smallest value."""
        return self._end(lambda c: c < 0)

    @property
    def most(self) -> Dimension:
        """The largest value."""
        return self._end(lambda c: c > 0)

    def _end(self, moves: Callable[[int], bool]) -> Dimension:
        far = (c * (x.index_of - 1) for x, c in self.coefficients.items() if moves(c))
        return sympy.expand(sum(far, self.offset))

    @property
    def text(self) -> str:
        """i + 2 * j - 1, as a program has it."""
        return unparse(as_number(self))

    @property
    def formula(self) -> Formula:
        """The same as a formula."""
        return typeset(as_number(self))

    @property
    def alone(self) -> ex.Letter | None:
        """The letter that it is, where it is one."""
        plain = self.offset == 0 and [*self.coefficients.values()] == [1]
        return self.letters[0] if plain else None

    @property
    def letters(self) -> tuple[ex.Letter, ...]:
        """The letters."""
        return tuple(self.coefficients)


def at_place(where: Affine, below: Dimension, said: str = "", hint: str = RANGE) -> ex.Expression:
    """The label of an axis that has entries 0 to below - 1; `said` is the entry, for messages, and
    `hint` what may be wrong with its letter.

    Raises: ShapeError where it is beyond the axis, at whatever sizes."""
    typed = where.text
    if where.letters == () and where.offset.is_Integer and where.offset < 0:
        where = Affine({}, where.offset + below)  # as in Python, -1 is the last one
    if not (reachable(where.least) and reachable(sympy.expand(below - 1 - where.most))):
        least, most = dimension_text(where.least), dimension_text(where.most)
        reach = f"is from {least} to {most}" if where.letters else "is outside"
        hint = hint if where.letters else ""
        there = f"there are 0 to {dimension_text(below - 1)}" if below != ONE else "there is only 0"
        front = f"{said}: " if said != typed else ""
        beyond = sympy.expand(where.most + 1)
        raise ShapeError(
            f"{front}{typed} {reach}; {there} along this axis{hint}",
            (below, beyond) if where.letters and beyond.is_Symbol else None,
        )
    return labelled(where, below)


def labelled(where: Affine, below: Dimension) -> ex.Expression:
    """The label that is known to be below this."""
    if where.alone is not None and where.alone.index_of == below:
        return where.alone
    coefficients = tuple(where.coefficients.values())
    options = {"coefficients": coefficients, "offset": where.offset, "below": below}
    return ex.Call(place, where.letters, SCALAR, options)


def _shape(arguments: tuple[ex.Expression, ...], options: ex.Options) -> Shape:
    if "below" not in options:
        raise ShapeError("a place is that of an entry: x[i + 1]")
    return SCALAR


def _where(call: ex.Call) -> Affine:
    letters = (x for x in call.arguments if isinstance(x, ex.Letter))
    pairs = zip(letters, call.options["coefficients"], strict=True)
    return Affine({}).plus(Affine(dict(pairs), call.options["offset"]))


place = declare(
    "place",
    Placed,
    shape=_shape,
    arity=(0, MOST),
    options=("coefficients", "offset", "below"),
    rule="index",
    sentence="An index has no derivative.",
    text=ex.Spelling(lambda call, texts: _where(call).text, precedence=ex.SUM, places=()),
    notation=lambda call, *letters: _where(call).formula,
    labels=True,
    called=False,
    reserved=False,
    category="entries",
)


def _number_shape(arguments: tuple[ex.Expression, ...], options: ex.Options) -> Shape:
    if not isinstance(arguments[0], ex.Letter):
        raise ShapeError("only the letter of an index is a number")
    return SCALAR


number_of = declare(
    "number_of",
    Numbered,
    shape=_number_shape,
    rule="index",
    sentence="An index has no derivative.",
    text=ex.Spelling("{0}", places=(ex.SUM,)),
    notation=lambda call, letter: letter,
    labels=True,
    called=False,
    reserved=False,
    category="entries",
)


def as_number(where: Affine) -> ex.Expression:
    """i + 1 as a number."""
    parts = [
        (c, number_of(x) if abs(c) == 1 else abs(c) * number_of(x))
        for x, c in where.coefficients.items()
    ]
    for minus, d in summands(where.offset) if where.offset != 0 or not parts else ():
        parts.append((-1 if minus else 1, ex.expression(int(d)) if d.is_Integer else ex.Size(d)))
    parts.sort(key=lambda part: part[0] < 0)
    (sign, total), *rest = parts
    total = -total if sign < 0 else total
    for sign, part in rest:
        total = total - part if sign < 0 else total + part
    return total


def as_place(number: ex.Expression) -> Affine | None:
    """The sum of letters, dimensions and whole numbers that a number, or the label of an entry, is;
    None of anything else, such as the label of an example.

    >>> i, n = ex.Letter("i", sympy.Symbol("n")), ex.Size(sympy.Symbol("n"))
    >>> as_place(n - 2 * number_of(i) - 1).text
    'n - 2 * i - 1'
    """

    def visit(node: ex.Expression, parts: tuple[Affine | None, ...]) -> Affine | None:
        match node:
            case ex.Letter():
                return Affine({node: 1})
            case ex.Size(dimension=sympy.Expr() as dimension):
                return Affine({}, dimension)
            case ex.Number() if node.value == int(node.value) and "." not in node.digits:
                return Affine({}, sympy.Integer(int(node.value)))
            case ex.Call() if node.operation is place:
                return _where(node)
        rule = COMBINED.get(node.operation) if isinstance(node, ex.Call) else None
        known = [part for part in parts if part is not None]
        return None if rule is None or len(known) < len(parts) else rule(*known)

    return ex.fold(number, visit)


def _product(one: Affine, other: Affine) -> Affine | None:
    """A product with a whole number, or of dimensions."""
    for factor, rest in ((one, other), (other, one)):
        if not factor.letters and factor.offset.is_Integer:
            return Affine().plus(rest, int(factor.offset))
    offset = sympy.expand(one.offset * other.offset)
    return None if one.letters or other.letters else Affine({}, offset)


def _square(base: Affine, exponent: Affine) -> Affine | None:
    return _product(base, base) if exponent == Affine({}, sympy.Integer(2)) else None


COMBINED: Mapping[ex.Operation, Callable[..., Affine | None]] = {
    number_of: lambda letter: letter,
    add: lambda one, other: one.plus(other),
    subtract: lambda one, other: one.plus(other, -1),
    negative: lambda one: Affine().plus(one, -1),
    multiply: _product,
    power: _square,
}
