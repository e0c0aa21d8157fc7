"""Expressions: from Python's syntax tree to operations, by a whitelist."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from symgrad.errors import ProgramError, SymgradError, UnknownNameError, did_you_mean
from symgrad.language.arguments import batch_size, literal, number, option, used_dimension
from symgrad.language.comprehensions import NAMES, over_indices, read_comprehension
from symgrad.language.dimensions import dimension_text
from symgrad.language.expressions import OPERATIONS, Expression, Operation, Size, is_scalar
from symgrad.language.generators import generator
from symgrad.language.handwriting.marks import (
    AFTER_DIVISION,
    FORMULA,
    JUXTAPOSED,
    MAGNITUDE,
    NORM,
    ONES,
    PRIME,
    TRANSPOSED_INVERSE,
)
from symgrad.language.handwriting.vocabulary import MODULES
from symgrad.language.literals import digits_of
from symgrad.language.operations import arrays, conventions, signs
from symgrad.language.operations.advice import OF_REAL, advice
from symgrad.language.operations.batches import over_batch
from symgrad.language.operations.constants import filled
from symgrad.language.operations.entries import at
from symgrad.language.operations.places import affine, as_number
from symgrad.language.places import equality, subscripted
from symgrad.language.recurrences import is_series, read_entry
from symgrad.language.scope import SIZE, Scope, function_named, function_names
from symgrad.language.syntax import errors_at, refuse, sign_of, source_of, span, start_of, typed
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


def read_expression(node: ast.expr, scope: Scope, depth: int = 0) -> Expression:
    """The expression that a syntax tree says among these names.

    Raises: SymgradError with the place of the smallest part that is wrong."""
    if depth > DEEPEST:
        raise ProgramError("nested too deeply; give intermediate results names")
    spine: list[ast.BinOp] = []  # a + b + c + ... is as deep as it is long
    while isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Pow):
        if type(node.op) not in BINARY:
            refuse(node.op, "this operator is not part of the language")
        spine.append(node)
        node = node.left
    if spine and _ones(node):  # 1^T Z
        operator = spine.pop()
        value = read_expression(operator.right, scope, depth + 1)
        with errors_at(operator):
            turned = isinstance(node, ast.Attribute)
            value = conventions.ones_times(value, turned, _remark(operator, scope))
    else:
        with errors_at(node):
            value = _operand(node, scope, depth + 1)
    for operator in reversed(spine):
        if _ones(operator.right):
            with errors_at(operator):
                value = conventions.times_ones(value, _remark(operator, scope))
            continue
        right = read_expression(operator.right, scope, depth + 1)
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
    _remark(node, scope)("", "; ".join(map(unparse, equation.sides)))
    return equation


def _ones(node: ast.expr) -> bool:
    """Whether this is 1 as a vector, or as a row."""
    match node:
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id=name), attr="T"):
            return name == ONES
    return False


def _combined(operator: ast.BinOp, left: Expression, right: Expression, scope: Scope) -> Expression:
    """A sum, a product or a quotient."""
    sign, remark = sign_of(operator.op), _remark(operator, scope)
    if not scope.declares:
        matrices = isinstance(operator.op, ast.MatMult) or sign in (JUXTAPOSED, AFTER_DIVISION)
        left, right = conventions.beside(left, right, matrices, scope.definitions, remark)
    if not isinstance(operator.op, ast.Mult):
        if isinstance(operator.op, ast.Add | ast.Sub) and not (scope.declares or scope.inferred):
            left, right = conventions.spread(left, right, scope.definitions, remark)
        return OPERATIONS[BINARY[type(operator.op)]](left, right)
    if sign == AFTER_DIVISION:
        conventions.after_division(operator, left, right, remark)
    return conventions.product(sign, left, right, remark, scope.inferred)


def _remark(node: ast.expr, scope: Scope) -> conventions.Remark:
    """Takes down why programs refuse what stands here, and as what it was read."""

    def remark(reason: str, reading: str) -> None:
        told = reading and f"read {typed(node)} as {reading}"
        scope.notes.append((start_of(node), reason, told))

    return remark


def _operand(node: ast.expr, scope: Scope, depth: int) -> Expression:
    match node:
        case ast.Constant(value=value):
            return number(value, digits_of(node))
        case ast.Name(id=name) if name == FORMULA:
            return formula(node, scope).sides[-1]
        case ast.Name(id=name):
            meaning = scope.meaning(name)
            where = affine(meaning)
            return meaning if where is None else as_number(where)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -read_expression(operand, scope, depth)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return read_expression(operand, scope, depth)
        case ast.BinOp(op=ast.Pow()):
            return _power(node, scope, depth)
        case ast.Compare() if (equal := equality(node, scope)) is not None:
            return equal
        case ast.Compare():
            return conventions.indicator(node, lambda side: read_expression(side, scope, depth))
        case ast.IfExp(test=ast.Compare() as test, body=body, orelse=other):
            parts = [read_expression(part, scope, depth) for part in (test, body, other)]
            chosen = signs.CASES(*parts)
            _remark(node, scope)("if ... else is not part of the language", unparse(chosen))
            return chosen
        case ast.Attribute():
            return _attribute(node, scope, depth)
        case ast.Subscript():
            return _subscript(node, scope, depth)
        case ast.Call():
            return _called(node, scope, depth)
    refuse(node, f"{type(node).__name__.lower()} is not part of the language")


def _power(node: ast.BinOp, scope: Scope, depth: int) -> Expression:
    """A power, written ** or ^."""
    remark = _remark(node, scope)
    match node.left:
        case ast.Name(id="e") if sign_of(node.op) and not scope.has("e"):
            value = signs.EXPONENTIAL(read_expression(node.right, scope, depth))
            remark("e^x is exp(x)", unparse(value))
            return value
    base = read_expression(node.left, scope, depth)
    match node.right:
        case ast.Name(id=name) if name == TRANSPOSED_INVERSE:
            return signs.INVERSE(base).T
    exponent = read_expression(node.right, scope, depth)
    if sign_of(node.op):
        return conventions.power(base, exponent, remark, scope.inferred)
    return base**exponent


def _attribute(node: ast.Attribute, scope: Scope, depth: int) -> Expression:
    """x.T; numpy.pi."""
    if node.attr == "T":
        value = read_expression(node.value, scope, depth)
        if is_scalar(value) and isinstance(node.value, ast.Name) and typed(node)[-1:] == "'":
            raise ProgramError(f"{typed(node)}: a number has no transpose; write a derivative out")
        return value.T
    if _module(node.value, scope):
        _remark(node, scope)(f"{typed(node)} is array code", "")
        return scope.meaning(node.attr)
    if node.attr in ("size", "length"):
        value = arrays.length(read_expression(node.value, scope, depth))
        _remark(node, scope)(f"{typed(node)} is array code", "")
        return value
    told = f"; {OF_REAL[node.attr]}" if node.attr in OF_REAL else ""
    raise ProgramError(f"the only attribute is .T, not .{node.attr}{told}")


def _subscript(node: ast.Subscript, scope: Scope, depth: int) -> Expression:
    """Z[k], 1[z > 0], x.shape[0]."""
    if is_series(node.value, scope):
        return read_entry(node, scope)
    match node:
        case ast.Subscript(value=ast.Constant(value=1), slice=ast.Compare() as condition):
            return read_expression(condition, scope, depth)
        case ast.Subscript(value=ast.Name(id="I"), slice=ast.Compare() as condition) if (
            not scope.has("I")
        ):
            return read_expression(condition, scope, depth)
        case ast.Subscript(
            value=ast.Attribute(value=array, attr="shape"), slice=ast.Constant(value=int(axis))
        ):
            value = arrays.size(read_expression(array, scope, depth), axis)
            _remark(node, scope)(f"{typed(node)} is array code", "")
            return value
    table = read_expression(node.value, scope, depth)
    if (found := subscripted(node, table, scope)) is not None:
        return found
    labels = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return at(table, *(read_expression(label, scope, depth) for label in labels))


def _module(node: ast.expr, scope: Scope) -> bool:
    """Whether this is np, torch.nn or the like."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in MODULES and not scope.has(node.id)


def _called(node: ast.Call, scope: Scope, depth: int) -> Expression:
    match node.func:
        case ast.Name(id=name) if name.startswith((MAGNITUDE, NORM, PRIME)):
            return _marked(name, node, scope, depth)
        case ast.Name(id="I" | "indicator" | "Indicator" as name) if [
            type(a) for a in node.args
        ] == [ast.Compare] and not scope.has(name):
            return read_expression(node.args[0], scope, depth)
        case ast.Name(id=name) if name == SIZE:
            return batch_size(node, scope)
        case ast.Name(id=name) if function_named(name) is not None or name in NAMES:
            return _call(name, node, scope, depth)
        case ast.Name(id="len") if _is_batch(node.args, scope):
            _remark(node, scope)("len(...) of a batch is size(...)", "")
            return batch_size(node, scope)
        case ast.Name(id=name) if name in arrays.FUNCTIONS:
            return _array_code(name, [], node, scope, depth)
        case ast.Name(id=name) if name in arrays.UNCHANGED and len(node.args) == 1:
            return _array_code(name, node.args, node, scope, depth)
        case ast.Name(id=name):
            known = [*function_names(), *arrays.FUNCTIONS]
            told = advice(name, list(map(typed, node.args))) or did_you_mean(name, known)
            told = told or f"; declare it above, as in {name}: Function" * (
                scope.declares and name[0] != "_"
            )
            raise UnknownNameError(f"unknown function {name}{told}")
        case ast.Attribute(value=module, attr=name) if _module(module, scope):
            operation = function_named(name)
            if operation is not None and operation.category == "constant":
                _remark(node, scope)(f"{typed(node.func)} is array code", "")
                return _call(name, _shaped(node), scope, depth)
            if arrays.is_read(name):
                return _array_code(name, [], node, scope, depth)
            told = advice(name, list(map(typed, node.args)))
            raise ProgramError(f"{typed(node.func)} is no function of the language{told}")
        case ast.Attribute(value=array, attr=name) if arrays.is_read(name):
            return _array_code(name, [array], node, scope, depth)
        case ast.Attribute(value=array, attr=name):
            told = advice(name, list(map(typed, (array, *node.args))))
            raise ProgramError(f"{typed(node.func)} is no function of the language{told}")
    raise ProgramError(f"{source_of(node.func)} is no function of the language")


def _is_batch(arguments: list[ast.expr], scope: Scope) -> bool:
    """Whether there is one argument, the name of a batch."""
    return [getattr(a, "id", None) in scope.batches.values() for a in arguments] == [True]


def _marked(name: str, node: ast.Call, scope: Scope, depth: int) -> Expression:
    """|x|, ‖x‖ and f'(x)."""
    remark = _remark(node, scope)
    match node.args:
        case [ast.Name(id=batch)] if name == MAGNITUDE and batch in scope.batches.values():
            return Size(batch)
        case [argument]:
            x = read_expression(argument, scope, depth)
            if name == MAGNITUDE:
                return conventions.magnitude(x, remark)
            if name.startswith(PRIME):
                return conventions.derivative(name, x)
            if name.startswith(NORM):
                return conventions.norm(name.removeprefix(NORM).removeprefix("_"), x, remark)
    raise UnknownNameError(f"unknown function {name}")


def _array_code(
    name: str, first: list[ast.expr], node: ast.Call, scope: Scope, depth: int
) -> Expression:
    """np.sum(x), x.sum(), ln(x): what is called otherwise here."""
    remark = _remark(node, scope)
    unchanged = name in arrays.UNCHANGED
    positional = [*first, *([] if unchanged else node.args)]
    match positional:
        case [ast.Constant(value=str()), *_] if name == "einsum":
            return _call(name, node, scope, depth)
    options = {} if unchanged else {str(k.arg): literal(k) for k in node.keywords}
    arguments = tuple(read_expression(a, scope, depth) for a in positional)
    value = arrays.applied(name, arguments, options, remark)
    function = typed(node.func) or name
    array_code = function if "." in function else typed(node)
    remark(f"{array_code} is array code", "")
    return value


def _call(name: str, node: ast.Call, scope: Scope, depth: int) -> Expression:
    if node.args and over_indices(node.args[0]) and len(node.args) == 1 and not node.keywords:
        assert isinstance(node.args[0], ast.GeneratorExp)
        return read_comprehension(
            name, node.args[0], scope, lambda part: read_expression(part, scope, depth)
        )
    operation = function_named(name)
    assert operation is not None
    if any(isinstance(argument, ast.Starred) for argument in node.args):
        raise ProgramError("* before an argument is not part of the language")
    if any(keyword.arg is None for keyword in node.keywords):
        raise ProgramError("** before an argument is not part of the language")
    if operation.category == "constant":
        return filled(operation, tuple(used_dimension(a, scope, operation.name) for a in node.args))
    if node.args and isinstance(node.args[0], ast.GeneratorExp):
        return _over_batch(operation.name, node, node.args[0], scope, depth)
    array_options = {str(k.arg) for k in node.keywords} & {"dim", "keepdims", "keepdim"}
    if "axis" in operation.options and (len(node.args) == 2 or array_options):
        return _extreme_or_axis(operation, node, scope, depth)
    if name == "einsum" and any(isinstance(a, ast.Constant) for a in node.args[1:]):
        raise ProgramError('einsum: the indices stand first, as in einsum("ij,j->i", A, x)')
    options: dict[str, object] = {str(k.arg): option(operation, k) for k in node.keywords}
    arguments = node.args
    match arguments:
        case [ast.Constant(value=str(spec)), *arguments] if "spec" in operation.options:
            options["spec"] = spec
    values = tuple(read_expression(a, scope, depth) for a in arguments)
    conventions.check_roles(operation, values, scope.variables, _remark(node, scope))
    return operation(*values, **options)


def _extreme_or_axis(operation: Operation, node: ast.Call, scope: Scope, depth: int) -> Expression:
    """max(0, x), which is maximum; or sum(X, 0) and sum(X, dim=0), which have an axis."""
    if operation.of_two and not node.keywords:
        pair = OPERATIONS[operation.of_two]
        value = pair(*(read_expression(a, scope, depth) for a in node.args))
        _remark(node, scope)(f"{operation.name} is of one argument, {pair.name} of two", "")
        return value
    return _array_code(operation.name, [], node, scope, depth)


def _over_batch(
    name: str, call: ast.Call, node: ast.GeneratorExp, scope: Scope, depth: int
) -> Expression:
    total = OPERATIONS.get(f"batch_{name}")
    if total is None or len(call.args) > 1 or call.keywords:
        raise ProgramError(
            "for ... in batch (a generator) stands only inside sum(...) or mean(...)"
        )
    examples, batch = generator(node)
    if batch in scope.dimensions:
        index = ", ".join(examples)
        raise ProgramError(f"{batch} is a dimension; write for {index} in range({batch})")
    if batch in scope.meanings:
        size = dimension_text(scope.meanings[batch].shape[0])
        raise ProgramError(
            f"for {', '.join(examples)} in {batch}: {batch} is no batch, it has a meaning already; "
            f"write {batch}[i] for i in range({size}), or {', '.join(examples)} in batch"
        )
    body = read_expression(node.elt, scope, depth)
    for example in examples:
        scope.check_batch(example, batch)
    return over_batch(total, body, examples, batch)


def _shaped(node: ast.Call) -> ast.Call:
    """np.ones((m, n)) as ones(m, n)."""
    match node.args:
        case [ast.Tuple(elts=dimensions)]:
            return ast.copy_location(ast.Call(node.func, dimensions, []), node)
    return node
