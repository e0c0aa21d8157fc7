"""Products without a sign: of scalars, of matrices, as the shapes say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

from symgrad.errors import ShapeError, SymgradError
from symgrad.language.expressions import OPERATIONS
from symgrad.language.latex_input import tree as lt
from symgrad.language.latex_input.calls import Calls
from symgrad.language.latex_input.context import Context
from symgrad.language.latex_input.derivatives import Derivatives
from symgrad.language.latex_input.entries import UnknownSizeError, Value
from symgrad.language.latex_input.open_functions import OpenFunctions
from symgrad.language.latex_input.tree import Node

COMPARISONS = ("<", ">", r"\leq", r"\geq", "=", r"\neq")
MANY = 12  # factors that are grouped in every way


def product(reader: Context, factors: Sequence[Node]) -> Value:
    """The product of factors, functions taking those after them."""
    calls = Calls(reader)
    values: list[tuple[Value | None, Node]] = []
    k = 0
    value: Value | None
    while k < len(factors):
        node, count = factors[k], 1
        gradient = None
        operation = OpenFunctions(reader).after_nabla(factors[k:])
        if operation is not None:
            k += 1
        else:
            gradient = Derivatives(reader).gradient(factors[k:])
            operation = calls.head(node)
        differential = Derivatives(reader).differential(factors[k : k + 2])
        if gradient is not None:
            value, count = gradient
        elif differential is not None:
            value, count = differential, 2
        elif operation is not None:
            value, more = calls.applied(operation, node, factors[k + 1 :])
            count = 1 + more
        elif values and _is_note(reader, node):
            break
        elif k + 1 < len(factors) and _is_indicator(node, factors[k + 1]):
            value, count = _indicator(reader, factors[k + 1]), 2
        elif _is_vector_of_ones(
            node, reader.plain_ones or not all(v.scalar for v, _ in values if v)
        ):
            value = reader.filled(node)
        else:
            value = _sized(reader, node)
        values.append((value, node))
        k += count
    return _multiplied(reader, [(v or reader.value(node), node) for v, node in values])


def _sized(reader: Context, node: Node) -> Value | None:
    """A factor; None where the other ones have to say first how far an index runs."""
    try:
        return reader.value(node)
    except UnknownSizeError:
        return None


def starred(reader: Context, left: Value, right: Value) -> Value:
    """left * right, of entries where both have one shape, else of matrices."""
    whole = not (left.letters or right.letters or left.scalar or right.scalar)
    filled = left.constant is not None or right.constant is not None
    if whole and (filled or left.expression.shape == right.expression.shape):
        return reader.entries.entrywise(OPERATIONS["multiply"], left, right)
    return reader.entries.times(left, right)


def _is_vector_of_ones(node: Node, possible: bool) -> TypeGuard[lt.Num]:
    """X^T 1: a number 1 behind a factor would say nothing."""
    return possible and isinstance(node, lt.Num) and node.digits == "1"


def _is_note(reader: Context, node: Node) -> bool:
    """Words behind a formula."""
    return (
        isinstance(node, lt.Sym)
        and node.font in ("text", "mbox")
        and reader.names.find(node) is None
    )


def _is_indicator(node: Node, after: Node) -> bool:
    r"""\mathbf 1[z > 0], I(z > 0)"""
    one = isinstance(node, lt.Num) and node.digits == "1"
    sign = isinstance(node, lt.Sym) and node.text == "I"
    fence = after.base if isinstance(after, lt.Script) else after
    inner = fence.inner if isinstance(fence, lt.Fence) else None
    comparison = isinstance(inner, lt.Chain) and inner.signs[0] in COMPARISONS
    return bool(one or sign) and comparison


def _indicator(reader: Context, node: Node) -> Value:
    """What follows the 1 of an indicator."""
    fence = node.base if isinstance(node, lt.Script) else node
    assert isinstance(fence, lt.Fence)
    value = reader.value(fence.inner)
    return reader.scripted(value, node) if isinstance(node, lt.Script) else value


def _multiplied(reader: Context, values: list[tuple[Value, Node]]) -> Value:
    """From the left; where that does not fit, in the way that does: A x^T x."""
    value = values[0][0]
    try:
        for right, node in values[1:]:
            value = _pair(reader, value, right, node)
    except ShapeError as error:
        if any(str(d).startswith("1 ") for d in error.dimensions or ()) or len(values) > MANY:
            raise
        grouped = _grouped(reader, values)
        if grouped is None:
            raise
        return grouped
    return value


def _pair(reader: Context, left: Value, right: Value, node: Node) -> Value:
    try:
        return reader.entries.times(left, right)
    except ShapeError as error:
        same = left.expression.shape == right.expression.shape
        if not left.letters and not right.letters and same and isinstance(node, lt.Fence):
            return reader.entries.entrywise(OPERATIONS["multiply"], left, right)  # p(1 - p)
        raise error.at(None, node.at + 1, None) from None


def _grouped(reader: Context, values: list[tuple[Value, Node]]) -> Value | None:
    """The product with brackets where it has a shape; None where it has none."""
    spans: dict[tuple[int, int], Value] = {(k, k + 1): v for k, (v, _) in enumerate(values)}
    for width in range(2, len(values) + 1):
        for begin in range(len(values) - width + 1):
            for middle in range(begin + width - 1, begin, -1):
                left, right = spans.get((begin, middle)), spans.get((middle, begin + width))
                if left is None or right is None:
                    continue
                try:
                    spans[begin, begin + width] = reader.entries.times(left, right)
                    break
                except SymgradError:
                    continue
    return spans.get((0, len(values)))
