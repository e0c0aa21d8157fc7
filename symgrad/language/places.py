"""Places of entries as programs write them: x[i + 1], A[0, -1], range(1, n - 1)."""

from __future__ import annotations

import ast

import sympy

from symgrad.errors import ProgramError, ShapeError
from symgrad.language.dimensions import ONE, core, dimension
from symgrad.language.expressions import Expression, Size, label_size
from symgrad.language.operations.entries import at, equal_places
from symgrad.language.operations.places import Affine, affine, at_place
from symgrad.language.operations.slices import slice_bounds, sliced
from symgrad.language.recurrences import is_series, read_entry
from symgrad.language.scope import Scope
from symgrad.language.shapes import given
from symgrad.language.syntax import errors_at, typed

NEW_AXIS = ("None", "np.newaxis", "numpy.newaxis")


def read_place(node: ast.expr, scope: Scope) -> Affine | None:
    """A sum of letters, dimensions and whole numbers; None where something else stands in it."""
    match node:
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            return Affine({}, sympy.Integer(value))
        case ast.Name(id=name) if name in scope.meanings:
            return affine(scope.meanings[name])
        case ast.Name(id=name) if name in scope.dimensions:
            return Affine({}, dimension(name))
        case ast.Subscript() if is_series(node.value, scope):
            size = read_entry(node, scope)
            return Affine({}, size.dimension) if isinstance(size, Size) else None
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = read_place(operand, scope)
            return None if inner is None else Affine().plus(inner, -1)
        case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() as op, left=left, right=right):
            one, other = read_place(left, scope), read_place(right, scope)
            if one is None or other is None:
                return None
            if not isinstance(op, ast.Mult):
                return one.plus(other, -1 if isinstance(op, ast.Sub) else 1)
            for number, term in ((one, other), (other, one)):
                if not number.letters and number.offset.is_Integer:
                    return Affine().plus(term, int(number.offset))
    return None


def subscripted(node: ast.Subscript, table: Expression, scope: Scope) -> Expression | None:
    """The entry, or the row of a matrix, at these places; None where one of them is no place."""
    nodes = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if any(isinstance(n, ast.Slice) for n in nodes):
        return _part(nodes, table, scope)
    places = [read_place(node, scope) for node in nodes]
    labels = [
        scope.meanings.get(n.id) if p is None and isinstance(n, ast.Name) else None
        for n, p in zip(nodes, places, strict=True)
    ]
    if any(p is None and label_size(x) is None for p, x in zip(places, labels, strict=True)):
        return None
    dims = table.shape
    if len(nodes) < len(dims) and len(dims) == 2 and ONE in dims:
        dims = core(dims)
    if len(nodes) > len(dims) or (len(nodes) < len(dims) != 2):
        count = "1 index is" if len(nodes) == 1 else f"{len(nodes)} indices are"
        raise ShapeError(f"{given(table)}; {count} written")
    found: list[Expression] = []
    for index, where, label, d in zip(nodes, places, labels, dims, strict=False):
        if where is None:
            assert label is not None
            found.append(label)
        elif d != ONE or where != Affine():
            with errors_at(index):
                found.append(at_place(where, d, typed(node)))
    return at(table, *found)


def _part(nodes: list[ast.expr], table: Expression, scope: Scope) -> Expression:
    """x[1:], X[:, :-1]; X[1:, 0] is a column of X[1:, :]."""
    axes = [k for k, d in enumerate(table.shape) if d != ONE or len(nodes) > 1]
    if len(table.shape) > 2 or not 0 < len(nodes) <= len(axes):
        raise ShapeError(f"{given(table)}; a slice is one of a vector or a matrix")
    bounds = [(Affine(), d) for d in table.shape]
    for axis, node in zip(axes, nodes, strict=False):
        if isinstance(node, ast.Slice):
            with errors_at(node):
                bounds[axis] = slice_bounds(*_ends(node, scope), table.shape[axis])
    part = sliced(table, bounds)
    for axis, node in zip(axes, nodes, strict=False):
        if not isinstance(node, ast.Slice):
            return _line(node, part.T if axis else part, scope)
    return part


def _line(node: ast.expr, table: Expression, scope: Scope) -> Expression:
    """The row of a matrix at this place; all of a vector at 0, where there is one row."""
    if table.shape[0] == ONE and read_place(node, scope) == Affine():
        return table.T
    found = subscripted(ast.Subscript(value=node, slice=node), table, scope)
    if found is None and typed(node) in NEW_AXIS:
        raise ProgramError(
            f"{typed(node)} is NumPy's new axis: a vector x is a column, x.T a row, and beside a "
            "matrix it is repeated, x @ ones(n).T"
        )
    if found is None:
        raise ShapeError(f"{typed(node)} is no place: a number, an index or a dimension is wanted")
    return found


def _ends(node: ast.Slice, scope: Scope) -> tuple[Affine | None, Affine | None]:
    """Where a slice begins and ends, as far as it is said."""
    if node.step is not None:
        raise ShapeError(
            "a slice goes over every entry; with steps write vector(x[2 * i] for i in range(m))"
        )
    return _end(node.lower, scope), _end(node.upper, scope)


def _end(node: ast.expr | None, scope: Scope) -> Affine | None:
    if node is None:
        return None
    found = read_place(node, scope)
    if found is None:
        raise ShapeError(
            f"{typed(node)} is no place: a number, a dimension, an index or a sum is wanted"
        )
    return found


def equality(node: ast.Compare, scope: Scope) -> Expression | None:
    """(i == j), (i + 1 != k) as a number; None where a side is no place and no label."""
    match node:
        case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq() as sign], comparators=[right]):
            one, other = (_side(side, scope) for side in (left, right))
            numbers = all(isinstance(x, Affine) and not x.letters for x in (one, other))
            if one is None or other is None or numbers:
                return None
            equal = equal_places(one, other)
            return equal if isinstance(sign, ast.Eq) else 1 - equal
    return None


def _side(node: ast.expr, scope: Scope) -> Affine | Expression | None:
    where = read_place(node, scope)
    label = scope.meanings.get(node.id) if isinstance(node, ast.Name) else None
    return where if where is not None else label if label_size(label) is not None else None
