"""Parts of arrays, from one place to another: x[1:], X[:, :-1], and x[i:i + m] of a letter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import compress

import sympy

from symgrad.errors import ShapeError
from symgrad.language.composing import ALL, listed, lowered
from symgrad.language.dimensions import ONE, Dimension, Shape, dimension_text, possible
from symgrad.language.expressions import ATOM, Call, Expression, Options, Spelling, is_call
from symgrad.language.formula import RELATION, Fence, Formula, Infix
from symgrad.language.operations.entries import at
from symgrad.language.operations.meanings import Sliced, declare
from symgrad.language.operations.places import Affine, as_place, labelled


def sliced(array: Expression, bounds: Sequence[tuple[Affine, Dimension]]) -> Expression:
    """The part of a vector or matrix that begins at a place and has a length, along each axis; a
    single row is the row, a single entry the entry."""
    if is_call(array, slice_of):
        pairs = zip(bounds, bounds_of(array), strict=True)
        bounds = [(start.plus(before), length) for (start, length), (before, _) in pairs]
        array = array.arguments[0]
    alone = [length == ONE != d for (_, length), d in zip(bounds, array.shape, strict=True)]
    places = [
        labelled(start, sympy.expand(d - length + 1))
        for (start, length), d in zip(bounds, array.shape, strict=True)
    ]
    if any(alone):
        return _line(array, bounds, alone, places)
    if all(length == d for (_, length), d in zip(bounds, array.shape, strict=True)):
        return array
    return slice_of.node((array, *places), {"lengths": tuple(length for _, length in bounds)})


def _line(
    array: Expression,
    bounds: Sequence[tuple[Affine, Dimension]],
    alone: Sequence[bool],
    places: Sequence[Expression],
) -> Expression:
    """The row, column or entry of an array where one number only is chosen along an axis."""
    if all(alone) or ONE in array.shape:
        return at(array, *compress(places, alone))
    rest = [
        (Affine(), d) if single else bound
        for bound, single, d in zip(bounds, alone, array.shape, strict=True)
    ]
    part = sliced(array, rest)
    return at(part, places[0]).T if alone[0] else at(part.T, places[1])


def bounds_of(call: Call) -> tuple[tuple[Affine, Dimension], ...]:
    """Where a slice begins along each axis, and how long it is."""
    return tuple((start, length) for start, length, _ in _axes(call))


def slice_bounds(
    lower: Affine | None, upper: Affine | None, d: Dimension
) -> tuple[Affine, Dimension]:
    """Where a slice begins along an axis of d entries, and how many it has; as in Python -1 is
    before the last one.

    Raises: ShapeError where there are none, or not so many, at whatever sizes."""
    start, stop = (
        end if end.letters or possible(end.offset) else end.plus(Affine({}, d))
        for end in (lower or Affine(), Affine({}, d) if upper is None else upper)
    )
    length = stop.plus(start, -1)
    if length.letters:
        raise ShapeError(
            "how long a slice is depends on an index; it has the same length for all of them, as "
            "x[i:i + 2]; else write sum(x[j] for j in range(i))"
        )
    if not possible(length.offset - 1):
        raise ShapeError(f"there is nothing from {start.text} to before {stop.text}")
    if not (possible(start.least) and possible(d - stop.most)):
        raise ShapeError(
            f"from {start.text} to before {stop.text}: there are {dimension_text(d)} along this "
            "axis, from 0 on"
        )
    return start, length.offset


def _axes(call: Call) -> Iterator[tuple[Affine, Dimension, Dimension]]:
    """Of each axis where the part begins, how long it is, and how long the axis is."""
    array, *starts = call.arguments
    for start, length, d in zip(starts, call.options["lengths"], array.shape, strict=True):
        where = as_place(start)
        assert where is not None
        yield where, length, d


def _written(call: Call) -> list[bool]:
    """Which axes are said: all of a matrix, the one of a vector."""
    shape = call.arguments[0].shape
    return [d != ONE for d in shape] if ONE in shape else [True, True]


def _text(call: Call, texts: tuple[str, ...]) -> str:
    """x[1:], X[:, :-1]"""
    said = [_axis_text(*each) for each in _axes(call)]
    return f"{texts[0]}[{', '.join(compress(said, _written(call)))}]"


def _axis_text(start: Affine, length: Dimension, d: Dimension) -> str:
    stop = start.plus(Affine({}, length))
    ends = [
        ("" if end.offset == rest and not end.letters else _end_text(end, d))
        for end, rest in ((start, 0), (stop, d))
    ]
    return ":".join(ends)


def _end_text(end: Affine, d: Dimension) -> str:
    """n - 1 as -1."""
    behind = sympy.expand(end.offset - d)
    return str(behind) if not end.letters and behind.is_Integer and not d.is_Integer else end.text


def _notation(call: Call, array: Formula, *starts: Formula) -> Formula:
    r"""x_{2:n}, from the second to the last; [x]_{i:i + m - 1} where letters count from 0."""
    each = list(_axes(call))
    letters = any(start.letters for start, _, _ in each)
    said = [
        ALL if length == d else _axis_formula(start, length, not letters)
        for start, length, d in each
    ]
    base = Fence((array,), left="[", right="]") if letters else array
    return lowered(base, listed(compress(said, _written(call)), ","))


def _axis_formula(start: Affine, length: Dimension, from_one: bool) -> Formula:
    first = start.plus(Affine({}, sympy.Integer(from_one)))
    last = first.plus(Affine({}, length - 1))
    return Infix((first.formula, last.formula), signs=(":",), binds=RELATION)


def _shape(arguments: tuple[Expression, ...], options: Options) -> Shape:
    if "lengths" not in options:
        raise ShapeError("a slice has two ends: x[1:-1]")
    return tuple(options["lengths"])


slice_of = declare(
    "slice_of",
    Sliced,
    shape=_shape,
    arity=(3, 3),
    options=("lengths",),
    rule="slice",
    sentence="A slice passes its gradient to its own entries, and zeros to all others.",
    text=Spelling(_text, places=(ATOM, 0, 0)),
    notation=_notation,
    symbol="s",
    labels=True,
    called=False,
    reserved=False,
    category="entries",
)
