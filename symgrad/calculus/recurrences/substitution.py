"""Expressions at another step, and with expressions in the place of names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction

from symgrad.calculus.algebra import is_call, is_negative, negated, transposed
from symgrad.calculus.index_notation import Derivative
from symgrad.language.dimensions import ONE, SCALAR, Shape
from symgrad.language.expressions import Call, Expression, Name, Number, fold
from symgrad.language.names import entry_of, entry_parts
from symgrad.language.operations import arithmetic as op
from symgrad.language.operations.constants import filled, zeros


def substituted(e: Expression, values: Mapping[str, Expression]) -> Expression:
    """The expression with these in the place of names; signs are put together."""
    return renamed(e, lambda name: values.get(name.name, name)) if values else e


def renamed(root: Expression, rename: Callable[[Name], Expression]) -> Expression:
    """The expression with another one for each name."""

    def visit(node: Expression, arguments: tuple[Expression, ...]) -> Expression:
        if isinstance(node, Name):
            return rename(node)
        if not isinstance(node, Call) or arguments == node.arguments:
            return node
        return _rebuilt(node, arguments)

    return fold(root, visit)


def _rebuilt(call: Call, arguments: tuple[Expression, ...]) -> Expression:
    if is_call(call, op.transpose):
        return transposed(arguments[0])
    if is_call(call, op.negative):
        return negated(arguments[0])
    if is_call(call, op.add, op.subtract):
        left, right = arguments
        if is_negative(right):
            right = negated(right)
            return op.add(left, right) if call.operation is op.subtract else left - right
        if call.operation is op.add and is_negative(left):
            return right - negated(left)
    return replace(call, arguments=arguments)


def nothing(shape: Shape) -> Expression:
    """Zero of a shape.

    >>> from symgrad.language.dimensions import column, dimension
    >>> from symgrad.language.unparse import unparse
    >>> unparse(nothing(SCALAR)), unparse(nothing(column(dimension("n"))))
    ('0', 'zeros(n)')
    """
    if shape == SCALAR:
        return Number(Fraction(0))
    return filled(zeros, shape[:1] if shape[1:] == (ONE,) else shape)


def at_steps(e: Expression, indices: Mapping[str, str]) -> Expression:
    """The expression at other steps: `indices` has the new index of each.

    >>> from symgrad.language.dimensions import column, dimension
    >>> from symgrad.language.unparse import unparse
    >>> h = Name("h[t]", column(dimension("n")))
    >>> unparse(at_steps(2 * h, {"t": "t + 1"}))
    '2 * h[t + 1]'
    """
    return renamed(e, lambda name: name_at(name, indices))


def name_at(name: Name, indices: Mapping[str, str]) -> Name:
    """A name at another step; of a cotangent what it is by."""
    if isinstance(name, Derivative):
        bottom = at_steps(name.bottom, indices)
        if bottom is name.bottom:
            return name
        return Derivative.of(name.top, bottom, name.shape, name.batch)
    series, index = entry_parts(name.name)
    if index not in indices or not index:
        return name
    return replace(name, name=entry_of(series, indices[index]))
