"""Expressions: from Python's syntax tree to operations, by a whitelist."""

from __future__ import annotations

import ast

from symgrad.errors import ProgramError, UnknownNameError, did_you_mean
from symgrad.language.declarations import declared_dimension
from symgrad.language.dimensions import Dimension, dimension
from symgrad.language.expressions import OPERATIONS, Expression, Number, Operation, exact
from symgrad.language.operations.batches import over_batch
from symgrad.language.operations.constants import filled
from symgrad.language.operations.contractions import lookup
from symgrad.language.scope import Scope, function_named, function_names
from symgrad.language.syntax import errors_at, refuse, source_of

DEEPEST = 100
BINARY = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.MatMult: "matmul",
    ast.Pow: "power",
}


def read_expression(node: ast.expr, scope: Scope, depth: int = 0) -> Expression:
    """The expression that a syntax tree says among these names.

    Raises: SymgradError with the place of the smallest part that is wrong."""
    if depth > DEEPEST:
        raise ProgramError("nested too deeply; give intermediate results names")
    spine: list[ast.BinOp] = []  # a + b + c + ... is as deep as it is long
    while (
        isinstance(node, ast.BinOp) and type(node.op) in BINARY and not isinstance(node.op, ast.Pow)
    ):
        spine.append(node)
        node = node.left
    with errors_at(node):
        value = _operand(node, scope, depth + 1)
    for operator in reversed(spine):
        right = read_expression(operator.right, scope, depth + 1)
        with errors_at(operator):
            value = OPERATIONS[BINARY[type(operator.op)]](value, right)
    return value


def _operand(node: ast.expr, scope: Scope, depth: int) -> Expression:
    match node:
        case ast.Constant(value=value):
            return _number(value)
        case ast.Name(id=name):
            return scope.meaning(name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -read_expression(operand, scope, depth)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return read_expression(operand, scope, depth)
        case ast.BinOp(op=ast.Pow(), left=left, right=right):
            base = read_expression(left, scope, depth)
            return base ** read_expression(right, scope, depth)
        case ast.BinOp(op=op):
            refuse(op, "this operator is not part of the language")
        case ast.Attribute(value=value, attr="T"):
            return read_expression(value, scope, depth).T
        case ast.Attribute(value=value, attr=attribute):
            text = source_of(value)
            hint = f"; write {attribute} without {text}." if attribute in OPERATIONS else ""
            raise ProgramError(f"the only attribute is .T, not .{attribute}{hint}")
        case ast.Subscript(value=table, slice=label):
            return lookup(
                read_expression(table, scope, depth), read_expression(label, scope, depth)
            )
        case ast.Call(func=ast.Name(id=name)):
            return _call(name, node, scope, depth)
        case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=function)) if (
            function in OPERATIONS
        ):
            raise ProgramError(f"write {function}(...) without {module}.; the only attribute is .T")
        case ast.Call(func=function):
            raise ProgramError(
                f"{source_of(function)} is no function of the language (attributes: .T)"
            )
    refuse(node, f"{type(node).__name__.lower()} is not part of the language")


def _number(value: object) -> Expression:
    if isinstance(value, bool) or value is None:
        raise ProgramError(f"{value} is not a value of the language")
    if isinstance(value, str):
        raise ProgramError(f"strings are not part of the language: {value[:40]!r}")
    if not isinstance(value, (int, float)):
        raise ProgramError(f"{value!r} is not a number of the language")
    if abs(value) > 1e300:
        raise ProgramError("the number is too large")
    return Number(exact(value))


def _call(name: str, node: ast.Call, scope: Scope, depth: int) -> Expression:
    operation = function_named(name)
    if operation is None:
        raise UnknownNameError(f"unknown function {name}{did_you_mean(name, function_names())}")
    if any(isinstance(argument, ast.Starred) for argument in node.args):
        raise ProgramError("* before an argument is not part of the language")
    if any(keyword.arg is None for keyword in node.keywords):
        raise ProgramError("** before an argument is not part of the language")
    if operation.category == "constant":
        return filled(operation, tuple(_dimension(a, scope, operation.name) for a in node.args))
    if node.args and isinstance(node.args[0], ast.GeneratorExp):
        return _over_batch(operation.name, node, node.args[0], scope, depth)
    options: dict[str, object] = {str(k.arg): _option(operation, k) for k in node.keywords}
    arguments = node.args
    match arguments:
        case [ast.Constant(value=str(spec)), *arguments] if "spec" in operation.options:
            options["spec"] = spec
    return operation(*(read_expression(a, scope, depth) for a in arguments), **options)


def _option(operation: Operation, node: ast.keyword) -> int | float:
    option = str(node.arg)
    if option not in (*operation.parameters, "axis"):
        raise ProgramError(f"{operation.name} has no option {option}")
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


def _dimension(node: ast.expr, scope: Scope, name: str) -> Dimension:
    """A dimension where it is used: declared, or a product as a Kronecker product has it."""
    match node:
        case ast.BinOp(op=ast.Mult(), left=left, right=right):
            return dimension(_dimension(left, scope, name) * _dimension(right, scope, name))
        case ast.BinOp(op=ast.Pow(), left=ast.Name() as base, right=ast.Constant(value=2)):
            return _dimension(base, scope, name) ** 2
        case ast.Name(id=used) if used not in scope.dimensions:
            raise UnknownNameError(
                f"{name}({used}): the dimension {used} is not declared"
                f"{did_you_mean(used, scope.dimensions)}"
            )
    return declared_dimension(node)


def _over_batch(
    name: str, call: ast.Call, node: ast.GeneratorExp, scope: Scope, depth: int
) -> Expression:
    total = OPERATIONS.get(f"batch_{name}")
    if total is None or len(call.args) > 1 or call.keywords:
        raise ProgramError(
            "for ... in batch (a generator) stands only inside sum(...) or mean(...)"
        )
    examples, batch = _generator(node)
    body = read_expression(node.elt, scope, depth)
    for example in examples:
        scope.check_batch(example, batch)
    return over_batch(total, body, examples, batch)


def batches(tree: ast.Module | ast.expr) -> dict[str, str]:
    """The names bound by `for x, y in batch` anywhere in the program -> the batch."""
    bound: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.GeneratorExp):
            with errors_at(node):
                examples, batch = _generator(node)
                for name in examples:
                    if bound.setdefault(name, batch) != batch:
                        raise ProgramError(
                            f"{name} belongs to two batches: {bound[name]} and {batch}"
                        )
    return bound


def _generator(node: ast.GeneratorExp) -> tuple[tuple[str, ...], str]:
    """The names that a generator binds, and its batch."""
    match node.generators:
        case [ast.comprehension(target=target, iter=ast.Name(id=batch), ifs=[], is_async=0)]:
            elements = target.elts if isinstance(target, ast.Tuple) else [target]
            if all(isinstance(e, ast.Name) for e in elements):
                return tuple(e.id for e in elements if isinstance(e, ast.Name)), batch
    raise ProgramError("a generator reads `for x, y in batch`, with names only")
