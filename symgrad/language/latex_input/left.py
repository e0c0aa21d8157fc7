"""Left sides of equations: a name, a new one, a derivative, entries of these."""

from __future__ import annotations

from dataclasses import dataclass, replace

from symgrad.errors import ProgramError
from symgrad.language.dimensions import Shape
from symgrad.language.latex_input import tree as lt
from symgrad.language.latex_input.derivatives import differential_of, name_of, without_letters
from symgrad.language.latex_input.functions import operation_of
from symgrad.language.latex_input.letters import letters_of
from symgrad.language.latex_input.names import look, new_name
from symgrad.language.latex_input.reader import Reader
from symgrad.language.latex_input.slopes import LOSSES, Slope, gradient_of, is_d, slope_of
from symgrad.language.names import entry_of
from symgrad.language.operations import signs


@dataclass(frozen=True)
class Left:
    """What stands on the left: its text, the shape of what it is (None where that is not known),
    and its index letters."""

    text: str
    shape: Shape | None = None
    letters: tuple[str, ...] = ()


def left_side(reader: Reader, node: lt.Node) -> Left | None:
    """What an equation says something of; None where its left side is an expression itself."""
    factors = lt.factors_of(node)
    moves = len(factors) == 2 and differential_of(factors, reader.names) is not None
    if not moves and reader.names.find(node) is not None:
        return _name(reader, node)
    gradient = gradient_of(factors, reader.names) if factors else None
    if gradient is not None and gradient[1] == len(factors):
        return _slope(reader, gradient[0])
    match node:
        case lt.Script(base=base, primes=1 | 2) if reader.names.find(base) is not None:
            raise ProgramError(
                rf"this has two readings: write {look(base)}^\top, or \dot{{{look(base)}}} for a "
                "derivative by time",
                column=node.at + 1,
            )
        case lt.Script(base=lt.Fence(left="(" | "[", inner=inner)):
            return _scripted(left_side(reader, inner), node)
        case lt.Fence(left="(" | "[", inner=inner):
            return left_side(reader, inner)
        case lt.Fraction() | lt.Chain():
            slope = slope_of(node, reader.names)
            return None if slope is None else _slope(reader, slope)
        case lt.Row(factors=(first, *rest)):
            slope = slope_of(first, reader.names)
            if slope is not None and slope.top is None:  # d/dt of a function of t
                return Left(f"d/d{''.join(map(look, slope.bottoms))}")
            if operation_of(first) is signs.LOGARITHM and rest:  # \\log p(x) = ...
                of = left_side(reader, lt.Row(node.at, tuple(rest)) if rest[1:] else rest[0])
                new = of is not None and reader.names.find(rest[0]) is None and of.shape is None
                return Left(f"log_{of.text}") if of is not None and new else None
            match rest:
                case [lt.Fence(left="(", inner=inner)] if isinstance(inner, lt.Listed) or not is_d(
                    first, reader.names
                ):
                    return _name(reader, first)  # f(x), d(x, y)
            return _differential(reader, first, rest[0]) if len(rest) == 1 else None
    return _name(reader, node)


def _name(reader: Reader, node: lt.Node) -> Left | None:
    name = reader.names.find(node)
    if name is not None:
        meaning = reader.scope.meanings.get(name)
        return Left(name, None if meaning is None else meaning.shape)
    if isinstance(node, lt.Sym) and node.text in (*LOSSES, "f"):
        return Left("L" if node.text != "f" else "f")
    if isinstance(node, lt.Script) and node.below is not None and node.above is None:
        known = reader.names.find(node.base)
        if known is not None and letters_of(node.below) is not None:
            return _scripted(_name(reader, node.base), node)
    if reader.scope.series is not None and (entry := _entry(reader, node)) is not None:
        return Left(entry)
    found = new_name(node)
    return None if found is None else Left(found)


def _entry(reader: Reader, node: lt.Node) -> str | None:
    """The name of an entry at a step, delta_t or delta^{(l + 1)}; None where it is none."""
    if not isinstance(node, lt.Script) or (node.below is None) == (node.above is None):
        return None
    index = node.below
    if node.above is not None:
        index = node.above.inner if isinstance(node.above, lt.Fence) else None
    base, text = new_name(node.base), "" if index is None else _index(reader, index)
    return entry_of(base, text) if base is not None and text else None


def _index(reader: Reader, node: lt.Node) -> str:
    """An index: t, T, t + 1; nothing where it is none."""
    series = reader.scope.series
    match node:
        case lt.Chain(operands=(lt.Sym() as base, lt.Num(digits=by)), signs=("+" | "-" as sign,)):
            own = _index(reader, base)
            return f"{own} {sign} {by}" if own else ""
        case lt.Sym(text=text):
            known = reader.names.find(node) or text.removeprefix("\\")
            return known if series is not None and known in (series.index, series.last) else ""
        case lt.Num(digits=digits):
            return digits
    return ""


def _differential(reader: Reader, d: lt.Node, of: lt.Node) -> Left | None:
    r"""dW, or d(dL/dW)"""
    if isinstance(of, lt.Fraction) and is_d(d, reader.names):
        of = lt.Fence(of.at, "(", of)
    if isinstance(of, lt.Fence) and is_d(d, reader.names):
        inner = left_side(reader, of.inner)
        return None if inner is None else replace(inner, text=f"d({inner.text})")
    name = differential_of((d, of), reader.names)
    meaning = reader.scope.meanings.get(name or "")
    shape = None if meaning is None else meaning.shape
    return None if name is None else Left(name, shape)


def _scripted(left: Left | None, node: lt.Script) -> Left | None:
    """With indices, or transposed."""
    if left is None:
        return None
    if node.below is not None:
        letters = letters_of(node.below)
        if letters is None:
            return None
        left = replace(left, letters=letters)
    if node.above is None:
        return left
    if not lt.is_transpose(node.above):
        return None
    text = left.text if left.text.isidentifier() else f"({left.text})"
    shape = None if left.shape is None else left.shape[::-1]
    return Left(f"{text}.T", shape, left.letters)


def _slope(reader: Reader, slope: Slope) -> Left:
    """A derivative, perhaps by the entries of a variable."""
    whole, letters = without_letters(slope, reader.names)
    text, e = name_of(reader, whole)
    known = reader.slopes.get(text)
    e = e if known is None else known
    return Left(text, None if e is None else e.shape, letters)
