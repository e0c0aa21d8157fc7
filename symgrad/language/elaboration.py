"""Expressions: from Python's syntax tree to operations, by a whitelist."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from symgrad.errors import ProgramError, SymgradError
from symgrad.language.arguments import number
from symgrad.language.calls import is_module, read_call, remark_at
from symgrad.language.expressions import OPERATIONS, Expression, is_scalar
from symgrad.language.handwriting.marks import (
    AFTER_DIVISION,
    FORMULA,
    JUXTAPOSED,
    ONES,
    TRANSPOSED_INVERSE,
)
from symgrad.language.literals import digits_of
from symgrad.language.operations import arrays, axes, conventions, signs
from symgrad.language.operations.advice import FACTS_MEANT
from symgrad.language.operations.arrays import KEEPS
from symgrad.language.operations.axes import Remark, is_column
from symgrad.language.operations.batches import over_batch
from symgrad.language.operations.conventions import MATRICES, STAR
from symgrad.language.places import new_axis, places_in, subscripted
from symgrad.language.recurrences import is_series, read_entry
from symgrad.language.scope import Scope
from symgrad.language.syntax import Read, errors_at, refuse, sign_of, span, typed
from symgrad.language.unparse import unparse

if TYPE_CHECKING:
    from symgrad.language.latex_input.reading import Equation

DEEPEST = 100
BINARY = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.MatMult: "matmul",
    ast.Pow: "power",
}


def read_expression(node: ast.expr, scope: Scope) -> Expression:
    """The expression that a syntax tree says among these names. Where one * can only be the product
    of matrices, as in A*B*x, each is that can be, unless @ stands beside it.

    Raises: SymgradError with the place of the smallest part that is wrong."""
    noted = len(scope.notes)
    value = _expression(node, scope)
    first = scope.notes[noted:]
    sympy = any(note[1] == STAR for note in first) or (first and ".inv()" in typed(node))
    if sympy and "@" not in typed(node):
        del scope.notes[noted:]
        scope.star = MATRICES
        try:
            return _expression(node, scope)
        except SymgradError:
            scope.notes[noted:] = first
        finally:
            scope.star = ""
    return value


def _expression(node: ast.expr, scope: Scope, depth: int = 0) -> Expression:
    if depth > DEEPEST:
        raise ProgramError("nested too deeply; give intermediate results names")

    def read(part: ast.expr) -> Expression:
        return _expression(part, scope, depth + 1)

    spine: list[ast.BinOp] = []  # a + b + c + ... is as deep as it is long
    while isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Pow):
        if type(node.op) not in BINARY:
            refuse(node.op, "this operator is not part of the language")
        spine.append(node)
        node = node.left
    if spine and _ones(node):  # 1^T Z
        operator = spine.pop()
        value = read(operator.right)
        with errors_at(operator):
            turned = isinstance(node, ast.Attribute)
            value = axes.ones_times(value, turned, remark_at(operator, scope))
    else:
        with errors_at(node):
            value = _operand(node, scope, read)
    for operator in reversed(spine):
        if _ones(operator.right):
            with errors_at(operator):
                value = axes.times_ones(value, remark_at(operator, scope))
            continue
        right = read(operator.right)
        with errors_at(operator):
            value = _combined(operator, value, right, scope)
    return value


def formula(node: ast.Name, scope: Scope) -> Equation:
    """What LaTeX says."""
    from symgrad.language.latex_input.reading import read_latex_line

    text, start, end = span(node)
    try:
        equation = read_latex_line(text[start:end], scope)
    except SymgradError as error:
        column = node.col_offset + (error.column or 1)
        error.line = None
        raise error.at(node.lineno, column, None) from None
    remark_at(node, scope)("", "; ".join(map(unparse, equation.sides)))
    return equation


def _ones(node: ast.expr) -> bool:
    """Whether this is 1 as a vector, or as a row."""
    match node:
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id=name), attr="T"):
            return name == ONES
    return False


def _combined(operator: ast.BinOp, left: Expression, right: Expression, scope: Scope) -> Expression:
    """A sum, a product or a quotient."""
    sign, remark = sign_of(operator.op), remark_at(operator, scope)
    if not sign and not isinstance(operator.op, ast.MatMult):
        left, right = (
            _repeated(operator.left, left, operator.right, right, remark),
            _repeated(operator.right, right, operator.left, left, remark),
        )
    if not scope.declares:
        matrices = isinstance(operator.op, ast.MatMult) or sign in (JUXTAPOSED, AFTER_DIVISION)
        left, right = axes.beside(left, right, matrices, scope.definitions, remark)
    if not isinstance(operator.op, ast.Mult):
        if isinstance(operator.op, ast.Add | ast.Sub) and not (scope.declares or scope.inferred):
            left, right = axes.spread(left, right, scope.definitions, remark)
        return OPERATIONS[BINARY[type(operator.op)]](left, right)
    if sign == AFTER_DIVISION:
        conventions.after_division(operator, left, right, remark)
    return conventions.product(sign or scope.star, left, right, remark, scope.inferred)


def _repeated(
    node: ast.expr, value: Expression, other: ast.expr, beside: Expression, remark: Remark
) -> Expression:
    """A column that array code repeats beside a matrix, Z - sum(Z, axis=1, keepdims=True); x as a
    row beside such a column, v[:, None] * x."""
    both = is_column(value) and is_column(beside)
    if both and _keeps_axis(other) > _keeps_axis(node) and "keepdim" not in typed(other):
        return value.T
    each = axes.repeated(value, beside)
    if each is None or not _keeps_axis(node):
        return value
    remark(f"{typed(node)} is array code", f"the same in each column, {unparse(each)}")
    return each


def _as_column_or_row(node: ast.expr, scope: Scope, read: Read) -> Expression | None:
    """v[:, None] and v[None, :] of a vector, which is a column here; None of anything else."""
    array, is_row = new_axis(node)
    if array is None or not is_column(value := read(array)):
        return None
    remark_at(node, scope)(f"{typed(node)} is array code", "")
    return value.T if is_row else value


def _keeps_axis(node: ast.expr) -> bool:
    """Whether the axis that was summed over is kept, by the sum or by what is made of it entry by
    entry; or another one was made."""
    match node:
        case ast.Subscript() | ast.Call() if new_axis(node)[0] is not None:
            return True
        case ast.UnaryOp(operand=operand):
            return _keeps_axis(operand)
        case ast.BinOp(left=left, op=op, right=right) if not isinstance(op, ast.MatMult):
            return _keeps_axis(right) or _keeps_axis(left)
        case ast.Call(args=args, keywords=keywords):
            kept = any(keyword.arg in KEEPS for keyword in keywords)
            return kept or (len(args) == 1 and not keywords and _keeps_axis(args[0]))
    return False


def _operand(node: ast.expr, scope: Scope, read: Read) -> Expression:
    match node:
        case ast.Constant(value=value):
            return number(value, digits_of(node))
        case ast.Name(id=name) if name == FORMULA:
            return formula(node, scope).sides[-1]
        case ast.Name(id=name):
            return scope.meaning(name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -read(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return read(operand)
        case ast.BinOp(op=ast.Pow()):
            return _power(node, scope, read)
        case ast.Compare():
            return conventions.indicator(node, read)
        case ast.IfExp(test=ast.Compare() as test, body=body, orelse=other):
            parts = map(read, (test, body, other))
            chosen = signs.CASES(*parts)
            remark_at(node, scope)("if ... else is not part of the language", unparse(chosen))
            return chosen
        case ast.Attribute():
            return _attribute(node, scope, read)
        case ast.Subscript():
            return _subscript(node, scope, read)
        case ast.Call():
            return _as_column_or_row(node, scope, read) or read_call(node, scope, read)
    refuse(node, f"{type(node).__name__.lower()} is not part of the language")


def _power(node: ast.BinOp, scope: Scope, read: Read) -> Expression:
    """A power, written ** or ^."""
    remark = remark_at(node, scope)
    match node.left:
        case ast.Name(id="e") if sign_of(node.op) and not scope.has("e"):
            value = signs.EXPONENTIAL(read(node.right))
            remark("e^x is exp(x)", unparse(value))
            return value
    base = read(node.left)
    match node.right:
        case ast.Name(id=name) if name == TRANSPOSED_INVERSE:
            return signs.INVERSE(base).T
    exponent = read(node.right)
    if sign_of(node.op):
        return conventions.power(base, exponent, remark, scope.inferred)
    return base**exponent


def _attribute(node: ast.Attribute, scope: Scope, read: Read) -> Expression:
    """x.T; numpy.pi."""
    if node.attr == "T":
        value = read(node.value)
        if is_scalar(value) and isinstance(node.value, ast.Name) and typed(node)[-1:] == "'":
            raise ProgramError(f"{typed(node)}: a number has no transpose; write a derivative out")
        return value.T
    if is_module(node.value, scope):
        remark_at(node, scope)(f"{typed(node)} is array code", "")
        return scope.meaning(node.attr)
    if node.attr in ("size", "length"):
        value = arrays.length(read(node.value))
        remark_at(node, scope)(f"{typed(node)} is array code", "")
        return value
    told = f"; {FACTS_MEANT[node.attr]}" if node.attr in FACTS_MEANT else ""
    if len(node.attr) == 1 and not told and node.attr != "t":
        told = "; a product is written with @, as in x.T @ A @ x"
    told = told or "; a file is read by load" * (node.attr == "sg")
    raise ProgramError(f"the only attribute is .T, not .{node.attr}{told}")


def _subscript(node: ast.Subscript, scope: Scope, read: Read) -> Expression:
    """Z[k], 1[z > 0], x.shape[0]."""
    if is_series(node.value, scope):
        return read_entry(node, scope)
    match node:
        case ast.Subscript(value=ast.Constant(value=1), slice=ast.Compare() as condition):
            return read(condition)
        case ast.Subscript(value=ast.Name(id="I"), slice=ast.Compare() as condition) if (
            not scope.has("I")
        ):
            return read(condition)
        case ast.Subscript(value=ast.Name(id="E"), slice=inside) if not scope.has("E"):
            if (value := read(inside)).batch is None:
                return read(node.value)  # which says what it is
            names = tuple(n for n, b in scope.batches.items() if b == value.batch)
            mean = over_batch(OPERATIONS["batch_mean"], value, names, value.batch)
            remark_at(node, scope)("an expectation is a mean", unparse(mean))
            return mean
        case ast.Subscript(
            value=ast.Attribute(value=array, attr="shape"), slice=ast.Constant(value=int(axis))
        ):
            value = arrays.size(read(array), axis)
            remark_at(node, scope)(f"{typed(node)} is array code", "")
            return value
    if (found := _as_column_or_row(node, scope, read)) is not None:
        return found
    table = read(node.value)
    for place, size in zip(places_in(node), table.shape, strict=False):
        if isinstance(place, ast.Name):
            with errors_at(place):
                scope.meaning(place.id, size)
    return subscripted(node, table, read)
