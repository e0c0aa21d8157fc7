"""Places of entries as programs write them: x[i + 1], A[0, -1], X[1:, :-1]."""

from __future__ import annotations

import ast

from symgrad.errors import ProgramError, ShapeError
from symgrad.language.dimensions import ONE, core
from symgrad.language.expressions import Expression, label_size
from symgrad.language.operations.entries import at
from symgrad.language.operations.places import Affine, as_place, at_place
from symgrad.language.operations.slices import slice_bounds, sliced
from symgrad.language.shapes import given
from symgrad.language.syntax import Read, errors_at, typed

NEW_AXIS: tuple[str, ...] = ("None", "np.newaxis", "numpy.newaxis")


def subscripted(node: ast.Subscript, table: Expression, read: Read) -> Expression:
    """The entry of an array, the row of a matrix, or the part of one, at these places."""
    nodes = places_in(node)
    if any(isinstance(n, ast.Slice) for n in nodes):
        return _part(nodes, table, read)
    return _entry(nodes, table, list(map(read, nodes)))


def new_axis(node: ast.expr) -> tuple[ast.expr | None, bool]:
    """What v[:, None], v[None, :], v.reshape(-1, 1) or v.reshape(1, -1) makes a column or a row of,
    and whether it is a row; None of anything else."""
    match node:
        case ast.Subscript(value=array, slice=ast.Tuple(elts=parts)):
            one, all_of = NEW_AXIS, ":"
        case ast.Call(func=ast.Attribute(value=array, attr="reshape"), args=[*parts], keywords=[]):
            one, all_of = ("1",), "-1"
        case _:
            return None, False
    kinds = ["one" if (text := typed(part)) in one else text for part in parts]
    return array if sorted(kinds) == sorted(["one", all_of]) else None, kinds[:1] == ["one"]


def places_in(node: ast.Subscript) -> list[ast.expr]:
    """What stands in the brackets, by axes."""
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]


def _entry(nodes: list[ast.expr], table: Expression, numbers: list[Expression]) -> Expression:
    """The entry, or the row, at these numbers, letters and labels."""
    places = [as_place(number) for number in numbers]
    if any(p is None and label_size(x) is None for p, x in zip(places, numbers, strict=True)):
        return at(table, *numbers)  # which says what is no index
    dims = table.shape
    if len(nodes) < len(dims) and len(dims) == 2 and ONE in dims:
        dims = core(dims)
    if len(nodes) > len(dims) or (len(nodes) < len(dims) != 2):
        count = "1 index is" if len(nodes) == 1 else f"{len(nodes)} indices are"
        raise ShapeError(f"{given(table)}; {count} written")
    found: list[Expression] = []
    for index, where, label, d in zip(nodes, places, numbers, dims, strict=False):
        if where is None:
            found.append(label)
        elif d != ONE or where != Affine():
            with errors_at(index):
                found.append(at_place(where, d, typed(index)))
    return at(table, *found)


def _part(nodes: list[ast.expr], table: Expression, read: Read) -> Expression:
    """x[1:], X[:, :-1]; X[1:, 0] is a column of X[1:, :]."""
    axes = [k for k, d in enumerate(table.shape) if d != ONE or len(nodes) > 1]
    if len(table.shape) > 2 or not 0 < len(nodes) <= len(axes):
        raise ShapeError(f"{given(table)}; a slice is one of a vector or a matrix")
    bounds = [(Affine(), d) for d in table.shape]
    for axis, node in zip(axes, nodes, strict=False):
        if isinstance(node, ast.Slice):
            with errors_at(node):
                bounds[axis] = slice_bounds(*_ends(node, read), table.shape[axis])
    part = sliced(table, bounds)
    for axis, node in zip(axes, nodes, strict=False):
        if not isinstance(node, ast.Slice):
            return _line(node, part.T if axis else part, read)
    return part


def _line(node: ast.expr, table: Expression, read: Read) -> Expression:
    """The row of a matrix at this place; all of a vector at 0, where there is one row."""
    if typed(node) in NEW_AXIS:
        raise ProgramError(
            f"{typed(node)} is NumPy's new axis: a vector x is a column, x.T a row, and beside a "
            "matrix it is repeated, x @ ones(n).T"
        )
    number = read(node)
    where = as_place(number)
    if where is None and label_size(number) is None:
        raise ShapeError(f"{typed(node)} is no place: a number, an index or a dimension is wanted")
    if table.shape[0] == ONE:
        with errors_at(node):
            at_place(where or Affine({}, (label_size(number) or ONE) - 1), ONE, typed(node))
        return table.T
    return _entry([node], table, [number])


def _ends(node: ast.Slice, read: Read) -> tuple[Affine | None, Affine | None]:
    """Where a slice begins and ends, as far as it is said."""
    if node.step is not None:
        raise ShapeError(
            "a slice goes over every entry; with steps write vector(x[2 * i] for i in range(m))"
        )
    return _end(node.lower, read), _end(node.upper, read)


def _end(node: ast.expr | None, read: Read) -> Affine | None:
    if node is None:
        return None
    found = as_place(read(node))
    if found is None:
        raise ShapeError(
            f"{typed(node)} is no place: a number, a dimension, an index or a sum is wanted"
        )
    return found
