"""Products without a sign: of scalars, of matrices, as the shapes say."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeAlias

from symgrad.errors import ProgramError, ShapeError, SymgradError
from symgrad.language.expressions import OPERATIONS, Number, Operation, is_scalar
from symgrad.language.latex_input import tree as lt
from symgrad.language.latex_input.calls import AxisError, applied, call, check_closed, two_arguments
from symgrad.language.latex_input.context import Context
from symgrad.language.latex_input.derivatives import differential_at, gradient_at
from symgrad.language.latex_input.entries import UnknownSizeError, Value
from symgrad.language.latex_input.examples import is_row
from symgrad.language.latex_input.functions import after_nabla, function_at
from symgrad.language.latex_input.tree import Node
from symgrad.language.operations import signs
from symgrad.language.typeset import AXES

COMPARISONS = ("<", ">", r"\leq", r"\geq", "=", r"\neq")
MANY = 12  # factors that are grouped in every way
_Factor: TypeAlias = tuple[Value | None, Node]


def dotted(reader: Context, row: lt.Row) -> Value:
    r"""A product in which \cdot may be the one of two vectors: what has no sense without it."""
    try:
        return product(reader, row.factors, {row.factors[k].at for k in row.dotted | row.crossed})
    except ShapeError as error:
        runs: list[list[Node]] = [[]]
        for k, factor in enumerate(row.factors):
            if k in row.dotted:
                runs.append([])
            runs[-1].append(factor)
        if len(runs) == 1 or any(_is_open(reader, run) for run in runs[:-1]):
            raise
        try:
            value, *rest = (product(reader, run) for run in runs)
            if sum(not v.scalar for v in (value, *rest)) > 2:
                raise error
            for right in rest:
                value = _dot(reader, value, right)
        except ShapeError:
            raise
        except SymgradError:
            raise error from None
        return value


def _is_open(reader: Context, run: Sequence[Node]) -> bool:
    r"""Whether a function without parentheses ends it, so that more may be of its argument."""
    last = lt.base_of(run[-1])
    return any(function_at(reader, factor) for factor in run) and not isinstance(last, lt.Fence)


def _dot(reader: Context, left: Value, right: Value) -> Value:
    """The inner product of two vectors, or the product."""
    plain = not (left.scalar or right.scalar or left.letters or right.letters)
    if plain and left.column and right.column:
        return Value(left.expression.T @ right.expression)
    return reader.entries.times(left, right)


def product(reader: Context, factors: Sequence[Node], signed: Collection[int] = ()) -> Value:
    """The product of factors, functions taking those after them; `signed` is where those begin that
    stand after one."""
    values: list[_Factor] = []
    k = 0
    value: Value | None
    while k < len(factors):
        node, count = factors[k], 1
        gradient = None
        operation = after_nabla(reader, factors[k:])
        if operation is not None:
            k += 1
        else:
            gradient = gradient_at(reader, factors[k:])
            operation = function_at(reader, node)
        differential = differential_at(reader, factors[k : k + 2])
        if gradient is not None:
            value, count = gradient
        elif differential is not None:
            value, count = differential, 2
        elif operation is not None:
            value, more = _applied(reader, operation, factors, k)
            count = 1 + more
            for taken in factors[k + 1 : k + count]:
                if taken.at in signed:  # \ln x \cdot y
                    raise two_arguments(taken)
        elif values and _is_note(reader, node):
            _check_note(node)
            break
        elif k + 1 < len(factors) and _is_indicator(node, factors[k + 1]):
            value, count = _indicator(reader, factors[k + 1]), 2
        elif lt.is_one(node) and _is_vector(reader, factors[k:], values):
            value = reader.filled(node)
        else:
            value = _sized(reader, node)
        values.append((value, node))
        k += count
    return _multiplied(reader, [(v or reader.value(node), node) for v, node in values], signed)


def _applied(
    reader: Context, operation: Operation, factors: Sequence[Node], k: int
) -> tuple[Value, int]:
    r"""A function of the factors after it; \operatorname{softmax}(Q K^\top) V is of each row, its
    weights being those of the rows of V, as the scores are of the rows of K."""
    head, rest = factors[k], factors[k + 1 :]
    try:
        return applied(reader, operation, head, rest)
    except AxisError:
        of_rows = lt.is_fence(rest[0], "(") and any(map(is_row, lt.walk(rest[0])))
        if not (of_rows and rest[1:] and isinstance(head, lt.Sym)) or reader.value(rest[1]).scalar:
            raise
        axis = lt.Sym(head.at, AXES[1], "text")
        return applied(reader, operation, lt.Script(head.at, head, axis, None), rest)


def _sized(reader: Context, node: Node) -> Value | None:
    """A factor; None where the other ones have to say first how far an index runs."""
    try:
        return reader.value(node)
    except UnknownSizeError:
        return None


def divided(reader: Context, left: Value, operand: Node, before: Node) -> Value:
    r"""left / operand: after a slash stands one factor, but 1/2 x is half of x, and so are
    \lambda/2 x of a vector and \lambda/2 \|x\|^2, where one name stands before it.

    Raises: ProgramError where it is not clear how far the slash goes."""
    check_closed(reader, before, operand)
    first, *rest = lt.factors_of(operand)
    if not rest or function_at(reader, first) is not None:
        return over(reader, left, reader.value(operand))
    number = isinstance(first, lt.Num)
    half = number and isinstance(left.expression, Number) and not _is_tight(first, rest[0])
    coefficient = number and isinstance(before, lt.Sym) and left.scalar
    plain = half or (coefficient and _is_no_divisor(reader, rest[0]))
    if not (plain or isinstance(rest[0], lt.Big)):
        raise ProgramError(
            r"it is not clear how far this / goes; write \frac{...}{...} or parentheses",
            column=operand.at + 1,
        )
    return reader.entries.times(over(reader, left, reader.value(first)), product(reader, rest))


def quotient(reader: Context, node: lt.Fraction) -> Value:
    r"""A fraction; of rows \frac{X_{i,:}}{\|X_{i,:}\|} is the unit vector of each, of 0 too."""
    top = reader.value(node.top)
    numbered = top.slices or (reader.numbers and top.column)
    if numbered and node.bottom == lt.Fence(0, "‖", node.top):
        return call(reader, signs.UNIT, [top], {})
    return over(reader, top, reader.value(node.bottom))


def over(reader: Context, top: Value, bottom: Value) -> Value:
    """top / bottom, entry by entry"""
    return reader.entries.entrywise(OPERATIONS["divide"], top, bottom)


def _is_tight(number: Node, after: Node) -> bool:
    r"""Whether a name stands close to a number, 2\sigma, which many mean to divide as a whole."""
    name = isinstance(lt.base_of(after), lt.Sym)
    return name and isinstance(number, lt.Num) and after.at == number.at + len(number.digits)


def _is_no_divisor(reader: Context, node: Node) -> bool:
    """Whether nobody divides by it: a vector, a matrix, a norm."""
    base = lt.base_of(node)
    if lt.is_fence(base, "‖"):
        return True
    name = reader.names.find(base)
    return name is not None and not is_scalar(reader.scope.meaning(name))


def starred(reader: Context, left: Value, right: Value) -> Value:
    """left * right, of entries where both have one shape, else of matrices."""
    whole = not (left.letters or right.letters or left.scalar or right.scalar)
    filled = left.constant is not None or right.constant is not None
    if whole and (filled or left.expression.shape == right.expression.shape):
        return reader.entries.entrywise(OPERATIONS["multiply"], left, right)
    return reader.entries.times(left, right)


def _is_vector(reader: Context, factors: Sequence[Node], before: list[_Factor]) -> bool:
    """Whether a 1 at the beginning of factors is a vector of ones: X^T 1, 1 1^T."""
    match factors:
        case [_, lt.Script(base=lt.Num(digits="1"), below=None, above=above), *_]:
            if lt.is_transpose(above):
                return True
    behind = any(not v.scalar for v, _ in before if v)  # a number would say nothing
    return reader.plain_ones or behind


def _is_note(reader: Context, node: Node) -> bool:
    """Words behind a formula."""
    return (
        isinstance(node, lt.Sym)
        and node.font in ("text", "mbox")
        and reader.names.find(node) is None
    )


def _check_note(node: Node) -> None:
    """Raises: ProgramError where what follows constrains the formula."""
    words = node.text.strip() if isinstance(node, lt.Sym) else ""
    if words.startswith(("subject to", "s.t.", "such that", "u.d.N.")):
        raise ProgramError(
            "a constraint is no part of a formula: give what is minimized alone, or with it a "
            "multiplier or a penalty",
            column=node.at + 1,
        )


def _is_indicator(node: Node, after: Node) -> bool:
    r"""\mathbf 1[z > 0], I(z > 0)"""
    sign = isinstance(node, lt.Sym) and node.text == "I"
    fence = lt.base_of(after)
    inner = fence.inner if isinstance(fence, lt.Fence) else None
    comparison = isinstance(inner, lt.Chain) and inner.signs[0] in COMPARISONS
    return (lt.is_one(node) or sign) and comparison


def _indicator(reader: Context, node: Node) -> Value:
    """What follows the 1 of an indicator."""
    fence = lt.base_of(node)
    assert isinstance(fence, lt.Fence)
    value = reader.value(fence.inner)
    return reader.scripted(value, node) if isinstance(node, lt.Script) else value


def _multiplied(
    reader: Context, values: list[tuple[Value, Node]], signed: Collection[int]
) -> Value:
    """From the left; where that does not fit, in the way that does: A x^T x."""
    value = values[0][0]
    try:
        for right, node in values[1:]:
            value = _pair(reader, value, right, node, node.at in signed)
    except ShapeError as error:
        if any(str(d).startswith("1 ") for d in error.dimensions or ()) or len(values) > MANY:
            raise
        grouped = _grouped(reader, values)
        if grouped is None:
            raise
        return grouped
    return value


def _pair(reader: Context, left: Value, right: Value, node: Node, signed: bool) -> Value:
    try:
        return reader.entries.times(left, right)
    except ShapeError as error:
        same = left.expression.shape == right.expression.shape
        if not left.letters and not right.letters and same and isinstance(node, lt.Fence):
            if signed:
                raise ProgramError(
                    r"two readings of this product of vectors: write x^\top y for the inner one, "
                    r"x \odot y entry by entry; the cross product is not part of the language",
                    column=node.at + 1,
                ) from None
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
