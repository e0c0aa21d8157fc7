"""Letters that are bounded by others: step(i - j) beside what is summed, as j of range(i)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sympy

from symgrad.language import expressions as ex
from symgrad.language.dimensions import dimension_text, reachable
from symgrad.language.formula import RELATION, Formula, Infix
from symgrad.language.operations.arithmetic import divide, multiply, subtract
from symgrad.language.operations.piecewise import step
from symgrad.language.operations.places import Affine, as_number, as_place
from symgrad.language.typeset import typeset

ONE_MORE = Affine({}, sympy.Integer(1))


def before(one: Affine, other: Affine) -> ex.Expression:
    """[one < other] as a number."""
    return step(as_number(other.plus(one, -1)))


@dataclass(frozen=True)
class Bounds:
    """A letter from `start` on, and below `stop`, where something else than its size says so; or
    any but `other`."""

    letter: ex.Letter
    start: Affine | None = None
    stop: Affine | None = None
    other: ex.Letter | None = None

    @property
    def ends(self) -> tuple[ex.Letter, ...]:
        """The letters that it is bounded by."""
        other = (self.other,) if self.other else ()
        return (*other, *(x for end in (self.start, self.stop) if end for x in end.letters))

    @property
    def text(self) -> str:
        """for j in range(i + 1, n), for j in range(n) if j != i"""
        start = "" if self.start is None else f"{self.start.text}, "
        stop = dimension_text(self.letter.index_of) if self.stop is None else self.stop.text
        unequal = f" if {self.letter.name} != {self.other.name}" if self.other else ""
        return f"for {self.letter.name} in range({start}{stop}){unequal}"

    @property
    def formula(self) -> Formula:
        """j < i, j > i, i < j < k, j != i"""
        formula, signs = typeset(self.letter), list[str]()
        sides = [formula]
        if self.other is not None:
            return Infix((formula, typeset(self.other)), signs=(r"\neq",), binds=RELATION)
        if self.stop is not None:
            end, strict = _end(self.stop, -1)
            sides, signs = [*sides, end], ["<" if strict else r"\leq"]
        if self.start is not None:
            end, strict = _end(self.start.plus(ONE_MORE, -1), 1)
            if not signs:
                sides, signs = [formula, end], [">" if strict else r"\geq"]
            else:
                sides, signs = [end, *sides], ["<" if strict else r"\leq", *signs]
        return Infix(tuple(sides), signs=tuple(signs), binds=RELATION)


def _end(where: Affine, inwards: int) -> tuple[Formula, bool]:
    """What a letter is strictly beyond, or the number next to it where that is a letter alone."""
    near = where.plus(ONE_MORE, inwards)
    strict = near.alone is None
    end = where if strict else near
    return end.formula, strict


def bounded(
    body: ex.Expression, letters: Sequence[ex.Letter]
) -> tuple[ex.Expression, Mapping[ex.Letter, Bounds]]:
    """What is summed without the factors that bound one of the letters by those before it and by
    others, and these bounds; all of it where nothing else is summed."""
    found: dict[ex.Letter, Bounds] = {}
    rest = _without(body, letters, found)
    return (body, {}) if rest is None else (rest, found)


def _without(
    e: ex.Expression, letters: Sequence[ex.Letter], found: dict[ex.Letter, Bounds]
) -> ex.Expression | None:
    match e:
        case ex.Call(operation=op, arguments=(left, right)) if op is multiply:
            parts = [_without(part, letters, found) for part in (left, right)]
            one, other = parts
            return other if one is None else one if other is None else op(one, other)
        case ex.Call(operation=op, arguments=(top, bottom)) if op is divide:
            above = _without(top, letters, found)
            return op(ex.expression(1) if above is None else above, bottom)
    where = _positive(e)
    bounds = _differs(e, letters, found) if where is None else _bounds(where, letters, found)
    return None if bounds else e


def _differs(
    e: ex.Expression, letters: Sequence[ex.Letter], found: dict[ex.Letter, Bounds]
) -> bool:
    """Note that two letters are not equal, 1 - [i = j], as a bound of the later one."""
    match e:
        case ex.Call(operation=op, arguments=(ex.Number(value=1), ex.Call() as equal)) if (
            op is subtract and equal.operation is ex.OPERATIONS["same_label"]
        ):
            pair = sorted(equal.arguments, key=lambda x: letters.index(x) if x in letters else -1)
            match pair:
                case [ex.Letter() as other, ex.Letter() as letter] if letter in letters:
                    return found.setdefault(letter, Bounds(letter, other=other)).other is other
    return False


def _bounds(where: Affine, letters: Sequence[ex.Letter], found: dict[ex.Letter, Bounds]) -> bool:
    """Note that this is above 0 as a bound of the last of the letters in it."""
    own = [x for x in letters if x in where.coefficients]
    sign = where.coefficients[own[-1]] if own else 0
    if abs(sign) != 1 or len(where.letters) < 2:
        return False
    letter = own[-1]
    old = found.get(letter, Bounds(letter))
    if old.other is not None:
        return False
    end = where.plus(Affine({letter: 1}), -sign)
    if sign < 0:  # end - letter > 0
        fits = old.stop is None and reachable(sympy.expand(letter.index_of - end.most))
        new = replace(old, stop=end)
    else:  # letter + end > 0
        end = ONE_MORE.plus(end, -1)
        fits = old.start is None and reachable(end.least)
        new = replace(old, start=end)
    if fits:
        found[letter] = new
    return fits


def _positive(e: ex.Expression) -> Affine | None:
    """w of step(w), or 1 - w of 1 - step(w), which is the same of whole numbers."""
    match e:
        case ex.Call(operation=op, arguments=(number,)) if op is step:
            return as_place(number)
        case ex.Call(operation=op, arguments=(ex.Number(value=1), other)) if op is subtract:
            where = _positive(other)
            return None if where is None else ONE_MORE.plus(where, -1)
    return None
