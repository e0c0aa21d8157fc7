"""Expressions at another step, and with expressions in the place of names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import sympy

from symgrad.calculus.algebra import is_negative, negated, transposed
from symgrad.calculus.index_notation import Derivative
from symgrad.language.dimensions import ONE, SCALAR, Shape, dimension_text
from symgrad.language.expressions import Call, Expression, Letter, Name, Number, Size, fold, is_call
from symgrad.language.layered import dimension_at, index_at, shape_at
from symgrad.language.names import entry_of, entry_parts
from symgrad.language.operations import arithmetic as op
from symgrad.language.operations.constants import filled, zeros
from symgrad.language.operations.entries import Ranges


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
    """The expression at other steps: `indices` has the new index of each. Sizes are moved with it.

    >>> from symgrad.language.dimensions import column, dimension
    >>> from symgrad.language.unparse import unparse
    >>> h = Name("h[t]", column(dimension("n")))
    >>> unparse(at_steps(2 * h, {"t": "t + 1"}))
    '2 * h[t + 1]'
    """
    return fold(e, _Moved(indices))


def name_at(name: Name, indices: Mapping[str, str]) -> Name:
    """A name at another step; of a cotangent what it is by."""
    shape = shape_at(name.shape, indices)
    if isinstance(name, Derivative):
        bottom = at_steps(name.bottom, indices)
        if bottom is name.bottom:
            return name
        return Derivative.of(name.top, bottom, shape, name.batch)
    below = None if name.index_of is None else dimension_at(name.index_of, indices)
    series, index = entry_parts(name.name)
    own = entry_of(series, index_at(index, indices)) if index else name.name
    if (own, shape, below) == (name.name, name.shape, name.index_of):
        return name
    return replace(name, name=own, shape=shape, index_of=below)


class _Moved:
    """A node at other steps: its name, and the sizes that its shape and its options have."""

    def __init__(self, indices: Mapping[str, str]) -> None:
        self.indices = indices
        self.letters: dict[Letter, Letter] = {}

    def __call__(self, node: Expression, arguments: tuple[Expression, ...]) -> Expression:
        match node:
            case Name():
                return name_at(node, self.indices)
            case Size(dimension=sympy.Expr() as d):
                moved = dimension_at(d, self.indices)
                return node if moved == d else Size(moved)
            case Letter():
                return self._letter(node)
            case Call():
                return self._call(node, arguments)
        return node

    def _letter(self, letter: Letter) -> Letter:
        """A letter, the same wherever it stands."""
        if letter not in self.letters:
            d = dimension_at(letter.index_of, self.indices)
            same = d == letter.index_of
            self.letters[letter] = letter if same else replace(letter, index_of=d)
        return self.letters[letter]

    def _call(self, call: Call, arguments: tuple[Expression, ...]) -> Expression:
        shape = shape_at(call.shape, self.indices)
        options = {name: self._option(name, call, value) for name, value in call.options.items()}
        if (shape, options) != (call.shape, call.options):
            return replace(call, arguments=arguments, shape=shape, options=options)
        return call if arguments == call.arguments else _rebuilt(call, arguments)

    def _option(self, name: str, call: Call, value: Any) -> Any:
        """The option of a call: a size, sizes, letters."""
        match value:
            case sympy.Expr():
                return dimension_at(value, self.indices)
            case Ranges():
                letters = tuple(map(self._letter, value))
                return value if letters == tuple(value) else Ranges(letters)
            case str() if name == "dimensions":
                dims = shape_at(call.options["shape"], self.indices)
                return ", ".join(map(dimension_text, dims[: 1 + value.count(",")]))
            case tuple() if name == "shape":
                return shape_at(value, self.indices)
        return value
