"""Conditions as numbers, and functions by cases."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce

from symgrad.errors import ProgramError
from symgrad.language.expressions import OPERATIONS, Expression, Name, Number, exact, is_number
from symgrad.language.latex_input import places
from symgrad.language.latex_input import tree as lt
from symgrad.language.latex_input.context import Context
from symgrad.language.latex_input.entries import Value
from symgrad.language.latex_input.letters import index_or_label
from symgrad.language.operations import signs
from symgrad.language.operations.constants import eye, filled
from symgrad.language.operations.contractions import onehot
from symgrad.language.operations.entries import same_label

ZERO = Number(exact(0))


def condition_of(reader: Context, node: lt.Chain) -> Value:
    """[a > b] as a number; [a < b < c] as the product of two."""
    if len(node.signs) > 1:
        both = [reader.value(pair) for pair in lt.compared(node)]
        return reduce(partial(reader.entries.entrywise, OPERATIONS["multiply"]), both)
    left, right = node.operands
    sign = node.signs[0]
    if sign == "=":
        return _equal(reader, left, right)
    if sign == r"\neq":
        return _not(reader, _equal(reader, left, right))
    if sign not in ("<", ">", r"\leq", r"\geq"):
        raise ProgramError(f"{sign} is not expected here", column=node.at + 1)
    if sign in ("<", r"\geq"):
        left, right = right, left
    if (margin := places.margin(reader, node)) is not None:
        return reader.entries.entrywise(signs.INDICATOR, margin)
    step = _step(reader, reader.value(left), reader.value(right))
    return _not(reader, step) if sign in (r"\leq", r"\geq") else step


def _is_number(reader: Context, node: lt.Node) -> bool:
    """Whether names of numbers stand there, and not only indices, labels and sizes."""
    names = (reader.names.find(x) for x in lt.walk(node) if isinstance(x, lt.Sym))
    found = (reader.scope.meanings.get(name) for name in names if name is not None)
    return any(isinstance(x, Name) and x.index_of is None for x in found)


def _step(reader: Context, left: Value, right: Value) -> Value:
    """[left > right]"""
    difference = _difference(reader, left, right)
    return reader.entries.entrywise(signs.INDICATOR, difference)


def _difference(reader: Context, left: Value, right: Value) -> Value:
    if is_number(right.expression, 0):
        return left
    if is_number(left.expression, 0):
        return reader.entries.entrywise(OPERATIONS["negative"], right)
    return reader.entries.entrywise(OPERATIONS["subtract"], left, right)


def _not(reader: Context, step: Value) -> Value:
    one = Value(Number(exact(1)))
    return reader.entries.entrywise(OPERATIONS["subtract"], one, step)


def _equal(reader: Context, left: lt.Node, right: lt.Node) -> Value:
    """[i = j] of two indices or two labels, [i = o] of an index and a label, [a = b] of
    numbers."""
    if _is_number(reader, left) or _is_number(reader, right):
        values = reader.value(left), reader.value(right)
        steps = [_step(reader, *values), _step(reader, *values[::-1])]
        return reader.entries.entrywise(
            OPERATIONS["multiply"], *(_not(reader, step) for step in steps)
        )
    if places.is_sum(left) or places.is_sum(right):
        return places.equal_at(reader, left, right)
    one, other = (index_or_label(reader.scope, reader.names, x) for x in (left, right))
    if isinstance(one, Expression):
        one, other = other, one
    if isinstance(one, Expression):
        return Value(same_label(other, one))  # type: ignore[arg-type]
    entries = reader.entries
    if isinstance(other, Expression):
        letter = lt.Sym(left.at, one)
        return places.entries_at(reader, Value(onehot(other)), (one,), [letter])
    both = one in entries.sizes and other in entries.sizes
    if both or entries.later(one) or entries.later(other):
        return places.equal_at(reader, left, right)
    size = entries.size(other if other in entries.sizes else one)
    return entries.entry(Value(filled(eye, (size,))), (one, other))


def cases_of(reader: Context, rows: Sequence[tuple[lt.Node, lt.Node | None]]) -> Value:
    """Values by their conditions, each tried in turn."""
    whole: Value | None = None
    values = [reader.value(value) for value, _ in rows]
    for own, (_, condition) in zip(reversed(values), reversed(rows), strict=True):
        rest = Value(ZERO) if whole is None else whole
        for part in reversed(lt.parts_of(condition)):
            own = chosen(reader, part, own, rest)
        whole = own
    if whole is None:
        raise ProgramError("no case is given")
    return whole


def chosen(reader: Context, condition: lt.Node, own: Value, rest: Value) -> Value:
    """A value where a condition holds, else another one."""
    entries = reader.entries
    margin = places.margin(reader, condition, own.letters)
    equal = getattr(condition, "signs", ()) in (("=",), (r"\neq",))
    of_numbers = margin and not (margin.letters or own.letters or rest.letters)
    if margin and of_numbers and is_number(rest.expression, 0):  # as "if i != j" behind a sum
        return Value(own.expression * (margin if equal else reader.value(condition)).expression)
    if margin is None:
        holds = reader.value(condition)
        if not (holds.letters and equal):
            return entries.entrywise(signs.CASES, holds, own, rest)
        margin = holds
    return entries.entrywise(signs.CASES, margin, Value(ZERO), own, rest)
