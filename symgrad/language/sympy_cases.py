"""SymPy's cases, Piecewise and Heaviside. A condition is written as a number in SymPy's own terms
first, so that the rules of those give the meaning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sympy
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanFunction

from symgrad.errors import ProgramError
from symgrad.language import sympy_trees as trees
from symgrad.language.expressions import Expression
from symgrad.language.operations.cases import where
from symgrad.language.operations.piecewise import step


def _unit_step(x: sympy.Expr) -> sympy.Expr:
    """1 where x > 0, else 0."""
    return sympy.Heaviside(x, 0)


# Conditions as numbers, 1 where they hold and else 0.
TRUTHS: dict[type, Any] = {
    sympy.StrictGreaterThan: lambda x, y: _unit_step(x - y),
    sympy.GreaterThan: lambda x, y: 1 - _unit_step(y - x),
    sympy.StrictLessThan: lambda x, y: _unit_step(y - x),
    sympy.LessThan: lambda x, y: 1 - _unit_step(x - y),
    sympy.Not: lambda truth: 1 - truth,
    sympy.ITE: lambda truth, one, other: truth * one + (1 - truth) * other,
    sympy.And: sympy.Mul,
    sympy.Or: lambda *truths: 1 - sympy.Mul(*(1 - truth for truth in truths)),
}


def _truth(condition: sympy.Basic) -> sympy.Expr:
    """A condition as a number."""
    if condition in (sympy.true, sympy.false):
        return sympy.Integer(bool(condition))
    if isinstance(condition, sympy.Eq | sympy.Ne):
        one, other = condition.args
        letters = all(isinstance(x, sympy.Symbol) and x.is_integer for x in (one, other))
        differ = 1 - sympy.KroneckerDelta(one, other) if letters else _unit_step(abs(one - other))
        return differ if isinstance(condition, sympy.Ne) else 1 - differ
    rule = TRUTHS.get(type(condition))
    if rule is None:
        raise ProgramError(f"{trees.shown(condition)} is no condition that is read: use >, <, &, |")
    sides = condition.args
    return rule(*(sides if isinstance(condition, Relational) else map(_truth, sides)))


def _parts(node: sympy.Piecewise) -> Sequence[sympy.Basic]:
    """Each value before its condition, the last value alone."""
    other, last = node.args[-1]
    if last != sympy.true:
        raise ProgramError(f"{trees.shown(node)}: the last case is for all else: (..., True)")
    return [*(part for pair in node.args[:-1] for part in pair), other]


def _cases(node: sympy.Piecewise, *parts: Expression) -> Expression:
    """The first value whose condition holds."""
    *front, other = parts
    for value, truth in reversed([*zip(front[::2], front[1::2], strict=True)]):
        other = where(truth, value, other)
    return other


CONDITIONS = (Relational, BooleanFunction)
RULES: dict[type, trees.ClassRule] = {
    sympy.Piecewise: _cases,
    sympy.Heaviside: lambda node, x: step(x),
}
OPERANDS: dict[type, Callable[[Any], Sequence[sympy.Basic]]] = {
    sympy.Piecewise: _parts,
    sympy.Heaviside: lambda node: node.args[:1],
}
trees.BY_OTHERS |= dict.fromkeys(CONDITIONS, _truth)
