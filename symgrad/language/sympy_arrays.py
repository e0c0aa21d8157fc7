"""SymPy's matrices that are put together of parts: explicit ones, blocks, slices, functions of the
indices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import sympy
from sympy.matrices.expressions.permutation import PermutationMatrix
from sympy.matrices.expressions.slice import MatrixSlice
from sympy.tensor.array.expressions import ArrayElement
from sympy.tensor.indexed import IndexedBase

from symgrad.errors import ProgramError
from symgrad.language import expressions as ex
from symgrad.language import sympy_trees as trees
from symgrad.language.dimensions import ONE, SCALAR, ZERO, Dimension, Shape
from symgrad.language.expressions import Letter
from symgrad.language.operations.constants import eye, filled, ones, zeros
from symgrad.language.operations.entries import array, at, equal_places
from symgrad.language.operations.places import Affine, as_number, at_place
from symgrad.language.operations.slices import slice_bounds, sliced
from symgrad.language.sympy_axes import BoundIndex, affine_of
from symgrad.language.sympy_rules import dimension_of, matrix_power

MOST_ENTRIES = 400  # of an explicit matrix


def _letters(shape: Shape) -> tuple[Letter | None, ...]:
    """A letter for each axis; none where there is one entry only."""
    names = zip(("i", "j"), shape, strict=True)
    return tuple(None if d == ONE else Letter(name, d) for name, d in names)


def _array(body: ex.Expression, letters: Sequence[Letter | None]) -> ex.Expression:
    """The matrix of an entry; one of a single row is that row."""
    whole = array(body, [x for x in letters if x is not None])
    return whole.T if letters[0] is None and letters[1] is not None else whole


# explicit matrices


def _entries(node: sympy.MatrixBase) -> tuple[sympy.Basic, ...]:
    """What an explicit matrix holds, row by row."""
    if len(node) > MOST_ENTRIES:
        raise ProgramError(f"{trees.shown(node)}: {trees.HINTS[sympy.MatrixBase]}")
    return tuple(node)


def _explicit(node: sympy.MatrixBase, *entries: ex.Expression) -> ex.Expression:
    """The matrix of these entries: each times [i = its row] [j = its column]."""
    shape = tuple(map(dimension_of, node.shape))
    if shape == SCALAR:
        return entries[0]
    numbers = [e.value if isinstance(e, ex.Number) else None for e in entries]
    if None not in numbers and len({*numbers}) == 1:
        constant = filled(ones if numbers[0] else zeros, tuple(d for d in shape if d != ONE))
        constant = constant.T if shape[0] == ONE else constant
        return constant if numbers[0] in (0, 1) else entries[0] * constant
    if node.shape[0] == node.shape[1] and node.is_Identity:
        return filled(eye, shape[:1])
    letters = _letters(shape)
    body: ex.Expression | None = None
    for k, value in enumerate(entries):
        if numbers[k] == 0:
            continue
        for letter, place in zip(letters, divmod(k, node.shape[1]), strict=True):
            if letter is not None:
                here = Affine({}, sympy.Integer(place))
                value = value * equal_places(letter, here)
        body = value if body is None else body + value
    assert body is not None
    return _array(body, letters)


# blocks


def _block_matrix(node: sympy.BlockMatrix, *blocks: ex.Expression) -> ex.Expression:
    """The sum of the blocks, each moved to its place: E B F.T with columns of the identity."""
    rows, columns = node.blockshape
    heights = _ends([blocks[columns * k].shape[0] for k in range(rows)])
    widths = _ends([block.shape[1] for block in blocks[:columns]])
    total: ex.Expression | None = None
    for k, (block, given) in enumerate(zip(blocks, node.blocks, strict=True)):
        if given.is_ZeroMatrix:
            continue
        row, column = divmod(k, columns)
        moved = block
        if rows > 1:
            moved = _within(heights[-1], heights[row : row + 2]) @ moved
        if columns > 1:
            moved = moved @ _within(widths[-1], widths[column : column + 2]).T
        total = moved if total is None else total + moved
    return filled(zeros, (heights[-1], widths[-1])) if total is None else total


def _ends(sizes: Sequence[Dimension]) -> list[Dimension]:
    """Where each block begins, and where the last one ends."""
    ends = [ZERO]
    for size in sizes:
        ends.append(sympy.expand(ends[-1] + size))
    return ends


def _within(whole: Dimension, ends: Sequence[Dimension]) -> ex.Expression:
    """The columns of the identity from one number to below another."""
    ((start, stop),) = pairwise(ends)
    letters = _letters((whole, sympy.expand(stop - start)))
    own = Affine({} if letters[1] is None else {letters[1]: 1}, start)
    assert letters[0] is not None
    return _array(equal_places(letters[0], own), letters)


# parts, functions of the indices


def _slice(node: MatrixSlice, whole: ex.Expression) -> ex.Expression:
    """The rows and columns of a slice."""
    each = (node.rowslice, node.colslice)
    if all(step == 1 for _, _, step in each):
        along = zip(each, whole.shape, strict=True)
        return sliced(whole, [slice_bounds(_end(a), _end(b), d) for (a, b, _), d in along])
    shape = tuple(sympy.Integer(d) for d in node.shape)
    letters = _letters(shape)
    places = [
        Affine({} if letter is None else {letter: int(step)}, sympy.Integer(start))
        for letter, (start, _, step) in zip(letters, (node.rowslice, node.colslice), strict=True)
    ]
    said = trees.shown(node)
    labels = [
        at_place(place, d, said)
        for place, d in zip(places, whole.shape, strict=True)
        if d != ONE or len(whole.shape) == 2 and ONE not in whole.shape
    ]
    return _array(at(whole, *labels), letters)


def _end(number: sympy.Expr) -> Affine:
    """Where a slice begins or ends, by the dimensions of the language."""
    value = sympy.Integer(0) + number
    return Affine({}, value.xreplace({s: dimension_of(s) for s in value.free_symbols}))


class _OfIndices(sympy.Basic):  # type: ignore[misc]
    """The entry of a FunctionMatrix: args are the entry, and its two indices, 0 where it has one
    row or column."""

    def __new__(cls, node: Any) -> Any:
        names = (str(x).strip("_") for x in node.lamda.variables)
        along = zip(names, map(dimension_of, node.shape), strict=True)
        bound = [sympy.Integer(0) if d == ONE else BoundIndex(x, d) for x, d in along]
        return sympy.Basic.__new__(cls, node.lamda(*bound), *bound)


# powers


def counted(node: sympy.MatPow) -> Affine | None:
    """The exponent where it is no number: made of dimensions and indices."""
    symbols = node.exp.free_symbols
    whole = symbols and all(symbol.is_integer for symbol in symbols)
    return affine_of(node.exp) if whole else None


def _matrix_power(node: sympy.MatPow, base: ex.Expression, *given: ex.Expression) -> ex.Expression:
    """X**k, k a number or a dimension."""
    where = counted(node)
    return matrix_power(base, *given if where is None else (as_number(where),))


RULES: dict[type, trees.ClassRule] = {
    sympy.MatPow: _matrix_power,
    sympy.MatrixBase: _explicit,
    sympy.BlockMatrix: _block_matrix,
    MatrixSlice: _slice,
    _OfIndices: lambda node, entry: _array(
        entry, [getattr(x, "letter", None) for x in node.args[1:]]
    ),
}
OPERANDS: dict[type, Callable[[Any], Sequence[sympy.Basic]]] = {
    sympy.MatPow: lambda node: node.args[: 2 if counted(node) is None else 1],
    sympy.MatrixBase: _entries,
    sympy.BlockMatrix: lambda node: tuple(node.blocks),
    MatrixSlice: lambda node: (node.parent,),
    _OfIndices: lambda node: node.args[:1],
}
trees.BY_OTHERS |= {
    PermutationMatrix: lambda node: node.as_explicit(),
    sympy.FunctionMatrix: _OfIndices,
    ArrayElement: lambda node: IndexedBase(node.name.name, node.name.shape)[node.indices],
}
