"""The derivatives of scalar functions, from their definitions by scalar calculus."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sympy
from sympy.core.relational import Relational

from symgrad.calculus.naming import fresh
from symgrad.calculus.nodes import Map
from symgrad.calculus.proofs.lines import ProofLine, ScalarFunction, ScalarRule
from symgrad.calculus.proofs.uses import Uses
from symgrad.errors import SymgradError
from symgrad.language import composing
from symgrad.language import formula as fm
from symgrad.language.composing import PARTIAL
from symgrad.language.dimensions import SCALAR
from symgrad.language.expressions import Expression, Name, Operation
from symgrad.language.formula import Formula
from symgrad.language.plain import plain_text
from symgrad.language.sympy_rules import expression_of
from symgrad.language.typeset import sign, typeset
from symgrad.language.unparse import unparse

LETTERS = "tuwrqabc"  # of numbers, where no name of the derivation is the same
RELATIONS = {">": ">", "<": "<", ">=": r"\geq", "<=": r"\leq", "==": "=", "!=": r"\neq"}


def scalar_lines(uses: Uses) -> Iterator[ProofLine]:
    """For each scalar function whose argument moves: its definition, its derivative by scalar
    calculus, and that derivative in the form that the other lines have."""
    moving = uses.moving
    used = dict.fromkeys(
        (node.operation, k)
        for statement in uses.statements.values()
        if isinstance(node := statement.entry.node, Map)
        for k, (argument, _) in enumerate(node.arguments)
        if argument in moving
    )
    taken = {*uses.taken}
    letters = (*(x for x in LETTERS if x not in taken), *LETTERS)
    point = [Name(fresh(x, taken), SCALAR) for x in letters]
    for operation, k in used:
        yield from _lines(operation, k, point[: operation.arity[1]])


def _lines(operation: Operation, k: int, point: Sequence[Name]) -> Iterator[ProofLine]:
    meaning = operation.meaning
    if meaning.definition is None:  # f' is all that is known
        return
    at = [symbol_of(name) for name in point]
    value = meaning.definition(*at)
    called = composing.applied(sign(operation), *map(typeset, point))
    definition = ScalarFunction(_written(value), value)
    whole, by_one = (ScalarRule(operation, each, tuple(point)) for each in (None, k))
    if plain_text(definition.written) != plain_text(called):
        yield ProofLine(called, definition, "definition", whole)
    slope = value.diff(at[k])
    left = _slope(called, typeset(point[k]))
    derivative = ScalarFunction(_written(slope), slope)
    yield ProofLine(left, derivative, "scalar calculus", by_one)
    recorded: Expression = meaning.derivative(*point)[k]
    if _signs(unparse(recorded)) != _signs(plain_text(derivative.written)):
        yield ProofLine(left, recorded, "in the form used here", by_one)


def _signs(text: str) -> list[str]:
    """The letters, digits and signs of a formula: of 2 / pi * x and of 2 * x / pi the same."""
    return sorted(sign for sign in text if sign not in " *()")


def symbol_of(name: Name) -> sympy.Symbol:
    """The real number of this name, in SymPy."""
    return sympy.Symbol(name.name, real=True)


def _slope(called: Formula, by: Formula) -> Formula:
    front = fm.Fraction((PARTIAL, composing.partial(by)))
    whole = fm.Row((front, called), scalars=2)
    return composing.spelled(whole, f"d {plain_text(called)} / d{plain_text(by)}")


def _written(value: sympy.Expr) -> Formula:
    """A function, by its cases where it has some."""
    if not isinstance(value, sympy.Piecewise):
        return _in_sympy(value)
    parts = [_in_sympy(e) for case in value.args for e in case if e != sympy.true]
    return fm.Cases(tuple(parts))


def _in_sympy(e: sympy.Basic) -> Formula:
    return composing.spelled(_typeset(e), sympy.sstr(e), fm.RELATION)


def _typeset(e: sympy.Basic) -> Formula:
    """A scalar or a condition; in words where the language has no word for it."""
    if isinstance(e, sympy.And):
        return composing.listed(map(_typeset, sorted(e.args, key=str)))
    if isinstance(e, Relational):
        sides = (_typeset(e.lhs), _typeset(e.rhs))
        return fm.Infix(sides, signs=(RELATIONS[e.rel_op],), binds=fm.RELATION)
    try:
        return typeset(expression_of(e))
    except SymgradError:
        return fm.Words(text=sympy.sstr(e))
