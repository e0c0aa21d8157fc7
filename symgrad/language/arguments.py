"""What is no expression in a call: the options of an operation, dimensions, how many examples a
batch has. And numbers as they are typed."""

from __future__ import annotations

import ast

from symgrad.errors import ProgramError, UnknownNameError, did_you_mean
from symgrad.language.declarations import declared_dimension
from symgrad.language.dimensions import Dimension, size_of
from symgrad.language.expressions import Expression, Number, Operation, Size, exact
from symgrad.language.operations.places import as_place
from symgrad.language.scope import SIZE, Scope
from symgrad.language.syntax import Read, source_of, words_in


def number(value: object, digits: str) -> Expression:
    """A number as it is typed, of these digits."""
    if isinstance(value, bool) or value is None:
        raise ProgramError(f"{value} is not a value of the language")
    if isinstance(value, str):
        raise ProgramError(f"strings are not part of the language: {value[:40]!r}")
    if value is ...:
        raise ProgramError("... stands for nothing here: all of it is written out")
    if not isinstance(value, (int, float)):
        raise ProgramError(f"{value!r} is not a number of the language")
    if abs(value) > 1e300:
        raise ProgramError("the number is too large")
    return Number(exact(value), digits=digits)


def option(operation: Operation, node: ast.keyword) -> int | float:
    """The value of an option of an operation: its axis, or a parameter."""
    option = str(node.arg)
    if option not in (*operation.parameters, "axis"):
        summed = f"; over an index it is sum(... for {option} in range(n))" * (len(option) == 1)
        raise ProgramError(f"{operation.name} has no option {option}{summed}")
    kind = "a number, 0 or 1" if option == "axis" else "a number"
    match node.value:
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(value) | float(value))) if (
            option != "axis" and not isinstance(value, bool)
        ):
            return -value
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            return value
        case ast.Constant(value=float(value)) if option != "axis":
            return value
    raise ProgramError(f"{operation.name}: {option} must be {kind}, not {source_of(node.value)}")


def literal(node: ast.keyword) -> object:
    """The value of an option."""
    try:
        return ast.literal_eval(node.value)
    except ValueError:
        raise ProgramError(f"{node.arg} must be a number, not {source_of(node.value)}") from None


def used_dimension(node: ast.expr, scope: Scope, name: str, read: Read) -> Dimension:
    """A dimension where it is used: declared, or a sum or product of such."""
    if isinstance(node, ast.Name | ast.BinOp):
        for used in sorted(words_in(node) - scope.dimensions):
            if not scope.is_series(used):
                raise UnknownNameError(
                    f"{name}({used}): the dimension {used} is not declared"
                    f"{did_you_mean(used, scope.dimensions)}"
                )
    if isinstance(node, ast.BinOp | ast.Subscript):
        where = as_place(read(node))
        if where is not None and not where.letters and where.offset.free_symbols:
            return size_of(where.offset)
    return declared_dimension(node)


def batch_size(node: ast.Call, scope: Scope) -> Expression:
    """size(batch): the number of examples."""
    match node:
        case ast.Call(args=[ast.Name(id=batch)], keywords=[]) if batch in scope.batches.values():
            return Size(batch)
    known = " or ".join(f"{SIZE}({batch})" for batch in sorted({*scope.batches.values()}))
    hint = f"write {known}" if known else "there is no `for ... in batch` here"
    if any(isinstance(a, ast.Name) and a.id in scope.dimensions for a in node.args):
        hint = "a dimension is a number itself: write n, not size(n)"
    raise ProgramError(f"{source_of(node)}: {SIZE}(...) is the number of examples; {hint}")
