"""Sums as they are written: a positive term first, equal terms once, sums over the same as one, and
what several terms have in front before brackets."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from fractions import Fraction

from symgrad.calculus.algebra import (
    PRODUCTS,
    is_negative,
    is_transpose,
    negated,
    product,
    scaled,
    signed,
    times,
)
from symgrad.language.expressions import (
    Call,
    Expression,
    Number,
    Value,
    exact,
    is_call,
    is_scalar,
    operands,
)
from symgrad.language.operations import arithmetic as op
from symgrad.language.operations.batches import batch_mean, batch_sum
from symgrad.language.operations.entries import index_sum
from symgrad.language.unparse import unparse


def signed_sum(parts: Sequence[Expression]) -> Expression:
    """The sum of the parts, a positive one first; f(c) A + f(c) B is f(c) (A + B), and the sums of
    two over one batch are one sum."""
    parts = _fronted(_in_one_sum(_collected(parts)))
    parts = [_turned(part, len(parts) == 1) for part in parts]
    first = next((k for k, part in enumerate(parts) if not is_negative(part)), 0)
    ordered = [parts[first], *parts[:first], *parts[first + 1 :]]
    if len(ordered) == 2 and is_transpose(ordered[0], ordered[1]):
        ordered.reverse()  # A + A^T
    result = ordered[0]
    for part in (addend for later in ordered[1:] for addend in _addends(later)):
        result = result - negated(part) if is_negative(part) else result + part
    return result


def _collected(parts: Sequence[Expression]) -> Sequence[Expression]:
    """What stands in several of the parts once: R + R = 2 R, (q - a) + (a - p) = q - p."""
    if len(parts) < 2 or not any(is_call(_counted(p)[1], op.add, op.subtract) for p in parts):
        return parts
    whole = _once(parts)
    addends = [addend for part in whole for addend in _addends(part)]
    apart = _once(addends)
    left = apart if len(apart) < len(addends) else whole
    keeps_shape = all(map(is_scalar, parts)) or not all(map(is_scalar, left))
    return left if left and keeps_shape else parts


def _in_one_sum(parts: Sequence[Expression]) -> list[Expression]:
    """Sums over the same examples, or letters, as one sum, where the first of them stands."""
    groups: dict[Hashable, list[Expression]] = {}
    for k, part in enumerate(parts):
        what = _counted(part)[1]
        if is_call(what, batch_sum, batch_mean, index_sum):
            over = what.operation, what.shape, tuple(what.options.values())
            groups.setdefault(over, []).append(part)
        else:
            groups[k] = [part]
    return [group[0] if len(group) < 2 else _summed_once(group) for group in groups.values()]


def _summed_once(parts: Sequence[Expression]) -> Expression:
    """Multiples of sums over the same as the sum of these multiples."""
    counted = [_counted(part) for part in parts]
    bodies = [scaled(number, body) for number, what in counted for body in operands(what)]
    (_, first), *_ = counted
    assert isinstance(first, Call)
    return replace(first, arguments=(signed_sum(bodies),))


def _once(parts: Sequence[Expression]) -> list[Expression]:
    """The parts, those that differ by a number alone as one."""
    counts: dict[str, tuple[Value, Expression]] = {}
    for part in parts:
        number, what = _counted(part)
        key = unparse(what)
        counts[key] = exact(number + counts[key][0] if key in counts else number), what
    return [scaled(number, what) for number, what in counts.values() if number]


def _counted(e: Expression) -> tuple[Value, Expression]:
    """An expression without the number in front of it, and that number; of a number, 1."""
    if isinstance(e, Number) and isinstance(e.value, Fraction):
        return e.value, Number(Fraction(1))
    if is_call(e, op.negative):
        number, what = _counted(e.arguments[0])
        return -number, what
    if is_call(e, op.multiply) and isinstance(e.arguments[0], Number):
        return e.arguments[0].value, e.arguments[1]
    return Fraction(1), e


def _addends(e: Expression) -> list[Expression]:
    """What is added up in a sum, each with its sign."""
    return [negated(part) if minus else part for part, minus in signed(e)]


def _fronted(parts: Sequence[Expression]) -> list[Expression]:
    """Those with the same function of scalars in front as one."""
    groups: dict[str | int, list[Expression]] = {}
    for k, part in enumerate(parts):
        found = _front(part)
        groups.setdefault(unparse(found[0]) if found else k, []).append(part)
    return [group[0] if len(group) < 2 else _behind_one(group) for group in groups.values()]


def _behind_one(group: Sequence[Expression]) -> Expression:
    """The sum of parts that have the same in front."""
    found = [front for part in group if (front := _front(part))]
    return times(found[0][0], signed_sum([rest for _, rest in found]))


def _front(e: Expression) -> tuple[Expression, Expression] | None:
    """The function of scalars in front of what is none, and this with the sign."""
    if is_negative(e):
        found = _front(negated(e))
        return found and (found[0], negated(found[1]))
    if is_call(e, op.multiply) and isinstance(e.arguments[0], Call) and is_scalar(e.arguments[0]):
        front, rest = e.arguments
        return None if is_scalar(e) else (front, rest)
    if is_call(e, op.matmul) and (found := _front(e.arguments[0])):
        return found[0], product(found[1], e.arguments[1])
    return None


def _turned(e: Expression, alone: bool) -> Expression:
    """What starts with the negative of a difference of numbers with that turned round, (s - 1) x
    for -(1 - s) x, where it stands `alone`; beside others only 1 - t for -(t - 1)."""
    if is_call(e, *PRODUCTS):
        first, second = e.arguments
        return e.operation(_turned(first, alone), second)
    if is_call(e, op.negative) and is_scalar(e) and is_call(e.arguments[0], op.subtract):
        first, second = e.arguments[0].arguments
        if alone or (isinstance(second, Number) and not isinstance(first, Number)):
            return second - first
    return e
