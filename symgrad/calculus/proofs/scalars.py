"""The derivatives of scalar functions, from their definitions by scalar calculus."""

from __future__ import annotations

from collections.abc import Iterator

import sympy
from sympy.core.relational import Relational

from symgrad.calculus.nodes import Map
from symgrad.calculus.proofs.lines import ProofLine, Scalar, ScalarRule
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

POINT = tuple(Name(letter, SCALAR) for letter in "tu")
RELATIONS = {">": ">", "<": "<", ">=": r"\geq", "<=": r"\leq", "==": "=", "!=": r"\neq"}
SYMBOLS = tuple(sympy.Symbol(letter, real=True) for letter in "tu")


def scalar_lines(uses: Uses) -> Iterator[ProofLine]:
    """For each scalar function whose argument moves: its definition, its derivative by scalar
    calculus, and that derivative as the record has it."""
    moving = uses.moving
    used = dict.fromkeys(
        (node.operation, k)
        for statement in uses.statements.values()
        if isinstance(node := statement.entry.node, Map)
        for k, (argument, _) in enumerate(node.arguments)
        if argument in moving
    )
    for operation, k in used:
        yield from _lines(operation, k)


def _lines(operation: Operation, k: int) -> Iterator[ProofLine]:
    meaning, arity = operation.meaning, operation.arity[1]
    value = meaning.definition(*SYMBOLS[:arity])
    called = _called(operation, arity)
    definition = Scalar(_written(value), value)
    if plain_text(definition.written) != plain_text(called):
        yield ProofLine(called, definition, "definition", ScalarRule(operation, None))
    slope = value.diff(SYMBOLS[k])
    left = _slope(called, k)
    derivative = Scalar(_written(slope), slope)
    yield ProofLine(left, derivative, "scalar calculus", ScalarRule(operation, k))
    recorded: Expression = meaning.derivative(*POINT[:arity])[k]
    if unparse(recorded).replace(" ", "") != plain_text(derivative.written).replace(" ", ""):
        yield ProofLine(left, recorded, "as the record has it", ScalarRule(operation, k))


def _called(operation: Operation, arity: int) -> Formula:
    inside = [fm.Symbol(latex=letter) for letter in "tu"[:arity]]
    return composing.applied(sign(operation), *inside)


def _slope(called: Formula, k: int) -> Formula:
    by = fm.Symbol(latex="tu"[k])
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
