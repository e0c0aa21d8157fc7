"""The derivatives of scalar functions, from their definitions by scalar calculus."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from symgrad.calculus.index_notation import Both
from symgrad.calculus.nodes import Map
from symgrad.calculus.proofs.lines import ProofLine, Scalar, ScalarRule
from symgrad.calculus.proofs.uses import Uses
from symgrad.language.dimensions import ONE, dimension
from symgrad.language.expressions import Expression, Name, Operation
from symgrad.language.unparse import unparse

POINT = tuple(Name(letter, (dimension(6), ONE)) for letter in "tu")  # checked at six at once
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
    if definition.written[0] != called[0]:
        yield ProofLine(called, definition, "definition", ScalarRule(operation, None))
    slope = value.diff(SYMBOLS[k])
    left = _slope(called, k)
    derivative = Scalar(_written(slope), slope)
    yield ProofLine(left, derivative, "scalar calculus", ScalarRule(operation, k))
    recorded: Expression = meaning.derivative(*POINT[:arity])[k]
    if unparse(recorded).replace(" ", "") != derivative.written[0].replace(" ", ""):
        yield ProofLine(left, recorded, "as the record has it", ScalarRule(operation, k))


def _called(operation: Operation, arity: int) -> Both:
    inside = ", ".join("tu"[:arity])
    name = operation.name.replace("_", r"\_")
    return f"{operation.name}({inside})", rf"\operatorname{{{name}}}({inside})"


def _slope(called: Both, k: int) -> Both:
    by = "tu"[k]
    return f"d {called[0]} / d{by}", rf"\frac{{\partial}}{{\partial {by}}} {called[1]}"


def _written(value: sympy.Expr) -> Both:
    """A function as text and as LaTeX, its cases one after the other."""
    if not isinstance(value, sympy.Piecewise):
        return sympy.sstr(value), sympy.latex(value)
    texts, latexes = [], []
    for piece, condition in value.args:
        always = condition == sympy.true
        texts.append(f"{piece} else" if always else f"{piece} where {condition}")
        where = " else" if always else f" where {condition}"
        latexes.append(rf"{sympy.latex(piece)}\text{{{where}}}")
    return ", ".join(texts), r",\quad ".join(latexes)
