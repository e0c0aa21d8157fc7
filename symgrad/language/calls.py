"""Calls: of functions of the language, and of what is called otherwise elsewhere."""

from __future__ import annotations

import ast

from symgrad.errors import ProgramError, UnknownNameError, did_you_mean
from symgrad.language.arguments import batch_size, literal, option, used_dimension
from symgrad.language.comprehensions import NAMES, generator, over_indices, read_comprehension
from symgrad.language.dimensions import dimension_text
from symgrad.language.expressions import OPERATIONS, Expression, Operation, Size
from symgrad.language.handwriting.marks import LOG, MAGNITUDE, NORM, PRIME
from symgrad.language.handwriting.vocabulary import MODULES
from symgrad.language.operations import arrays, conventions
from symgrad.language.operations.advice import advice
from symgrad.language.operations.axes import Remark
from symgrad.language.operations.batches import over_batch
from symgrad.language.operations.constants import filled
from symgrad.language.scope import SIZE, Scope, function_named, function_names
from symgrad.language.syntax import Read, errors_at, source_of, start_of, typed


def remark_at(node: ast.expr, scope: Scope) -> Remark:
    """Takes down why programs refuse what stands here, and as what it was read."""

    def remark(reason: str, reading: str) -> None:
        told = reading and f"read {typed(node)} as {reading}"
        scope.notes.append((start_of(node), reason, told))

    return remark


def is_module(node: ast.expr, scope: Scope) -> bool:
    """Whether this is np, torch.nn or the like."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in MODULES and not scope.has(node.id)


def read_call(node: ast.Call, scope: Scope, read: Read) -> Expression:
    """What a call says; raises ProgramError where it is of no function."""
    match node.func:
        case ast.Name(id=name) if name.startswith((LOG, MAGNITUDE, NORM, PRIME)):
            return _marked(name, node, scope, read)
        case ast.Name(id="I" | "indicator" | "Indicator" as name) if [
            type(a) for a in node.args
        ] == [ast.Compare] and not scope.has(name):
            return read(node.args[0])
        case ast.Name(id=name) if name == SIZE:
            return batch_size(node, scope)
        case ast.Name(id=name) if function_named(name) is not None or name in NAMES:
            return _call(name, node, scope, read)
        case ast.Name(id="len") if _is_batch(node.args, scope):
            remark_at(node, scope)("len(...) of a batch is size(...)", "")
            return batch_size(node, scope)
        case ast.Name(id=name) if name in arrays.FUNCTIONS:
            return _array_code(name, [], node, scope, read)
        case ast.Name(id=name) if name in arrays.UNCHANGED and len(node.args) == 1:
            return _array_code(name, node.args, node, scope, read)
        case ast.Name(id=name):
            known = [*function_names(), *arrays.FUNCTIONS]
            told = advice(name, list(map(typed, node.args))) or did_you_mean(name, known)
            told = told or f"; declare it above, as in {name}: Function" * (
                scope.declares and name[0] != "_"
            )
            raise UnknownNameError(f"unknown function {name}{told}")
        case ast.Attribute(value=module, attr=name) if is_module(module, scope):
            operation = function_named(name)
            if operation is not None and operation.category == "constant":
                remark_at(node, scope)(f"{typed(node.func)} is array code", "")
                return _call(name, _shaped(node), scope, read)
            if arrays.is_read(name) and not (operation and operation.takes):  # the label first
                return _array_code(name, [], node, scope, read)
            told = advice(name, list(map(typed, node.args)))
            raise ProgramError(f"{typed(node.func)} is no function of the language{told}")
        case ast.Attribute(value=array, attr=name) if arrays.is_read(name):
            return _array_code(name, [array], node, scope, read)
        case ast.Attribute(value=array, attr=name):
            told = advice(name, list(map(typed, (array, *node.args))))
            raise ProgramError(f"{typed(node.func)} is no function of the language{told}")
    raise ProgramError(f"{source_of(node.func)} is no function of the language")


def _is_batch(arguments: list[ast.expr], scope: Scope) -> bool:
    """Whether there is one argument, the name of a batch."""
    return [getattr(a, "id", None) in scope.batches.values() for a in arguments] == [True]


def _marked(name: str, node: ast.Call, scope: Scope, read: Read) -> Expression:
    """|x|, ‖x‖, log |A| and f'(x)."""
    remark = remark_at(node, scope)
    match node.args:
        case [ast.Call(ast.Name(id=inner), [argument])] if name == LOG:
            if inner == MAGNITUDE:
                return conventions.log_magnitude(read(argument), remark)
            return OPERATIONS["log"](read(node.args[0]))
        case [ast.Name(id=batch)] if name == MAGNITUDE and batch in scope.batches.values():
            return Size(batch)
        case [argument]:
            x = read(argument)
            if name == MAGNITUDE:
                return conventions.magnitude(x, remark)
            if name.startswith(PRIME):
                return conventions.derivative(name, x)
            if name.startswith(NORM):
                return conventions.norm(name.removeprefix(NORM).removeprefix("_"), x, remark)
    raise UnknownNameError(f"unknown function {name}")


def _array_code(
    name: str, first: list[ast.expr], node: ast.Call, scope: Scope, read: Read
) -> Expression:
    """np.sum(x), x.sum(), ln(x): what is called otherwise here."""
    remark = remark_at(node, scope)
    unchanged = name in arrays.UNCHANGED
    positional = [*first, *([] if unchanged else node.args)]
    match positional:
        case [ast.Constant(value=str()), *_] if name == "einsum":
            return _call(name, node, scope, read)
    options = {} if unchanged else {str(k.arg): literal(k) for k in node.keywords}
    match positional:
        case [array, ast.Constant(value=str(order))] if "norm" in name:  # norm(X, "fro")
            positional, options = [array], {"ord": order, **options}
    arguments = tuple(map(read, positional))
    value = arrays.applied(name, arguments, options, remark)
    function = typed(node.func) or name
    array_code = function if "." in function else typed(node)
    remark(f"{array_code} is array code", "")
    return value


def _call(name: str, node: ast.Call, scope: Scope, read: Read) -> Expression:
    if node.args and over_indices(node.args[0]) and len(node.args) == 1 and not node.keywords:
        assert isinstance(node.args[0], ast.GeneratorExp)
        return read_comprehension(name, node.args[0], scope, read)
    operation = function_named(name)
    if operation is None:
        raise ProgramError(f"{name} has an entry for each index: {name}(... for i in range(n))")
    if any(isinstance(argument, ast.Starred) for argument in node.args):
        raise ProgramError("* before an argument is not part of the language")
    if any(keyword.arg is None for keyword in node.keywords):
        raise ProgramError("** before an argument is not part of the language")
    if operation.category == "constant":
        return filled(
            operation, tuple(used_dimension(a, scope, operation.name, read) for a in node.args)
        )
    if node.args and isinstance(node.args[0], ast.GeneratorExp):
        return _over_batch(operation.name, node, node.args[0], scope, read)
    array_options = {str(k.arg) for k in node.keywords} & {"dim", *arrays.KEEPS, "ord", "p"}
    if "axis" in operation.options and (len(node.args) == 2 or array_options):
        return _extreme_or_axis(operation, node, scope, read)
    if name == "einsum" and any(isinstance(a, ast.Constant) for a in node.args[1:]):
        raise ProgramError('einsum: the indices stand first, as in einsum("ij,j->i", A, x)')
    options: dict[str, object] = {str(k.arg): option(operation, k) for k in node.keywords}
    arguments = node.args
    match arguments:
        case [ast.Constant(value=str(spec)), *arguments] if "spec" in operation.options:
            options["spec"] = spec
    if operation.given and len(arguments) != len(operation.given):
        as_in = f"{operation.name}({', '.join(operation.given)})"
        raise ProgramError(
            f"{operation.name} takes {len(operation.given)} arguments, {len(arguments)} given; "
            f"it is written {as_in}"
        )
    values = tuple(map(read, arguments))
    conventions.check_roles(operation, values, scope.variables, remark_at(node, scope))
    try:
        return operation(*values, **options)
    except ProgramError as error:
        if len(values) > operation.arity[1]:
            error.message += advice(name, list(map(typed, node.args)))
        raise


def _extreme_or_axis(operation: Operation, node: ast.Call, scope: Scope, read: Read) -> Expression:
    """max(0, x), which is maximum; or sum(X, 0) and sum(X, dim=0), which have an axis."""
    if operation.of_two and not node.keywords:
        pair = OPERATIONS[operation.of_two]
        value = pair(*map(read, node.args))
        remark_at(node, scope)(f"{operation.name} is of one argument, {pair.name} of two", "")
        return value
    return _array_code(operation.name, [], node, scope, read)


def _over_batch(
    name: str, call: ast.Call, node: ast.GeneratorExp, scope: Scope, read: Read
) -> Expression:
    total = OPERATIONS.get(f"batch_{name}")
    if total is None or len(call.args) > 1 or call.keywords:
        raise ProgramError(
            "for ... in batch (a generator) stands only inside sum(...) or mean(...)"
        )
    examples, batch = generator(node)
    with errors_at(node.generators[0].iter):
        if batch in scope.dimensions:
            raise ProgramError(f"{batch} is a dimension; write range({batch})")
        if batch in scope.meanings:
            size = dimension_text(scope.meanings[batch].shape[0])
            raise ProgramError(
                f"{batch} is no batch, it has a meaning already; its entries are {batch}[i] for i "
                f"in range({size}), examples are those of a batch: for x in batch"
            )
    body = read(node.elt)
    for example in examples:
        scope.check_batch(example, batch)
    return over_batch(total, body, examples, batch)


def _shaped(node: ast.Call) -> ast.Call:
    """np.ones((m, n)) as ones(m, n)."""
    match node.args:
        case [ast.Tuple(elts=dimensions)]:
            return ast.copy_location(ast.Call(node.func, dimensions, []), node)
    return node
