"""Conditions as numbers, and functions by cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass
class Conditions:
    """Reads them, for a reader."""

    reader: Context

    def condition(self, node: lt.Chain) -> Value:
        """[a > b] as a number; [a < b < c] as the product of two."""
        if len(node.signs) > 1:
            both = [self.reader.value(pair) for pair in lt.compared(node)]
            return reduce(partial(self.reader.entries.entrywise, OPERATIONS["multiply"]), both)
        left, right = node.operands
        sign = node.signs[0]
        if sign == "=":
            return self._equal(left, right)
        if sign == r"\neq":
            return self._not(self._equal(left, right))
        if sign not in ("<", ">", r"\leq", r"\geq"):
            raise ProgramError(f"{sign} is not expected here", column=node.at + 1)
        if sign in ("<", r"\geq"):
            left, right = right, left
        if (margin := places.margin(self.reader, node)) is not None:
            return self.reader.entries.entrywise(signs.INDICATOR, margin)
        step = self._step(self.reader.value(left), self.reader.value(right))
        return self._not(step) if sign in (r"\leq", r"\geq") else step

    def _is_number(self, node: lt.Node) -> bool:
        """Whether names of numbers stand there, and not only indices, labels and sizes."""
        names = (self.reader.names.find(x) for x in lt.walk(node) if isinstance(x, lt.Sym))
        found = (self.reader.scope.meanings.get(name) for name in names if name is not None)
        return any(isinstance(x, Name) and x.index_of is None for x in found)

    def _step(self, left: Value, right: Value) -> Value:
        """[left > right]"""
        difference = self._difference(left, right)
        return self.reader.entries.entrywise(signs.INDICATOR, difference)

    def _difference(self, left: Value, right: Value) -> Value:
        if is_number(right.expression, 0):
            return left
        if is_number(left.expression, 0):
            return self.reader.entries.entrywise(OPERATIONS["negative"], right)
        return self.reader.entries.entrywise(OPERATIONS["subtract"], left, right)

    def _not(self, step: Value) -> Value:
        one = Value(Number(exact(1)))
        return self.reader.entries.entrywise(OPERATIONS["subtract"], one, step)

    def _equal(self, left: lt.Node, right: lt.Node) -> Value:
        """[i = j] of two indices or two labels, [i = o] of an index and a label, [a = b] of
        numbers."""
        if self._is_number(left) or self._is_number(right):
            values = self.reader.value(left), self.reader.value(right)
            steps = [self._step(*values), self._step(*values[::-1])]
            return self.reader.entries.entrywise(OPERATIONS["multiply"], *map(self._not, steps))
        if places.is_sum(left) or places.is_sum(right):
            return places.equal_at(self.reader, left, right)
        one, other = (
            index_or_label(self.reader.scope, self.reader.names, x) for x in (left, right)
        )
        if isinstance(one, Expression):
            one, other = other, one
        if isinstance(one, Expression):
            return Value(same_label(other, one))  # type: ignore[arg-type]
        entries = self.reader.entries
        if isinstance(other, Expression):
            letter = lt.Sym(left.at, one)
            return places.entries_at(self.reader, Value(onehot(other)), (one,), [letter])
        both = one in entries.sizes and other in entries.sizes
        if both or entries.later(one) or entries.later(other):
            return places.equal_at(self.reader, left, right)
        size = entries.size(other if other in entries.sizes else one)
        return entries.entry(Value(filled(eye, (size,))), (one, other))

    def cases(self, rows: Sequence[tuple[lt.Node, lt.Node | None]]) -> Value:
        """Values by their conditions, each tried in turn."""
        whole: Value | None = None
        values = [self.reader.value(value) for value, _ in rows]
        for own, (_, condition) in zip(reversed(values), reversed(rows), strict=True):
            rest = Value(ZERO) if whole is None else whole
            for part in reversed(lt.parts_of(condition)):
                own = self._chosen(part, own, rest)
            whole = own
        if whole is None:
            raise ProgramError("no case is given")
        return whole

    def _chosen(self, condition: lt.Node, own: Value, rest: Value) -> Value:
        """A value where a condition holds, else another one."""
        entries = self.reader.entries
        margin = places.margin(self.reader, condition, own.letters)
        if margin is None:
            holds = self.reader.value(condition)
            if not (holds.letters and getattr(condition, "signs", ()) in (("=",), (r"\neq",))):
                return entries.entrywise(signs.CASES, holds, own, rest)
            margin = holds
        return entries.entrywise(signs.CASES, margin, Value(ZERO), own, rest)
