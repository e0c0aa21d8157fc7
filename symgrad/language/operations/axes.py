"""Rows, columns and ones that fit to what stands beside them: X W + b^T, mean(X, axis=0) + b, Z 1.

Where an array has one axis in array code, it is a row or a column as the shapes beside it say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from symgrad.errors import ProgramError
from symgrad.language.dimensions import ONE, SCALAR
from symgrad.language.expressions import (
    OPERATIONS,
    Call,
    Expression,
    Name,
    fold,
    is_call,
    is_number,
    is_scalar,
    operands,
)
from symgrad.language.operations.constants import filled, ones
from symgrad.language.operations.meanings import Elementwise, Linear, Monomial
from symgrad.language.shapes import plain_transpose
from symgrad.language.unparse import unparse

Definitions = Mapping[str, Expression]
Remark = Callable[[str, str], None]  # why programs refuse it; as what it was read


def fits(left: Expression, right: Expression) -> bool:
    """Whether there is a matrix product."""
    return len(left.shape) == len(right.shape) == 2 and left.shape[1] == right.shape[0]


def is_column(e: Expression) -> bool:
    """Whether it is a column of more than one entry."""
    return e.shape != SCALAR and e.shape[1:] == (ONE,)


def times_ones(left: Expression, remark: Remark) -> Expression:
    """Z 1: the sum of each row."""
    if len(left.shape) != 2 or left.shape[1] == ONE:
        raise ProgramError("how many ones are meant is not known; write ones(n)")
    value = left @ filled(ones, left.shape[1:])
    remark("1 is a number, a vector is ones(n)", unparse(value))
    return value


def ones_times(right: Expression, turned: bool, remark: Remark) -> Expression:
    """1^T Z: the sum of each column; 1 b^T: a row, to be repeated in a sum with a matrix."""
    if not turned and right.shape[:1] == (ONE,) and not is_scalar(right):
        return right
    if not turned or len(right.shape) != 2 or right.shape[0] == ONE:
        raise ProgramError("how many ones are meant is not known; write ones(n)")
    value = filled(ones, right.shape[:1]).T @ right
    remark("1 is a number, a vector is ones(n)", unparse(value))
    return value


def spread(
    left: Expression, right: Expression, definitions: Definitions, remark: Remark
) -> tuple[Expression, Expression]:
    """The terms of a sum, a row beside a matrix repeated: X W + 1 b^T, X W + b^T, and as in array
    code X W + b, where b has as many entries as a row and not as a column."""
    both = []
    for e, other in ((left, right), (right, left)):
        rows, columns = other.shape[:2]
        row = plain_transpose(e) if is_column(e) else e
        fits = len(other.shape) == 2 and row.shape == (ONE, columns) and ONE not in other.shape
        if fits and (row is e or rows != columns or one_axis(e, definitions)):
            both.append(filled(ones, (rows,)) @ _without_one(row))
            remark("", f"a sum with each row, {unparse(both[-1])}")
        else:
            both.append(e)
    return both[0], both[1]


def repeated(column: Expression, other: Expression) -> Expression | None:
    """A column in each column of a matrix with as many rows; None beside anything else."""
    rows, columns = other.shape[0], other.shape[1:]
    if not is_column(column) or len(columns) != 1 or ONE in other.shape or rows != column.shape[0]:
        return None
    return column @ filled(ones, columns).T


def one_axis(e: Expression, definitions: Definitions) -> bool:
    """Whether an array has one axis in array code, so that it is a row or a column as what is
    beside it: sums along axis 0, what is made of them entry by entry, and their products with a
    matrix."""

    def inside(node: Expression) -> tuple[Expression, ...]:
        value = definitions.get(node.name) if isinstance(node, Name) else None
        return operands(node) if value is None else (value,)

    def visit(node: Expression, within: tuple[bool, ...]) -> bool:
        if ONE not in node.shape or is_scalar(node) or not isinstance(node, Call):
            return within == (True,)  # of a name: its definition
        if node.options.get("axis") == 0:
            return True
        if node.operation in (OPERATIONS["matmul"], OPERATIONS["transpose"]):
            return any(within)
        entrywise = isinstance(node.operation.meaning, Linear | Monomial | Elementwise)
        parts = [one for one, a in zip(within, node.arguments, strict=True) if not is_scalar(a)]
        return entrywise and bool(parts) and all(parts)

    return ONE in e.shape and not is_scalar(e) and fold(e, visit, inside)


def beside(
    left: Expression, right: Expression, product: bool, definitions: Definitions, remark: Remark
) -> tuple[Expression, Expression]:
    """Two operands, the one with one axis turned where it fits in no other way: mean(X, axis=0) + b
    and W @ sum(X, axis=0), where a sum along axis 0 is a row here."""
    if len(left.shape) != 2 or len(right.shape) != 2 or is_scalar(left) or is_scalar(right):
        return left, right
    both = [left, right]
    for k, e in enumerate(both):
        other = both[1 - k]
        if product:
            turns = not fits(left, right) and is_column(e) == (k == 0)  # a row stands before
        else:
            turns = e.shape[0] == ONE and is_column(other)
        if turns and one_axis(e, definitions):
            both[k] = plain_transpose(e)
            remark("a sum along axis 0 is a row", f"one with {unparse(both[k])}")
    return both[0], both[1]


def _without_one(e: Expression) -> Expression:
    """1 * b as b."""
    if is_call(e, OPERATIONS["multiply"]):
        first, second = e.arguments
        if is_number(first, 1):
            return second
    return e
