"""The derivatives of scalar functions, from their definitions by scalar calculus."""

from __future__ import annotations

from collections.abc import Iterator

import sympy

from symgrad.calculus.index_notation import Both
from symgrad.calculus.proofs.lines import ProofLine, Scalar, ScalarSlope, ScalarValue
from symgrad.calculus.proofs.subject import Subject
from symgrad.language.dimensions import SCALAR
from symgrad.language.expressions import Call, Expression, Name, Operation, fold
from symgrad.language.operations.meanings import Elementwise
from symgrad.language.unparse import unparse

POINT = tuple(Name(letter, SCALAR) for letter in "tu")
SYMBOLS = tuple(sympy.Symbol(letter, real=True) for letter in "tu")


def scalar_lines(subject: Subject) -> Iterator[ProofLine]:
    """For each scalar function whose argument moves: its definition, its derivative by scalar
    calculus, and that derivative as the record has it."""
    used: dict[tuple[Operation, int], None] = {}
    for statement in subject.statements:
        if statement.expression is not None:
            fold(statement.expression, lambda e, _: _collect(subject, e, used))
    for operation, k in used:
        yield from _lines(operation, k)


def _collect(subject: Subject, e: Expression, used: dict[tuple[Operation, int], None]) -> None:
    if isinstance(e, Call) and isinstance(e.operation.meaning, Elementwise):
        for k, argument in enumerate(e.arguments):
            if isinstance(argument, Name) and argument.name in subject.differentials:
                used.setdefault((e.operation, k))


def _lines(operation: Operation, k: int) -> Iterator[ProofLine]:
    meaning = operation.meaning
    arity = operation.arity[1]
    point = POINT[:arity]
    value = meaning.definition(*SYMBOLS[:arity])
    own = _called(operation, arity)
    definition = Scalar(_written(value), value)
    if definition.written[0] != own[0]:
        yield ProofLine(own, definition, "definition", ScalarValue(operation))
    slope = value.diff(SYMBOLS[k])
    left = _slope(own, k)
    derivative = Scalar(_written(slope), slope)
    yield ProofLine(left, derivative, "scalar calculus", ScalarSlope(operation, k))
    recorded: Expression = meaning.derivative(*point)[k]
    if unparse(recorded) != derivative.written[0]:
        yield ProofLine(left, recorded, "as the record has it", ScalarSlope(operation, k))


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
        where = r"\text{ else}" if always else rf"\text{{ where }} {sympy.latex(condition)}"
        latexes.append(f"{sympy.latex(piece)}{where}")
    return ", ".join(texts), r",\; ".join(latexes)
