"""SymPy's cases, Piecewise and Heaviside, as the operations with a kink that they are.

Each is written in SymPy's own terms first, so that the rules of those give the meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sympy
from sympy.core.relational import Relational

from symgrad.errors import ProgramError
from symgrad.language import sympy_trees as trees
from symgrad.language.operations.piecewise import step


def _unit_step(x: sympy.Expr) -> sympy.Expr:
    """1 where x > 0, else 0."""
    return sympy.Heaviside(x, 0)


def _both(*truths: sympy.Expr) -> sympy.Expr:
    return sympy.Mul(*truths)


def _either(*truths: sympy.Expr) -> sympy.Expr:
    return 1 - sympy.Mul(*(1 - truth for truth in truths))


# Conditions as numbers, 1 where they hold and else 0.
TRUTHS: dict[type, Any] = {
    sympy.StrictGreaterThan: lambda x, y: _unit_step(x - y),
    sympy.GreaterThan: lambda x, y: 1 - _unit_step(y - x),
    sympy.StrictLessThan: lambda x, y: _unit_step(y - x),
    sympy.LessThan: lambda x, y: 1 - _unit_step(x - y),
    sympy.Not: lambda truth: 1 - truth,
    sympy.And: _both,
    sympy.Or: _either,
}


def _truth(condition: sympy.Basic) -> sympy.Expr:
    """A condition as a number."""
    if condition == sympy.true:
        return sympy.Integer(1)
    if isinstance(condition, sympy.Eq | sympy.Ne):
        if not all(isinstance(side, sympy.Symbol) and side.is_integer for side in condition.args):
            raise ProgramError(f"{trees.shown(condition)}: only two index letters are compared so")
        equal = sympy.KroneckerDelta(*condition.args)
        return equal if isinstance(condition, sympy.Eq) else 1 - equal
    rule = TRUTHS.get(type(condition))
    if rule is None:
        raise ProgramError(f"{trees.shown(condition)} is no condition that is read: use >, <, &, |")
    sides = condition.args
    return rule(*(sides if isinstance(condition, Relational) else map(_truth, sides)))


def _with_kink(over: sympy.Expr, value: sympy.Expr, other: sympy.Expr) -> sympy.Expr | None:
    """`value` where over > 0, else `other`, where that is continuous and has a name."""
    forms = {over: sympy.Max, -over: sympy.Min}
    form = forms.get(sympy.expand(value - other)) or forms.get(value - other)
    if form is not None:
        return form(value, other)
    if value == -other and value in (over, -over):
        return sympy.Abs(over) if value == over else -sympy.Abs(over)
    return None


def _cases(node: sympy.Piecewise) -> sympy.Expr:
    """The sum of the values, each times where it holds."""
    (value, condition), (other, last) = node.args[0], node.args[-1]
    if last != sympy.true:
        raise ProgramError(f"{trees.shown(node)}: the last case is for all else: (..., True)")
    if len(node.args) == 2 and type(condition) in TRUTHS and isinstance(condition, Relational):
        named = _with_kink(condition.gts - condition.lts, value, other)
        if named is not None:
            return named
    for case, condition in reversed(node.args[:-1]):
        truth = _truth(condition)
        other = case * truth + other * (1 - truth)
    return other


RULES: dict[type, trees.ClassRule] = {
    sympy.Piecewise: lambda node, value: value,
    sympy.Heaviside: lambda node, x: step(x),
}
OPERANDS: dict[type, Callable[[Any], Sequence[sympy.Basic]]] = {
    sympy.Piecewise: lambda node: (_cases(node),),
    sympy.Heaviside: lambda node: node.args[:1],
}
